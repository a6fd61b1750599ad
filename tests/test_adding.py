"""Tests of rows that are added many at a time, by one statement."""

from datetime import UTC, datetime

from triage.ledger.adding import Adding
from triage.ledger.statements import connection_of
from triage.ledger.store import Store
from triage.ledger.tables import EventRow, SettingRow

SETTINGS = SettingRow.metadata.tables[SettingRow.__tablename__]
NAMES = tuple(SETTINGS.c.keys())
NOW = datetime(2025, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
SETTING = {"name": "a", "value": {"甲": [1, None]}, "changed_by": "张", "changed_at": NOW}


def test_rows_that_are_added_come_back_as_the_tables_say(store: Store) -> None:
    with store.writing() as session:
        told = [SETTING, SETTING | {"name": "b", "changed_by": "甲\x00\ud800", "value": {}}]
        assert Adding(SETTINGS, NAMES).run(connection_of(session), told) == []
        one, other = (session.get_one(SettingRow, name) for name in "ab")
        assert (one.value, one.changed_by, one.changed_at) == (SETTING["value"], "张", NOW)
        assert (other.value, other.changed_by) == ({}, "甲\ufffd\ufffd")


def test_of_rows_that_stand_already_nothing_is_changed_or_given_back(store: Store) -> None:
    adding = Adding(SETTINGS, NAMES, unless_there=True, returning=("name",))
    with store.writing() as session:
        connection = connection_of(session)
        assert adding.run(connection, [SETTING]) == [("a",)]
        told = [SETTING | {"name": name, "changed_by": "李"} for name in "abb"]
        assert adding.run(connection, told) == [("b",)]
        assert session.get_one(SettingRow, "a").changed_by == "张"


def test_more_rows_than_one_statement_holds_are_all_added(store: Store) -> None:
    adding = Adding(SETTINGS, NAMES, returning=("name",))
    with store.writing() as session:
        told = [SETTING | {"name": f"{number:03}"} for number in range(205)]
        added = adding.run(connection_of(session), told)
        assert sorted(added) == [(row["name"],) for row in told]
        assert adding.run(connection_of(session), []) == []


def test_what_is_not_named_is_left_to_the_table(store: Store) -> None:
    events = EventRow.metadata.tables[EventRow.__tablename__]
    names = tuple(
        column.name
        for column in events.c
        if column.name != "id" and not (column.nullable and column.name == "entry_id")
    )
    told = dict.fromkeys(names) | {
        "at": NOW,
        "actor": "张",
        "kind": "甲",
        "payload": {},
        "hash": "h",
    }
    with store.writing() as session:
        adding = Adding(events, names, returning=("id", "entry_id"))
        ((number, entry),) = adding.run(connection_of(session), [told])
        assert (number, entry) == (1, None)
