"""The character runs that the models know, found in titles and bodies at once.

Texts lie end to end, all titles before all bodies, a line break after each: clean text holds none
itself, so nothing that is known reaches over one. A character run is packed into one 64-bit number:
a whole batch is looked up at once in one table (triage/keytable.py) instead of string by string.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from triage.keytable import KeyTable

Array = npt.NDArray[Any]

BREAK = "\n"
_SPACE = 32
_LAST_CODE = 0xFFFF
_OF_BODIES = np.uint64(1 << 48)  # marks the runs of bodies, which are another vocabulary
# Runs tell kinds of numbers apart, not numbers, and take letters in one case.
_FOLD = np.arange(_LAST_CODE + 1, dtype=np.uint64)
_FOLD[ord("1") : ord("9") + 1] = ord("0")
_FOLD[ord("A") : ord("Z") + 1] = np.arange(ord("a"), ord("z") + 1)


@dataclass(frozen=True, slots=True)
class Laid:
    """Texts end to end: `sizes` of each with its line break, `bodies` where the bodies begin."""

    text: str
    sizes: Array
    bodies: int


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where known terms stand: parallel arrays of column, start in the laid text and length."""

    column: Array
    start: Array
    length: Array


def lay_out(titles: Sequence[str], bodies: Sequence[str]) -> Laid:
    """The texts end to end, those of `titles` first."""
    texts = [*titles, *bodies]
    sizes = np.array([len(text) + 1 for text in texts], np.int64)
    return Laid(BREAK.join([*texts, ""]), sizes, sum(map(len, titles)) + len(titles))


def pack_runs(laid: Laid) -> tuple[Array, Array, Array]:
    """All runs of 1-3 characters: packed key, start, end.

    Blanks are passed over: the characters on either side of them are neighbours. Those that reach
    over a line break are among them.
    """
    codes = np.frombuffer(laid.text.encode("utf-32-le", "surrogatepass"), "<u4")
    folded = _FOLD.take(codes, mode="clip")
    places = (folded != _SPACE).nonzero()[0]
    ones = folded.take(places)
    ones[places.searchsorted(laid.bodies) :] |= _OF_BODIES
    twos = ones[:-1] << np.uint64(16) | ones[1:]
    threes = twos[:-1] << np.uint64(16) | ones[2:]
    starts = np.concatenate((places, places[:-1], places[:-2]))
    ends = np.concatenate((places, places[1:], places[2:]))
    ends += 1
    return np.concatenate((ones, twos, threes)), starts, ends


class Vocabulary:
    """The known runs of titles and of bodies, ready to be found.

    Columns: the runs of titles, then those of bodies, each in the order of its table.
    """

    def __init__(self, of_titles: KeyTable, of_bodies: KeyTable) -> None:
        self._runs = KeyTable(np.concatenate((of_titles.keys, of_bodies.keys | _OF_BODIES)))

    def find(self, laid: Laid) -> Occurrences:
        """Every occurrence of a known run in the laid text."""
        keys, starts, ends = pack_runs(laid)
        column, known = self._runs.look_up(keys)
        run = known.nonzero()[0]
        start = starts.take(run)
        return Occurrences(column.take(run), start, ends.take(run) - start)
