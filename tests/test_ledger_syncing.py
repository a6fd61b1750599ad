"""Waiting for the disk: once for all who have committed, and never told before."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from ledger_factories import NOW, make_submission

from triage.ledger.records import record_submission
from triage.ledger.store import open_store, upgrade
from triage.ledger.syncing import Syncs


class Disk:
    """Takes its time, and counts how often it was waited for."""

    def __init__(self) -> None:
        self.syncs = 0
        self.open = threading.Event()

    def sync(self, _file: int) -> None:
        self.syncs += 1
        assert self.open.wait(10)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


def wait_until(true: Callable[[], bool], *, within: float = 10.0) -> None:
    began = monotonic()
    while not true():
        assert monotonic() - began < within
        sleep(0.005)


def test_who_commits_while_another_waits_for_the_disk_waits_for_the_next_time_together(
    tmp_path: Path, disk: Disk
) -> None:
    log = tmp_path / "x.db-wal"
    log.touch()
    syncs = Syncs(log)
    waiting = [threading.Thread(target=syncs.wait) for _ in range(6)]
    waiting[0].start()
    wait_until(lambda: disk.syncs == 1)
    for thread in waiting[1:]:
        thread.start()
    wait_until(lambda: syncs._committed == 6)
    assert all(thread.is_alive() for thread in waiting)
    disk.open.set()
    for thread in waiting:
        thread.join(10)
    assert disk.syncs == 2


def test_a_block_that_writes_ends_when_the_disk_has_it_and_the_next_may_write_before(
    tmp_path: Path, disk: Disk
) -> None:
    disk.open.set()
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(store)
    disk.open.clear()

    def write(name: str) -> None:
        with store.writing() as session:
            record_submission(session, make_submission(id=name), now=NOW)

    writers = [threading.Thread(target=write, args=(f"L-{number}",)) for number in range(3)]
    for writer in writers:
        writer.start()
    assert store.syncs is not None
    wait_until(lambda: store.syncs._committed == 3)
    assert all(writer.is_alive() for writer in writers)
    disk.open.set()
    for writer in writers:
        writer.join(10)
    assert not any(writer.is_alive() for writer in writers)
    store.close()


def test_a_log_that_has_gone_over_into_the_database_need_not_be_waited_for(tmp_path: Path) -> None:
    Syncs(tmp_path / "x.db-wal").wait()


def test_a_disk_that_fails_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_file: int) -> None:
        raise OSError("the disk is full")

    log = tmp_path / "x.db-wal"
    log.touch()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        Syncs(log).wait()
