"""Clustering all submissions anew: what is found is laid over the problems that stand.

Three steps, so that nobody waits for the long one: read in one transaction, plan in none, write in
many short ones. A problem that persists keeps its id, its name by a person and its tasks. What a
person has placed stays where it is; what changed since the reading is left as it is.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from triage.ledger.candidates import MOST_TRACED, forget_traces, record_traces
from triage.ledger.corrections import list_partings
from triage.ledger.events import record_events
from triage.ledger.paging import in_chunks
from triage.ledger.problemfacts import read_tolds, walk_tolds
from triage.ledger.problemfigures import recount_problems
from triage.ledger.problems import MACHINE, add_problems, take_turn
from triage.ledger.states import ProblemState
from triage.ledger.store import upsert
from triage.ledger.tables import MemberRow, ProblemRow, SubmissionRow, TraceRow
from triage.problems import choose_problem, group_traces
from triage.traces import Trace, measure_match, read_traces

BATCH = 200  # moves written in one transaction, and problems counted in one
_COMPARED = 5  # members that one is held against to say how alike it is


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood when the ledger was read: the traces of submissions, where each belongs, which of
    them persons have placed, who is told apart, and what persons said of problems."""

    ids: tuple[str, ...]
    traces: tuple[Trace, ...]
    problem_of: Mapping[str, int]
    pinned: frozenset[str]
    partings: Sequence[tuple[str, str]]
    named: frozenset[int]
    dismissed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Move:
    """Submissions that belong elsewhere than they did: `to` is a problem, None: none.

    `members` are (submission, problem before or None, likeness). With `new` a problem is made for
    them.
    """

    to: int | None
    members: tuple[tuple[str, int | None, float], ...]
    new: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clustering would change. `absorbed` says which problems went into which."""

    moves: tuple[Move, ...]
    absorbed: Mapping[int, int]
    read: int
    groups: int


@dataclass(slots=True)
class _Group:
    members: list[str]
    problem: int | None = None


def read_standing(session: Session, *, since: datetime | None = None) -> Standing:
    """What is received since then, and all members of the problems that any of it belongs to."""
    traces = {trace.id: trace for trace in _walk_traces(session, since=since)}
    members = session.execute(
        select(MemberRow.submission_id, MemberRow.problem_id, MemberRow.placed_by)
    ).all()
    touched = {problem_id for one, problem_id, _ in members if one in traces}
    older = [one for one, problem_id, _ in members if problem_id in touched and one not in traces]
    for chunk in in_chunks(older):
        tolds = read_tolds(session, chunk)
        traces |= {trace.id: trace for trace in read_traces(list(tolds.values()))}
    problems = session.execute(
        select(ProblemRow.id, ProblemRow.named_by, ProblemRow.state).where(
            ProblemRow.state != ProblemState.MERGED
        )
    ).all()
    ids = sorted(traces)
    return Standing(
        ids=tuple(ids),
        traces=tuple(traces[one] for one in ids),
        problem_of={one: problem_id for one, problem_id, _ in members if one in traces},
        pinned=frozenset(one for one, _, who in members if who != MACHINE and one in traces),
        partings=list_partings(session),
        named=frozenset(problem_id for problem_id, who, _ in problems if who is not None),
        dismissed=frozenset(
            problem_id for problem_id, _, state in problems if state is ProblemState.DISMISSED
        ),
    )


def plan_regrouping(standing: Standing) -> Plan:
    """Cluster what was read and say what would change; takes as long as the clustering."""
    number = {key: place for place, key in enumerate(standing.ids)}
    groups = [
        _Group([standing.ids[place] for place in group])
        for group in group_traces(
            standing.traces,
            together=_list_together(standing, number),
            apart=[
                (number[one], number[other])
                for one, other in standing.partings
                if one in number and other in number
            ],
        )
    ]
    groups = list(_keep_pins(groups, standing, number))
    _keep_ids(groups, standing)
    moves = list(_list_moves(groups, standing, number))
    kept = sum(group.problem is not None or len(group.members) > 1 for group in groups)
    return Plan(tuple(moves), _find_absorbed(groups, standing), len(standing.ids), kept)


def write_moves(session: Session, moves: Sequence[Move], *, now: datetime) -> int:
    """Carry out some moves; how many submissions moved. One that was placed or sealed since the
    ledger was read is left alone."""
    take_turn(session)
    before = _read_members(session, [one for move in moves for one, _, _ in move.members])
    open_ids = _find_open(session, [one for move in moves for one, _, _ in move.members])
    touched: set[int] = set()
    moved = 0
    for move in moves:
        valid = [
            (one, was, likeness)
            for one, was, likeness in move.members
            if one in open_ids and before.get(one, (None, MACHINE)) == (was, MACHINE)
        ]
        to = move.to
        if move.new:
            if len(valid) < 2:
                continue
            (to,) = add_problems(session, 1, now=now)
        touched.update(was for _, was, _ in valid if was is not None)
        moved += len(valid)
        if to is None:
            _take_out(session, [one for one, _, _ in valid])
        else:
            touched.add(to)
            _put_in(session, to, valid, now=now)
    recount_problems(session, touched, now=now, rewrite=True)
    large = select(ProblemRow.id).where(
        ProblemRow.id.in_(touched), ProblemRow.size > 2 * MOST_TRACED
    )
    thin_traces(session, session.scalars(large).all())
    return moved


def write_absorbed(session: Session, absorbed: Mapping[int, int], *, now: datetime) -> int:
    """Let the problems that have lost all members to another one point at it; how many."""
    take_turn(session)
    done = 0
    for problem_id, into in sorted(absorbed.items()):
        row = session.get(ProblemRow, problem_id)
        target = session.get(ProblemRow, into)
        if row is None or row.state is not ProblemState.EMPTY or row.size or target is None:
            continue
        if target.state is ProblemState.MERGED:
            continue
        row.state, row.merged_into = ProblemState.MERGED, into
        row.version += 1
        row.updated_at = now
        follow = update(ProblemRow).where(ProblemRow.merged_into == problem_id)
        session.execute(follow.values(merged_into=into))
        done += 1
    session.flush()
    return done


def refresh_problems(session: Session, *, after: int, now: datetime) -> int | None:
    """Count the next problems behind that id anew, as heat cools by itself; the last of them, or
    None where there are no more."""
    take_turn(session)
    query = (
        select(ProblemRow.id)
        .where(ProblemRow.id > after, ProblemRow.state.in_((ProblemState.OPEN, ProblemState.EMPTY)))
        .order_by(ProblemRow.id)
        .limit(BATCH)
    )
    ids = session.scalars(query).all()
    recount_problems(session, ids, now=now)
    return ids[-1] if len(ids) == BATCH else None


def tidy_traces(session: Session, standing: Standing, *, after: str) -> str | None:
    """Keep the traces of the next submissions behind that id that have none and belong nowhere, as
    those that came in before there were any; the last id looked at, or None at the end."""
    start = bisect_right(standing.ids, after)
    ids = standing.ids[start : start + BATCH]
    traced = select(TraceRow.submission_id).where(TraceRow.submission_id.in_(ids))
    member = select(MemberRow.submission_id).where(MemberRow.submission_id.in_(ids))
    known = {*session.scalars(traced.distinct()), *session.scalars(member)}
    still_open = _find_open(session, [one for one in ids if one not in known])
    record_traces(
        session,
        {one: standing.traces[start + place] for place, one in enumerate(ids) if one in still_open},
    )
    return ids[-1] if len(ids) == BATCH else None


def thin_traces(session: Session, problem_ids: Sequence[int]) -> None:
    """Of these problems, keep the traces of some members where they have very many."""
    for problem_id in problem_ids:
        traced = select(TraceRow.submission_id).join(
            MemberRow, MemberRow.submission_id == TraceRow.submission_id
        )
        ids = session.scalars(
            traced.where(MemberRow.problem_id == problem_id)
            .distinct()
            .order_by(TraceRow.submission_id)
        ).all()
        kept = set(ids[:: max(1, len(ids) // MOST_TRACED)][:MOST_TRACED])
        forget_traces(session, [one for one in ids if one not in kept])


def tell_regrouped(session: Session, told: Mapping[str, Any], *, who: str, now: datetime) -> None:
    """Write into the event log that all was clustered anew, and how much of it changed."""
    happened = {"actor": who, "kind": "problems.regrouped", "payload": dict(told)}
    record_events(session, [happened], now=now)


def _walk_traces(session: Session, *, since: datetime | None) -> Iterator[Trace]:
    tolds = walk_tolds(session, since=since)
    while piece := list(islice(tolds, BATCH)):
        yield from read_traces(piece)


def _list_together(standing: Standing, number: Mapping[str, int]) -> list[tuple[int, int]]:
    """A chain through those that persons have placed in one problem."""
    placed: defaultdict[int, list[int]] = defaultdict(list)
    for one in sorted(standing.pinned):
        placed[standing.problem_of[one]].append(number[one])
    return [pair for chain in placed.values() for pair in pairwise(chain)]


def _keep_pins(
    groups: Sequence[_Group], standing: Standing, number: Mapping[str, int]
) -> Iterator[_Group]:
    """The groups, none of which holds what persons placed in two problems, nor lacks what they
    placed in its own; what a dismissed problem would draw in from another stays with that."""
    homes: dict[int, _Group] = {}
    for group in groups:
        pins = {one: standing.problem_of[one] for one in group.members if one in standing.pinned}
        for one, problem in pins.items():
            homes.setdefault(problem, _Group([], problem)).members.append(one)
        rest = [one for one in group.members if one not in pins]
        if not pins:
            yield _Group(rest)
            continue
        choices = [(standing.traces[number[one]], problem) for one, problem in pins.items()]
        left = []
        for one in rest:
            home = _find_home(one, choices, standing, number)
            if home is None:
                left.append(one)
            else:
                homes[home].members.append(one)
        if left:
            yield _Group(left)
    yield from homes.values()


def _find_home(
    one: str,
    choices: Sequence[tuple[Trace, int]],
    standing: Standing,
    number: Mapping[str, int],
) -> int | None:
    """Which of the placed problems in its group a submission goes to."""
    before = standing.problem_of.get(one)
    problems = {problem for _, problem in choices}
    if before in problems:
        return before
    if len(problems) == 1:
        home: int | None = next(iter(problems))
    else:
        home, _ = choose_problem(standing.traces[number[one]], choices)
    return None if home in standing.dismissed and before is not None else home


def _keep_ids(groups: Sequence[_Group], standing: Standing) -> None:
    """Give each group the problem that it continues: the one with which it shares most members,
    before others one that a person has named or called none."""
    taken = {group.problem for group in groups if group.problem is not None}
    claims = []
    for place, group in enumerate(groups):
        if group.problem is not None or len(group.members) < 2:
            continue
        shared = Counter(
            problem
            for one in group.members
            if (problem := standing.problem_of.get(one)) is not None and problem not in taken
        )
        for problem, count in shared.items():
            corrected = problem in standing.named or problem in standing.dismissed
            claims.append((not corrected, -count, problem, place))
    for _, _, problem, place in sorted(claims):
        if problem not in taken and groups[place].problem is None:
            groups[place].problem = problem
            taken.add(problem)


def _list_moves(
    groups: Sequence[_Group], standing: Standing, number: Mapping[str, int]
) -> Iterator[Move]:
    alone = []
    for group in groups:
        new = group.problem is None
        if new and len(group.members) < 2:
            alone += group.members
            continue
        moved = [one for one in group.members if standing.problem_of.get(one) != group.problem]
        if new:
            moved = group.members
        if moved:
            traces = [standing.traces[number[one]] for one in group.members[:_COMPARED]]
            members = tuple(
                (
                    one,
                    standing.problem_of.get(one),
                    _likeness(standing.traces[number[one]], traces),
                )
                for one in moved
            )
            yield Move(group.problem, members, new=new)
    for one in alone:
        if one in standing.problem_of:
            yield Move(None, ((one, standing.problem_of[one], 0.0),))


def _likeness(trace: Trace, others: Sequence[Trace]) -> float:
    return max((measure_match(trace, other) for other in others if other is not trace), default=1.0)


def _find_absorbed(groups: Sequence[_Group], standing: Standing) -> dict[int, int]:
    """Problems of which nothing is left, each with the one that most of its members went to."""
    kept = {group.problem for group in groups}
    went: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for group in groups:
        if group.problem is None:
            continue
        for one in group.members:
            before = standing.problem_of.get(one)
            if before is not None and before not in kept:
                went[before][group.problem] += 1
    return {problem: counts.most_common(1)[0][0] for problem, counts in went.items()}


def _read_members(session: Session, ids: Sequence[str]) -> dict[str, tuple[int | None, str]]:
    found: dict[str, tuple[int | None, str]] = {}
    for chunk in in_chunks(list(ids)):
        query = select(MemberRow.submission_id, MemberRow.problem_id, MemberRow.placed_by)
        for one, problem_id, who in session.execute(
            query.where(MemberRow.submission_id.in_(chunk))
        ):
            found[one] = (problem_id, who)
    return found


def _find_open(session: Session, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for chunk in in_chunks(list(ids)):
        query = select(SubmissionRow.id).where(
            SubmissionRow.id.in_(chunk), SubmissionRow.confidential.is_(False)
        )
        found.update(session.scalars(query))
    return found


def _take_out(session: Session, ids: list[str]) -> None:
    for chunk in in_chunks(ids):
        session.execute(delete(MemberRow).where(MemberRow.submission_id.in_(chunk)))


def _put_in(
    session: Session,
    problem_id: int,
    members: Sequence[tuple[str, int | None, float]],
    *,
    now: datetime,
) -> None:
    rows = [
        {
            "submission_id": one,
            "problem_id": problem_id,
            "likeness": likeness,
            "placed_by": MACHINE,
            "at": now,
        }
        for one, _, likeness in members
    ]
    if not rows:
        return
    statement = upsert(session, MemberRow)
    told = {
        name: statement.excluded[name] for name in ("problem_id", "likeness", "placed_by", "at")
    }
    session.execute(
        statement.on_conflict_do_update(index_elements=["submission_id"], set_=told), rows
    )
