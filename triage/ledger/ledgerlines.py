"""The ledger to look through: every entry within reach, by any filter, in a chosen order.

One short statement finds the page, another its lines. Titles and excerpts come with personal data
masked, as in the lists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from triage.ledger.due import RUNNING, UNACCEPTED
from triage.ledger.listfilters import ListFilter, about, during, open_list, within
from triage.ledger.lists import ProblemLine, problem_lines
from triage.ledger.paging import Page, check_limit, check_time, read_cursor, read_time, write_cursor
from triage.ledger.searching import keep_found
from triage.ledger.states import EntryState, Outcome
from triage.ledger.tables import EntryRow, ExtensionRow, SubmissionRow
from triage.roles import Caller
from triage.suggestions import URGENCY_NAMES

MOST_COUNTED = 10_000


class Order(StrEnum):
    """In which order the entries come; the last word is the entry's number."""

    NEWEST = "newest"
    OLDEST = "oldest"
    URGENT = "urgent"  # the most urgent first, among equals the newest
    DEADLINE = "deadline"  # the soonest first; only those whose clock runs


class Standing(StrEnum):
    """What of the clock is asked for."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    UNACCEPTED = "unaccepted"
    PAUSED = "paused"
    ASKING = "asking"  # for more time, and nobody has ruled on it
    OPEN = "open"  # not off the line in any way
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """What entries are asked for beyond a `ListFilter`; what is None or empty asks nothing.

    `words` are looked for in title and text, all of them; a number also finds the entry, an id the
    submission.
    """

    states: frozenset[EntryState] = frozenset()
    standing: Standing | None = None
    nature: str | None = None
    channel: str | None = None
    assignee: str | None = None
    outcome: Outcome | None = None
    words: str = ""


def list_ledger_lines(
    session: Session,
    wanted: ListFilter,
    further: LedgerFilter,
    *,
    caller: Caller,
    now: datetime,
    soon: datetime,
    order: Order = Order.NEWEST,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ProblemLine]:
    """One page of the ledger within reach; the period is that of opening.

    `soon`: until when a deadline counts as near. Raises AccessDenied, NotFound or InvalidInput as
    `listfilters.open_list` does, InvalidInput for a limit, cursor, time or search that is none.
    """
    check_limit(limit)
    columns, readers = _ORDERS[order]
    place = None if cursor is None else read_cursor(cursor, *readers)
    query = _select(session, wanted, further, caller=caller, now=now, soon=soon, order=order)
    found: list[Any] = []
    for walk in _walk(query.with_only_columns(*columns), order, place):
        found += session.execute(walk.limit(limit + 1 - len(found)))
        if len(found) > limit:
            break
    lines = problem_lines(session, [line.id for line in found[:limit]])
    if len(found) <= limit:
        return Page(lines, None)
    last = [
        value.isoformat() if isinstance(value, datetime) else value for value in found[limit - 1]
    ]
    return Page(lines, write_cursor(*last))


def count_ledger_lines(
    session: Session,
    wanted: ListFilter,
    further: LedgerFilter,
    *,
    caller: Caller,
    now: datetime,
    soon: datetime,
) -> int:
    """How many entries there are, up to `MOST_COUNTED`. Raises as `list_ledger_lines`."""
    query = _select(session, wanted, further, caller=caller, now=now, soon=soon)
    some = query.with_only_columns(literal(1)).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


_ID = EntryRow.id
_ORDERS: dict[Order, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    Order.NEWEST: ((EntryRow.opened_at, _ID), (read_time, int)),
    Order.OLDEST: ((EntryRow.opened_at, _ID), (read_time, int)),
    Order.URGENT: ((EntryRow.urgency, EntryRow.opened_at, _ID), (int, read_time, int)),
    Order.DEADLINE: ((EntryRow.deadline_at, _ID), (read_time, int)),
}


def _walk(query: Select[Any], order: Order, place: tuple[Any, ...] | None) -> Iterator[Select[Any]]:
    """Queries that give, one after the other, what comes after this place in the order.

    The most urgent first is one walk for each level, so that a later page too begins at its place
    in the index.
    """
    columns, _ = _ORDERS[order]
    if order is Order.URGENT:
        for level in URGENCY_NAMES:
            if place is None or level >= place[0]:
                later = place[1:] if place is not None and level == place[0] else None
                yield from _walk(query.where(EntryRow.urgency == level), Order.NEWEST, later)
        return
    if place is not None:
        here = tuple_(*columns)
        query = query.where(here < place if order is Order.NEWEST else here > place)
    yield query.order_by(*(one.desc() if order is Order.NEWEST else one for one in columns))


def _select(
    session: Session,
    wanted: ListFilter,
    further: LedgerFilter,
    *,
    caller: Caller,
    now: datetime,
    soon: datetime,
    order: Order = Order.NEWEST,
) -> Select[Any]:
    departments = open_list(session, wanted, caller=caller)
    query = select(EntryRow.id).where(
        *within(EntryRow.lead_department, departments),
        *about(wanted),
        *during(EntryRow.opened_at, wanted),
        *_standing(further.standing, now=now, soon=check_time(soon, "soon")),
    )
    for column, value in (
        (EntryRow.nature, further.nature),
        (EntryRow.assignee, further.assignee),
        (EntryRow.outcome, further.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    if further.states:
        query = query.where(EntryRow.state.in_(sorted(further.states)))
    if further.standing is None and EntryState.MERGED not in further.states:
        query = query.where(EntryRow.state != EntryState.MERGED)
    if order is Order.DEADLINE:
        query = query.where(*RUNNING)
    if further.channel is not None:
        query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        query = query.where(SubmissionRow.channel == further.channel)
    return keep_found(session, query, further.words)


def _standing(
    standing: Standing | None, *, now: datetime, soon: datetime
) -> Sequence[ColumnElement[bool]]:
    ticking = (*RUNNING, EntryRow.paused_at.is_(None))
    match standing:
        case Standing.OVERDUE:
            return (*ticking, EntryRow.deadline_at < now)
        case Standing.DUE_SOON:
            return (*ticking, EntryRow.deadline_at >= now, EntryRow.deadline_at <= soon)
        case Standing.UNACCEPTED:
            return UNACCEPTED
        case Standing.PAUSED:
            return (EntryRow.paused_at.is_not(None), EntryRow.closed_at.is_(None))
        case Standing.ASKING:
            asking = exists().where(
                ExtensionRow.entry_id == EntryRow.id, ExtensionRow.granted.is_(None)
            )
            return (EntryRow.closed_at.is_(None), asking)
        case Standing.OPEN:
            return (EntryRow.closed_at.is_(None),)
        case Standing.CLOSED:
            return (EntryRow.closed_at.is_not(None),)
    return ()
