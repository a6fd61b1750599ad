"""Clustering the ledger anew: read, plan, then write in short transactions; nobody waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from triage.errors import Conflict
from triage.ledger.regrouping import (
    BATCH,
    read_standing,
    refresh_problems,
    tell_regrouped,
    tidy_traces,
    write_absorbed,
    write_moves,
)
from triage.ledger.regroupplan import Move, plan_regrouping
from triage.ledger.store import Store
from triage.roles import Action, Caller
from triage.workflow import CLOCK

WINDOW = timedelta(days=730)  # what was received before stays as it was grouped
CLOCK_CALLER = Caller(CLOCK, frozenset({Action.CORRECT_PROBLEMS}))
"""Who clusters when nobody asked; what persons have put right stands."""
_GROUPING = Lock()  # two at once would find the same at twice the cost


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What became of it: `submissions` read, in how many `problems`, how many of them moved, and
    how many problems were `absorbed` by others."""

    submissions: int
    problems: int
    moved: int
    absorbed: int


def regroup_problems(
    store: Store,
    now: datetime,
    *,
    caller: Caller = CLOCK_CALLER,
    window: timedelta | None = WINDOW,
) -> Regrouped:
    """Cluster all that was received within `window` (None: ever) and count all problems anew.

    Stopped at any point it leaves a sound ledger, and the next run does the rest. Raises
    AccessDenied, and Conflict while this process is at it already.
    """
    caller.require(Action.CORRECT_PROBLEMS)
    if not _GROUPING.acquire(blocking=False):
        raise Conflict("正在重新归并共性问题，请稍后刷新查看结果")
    try:
        return _regroup(store, now, caller=caller, window=window)
    finally:
        _GROUPING.release()


def _regroup(store: Store, now: datetime, *, caller: Caller, window: timedelta | None) -> Regrouped:
    with store.reading() as session:
        standing = read_standing(session, since=None if window is None else now - window)
    plan = plan_regrouping(standing)
    last: str | None = ""
    while last is not None:
        with store.writing() as session:
            last = tidy_traces(session, standing, after=last)
    moved = 0
    for moves in _in_batches(plan.moves):
        with store.writing() as session:
            moved += write_moves(session, moves, now=now)
    with store.writing() as session:
        absorbed = write_absorbed(session, plan.absorbed, now=now)
    after: int | None = 0
    while after is not None:
        with store.writing() as session:
            after = refresh_problems(session, after=after, now=now)
    done = Regrouped(plan.read, plan.groups, moved, absorbed)
    told = {name: getattr(done, name) for name in done.__slots__}
    with store.writing() as session:
        tell_regrouped(session, told, who=caller.who, now=now)
    return done


def _in_batches(moves: tuple[Move, ...]) -> list[list[Move]]:
    """As many moves at a time as one transaction should carry out; none is torn apart."""
    batches: list[list[Move]] = []
    room = 0
    for move in moves:
        if room <= 0:
            batches.append([])
            room = BATCH
        batches[-1].append(move)
        room -= len(move.members)
    return batches
