"""Common problems as submissions come in: each joins one, or waits alone for a second.

A submission that nothing resembles leaves its traces only; the second of the same matter makes the
problem. To find that out costs more than to take it in, so it is done a moment later, some at a
time: what waits for it is a row, and stays one until it is done. None of these functions commits.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from triage.candidates import OF_ONE_PROBLEM
from triage.ledger.candidates import (
    MOST_TRACED,
    Fellows,
    find_candidates,
    find_standing,
    forget_traces,
    recall_traces,
    record_traces,
)
from triage.ledger.mergers import are_untouched, find_taken_out, merge_problems
from triage.ledger.problemfacts import read_tolds
from triage.ledger.problemfigures import count_joined, recount_problems
from triage.ledger.problems import MACHINE, add_problems, take_turn
from triage.ledger.store import upsert
from triage.ledger.tables import MemberRow, UnplacedRow
from triage.problems import place_trace
from triage.traces import Told, Trace, measure_pairs, read_traces

AT_ONCE = 8  # submissions that one transaction places: the others who write wait that long
_UNPLACED = UnplacedRow.metadata.tables[UnplacedRow.__tablename__]
_FIRST = select(_UNPLACED.c.submission_id).order_by(_UNPLACED.c.id)


def await_placing(session: Session, ids: Sequence[str]) -> None:
    """Let these submissions wait for their place, in this order; none of them is confidential."""
    if ids:
        connection = session.connection()
        rows = [{"submission_id": one} for one in ids]
        connection.execute(_add_waiting(connection.dialect.name), rows if rows[1:] else rows[0])


def is_any_waiting(session: Session) -> bool:
    """Whether a submission waits for its place."""
    return session.connection().scalar(_FIRST.limit(1)) is not None


def place_waiting(session: Session, *, now: datetime, most: int = AT_ONCE) -> int:
    """Place those that have waited longest; how many.

    Each joins the problem that it is of, or makes one with the one it resembles. One that belongs
    somewhere stays there. Begin the transaction with it (see `take_turn`).
    """
    take_turn(session)
    ids = session.connection().scalars(_FIRST.limit(most)).all()
    if ids:
        tolds = read_tolds(session, ids)
        _place(session, [tolds[one] for one in ids if one in tolds], now=now)
        session.execute(delete(_UNPLACED).where(_UNPLACED.c.submission_id.in_(ids)))
    return len(ids)


@cache
def _add_waiting(dialect: str) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(_UNPLACED).on_conflict_do_nothing()


def _place(session: Session, tolds: Sequence[Told], *, now: datetime) -> None:
    """In order, so that those of one batch find each other."""
    traces = {trace.id: trace for trace in read_traces(tolds)}
    candidates = find_candidates(session, traces)
    standing = find_standing(
        session, [*traces, *(other for others in candidates.values() for other in others)]
    )
    traces |= recall_traces(session, standing, new=traces)
    placing = _Placing(
        {one: told.problem_id for one, told in standing.items() if told.problem_id is not None},
        may_merge=lambda ids: are_untouched(session, ids, machine=MACHINE),
        find_taken_out=lambda: find_taken_out(session),
    )
    fellows = Fellows()
    near: dict[str, list[str]] = {}
    for told in tolds:
        found = [*candidates[told.id], *fellows.find(traces[told.id])]
        near[told.id] = [one for one in found if one in traces]
        fellows.add(told.id, traces[told.id])
    chances = _measure(traces, [(one, other) for one, others in near.items() for other in others])
    for one, others in near.items():
        placing.place(one, traces, [(other, chances[one, other]) for other in others])
    large = _write(session, placing, tolds, now=now)
    record_traces(session, {told.id: traces[told.id] for told in tolds if told.id not in large})


@dataclass(slots=True)
class _Placing:
    """Who belongs where while a batch is placed: `of` holds the problem (id) of each submission;
    one that is still to be made has a number below zero. `absorbed` says which problems of the
    ledger go into which."""

    of: dict[str, int]
    may_merge: Callable[[list[int]], bool]
    find_taken_out: Callable[[], set[str]]
    absorbed: dict[int, int] = field(default_factory=dict)
    joined: dict[str, tuple[int, float]] = field(default_factory=dict)
    made: int = 0

    def place(
        self, submission_id: str, traces: Mapping[str, Trace], near: Iterable[tuple[str, float]]
    ) -> None:
        if submission_id in self.of:
            return
        alone: dict[int, str] = {}
        choices: list[tuple[Trace, int]] = []
        chances: list[float] = []
        taken: Counter[int] = Counter()
        for other, chance in near:
            label = self.of.get(other)
            if label is None:  # a number that stands for this one alone
                label = -1_000_000_000 - len(alone)
                alone[label] = other
            taken[label] += 1
            if taken[label] <= OF_ONE_PROBLEM:
                choices.append((traces[other], label))
                chances.append(chance)
        if not choices:
            return
        placed = place_trace(traces[submission_id], choices, chances=chances)
        chosen = placed.problem
        if chosen is None:
            return
        if chosen in alone:
            self.made += 1
            self._join(alone[chosen], -self.made, 1.0)
            chosen = -self.made
        self._join(submission_id, chosen, placed.likeness)
        lone = [alone[label] for label in placed.same if label in alone]
        taken_out = self.find_taken_out() if lone else set()
        for other in lone:
            if other not in taken_out:
                self._join(other, chosen, placed.likeness)
        for label in placed.same:
            if label not in alone:
                chosen = self._merge(chosen, label)

    def _merge(self, one: int, other: int) -> int:
        """Make one problem of two, unless persons have a say in it; the one that `one` is now.

        The older of two in the ledger stays, and one in the ledger before one still to be made.
        """
        ledger = [problem for problem in (one, other) if problem > 0]
        if ledger and not self.may_merge(ledger):
            return one
        stays = min(ledger) if ledger else max(one, other)
        goes = one + other - stays
        if goes > 0:
            self.absorbed = {
                gone: stays if into == goes else into for gone, into in self.absorbed.items()
            }
            self.absorbed[goes] = stays
        for submission_id, problem in self.of.items():
            if problem == goes:
                self.of[submission_id] = stays
        for submission_id, (problem, likeness) in self.joined.items():
            if problem == goes:
                self.joined[submission_id] = (stays, likeness)
        return stays

    def _join(self, submission_id: str, problem: int, likeness: float) -> None:
        self.of[submission_id] = problem
        self.joined[submission_id] = (problem, likeness)


def _measure(
    traces: Mapping[str, Trace], pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    """How likely the two of each pair are of one matter."""
    met = dict.fromkeys(one for pair in pairs for one in pair)
    numbers = {one: number for number, one in enumerate(met)}
    measured = measure_pairs(
        [traces[one] for one in numbers], [(numbers[one], numbers[two]) for one, two in pairs]
    )
    return dict(zip(pairs, measured.tolist(), strict=True))


def _write(
    session: Session, placing: _Placing, tolds: Sequence[Told], *, now: datetime
) -> set[str]:
    """Write down who joined what; which of them need no traces, as others stand for them."""
    if not placing.joined:
        return set()
    wanted = sorted({p for p, _ in placing.joined.values() if p < 0}, reverse=True)
    ids = dict(zip(wanted, add_problems(session, len(wanted), now=now), strict=True))
    rows: list[dict[str, Any]] = [
        {
            "submission_id": submission_id,
            "problem_id": ids.get(problem, problem),
            "likeness": likeness,
            "placed_by": MACHINE,
            "at": now,
        }
        for submission_id, (problem, likeness) in placing.joined.items()
    ]
    if absorbed := placing.absorbed:
        merge_problems(session, absorbed, now=now)
        recount_problems(session, {*absorbed, *absorbed.values()}, now=now, rewrite=True)
    session.connection().execute(upsert(session, MemberRow).on_conflict_do_nothing(), rows)
    seen = {told.id: told.received_at or now for told in tolds}
    sizes = count_joined(
        session,
        [(row["problem_id"], seen.get(row["submission_id"])) for row in rows],
        now=now,
    )
    joined: Counter[int] = Counter()
    large = set()
    for row in reversed(rows):
        problem_id = row["problem_id"]
        if sizes[problem_id] - joined[problem_id] > MOST_TRACED:
            large.add(row["submission_id"])
        joined[problem_id] += 1
    forget_traces(session, sorted(large))
    return large
