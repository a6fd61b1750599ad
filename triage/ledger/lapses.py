"""What time itself brings about: what nobody signs for comes back, what is due is reminded of.

Each function is one short transaction's work; the worker calls it again while it finds something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from triage.ledger.commands import run_command
from triage.ledger.due import RUNNING, UNACCEPTED
from triage.ledger.events import record_events
from triage.ledger.tables import EntryRow
from triage.ledger.timetables import load_timetable
from triage.ledger.views import StoredEntry
from triage.roles import Action, Caller
from triage.suggestions import URGENCY_NAMES
from triage.timetable import Timetable
from triage.workflow import CLOCK, Command

BATCH = 200
MOST_LOOKED_AT = 5000  # of those that may be near, in one call
LOOK_BACK = timedelta(days=30)  # what is late for longer was reminded of or is older than reminders
_LAPSED = "到期无人签收，由系统收回"
_CLOCK = Caller(CLOCK, frozenset({Action.ASSIGN}))
_COLUMNS = (
    EntryRow.id,
    EntryRow.lead_department,
    EntryRow.urgency,
    EntryRow.deadline_at,
    EntryRow.runs_from,
    EntryRow.accept_by,
    EntryRow.assigned_at,
)
_OPEN = (EntryRow.confidential.is_(False), EntryRow.paused_at.is_(None))


@dataclass(frozen=True, slots=True)
class Reminder:
    """A department was told that an entry is nearly due ("due"), late ("overdue") or not signed
    for ("accept"); `at` is the moment in question."""

    entry_id: int
    about: str
    lead: str
    urgency: int
    at: datetime


def return_unaccepted(
    session: Session, *, now: datetime, limit: int = BATCH
) -> tuple[StoredEntry, ...]:
    """Give back to the clerk what nobody has signed for in time, at most `limit` entries.

    What another is changing at this moment is left for the next call.
    """
    late = session.execute(
        select(EntryRow.id, EntryRow.version)
        .where(*UNACCEPTED, EntryRow.accept_by < now, EntryRow.confidential.is_(False))
        .order_by(EntryRow.accept_by, EntryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return tuple(
        run_command(
            session,
            entry_id,
            Command.RECALL,
            caller=_CLOCK,
            version=version,
            now=now,
            note=_LAPSED,
        )
        for entry_id, version in late
    )


def send_reminders(session: Session, *, now: datetime, limit: int = BATCH) -> tuple[Reminder, ...]:
    """Remind departments of what is nearly due, late or not signed for, at most `limit` of each.

    Each is told once since its clock was set, as an event `entry.reminded`: in office hours, of
    what is 特急 at any hour. A deadline counts as near by the settings, but never before half of
    the time has gone.
    """
    timetable = load_timetable(session)
    levels = [level for level in URGENCY_NAMES if timetable.may_remind(level, now=now)]
    reminders: list[Reminder] = []
    for level in levels:
        reminders += _nearly(session, timetable, level, now=now, limit=limit)
    reminders += _late(session, levels, now=now, limit=limit)
    for about in ("accept", "due", "overdue"):
        ids = [reminder.entry_id for reminder in reminders if reminder.about == about]
        if ids:
            session.execute(update(EntryRow).where(EntryRow.id.in_(ids)).values(reminded=about))
    record_events(session, [_event(reminder) for reminder in reminders], now=now)
    return tuple(reminders)


def _nearly(
    session: Session, timetable: Timetable, level: int, *, now: datetime, limit: int
) -> list[Reminder]:
    until = timetable.remind_until(level, now=now)
    due = (*RUNNING, EntryRow.deadline_at >= now, EntryRow.deadline_at <= until)
    accept = (*UNACCEPTED, EntryRow.accept_by >= now, EntryRow.accept_by <= until)
    told_due = or_(EntryRow.reminded.is_(None), EntryRow.reminded == "accept")
    rows = _read(session, (*due, told_due, EntryRow.urgency == level))
    found = [
        Reminder(row.id, "due", row.lead_department, level, row.deadline_at)
        for row in rows
        if row.deadline_at and _half_gone(row.runs_from, row.deadline_at, now=now)
    ][:limit]
    near = {reminder.entry_id for reminder in found}
    rows = _read(session, (*accept, EntryRow.reminded.is_(None), EntryRow.urgency == level))
    return (
        found
        + [
            Reminder(row.id, "accept", row.lead_department, level, row.accept_by)
            for row in rows
            if row.id not in near
            and row.accept_by
            and _half_gone(row.assigned_at, row.accept_by, now=now)
        ][:limit]
    )


def _late(session: Session, levels: Sequence[int], *, now: datetime, limit: int) -> list[Reminder]:
    where = (
        *RUNNING,
        EntryRow.deadline_at < now,
        EntryRow.deadline_at >= now - LOOK_BACK,
        or_(EntryRow.reminded.is_(None), EntryRow.reminded != "overdue"),
        EntryRow.urgency.in_(levels),
    )
    return [
        Reminder(row.id, "overdue", row.lead_department, row.urgency, row.deadline_at)
        for row in _read(session, where, limit=limit)
        if row.deadline_at
    ]


def _read(
    session: Session, where: Sequence[ColumnElement[bool]], *, limit: int = MOST_LOOKED_AT
) -> Sequence[Any]:
    """Entries in order of their deadline; locked ones wait for the next call."""
    return session.execute(
        select(*_COLUMNS)
        .where(*where, *_OPEN)
        .order_by(EntryRow.deadline_at, EntryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _half_gone(since: datetime | None, until: datetime, *, now: datetime) -> bool:
    return since is None or now >= since + (until - since) / 2


def _event(reminder: Reminder) -> dict[str, object]:
    return {
        "actor": CLOCK,
        "kind": "entry.reminded",
        "entry_id": reminder.entry_id,
        "payload": {
            "about": reminder.about,
            "lead": reminder.lead,
            "urgency": reminder.urgency,
            "at": reminder.at.isoformat(),
        },
    }
