import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from sqlalchemy import text
from sqlalchemy.orm import Session

from triage.ledger import store as store_module
from triage.ledger.chain import Anchor, ChainReport, verify_chain
from triage.ledger.departments import sync_departments
from triage.ledger.events import record_events
from triage.ledger.records import record_batch
from triage.ledger.store import Store, open_store, upgrade
from triage.ledger.tables import EventRow

CHINA = timezone(timedelta(hours=8))


def happen(store: Store, *kinds: str, **changes: Any) -> None:
    event = {"actor": "wang", "payload": {}} | changes
    with store.writing() as session:
        record_events(session, [event | {"kind": kind} for kind in kinds], now=NOW)


def verify(store: Store, anchor: Anchor | None = None) -> ChainReport:
    with store.reading() as session:
        return verify_chain(session, anchor=anchor)


@contextmanager
def behind_the_triggers(store: Store) -> Iterator[Session]:
    """What somebody could do who owns the database."""
    with store.writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        else:
            session.execute(text("DROP TRIGGER event_no_update"))
            session.execute(text("DROP TRIGGER event_no_delete"))
        yield session


def test_an_empty_log_holds(store: Store) -> None:
    assert verify(store) == ChainReport(0, None, None)


def test_each_event_is_linked_to_the_one_before_it_across_transactions(store: Store) -> None:
    happen(store, "a", "b")
    happen(store, "c")
    with store.reading() as session:
        events = session.query(EventRow).order_by(EventRow.id).all()
    assert [event.kind for event in events] == ["a", "b", "c"]
    assert [event.previous_hash for event in events] == [None, events[0].hash, events[1].hash]
    assert len({event.hash for event in events}) == 3
    assert verify(store) == ChainReport(3, Anchor(events[2].id, events[2].hash), None)


def test_the_same_event_twice_gives_two_hashes(store: Store) -> None:
    happen(store, "a", "a")
    with store.reading() as session:
        assert len({event.hash for event in session.query(EventRow)}) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"actor": "\x00\ud800😀"},
        {"submission_id": "信-1", "entry_id": 2**40},
        {"payload": {"nested": {10: "x", 9: [1.5, None, True]}, "z": "\ud800\x00", "中": "文"}},
        {"payload": {"float": 0.1 + 0.2, "big": 2**60, "tiny": 5e-324}},
    ],
)
def test_what_the_database_gives_back_hashes_as_what_it_was_given(
    store: Store, odd: dict[str, Any]
) -> None:
    happen(store, "odd", "odd", **odd)
    assert verify(store).sound == 2


def test_a_moment_hashes_the_same_in_any_zone(store: Store) -> None:
    with store.writing() as session:
        at = datetime(2025, 3, 1, 9, 30, 0, 123456, tzinfo=CHINA)
        record_events(session, [{"actor": "", "kind": "a"}], now=at)
    assert verify(store).sound == 1


@pytest.mark.parametrize(
    ("tampering", "broken", "why"),
    [
        ("UPDATE event SET actor = 'li' WHERE kind = 'b'", "b", "曾被改写"),
        ("UPDATE event SET payload = '{\"x\"\\:1}' WHERE kind = 'b'", "b", "曾被改写"),
        ("UPDATE event SET at = '2020-01-01 00:00:00' WHERE kind = 'b'", "b", "曾被改写"),
        ("UPDATE event SET submission_id = 'x' WHERE kind = 'b'", "b", "曾被改写"),
        ("UPDATE event SET entry_id = 1 WHERE kind = 'b'", "b", "曾被改写"),
        ("UPDATE event SET kind = 'x' WHERE kind = 'd'", "x", "曾被改写"),
        ("UPDATE event SET hash = NULL WHERE kind = 'b'", "b", "没有哈希"),
        ("UPDATE event SET hash = repeat('0', 64) WHERE kind = 'b'", "b", "曾被改写"),
        ("DELETE FROM event WHERE kind = 'a'", "b", "接不上"),
        ("DELETE FROM event WHERE kind = 'c'", "d", "接不上"),
        ("UPDATE event SET id = 1000 WHERE kind = 'b'", "c", "接不上"),
    ],
)
def test_the_first_event_that_was_touched_is_named(
    store: Store, tampering: str, broken: str, why: str
) -> None:
    happen(store, "a", "b", "c", "d")
    with behind_the_triggers(store) as session:
        if session.get_bind().dialect.name == "sqlite":
            tampering = tampering.replace("repeat('0', 64)", "hex(zeroblob(32))")
        session.execute(text(tampering))
    report = verify(store)
    assert report.broken is not None
    with store.reading() as session:
        event = session.get(EventRow, report.broken.id)
    assert event is not None
    assert event.kind == broken
    assert why in report.broken.reason
    assert report.broken.at == event.at


