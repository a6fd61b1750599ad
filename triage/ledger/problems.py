"""Who belongs to a common problem (共性问题): one's turn to change it, a new one, one left.

Whatever changes it takes a turn first (`take_turn`), so that two that are at it at once see what
the other has done. None of these functions commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_
from sqlalchemy.orm import Session

from triage.ledger.locks import Work, take_lock
from triage.ledger.paging import in_chunks
from triage.ledger.problemfigures import recount_problems
from triage.ledger.states import ProblemState
from triage.ledger.store import TRACES
from triage.ledger.tables import (
    FingerprintRow,
    MemberRow,
    ProblemRow,
    RepeatRow,
    TraceRow,
    UnplacedRow,
)

MACHINE = "machine"
_PROBLEMS = ProblemRow.metadata.tables[ProblemRow.__tablename__]
_ADD_PROBLEMS = insert(_PROBLEMS).returning(_PROBLEMS.c.id)


def take_turn(session: Session) -> None:
    """Wait until no other transaction changes who belongs to which problem; kept to the commit.

    On PostgreSQL it is the last lock but the event chain's: who holds it waits for no row that
    another holds who waits for it.
    """
    take_lock(session, Work.GROUPING)


def forget_submission(session: Session, submission_id: str, *, now: datetime) -> None:
    """As `forget_submissions`, for one."""
    forget_submissions(session, [submission_id], now=now)


def forget_submissions(session: Session, ids: Sequence[str], *, now: datetime) -> None:
    """Take out all that these submissions share with others: they have turned out to be
    accusations, or are to go altogether.

    What the machine wrote of the problems they were in is written anew from those who stay; once
    for all, as to read all members of a large one takes long.
    """
    take_turn(session)
    problem_ids: set[int] = set()
    for chunk in in_chunks(list(ids)):
        gone = delete(MemberRow).where(MemberRow.submission_id.in_(chunk))
        problem_ids.update(session.scalars(gone.returning(MemberRow.problem_id)))
        for told in (UnplacedRow, TraceRow, FingerprintRow):
            session.execute(delete(told).where(told.submission_id.in_(chunk)))
        repeated = or_(RepeatRow.submission_id.in_(chunk), RepeatRow.earlier_id.in_(chunk))
        session.execute(delete(RepeatRow).where(repeated))
    kept = session.info.get(TRACES, {})
    for one in ids:
        kept.pop(one, None)
    recount_problems(session, problem_ids, now=now, rewrite=True)


def add_problems(session: Session, count: int, *, now: datetime) -> list[int]:
    """The ids of so many new problems, still without members: `recount_problems` fills them."""
    blank: dict[str, Any] = {
        "name": "",
        "named_by": None,
        "state": ProblemState.EMPTY,
        "merged_into": None,
        "version": 1,
        "size": 0,
        "reporters": 0,
        "heat": 0.0,
        "domain_code": "",
        "theme": "",
        "divisions": [],
        "departments": [],
        "first_seen": now,
        "last_seen": now,
        "figures": {},
        "updated_at": now,
    }
    if not count:
        return []
    rows = session.connection().execute(_ADD_PROBLEMS, [dict(blank) for _ in range(count)])
    return list(rows.scalars())
