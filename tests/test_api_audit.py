from collections.abc import Iterator
from pathlib import Path

import pytest
from service_factories import RunningService, make_body, run_service


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that has taken in one submission."""
    folder: Path = tmp_path_factory.mktemp("audit")
    with run_service(folder) as service:
        with service.client("submit") as sender:
            assert sender.post("/v1/submissions", json=make_body()).status_code == 201
        yield service


def test_an_administrator_reads_who_did_what(running: RunningService) -> None:
    with running.client("admin") as admin:
        answer = admin.get("/v1/audit", params={"kind": "submission", "submission": "WX-1"})
    assert answer.status_code == 200
    (event,) = answer.json()["lines"]
    assert event["kind"] == "submission.recorded"
    assert event["actor"].startswith("key:")
    assert event["at"].endswith("+08:00")
    assert len(event["hash"]) == 64
    assert "电梯" not in answer.text


def test_the_log_comes_in_pages(running: RunningService) -> None:
    with running.client("admin") as admin:
        first = admin.get("/v1/audit", params={"limit": 1}).json()
        second = admin.get("/v1/audit", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["lines"][0]["id"] > second["lines"][0]["id"]


def test_a_key_without_the_right_cannot_read_the_log(running: RunningService) -> None:
    with running.client("read") as reader, running.client() as nobody:
        assert reader.get("/v1/audit").status_code == 403
        assert nobody.get("/v1/audit").status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "entry=0", "since=gestern", "cursor=x"])
def test_a_wrong_question_is_explained(running: RunningService, query: str) -> None:
    with running.client("admin") as admin:
        answer = admin.get(f"/v1/audit?{query}")
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_input")
