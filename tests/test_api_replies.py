from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service_factories import RunningService, make_body, run_service

from api.routes.replies import ReplyIn

EXAMPLE = ReplyIn.model_config["json_schema_extra"]["examples"][0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder: Path = tmp_path_factory.mktemp("replies")
    with run_service(folder) as service:
        yield service


def assess(running: RunningService, scope: str = "suggest", **changes: Any) -> Any:
    with running.client(scope) as caller:
        return caller.post("/v1/replies:assess", json=EXAMPLE | changes)


def test_a_reply_is_assessed_with_its_reasons_and_nothing_is_kept(
    running: RunningService,
) -> None:
    answer = assess(running)
    assert answer.status_code == 200
    told = answer.json()
    assert told["id"] == EXAMPLE["id"]
    assert told["perfunctory"] is False
    assert told["days"] == 1.3
    assert 0 <= told["score"] <= 8
    assert {reason["aspect"] for reason in told["reasons"]} >= {"grounds", "action"}
    with running.client("admin") as admin:
        kinds = {line["kind"] for line in admin.get("/v1/audit").json()["lines"]}
    assert kinds == {"key.created"}


def test_a_reply_that_only_passes_on_is_called_perfunctory(running: RunningService) -> None:
    told = assess(running, reply="您反映的问题已转相关部门处理，感谢您的留言！").json()
    assert told["perfunctory"] is True
    assert any(reason["aspect"] == "perfunctory" for reason in told["reasons"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "", "content": " "}, "content"),
        ({"reply": None}, "reply"),
        ({"received_at": "gestern"}, "received_at"),
        ({"replies": "x"}, "replies"),
    ],
)
def test_what_is_wrong_with_the_question_is_named(
    running: RunningService, changes: dict[str, Any], field: str
) -> None:
    answer = assess(running, **changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_key_that_may_only_submit_is_refused(running: RunningService) -> None:
    assert assess(running, "submit").status_code == 403


def test_a_reply_that_is_sent_is_assessed_for_the_supervisor(running: RunningService) -> None:
    with running.client("submit", "review", "work") as desk:
        desk.post("/v1/submissions", json=make_body(id="WX-9"))
        decided = desk.post(
            "/v1/submissions/WX-9/decisions",
            json={"lead": "住建局", "domain": None, "urgency": 3, "nature": "投诉", "version": 0},
        )
        file = desk.get("/v1/submissions/WX-9").json()
        assert decided.status_code in (200, 409), decided.text
        (entry,) = file["entries"]
        path = f"/v1/entries/{entry['id']}"
        accepted = desk.post(f"{path}/accept", json={"version": entry["version"]})
        assert accepted.status_code == 200, accepted.text
        sent = desk.post(
            f"{path}/reply",
            json={
                "version": accepted.json()["entry"]["version"],
                "text": "您反映的问题已转相关部门处理。",
                "outcome": "explained",
            },
        )
        assert sent.status_code == 200, sent.text
        (reply,) = desk.get(path).json()["replies"]
    assert reply["quality"]["perfunctory"] is True
    assert reply["quality"]["requests"]["found"] >= 1
    assert "维修基金" not in str(reply["quality"])
