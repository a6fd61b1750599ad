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
from numpy.typing import NDArray

from triage.replies import Forest
from triage.sheaves import (
    BODY,
    FIELDS,
    PLACE,
    PLACE_MASS,
    TITLE,
    TITLE_MASS,
    Sheaf,
    do_all,
    get_rarities,
    is_in,
    weigh_field,
)

Array = NDArray[Any]

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
# The same words about two places are two matters: from this likeness of all but the place on, where
# less than this share of the square of either place's name is told of by the other. Of the pairs
# read by hand that are of one matter none is so, and of those that are not, six.
_SAME_WORDS, _OTHER_PLACE = 0.75, 0.45
_NO_MASS = 1e-5  # of a place that is not named
_RARE, _RARER = 7.0, 8.5
_UNDATED = 4.0  # log of days between two of which one has no date: about two months
_PAIRS = 512  # worked on at once: their numbers stay in the processor's cache
_LAST_RUN = 2**31 - 1


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

    def match(self, sheaf: Sheaf, one: Array, other: Array, *, workers: int = 1) -> Array:
        """The chance (float32) that traces `one` and `other` (numbers) are of one matter, each; 0
        for those that share next to nothing, and for the same words about two places.

        So many threads share the work; the chances are the same for any number.
        """

        def match_part(start: int) -> Array:
            part = slice(start, start + _PAIRS)
            return self._match_few(_share_runs(sheaf, one[part], other[part]))

        found = do_all(match_part, range(0, len(one), _PAIRS), workers=workers)
        return np.concatenate([np.zeros(0, np.float32), *found])

    def _match_few(self, shared: "_Shared") -> Array:
        chances = np.zeros(len(shared.one), np.float32)
        worth = _find_worth(shared)
        chances[worth] = 1 / (1 + np.exp(-self.weigh(_describe(shared.only(worth)))))
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


def describe_pairs(sheaf: Sheaf, one: Array, other: Array) -> Iterator[Array]:
    """(pairs, FEATURES) float32 for the pairs of traces `one` and `other`, a part at a time."""
    for start in range(0, len(one), _PAIRS):
        part = slice(start, start + _PAIRS)
        yield _describe(_share_runs(sheaf, one[part], other[part]))


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """What pairs of traces `one` and `other` of a sheaf share: `many` runs each, one pair after the
    other; of each its number `runs`, and the marks (int64) that it has in either trace."""

    sheaf: Sheaf
    one: Array
    other: Array
    many: Array
    runs: Array
    mine: Array
    theirs: Array

    def only(self, some: Array) -> "_Shared":
        """Those of the pairs for which `some` (bool) holds."""
        keep = np.repeat(some, self.many)
        runs, mine, theirs = self.runs[keep], self.mine[keep], self.theirs[keep]
        one, other, many = self.one[some], self.other[some], self.many[some]
        return _Shared(self.sheaf, one, other, many, runs, mine, theirs)

    def make_sum(self) -> Callable[[Array], Array]:
        """What adds up a value of each shared run for each pair."""
        filled = np.flatnonzero(self.many)
        starts = (np.cumsum(self.many) - self.many)[filled]

        def add_up(values: Array) -> Array:
            total = np.zeros(len(self.many))
            if len(filled):
                total[filled] = np.add.reduceat(values, starts, dtype=np.float64)
            return total

        return add_up


def _share_runs(sheaf: Sheaf, one: Array, other: Array) -> _Shared:
    """What the pairs share."""
    here, mine = _take_runs(sheaf, one)
    there, theirs = _take_runs(sheaf, other)
    # a × (1 + bi) = a + abi: one product tells both places, exactly for so few
    mine.data = np.arange(1, len(here) + 1, dtype=np.complex64)
    theirs.data = np.ones(len(there), np.complex64)
    theirs.data.imag = np.arange(len(there))
    both = mine.multiply(theirs).tocsr()
    first, second = both.data.real, np.rint(both.data.imag / both.data.real)
    here, there = here[first.astype(np.int64) - 1], there[second.astype(np.int64)]
    marks = [sheaf.marks[entries].astype(np.int64) for entries in (here, there)]
    return _Shared(sheaf, one, other, np.diff(both.indptr), sheaf.runs[here], *marks)


def _take_runs(sheaf: Sheaf, traces: Array) -> tuple[Array, Any]:
    """The entries of these traces one after the other, and a matrix with a row for each that holds
    its runs."""
    from scipy.sparse import csr_matrix  # the service starts sooner without it

    starts = sheaf.ends[traces]
    sizes = sheaf.ends[traces + 1] - starts
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    entries = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], sizes)
    shape = (len(traces), _LAST_RUN)
    matrix = csr_matrix((entries, sheaf.runs[entries], ends), shape=shape)
    matrix.has_sorted_indices = True
    matrix.has_canonical_format = True
    return entries, matrix


