"""Which terms are worth looking up: many that stand in every other text tell next to nothing.

What a term tells is what a ridge makes of it: the variance that it gives the scores. A term costs a
look-up wherever it stands. Those that tell least for what they cost are left out of the vocabulary,
and the model is fitted on the rest.
"""

import numpy as np

from training.kernel import invert, make_kernel
from triage.features import Array, Matrix

MOST = 12_000  # texts to judge by: they take n^2 of memory, and more of them choose little better


def find_telling(
    rows: Matrix, targets: Array, weights: Array, *, silent: float, penalty: float, smoothing: float
) -> Array:
    """A mask (terms,) of those to keep, from sparse `rows` (texts, terms) and the (texts, outputs)
    `targets`: the others are the share `silent` of all entries of the rows.

    `weights` (texts,), `penalty` and `smoothing` are those of the first stage. Whoever wants an
    honest figure of a text must not choose by its labels: a rare term is kept for its sake alone.
    A term that none of the rows holds goes first. Deterministic.
    """
    some = np.unique(np.linspace(0, rows.shape[0] - 1, MOST).astype(int))
    rows, targets, weights = rows[some], targets[some], weights[some]
    kernel = make_kernel(rows, smoothing=smoothing)
    dual = invert(kernel.values.copy(), penalty / weights) @ (targets - targets.mean(axis=0))
    told = (kernel.to_terms(rows, dual) ** 2).sum(axis=1)
    entries = np.bincount(rows.indices, minlength=rows.shape[1])
    mean = np.asarray(rows.mean(axis=0)).ravel()
    spread = np.asarray(rows.multiply(rows).mean(axis=0)).ravel() - mean**2
    order = np.argsort(told * spread / np.maximum(entries, 1), kind="stable")
    telling = np.empty(len(order), bool)
    telling[order] = entries[order].cumsum() > silent * entries.sum()
    return telling
