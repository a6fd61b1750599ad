"""Which submissions are of one concrete matter: a common problem (共性问题).

Offline all traces are grouped at once: pairs that share rare keys are matched, and the likeliest
groups join until none is likely enough. Online a new trace is matched with its candidates and joins
the likeliest problem under the same rule; where it shows that two problems are one, they join.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.matching import Matcher, get_matcher
from triage.sheaves import NO_KEY, Sheaf, do_all
from triage.traces import Trace, bind_traces, measure_matches

Array = NDArray[Any]

JOINS = 0.4  # likeness from which on two groups are of one matter
_SHARE_OF_BEST = 0.4  # of the likeness: the likest pair; the rest is the mean of all pairs
_COMPARED = 12  # members of the other group that a member is thought to have been compared with
_MAY_JOIN = 0.2  # likeness of a newcomer to a second problem from which on it may be the first
_SAMPLED = 4  # members of a problem that stand for it there
_FLOOR = 0.02  # a chance below this is none
_CANDIDATES = 26  # for each trace: those that share the most of its keys
_SHARERS = 64  # of one key that meet; of more each meets those that stand near it
_BLOCK = 2048  # rows whose candidates are ranked together, where their numbers fit into 63 bits
_VALUE_BITS = 31
_PACKED = 63 - _VALUE_BITS  # bits for the row within the block and the number of the candidate

Pairs = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a newcomer belongs: the problem, None for none, and the likeness to it or the best
    there is; `same` are other problems that turn out to be that one."""

    problem: int | None
    likeness: float
    same: tuple[int, ...] = ()


def group_traces(
    traces: Sequence[Trace], *, together: Pairs = (), apart: Pairs = ()
) -> list[list[int]]:
    """The positions of `traces` in groups of one matter each, every position in exactly one.

    Groups stand in the order of their first members. `together` and `apart` are pairs of positions
    that a person put together or took apart; a person's word wins, the later where two collide.
    """
    return group_sheaf(bind_traces(traces), together=together, apart=apart)


def group_sheaf(
    sheaf: Sheaf, *, together: Pairs = (), apart: Pairs = (), workers: int = 1
) -> list[list[int]]:
    """`group_traces` of traces side by side, in so many threads; the groups are the same for any
    number."""
    one, other = find_pairs(sheaf, workers=workers)
    chances = get_matcher().match(sheaf, one, other, workers=workers)
    return link_pairs(len(sheaf), one, other, chances, together=together, apart=apart)


def choose_problem(
    trace: Trace, candidates: Sequence[tuple[Trace, int]], *, matcher: Matcher | None = None
) -> tuple[int | None, float]:
    """The problem that a new trace belongs to, with the likeness, or (None, the best there is).

    `candidates` are traces that share keys with it, each with the number of its problem; `matcher`
    is the one that comes with the product unless given.
    """
    likeness, problem = next(iter(_rank_problems(trace, candidates, matcher)), (0.0, 0))
    return (problem if likeness >= JOINS else None), likeness


def place_trace(
    trace: Trace,
    candidates: Sequence[tuple[Trace, int]],
    *,
    chances: Sequence[float] | None = None,
    matcher: Matcher | None = None,
) -> Placement:
    """`choose_problem`, and which other problems of the candidates are that one.

    A newcomer often tells in its own words what two have told differently: where it is likely
    enough to be of a second problem, both are held against each other. `chances` are those that it
    is of one matter with each candidate, where they are known already.
    """
    ranked = _rank_problems(trace, candidates, matcher, chances)
    if not ranked or ranked[0][0] < JOINS:
        return Placement(None, ranked[0][0] if ranked else 0.0)
    likeness, problem = ranked[0]
    own = [trace, *_sample(candidates, problem)]
    same = []
    for near, other in ranked[1:]:
        if near < _MAY_JOIN:
            break
        theirs = _sample(candidates, other)
        one, two = np.divmod(np.arange(len(own) * len(theirs)), len(theirs))
        sheaf = bind_traces([*own, *theirs])
        met = (matcher or get_matcher()).match(sheaf, one, two + len(own))
        if _weigh(float(met.sum()), float(met.max()), len(met)) >= JOINS:
            own += theirs
            same.append(other)
    return Placement(problem, likeness, tuple(same))


def _sample(candidates: Sequence[tuple[Trace, int]], problem: int) -> list[Trace]:
    return [trace for trace, its in candidates if its == problem][:_SAMPLED]


