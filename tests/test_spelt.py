"""Tests of statements that are handed to the driver as they were spelt once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, insert, select, update

from triage.errors import StoreUnavailable
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.tables import ActionRow, EventRow, HolidayRow, SettingRow

SETTINGS = SettingRow.metadata.tables[SettingRow.__tablename__]
NOW = datetime(2025, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
ADD = Spelt(insert(SETTINGS), SETTINGS.c.keys())
SETTING = {"name": "a", "value": {"甲": [1, None]}, "changed_by": "张", "changed_at": NOW}


def test_what_was_written_comes_back_as_the_tables_say(store: Store) -> None:
    with store.writing() as session:
        ADD.run(connection_of(session), SETTING)
        (row,) = Spelt(select(SETTINGS)).rows(connection_of(session), {})
        assert dict(zip(SETTINGS.c.keys(), row, strict=True)) == SETTING
        assert row[SETTINGS.c.keys().index("changed_at")].tzinfo is UTC
        kept = session.get_one(SettingRow, "a")
        assert (kept.value, kept.changed_at) == (SETTING["value"], NOW)


def test_words_that_no_database_holds_are_mended_on_the_way_in(store: Store) -> None:
    with store.writing() as session:
        ADD.run(connection_of(session), SETTING | {"changed_by": "甲\x00\ud800"})
        assert session.get_one(SettingRow, "a").changed_by == "甲\ufffd\ufffd"


def test_parameters_come_with_each_call_and_constants_stay(store: Store) -> None:
    named = Spelt(
        select(SETTINGS.c.name, func.substr(SETTINGS.c.changed_by, 1, 2))
        .where(SETTINGS.c.name == bindparam("name"))
        .limit(5)
    )
    change = Spelt(update(SETTINGS).where(SETTINGS.c.name == bindparam("one")), ("changed_by",))
    with store.writing() as session:
        connection = connection_of(session)
        for name in ("a", "b"):
            ADD.run(connection, SETTING | {"name": name})
        change.run(connection, {"one": "b", "changed_by": "李四五"})
        assert named.rows(connection, {"name": "b"}) == [["b", "李四"]]
        assert named.rows(connection, {"name": "a"}) == [["a", "张"]]
        assert named.rows(connection, {"name": "c"}) == []
        with pytest.raises(KeyError, match="name"):
            named.rows(connection, {})


def test_codes_and_days_are_read_as_what_they_are(store: Store) -> None:
    states = Spelt(select(ActionRow.to_state, EventRow.payload).join(EventRow, ActionRow.id > 0))
    days = Spelt(select(HolidayRow.day, HolidayRow.working))
    with store.writing() as session:
        session.add(HolidayRow(day=NOW.date(), working=False, note=""))
        session.flush()
        assert states.rows(connection_of(session), {}) == []
        assert days.rows(connection_of(session), {}) == [[NOW.date(), False]]
    coded = Spelt(select(bindparam("state", type_=ActionRow.to_state.type)))
    with store.looking() as connection:
        assert coded.rows(connection, {"state": EntryState.ACCEPTED}) == [[EntryState.ACCEPTED]]


def test_what_is_undone_takes_it_along(store: Store) -> None:
    def add_and_fail() -> None:
        with store.writing() as session:
            ADD.run(connection_of(session), SETTING)
            raise LookupError

    with pytest.raises(LookupError):
        add_and_fail()
    with store.looking() as connection:
        assert Spelt(select(SETTINGS.c.name)).rows(connection, {}) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_has_ended_is_told_as_a_database_out_of_reach(store: Store) -> None:
    end = Spelt(select(func.pg_terminate_backend(func.pg_backend_pid())))
    for opened in (store.looking, store.writing):
        with pytest.raises(StoreUnavailable), opened() as held:
            end.rows(connection_of(held), {})
        with opened() as held:
            assert Spelt(select(bindparam("a", 1))).rows(connection_of(held), {}) == [[1]]