def _find_worth(shared: _Shared) -> Array:
    """Which pairs are worth a closer look: they share more than next to nothing, in their texts or
    in what they are about, and do not tell the same of two places."""
    mine, theirs = shared.mine, shared.theirs
    size, other_size = shared.sheaf.sizes[shared.one], shared.sheaf.sizes[shared.other]
    rarity = get_rarities(mine)
    squared = rarity * rarity
    add_up = shared.make_sum()

    def compare(field: str, values: Array) -> Array:
        column = FIELDS.index(field)
        alike: Array = add_up(values) / (size[:, column] * other_size[:, column])
        return alike

    text, about = (
        squared * weigh_field(field, mine) * weigh_field(field, theirs)
        for field in ("text", "title_place")
    )
    near = np.maximum(
        compare("text", text), _TITLE_PLACE_SHARE * compare("title_place", about)
    ).astype(np.float32)
    placed = is_in(mine, PLACE), is_in(theirs, PLACE)
    place = FIELDS.index("place")
    alike = compare("elsewhere", text * ~(placed[0] | placed[1]))
    told = np.maximum(
        add_up(squared * (placed[0] & is_in(theirs, TITLE, BODY))) / size[:, place] ** 2,
        add_up(squared * (placed[1] & is_in(mine, TITLE, BODY))) / other_size[:, place] ** 2,
    )
    any_place = (size[:, PLACE_MASS] > _NO_MASS) | (other_size[:, PLACE_MASS] > _NO_MASS)
    apart = (alike >= _SAME_WORDS) & (told < _OTHER_PLACE) & any_place
    worth: Array = (near >= _NEXT_TO_NOTHING) & ~apart
    return worth


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


def _describe(shared: _Shared) -> Array:
    mine, theirs = shared.mine, shared.theirs
    size, other_size = shared.sheaf.sizes[shared.one], shared.sheaf.sizes[shared.other]
    rarity = get_rarities(mine)
    squared = rarity * rarity
    add_up = shared.make_sum()

    fields = [[rarity * weigh_field(field, side) for field in FIELDS] for side in (mine, theirs)]
    title, _, body, text, *_ = range(len(FIELDS))
    rows = [
        add_up(a * b) / (size[:, k] * other_size[:, k])
        for k, (a, b) in enumerate(zip(*fields, strict=True))
    ]
    for k in (text, title):
        # the length of the squared vector is not kept: the plain one serves as well
        rows.append(
            add_up(fields[0][k] * fields[1][k] * squared) / (size[:, k] * other_size[:, k]) / 50
        )
    crossed = (
        add_up(fields[0][title] * fields[1][body]) / (size[:, title] * other_size[:, body]),
        add_up(fields[0][body] * fields[1][title]) / (size[:, body] * other_size[:, title]),
    )
    rows += [np.maximum(*crossed), np.minimum(*crossed)]
    told = [is_in(side, TITLE, BODY) for side in (mine, theirs)]
    named = [is_in(side, TITLE, PLACE) for side in (mine, theirs)]
    for both in (told[0] & told[1], named[0] & named[1]):
        rows += [
            np.log1p(add_up(np.where(both & (rarity >= line), rarity, 0)))
            for line in (_RARE, _RARER)
        ]
    for counted, k in ((PLACE, PLACE_MASS), (TITLE, TITLE_MASS)):
        share = (
            add_up(rarity * (is_in(mine, counted) & told[1])) / size[:, k],
            add_up(rarity * (is_in(theirs, counted) & told[0])) / other_size[:, k],
        )
        rows += [np.maximum(*share), np.minimum(*share)]
    odd = (shared.runs & 1).astype(bool)
    triples = (add_up(odd & named[0] & told[1]), add_up(odd & named[1] & told[0]))
    rows += [np.log1p(np.maximum(*triples)), np.log1p(np.minimum(*triples))]
    rows.append((size[:, PLACE_MASS] > _NO_MASS) & (other_size[:, PLACE_MASS] > _NO_MASS))
    rows += _compare_facts(shared.sheaf, shared.one, shared.other)
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


def load_matcher(path: Path | None = None) -> Matcher:
    """The matcher in a file, or the one that comes with the product."""
    source = path or files("triage") / "data" / "matcher.npz"
    with source.open("rb") as file, np.load(file) as stored:
        return Matcher(Forest(**{name: stored[name] for name in Forest.__slots__}))


@cache
def get_matcher() -> Matcher:
    """The matcher that comes with the product, read once."""
    return load_matcher()
