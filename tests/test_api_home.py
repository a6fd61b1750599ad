"""The first page and the review queue over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from people_factories import person
from service_factories import RunningService, make_body, run_service
from work_factories import file_one

from triage.ledger.waiting import KIND_NAMES
from triage.roles import Role


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder: Path = tmp_path_factory.mktemp("home")
    with run_service(folder) as running:
        yield running


def test_each_role_is_told_what_it_can_do_and_in_chinese(running: RunningService) -> None:
    entry_id = file_one(running, "H-1", urgency=1)
    for role in Role:
        department = "housing" if role is Role.OFFICER else None
        with person(running, role, department=department) as client:
            told = client.get("/v1/home").json()
        cards = {card["kind"]: card for card in told["cards"]}
        assert all(card["name"] == KIND_NAMES[card["kind"]] for card in told["cards"])
        assert ("urgent_today" in cards) == (role in (Role.CLERK, Role.OFFICER, Role.SUPERVISOR))
        if "urgent_today" in cards:
            (line,) = cards["urgent_today"]["lines"]
            assert (line["id"], line["urgency_name"]) == (str(entry_id), "特急")
            assert line["state_name"] == "交办"
            assert cards["urgent_today"]["more"] is False


def test_a_clerk_reads_the_queue_whole_confirms_and_sees_the_day_counted(
    running: RunningService,
) -> None:
    with running.client("submit") as system:
        body = make_body(id="H-2", title="", content="你好吗")
        assert system.post("/v1/submissions", json=body).json()["destination"] == "review"
    with person(running, Role.CLERK) as clerk:
        (sheet,) = clerk.get("/v1/reviews", params={"limit": 1}).json()["lines"]
        assert sheet["content"] == "你好吗"
        assert sheet["line"]["suggestion"]["domain"]["alternatives"]
        answer = clerk.post("/v1/submissions/H-2/decisions", json={"lead": "住建局", "version": 0})
        assert answer.status_code == 200, answer.text
        day = clerk.get("/v1/reviews/today").json()
    assert day["mine"]["decided"] == 1
    assert day["waiting"] == 0
