"""What the models see of a text: how often each character run stands in it.

Two blocks side by side: the character runs of length 1-3 of the title and those of the body
(triage/vocabulary.py finds them). Every occurrence keeps its place in the text for the evidence
(triage/evidence.py).

No term enters a vocabulary that stands in fewer than `min_writers` groups of near-identical texts:
a rule of privacy as much as of statistics.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from triage.headings import says_nothing
from triage.keytable import KeyTable
from triage.text import clean_text
from triage.transcripts import read_speech
from triage.vocabulary import Laid, Occurrences, Vocabulary, lay_out, pack_runs

Array = npt.NDArray[Any]
Matrix: TypeAlias = Any  # Rows, or scipy.sparse.csr_matrix, which comes without types

MOST_READ = 3000  # characters of a body that the models read; the matter stands at the beginning
_COUNTED = 1 + np.log(np.arange(MOST_READ + 1, dtype=np.float32).clip(1))  # by how often it stands
_EVEN = 0.5**0.5  # the length of a body's part: a row is of length 1 at most
_FITTED = 1024  # readings looked through at once when the terms' rarity is learnt


@dataclass(frozen=True, slots=True)
class Reading:
    """A submission as the models read it: clean text, offsets as in what was sent.

    `body` is the content with all that is not the submitter's own matter (an operator's turns,
    courtesies) blank.
    """

    title: str
    content: str
    body: str


def read_text(title: str, content: str) -> Reading:
    """The reading of a title and content as they were sent (any strings, "" too).

    A title that says nothing (问题反映) is read as none: whoever must fill in that field writes it
    over a gas leak as well, and a model that knows it from letters would be misled.
    """
    heading, clean = clean_text(title), clean_text(content)
    if clean and says_nothing(heading):
        heading = ""
    return Reading(heading, clean, read_speech(clean))


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows, as far as scoring needs them: the arrays of a csr_matrix of scipy's, which takes
    long to import.

    `read` is what was read to score them, for who weighs their terms next.
    """

    data: Array
    indices: Array
    indptr: Array
    shape: tuple[int, int]
    read: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """The known terms of some readings: `found` where they stand, `rows` what they weigh.

    `laid` is the text in which they were found, `rows` is (documents, terms), and `document` whose
    row each place in `rows.data` belongs to. `place` gives for each occurrence its place there, and
    `counts` for each place how often it occurs.
    """

    laid: Laid
    found: Occurrences
    rows: Rows
    document: Array
    place: Array
    counts: Array


class CharacterRuns:
    """Vocabulary of the runs of 1 to 3 characters, as sorted packed numbers."""

    def __init__(self, min_writers: int) -> None:
        self.min_writers = min_writers

    def fit(self, texts: Sequence[str], writers: Sequence[int]) -> "CharacterRuns":
        """Learn the runs that at least `min_writers` distinct writers use."""
        laid = lay_out(texts, ())
        keys, starts, ends = pack_runs(laid)
        breaks = np.cumsum(laid.sizes) - 1
        document = breaks.searchsorted(starts)
        inside = ends <= breaks[document]
        self.keys_ = KeyTable(
            _used_by(keys[inside], np.asarray(writers)[document[inside]], self.min_writers)
        )
        return self

    def __len__(self) -> int:
        return len(self.keys_)


class Block:
    """One field's counts of its terms, which become tf-idf rows of length 1.

    `field` picks the text out of a reading; `idf_` says how rare each term is among the writers.
    """

    def __init__(self, field: str, terms: CharacterRuns) -> None:
        self.field = field
        self.terms = terms
        self.idf_: Array = np.zeros(0, np.float32)


