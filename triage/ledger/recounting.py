"""Running deadlines counted again, because the calendar now says something else of their days."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import literal_column, or_, select
from sqlalchemy.orm import Session

from triage.calendar import CHINA_TIME, Moment, Unit, read_span
from triage.ledger.clock import is_overruled
from triage.ledger.due import RUNNING, UNACCEPTED
from triage.ledger.events import record_events
from triage.ledger.paging import in_chunks
from triage.ledger.states import EntryState
from triage.ledger.tables import EntryRow
from triage.ledger.timetables import load_timetable
from triage.timetable import Timetable
from triage.workflow import CLOCK

# Signed for, and may still be said to be another's. Spelt out, else no index is seen to fit.
_RETURNABLE = (
    EntryRow.state == literal_column(f"'{EntryState.ACCEPTED}'"),
    EntryRow.closed_at.is_(None),
)
_ON_CALENDAR = tuple(f"% {unit}" for unit in (Unit.WORKDAY, Unit.ROLLED_DAY))


def recount_provisional(session: Session, *, now: datetime, who: str = CLOCK) -> int:
    """Count again what was provisional; how many entries changed. Cheap where there are none."""
    ids = session.scalars(_provisional()).all()
    return _recount(session, ids, now=now, who=who) if ids else 0


def recount_since(session: Session, day: date, *, now: datetime, who: str) -> int:
    """Count again what ends on this day or later, after it was said to be worked or free; how many
    entries changed. What has ended before stays as it was."""
    start = max(datetime.combine(day, time(), CHINA_TIME).astimezone(UTC), now)
    on_calendar = or_(*(EntryRow.runs_for.like(unit) for unit in _ON_CALENDAR))
    ids = set(session.scalars(_provisional()))
    ids.update(
        session.scalars(
            select(EntryRow.id).where(*RUNNING, EntryRow.deadline_at >= start, on_calendar)
        )
    )
    ids.update(session.scalars(select(EntryRow.id).where(*UNACCEPTED, EntryRow.accept_by >= start)))
    ids.update(
        session.scalars(select(EntryRow.id).where(*_RETURNABLE, EntryRow.return_by >= start))
    )
    return _recount(session, sorted(ids), now=now, who=who)


def _provisional() -> Any:
    # Spelt out, else no database sees that the partial index fits.
    return select(EntryRow.id).where(literal_column("provisional")).order_by(EntryRow.id)


def _recount(session: Session, ids: Sequence[int], *, now: datetime, who: str) -> int:
    timetable = load_timetable(session)
    changed = 0
    for chunk in in_chunks(list(ids)):
        events = []
        rows = session.scalars(
            select(EntryRow).where(EntryRow.id.in_(chunk)).order_by(EntryRow.id).with_for_update()
        )
        for entry in rows:
            if _count_again(entry, timetable):
                events.append(_event(entry, who=who))
        session.flush()
        record_events(session, events, now=now)
        changed += len(events)
    return changed


def _count_again(entry: EntryRow, timetable: Timetable) -> bool:
    """Set the times anew from where they began; whether any changed."""
    before = (entry.deadline_at, entry.accept_by, entry.return_by, entry.provisional)
    ends: list[Moment] = []
    if entry.replied_at is None and entry.closed_at is None:
        ends += _count_signing(entry, timetable)
        if entry.runs_from is not None and entry.runs_for is not None:
            deadline = timetable.calendar.advance(entry.runs_from, read_span(entry.runs_for))
            entry.deadline_at = deadline.at
            ends.append(deadline)
    entry.provisional = any(end.provisional for end in ends)
    if entry.deadline_at != before[0]:
        entry.reminded = None
    return before != (entry.deadline_at, entry.accept_by, entry.return_by, entry.provisional)


def _count_signing(entry: EntryRow, timetable: Timetable) -> Iterator[Moment]:
    """The times to sign for it and to say that it is another's, where they still run."""
    calendar, rule = timetable.calendar, timetable.rulebook.find(entry.rule)
    if rule is None or entry.assigned_at is None:
        return
    if rule.accept and entry.state is EntryState.ASSIGNED and entry.accept_by is not None:
        accept = calendar.advance(entry.assigned_at, rule.accept)
        if entry.runs_from == entry.accept_by:  # the time to reply begins with the signature
            entry.runs_from = accept.at
        entry.accept_by = accept.at
        yield accept
    if rule.object and entry.return_by is not None and not is_overruled(entry):
        object_ = calendar.advance(entry.assigned_at, rule.object)
        entry.return_by = object_.at
        yield object_


def _event(entry: EntryRow, *, who: str) -> dict[str, Any]:
    deadline = entry.deadline_at.isoformat() if entry.deadline_at else None
    return {
        "actor": who,
        "kind": "entry.recounted",
        "submission_id": entry.submission_id,
        "entry_id": entry.id,
        "payload": {"deadline": deadline, "provisional": entry.provisional},
    }
