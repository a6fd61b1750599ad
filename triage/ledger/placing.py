"""Common problems as submissions come in: each joins one, or waits alone for a second.

A submission that nothing resembles leaves its traces only; the second of the same matter makes the
problem. To find that out costs more than to take it in, so it is done a moment later, some at a
time: what waits for it is a row, and stays one until it is done. None of these functions commits.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from triage.candidates import OF_ONE_PROBLEM
from triage.ledger.adding import Adding
from triage.ledger.candidates import (
    MOST_TRACED,
    Fellows,
    Standing,
    find_candidates,
    find_standing,
    forget_traces,
    recall_traces,
    record_traces,
)
from triage.ledger.mergers import find_taken_out, find_touched, merge_problems
from triage.ledger.problemfacts import read_tolds
from triage.ledger.problemfigures import count_joined, recount_problems
from triage.ledger.problems import MACHINE, add_problems, take_turn
from triage.ledger.statements import connection_of, upsert
from triage.ledger.tables import MemberRow, SubmissionRow, UnplacedRow
from triage.problems import place_trace
from triage.traces import Told, Trace, measure_pairs, read_traces

AT_ONCE = 16  # submissions that one transaction places: the others who write wait that long
_UNPLACED = UnplacedRow.metadata.tables[UnplacedRow.__tablename__]
_ADD = Adding(_UNPLACED, ("submission_id",), unless_there=True)
_FIRST = select(_UNPLACED.c.submission_id).order_by(_UNPLACED.c.id)
_SINCE = (
    select(SubmissionRow.recorded_at)
    .join(_UNPLACED, _UNPLACED.c.submission_id == SubmissionRow.id)
    .order_by(_UNPLACED.c.id)
    .limit(1)
)


def await_placing(session: Session, ids: Sequence[str]) -> None:
    """Let these submissions wait for their place, in this order; none of them is confidential."""
    if ids:
        _ADD.run(connection_of(session), [{"submission_id": one} for one in ids])


def is_any_waiting(session: Session) -> bool:
    """Whether a submission waits for its place."""
    return session.connection().scalar(_FIRST.limit(1)) is not None


def find_longest_waiting(session: Session) -> datetime | None:
    """When that was recorded which has waited longest for its place; None where nothing waits."""
    return session.connection().scalar(_SINCE)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where those (ids) belong that have waited longest, and what was told of them; `standing` is
    how those stood on whom that rests."""

    ids: Sequence[str]
    tolds: Sequence[Told]
    traces: Mapping[str, Trace]
    placing: "_Placing"
    standing: Mapping[str, Standing]


def plan_placing(session: Session, *, most: int = AT_ONCE) -> Plan:
    """Find out where those that have waited longest belong: nearly all the work, for which a
    session that only reads will do. `place_waiting` sees whether it still holds."""
    ids = session.connection().scalars(_FIRST.limit(most)).all()
    found = read_tolds(session, ids)
    tolds = [found[one] for one in ids if one in found]
    new = {trace.id: trace for trace in read_traces(tolds)}
    candidates = find_candidates(session, new)
    standing = find_standing(
        session, [*new, *(other for others in candidates.values() for other in others)]
    )
    traces = new | recall_traces(session, standing, new=new)
    of = {one: its.problem_id for one, its in standing.items() if its.problem_id is not None}
    placing = _Placing(
        of,
        find_touched=cache(partial(find_touched, session, {*of.values()}, machine=MACHINE)),
        find_taken_out=cache(partial(find_taken_out, session)),
    )
    fellows = Fellows()
    near: dict[str, list[str]] = {}
    for one, trace in new.items():  # in order, so that those of one batch find each other
        others = [*candidates[one], *fellows.find(trace)]
        near[one] = [other for other in others if other in traces]
        fellows.add(one, trace)
    chances = _measure(traces, [(one, other) for one, others in near.items() for other in others])
    for one, others in near.items():
        placing.place(one, traces, [(other, chances[one, other]) for other in others])
    problems = placing.problems
    relied_on = {
        one: its
        for one, its in standing.items()
        if one in new or one in placing.joined or its.problem_id in problems
    }
    return Plan(ids, tolds, new, placing, relied_on)


def place_waiting(
    session: Session, *, now: datetime, plan: Plan | None = None, most: int = AT_ONCE
) -> int:
    """Place those that have waited longest; how many.

    Each joins the problem that it is of, or makes one with the one it resembles. One that belongs
    somewhere stays there. A plan that no longer holds is made anew. Begin the transaction with it
    (see `take_turn`).
    """
    take_turn(session)
    if plan is None or not _holds(session, plan):
        plan = plan_placing(session, most=most)
    if plan.ids:
        large = _write(session, plan.placing, plan.tolds, now=now)
        record_traces(session, {one: its for one, its in plan.traces.items() if one not in large})
        session.execute(delete(_UNPLACED).where(_UNPLACED.c.submission_id.in_(plan.ids)))
    return len(plan.ids)


def _holds(session: Session, plan: Plan) -> bool:
    """Whether nobody has placed, moved or taken away meanwhile what a plan speaks of, nor said
    anything of the problems that it makes one."""
    first = session.connection().scalars(_FIRST.limit(len(plan.ids))).all()
    return (
        first == plan.ids
        and find_standing(session, plan.standing) == plan.standing
        and not find_touched(session, plan.placing.merged, machine=MACHINE)
    )


@dataclass(slots=True)
class _Placing:
    """Who belongs where while a batch is placed: `of` holds the problem (id) of each submission;
    one that is still to be made has a number below zero. `absorbed` says which problems of the
    ledger go into which."""

    of: dict[str, int]
    find_touched: Callable[[], set[int]]
    find_taken_out: Callable[[], set[str]]
    absorbed: dict[int, int] = field(default_factory=dict)
    joined: dict[str, tuple[int, float]] = field(default_factory=dict)
    made: int = 0

    @property
    def problems(self) -> set[int]:
        """Those that it speaks of."""
        return self.merged | {problem for problem, _ in self.joined.values()}

    @property
    def merged(self) -> set[int]:
        """Those of the ledger that go into others, or that others go into."""
        return {*self.absorbed, *self.absorbed.values()}

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
        if ledger and not self.find_touched().isdisjoint(ledger):
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
    merge_problems(session, placing.absorbed, now=now)
    session.connection().execute(upsert(session, MemberRow).on_conflict_do_nothing(), rows)
    seen = {told.id: told.received_at or now for told in tolds}
    sizes = recount_problems(session, placing.merged, now=now, rewrite=True)
    sizes |= count_joined(
        session,
        [
            (row["problem_id"], seen.get(row["submission_id"]))
            for row in rows
            if row["problem_id"] not in sizes
        ],
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
