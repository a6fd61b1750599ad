"""The ledger page over HTTP: looking through it, many lines at once, how the like was answered."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from people_factories import person
from service_factories import RunningService, run_service
from work_factories import file_one, give

from triage.roles import Role


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def officer(running: RunningService) -> Iterator[httpx.Client]:
    with person(running, Role.OFFICER, department="housing") as client:
        yield client


def send(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/v1/entries:batch", json=body)


def test_the_ledger_is_searched_counted_and_taken_out(
    running: RunningService, officer: httpx.Client
) -> None:
    ids = [file_one(running, f"W-{n}") for n in range(3)]
    file_one(running, "W-far", lead="城管局")
    page = officer.get("/v1/ledger", params={"q": "电梯", "limit": 2}).json()
    assert (len(page["lines"]), page["total"]) == (2, 3)
    rest = officer.get("/v1/ledger", params={"limit": 2, "cursor": page["next"]}).json()
    assert [line["entry"]["id"] for line in page["lines"] + rest["lines"]] == ids[::-1]
    assert (rest["next"], rest["total"]) == (None, None)
    query = {"state": ["assigned", "accepted"], "standing": "unaccepted", "order": "urgent"}
    assert officer.get("/v1/ledger", params=query).json()["total"] == 3
    assert officer.get("/v1/ledger", params={"state": "gone"}).status_code == 422
    book = officer.get("/v1/ledger.xlsx", params={"q": "电梯"})
    assert book.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets[0]
    give(officer, ids[0], "accept")
    lines = officer.get("/v1/ledger", params={"state": "accepted"}).json()["lines"]
    login = lines[0]["entry"]["assignee"]
    assert [line["assignee_name"] for line in lines] == [f"测试{login}"]
    assert "电梯停运" in {cell.value for row in sheet.rows for cell in row}


def test_many_are_signed_for_at_once_and_what_another_changed_is_left(
    running: RunningService, officer: httpx.Client
) -> None:
    first, second = file_one(running, "W-1"), file_one(running, "W-2")
    far = file_one(running, "W-far", lead="城管局")
    give(officer, second, "accept")
    told = send(
        officer,
        command="accept",
        entries=[
            {"id": first, "version": 1},
            {"id": second, "version": 1},
            {"id": far, "version": 1},
        ],
    )
    assert told.status_code == 200, told.text
    body = told.json()
    assert (body["done"], body["failed"]) == (1, 2)
    assert [one["status"] for one in body["entries"]] == [200, 409, 404]
    assert body["entries"][0]["entry"]["state"] == "accepted"
    assert body["entries"][1]["field"] == "version"


def test_what_must_be_said_of_each_alone_cannot_be_said_of_many(
    running: RunningService, officer: httpx.Client
) -> None:
    entry = file_one(running, "W-1")
    for command in ("reply", "evaluate", "attach", "split"):
        answer = send(officer, command=command, entries=[{"id": entry, "version": 1}])
        assert (answer.status_code, answer.json()["field"]) == (422, "command")
    assert send(officer, command="accept", entries=[]).status_code == 422
    assert send(officer, command="accept").status_code == 422
    many = [{"id": n, "version": 1} for n in range(1, 202)]
    assert send(officer, command="accept", entries=many).status_code == 422


def test_a_supervisor_urges_several_with_one_note(running: RunningService) -> None:
    ids = [file_one(running, f"W-{n}") for n in range(2)]
    with person(running, Role.SUPERVISOR) as supervisor:
        told = send(
            supervisor,
            command="urge",
            note="请于本周内办结",
            level="urge",
            entries=[{"id": entry, "version": 1} for entry in ids],
        ).json()
    assert [one["entry"]["urges"] for one in told["entries"]] == [1, 1]


def test_a_reply_editor_is_shown_how_the_like_was_answered(
    running: RunningService, officer: httpx.Client
) -> None:
    answered, asked = file_one(running, "W-1"), file_one(running, "W-2")
    give(officer, answered, "accept")
    give(officer, answered, "reply", text="已更换曳引机，3月5日恢复运行。", outcome="solved")
    (like,) = officer.get(f"/v1/entries/{asked}/similar").json()
    assert (like["entry_id"], like["outcome_name"]) == (answered, "已解决")
    assert like["reply"].startswith("已更换")
    assert officer.get("/v1/entries/99999/similar").status_code == 404
