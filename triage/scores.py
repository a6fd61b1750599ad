"""From texts to scores: one linear map for all heads, packed to fit in a few megabytes.

The trainer finds a coefficient for each of about 100,000 terms and 700 outputs (every domain at
each level, every nature, flag and urgency). The outputs move together, so the map is kept as a
narrow waist: `basis` (terms, width) in 8-bit integers, then `directions` (width, outputs). It must
not be too narrow: what tells one leaf of the taxonomy from the next lies in small directions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from triage.features import Array, Matrix, Rows

_AT_ONCE = 1024  # entries of a document: in single precision they still fit the processor's cache
_KEPT = 8 * _AT_ONCE  # entries whose terms are looked up once for scoring and weighing
# Directions of the waist along which an answer is explained: with those behind them, in which
# scores vary least, the terms' shares would be much the same (correlation 0.996 with all 384).
EXPLAINED = 192
_LEAST_HELD = 1e-6  # of a term, root mean square: less than a rare one in a million texts


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where each head's columns lie among the outputs."""

    level1: slice
    level2: slice
    level3: slice
    nature: slice
    urgent: slice
    flags: slice


class LinearScores:
    """Sparse rows in, one score an output out: about 1 where the answer is yes, 0 where no."""

    def __init__(
        self, basis: Array, term_scale: Array, directions: Array, intercept: Array
    ) -> None:
        self.basis = basis  # (terms, width) int8
        self.term_scale = term_scale  # (terms,) float16: the size of one step of a term's row
        self.directions = directions  # (width, outputs) float32
        self.intercept = intercept  # (outputs,) float32
        self._lay_apart()

    def _lay_apart(self) -> None:
        # Half the memory to go through where all that is asked for lies in these columns.
        self._explained = np.ascontiguousarray(self.basis[:, :EXPLAINED])

    @classmethod
    def pack(
        cls,
        coefficients: Array,
        intercept: Array,
        *,
        rows: Matrix,
        spread: Array,
        width: int,
        rounding: float,
    ) -> "LinearScores":
        """The map through the `width` directions in which the scores vary most.

        `rows` are texts' (documents, terms), `spread` (documents, outputs) what texts score as they
        come. Numbers are rounded to steps, the finer the more of its term texts hold: all terms
        blur the scores alike, together by about the share `rounding` of their variance. Most
        numbers of rare terms become 0, which a file keeps in next to nothing.
        """
        _, vectors = np.linalg.eigh((spread.T @ spread).astype(np.float64))
        directions = np.ascontiguousarray(vectors[:, ::-1][:, :width].T, np.float32)
        waist = coefficients @ directions.T
        held = np.sqrt(np.asarray(rows.multiply(rows).mean(axis=0)).ravel()).clip(_LEAST_HELD)
        variance = ((spread @ directions.T) ** 2).mean()
        # The error of a number rounded to steps has a twelfth of their square as its variance.
        steps = np.sqrt(12 * rounding * variance / len(held)) / held
        # Never so fine that the largest would not fit.
        term_scale = np.maximum(steps, np.abs(waist).max(axis=1) / 127).astype(np.float16)
        steps = np.maximum(term_scale.astype(np.float32), 1e-7)[:, None]
        basis = np.clip(np.rint(waist / steps), -127, 127).astype(np.int8)
        return cls(basis, term_scale, directions, intercept.astype(np.float32))

    def __getstate__(self) -> dict[str, Any]:
        # Direction by direction, rare terms together: long stretches are nearly all zeros.
        state = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        return state | {"basis": np.asfortranarray(self.basis[self._by_rarity()])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.basis = np.empty(state["basis"].shape, np.int8)
        self.basis[self._by_rarity()] = np.ascontiguousarray(state["basis"])
        self._lay_apart()

    def _by_rarity(self) -> Array:
        return self.term_scale.argsort(kind="stable")

    def score(self, rows: Matrix) -> Array:
        """(documents, outputs) float32 scores."""
        scores: Array = self.narrow(rows) @ self.directions + self.intercept
        return scores

    def narrow(self, rows: Matrix) -> Array:
        """(documents, width) float32: all that the scores see of the rows."""
        waist = np.zeros((rows.shape[0], self.basis.shape[1]), np.float32)
        for document, _, steps, basis in self._read(rows, waist.shape[1]):
            waist[document] += steps @ basis
        return waist

    def weigh_terms(self, rows: Matrix, aims: Array) -> Array:
        """What each stored entry of `rows` adds along its document's row of `aims`, which may name
        the first directions of the waist alone."""
        weights = np.empty(len(rows.data), np.float32)
        for document, entries, steps, basis in self._read(rows, aims.shape[1]):
            np.multiply(steps, basis @ aims[document], out=weights[entries])
        return weights

    def _read(self, rows: Matrix, width: int) -> Iterator[tuple[int, slice, Array, Array]]:
        """Some of a document's entries at a time, in steps of their terms, and the first `width`
        columns of the terms' rows of the basis, which last until the next.

        So few at a time and from the 8-bit numbers: what is needed stays in the processor's cache,
        and the whole basis in single precision would take four times the memory. Of a small batch
        the 8-bit numbers are kept.
        """
        steps = rows.data * self.term_scale.take(rows.indices).astype(np.float32)
        kept = self._keep(rows)
        table = self._explained if width == self._explained.shape[1] else self.basis
        small = np.empty((_AT_ONCE, table.shape[1]), np.int8)
        wide = np.empty((_AT_ONCE, width), np.float32)
        for document, (first, last) in enumerate(pairwise(rows.indptr.tolist())):
            for start in range(first, last, _AT_ONCE):
                entries = slice(start, min(start + _AT_ONCE, last))
                basis = small[: entries.stop - start] if kept is None else kept[entries]
                if kept is None:
                    # Clipping needs no second buffer; all indices are those of terms.
                    table.take(rows.indices[entries], axis=0, out=basis, mode="clip")
                wide[: len(basis)] = basis[:, :width]
                yield document, entries, steps[entries], wide[: len(basis)]

    def _keep(self, rows: Matrix) -> Array | None:
        """The rows of the basis for all entries of a small batch; None for a larger one."""
        if not isinstance(rows, Rows) or len(rows.data) > _KEPT:
            return None
        if not rows.read:
            rows.read.append(self.basis.take(rows.indices, axis=0))
        kept: Array = rows.read[0]
        return kept
