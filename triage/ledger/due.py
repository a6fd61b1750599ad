"""What is due and what is late: keyset pages along the partial indexes over running entries.

Entries that wait for nobody's reply (replied to, closed, declined, forwarded, merged) and those
whose clock stands still are not among them, nor is anything confidential or out of reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, literal_column, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from triage.errors import InvalidInput
from triage.ledger.departments import get_department
from triage.ledger.paging import (
    Page,
    check_limit,
    check_time,
    read_cursor,
    read_time,
    write_cursor,
)
from triage.ledger.states import EntryState
from triage.ledger.tables import EntryRow, SubmissionRow
from triage.ledger.views import StoredEntry, entry_view
from triage.roles import Action, Caller

MAX_WALKS = 100  # departments each walked on their own; who reaches more sees most of all entries

RUNNING = (
    EntryRow.replied_at.is_(None),
    EntryRow.closed_at.is_(None),
    EntryRow.deadline_at.is_not(None),
)
# Spelt out in the statement, else no database sees that the partial index fits.
UNACCEPTED = (
    EntryRow.state == literal_column(f"'{EntryState.ASSIGNED}'"),
    EntryRow.accept_by.is_not(None),
)
_Moment = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class DueLine:
    """An entry that somebody waits for, and enough of the submission to recognise it."""

    entry: StoredEntry
    title: str
    overdue: bool


def list_due(
    session: Session,
    *,
    caller: Caller,
    now: datetime,
    until: datetime,
    department: str | None = None,
    urgency: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[DueLine]:
    """One page of what must be replied to from now until then, the soonest first.

    `department` (code or name): that ledger alone. Raises AccessDenied, NotFound for an unknown
    department, InvalidInput for a limit, cursor or time that is none.
    """
    if check_time(until, "until") < now:
        raise InvalidInput("截止时间已经过去，请填写以后的时间；已超期的另有清单", field="until")
    where = (*RUNNING, EntryRow.deadline_at >= now, EntryRow.deadline_at <= until)
    return _list(
        session,
        EntryRow.deadline_at,
        where,
        caller=caller,
        now=now,
        department=department,
        urgency=urgency,
        limit=limit,
        cursor=cursor,
    )


def list_overdue(
    session: Session,
    *,
    caller: Caller,
    now: datetime,
    department: str | None = None,
    urgency: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[DueLine]:
    """One page of what should have been replied to, the longest overdue first.

    Raises as `list_due`.
    """
    where = (*RUNNING, EntryRow.deadline_at < now)
    return _list(
        session,
        EntryRow.deadline_at,
        where,
        caller=caller,
        now=now,
        department=department,
        urgency=urgency,
        limit=limit,
        cursor=cursor,
    )


def list_unaccepted(
    session: Session,
    *,
    caller: Caller,
    now: datetime,
    department: str | None = None,
    urgency: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[DueLine]:
    """One page of what nobody has signed for yet, in order of the last moment for it.

    Raises as `list_due`.
    """
    return _list(
        session,
        EntryRow.accept_by,
        UNACCEPTED,
        caller=caller,
        now=now,
        department=department,
        urgency=urgency,
        limit=limit,
        cursor=cursor,
    )


def _list(
    session: Session,
    moment: _Moment,
    where: Sequence[ColumnElement[bool]],
    *,
    caller: Caller,
    now: datetime,
    department: str | None,
    urgency: int | None,
    limit: int,
    cursor: str | None,
) -> Page[DueLine]:
    caller.require(Action.READ)
    check_limit(limit)
    filters = [*where, EntryRow.confidential.is_(False), EntryRow.paused_at.is_(None)]
    if urgency is not None:
        filters.append(EntryRow.urgency == urgency)
    if cursor is not None:
        filters.append(tuple_(moment, EntryRow.id) > read_cursor(cursor, read_time, int))
    codes = _find_codes(session, caller, department)
    found = session.execute(_walk(moment, filters, codes, limit=limit + 1)).all()
    ids = [entry_id for _, entry_id in found[:limit]]
    query = (
        select(EntryRow, SubmissionRow.title)
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .where(EntryRow.id.in_(ids))
    )
    rows = {entry.id: (entry, title) for entry, title in session.execute(query)}
    lines = tuple(
        DueLine(entry_view(entry), title, overdue=_has_passed(getattr(entry, moment.key), now))
        for entry, title in (rows[entry_id] for entry_id in ids)
    )
    if len(found) <= limit:
        return Page(lines, None)
    at, last = found[limit - 1]
    return Page(lines, write_cursor(at.isoformat(), last))


def _find_codes(session: Session, caller: Caller, department: str | None) -> tuple[str, ...] | None:
    """The ledgers to walk; None: all."""
    if department is not None:
        code = get_department(session, department).code
        caller.require_reach(code)
        return (code,)
    return None if caller.reach is None else tuple(sorted(caller.reach))


def _walk(
    moment: _Moment,
    where: Sequence[ColumnElement[bool]],
    codes: tuple[str, ...] | None,
    *,
    limit: int,
) -> Executable:
    """(moment, id) of the first `limit` lines. A short walk along the index for each department,
    merged: no database walks an index for several departments in the order of time."""
    walk = select(moment, EntryRow.id).where(*where).order_by(moment, EntryRow.id).limit(limit)
    if codes is None:
        return walk
    if not 1 < len(codes) <= MAX_WALKS:
        return walk.where(EntryRow.lead_department.in_(codes))
    walks = (walk.where(EntryRow.lead_department == code).subquery() for code in codes)
    merged = union_all(*(select(*part.c) for part in walks)).subquery()
    return select(*merged.c).order_by(*merged.c).limit(limit)


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment < now
