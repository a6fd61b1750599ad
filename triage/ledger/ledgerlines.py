"""The ledger to look through: every entry within reach, by any filter, in a chosen order.

One short statement finds the page, another its lines. Titles and excerpts come with personal data
masked, as in the lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from triage.errors import InvalidInput
from triage.ledger.due import RUNNING, UNACCEPTED
from triage.ledger.listfilters import ListFilter, about, during, open_list, within
from triage.ledger.lists import ProblemLine, problem_lines
from triage.ledger.paging import Page, check_limit, check_time, read_cursor, read_time, write_cursor
from triage.ledger.selection import is_postgres
from triage.ledger.states import EntryState, Outcome
from triage.ledger.tables import EntryRow, ExtensionRow, SubmissionRow
from triage.roles import Caller

MOST_COUNTED = 10_000
MAX_WORDS = 50  # characters that are searched for
_PARTS = 5  # words searched for at once
_DIGITS = 18  # of the longest number that any database can hold, and one less


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
    query = _select(session, wanted, further, caller=caller, now=now, soon=soon, order=order)
    if cursor is not None:
        query = query.where(_is_past(order, read_cursor(cursor, *readers)))
    found = session.execute(
        query.with_only_columns(*columns).order_by(*_spell(order)).limit(limit + 1)
    ).all()
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


def _spell(order: Order) -> list[Any]:
    columns, _ = _ORDERS[order]
    if order is Order.URGENT:
        return [EntryRow.urgency, EntryRow.opened_at.desc(), _ID.desc()]
    return [column.desc() if order is Order.NEWEST else column for column in columns]


def _is_past(order: Order, place: tuple[Any, ...]) -> ColumnElement[bool]:
    """What comes after this place in the order."""
    here = tuple_(*_ORDERS[order][0])
    if order is Order.URGENT:  # its columns run in different directions
        urgency, *later = place
        same = (EntryRow.urgency == urgency) & (tuple_(EntryRow.opened_at, _ID) < tuple(later))
        return or_(EntryRow.urgency > urgency, same)
    return here < place if order is Order.NEWEST else here > place


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
    words = _read_words(further.words)
    if further.channel is not None or words:
        query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    if further.channel is not None:
        query = query.where(SubmissionRow.channel == further.channel)
    if words:
        query = query.where(_finds(session, words))
    return query


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


def _read_words(words: str) -> list[str]:
    if len(words) > MAX_WORDS:
        raise InvalidInput(f"查找的文字不能超过 {MAX_WORDS} 字，请缩短", field="q")
    return words.split()[:_PARTS]


def _finds(session: Session, words: Sequence[str]) -> ColumnElement[bool]:
    """That every word stands in title, text or place, or that the only one names the entry itself.

    Each database is asked in the way that is quickest for it with Chinese text.
    """

    def stands(place: Any, word: str) -> ColumnElement[bool]:
        if is_postgres(session):
            found: ColumnElement[bool] = place.contains(word, autoescape=True)
            return found
        return func.instr(place, word) > 0

    places = (SubmissionRow.title, SubmissionRow.content, SubmissionRow.place)
    said: ColumnElement[bool] = and_(
        *(or_(*(stands(place, word) for place in places)) for word in words)
    )
    if len(words) > 1:
        return said
    named = SubmissionRow.id == words[0]
    if words[0].isascii() and words[0].isdigit() and len(words[0]) < _DIGITS:
        named = or_(named, EntryRow.id == int(words[0]))
    return or_(said, named)
