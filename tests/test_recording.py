"""Submissions sent at the same moment are read and recorded together, and none costs another."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from service_factories import load_tiny_desk, run_service

from api.recording import Brought, take_together
from tests.ledger_factories import NOW, make_submission
from triage.errors import StoreUnavailable
from triage.ledger.store import Store, open_store

TOLD = {"title": "幸福里小区电梯停运", "content": "三号楼电梯停运三天，老人下不了楼，物业不管。"}


def test_of_many_at_once_each_gets_its_own_answer(tmp_path: Path) -> None:
    bodies = [{"id": f"L-{n}", **TOLD} for n in range(12)]
    bodies += [{"id": "L-3", **TOLD}, {"id": "L-4", **TOLD, "title": "别的"}, {"id": "L-5"}]
    with run_service(tmp_path) as running, running.client("submit", "read") as client:
        gate = Barrier(len(bodies))

        def send(body: dict[str, str]) -> tuple[str, int]:
            gate.wait()
            answer = client.post("/v1/submissions", json=body)
            if answer.status_code in (200, 201):
                assert answer.json()["submission"]["id"] == body["id"]
            return body["id"], answer.status_code

        with ThreadPoolExecutor(len(bodies)) as pool:
            told = list(pool.map(send, bodies))
        said: dict[str, list[int]] = {}
        for name, status in told:
            said.setdefault(name, []).append(status)
        assert sorted(said.pop("L-3")) == [200, 201]
        assert sorted(said.pop("L-4")) == [201, 409]
        assert sorted(said.pop("L-5")) == [201, 422]
        assert set(map(tuple, said.values())) == {(201,)}
        for body in bodies[:12]:
            assert client.get(f"/v1/submissions/{body['id']}").status_code == 200


def test_nobody_is_told_of_a_submission_that_the_disk_does_not_have_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_service(tmp_path) as running, running.client("submit") as client:
        asked, lets = Event(), Event()

        def sync(_file: int) -> None:
            asked.set()
            assert lets.wait(10)

        monkeypatch.setattr(os, "fsync", sync)
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(client.post, "/v1/submissions", json={"id": "L-1", **TOLD})
            assert asked.wait(10)
            assert not sent.done()
            lets.set()
            assert sent.result(10).status_code == 201


def test_each_gets_what_is_said_of_it_and_what_became_of_it(store: Store) -> None:
    lift, lamp = make_submission(), make_submission(id="L-2", title="路灯不亮", place=None)
    brought = [Brought(lift, "a", "k"), Brought(lamp, "b", "k"), Brought(lift, "a", "k")]
    desk = load_tiny_desk()
    told = take_together(desk.suggest_many, store, brought, now=NOW)
    assert [said for said, _ in told] == desk.suggest_many([lift, lamp, lift])
    assert [(filed.id, filed.created) for _, filed in told] == [
        ("L-1", True),
        ("L-2", True),
        ("L-1", False),
    ]
    assert [filed.submission and filed.submission.source for _, filed in told] == ["a", "b", "a"]


def test_where_the_database_cannot_be_reached_each_is_told_so(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/none/ledger.db")
    brought = [Brought(make_submission(id=name), "a", None) for name in ("L-1", "L-2")]
    told = take_together(load_tiny_desk().suggest_many, store, brought, now=NOW)
    assert [filed.id for _, filed in told] == ["L-1", "L-2"]
    assert all(isinstance(filed.error, StoreUnavailable) for _, filed in told)
    store.close()
