"""The event log to read: who did what and when, the newest first.

What concerns a confidential submission (Art. 30) does not exist for a reader who may not see it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_, select
from sqlalchemy.orm import Session

from triage.ledger.paging import Page, check_limit, check_time, read_cursor, write_cursor
from triage.ledger.people import name_people
from triage.ledger.tables import EntryRow, EventRow, SubmissionRow
from triage.roles import Action, Caller

_ACCUSATIONS = "accusation."  # what was done with accusations (检举控告)
_OF_TWO = "repeat.dismissed"  # names another submission, too
_INTO = "entry.merge"  # names another entry, too


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What happened, as the log has it; `hash` is its link in the chain, `actor_name` what a user
    who did it is called."""

    id: int
    at: datetime
    actor: str
    actor_name: str | None
    kind: str
    submission_id: str | None
    entry_id: int | None
    payload: dict[str, Any]
    hash: str


def list_events(
    session: Session,
    *,
    caller: Caller,
    kind: str | None = None,
    actor: str | None = None,
    submission_id: str | None = None,
    entry_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[StoredEvent]:
    """A page of the log, the newest event first.

    `kind` is one kind ("entry.accept") or all below it ("entry"); `since` counts in, `until` does
    not. Raises AccessDenied, or InvalidInput for a limit, cursor or time that is none.
    """
    caller.require(Action.READ_AUDIT)
    conditions: list[ColumnElement[bool]] = []
    if kind is not None:
        below = EventRow.kind.startswith(f"{kind}.", autoescape=True)
        conditions.append(or_(EventRow.kind == kind, below))
    if actor is not None:
        conditions.append(EventRow.actor == actor)
    if submission_id is not None:
        conditions.append(EventRow.submission_id == submission_id)
    if entry_id is not None:
        conditions.append(EventRow.entry_id == entry_id)
    if since is not None:
        conditions.append(EventRow.at >= check_time(since, "since"))
    if until is not None:
        conditions.append(EventRow.at < check_time(until, "until"))
    if cursor is not None:
        conditions.append(EventRow.id < read_cursor(cursor, int)[0])
    if not caller.may_see_confidential or caller.department is not None:
        # Whoever belongs to a department may be barred from an accusation against it.
        conditions += _is_open()
    check_limit(limit)
    rows = session.scalars(
        select(EventRow).where(*conditions).order_by(EventRow.id.desc()).limit(limit + 1)
    ).all()
    people = name_people(session, {row.actor for row in rows})
    lines = tuple(_view(row, people) for row in rows[:limit])
    return Page(lines, write_cursor(lines[-1].id) if len(rows) > limit else None)


def _is_open() -> list[ColumnElement[bool]]:
    hidden_submission = exists().where(
        SubmissionRow.id == EventRow.submission_id, SubmissionRow.confidential
    )
    hidden_entry = exists().where(EntryRow.id == EventRow.entry_id, EntryRow.confidential)
    hidden_other = exists().where(
        SubmissionRow.id == EventRow.payload["other"].as_string(), SubmissionRow.confidential
    )
    # Of another kind it may be a list, which no database reads as a number.
    into = case((EventRow.kind == _INTO, EventRow.payload["into"].as_integer()))
    hidden_host = exists().where(EntryRow.id == into, EntryRow.confidential)
    return [
        ~EventRow.kind.startswith(_ACCUSATIONS, autoescape=True),
        ~hidden_submission,
        ~hidden_entry,
        or_(EventRow.kind != _OF_TWO, ~hidden_other),
        or_(EventRow.kind != _INTO, ~hidden_host),
    ]


def _view(row: EventRow, people: dict[str, str]) -> StoredEvent:
    return StoredEvent(
        id=row.id,
        at=row.at,
        actor=row.actor,
        actor_name=people.get(row.actor),
        kind=row.kind,
        submission_id=row.submission_id,
        entry_id=row.entry_id,
        payload=row.payload,
        hash=row.hash or "",
    )