def _rank_problems(
    trace: Trace,
    candidates: Sequence[tuple[Trace, int]],
    matcher: Matcher | None,
    chances: Sequence[float] | None = None,
) -> list[tuple[float, int]]:
    """(likeness, problem) of all problems of the candidates, the likeliest first."""
    if not candidates:
        return []
    if chances is None:
        others = [other for other, _ in candidates]
        chances = measure_matches(trace, others, matcher=matcher).tolist()
    of_problem: dict[int, list[float]] = defaultdict(list)
    for chance, (_, problem) in zip(chances, candidates, strict=True):
        of_problem[problem].append(chance)
    return sorted(
        (
            (_weigh(sum(found), max(found), len(found)), problem)
            for problem, found in of_problem.items()
        ),
        key=lambda one: (-one[0], one[1]),
    )


def find_pairs(sheaf: Sheaf, *, workers: int = 1) -> tuple[Array, Array]:
    """The pairs (smaller, larger position) that share the most keys, at most `_CANDIDATES` each, in
    order.

    A key that more than `_SHARERS` have brings together those that stand near each other, so the
    work grows with the number of traces, not with its square.
    """
    shared = _share_keys(sheaf.keys)
    turned = shared.T.tocsr()
    size = len(sheaf)
    bits = max(size - 1, 1).bit_length()
    block = min(_BLOCK, 1 << max(_PACKED - bits, 0))

    def find(start: int) -> Array:
        return _likest(shared[start : start + block], turned, start, bits)

    found = do_all(find, range(0, size, block), workers=workers)
    pairs = np.concatenate([np.zeros(0, np.int64), *found])
    pairs.sort()
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]  # most were found from either side
    return np.divmod(pairs, max(size, 1))


