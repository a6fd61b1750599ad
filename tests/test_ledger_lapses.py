from datetime import datetime
from typing import Any

import pytest
from clock_factories import (
    CLERK,
    alter,
    china,
    get_row,
    open_at,
    set_up_departments,
    use_preset,
)
from sqlalchemy import select

from triage.ledger.commands import run_command
from triage.ledger.lapses import Reminder, return_unaccepted, send_reminders
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.tables import ActionRow, EntryRow, EventRow
from triage.workflow import CLOCK, Command

MONDAY = "2025-03-03 10:00"


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def lapse(store: Store, moment: str, **options: Any) -> list[int]:
    with store.writing() as session:
        return [entry.id for entry in return_unaccepted(session, now=china(moment), **options)]


def remind(store: Store, moment: str, **options: Any) -> list[tuple[int, str]]:
    with store.writing() as session:
        reminders = send_reminders(session, now=china(moment), **options)
    return [(reminder.entry_id, reminder.about) for reminder in reminders]


def sign_for(store: Store, entry_id: int, moment: str) -> None:
    alter(store, entry_id, state=EntryState.ACCEPTED, accepted_at=china(moment))


def test_what_nobody_signs_for_in_time_comes_back_to_the_clerk(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    assert lapse(store, "2025-03-04 23:59:59") == []
    assert lapse(store, "2025-03-05 00:00") == [entry_id]
    with store.reading() as session:
        row = get_row(session, entry_id)
        assert (row.state, row.returns, row.version) == (EntryState.RETURNED, 0, 2)
        assert (row.assignee, row.accept_by) == (None, None)
        action = session.scalars(
            select(ActionRow).where(ActionRow.entry_id == entry_id).order_by(ActionRow.id.desc())
        ).first()
        assert action is not None
        assert (action.command, action.who) == (Command.RECALL, CLOCK)
        assert "无人签收" in action.note
        kinds = session.scalars(select(EventRow.kind).where(EventRow.entry_id == entry_id)).all()
        assert kinds[-1] == "entry.recall"
    assert lapse(store, "2025-03-05 00:01") == []


def test_what_was_signed_for_or_answered_stays_where_it_is(store: Store) -> None:
    signed, confidential = (open_at(store, MONDAY, name) for name in ("a", "b"))
    sign_for(store, signed, MONDAY)
    alter(store, confidential, confidential=True)
    assert lapse(store, "2025-03-10 10:00") == []


def test_the_longest_unsigned_come_back_first_and_a_call_takes_so_many(store: Store) -> None:
    ids = [open_at(store, f"2025-03-0{day} 10:00", f"L-{day}") for day in (5, 3, 4)]
    assert lapse(store, "2025-03-10 10:00", limit=2) == [ids[1], ids[2]]
    assert lapse(store, "2025-03-10 10:00", limit=2) == [ids[0]]


def test_what_came_back_can_be_assigned_again_and_its_time_to_reply_ran_on(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    lapse(store, "2025-03-05 09:00")
    with store.writing() as session:
        entry = run_command(
            session,
            entry_id,
            Command.ASSIGN,
            caller=CLERK,
            version=2,
            now=china("2025-03-05 10:00"),
            lead="chengguan",
        )
    assert entry.deadline_at == china("2025-03-10 23:59:59")
    assert entry.accept_by == china("2025-03-06 23:59:59")


def test_a_department_is_reminded_once_of_what_is_nearly_due(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)  # due on Monday the 10th
    sign_for(store, entry_id, MONDAY)
    assert remind(store, "2025-03-06 16:00") == []
    assert remind(store, "2025-03-07 16:00") == [(entry_id, "due")]
    assert remind(store, "2025-03-07 16:05") == []
    assert remind(store, "2025-03-10 10:00") == []
    assert remind(store, "2025-03-11 10:00") == [(entry_id, "overdue")]
    assert remind(store, "2025-03-12 10:00") == []


def test_reminders_keep_office_hours_but_not_for_what_is_most_urgent(store: Store) -> None:
    ordinary = open_at(store, MONDAY, "ordinary", urgency=3)
    grave = open_at(store, "2025-03-07 20:00", "grave", urgency=1)
    for entry_id in (ordinary, grave):
        sign_for(store, entry_id, "2025-03-07 20:00")
    assert remind(store, "2025-03-07 21:10") == [(grave, "due")]
    assert remind(store, "2025-03-09 10:00") == [(grave, "overdue")]  # a Sunday
    assert remind(store, "2025-03-10 08:59") == []
    assert remind(store, "2025-03-10 09:00") == [(ordinary, "due")]


def test_nobody_is_reminded_before_half_of_the_time_has_gone(store: Store) -> None:
    use_preset(store, "sichuan")
    entry_id = open_at(store, MONDAY, nature="咨询", urgency=4)  # three working days, till Thursday
    sign_for(store, entry_id, MONDAY)
    assert remind(store, "2025-03-04 16:00") == []
    assert remind(store, "2025-03-05 10:00") == [(entry_id, "due")]


def test_a_department_is_reminded_to_sign_for_it(store: Store) -> None:
    use_preset(store, "xinfang")
    entry_id = open_at(store, MONDAY, urgency=4)  # to be signed for until the 18th
    assert remind(store, "2025-03-13 10:00") == []
    assert remind(store, "2025-03-14 10:00") == [(entry_id, "accept")]
    assert remind(store, "2025-03-17 10:00") == []


def test_a_clock_that_is_set_anew_is_reminded_of_anew(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    sign_for(store, entry_id, MONDAY)
    assert remind(store, "2025-03-10 10:00") == [(entry_id, "due")]
    with store.writing() as session:
        row = get_row(session, entry_id)
        row.replied_at = china("2025-03-10 11:00")
        row.state = EntryState.REPLIED
    with store.writing() as session:
        run_command(
            session,
            entry_id,
            Command.REOPEN,
            caller=CLERK,
            version=1,
            now=china("2025-03-10 12:00"),
            note="反映人说没有解决",
        )
    assert remind(store, "2025-03-14 10:00") == [(entry_id, "due")]


@pytest.mark.parametrize(
    "ended",
    [
        {"replied_at": datetime.fromisoformat("2025-03-05T00:00:00+00:00")},
        {"closed_at": datetime.fromisoformat("2025-03-05T00:00:00+00:00")},
        {"paused_at": datetime.fromisoformat("2025-03-05T00:00:00+00:00")},
        {"confidential": True},
    ],
    ids=str,
)
def test_nobody_is_reminded_of_what_waits_for_nothing(store: Store, ended: dict[str, Any]) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    sign_for(store, entry_id, MONDAY)
    alter(store, entry_id, **ended)
    assert remind(store, "2025-03-10 10:00") == []
    assert remind(store, "2025-03-11 10:00") == []


def test_what_is_late_for_more_than_a_month_is_not_reminded_of(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    sign_for(store, entry_id, MONDAY)
    assert remind(store, "2025-04-15 10:00") == []
    assert remind(store, "2025-04-09 10:00") == [(entry_id, "overdue")]


def test_a_reminder_is_an_event_of_codes_and_times_alone(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    sign_for(store, entry_id, MONDAY)
    with store.writing() as session:
        (reminder,) = send_reminders(session, now=china("2025-03-10 10:00"))
    deadline = china("2025-03-10 23:59:59")
    assert reminder == Reminder(entry_id, "due", "zhujian", 3, deadline)
    with store.reading() as session:
        told = session.scalars(select(EventRow).where(EventRow.kind == "entry.reminded")).one()
        assert (told.actor, told.entry_id) == (CLOCK, entry_id)
        assert told.payload == {
            "about": "due",
            "lead": "zhujian",
            "urgency": 3,
            "at": "2025-03-10T15:59:59+00:00",
        }


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_somebody_is_changing_at_this_moment_waits_for_the_next_turn(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    with store.writing() as busy:
        busy.execute(select(EntryRow.id).where(EntryRow.id == entry_id).with_for_update())
        assert lapse(store, "2025-03-10 10:00") == []
        assert remind(store, "2025-03-10 10:00") == []
    assert remind(store, "2025-03-10 10:00") == [(entry_id, "due")]
    assert lapse(store, "2025-03-10 10:00") == [entry_id]
