"""Entries whose clocks run, for the tests of deadlines. All are invented."""

from datetime import datetime
from typing import Any

from ledger_factories import DEPARTMENTS, make_submission, make_suggestion
from sqlalchemy import update
from sqlalchemy.orm import Session

from triage.calendar import CHINA_TIME
from triage.deadlines import get_rulebook, load_presets
from triage.ledger.departments import sync_departments
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow
from triage.ledger.timetables import change_time_settings
from triage.roles import ROLE_ACTIONS, Caller, Role

ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
HOUSING_OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
BOTH_OFFICER = Caller(
    "zhao", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian", "chengguan"})
)


def china(text: str) -> datetime:
    """This moment in Beijing: "2025-03-03 10:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)


def tell(moment: datetime | None) -> str | None:
    """The moment as people in Beijing write it."""
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}" if moment else None


def set_up_departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def use_preset(store: Store, name: str, **changes: Any) -> None:
    """Put this preset, or one of its name with changed settings beside it, in force."""
    rulebook = get_rulebook(name, load_presets()).as_dict()
    with store.writing() as session:
        change_time_settings(
            session,
            {"rulebook": rulebook} | changes,
            caller=ADMIN,
            now=china("2025-01-02 09:00"),
        )


def open_at(store: Store, moment: str, name: str = "L-1", **suggested: Any) -> int:
    """The id of an entry that was opened, and so assigned, at this moment."""
    opened = china(moment)
    submission = make_submission(id=name, received_at=opened)
    with store.writing() as session:
        (filed,) = record_batch(session, [(submission, make_suggestion(**suggested))], now=opened)
    assert filed.entry is not None
    return filed.entry.id


def get_row(session: Session, entry_id: int) -> EntryRow:
    row = session.get(EntryRow, entry_id)
    assert row is not None
    return row


def alter(store: Store, entry_id: int, **values: Any) -> None:
    """Set columns of an entry, as the commands of the workflow would have."""
    if not values:
        return
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry_id).values(**values))
