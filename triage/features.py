"""What the models see of a text: how often each character run and each word stands in it.

Four blocks side by side: character runs of length 1-3 and words with word pairs, each for the title
and for the body. A character run is packed into one 64-bit number, so that a whole batch is looked
up at once in a sorted array instead of string by string in a dictionary, and every occurrence keeps
its offset for the evidence (triage/evidence.py).

No term enters a vocabulary that stands in fewer than `min_writers` groups of near-identical texts:
a rule of privacy as much as of statistics.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from triage.numbering import number_words
from triage.text import clean_text
from triage.transcripts import read_speech
from triage.words import cut_words

Array = npt.NDArray[Any]
Matrix: TypeAlias = Any  # Rows, or scipy.sparse.csr_matrix, which comes without types

MOST_READ = 3000  # characters of a body that the models read; the matter stands at the beginning
_SPACE = 32
_LAST_CODE = 0xFFFF
# Runs tell kinds of numbers apart, not numbers, and take letters in one case.
_FOLD = np.arange(_LAST_CODE + 1, dtype=np.uint64)
_FOLD[ord("1") : ord("9") + 1] = ord("0")
_FOLD[ord("A") : ord("Z") + 1] = np.arange(ord("a"), ord("z") + 1)
_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]")
_INDEX = ("_columns", "_short", "_long")  # made anew from the words where they are loaded


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
    """The reading of a title and content as they were sent (any strings, "" too)."""
    clean = clean_text(content)
    return Reading(clean_text(title), clean, read_speech(clean))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where known terms stand: parallel arrays of document, column, start and length."""

    document: Array
    column: Array
    start: Array
    length: Array


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows, as far as scoring needs them: the arrays of a csr_matrix of scipy's, which takes
    long to import."""

    data: Array
    indices: Array
    indptr: Array
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """The known terms of some readings: `found` where they stand, `rows` what they weigh.

    `found` has one part a block, `rows` is (documents, terms), and `place` gives for each
    occurrence, part after part, its place in `rows.data`.
    """

    found: list[Occurrences]
    rows: Rows
    place: Array


class KeyTable:
    """Distinct 64-bit keys in order, and the column of any of them, a whole batch at a time.

    Each key has a home slot; of those that share one, the last lives there and the few others are
    found by binary search. So most look-ups are two array reads, a fifth of the time of a search.
    """

    def __init__(self, keys: Array) -> None:
        self.keys = keys
        self._fill()

    def _fill(self) -> None:
        self._bits = max(4, int(len(self.keys) * 8).bit_length())
        # The column of the key that lives there, inverted where others share its slot.
        self._slots = np.zeros(1 << self._bits, np.int32)
        home, columns = self._home(self.keys), np.arange(len(self.keys), dtype=np.int32)
        self._slots[home] = columns
        self._others = np.flatnonzero(self._slots[home] != columns)
        self._slots[home[self._others]] = ~self._slots[home[self._others]]
        self._other_keys = self.keys[self._others]

    def _home(self, keys: Array) -> Array:
        home: Array = (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - self._bits)
        return home.view(np.int64)

    def __len__(self) -> int:
        return len(self.keys)

    def __getstate__(self) -> Array:
        return self.keys

    def __setstate__(self, state: Array) -> None:
        self.keys = state
        self._fill()

    def look_up(self, keys: Array) -> tuple[Array, Array]:
        """The column of each of `keys` (meaningless where unknown), and which are known."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int32), np.zeros(len(keys), bool)
        slot = self._slots.take(self._home(keys))
        column = slot ^ (slot >> 31)
        known = self.keys.take(column) == keys
        shared = np.flatnonzero((slot < 0) & ~known)
        if len(shared) and len(self._others):
            sought = keys[shared]
            column[shared] = self._others.take(self._other_keys.searchsorted(sought), mode="clip")
            known[shared] = self.keys.take(column[shared]) == sought
        return column, known


class CharacterRuns:
    """Vocabulary of the runs of 1 to 3 characters, as sorted packed numbers."""

    def __init__(self, min_writers: int) -> None:
        self.min_writers = min_writers

    def fit(self, texts: Sequence[str], writers: Sequence[int]) -> "CharacterRuns":
        """Learn the runs that at least `min_writers` distinct writers use."""
        keys, document, _, _ = _pack(texts)
        self.keys_ = KeyTable(_used_by(keys, np.asarray(writers)[document], self.min_writers))
        return self

    def __len__(self) -> int:
        return len(self.keys_)

    def locate(self, texts: Sequence[str]) -> Occurrences:
        """Every occurrence of a known run in each text."""
        keys, document, start, length = _pack(texts)
        column, known = self.keys_.look_up(keys)
        at = np.flatnonzero(known)
        return Occurrences(*(part.take(at) for part in (document, column, start, length)))


