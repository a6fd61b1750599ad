"""Characters side by side as numbers, so that a whole batch of texts is looked up at once."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIRS = 1 << 17  # so many numbers that a message holds some three pairs by chance
MOST_NUMBERED = 4  # characters of a word that has a number
_LAST_CODE = 0xFFFF
# The bits that a word of so many characters takes; none where they are too many.
_TAKEN = np.array([(1 << 16 * length) - 1 for length in range(MOST_NUMBERED + 1)] + [0], np.uint64)


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
    """(words,) what `number_words` gives of words that stand by themselves, none empty."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    return number_words("".join(words), lengths.cumsum() - lengths, lengths)


def number_words(text: str, begins: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    """The characters of each word packed into 64 bits; 0 where they do not fit.

    `text` is the words of clean text end to end; `begins` and `lengths` (words,) say where each of
    them begins and how long it is, none 0. Those longer than `MOST_NUMBERED`, or with a character
    beyond the basic plane, do not fit.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    ones = np.zeros(len(codes) + MOST_NUMBERED - 1, np.uint64)
    ones[: len(codes)] = codes
    twos = ones[:-1] | ones[1:] << np.uint64(16)
    fours = twos[:-2] | twos[2:] << np.uint64(32)
    numbers: NDArray[Any] = fours.take(begins) & _TAKEN.take(lengths, mode="clip")
    if len(codes) and codes.max() > _LAST_CODE:
        numbers[np.maximum.reduceat(codes, begins) > _LAST_CODE] = 0
    return numbers
