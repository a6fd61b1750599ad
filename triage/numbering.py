"""Characters side by side as numbers, so that a whole batch of texts is looked up at once."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIRS = 1 << 17  # so many numbers that a message holds some three pairs by chance
MOST_NUMBERED = 4  # characters of a word that has a number
_LAST_CODE = 0xFFFF


def number_pairs(text: str) -> NDArray[Any]:
    """A number below `PAIRS` for each pair of neighbouring characters; others may share it."""
    codes = text.encode("utf-32-le", "surrogatepass")
    pairs: NDArray[Any] = np.ndarray(max(len(text) - 1, 0), np.uint64, codes, strides=4)
    mixed = pairs * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(65 - PAIRS.bit_length())).view(np.int64)


def mark_pairs(pairs: Iterable[str]) -> NDArray[Any]:
    """(`PAIRS`,) bool: the numbers of these pairs, for `find_pairs`."""
    marked = np.zeros(PAIRS, bool)
    marked[number_pairs("".join(pairs))[::2]] = True
    return marked


def find_pairs(texts: Sequence[str], marked: NDArray[Any]) -> list[list[int]]:
    """Where in each text a marked pair of characters begins, in order; a few are chance hits."""
    found = marked.take(number_pairs("\n".join(texts))).nonzero()[0].tolist()
    places: list[list[int]] = []
    begin = first = 0
    for text in texts:
        end = begin + len(text) + 1
        last = bisect_left(found, end, first)
        places.append([place - begin for place in found[first:last]])
        begin, first = end, last
    return places


def pack_words(words: Sequence[str]) -> NDArray[Any]:
    """(words,) the characters of each packed into 64 bits; 0 where they do not fit.

    Words longer than `MOST_NUMBERED`, or with a character beyond the basic plane, do not fit.
    """
    return np.array([_pack(word) for word in words], np.uint64)


def _pack(word: str) -> int:
    if len(word) > MOST_NUMBERED or max(map(ord, word), default=0) >= _LAST_CODE:
        return 0
    return sum(ord(char) << 16 * place for place, char in enumerate(word))


def number_runs(text: str) -> list[NDArray[Any]]:
    """For each length from 1 to `MOST_NUMBERED` what `pack_words` gives of the runs of so many
    characters, in the order in which they begin; no word's where one does not fit."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    np.minimum(codes, _LAST_CODE, out=codes)  # which is no character's
    runs = [codes]
    for length in range(1, MOST_NUMBERED):
        runs.append(runs[-1][:-1] | codes[length:] << np.uint64(16 * length))
    return runs
