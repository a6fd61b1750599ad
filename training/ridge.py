"""Ridge regression of many outputs at once, with what it would have said of each text unseen.

One factorisation of the (texts x texts) kernel serves every output of every head, and the score of
a text by a model fitted without its whole group of near-identical texts comes out of the same
inverse in closed form: no fold is ever refitted, and no near-duplicate leaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.features import Array


@dataclass(frozen=True, slots=True)
class RidgeFit:
    """`dual` (texts, outputs) on the kernel; `unseen`: leave-group-out scores."""

    dual: Array
    unseen: Array


def fit_ridge(inverse: Array, targets: Array, *, groups: Sequence[int]) -> RidgeFit:
    """Fit `targets` (texts, outputs), given the inverse of the kernel with the ridge on it."""
    dual = inverse @ targets
    unseen = targets - dual / np.diag(inverse)[:, None]
    for members in _members(groups):
        if len(members) > 1:
            within = inverse[np.ix_(members, members)]
            unseen[members] = targets[members] - np.linalg.solve(within, dual[members])
    return RidgeFit(dual, unseen.astype(np.float32))


def _members(groups: Sequence[int]) -> list[Array]:
    order = np.argsort(groups, kind="stable")
    ends = np.flatnonzero(np.diff(np.asarray(groups)[order])) + 1
    return np.split(order, ends)