class Words:
    """Vocabulary of words and of pairs of neighbouring words."""

    def __init__(self, min_writers: int) -> None:
        self.min_writers = min_writers

    def fit(self, texts: Sequence[str], writers: Sequence[int]) -> "Words":
        """Learn the words and pairs that at least `min_writers` distinct writers use."""
        writer = np.asarray(writers)
        seen: dict[str, set[int]] = {}
        for number, text in zip(writer.tolist(), texts, strict=True):
            for word in set(cut_words(text)):
                if _WORD.search(word):
                    seen.setdefault(word, set()).add(number)
        self.words_ = sorted(word for word, users in seen.items() if len(users) >= self.min_writers)
        self._index()
        found = self._cut(texts)
        pairs, document, _, _ = _pair(found)
        self.pairs_ = KeyTable(_used_by(pairs, writer[document], self.min_writers))
        return self

    def _index(self) -> None:
        """Make the words ready to be found: most by number, the few long ones as they are."""
        lengths = np.fromiter(map(len, self.words_), np.int64, len(self.words_))
        keys = number_words("".join(self.words_), lengths)
        order = np.argsort(keys)
        self._columns = order[np.searchsorted(keys[order], 1) :]
        self._short = KeyTable(keys[self._columns])
        self._long = {self.words_[place]: place for place in np.flatnonzero(keys == 0).tolist()}

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in _INDEX}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._index()

    def __len__(self) -> int:
        return len(self.words_) + len(self.pairs_)

    def locate(self, texts: Sequence[str]) -> Occurrences:
        """Every occurrence of a known word or pair in each text."""
        found = self._cut(texts)
        pairs, document, start, length = _pair(found)
        column, known = self.pairs_.look_up(pairs)
        single = found.column >= 0
        return Occurrences(
            np.concatenate([found.document[single], document[known]]),
            np.concatenate([found.column[single], column[known] + len(self.words_)]),
            np.concatenate([found.start[single], start[known]]),
            np.concatenate([found.length[single], length[known]]),
        )

    def _cut(self, texts: Sequence[str]) -> Occurrences:
        """All words of all texts in order; the column of an unknown one is -1."""
        words: list[str] = []
        counts: list[int] = []
        for text in texts:
            cut = cut_words(text)
            words += cut
            counts.append(len(cut))
        length = np.fromiter(map(len, words), np.int64, len(words))
        keys = number_words("".join(texts), length)
        column, known = self._short.look_up(keys)
        ids = np.full(len(words), -1)
        ids[known] = self._columns[column[known]]
        for place in np.flatnonzero(keys == 0).tolist():
            ids[place] = self._long.get(words[place], -1)
        document = np.repeat(np.arange(len(texts)), counts)
        sizes = np.array([len(text) for text in texts], dtype=np.int64)
        start = np.cumsum(length) - length - np.repeat(np.cumsum(sizes) - sizes, counts)
        return Occurrences(document, ids, start, length)


class Block:
    """One field's counts of one kind of term as tf-idf rows of length 1.

    `field` picks the text out of a reading; `terms` is CharacterRuns or Words.
    """

    def __init__(self, field: str, terms: CharacterRuns | Words) -> None:
        self.field = field
        self.terms = terms

    def fit(self, readings: Sequence[Reading], writers: Sequence[int]) -> "Block":
        """Learn the vocabulary and how rare each term is among the writers."""
        texts = self._texts(readings)
        self.terms.fit(texts, writers)
        found = self.terms.locate(texts)
        pair = np.unique(
            np.asarray(writers)[found.document].astype(np.int64) * len(self.terms) + found.column
        )
        users = np.bincount(pair % len(self.terms), minlength=len(self.terms))
        total = len(set(writers))
        self.idf_ = (np.log((1 + total) / (1 + users)) + 1).astype(np.float32)
        return self

    def _texts(self, readings: Sequence[Reading]) -> list[str]:
        return [getattr(reading, self.field)[:MOST_READ] for reading in readings]

    def locate(self, readings: Sequence[Reading]) -> Occurrences:
        """Every occurrence of a known term in this field of each reading."""
        return self.terms.locate(self._texts(readings))


