"""The words and character runs that the models know, found in titles and bodies at once.

Texts lie end to end, all titles before all bodies, a line break after each: clean text holds none
itself, so nothing that is known reaches over one. A character run is packed into one 64-bit number,
and so are a word and a pair of words: a whole batch is looked up at once in one table
(triage/keytable.py) instead of string by string in a dictionary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from triage.keytable import KeyTable
from triage.numbering import number_words, pack_words
from triage.words import cut_words

Array = npt.NDArray[Any]

BREAK = "\n"
_SPACE = 32
_LAST_CODE = 0xFFFF
_LENGTHS = (1, 2, 3)  # characters of a run
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
class Cut:
    """The words of a laid text, in order: packed `keys` (0 where they do not fit), where each
    begins, its length and the `words` themselves."""

    keys: Array
    begins: Array
    lengths: Array
    words: Sequence[str]


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


def cut_up(laid: Laid) -> Cut:
    """The words of the laid text."""
    words = cut_words(laid.text)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    begins = lengths.cumsum()
    begins -= lengths
    return Cut(number_words(laid.text, begins, lengths), begins, lengths, words)


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


def pair_words(numbers: Array) -> tuple[Array, Array]:
    """Neighbouring known words (not -1) as packed keys, and where the first of each stands."""
    first, second = numbers[:-1], numbers[1:]
    places = ((first | second) >= 0).nonzero()[0]
    return (first.take(places) << 32 | second.take(places)).view(np.uint64), places


class Vocabulary:
    """The known terms of titles and of bodies, ready to be found.

    Columns: the runs of titles, those of bodies, the words and then the pairs of words of titles,
    those of bodies. Words are numbered through, those of titles before those of bodies.
    """

    def __init__(
        self, runs: Sequence[KeyTable], words: Sequence[Sequence[str]], pairs: Sequence[KeyTable]
    ) -> None:
        of_titles, of_bodies = (table.keys for table in runs)
        self._runs = KeyTable(np.concatenate((of_titles, of_bodies | _OF_BODIES)))
        sizes = [len(self._runs), len(words[0]), len(pairs[0]), len(words[1]), len(pairs[1])]
        ends = np.cumsum(sizes)
        # Of all words, then of all pairs of words.
        self._columns = np.concatenate([np.arange(ends[at - 1], ends[at]) for at in (1, 3, 2, 4)])
        self._words_count = sizes[1] + sizes[3]
        shift = len(words[0]) << 32 | len(words[0])
        of_titles, of_bodies = (table.keys for table in pairs)
        self._pairs = KeyTable(np.concatenate((of_titles, of_bodies + np.uint64(shift))))
        self._index(words)

    def _index(self, words: Sequence[Sequence[str]]) -> None:
        """Make the words ready to be found: most by number, the few long ones as they are."""
        every = [*chain(*words)]
        keys = pack_words(every)
        fields = slice(len(words[0])), slice(len(words[0]), None)
        self._words = KeyTable(np.unique(keys[keys > 0]))
        # (2, words + 1) the number of each among titles and bodies; the last is unknown.
        self._numbers = np.full((2, len(self._words) + 1), -1)
        self._long: tuple[dict[str, int], ...] = ({}, {})
        for numbers, long, field in zip(self._numbers, self._long, fields, strict=True):
            known = np.arange(len(every))[field]
            numbers[self._words.look_up(keys[field])[0][keys[field] > 0]] = known[keys[field] > 0]
            long |= {every[number]: number for number in known[keys[field] == 0].tolist()}

    def find(self, laid: Laid, cut: Cut) -> Occurrences:
        """Every occurrence of a known term in the laid text, of which `cut` are the words."""
        keys, starts, ends = pack_runs(laid)
        column, known = self._runs.look_up(keys)
        run = known.nonzero()[0]
        run_starts = starts.take(run)
        numbers, begins, lengths = self._number(laid, cut), cut.begins, cut.lengths
        word = (numbers >= 0).nonzero()[0]
        pair_keys, places = pair_words(numbers)
        pair_column, known = self._pairs.look_up(pair_keys)
        pair = known.nonzero()[0]
        first = places.take(pair)
        words = np.concatenate((numbers.take(word), pair_column.take(pair) + self._words_count))
        return Occurrences(
            np.concatenate((column.take(run), self._columns.take(words))),
            np.concatenate((run_starts, begins.take(word), begins.take(first))),
            np.concatenate(
                (
                    ends.take(run) - run_starts,
                    lengths.take(word),
                    lengths.take(first) + lengths.take(first + 1),
                )
            ),
        )

    def _number(self, laid: Laid, cut: Cut) -> Array:
        """The number of each word; that of an unknown one is -1."""
        column, known = self._words.look_up(cut.keys)
        column = np.where(known, column, len(self._words))
        first = int(cut.begins.searchsorted(laid.bodies))
        column[first:] += self._numbers.shape[1]
        numbers = self._numbers.take(column)
        for place in (cut.keys == 0).nonzero()[0].tolist():
            numbers[place] = self._long[place >= first].get(cut.words[place], -1)
        return numbers
