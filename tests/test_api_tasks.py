from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from ledger_factories import make_submission, make_suggestion
from service_factories import RunningService, run_service

from api.service import read_clock
from triage.calendar import CHINA_TIME, Calendar
from triage.ledger.records import record_batch
from triage.ledger.tables import EvaluationRow
from triage.milestones import Step, set_back

TODAY = read_clock().astimezone(CHINA_TIME).date()
DEADLINE = TODAY + timedelta(days=100)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("review", "read") as client:
        yield client


@pytest.fixture
def entry(running: RunningService) -> int:
    with running.service.store.writing() as session:
        (filed,) = record_batch(session, [(make_submission(), make_suggestion())], now=read_clock())
    assert filed.entry is not None
    return filed.entry.id


def make_task(entry: int, **changes: Any) -> dict[str, Any]:
    task = {
        "title": "更换老旧电梯",
        "department": "住建局",
        "person": "李明",
        "deadline": f"{DEADLINE}",
        "entries": [entry],
        "measures": ["逐台检测"],
        "milestones": [{"name": "检测", "due": f"{TODAY + timedelta(days=9)}"}],
    }
    return task | changes


def test_a_task_goes_from_plan_to_effect(
    running: RunningService, clerk: httpx.Client, entry: int
) -> None:
    answer = clerk.post("/v1/tasks", json=make_task(entry))
    assert answer.status_code == 201
    task = answer.json()
    path = answer.headers["location"]
    assert path == f"/v1/tasks/{task['id']}"
    assert (task["state_name"], task["progress"]) == ("进行中", "0/1")
    assert task["deadline_at"] == f"{DEADLINE}T23:59:59+08:00"
    milestone = task["milestones"][0]["id"]

    changed = clerk.patch(path, json={"version": 1, "person": "王芳", "assisting": ["城管局"]})
    assert (changed.json()["person"], changed.json()["assisting"]) == ("王芳", ["城管局"])
    noted = clerk.post(
        f"{path}/progress",
        json={"version": 2, "note": "检测完毕", "milestone": milestone, "done": True},
    )
    assert noted.json()["progress"] == "1/1"
    effect = {"version": 3, "change": "电梯换新", "evidence": [{"note": "验收报告"}]}
    refused = clerk.post(f"{path}/close", json=effect)
    assert (refused.status_code, refused.json()["field"]) == (422, "ground")
    with running.service.store.writing() as session:
        session.add(
            EvaluationRow(
                entry_id=entry,
                submission_id="L-1",
                source="callback",
                solved=True,
                satisfaction=5,
                comment="",
                who="wang",
                at=read_clock(),
            )
        )
    closed = clerk.post(f"{path}/close", json=effect)
    assert closed.json()["state_name"] == "已完成"

    file = clerk.get(path).json()
    assert file["effect"]["evaluation"] == {
        "reporters": 1,
        "evaluated": 1,
        "solved": 1,
        "satisfied": 1,
        "ground": "",
    }
    assert [step["command"] for step in file["history"]] == [
        "planned",
        "changed",
        "progressed",
        "closed",
    ]
    (line,) = clerk.get("/v1/lists/effects").json()["lines"]
    assert (line["kind"], line["about"], line["text"]) == ("task", task["id"], "电梯换新")


def test_steps_are_set_backwards_over_working_days(clerk: httpx.Client, entry: int) -> None:
    steps = [{"name": "检测"}, {"name": "更换", "days": 5}, {"name": "验收", "days": 5}]
    task = clerk.post("/v1/tasks", json=make_task(entry, milestones=[], steps=steps)).json()
    plan = set_back(
        [Step("检测"), Step("更换", 5), Step("验收", 5)],
        start=TODAY,
        deadline=DEADLINE,
        calendar=Calendar(),
    )
    assert [(step["name"], step["due_at"][:10]) for step in task["milestones"]] == [
        (milestone.name, f"{milestone.due}") for milestone in plan
    ]


def test_a_task_is_cancelled_for_a_reason(clerk: httpx.Client, entry: int) -> None:
    task = clerk.post("/v1/tasks", json=make_task(entry)).json()
    path = f"/v1/tasks/{task['id']}/cancel"
    assert clerk.post(path, json={"version": 1, "note": ""}).status_code == 422
    assert clerk.post(path, json={"version": 1, "note": "并入另一任务"}).status_code == 200
    again = clerk.post(path, json={"version": 2, "note": "再取消"})
    assert (again.status_code, again.json()["error"]) == (409, "conflict")


def test_who_changed_it_first_wins_and_the_other_is_told(clerk: httpx.Client, entry: int) -> None:
    task = clerk.post("/v1/tasks", json=make_task(entry)).json()
    path = f"/v1/tasks/{task['id']}"
    assert clerk.patch(path, json={"version": 1, "title": "甲"}).status_code == 200
    late = clerk.patch(path, json={"version": 1, "title": "乙"})
    assert (late.status_code, late.json()["field"]) == (409, "version")
    assert "刷新" in late.json()["detail"]
    assert clerk.get(path).json()["task"]["title"] == "甲"


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"title": ""}, 422, "title"),
        ({"deadline": "下周"}, 422, "deadline"),
        ({"deadline": "2000-01-01"}, 422, "deadline"),
        ({"entries": [999_999]}, 404, "entries"),
        ({"entries": [2**70]}, 422, "entries.0"),
        ({"department": "没有这个局"}, 404, "department"),
        ({"steps": [{"name": "甲", "days": -1}]}, 422, "steps.0.days"),
        ({"unknown": 1}, 422, "unknown"),
    ],
)
def test_a_plan_that_cannot_be_taken_is_explained(
    clerk: httpx.Client, entry: int, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = clerk.post("/v1/tasks", json=make_task(entry, **changes))
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_a_department_sees_and_works_its_own_tasks_alone(
    running: RunningService, clerk: httpx.Client, entry: int
) -> None:
    task = clerk.post("/v1/tasks", json=make_task(entry)).json()
    path = f"/v1/tasks/{task['id']}"
    with running.client("review", "read", department="教育局") as other:
        assert other.get(path).status_code == 404
        note = {"version": 1, "note": "进展"}
        assert other.post(f"{path}/progress", json=note).status_code == 404
        assert other.post("/v1/tasks", json=make_task(entry)).status_code == 403
    with running.client("review", "read", department="住建局") as own:
        assert own.get(path).status_code == 200
        assert own.post(f"{path}/progress", json=note).status_code == 200
    with running.client("submit") as sender:
        assert sender.get(path).status_code == 403
        assert sender.post("/v1/tasks", json=make_task(entry)).status_code == 403
    with running.client() as nobody:
        assert nobody.get(path).status_code == 401
