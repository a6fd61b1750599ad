"""What the words of a text mean, also where the models met few texts that hold them.

A table of vectors for words of the general dictionary, from a multilingual sentence encoder (see
`training.meanings`): words of like meaning lie in like directions. The sum over a title's words,
and that over a body's, tell the networks what a text is about when its own terms are rare.

The text is not cut into words: what stands in the table counts wherever it is found, but inside a
longer word. To cut took three times as long and told the networks no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from triage.features import Array, Reading
from triage.keytable import KeyTable
from triage.numbering import number_runs
from triage.vocabulary import Laid, lay_out

WIDTH = 64  # of a word's vector
MEANINGS = 2 * WIDTH  # of a text: title and body
BEGINNING = 300  # characters of a text: by then it is told what it is about
_AT_ONCE = 256  # readings whose words' vectors are held at once


@dataclass(frozen=True, slots=True)
class Meanings:
    """`words` of one to four characters as `pack_words` packs them, and their `vectors` (words,
    WIDTH) int8, the longer the rarer the word."""

    words: KeyTable
    vectors: Array

    def read(self, readings: Sequence[Reading]) -> Array:
        """(documents, MEANINGS) float32 of titles and the beginnings of bodies: two vectors of
        length 1, or of none where no word is in the table."""
        found = [np.zeros((0, MEANINGS), np.float32)]
        for start in range(0, len(readings), _AT_ONCE):
            found.append(self._find(lay_out_beginnings(readings[start : start + _AT_ONCE])))
        return np.concatenate(found)

    def _find(self, laid: Laid) -> Array:
        sums = np.zeros((len(laid.sizes), WIDTH), np.float32)
        for column, text in find_words(laid, self.words):
            first = np.diff(text, prepend=-1).nonzero()[0]
            vectors = self.vectors.take(column, axis=0).astype(np.float32)
            sums[text.take(first)] += np.add.reduceat(vectors, first, axis=0)
        sums /= np.maximum(np.sqrt((sums**2).sum(axis=1, keepdims=True)), 1)
        return np.concatenate(np.split(sums, 2), axis=1)


def lay_out_beginnings(readings: Sequence[Reading]) -> Laid:
    """The beginnings of titles and bodies end to end: where their words are looked for."""
    return lay_out([r.title[:BEGINNING] for r in readings], [r.body[:BEGINNING] for r in readings])


def find_words(laid: Laid, words: KeyTable) -> Iterator[tuple[Array, Array]]:
    """For each length, the longest first, the columns of the words found and the numbers of their
    texts among the laid ones (titles, then bodies), which rise.

    A word inside a longer one that is found does not count.
    """
    ends = laid.sizes.cumsum()
    inside = np.zeros(len(laid.text), bool)  # a longer one, where the run begins at this place
    for runs in number_runs(laid.text)[::-1]:
        column, known = words.look_up(runs)
        places = (known & ~inside[: len(runs)]).nonzero()[0]
        if len(places):
            yield column.take(places), ends.searchsorted(places, side="right")
            inside[places] = True
        inside[1:] |= inside[:-1]  # the next are shorter: one more fits inside


@cache
def load_meanings() -> Meanings:
    """The table that comes with the product."""
    with (files("triage") / "data" / "meanings.npz").open("rb") as file, np.load(file) as stored:
        return Meanings(KeyTable(stored["words"]), stored["vectors"])
