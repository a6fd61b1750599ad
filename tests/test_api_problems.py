"""Common problems over HTTP: from two letters of one matter to its task."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from people_factories import person
from service_factories import RunningService, run_service

from triage.roles import Role

WORDS = (
    ("幸福里小区3栋电梯停运四天", "幸福里小区3栋电梯从周三停到现在，老人下不了楼，物业不管。"),
    ("幸福里小区电梯老是坏", "幸福里小区的电梯三天两头停运，物业说没有维修基金，请督促维修。"),
    ("请修好幸福里小区的电梯", "我住幸福里小区3栋，电梯停运，老人孩子上下楼很困难，物业推脱。"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder: Path = tmp_path_factory.mktemp("problems")
    with run_service(folder) as service:
        with service.client("submit", "review") as clerk:
            for number, (title, content) in enumerate(WORDS):
                body = {"id": f"A-{number}", "title": title, "content": content}
                assert clerk.post("/v1/submissions", json=body).status_code == 201
                decision = {"lead": "住建局", "urgency": 3, "nature": "投诉", "domain": None}
                answer = clerk.post(f"/v1/submissions/A-{number}/decisions", json=decision)
                assert answer.status_code == 200, answer.text
        yield service


def only(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/v1/problems")
    assert answer.status_code == 200, answer.text
    (line,) = answer.json()["lines"]
    told: dict[str, Any] = line
    return told


def test_a_problem_is_listed_read_named_and_gets_its_task(running: RunningService) -> None:
    with person(running, Role.CLERK) as clerk:
        problem = only(clerk)
        assert (problem["size"], problem["state_name"]) == (3, "存在")
        named = clerk.get("/v1/problems").json()["divisions"]
        assert set(named) == set(problem["divisions"])
        address = f"/v1/problems/{problem['id']}"
        whole = clerk.get(address).json()
        assert {line["submission_id"] for line in whole["members"]["lines"]} == {
            "A-0",
            "A-1",
            "A-2",
        }
        assert clerk.get(f"{address}/members", params={"limit": 2}).json()["next"]
        rename = {"version": problem["version"], "kind": "rename", "name": "幸福里电梯长期停运"}
        assert clerk.post(f"{address}/corrections", json=rename).json() == {"id": problem["id"]}
        again = clerk.post(f"{address}/corrections", json=rename)
        assert (again.status_code, again.json()["error"]) == (409, "conflict")
        draft = clerk.post(f"{address}/tasks:suggest").json()
        assert draft["lead"] == "住建局"
        assert draft["title"] == "解决幸福里电梯长期停运问题"
        task = {
            "title": draft["title"],
            "department": draft["lead"],
            "person": "李明",
            "deadline": draft["deadline"],
            "entries": draft["entry_ids"],
            "measures": ["逐台检测电梯"],
            "problem_id": draft["problem_id"],
        }
        planned = clerk.post("/v1/tasks", json=task)
        assert planned.status_code == 201, planned.text
        assert planned.json()["problem_id"] == problem["id"]
        assert [one["id"] for one in clerk.get(address).json()["tasks"]] == [planned.json()["id"]]


def test_an_entry_names_its_problem_and_those_who_acted(running: RunningService) -> None:
    with person(running, Role.CLERK, login="zhou") as clerk:
        entry_id = clerk.get("/v1/ledger").json()["lines"][0]["entry"]["id"]
        version = clerk.get(f"/v1/entries/{entry_id}").json()["entry"]["version"]
        sent = {"version": version, "lead": "城管局", "note": "按职责改派"}
        assert clerk.post(f"/v1/entries/{entry_id}/reassign", json=sent).status_code == 200
        told = clerk.get(f"/v1/entries/{entry_id}").json()
        assert told["problem"]["size"] == 3
        assert told["people"] == {"zhou": "测试zhou"}
        sent = {"version": told["entry"]["version"], "lead": "住建局", "note": "改回"}
        assert clerk.post(f"/v1/entries/{entry_id}/reassign", json=sent).status_code == 200
    with running.client("work") as system:
        assert system.get(f"/v1/entries/{entry_id}").json()["problem"] is None


def test_themes_and_what_is_new_are_answered(running: RunningService) -> None:
    with person(running, Role.SUPERVISOR) as supervisor:
        themes = supervisor.get("/v1/themes").json()["themes"]
        assert [theme["size"] for theme in themes] == [3]
        assert supervisor.get("/v1/emerging").json() == {"bursts": [], "calendar": []}


def test_clustering_anew_changes_nothing_here_and_is_for_those_who_correct(
    running: RunningService,
) -> None:
    with person(running, Role.SUPERVISOR) as supervisor:
        before = only(supervisor)["id"]
        done = supervisor.post("/v1/problems:regroup").json()
        assert (done["submissions"], done["problems"], done["moved"]) == (3, 1, 0)
        assert only(supervisor)["id"] == before
    with person(running, Role.OFFICER, department="housing") as officer:
        assert officer.post("/v1/problems:regroup").status_code == 403


def test_an_officer_of_another_department_knows_of_no_problem(running: RunningService) -> None:
    with person(running, Role.OFFICER, department="housing") as officer:
        problem_id = only(officer)["id"]
    with person(running, Role.OFFICER, department="education") as officer:
        assert officer.get("/v1/problems").json()["lines"] == []
        hidden = officer.get(f"/v1/problems/{problem_id}")
        absent = officer.get("/v1/problems/404404")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.text.replace(str(problem_id), "N") == absent.text.replace("404404", "N")
        assert officer.get("/v1/themes").json()["themes"] == []


def test_a_filter_that_is_none_is_refused_in_words(running: RunningService) -> None:
    with person(running, Role.CLERK) as clerk:
        answer = clerk.get("/v1/problems", params={"department": "没有的单位"})
        assert (answer.status_code, answer.json()["field"]) == (404, "department")
        assert clerk.get("/v1/problems", params={"cursor": "x"}).status_code == 422
