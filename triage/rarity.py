"""How rare the runs of two and three characters are, known beforehand as figures.

What a text shares with another says the more the fewer people use it. A new submission must be
placed without a pass over all others, so the counts come with the product: fitted by `python -m
training problems fit` on masked texts, and holding no run that fewer than five writers used. A run
is a hashed number; a run that is not in the table is as rare as can be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STEPS = 16  # of a stored weight: 1.0 is sixteen
_LAST_CODE = 0xFFFF
_MIX = np.uint64(0x9E3779B97F4A7C15)
# Letters in one case; figures stay, for a house or a bus line is told from the next by its number.
_FOLD = np.arange(_LAST_CODE + 1, dtype=np.uint64)
_FOLD[ord("A") : ord("Z") + 1] = np.arange(ord("a"), ord("z") + 1)
_SAID = np.zeros(_LAST_CODE + 1, bool)
_SAID[0x4E00:0xA000] = True
for _first, _last in (("0", "9"), ("a", "z")):
    _SAID[ord(_first) : ord(_last) + 1] = True


@dataclass(frozen=True, slots=True)
class Rarity:
    """The weights of known runs: `runs` sorted int32, `weights` uint8 beside them in `STEPS`.

    `unknown` is the weight of any other run.
    """

    runs: Array
    weights: Array
    unknown: int

    def weigh(self, runs: Array) -> Array:
        """The weight of each of `runs` in steps (uint8)."""
        place = np.searchsorted(self.runs, runs)
        np.minimum(place, len(self.runs) - 1, out=place)
        known = self.runs[place] == runs
        return np.where(known, self.weights[place], np.uint8(self.unknown))


def load_rarity(path: Path | None = None) -> Rarity:
    """The table in a file, or the one that comes with the product."""
    source = path or files("triage") / "data" / "runs.npz"
    with source.open("rb") as file, np.load(file) as stored:
        runs = np.cumsum(stored["gaps"].astype(np.int64)).astype(np.int32)
        return Rarity(runs, stored["weights"], int(stored["unknown"]))


@cache
def get_rarity() -> Rarity:
    """The table that comes with the product, read once."""
    return load_rarity()


def cut_runs(texts: Sequence[str]) -> tuple[Array, Array]:
    """All runs of two and three characters of clean texts: hashed run (int32, not negative; odd
    where it has three characters), and the number of its text.

    Only letters, figures and Chinese characters count; a run crosses neither a blank nor a mark.
    """
    joined = " ".join(texts).encode("utf-32-le", "surrogatepass")
    codes = _FOLD[np.minimum(np.frombuffer(joined, dtype="<u4"), _LAST_CODE)]
    sizes = np.array([len(text) + 1 for text in texts], np.int64)
    document = np.repeat(np.arange(len(texts)), sizes)[: len(codes)]
    said = _SAID[codes]
    runs, owners = [], []
    packed, whole = codes, said
    for more in (1, 2):
        packed = (packed[:-1] << np.uint64(16)) | codes[more:]
        whole = whole[:-1] & said[more:]
        hashed = (packed[whole] * _MIX) >> np.uint64(34)
        runs.append(((hashed << np.uint64(1)) | np.uint64(more - 1)).astype(np.int32))
        owners.append(document[: len(packed)][whole])
    return np.concatenate(runs), np.concatenate(owners)
