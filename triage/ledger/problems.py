"""Common problems (共性问题) as submissions come in: each joins one, or waits alone for a second.

A submission that nothing resembles leaves its traces only; the second of the same matter makes the
problem. Whatever changes who belongs to a problem takes a turn first (`take_turn`), so that two
that come in at once and are of one matter see each other. None of these functions commits.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, text
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
from triage.ledger.states import ProblemState
from triage.ledger.store import TRACES, upsert
from triage.ledger.tables import FingerprintRow, MemberRow, ProblemRow, RepeatRow, TraceRow
from triage.problems import place_trace
from triage.submissions import Submission
from triage.suggestions import Suggestion
from triage.traces import Told, Trace, read_traces

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


def place_suggested(
    session: Session, pairs: Sequence[tuple[Submission, Suggestion]], *, now: datetime
) -> None:
    """Place submissions that have just come in, none of them confidential."""
    place_tolds(
        session,
        [
            Told(
                id=submission.id,
                title=submission.title,
                content=submission.content,
                place=suggestion.place.text or submission.place,
                division=suggestion.place.division,
                domain_code=suggestion.domain.code,
                received_at=submission.received_at or now,
            )
            for submission, suggestion in pairs
        ],
        now=now,
    )


def place_again(session: Session, submission_id: str, *, now: datetime) -> None:
    """Place a submission that stands in the open again."""
    place_tolds(session, list(read_tolds(session, [submission_id]).values()), now=now)


def place_tolds(session: Session, tolds: Sequence[Told], *, now: datetime) -> None:
    """Let each submission join the problem that it is of, or make one with the one it resembles.

    In order, so that those of one batch find each other. One that belongs somewhere stays there.
    """
    if not tolds:
        return
    traces = {trace.id: trace for trace in read_traces(tolds)}
    take_turn(session)
    candidates = find_candidates(session, traces)
    others = {other for near in candidates.values() for other in near}
    standing = find_standing(session, [*traces, *others])
    traces |= recall_traces(session, standing, new=traces)
    placing = _Placing(
        {one: told.problem_id for one, told in standing.items() if told.problem_id is not None},
        may_merge=lambda ids: are_untouched(session, ids, machine=MACHINE),
        find_taken_out=lambda: find_taken_out(session),
    )
    fellows = Fellows()
    for told in tolds:
        trace = traces[told.id]
        near = [*candidates[told.id], *fellows.find(trace)]
        fellows.add(told.id, trace)
        placing.place(told.id, trace, [(one, traces[one]) for one in near if one in traces])
    large = _write(session, placing, tolds, now=now)
    record_traces(session, {told.id: traces[told.id] for told in tolds if told.id not in large})


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
    session.execute(delete(TraceRow).where(TraceRow.submission_id == submission_id))
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

    def place(self, submission_id: str, trace: Trace, near: Iterable[tuple[str, Trace]]) -> None:
        if submission_id in self.of:
            return
        alone: dict[int, str] = {}
        choices: list[tuple[Trace, int]] = []
        taken: Counter[int] = Counter()
        for other, its in near:
            label = self.of.get(other)
            if label is None:  # a number that stands for this one alone
                label = -1_000_000_000 - len(alone)
                alone[label] = other
            taken[label] += 1
            if taken[label] <= OF_ONE_PROBLEM:
                choices.append((its, label))
        if not choices:
            return
        placed = place_trace(trace, choices)
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
