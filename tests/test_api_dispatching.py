"""Who answers for a matter once a person has said what it is about."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from service_factories import load_tiny_desk, make_body, run_service


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("dispatching")
    with run_service(folder) as running, running.client("suggest") as client:
        yield client


def test_the_catalogue_answers_as_it_would_for_the_machine(client: httpx.Client) -> None:
    body = make_body()
    said = client.post("/v1/suggest", json=body).json()
    asked = {name: body[name] for name in ("title", "content", "place")}
    told = client.post(
        "/v1/dispatch",
        json=asked
        | {
            "domain": said["domain"]["code"],
            "nature": said["nature"]["name"],
            "flags": said["flags"],
        },
    )
    assert told.status_code == 200, told.text
    assert told.json() == said["department"]


def test_another_domain_goes_to_another_department(client: httpx.Client) -> None:
    leads = set()
    for domain in list(load_tiny_desk().taxonomy)[::40]:
        asked = {"content": "请尽快处理。", "domain": domain.code, "nature": "求助"}
        leads.add(client.post("/v1/dispatch", json=asked).json()["lead"])
    assert len(leads) > 3


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"domain": "nowhere"}, 404, None),
        ({"nature": "闲聊"}, 422, "nature"),
        ({"flags": ["没有"]}, 422, "flags"),
        ({"content": ""}, 422, "content"),
    ],
)
def test_what_is_none_is_refused_by_name(
    client: httpx.Client, changes: dict[str, object], status: int, field: str | None
) -> None:
    domain = next(iter(load_tiny_desk().taxonomy)).code
    asked = {"content": "路灯不亮", "domain": domain, "nature": "求助"} | changes
    answer = client.post("/v1/dispatch", json=asked)
    assert (answer.status_code, answer.json().get("field")) == (status, field)
