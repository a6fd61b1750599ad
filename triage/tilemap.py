"""A map of divisions without a map: a tile for each, laid out in rows, with what lies in each.

No coordinates are needed, and none are guessed: the tiles stand in the order of their codes, in
which neighbours mostly follow each other.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.divisiontree import Branch, DivisionTree

_MOST = 0.9  # of all; where so much lies in one division, that one is looked into
_WIDE = 1.6  # columns for each row, as a screen is wide


@dataclass(frozen=True, slots=True)
class Tile:
    """A division and where its tile stands, row and column from 0."""

    branch: Branch
    row: int
    column: int


def lay_tiles(branches: Sequence[Branch]) -> tuple[Tile, ...]:
    """A tile for each division, in its order, on a grid about as wide as a screen."""
    columns = max(1, math.ceil(math.sqrt(len(branches) * _WIDE)))
    return tuple(
        Tile(branch, number // columns, number % columns) for number, branch in enumerate(branches)
    )


def choose_top(tree: DivisionTree, counts: Mapping[str, int]) -> str | None:
    """The lowest division below which nearly all lies; None where it is spread over provinces."""
    total = sum(counts.values())
    top: str | None = None
    while total:
        below = tree.list_under(top)
        sums = roll_up(below, counts)
        best = max(below, key=lambda branch: (sums[branch.code], branch.code), default=None)
        if best is None or not best.below or sums[best.code] < _MOST * total:
            break
        top = best.code
    return top


def roll_up(branches: Sequence[Branch], counts: Mapping[str, int]) -> Counter[str]:
    """What lies in each of these divisions and below it, by its code; codes that have been
    abolished count where their digits say."""
    stems = {stem(branch.code): branch.code for branch in branches}
    lengths = sorted({len(one) for one in stems}, reverse=True)
    sums: Counter[str] = Counter()
    for code, count in counts.items():
        for length in lengths:
            if (found := stems.get(code[:length])) is not None:
                sums[found] += count
                break
    return sums


def stem(code: str) -> str:
    """The digits that a division shares with all below it (GB/T 2260)."""
    if len(code) != 6:
        return code
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
