"""Which submissions are of one concrete matter: a common problem (共性问题).

Offline all traces are grouped at once; online a new one joins the problem that its likest
candidates belong to. Both ask the same question of the same pairs, so they differ little.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse as sp

from triage.traces import Trace, measure_match

JOINS = 0.18  # from this likeness on two submissions are of one matter
_BLOCK = 2048


def group_traces(
    traces: Sequence[Trace],
    *,
    together: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
) -> list[list[int]]:
    """The positions of `traces` in groups of one matter each, every position in exactly one.

    Groups stand in the order of their first members. `together` and `apart` are pairs of positions
    that a person put together or took apart; a person's word wins.
    """
    parent = list(range(len(traces)))
    barred: list[set[int]] = [set() for _ in traces]

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(one: int, other: int) -> None:
        one, other = sorted((root(one), root(other)))
        if one != other:
            parent[other] = one
            for third in barred[other]:
                barred[third].discard(other)
                barred[third].add(one)
            barred[one] |= barred[other]

    for one, other in together:
        join(one, other)
    for one, other in apart:
        one, other = root(one), root(other)
        if one != other:
            barred[one].add(other)
            barred[other].add(one)
    for one, other in _find_pairs(traces):
        if root(other) not in barred[root(one)]:
            join(one, other)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(traces)):
        groups[root(number)].append(number)
    return list(groups.values())


def choose_problem(
    trace: Trace, candidates: Sequence[tuple[Trace, int]]
) -> tuple[int | None, float]:
    """The problem that a new trace belongs to, with the likeness, or (None, the best there is).

    `candidates` are traces that share keys with it, each with the number of its problem.
    """
    best: tuple[int | None, float] = (None, 0.0)
    for other, problem in candidates:
        likeness = measure_match(trace, other)
        if likeness > best[1]:
            best = problem, likeness
    return best if best[1] >= JOINS else (None, best[1])


def _find_pairs(traces: Sequence[Trace]) -> list[tuple[int, int]]:
    if not traces:
        return []
    runs = np.concatenate([trace.runs for trace in traces])
    known, columns = np.unique(runs, return_inverse=True)
    ends = np.cumsum([0, *(len(trace.runs) for trace in traces)])
    rows = sp.csr_matrix(
        (np.concatenate([trace.weights for trace in traces]), columns, ends),
        shape=(len(traces), len(known)),
    )
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(traces), _BLOCK):
        likeness = (rows[start : start + _BLOCK] @ rows.T).tocoo()
        near = (likeness.data >= JOINS) & (likeness.row + start < likeness.col)
        pairs += zip(
            (likeness.row[near] + start).tolist(), likeness.col[near].tolist(), strict=True
        )
    return pairs
