"""The index of traces: which earlier submissions may be about the same concrete matter.

Of a large problem the traces of some members stand for all: so no key that belongs to one problem
alone is ever shared by very many, and those that are tell nothing apart.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, Text, bindparam, cast, delete, func, select
from sqlalchemy.orm import Session, aliased

from triage.ledger.paging import in_chunks
from triage.ledger.store import upsert
from triage.ledger.tables import MemberRow, TraceRow
from triage.traces import Trace

MOST_CANDIDATES = 24  # looked at for one submission, those that share most
OF_ONE_PROBLEM = 4  # of them, members of one problem
MOST_TRACED = 60  # members of one problem whose traces are kept
MOST_SHARERS = 400  # submissions with the same key; what more of them share tells nothing apart


def _select_candidates() -> Select[Any]:
    own: BindParameter[Any] = bindparam("ids", expanding=True)
    mine, other, counted = (aliased(TraceRow) for _ in range(3))
    few = select(counted.key).where(counted.key == mine.key).limit(MOST_SHARERS + 1)
    sharers = select(func.count()).select_from(few.correlate(mine).subquery()).scalar_subquery()
    shared = (
        select(
            mine.submission_id.label("own_id"),
            other.submission_id.label("other_id"),
            func.count().label("alike"),
        )
        .join(other, other.key == mine.key)
        .where(mine.submission_id.in_(own), other.submission_id.not_in(own))
        .where(sharers <= MOST_SHARERS)
        .group_by(mine.submission_id, other.submission_id)
        .subquery()
    )
    problem = func.coalesce(cast(MemberRow.problem_id, Text), shared.c.other_id)
    likest = (shared.c.alike.desc(), shared.c.other_id.desc())
    within = (
        select(
            shared,
            func.row_number().over(partition_by=(shared.c.own_id, problem), order_by=likest),
        )
        .outerjoin(MemberRow, MemberRow.submission_id == shared.c.other_id)
        .subquery()
    )
    *_, place = within.c
    ranked = (
        select(
            within,
            func.row_number()
            .over(
                partition_by=within.c.own_id,
                order_by=(within.c.alike.desc(), within.c.other_id.desc()),
            )
            .label("rank"),
        )
        .where(place <= OF_ONE_PROBLEM)
        .subquery()
    )
    return (
        select(ranked.c.own_id, ranked.c.other_id)
        .where(ranked.c.rank <= MOST_CANDIDATES)
        .order_by(ranked.c.own_id, ranked.c.rank)
    )


_CANDIDATES = _select_candidates()  # building it takes longer than carrying it out


def record_traces(session: Session, traces: Mapping[str, Trace]) -> None:
    """Keep the keys by which these submissions (ids) are found; harmless when they are kept."""
    rows = [
        {"key": key, "submission_id": submission_id}
        for submission_id, trace in sorted(traces.items())
        for key in sorted(set(trace.keys))
    ]
    if rows:
        session.execute(upsert(session, TraceRow).on_conflict_do_nothing(), rows)


def forget_traces(session: Session, ids: Sequence[str]) -> None:
    """Take these submissions (ids) out of the index."""
    for chunk in in_chunks(list(ids)):
        session.execute(delete(TraceRow).where(TraceRow.submission_id.in_(chunk)))


def find_candidates(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    """For each of these submissions, whose traces are kept, others than these that share keys with
    it: those that share most first, and of one problem a few, so that copies hide nobody.

    A key that very many share is passed over, so that a look-up costs the same in any ledger.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for own, candidate in session.execute(_CANDIDATES, {"ids": list(ids)}):
        found[own].append(candidate)
    return found


class Fellows:
    """Those of one batch that came before, found by the keys they share."""

    def __init__(self) -> None:
        self._sharers: defaultdict[int, list[str]] = defaultdict(list)

    def add(self, submission_id: str, trace: Trace) -> None:
        """From now on it can be found; of many that share a key the latest are."""
        for key in trace.keys:
            sharers = self._sharers[key]
            sharers.append(submission_id)
            del sharers[:-MOST_CANDIDATES]

    def find(self, trace: Trace) -> list[str]:
        """Those that share keys with it, those that share most first."""
        counts = Counter(one for key in trace.keys for one in self._sharers.get(key, ()))
        return [one for one, _ in counts.most_common(MOST_CANDIDATES)]
