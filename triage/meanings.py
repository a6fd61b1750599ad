"""What the words of a text mean, also where the models met few texts that hold them.

A table of vectors for words of the general dictionary, from a multilingual sentence encoder (see
`training.meanings`): words of like meaning lie in like directions. The sum over a title's words,
and that over a body's, tell the networks what a text is about when its own terms are rare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from triage.features import Array, Reading, lay_out_readings
from triage.keytable import KeyTable
from triage.numbering import number_words
from triage.vocabulary import Laid
from triage.words import cut_words

WIDTH = 64  # of a word's vector
MEANINGS = 2 * WIDTH  # of a text: title and body
_AT_ONCE = 256  # readings whose words' vectors are held at once


@dataclass(frozen=True, slots=True)
class Cut:
    """The words of a laid text, in order: packed `keys` (0 where they do not fit), where each
    begins and the `words` themselves."""

    keys: Array
    begins: Array
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Meanings:
    """`words` as `pack_words` packs them, and their `vectors` (words, WIDTH) int8, the longer the
    rarer the word."""

    words: KeyTable
    vectors: Array

    def find(self, laid: Laid) -> Array:
        """(documents, MEANINGS) float32 of laid titles and bodies: two vectors of length 1, or of
        none where no word is in the table."""
        cut = cut_up(laid)
        column, known = self.words.look_up(cut.keys)
        places = known.nonzero()[0]
        text = laid.sizes.cumsum().searchsorted(cut.begins.take(places), side="right")
        first = np.diff(text, prepend=-1).nonzero()[0]
        sums = np.zeros((len(laid.sizes), WIDTH), np.float32)
        if len(places):
            vectors = self.vectors.take(column.take(places), axis=0).astype(np.float32)
            sums[text.take(first)] = np.add.reduceat(vectors, first, axis=0)
        sums /= np.maximum(np.sqrt((sums**2).sum(axis=1, keepdims=True)), 1)
        return np.concatenate(np.split(sums, 2), axis=1)

    def read(self, readings: Sequence[Reading]) -> Array:
        """The same of readings whose words are not cut yet."""
        found = [np.zeros((0, MEANINGS), np.float32)]
        for start in range(0, len(readings), _AT_ONCE):
            found.append(self.find(lay_out_readings(readings[start : start + _AT_ONCE])))
        return np.concatenate(found)


def cut_up(laid: Laid) -> Cut:
    """The words of the laid text."""
    words = cut_words(laid.text)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    begins = lengths.cumsum()
    begins -= lengths
    return Cut(number_words(laid.text, begins, lengths), begins, words)


@cache
def load_meanings() -> Meanings:
    """The table that comes with the product."""
    with (files("triage") / "data" / "meanings.npz").open("rb") as file, np.load(file) as stored:
        return Meanings(KeyTable(stored["words"]), stored["vectors"])
