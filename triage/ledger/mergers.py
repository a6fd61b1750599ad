"""Common problems that a newcomer shows to be one: the younger goes into the older.

Only what no person has touched: where one has been named, dismissed or put right, or has a member
that a person placed, both stay as they are until the next clustering, which knows what was said.
None of these functions commits.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from triage.ledger.paging import in_chunks
from triage.ledger.states import ProblemState
from triage.ledger.tables import CorrectionRow, MemberRow, ProblemRow


def find_touched(session: Session, ids: Collection[int], *, machine: str) -> set[int]:
    """Those of these problems of which, or of what went into them, a person has said anything;
    `machine` is who places members otherwise."""
    touched: set[int] = set()
    for chunk in in_chunks(sorted(ids)):
        rows = session.execute(
            select(
                ProblemRow.id, ProblemRow.merged_into, ProblemRow.named_by, ProblemRow.state
            ).where(or_(ProblemRow.id.in_(chunk), ProblemRow.merged_into.in_(chunk)))
        ).all()
        into = {one: one if merged_into is None else merged_into for one, merged_into, *_ in rows}
        touched |= {
            into[one]
            for one, _, who, state in rows
            if who is not None or state is ProblemState.DISMISSED
        }
        for told in (CorrectionRow.problem_id, CorrectionRow.other_id):
            corrected = session.scalars(select(told).where(told.in_(list(into))).distinct())
            touched |= {into[one] for one in corrected if one is not None}
        placed = select(MemberRow.problem_id).where(
            MemberRow.problem_id.in_(chunk), MemberRow.placed_by != machine
        )
        touched |= {*session.scalars(placed.distinct())}
    return touched


def find_taken_out(session: Session) -> set[str]:
    """The submissions that a person has taken out of a problem and put into no other."""
    query = select(CorrectionRow.submission_ids).where(
        CorrectionRow.kind == "move", CorrectionRow.other_id.is_(None)
    )
    return {one for named in session.scalars(query) for one in named}


def merge_problems(session: Session, absorbed: Mapping[int, int], *, now: datetime) -> None:
    """Give the members of each problem to the one that it goes into, and let it point there. What
    is told of that one is for the caller to count anew."""
    for problem_id, into in sorted(absorbed.items()):
        members = update(MemberRow).where(MemberRow.problem_id == problem_id)
        session.execute(members.values(problem_id=into))
        followers = update(ProblemRow).where(ProblemRow.merged_into == problem_id)
        session.execute(followers.values(merged_into=into))
        row = session.get_one(ProblemRow, problem_id)
        row.state, row.merged_into = ProblemState.MERGED, into
        row.version += 1
        row.updated_at = now
    session.flush()