def test_an_event_slipped_in_is_found_even_with_a_right_hash_of_its_own(store: Store) -> None:
    happen(store, "a", "b")
    with store.reading() as session:
        first, second = session.query(EventRow).order_by(EventRow.id).all()
    with behind_the_triggers(store) as session:
        session.execute(text("UPDATE event SET id = 100 WHERE kind = 'b'"))
        session.execute(
            text(
                "INSERT INTO event (id, at, actor, kind, payload, previous_hash, hash) "
                "SELECT 50, at, 'li', kind, payload, :first, :second FROM event WHERE id = 100"
            ),
            {"first": first.hash, "second": second.hash},
        )
    report = verify(store)
    assert report.broken is not None
    assert (report.sound, report.broken.id) == (1, 50)


def test_a_log_rewritten_from_the_start_holds_but_not_against_a_noted_hash(store: Store) -> None:
    happen(store, "a", "b", "c")
    noted = verify(store).last
    assert noted is not None
    assert verify(store, noted).broken is None
    with behind_the_triggers(store) as session:
        session.execute(text("DELETE FROM event"))
    with store.writing() as session:
        record_events(session, [{"actor": "li", "kind": k} for k in "abcd"], now=NOW)
    if verify(store).last == noted:
        pytest.fail("the rewritten log ends as the true one did")
    assert verify(store).broken is None
    report = verify(store, noted)
    assert report.broken is not None
    assert report.broken.id == noted.id


def test_a_log_cut_off_at_its_end_is_found_by_a_noted_hash(store: Store) -> None:
    happen(store, "a", "b", "c")
    noted = verify(store).last
    assert noted is not None
    with behind_the_triggers(store) as session:
        session.execute(text("DELETE FROM event WHERE kind = 'c'"))
    assert verify(store).broken is None
    report = verify(store, noted)
    assert report.broken is not None
    assert (report.sound, report.broken.id, report.broken.at) == (2, noted.id, None)
    assert "不存在" in report.broken.reason


def test_a_noted_hash_that_lies_further_back_is_looked_up_there(store: Store) -> None:
    happen(store, "a")
    noted = verify(store).last
    happen(store, "b", "c")
    report = verify(store, noted)
    assert (report.sound, report.broken) == (3, None)


def test_a_transaction_that_fails_leaves_no_event_and_no_gap(store: Store) -> None:
    def tell_and_fail() -> None:
        with store.writing() as session:
            record_events(session, [{"actor": "", "kind": "b"}], now=NOW)
            raise ValueError("changed our mind")

    happen(store, "a")
    with pytest.raises(ValueError, match="changed our mind"):
        tell_and_fail()
    happen(store, "c")
    assert verify(store).sound == 2


def test_events_cannot_be_told_while_reading_nor_in_a_savepoint(store: Store) -> None:
    with store.reading() as session, pytest.raises(RuntimeError):
        record_events(session, [{"actor": "", "kind": "a"}], now=NOW)
    with store.writing() as session, session.begin_nested(), pytest.raises(RuntimeError):
        record_events(session, [{"actor": "", "kind": "a"}], now=NOW)
    assert verify(store).sound == 0


def test_writers_at_once_make_one_chain(store: Store) -> None:
    failed = []

    def work(number: int) -> None:
        try:
            for turn in range(20):
                happen(store, f"{number}.{turn}", f"{number}.{turn}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    report = verify(store)
    assert (report.sound, report.broken) == (320, None)


def test_a_writer_that_has_not_committed_keeps_nobody_waiting(store: Store) -> None:
    if store.writer.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at any time")
    with store.writing() as session:
        record_events(session, [{"actor": "", "kind": "slow"}], now=NOW)
        happen(store, "fast")
    with store.reading() as session:
        kinds = [event.kind for event in session.query(EventRow).order_by(EventRow.id)]
    assert kinds == ["fast", "slow"]
    assert verify(store).sound == 2


def test_a_whole_batch_is_chained(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)
        batch = [(make_submission(id=f"L-{n}"), make_suggestion()) for n in range(1000)]
        record_batch(session, batch, now=NOW)
    assert verify(store).sound == 2000


def test_more_events_than_a_socket_holds_are_chained(store: Store) -> None:
    happen(store, *(f"kind-{number}" for number in range(500)), payload={"note": "停水" * 2_000})
    assert verify(store).sound == 500


def test_events_from_before_the_chain_are_linked_by_the_upgrade(empty_url: str) -> None:
    store = open_store(empty_url)
    config = Config()
    config.set_main_option("script_location", str(store_module._MIGRATIONS))
    with store.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number in range(3):
            connection.execute(
                text(
                    "INSERT INTO event (at, actor, kind, payload) "
                    "VALUES (:at, 'key:1', 'submission.recorded', :payload)"
                ),
                {"at": f"2025-03-01 0{number}:00:00.000000", "payload": '{"n": 1}'},
            )
    upgrade(store)
    happen(store, "later")
    assert verify(store).sound == 4
    with pytest.raises(Exception, match="append-only"), store.writing() as session:
        session.execute(text("UPDATE event SET actor = 'x'"))
    with store.reading() as session:
        first = session.query(EventRow).order_by(EventRow.id).first()
    assert first is not None
    assert first.at == datetime(2025, 3, 1, tzinfo=UTC)
    store.close()
