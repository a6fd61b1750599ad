"""Texts that are near copies of each other, found among many without comparing each with each.

A text is cut into runs of a few characters (片段); two texts are as alike as the share of runs that
they have in common. A MinHash of the runs, cut into bands, gives a handful of keys: of texts that
are much alike some keys agree, so the others need never be looked at.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

Runs = frozenset[str]
Array = NDArray[Any]

_WIDTH = 5  # characters in a run: a changed name or number costs five, a new sentence many
_BANDS, _ROWS = 16, 5  # of texts that share 0.8 of their runs 998 in 1,000 pairs meet
_CHUNK = 64  # texts whose keys are made together
_KEPT = 8  # texts that a band remembers, so that a thousand equal ones cost a thousand steps
_SEED = 7
_SAID = re.compile("[0-9A-Za-z\u4e00-\u9fff]+")
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


@dataclass(frozen=True, slots=True)
class Copy:
    """Text number `later` shares `similarity` (0 to 1) of its runs with text `earlier`."""

    later: int
    earlier: int
    similarity: float


def find_copies(texts: Sequence[str], *, similarity: float, length: int = 0) -> Iterator[Copy]:
    """For each text that is a near copy of one before it, the earlier one that is most like it.

    Texts of fewer than `length` letters and characters are left out; punctuation does not count.
    """
    keys, said = _list_all_keys(texts, length)
    # Most keys are one text's own and lead nowhere: of a hundred thousand texts, a million of them.
    every = np.sort(keys[said], axis=None)
    shared = set(every[1:][every[1:] == every[:-1]].tolist())
    met: dict[int, list[int]] = {}
    for number in np.flatnonzero(said).tolist():
        candidates: set[int] = set()
        for key in shared.intersection(keys[number].tolist()):
            same = met.setdefault(key, [])
            candidates.update(same)
            if len(same) < _KEPT:
                same.append(number)
        if not candidates:
            continue
        # Cut anew when needed: the runs of all texts would fill the memory.
        own = _cut(texts[number], length)
        likely = ((measure_share(own, _cut(texts[other], length)), -other) for other in candidates)
        share, earlier = max(likely)
        if share >= similarity:
            yield Copy(number, -earlier, round(share, 3))


def _list_all_keys(texts: Sequence[str], length: int) -> tuple[Array, Array]:
    """The keys (texts, bands) of all texts, and which of them (texts,) say enough to have any."""
    keys = np.zeros((len(texts), _BANDS), np.int64)
    said = np.zeros(len(texts), bool)
    for start in range(0, len(texts), _CHUNK):
        runs = [_cut(text, length) for text in texts[start : start + _CHUNK]]
        found = list_keys_of_each(runs, bands=_BANDS, rows=_ROWS)
        for number, own in enumerate(found, start):
            if own:
                keys[number], said[number] = own, True
    return keys, said


def measure_likeness(one: str, other: str) -> float:
    """The share of runs that two texts have in common, 0 to 1."""
    return measure_share(cut_runs(one, _WIDTH), cut_runs(other, _WIDTH))


def list_said(text: str) -> str:
    """The letters, digits and Chinese characters of a text, without all that stands between."""
    return "".join(_SAID.findall(text))


def count_said(text: str) -> int:
    """How many letters, digits and Chinese characters a text has."""
    return len(list_said(text))


def cut_runs(text: str, width: int) -> Runs:
    """The runs of `width` characters of what is said; of a shorter text the whole is one."""
    return cut_said(list_said(text), width)


def cut_said(said: str, width: int) -> Runs:
    """As `cut_runs`, of what `list_said` gave."""
    if len(said) <= width:
        return frozenset((said,)) if said else frozenset()
    # As an array that steps a character (four bytes) at a time: half the time of cutting each.
    every = np.ndarray(len(said) - width + 1, f"<U{width}", said.encode("utf-32-le"), strides=4)
    return frozenset(every.tolist())


def measure_share(one: Runs, other: Runs) -> float:
    """The share of runs that two texts have in common (Jaccard), 0 to 1."""
    common = len(one & other)
    together = len(one) + len(other) - common
    return common / together if together else 0.0


def list_keys(runs: Runs, *, bands: int, rows: int) -> tuple[int, ...]:
    """One signed 64-bit number for each band of `rows` hashes; none where there are no runs.

    The same runs give the same keys in every process, so that they can be kept: of two texts that
    share s of their runs a band agrees with the chance s ** rows.
    """
    return list_keys_of_each([runs], bands=bands, rows=rows)[0]


def list_keys_of_each(texts: Sequence[Runs], *, bands: int, rows: int) -> list[tuple[int, ...]]:
    """`list_keys` for many texts, at a third of the time for each."""
    digests = [_digest(runs, bands * rows) for runs in texts if runs]
    # Multiply and fold, as hash tables do: chance decides, no adversary does.
    columns = np.array(digests, np.uint64).reshape(len(digests), bands, rows)
    keys = np.arange(1, bands + 1, dtype=np.uint64) * _MIX[0]
    for row in range(rows):
        keys = (keys ^ columns[:, :, row]) * _MIX[1]
        keys ^= keys >> np.uint64(29)
    keys *= _MIX[2]
    keys ^= keys >> np.uint64(32)
    told = iter(keys.view(np.int64).tolist())
    return [tuple(next(told)) if runs else () for runs in texts]


def _digest(runs: Runs, size: int) -> list[int]:
    sketch = RMinHash(size, _SEED)
    sketch.update(list(runs))
    digest: list[int] = sketch.digest()
    return digest


def _cut(text: str, length: int) -> Runs:
    return frozenset() if count_said(text) < length else cut_runs(text, _WIDTH)
