import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_factories import RunningService, load_tiny_desk, make_body, run_service

from triage.submissions import Submission
from triage.suggestions import Suggestion


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path, batch_chunk=4) as running:
        yield running


@pytest.fixture
def sender(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "read") as client:
        yield client


def send(client: httpx.Client, rows: list[Any]) -> dict[str, Any]:
    answer = client.post("/v1/submissions:batch", json={"submissions": rows})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    assert [row["index"] for row in said["rows"]] == list(range(len(rows)))
    assert said["created"] + said["existing"] + said["failed"] == len(rows)
    return said


def make_rows(count: int) -> list[dict[str, Any]]:
    return [
        make_body(id=f"B-{n}", content=f"第{n}件：小区电梯停运，请处理。") for n in range(count)
    ]


def test_each_row_has_its_own_outcome_and_broken_ones_cost_no_other(sender: httpx.Client) -> None:
    rows = make_rows(10)
    rows[1]["channel"] = "传真"
    rows[3]["received_at"] = "2099-01-01T00:00:00+08:00"
    rows[4] = {"id": "B-4"}
    rows[5]["title"] = 5
    rows[6]["content"] = "长" * 100_001
    rows[7]["id"] = "\x00"
    mixed: list[Any] = [*rows, None, "文字", [], {**rows[0], "id": ""}]
    said = send(sender, mixed)
    statuses = [row["status"] for row in said["rows"]]
    assert statuses == [201, 422, 201, *[422] * 5, 201, 201, *[422] * 4]
    fields = [row.get("field") for row in said["rows"]]
    assert fields[1:8] == ["channel", None, "received_at", "content", "title", "content", "id"]
    assert said["rows"][4]["id"] == "B-4"
    assert all(row["detail"] for row in said["rows"] if row["status"] == 422)
    assert sender.get("/v1/submissions/B-9").status_code == 200
    assert sender.get("/v1/submissions/B-1").status_code == 404


def test_sending_a_batch_again_is_harmless(sender: httpx.Client) -> None:
    rows = make_rows(9)
    assert send(sender, rows[:5])["created"] == 5
    again = send(sender, rows)
    assert (again["created"], again["existing"]) == (4, 5)
    assert send(sender, rows)["existing"] == 9


def test_an_id_that_stands_twice_in_a_batch_is_taken_once(sender: httpx.Client) -> None:
    rows = make_rows(6)
    twice = [*rows, rows[1], {**rows[2], "content": "同号不同文"}, {**rows[0], "content": "又一件"}]
    said = send(sender, twice)
    assert [row["status"] for row in said["rows"]] == [201] * 6 + [200, 409, 409]
    assert "与本批第 3 件相同" in said["rows"][7]["detail"]
    assert "与本批第 1 件相同" in said["rows"][8]["detail"]


def test_a_batch_of_nothing_or_of_too_many_is_refused_as_a_whole(tmp_path: Path) -> None:
    with run_service(tmp_path, max_batch_rows=3) as running, running.client("submit") as sender:
        for body in ([], {}, {"submissions": {}}, {"submissions": []}, {"rows": make_rows(1)}):
            answer = sender.post("/v1/submissions:batch", json=body)
            assert answer.status_code == 422
            assert answer.json()["field"] == "submissions"
        answer = sender.post("/v1/submissions:batch", json={"submissions": make_rows(4)})
        assert answer.status_code == 422
        assert "一批应有 1 到 3 件，收到 4 件" in answer.json()["detail"]


class StumblingDesk:
    """The tiny desk with faults built in: a text with 绊倒 breaks it, one with 占库 locks the
    database as another program might, one with 稍等 holds it up until it may go on."""

    def __init__(self, database: Path) -> None:
        self._desk = load_tiny_desk()
        self._database = database
        self.lock: sqlite3.Connection | None = None
        self.held_up = threading.Event()
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def suggest(self, submission: Submission) -> Suggestion:
        if "绊倒" in submission.content:
            raise ZeroDivisionError(submission.content)
        return self._desk.suggest(submission)

    def suggest_many(self, submissions: list[Submission]) -> list[Suggestion]:
        if any("占库" in submission.content for submission in submissions):
            self.lock = sqlite3.connect(self._database, check_same_thread=False)
            self.lock.execute("BEGIN IMMEDIATE")
        if any("稍等" in submission.content for submission in submissions):
            self.held_up.set()
            assert self.go_on.wait(timeout=60)
        return [self.suggest(submission) for submission in submissions]


def test_a_text_that_breaks_the_machine_costs_only_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk: Any = StumblingDesk(tmp_path / "service.db")
    rows = make_rows(3)
    rows[1]["content"] = "这段文字会绊倒机器"
    with run_service(tmp_path, desk=desk) as running, running.client("submit") as sender:
        said = send(sender, rows)
    assert [row["status"] for row in said["rows"]] == [201, 500, 201]
    number = said["rows"][1]["detail"].partition("错误编号 ")[2][:8]
    logged = capsys.readouterr()
    assert number in logged.out + logged.err
    assert "绊倒" not in logged.out + logged.err


def test_what_was_committed_before_the_database_failed_stays_and_the_rest_may_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.ledger.store.PATIENCE_S", 0.2)
    desk: Any = StumblingDesk(tmp_path / "service.db")
    rows = make_rows(8)
    rows[5]["content"] = "占库"
    with (
        run_service(tmp_path, desk=desk, batch_chunk=2) as running,
        running.client("submit") as sender,
    ):
        said = send(sender, rows)
        assert [row["status"] for row in said["rows"]] == [201] * 4 + [503] * 4
        assert said["rows"][7]["error"] == "store_unavailable"
        desk.lock.close()
        rows[5]["content"] = "改好了"
        again = send(sender, rows)
        assert [row["status"] for row in again["rows"]] == [200] * 4 + [201] * 4


def hang_up_when(moment: threading.Event, client: httpx.Client, path: str, body: Any) -> None:
    """Send this, and close the connection at that moment without having read an answer."""
    connection = HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=60)
    headers = {"Authorization": client.headers["Authorization"], "Content-Type": "application/json"}
    with closing(connection):
        connection.request("POST", path, json.dumps(body).encode(), headers)
        assert moment.wait(timeout=60)


def test_a_batch_whose_sender_hangs_up_is_still_taken_in(tmp_path: Path) -> None:
    desk: Any = StumblingDesk(tmp_path / "service.db")
    rows = make_rows(8)
    rows[4]["content"] = "稍等"
    with (
        run_service(tmp_path, desk=desk, batch_chunk=4) as running,
        running.client("submit", "read") as sender,
    ):
        hang_up_when(desk.held_up, sender, "/v1/submissions:batch", {"submissions": rows})
        assert sender.get("/v1/submissions/B-3").status_code == 200
        assert sender.get("/v1/submissions/B-4").status_code == 404
        desk.go_on.set()
        deadline = time.monotonic() + 60
        while sender.get("/v1/submissions/B-7").status_code != 200:
            assert time.monotonic() < deadline, "the batch was dropped with its connection"
            time.sleep(0.02)
        assert send(sender, rows)["existing"] == 8


@pytest.mark.slow
def test_two_thousand_rows_with_broken_ones_between_them(tmp_path: Path) -> None:
    rows = make_rows(2_000)
    for number in range(0, 2_000, 97):
        rows[number]["channel"] = "传真"
    broken = len(range(0, 2_000, 97))
    with run_service(tmp_path) as running, running.client("submit") as sender:
        sender.timeout = httpx.Timeout(300)
        said = send(sender, rows)
        assert (said["created"], said["failed"]) == (2_000 - broken, broken)