class TextFeatures:
    """The two blocks side by side: readings in, one sparse row each out."""

    def __init__(
        self, *, min_writers: int = 5, min_body_runs: int = 10, title_scale: float = 0.7
    ) -> None:
        self.min_writers = min_writers
        self.min_body_runs = min_body_runs
        self.title_scale = title_scale

    def fit(self, readings: Sequence[Reading], writers: Sequence[int]) -> "TextFeatures":
        """Learn the vocabularies; `writers` numbers the group of near-identical texts of each."""
        self.blocks_ = [
            Block("title", CharacterRuns(self.min_writers)),
            Block("body", CharacterRuns(self.min_body_runs)),
        ]
        for block in self.blocks_:
            block.terms.fit(_list_texts(readings, block.field), writers)
        self._index()
        pair = np.unique(np.concatenate([*self._pair_writers(readings, np.asarray(writers))]))
        users = np.bincount(pair % max(len(self), 1), minlength=len(self))
        total = len(set(writers))
        idf = (np.log((1 + total) / (1 + users)) + 1).astype(np.float32)
        for block, part in zip(self.blocks_, np.split(idf, self._ends[:-1]), strict=True):
            block.idf_ = part
        self._index()
        return self

    def keep(self, telling: Array) -> "TextFeatures":
        """Forget all terms but those of the mask `telling` (terms,)."""
        parts = np.split(telling, self._ends[:-1])
        for block, kept in zip(self.blocks_, parts, strict=True):
            block.terms.keys_ = KeyTable(block.terms.keys_.keys[kept])
            block.idf_ = block.idf_[kept]
        self._index()
        return self

    def _pair_writers(self, readings: Sequence[Reading], writers: Array) -> Iterator[Array]:
        """Who uses which term, as one number for each pair of them, some readings at a time."""
        for start in range(0, len(readings), _FITTED):
            some = slice(start, start + _FITTED)
            laid, found = self.locate(readings[some])
            writer = np.repeat(np.tile(writers[some], 2), laid.sizes).take(found.start)
            yield np.unique(writer.astype(np.int64) * len(self) + found.column)

    def _index(self) -> None:
        """Make the blocks ready to be read as one."""
        self._vocabulary = Vocabulary(*(block.terms.keys_ for block in self.blocks_))
        sizes = [len(block.terms) for block in self.blocks_]
        self._ends = np.cumsum(sizes)
        self._block = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)  # of each term
        self._idf = np.concatenate([block.idf_ for block in self.blocks_])
        scales = [self.title_scale if block.field == "title" else 1 for block in self.blocks_]
        self._scales = (np.array(scales) * _EVEN).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "blocks_" in state:
            self._index()

    def __len__(self) -> int:
        return sum(len(block.terms) for block in self.blocks_)

    def locate(self, readings: Sequence[Reading]) -> tuple[Laid, Occurrences]:
        """The texts of the readings end to end, and every occurrence of a known term in them."""
        laid = lay_out(_list_texts(readings, "title"), _list_texts(readings, "body"))
        return laid, self._vocabulary.find(laid)

    def read(self, readings: Sequence[Reading]) -> Terms:
        """The terms of the readings; their rows hold (1 + log count) x idf as float32.

        The body's part of a row has the length √½, the title's `title_scale` times that.
        """
        laid, found = self.locate(readings)
        documents, size = len(readings), int(self._ends[-1])
        every = np.array([*range(documents)] * 2, np.int64)
        document = every.repeat(laid.sizes).take(found.start)
        keys, order = _sort(document * size + found.column, below=documents * size)
        new = np.empty(len(keys) + 1, bool)
        new[0] = new[-1] = True  # the end is as good as a new one
        np.not_equal(keys[1:], keys[:-1], out=new[1:-1])
        begins = new.nonzero()[0]
        counts = begins[1:] - begins[:-1]
        place = np.empty(len(keys), np.int64)
        place[order] = np.arange(len(counts)).repeat(counts)
        first = order.take(begins[:-1])
        document, column = document.take(first), found.column.take(first)
        block = self._block.take(column)
        data = _COUNTED.take(counts) * self._idf.take(column)
        blocks = len(self.blocks_)
        part = document * blocks + block
        lengths = np.sqrt(np.bincount(part, weights=data**2, minlength=documents * blocks))
        data /= np.maximum(lengths, 1e-9).take(part).astype(np.float32)
        data *= self._scales.take(block)
        ends = document.searchsorted(np.arange(documents + 1))
        rows = Rows(data, column, ends, (documents, size))
        return Terms(laid, found, rows, document, place, counts)

    def transform(self, readings: Sequence[Reading]) -> Matrix:
        """The feature rows of `readings`, as a csr_matrix."""
        from scipy.sparse import csr_matrix  # only the trainer needs it

        rows = self.read(readings).rows
        return csr_matrix((rows.data, rows.indices, rows.indptr), shape=rows.shape)


def _list_texts(readings: Sequence[Reading], field: str) -> list[str]:
    return [getattr(reading, field)[:MOST_READ] for reading in readings]


def _sort(keys: Array, *, below: int) -> tuple[Array, Array]:
    """The numbers, all less than `below`, in rising order, and the places that they came from."""
    shift = len(keys).bit_length()
    if below >> (63 - shift):
        order = np.argsort(keys)
        return keys[order], order
    # With its place behind it each number is sorted in half the time.
    placed = keys << shift | np.arange(len(keys))
    placed.sort()
    return placed >> shift, placed & ((1 << shift) - 1)


def _used_by(keys: Array, writers: Array, least: int) -> Array:
    """The sorted keys that at least `least` distinct writers use."""
    order = np.lexsort((writers, keys))
    keys, writers = keys[order], writers[order]
    new_key = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, bool)
    new_pair = new_key.copy()
    new_pair[1:] |= writers[1:] != writers[:-1]
    distinct = keys[new_key]
    counts = np.bincount(np.cumsum(new_key)[new_pair] - 1, minlength=len(distinct))
    used: Array = distinct[counts >= least]
    return used
