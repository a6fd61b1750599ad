"""Texts that are near copies of each other, found among many without comparing each with each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rensa import RMinHash

_WIDTH = 5  # characters in a shingle: a changed name or number costs five, a new sentence many
_HASHES = 80
_BANDS = 16  # of five hashes: of texts that share 0.8 of their shingles 998 in 1,000 pairs meet
_ROWS = _HASHES // _BANDS
_KEPT = 8  # texts that a band remembers, so that a thousand equal ones cost a thousand steps
_SEED = 7
_SAID = re.compile("[^0-9A-Za-z\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """Text number `later` shares `similarity` (0 to 1) of its shingles with text `earlier`."""

    later: int
    earlier: int
    similarity: float


def find_copies(texts: Sequence[str], *, similarity: float, length: int = 0) -> Iterator[Copy]:
    """For each text that is a near copy of one before it, the earlier one that is most like it.

    Texts of fewer than `length` letters and characters are left out; punctuation does not count.
    """
    met: list[dict[int, list[int]]] = [{} for _ in range(_BANDS)]
    for number, text in enumerate(texts):
        own = _cut(text, length)
        if not own:
            continue
        sketch = RMinHash(_HASHES, _SEED)
        sketch.update(sorted(own))
        digest = sketch.digest()
        candidates: set[int] = set()
        for band, places in enumerate(met):
            same = places.setdefault(hash(tuple(digest[band * _ROWS : (band + 1) * _ROWS])), [])
            candidates.update(same)
            if len(same) < _KEPT:
                same.append(number)
        # Cut anew when needed: the shingles of all texts would fill the memory.
        likely = ((_share(own, _cut(texts[other], length)), -other) for other in candidates)
        share, earlier = max(likely, default=(0.0, 0))
        if candidates and share >= similarity:
            yield Copy(number, -earlier, round(share, 3))


def measure_likeness(one: str, other: str) -> float:
    """The share of shingles that two texts have in common, 0 to 1."""
    return _share(_cut(one, 0), _cut(other, 0))


def count_said(text: str) -> int:
    """How many letters, digits and Chinese characters a text has."""
    return len(_SAID.sub("", text))


def _cut(text: str, length: int) -> frozenset[str]:
    said = _SAID.sub("", text)
    if not said or len(said) < length:
        return frozenset()
    return frozenset(said[at : at + _WIDTH] for at in range(max(1, len(said) - _WIDTH + 1)))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one | other)
    return len(one & other) / together if together else 0.0
