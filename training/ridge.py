"""Ridge regression of many outputs at once, with what it would have said of each text unseen.

One factorisation of the (texts x texts) kernel serves every output of every head, and the score of
a text by a model fitted without its whole group of near-identical texts comes out of the same
inverse in closed form: no fold is ever refitted, and no near-duplicate leaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from triage.features import Array, Matrix


@dataclass(frozen=True, slots=True)
class RidgeFit:
    """`dual` (texts, outputs): coefficients are rows.T @ dual; `unseen`: leave-group-out scores."""

    dual: Array
    unseen: Array


def fit_ridge(
    rows: Matrix, targets: Array, *, penalty: float, weights: Array, groups: Sequence[int]
) -> RidgeFit:
    """Fit `targets` (texts, outputs) on sparse `rows` (texts, features).

    `weights` say how much each text counts; `penalty` is the ridge on the kernel's diagonal. Takes
    about 4 n^2 bytes and n^3 operations for n texts.
    """
    texts = rows.shape[0]
    kernel = _kernel(rows)
    kernel[np.diag_indices(texts)] += (penalty / weights).astype(np.float32)
    factor, failed = lapack.spotrf(kernel, lower=1, overwrite_a=1)
    if failed:
        raise ValueError(f"kernel is not positive definite (spotrf {failed}); raise the penalty")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    _mirror(inverse)
    dual = inverse @ targets
    unseen = targets - dual / np.diag(inverse)[:, None]
    for members in _members(groups):
        if len(members) > 1:
            within = inverse[np.ix_(members, members)]
            unseen[members] = targets[members] - np.linalg.solve(within, dual[members])
    return RidgeFit(dual, unseen.astype(np.float32))


def _kernel(rows: Matrix) -> Array:
    """rows @ rows.T, dense, column-major (as LAPACK wants it), a strip at a time."""
    texts = rows.shape[0]
    kernel = np.empty((texts, texts), np.float32, order="F")
    transposed = sp.csr_matrix(rows.T)
    for start in range(0, texts, 1000):
        strip = (rows[start : start + 1000] @ transposed).toarray()
        kernel[:, start : start + 1000] = strip.T
    return kernel


def _mirror(matrix: Array) -> None:
    """Fill the upper triangle of a column-major lower one, in place."""
    size = matrix.shape[0]
    for start in range(0, size, 2000):
        end = min(start + 2000, size)
        matrix[start:end, end:] = matrix[end:, start:end].T
        square = matrix[start:end, start:end]
        square[:] = np.tril(square) + np.tril(square, -1).T


def _members(groups: Sequence[int]) -> list[Array]:
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(np.asarray(groups)[order])) + 1
    return np.split(order, ends)
