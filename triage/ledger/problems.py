"""Who belongs to a common problem (共性问题): one's turn to change it, a new one, one left.

Whatever changes it takes a turn first (`take_turn`), so that two that are at it at once see what
the other has done. None of these functions commits.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, text
from sqlalchemy.orm import Session

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
_TURN_LOCK = 0x7472696167650003  # "triage", 3: any number that no other program locks


def take_turn(session: Session) -> None:
    """Wait until no other transaction changes who belongs to which problem; kept to the commit.

    SQLite has but one writer at any time. On PostgreSQL it is the last lock but the event chain's:
    who holds it waits for no row that another holds who waits for it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _TURN_LOCK})


def forget_submission(session: Session, submission_id: str, *, now: datetime) -> None:
    """Take out all that a submission shares with others: it has turned out to be an accusation.

    What the machine wrote of the problem it was in is written anew from those who stay.
    """
    take_turn(session)
    problem_ids = session.scalars(
        delete(MemberRow)
        .where(MemberRow.submission_id == submission_id)
        .returning(MemberRow.problem_id)
    ).all()
    for told in (UnplacedRow, TraceRow):
        session.execute(delete(told).where(told.submission_id == submission_id))
    session.info.get(TRACES, {}).pop(submission_id, None)
    session.execute(delete(FingerprintRow).where(FingerprintRow.submission_id == submission_id))
    session.execute(
        delete(RepeatRow).where(
            or_(RepeatRow.submission_id == submission_id, RepeatRow.earlier_id == submission_id)
        )
    )
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
