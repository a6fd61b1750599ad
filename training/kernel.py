"""How alike texts are: the kernel of their terms, smoothed by which terms stand together.

Two texts that share no term may both share terms with a third. The square of the kernel counts such
ways over other texts; added to the kernel itself it tells a rare word what common words it goes
with. It stays a linear map of the terms, so an answer costs nothing more.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy import linalg
from scipy.linalg import lapack

from triage.features import Array, Matrix

COMMON = 1 / 64  # a term is common that stands in more than this share of the texts


@dataclass(frozen=True, slots=True)
class Kernel:
    """`values` (texts, texts): `plain` times the rows' kernel and `smooth` times its square."""

    values: Array
    plain: float
    smooth: float

    def to_terms(self, rows: Matrix, dual: Array) -> Array:
        """(terms, outputs) coefficients that score any rows as `dual` (texts, outputs) does.

        `rows` are those that the kernel was made of.
        """
        once = rows.T @ dual
        coefficients: Array = self.plain * once + self.smooth * (rows.T @ (rows @ once))
        return coefficients


def make_kernel(rows: Matrix, *, smoothing: float) -> Kernel:
    """The kernel of sparse `rows` (texts, terms) with `smoothing` parts of its square to one of it.

    The square is scaled to the same mean diagonal, and the sum back to that of the kernel. Takes
    8 n^2 bytes and, with smoothing, n^3 operations for n texts.
    """
    values = _multiply(rows)
    if not smoothing:
        return Kernel(values, 1, 0)
    square = values @ values.T  # the same, symmetric: half the work
    ratio = float(values.diagonal().mean() / square.diagonal().mean())
    plain, smooth = 1 / (1 + smoothing), smoothing * ratio / (1 + smoothing)
    values *= np.float32(plain)
    square *= np.float32(smooth)
    values += square
    return Kernel(values, plain, smooth)


def invert(kernel: Array, ridge: Array) -> Array:
    """The inverse of `kernel` (n, n) with `ridge` (n,) added to its diagonal, in its place.

    Raises ValueError where that is not positive definite.
    """
    kernel = np.asfortranarray(kernel)
    kernel[np.diag_indices(len(kernel))] += ridge.astype(np.float32)
    factor, failed = lapack.spotrf(kernel, lower=1, overwrite_a=1)
    if failed:
        raise ValueError(f"kernel is not positive definite (spotrf {failed}); raise the penalty")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    _mirror(inverse)
    return inverse


def without(inverse: Array, left_out: Array) -> Array:
    """The inverse of the kernel over the others, from that over all and a mask (n,) of some.

    What the texts left out told is eliminated: half the work of inverting the rest anew.
    """
    kept, out = np.flatnonzero(~left_out), np.flatnonzero(left_out)
    across = inverse[np.ix_(kept, out)]
    told = linalg.solve(inverse[np.ix_(out, out)], across.T, assume_a="pos")
    rest: Array = inverse[np.ix_(kept, kept)]
    rest -= across @ told
    return rest


def _multiply(rows: Matrix) -> Array:
    """rows @ rows.T, dense.

    The work of a sparse product grows with the square of how many texts have a term, so the few
    terms that stand in many are multiplied as a dense block, the rest a strip at a time.
    """
    texts, terms = rows.shape
    rows = sp.csr_matrix(rows)
    common = np.bincount(rows.indices, minlength=terms) > texts * COMMON
    block = rows[:, common].toarray()
    kernel: Array = block @ block.T
    rare = rows[:, ~common]
    transposed = sp.csr_matrix(rare.T)
    for start in range(0, texts, 1000):
        kernel[start : start + 1000] += (rare[start : start + 1000] @ transposed).toarray()
    return kernel


def _mirror(matrix: Array) -> None:
    """Fill the upper triangle of a column-major lower one, in place."""
    size = matrix.shape[0]
    for start in range(0, size, 2000):
        end = min(start + 2000, size)
        matrix[start:end, end:] = matrix[end:, start:end].T
        square = matrix[start:end, start:end]
        square[:] = np.tril(square) + np.tril(square, -1).T