class TextFeatures:
    """The four blocks side by side: readings in, one sparse row each out."""

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
            Block("title", Words(self.min_writers)),
            Block("body", Words(self.min_writers)),
        ]
        for block in self.blocks_:
            block.fit(readings, writers)
        return self

    def __len__(self) -> int:
        return sum(len(block.terms) for block in self.blocks_)

    @property
    def fields(self) -> list[str]:
        """The field that each block reads, in block order."""
        return [block.field for block in self.blocks_]

    def locate(self, readings: Sequence[Reading]) -> list[Occurrences]:
        """The occurrences of each block, in block order."""
        return [block.locate(readings) for block in self.blocks_]

    def read(self, readings: Sequence[Reading]) -> Terms:
        """The terms of the readings; their rows hold (1 + log count) x idf as float32.

        Each block's part of a row has the length 1/2, `title_scale` times that for a title.
        """
        found = self.locate(readings)
        firsts = np.cumsum([0, *(len(block.terms) for block in self.blocks_)])
        blocks = np.repeat(np.arange(len(found)), [len(part.column) for part in found])
        document = np.concatenate([part.document for part in found])
        column = np.concatenate([part.column for part in found]) + firsts[blocks]
        idf = np.concatenate(
            [block.idf_[part.column] for block, part in zip(self.blocks_, found, strict=True)]
        )
        keys = document * firsts[-1] + column
        order = _sort(keys)
        begins = np.flatnonzero(np.diff(keys.take(order), prepend=-1))
        count = np.diff(begins, append=len(keys))
        place = np.empty(len(keys), np.int64)
        place[order] = np.repeat(np.arange(len(begins)), count)
        term = order.take(begins)
        document, column, block = document.take(term), column.take(term), blocks.take(term)
        data = (1 + np.log(count.astype(np.float32))) * idf.take(term)
        part = document * len(found) + block
        sizes = np.sqrt(np.bincount(part, weights=data**2, minlength=len(readings) * len(found)))
        data /= np.maximum(sizes, 1e-9).take(part).astype(np.float32)
        scales = [self.title_scale if block.field == "title" else 1 for block in self.blocks_]
        data *= (np.array(scales) / 2).astype(np.float32).take(block)
        ends = np.searchsorted(document, np.arange(len(readings) + 1))
        return Terms(found, Rows(data, column, ends, (len(readings), int(firsts[-1]))), place)

    def transform(self, readings: Sequence[Reading]) -> Matrix:
        """The feature rows of `readings`, as a csr_matrix."""
        from scipy.sparse import csr_matrix  # only the trainer needs it

        rows = self.read(readings).rows
        return csr_matrix((rows.data, rows.indices, rows.indptr), shape=rows.shape)


def _pack(texts: Sequence[str]) -> tuple[Array, Array, Array, Array]:
    """All runs of 1-3 characters: packed key, document, start, length in characters of the text.

    Blanks are passed over: the characters on either side of them are neighbours.
    """
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    codes = _FOLD[np.minimum(np.frombuffer(joined, dtype="<u4"), _LAST_CODE)]
    sizes = np.array([len(text) for text in texts], dtype=np.int64)
    document = np.repeat(np.arange(len(texts)), sizes)
    start = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    solid = codes != _SPACE
    codes, document, start = codes[solid], document[solid], start[solid]
    keys, documents, starts, lengths = [codes], [document], [start], [np.ones(len(codes), np.int64)]
    run = codes
    for more in (1, 2):
        if len(codes) <= more:
            break
        run = (run[:-1] << np.uint64(16)) | codes[more:]
        within = document[:-more] == document[more:]
        keys.append(run[within])
        documents.append(document[:-more][within])
        starts.append(start[:-more][within])
        lengths.append((start[more:] - start[:-more])[within] + 1)
    return tuple(np.concatenate(part) for part in (keys, documents, starts, lengths))  # type: ignore[return-value]  # four lists, four arrays


def _sort(keys: Array) -> Array:
    """The places of the numbers in rising order: as `np.argsort`, in half the time."""
    shift = len(keys).bit_length()
    if len(keys) and int(keys.max()) >> (63 - shift):
        return np.argsort(keys)
    return np.sort(keys << shift | np.arange(len(keys))) & ((1 << shift) - 1)


def _pair(found: Occurrences) -> tuple[Array, Array, Array, Array]:
    """Neighbouring known words as packed key, document, start, length."""
    if len(found.column) < 2:
        none = np.zeros(0, np.int64)
        return none.astype(np.uint64), none, none, none
    left, right = found.column[:-1], found.column[1:]
    both = (left >= 0) & (right >= 0) & (found.document[:-1] == found.document[1:])
    keys = (left[both].astype(np.uint64) << np.uint64(32)) | right[both].astype(np.uint64)
    length = (found.start[1:] + found.length[1:] - found.start[:-1])[both]
    return keys, found.document[:-1][both], found.start[:-1][both], length


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
