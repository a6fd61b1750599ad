"""The list of accusations (检举控告) that discipline officers work through."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import nlargest
from itertools import islice

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from triage.ledger.accusations import WAITING, open_file
from triage.ledger.discipline import AccusationLine, Bar, line_view
from triage.ledger.events import record_events
from triage.ledger.paging import Page, check_limit, read_cursor, read_time, write_cursor
from triage.ledger.tables import AccusationRow
from triage.roles import Action, Caller

_PIECE = 200  # rows looked through at a time
_UNSAID = 5  # stands for the urgency of what no machine has read yet: after all others


def list_accusations(
    session: Session,
    *,
    caller: Caller,
    now: datetime,
    state: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[AccusationLine]:
    """One page of the accusations that this officer is not barred from, the newest first; of those
    that wait for a decision the most urgent before them.

    How urgent one is stands under its seal, so for these all that wait are opened, page by page.
    That the list was looked at goes on record. Raises AccessDenied, InvalidInput for a limit or
    cursor that is none, KeyUnavailable.
    """
    caller.require(Action.READ_ACCUSATIONS)
    check_limit(limit)
    lines: list[AccusationLine]
    if state == WAITING:
        last = None if cursor is None else read_cursor(cursor, int, read_time, str)
        waiting = _walk(session, caller=caller, state=state, after=None)
        rest = (line for line in waiting if last is None or _place(line) < last)
        lines = nlargest(limit + 1, rest, key=_place)
    else:
        after = None if cursor is None else read_cursor(cursor, read_time, str)
        lines = [*islice(_walk(session, caller=caller, state=state, after=after), limit + 1)]
    seen = lines[:limit]
    happened = {"actor": caller.who, "kind": "accusation.listed", "payload": {"count": len(seen)}}
    record_events(session, [happened], now=now)
    if len(lines) <= limit:
        return Page(tuple(seen), None)
    rank, received_at, submission_id = _place(seen[-1])
    turn = (received_at.isoformat(), submission_id)
    return Page(tuple(seen), write_cursor(*((rank, *turn) if state == WAITING else turn)))


def _walk(
    session: Session, *, caller: Caller, state: str | None, after: tuple[datetime, str] | None
) -> Iterator[AccusationLine]:
    """Those that the officer is not barred from, the newest first, from `after` on."""
    bar = Bar(session, caller)
    while rows := _next_rows(session, state=state, after=after):
        for row in rows:
            file = open_file(session, row)
            if not bar.holds(file):
                yield line_view(row, file)
        if len(rows) < _PIECE:
            return
        after = (rows[-1].received_at, rows[-1].submission_id)


def _place(line: AccusationLine) -> tuple[int, datetime, str]:
    """Where a waiting one stands in the list; the greatest is the first."""
    return -(line.urgency or _UNSAID), line.received_at, line.submission_id


def _next_rows(
    session: Session, *, state: str | None, after: tuple[datetime, str] | None
) -> Sequence[AccusationRow]:
    place = tuple_(AccusationRow.received_at, AccusationRow.submission_id)
    query = select(AccusationRow).order_by(
        AccusationRow.received_at.desc(), AccusationRow.submission_id.desc()
    )
    if state is not None:
        query = query.where(AccusationRow.state == state)
    if after is not None:
        query = query.where(place < after)
    return session.scalars(query.limit(_PIECE)).all()
