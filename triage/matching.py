"""How likely two submissions are of the same concrete matter, for many pairs at once.

A pair is described by what both texts share, weighed by how rare it is: in the titles, at the
beginning, in the whole, in the name of the place; by whether the one names the place of the other;
by their domains, divisions and days. Small trees, fitted by `python -m training problems fit` on
groups that were read by hand, turn that into a chance.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from triage.rarity import STEPS
from triage.replies import Forest

Array = NDArray[Any]

RARITY, TITLE, HEAD, BODY, PLACE = range(5)  # the rows of `Sheaf.counts`
TITLE_COUNTS = 3  # times the content, for people put the matter into the title
MOST_DIVISIONS = 4
FEATURES = (
    "title",
    "head",
    "body",
    "text",
    "place",
    "title_place",
    "elsewhere",
    "text_squared",
    "title_squared",
    "crossed_most",
    "crossed_least",
    "rare",
    "rarer",
    "rare_named",
    "rarer_named",
    "place_told_most",
    "place_told_least",
    "title_told_most",
    "title_told_least",
    "triples_most",
    "triples_least",
    "places",
    "domain1",
    "domain2",
    "domain3",
    "same_division",
    "other_division",
    "days",
    "shortest_body",
    "longest_body",
    "shortest_title",
    "longest_title",
)
# Of 5,000 pairs that the trees thought at all likely, 30 shared less.
_NEXT_TO_NOTHING, _TITLE_PLACE_SHARE = 0.03, 0.7
_RARE, _RARER = 7.0, 8.5
_UNDATED = 4.0  # log of days between two of which one has no date: about two months
_PAIRS = 2048  # worked on at once
_LAST_RUN = 2**31 - 1
_COUNT_WEIGHT = np.concatenate([[0.0], 1 + np.log(np.arange(1, 256 * (TITLE_COUNTS + 1)))]).astype(
    np.float32
)


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """Traces side by side: entries `ends[i]` to `ends[i + 1]` are the runs of trace i.

    `runs` (int32, sorted within a trace) and `counts` (5, entries; uint8): the rarity in steps and
    how often the run stands in the title, at the beginning, in the content and in the place.
    `domains` (n,) is -1 where unknown, `divisions` (n, 4) 0, `days` (n,) NaN; `lengths` (n, 2) of
    title and content. `sizes` (n, 9) are the lengths of the vectors and the masses of the fields.
    """

    ends: Array
    runs: Array
    counts: Array
    domains: Array
    divisions: Array
    days: Array
    lengths: Array
    sizes: Array


@dataclass(frozen=True, slots=True)
class Matcher:
    """What was learnt of pairs: trees whose answers add up to the log-odds.

    All questions of a tree are asked of every pair, and a table holds the leaf for each set of
    answers: for trees this small that takes a tenth of the time of walking down.
    """

    forest: Forest
    _questions: tuple[Array, Array] = field(init=False)
    _leaves: Array = field(init=False)

    def __post_init__(self) -> None:
        feature, threshold, leaves = _spread_trees(self.forest)
        object.__setattr__(self, "_questions", (feature, threshold))
        object.__setattr__(self, "_leaves", leaves)

    def match(self, sheaf: Sheaf, one: Array, other: Array) -> Array:
        """The chance (float32) that traces `one` and `other` (numbers) are of one matter, each; 0
        for those that share next to nothing, which is not worth asking the trees.
        """
        chances = np.zeros(len(one), np.float32)
        start = 0
        for shared in _share_runs(sheaf, one, other):
            near = _find_near(sheaf, shared)
            rows = _describe(sheaf, shared.only(near))
            chance = 1 / (1 + np.exp(-self.weigh(rows)))
            chances[start : start + len(near)][near] = chance
            start += len(near)
        return chances

    def weigh(self, rows: Array) -> Array:
        """The log-odds (float32) of described pairs."""
        columns = np.ascontiguousarray(rows.T)
        leaf = np.arange(len(self._leaves), dtype=np.int32)[:, None] * self._leaves.shape[1]
        leaf = np.repeat(leaf, len(rows), axis=1)
        for bit, (feature, threshold) in enumerate(zip(*self._questions, strict=True)):
            leaf += (columns[feature] <= threshold[:, None]).astype(np.int32) << bit
        total: Array = self._leaves.ravel().take(leaf).sum(axis=0)
        return total


def make_sheaf(
    *,
    ends: Array,
    runs: Array,
    counts: Array,
    domains: Array,
    divisions: Array,
    days: Array,
    lengths: Array,
) -> Sheaf:
    """A sheaf with its sizes measured."""
    sizes = np.zeros((len(ends) - 1, 9), np.float32)
    for start in range(0, len(sizes), _PAIRS):
        stop = min(start + _PAIRS, len(sizes))
        part = slice(ends[start], ends[stop])
        columns = _weigh_fields(counts[:, part])
        rarity = counts[RARITY, part] * np.float32(1 / STEPS)
        squares = [column * column for column in columns]
        squares.append(rarity * (counts[TITLE, part] > 0))
        squares.append(rarity * (counts[PLACE, part] > 0))
        owners = np.repeat(np.arange(stop - start), np.diff(ends[start : stop + 1]))
        for number, square in enumerate(squares):
            sizes[start:stop, number] = np.bincount(owners, square, stop - start)
    sizes[:, :7] = np.sqrt(sizes[:, :7])
    return Sheaf(ends, runs, counts, domains, divisions, days, lengths, np.maximum(sizes, 1e-6))


def describe_pairs(sheaf: Sheaf, one: Array, other: Array) -> Iterator[Array]:
    """(pairs, FEATURES) float32 for the pairs of traces `one` and `other`, a part at a time."""
    for shared in _share_runs(sheaf, one, other):
        yield _describe(sheaf, shared)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """What pairs of traces `one` and `other` share: for each shared run the number of the pair and
    the entry `here`, of `one`, and `there`."""

    one: Array
    other: Array
    pair: Array
    here: Array
    there: Array

    def only(self, some: Array) -> "_Shared":
        """Those of the pairs for which `some` (bool) holds."""
        keep = some[self.pair]
        pair = (np.cumsum(some) - 1)[self.pair[keep]]
        return _Shared(self.one[some], self.other[some], pair, self.here[keep], self.there[keep])


def _share_runs(sheaf: Sheaf, one: Array, other: Array) -> Iterator[_Shared]:
    """What the pairs share, `_PAIRS` of them at a time."""
    entries = np.arange(len(sheaf.runs), dtype=np.int64)
    shape = (len(sheaf.ends) - 1, _LAST_RUN)
    numbered = sp.csr_matrix((entries, sheaf.runs, sheaf.ends), shape=shape)
    numbered.has_sorted_indices = True
    numbered.has_canonical_format = True
    for start in range(0, len(one), _PAIRS):
        left, right = one[start : start + _PAIRS], other[start : start + _PAIRS]
        mine, theirs = numbered[left], numbered[right]
        here, there = mine.data, theirs.data
        # a × (1 + bi) = a + abi: one product holds both places, exact for so few
        mine.data = np.arange(1, len(here) + 1).astype(np.complex128)
        theirs.data = 1 + 1j * np.arange(len(there))
        both = mine.multiply(theirs).tocsr()
        pair = np.repeat(np.arange(len(left)), np.diff(both.indptr))
        place = both.data.real
        its = np.rint(both.data.imag / place).astype(np.int64)
        yield _Shared(left, right, pair, here[place.astype(np.int64) - 1], there[its])


def _find_near(sheaf: Sheaf, shared: _Shared) -> Array:
    """Which pairs share more than next to nothing, in their texts or in what they are about."""
    one, other = sheaf.counts[:, shared.here], sheaf.counts[:, shared.there]
    rarity = one[RARITY] * np.float32(1 / STEPS)
    squared = rarity * rarity
    near = np.zeros(len(shared.one))
    add_up = _make_sum(shared.pair, len(near))
    for feature, share, rows in ((3, 1, (TITLE, BODY)), (5, _TITLE_PLACE_SHARE, (TITLE, PLACE))):
        times = TITLE_COUNTS if BODY in rows else 1
        mine, theirs = (
            _COUNT_WEIGHT[times * side[rows[0]].astype(np.int16) + side[rows[1]]]
            for side in (one, other)
        )
        size = sheaf.sizes[shared.one, feature] * sheaf.sizes[shared.other, feature]
        dot = add_up(squared * mine * theirs)
        np.maximum(near, share * (dot / size), out=near)
    found: Array = near.astype(np.float32) >= _NEXT_TO_NOTHING
    return found


def _make_sum(pair: Array, many: int) -> Callable[[Array], Array]:
    """What adds up (float64) a value of each entry for each of `many` pairs; `pair`, the number of
    the pair, rises, which makes it several times as fast as `bincount`."""
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    filled = pair[starts]

    def add_up(values: Array) -> Array:
        total = np.zeros(many)
        if len(starts):
            total[filled] = np.add.reduceat(values, starts, dtype=np.float64)
        return total

    return add_up


def _spread_trees(forest: Forest) -> tuple[Array, Array, Array]:
    """(questions, trees) of feature and threshold, and (trees, 2 ** questions) of the leaf's share
    in the mean answer: bit k of the column says whether question k was answered with "at most"."""
    ends = np.append(forest.roots[1:], len(forest.feature))
    asked = [
        [node for node in range(root, end) if forest.feature[node] >= 0]
        for root, end in zip(forest.roots.tolist(), ends.tolist(), strict=True)
    ]
    most = max(1, *map(len, asked))
    feature = np.zeros((len(asked), most), np.int64)
    threshold = np.zeros((len(asked), most), np.float32)
    leaves = np.zeros((len(asked), 2**most), np.float32)
    for tree, nodes in enumerate(asked):
        feature[tree, : len(nodes)] = forest.feature[nodes]
        threshold[tree, : len(nodes)] = forest.threshold[nodes]
        bit = {node: place for place, node in enumerate(nodes)}
        for answers in range(2**most):
            node = int(forest.roots[tree])
            while node in bit:
                low = answers >> bit[node] & 1
                node = int(forest.left[node] if low else forest.right[node])
            leaves[tree, answers] = forest.value[node, 0] / len(asked)
    return feature.T.copy(), threshold.T.copy(), leaves


def _describe(sheaf: Sheaf, shared: _Shared) -> Array:
    one, other, pair = shared.one, shared.other, shared.pair
    mine, theirs = sheaf.counts[:, shared.here], sheaf.counts[:, shared.there]
    rarity = mine[RARITY] * np.float32(1 / STEPS)
    size, other_size = sheaf.sizes[one], sheaf.sizes[other]
    add_up = _make_sum(pair, len(one))

    fields, other_fields = _weigh_fields(mine), _weigh_fields(theirs)
    title, _, body, text, *_ = range(7)
    rows = [
        add_up(a * b) / (size[:, k] * other_size[:, k])
        for k, (a, b) in enumerate(zip(fields, other_fields, strict=True))
    ]
    squared = rarity * rarity
    for k in (text, title):
        # the length of the squared vector is not kept: the plain one serves as well
        rows.append(
            add_up(fields[k] * other_fields[k] * squared) / (size[:, k] * other_size[:, k]) / 50
        )
    crossed = (
        add_up(fields[title] * other_fields[body]) / (size[:, title] * other_size[:, body]),
        add_up(fields[body] * other_fields[title]) / (size[:, body] * other_size[:, title]),
    )
    rows += [np.maximum(*crossed), np.minimum(*crossed)]
    told = [(side[TITLE] > 0) | (side[BODY] > 0) for side in (mine, theirs)]
    named = [(side[TITLE] > 0) | (side[PLACE] > 0) for side in (mine, theirs)]
    for both in (told[0] & told[1], named[0] & named[1]):
        rows += [
            np.log1p(add_up(np.where(both & (rarity >= line), rarity, 0)))
            for line in (_RARE, _RARER)
        ]
    for row, k in ((PLACE, 8), (TITLE, 7)):
        share = (
            add_up(rarity * ((mine[row] > 0) & told[1])) / size[:, k],
            add_up(rarity * ((theirs[row] > 0) & told[0])) / other_size[:, k],
        )
        rows += [np.maximum(*share), np.minimum(*share)]
    odd = (sheaf.runs[shared.here] & 1).astype(bool)
    triples = (add_up(odd & named[0] & told[1]), add_up(odd & named[1] & told[0]))
    rows += [np.log1p(np.maximum(*triples)), np.log1p(np.minimum(*triples))]
    rows.append((size[:, 8] > 1e-5) & (other_size[:, 8] > 1e-5))
    rows += _compare_facts(sheaf, one, other)
    return np.column_stack(rows).astype(np.float32)


def _compare_facts(sheaf: Sheaf, one: Array, other: Array) -> list[Array]:
    domain, other_domain = sheaf.domains[one], sheaf.domains[other]
    known = (domain >= 0) & (other_domain >= 0)
    rows = [known & (domain // part == other_domain // part) for part in (10_000, 100, 1)]
    here, there = sheaf.divisions[one], sheaf.divisions[other]
    same = ((here[:, :, None] == there[:, None, :]) & (here[:, :, None] > 0)).any(axis=(1, 2))
    rows += [same, ~same & (here > 0).any(axis=1) & (there > 0).any(axis=1)]
    days = np.log1p(np.abs(sheaf.days[one] - sheaf.days[other]))
    rows.append(np.where(np.isnan(days), _UNDATED, days))
    for k in (1, 0):
        both = sheaf.lengths[one, k], sheaf.lengths[other, k]
        rows += [np.minimum(*both), np.maximum(*both)]
    return rows


def _weigh_fields(counts: Array) -> list[Array]:
    """The weights (float32) of entries in title, beginning, content, whole text, place, title with
    place, and whole text without the place.
    """
    rarity = counts[RARITY] * np.float32(1 / STEPS)
    title = counts[TITLE].astype(np.int16)
    text = rarity * _COUNT_WEIGHT[TITLE_COUNTS * title + counts[BODY]]
    return [
        rarity * _COUNT_WEIGHT[title],
        rarity * _COUNT_WEIGHT[counts[HEAD]],
        rarity * _COUNT_WEIGHT[counts[BODY]],
        text,
        rarity * _COUNT_WEIGHT[counts[PLACE]],
        rarity * _COUNT_WEIGHT[title + counts[PLACE]],
        text * (counts[PLACE] == 0),
    ]


def load_matcher(path: Path | None = None) -> Matcher:
    """The matcher in a file, or the one that comes with the product."""
    source = path or files("triage") / "data" / "matcher.npz"
    with source.open("rb") as file, np.load(file) as stored:
        return Matcher(Forest(**{name: stored[name] for name in Forest.__slots__}))


@cache
def get_matcher() -> Matcher:
    """The matcher that comes with the product, read once."""
    return load_matcher()
