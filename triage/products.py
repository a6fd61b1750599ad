"""Products of rows with a large matrix, whether they are one or a hundred."""

import numpy as np

from triage.features import Array

# Below so many rows each costs less by itself: for several the matrix is laid out anew first.
_FEW = 8


def multiply(rows: Array, matrix: Array) -> Array:
    """`rows @ matrix`, a new array."""
    alone = 1 < len(rows) < _FEW
    product: Array = np.matmul(rows[:, None], matrix)[:, 0] if alone else rows @ matrix
    return product