def _share_keys(keys: Array) -> Any:
    """A matrix (float32) with a row for each trace and a column for each company that a key brings
    together, weighed by how rare the key is."""
    owner, place = np.nonzero(keys != NO_KEY)
    packed = keys[owner, place].astype(np.int64) << 32 | owner
    packed.sort()
    key, owner = packed >> 32, (packed & 0xFFFFFFFF).astype(np.int32)
    del packed, place
    new = np.diff(key, prepend=-1) != 0
    first = np.flatnonzero(new)
    sharers = np.diff(first, append=len(key))
    rank = np.arange(len(key)) - np.repeat(first, sharers)
    many = np.repeat(sharers > _SHARERS, sharers)
    from scipy.sparse import csr_matrix  # the service starts sooner without it

    weight = np.repeat((1 / np.log(1 + np.minimum(sharers, 10_000))).astype(np.float32), sharers)
    # Blocks of sharers, and blocks moved by half so that neighbours across a border meet too.
    column = np.cumsum(new | (many & (rank % _SHARERS == 0))) - 1
    count = int(column[-1]) + 1 if len(column) else 0
    moved = np.cumsum(new[many] | ((rank[many] + _SHARERS // 2) % _SHARERS == 0)) - 1
    column = np.concatenate([column, moved + count])
    owner = np.concatenate([owner, owner[many]])
    weight = np.concatenate([weight, weight[many] / 2])
    company = np.bincount(column) > 1  # one alone meets nobody
    meets = company[column]
    column = (np.cumsum(company) - 1)[column[meets]]
    shape = (len(keys), int(company.sum()))
    return csr_matrix((weight[meets], (owner[meets], column)), shape=shape)


def link_pairs(
    size: int,
    one: Array,
    other: Array,
    chances: Array,
    *,
    together: Pairs = (),
    apart: Pairs = (),
) -> list[list[int]]:
    """Groups of the numbers below `size` out of the chances of some pairs; a missing pair has none.

    The likeliest two groups join first, and two are as likely as `_weigh` says of their pairs.
    """
    from scipy.sparse import coo_matrix  # the service starts sooner without them
    from scipy.sparse.csgraph import connected_components

    together, apart = [*together], [*apart]
    near = chances >= JOINS
    joined = np.array(together, np.int64).reshape(-1, 2)
    edges = np.concatenate([np.stack([one[near], other[near]], axis=1), joined])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    within = (part[one] == part[other]) & (chances >= _FLOOR)
    links: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for a, b, chance in zip(
        one[within].tolist(), other[within].tolist(), chances[within].tolist(), strict=True
    ):
        links[part[a]].append((a, b, chance))
    merged: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for a, b in together:
        merged[part[a]].append((a, b))
    barred: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for a, b in apart:
        if part[a] == part[b]:
            barred[part[a]].append((a, b))
    members: dict[int, list[int]] = defaultdict(list)
    for number, component in enumerate(part.tolist()):
        members[component].append(number)
    groups: list[list[int]] = []
    for component, numbers in members.items():
        if len(numbers) == 1:
            groups.append(numbers)
            continue
        growth = _Growth(numbers, links[component], barred[component])
        for a, b in merged[component]:
            growth.join(growth.find(a), growth.find(b))
        growth.run()
        groups += growth.groups()
    return sorted(groups)


def _weigh(total: float, best: float, pairs: int) -> float:
    """How likely two groups are of one matter, from the chances of their pairs."""
    return (1 - _SHARE_OF_BEST) * total / pairs + _SHARE_OF_BEST * best


class _Growth:
    """Groups that grow within one part of the graph of likely pairs."""

    def __init__(
        self,
        numbers: Sequence[int],
        links: Sequence[tuple[int, int, float]],
        barred: Sequence[tuple[int, int]],
    ) -> None:
        self._members = {number: [number] for number in numbers}
        self._group = {number: number for number in numbers}
        self._near: dict[int, dict[int, tuple[float, float]]] = {n: {} for n in numbers}
        self._barred: dict[int, set[int]] = defaultdict(set)
        for a, b, chance in links:
            self._near[a][b] = self._near[b][a] = (chance, chance)
        for a, b in barred:
            self._barred[a].add(b)
            self._barred[b].add(a)
        self._waiting: list[tuple[float, int, int, int, int]] = []

    def find(self, number: int) -> int:
        """The group that a number is in."""
        return self._group[number]

    def run(self) -> None:
        """Join the likeliest groups until none are likely enough."""
        self._waiting = [*self._offers(self._members, once=True)]
        heapq.heapify(self._waiting)
        while self._waiting:
            _, a, b, size_a, size_b = heapq.heappop(self._waiting)
            alive = a in self._members and b in self._members
            if not alive or (len(self._members[a]), len(self._members[b])) != (size_a, size_b):
                continue  # has grown since: a newer offer waits, or none was good enough
            for offer in self._offers([self.join(a, b)]):
                heapq.heappush(self._waiting, offer)

    def groups(self) -> Iterator[list[int]]:
        """The groups as they stand, the members of each in order."""
        for members in self._members.values():
            yield sorted(members)

    def join(self, a: int, b: int) -> int:
        """Make one group of two; gives the one that stays."""
        if a == b:
            return a
        if (len(self._near[a]), -a) < (len(self._near[b]), -b):
            a, b = b, a
        for number in self._members[b]:
            self._group[number] = a
        self._members[a] += self._members.pop(b)
        mine, theirs = self._near[a], self._near.pop(b)
        mine.pop(b, None)
        for c, (total, best) in theirs.items():
            if c == a:
                continue
            del self._near[c][b]
            had, most = mine.get(c, (0.0, 0.0))
            mine[c] = self._near[c][a] = (had + total, max(most, best))
        for c in self._barred.pop(b, set()):
            self._barred[c].discard(b)
            self._barred[c].add(a)
            self._barred[a].add(c)
        return a

    def _offers(
        self, groups: Iterable[int], *, once: bool = False
    ) -> Iterator[tuple[float, int, int, int, int]]:
        for a in groups:
            size_a = len(self._members[a])
            for b, (total, best) in self._near[a].items():
                if (once and b < a) or b in self._barred[a]:
                    continue
                size_b = len(self._members[b])
                pairs = min(size_a * size_b, _COMPARED * min(size_a, size_b))
                # More pairs may have been compared than was thought: their mean is at most 1.
                likeness = _weigh(min(total, pairs), best, pairs)
                if likeness >= JOINS:
                    yield -likeness, a, b, size_a, size_b


def _likest(rows: Any, turned: Any, start: int, bits: int) -> Array:
    """Packed pairs of rows, the first of them number `start`, with those that share most with each;
    of two that share as much the first is taken."""
    size = turned.shape[1]
    product = (rows @ turned).tocoo()
    off = product.row + start != product.col
    row, column = product.row[off].astype(np.int64), product.col[off].astype(np.int64)
    # A positive float32 is as great as the number that its 31 bits make.
    less = (1 << _VALUE_BITS) - 1 - product.data[off].view(np.int32).astype(np.int64)
    ranked = (row << _VALUE_BITS | less) << bits | column
    ranked.sort()
    row, column = ranked >> (_VALUE_BITS + bits), ranked & ((1 << bits) - 1)
    first = np.searchsorted(row, np.arange(rows.shape[0]))
    rank = np.arange(len(row)) - first[row]
    near = rank < _CANDIDATES
    row, column = row[near] + start, column[near]
    pairs: Array = np.minimum(row, column) * size + np.maximum(row, column)
    return pairs
