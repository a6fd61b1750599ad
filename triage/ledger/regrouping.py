"""Clustering all submissions anew: what is found is laid over the problems that stand.

Three steps, so that nobody waits for the long one: read in one transaction, plan in none
(`triage.ledger.regroupplan`), write in many short ones. What changed since the reading is left as
it is.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
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
from triage.ledger.regroupplan import Move, Standing
from triage.ledger.statements import upsert
from triage.ledger.states import ProblemState
from triage.ledger.tables import MemberRow, ProblemRow, SubmissionRow, TraceRow
from triage.traces import Trace, read_traces

BATCH = 200  # moves written in one transaction, and problems counted in one


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


def write_moves(session: Session, moves: Sequence[Move], *, now: datetime) -> int:
    """Carry out some moves; how many submissions moved. One that was placed or sealed since the
    ledger was read is left alone; where the problem has gone into another since, they go there, and
    one that was called none since draws nothing in from another."""
    take_turn(session)
    before = _read_members(session, [one for move in moves for one, _, _ in move.members])
    open_ids = _find_open(session, [one for move in moves for one, _, _ in move.members])
    became, dismissed = _read_fates(session, [move.to for move in moves if move.to is not None])
    touched: set[int] = set()
    moved = 0
    for move in moves:
        to = None if move.to is None else became.get(move.to, move.to)
        valid = [
            (one, was, likeness)
            for one, was, likeness in move.members
            if one in open_ids
            and before.get(one, (None, MACHINE)) == (was, MACHINE)
            and (was is None or to not in dismissed)
        ]
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


def _read_members(session: Session, ids: Sequence[str]) -> dict[str, tuple[int | None, str]]:
    found: dict[str, tuple[int | None, str]] = {}
    for chunk in in_chunks(list(ids)):
        query = select(MemberRow.submission_id, MemberRow.problem_id, MemberRow.placed_by)
        for one, problem_id, who in session.execute(
            query.where(MemberRow.submission_id.in_(chunk))
        ):
            found[one] = (problem_id, who)
    return found


def _read_fates(session: Session, ids: Sequence[int]) -> tuple[dict[int, int], set[int]]:
    """Of these problems those that have gone into others, each with where; and which of those that
    they now are a person called none."""
    gone = select(ProblemRow.id, ProblemRow.merged_into).where(
        ProblemRow.id.in_(ids), ProblemRow.merged_into.is_not(None)
    )
    became = {one: into for one, into in session.execute(gone) if into is not None}
    standing = {became.get(one, one) for one in ids}
    dismissed = select(ProblemRow.id).where(
        ProblemRow.id.in_(standing), ProblemRow.state == ProblemState.DISMISSED
    )
    return became, {*session.scalars(dismissed)}


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
