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
from triage.vocabulary import Cut, Laid, cut_up

WIDTH = 64  # of a word's vector
MEANINGS = 2 * WIDTH  # of a text: title and body
_AT_ONCE = 256  # readings whose words' vectors are held at once


@dataclass(frozen=True, slots=True)
class Meanings:
    """`words` as `pack_words` packs them, and their `vectors` (words, WIDTH) int8, the longer the
    rarer the word."""

    words: KeyTable
    vectors: Array

    def find(self, laid: Laid, cut: Cut) -> Array:
        """(documents, MEANINGS) float32 of laid titles and bodies: two vectors of length 1, or of
        none where no word is in the table."""
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
            laid = lay_out_readings(readings[start : start + _AT_ONCE])
            found.append(self.find(laid, cut_up(laid)))
        return np.concatenate(found)


@cache
def load_meanings() -> Meanings:
    """The table that comes with the product."""
    with (files("triage") / "data" / "meanings.npz").open("rb") as file, np.load(file) as stored:
        return Meanings(KeyTable(stored["words"]), stored["vectors"])
