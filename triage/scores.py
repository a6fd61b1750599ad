"""From texts to scores: one linear map for all heads, packed to fit in a few megabytes.

The trainer finds a coefficient for each of about 100,000 terms and 700 outputs (every domain at
each level, every nature, flag and urgency). The outputs move together, so the map is kept as a
narrow waist: `basis` (terms, width) in 8-bit integers, then `directions` (width, outputs).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from triage.features import Array, Matrix


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

    @classmethod
    def pack(cls, coefficients: Array, intercept: Array, *, width: int) -> "LinearScores":
        """The map with the `width` directions in which `coefficients` (terms, outputs) vary most.

        Outputs should come scaled by how much they matter; rounding to 8 bits costs less than the
        third decimal of accuracy.
        """
        spread = coefficients.T @ coefficients
        _, vectors = np.linalg.eigh(spread.astype(np.float64))
        directions = vectors[:, ::-1][:, :width].T.astype(np.float32)
        waist = coefficients @ directions.T
        term_scale = (np.abs(waist).max(axis=1) / 127).astype(np.float16)
        steps = np.maximum(term_scale.astype(np.float32), 1e-7)[:, None]
        basis = np.clip(np.rint(waist / steps), -127, 127).astype(np.int8)
        return cls(basis, term_scale, directions, intercept.astype(np.float32))

    def score(self, rows: Matrix) -> Array:
        """(documents, outputs) float32 scores."""
        waist = np.zeros((rows.shape[0], self.basis.shape[1]), np.float32)
        for document, (steps, basis) in enumerate(self._read(rows)):
            np.matmul(steps, basis, out=waist[document])
        scores: Array = waist @ self.directions + self.intercept
        return scores

    def weigh_terms(self, rows: Matrix, aims: Array) -> Array:
        """What each stored entry of `rows` adds along its document's row of `aims` (…, width)."""
        weights = [
            steps * (basis @ aim)
            for (steps, basis), aim in zip(self._read(rows), aims, strict=True)
        ]
        return np.concatenate(weights)

    def _read(self, rows: Matrix) -> Iterator[tuple[Array, Array]]:
        """For each document the entries, in steps of their terms, and the terms' rows of the basis.

        A document at a time and from the 8-bit numbers: what it needs stays in the processor's
        cache, and the whole basis in single precision would take four times the memory.
        """
        steps = rows.data * self.term_scale.take(rows.indices).astype(np.float32)
        ends = rows.indptr.tolist()
        for start, end in pairwise(ends):
            basis = self.basis.take(rows.indices[start:end], axis=0)
            yield steps[start:end], basis.astype(np.float32)
