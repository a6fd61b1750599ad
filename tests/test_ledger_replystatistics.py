"""How replies are written: counted with what was assessed, within reach, on both databases."""

from typing import Any

import pytest
from sqlalchemy import update
from workflow_factories import CLERK, HOUSING_OFFICER, SUPERVISOR, file_departments, lead_to

from triage.errors import AccessDenied
from triage.ledger.replystatistics import Writing, measure_writing
from triage.ledger.selection import By, Selection
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow, ReplyRow
from triage.rates import Rate
from triage.roles import Caller

GOOD = {"relevance": 2.0, "completeness": 1.5, "grounds": 1.0, "action": 2.0, "perfunctory": False}
THIN = {"relevance": 0.0, "completeness": 0.5, "grounds": 0.0, "action": 0.0, "perfunctory": True}


def answer(store: Store, name: str, quality: dict[str, Any] | None, **changes: Any) -> None:
    """An entry with one reply of this quality."""
    entry = lead_to(store, EntryState.REPLIED, name)
    with store.writing() as session:
        written = update(ReplyRow).where(ReplyRow.entry_id == entry.id)
        session.execute(written.values(quality=quality))
        if changes:
            session.execute(update(EntryRow).where(EntryRow.id == entry.id).values(**changes))


def measure(store: Store, caller: Caller = SUPERVISOR, **asked: Any) -> Any:
    with store.reading() as session:
        return measure_writing(session, Selection(), caller=caller, **asked)


def test_marks_are_means_of_what_was_assessed(store: Store) -> None:
    file_departments(store)
    answer(store, "A", GOOD)
    answer(store, "B", THIN)
    answer(store, "C", None)
    told = measure(store).total
    assert (told.replies, told.perfunctory) == (3, Rate(1, 2))
    assert told.marks == {"relevance": 1.0, "completeness": 1.0, "grounds": 0.5, "action": 1.0}
    assert measure(store, by=By.DEPARTMENT).groups[0].figures == told


def test_without_a_reply_there_is_no_mark(store: Store) -> None:
    file_departments(store)
    told: Writing = measure(store).total
    assert (told.replies, told.perfunctory) == (0, Rate(0, 0))
    assert set(told.marks.values()) == {None}


def test_accusations_and_other_departments_are_not_counted(store: Store) -> None:
    file_departments(store)
    answer(store, "A", GOOD, confidential=True)
    answer(store, "B", THIN, lead_department="chengguan")
    assert measure(store).total.replies == 1
    assert measure(store, HOUSING_OFFICER).total.replies == 0
    assert measure(store, CLERK).total.replies == 1
    with pytest.raises(AccessDenied):
        measure(store, Caller("x", frozenset()))
