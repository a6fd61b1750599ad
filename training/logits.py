"""Logistic regression of many outputs at once on a kernel, by steps that share one inverse.

Least squares asks every text for the same score; a logistic loss lets go of what is right already
and works on what is doubtful. Each step minimises a quadratic that lies above the loss everywhere
(Böhning & Lindsay 1988), so one inverse of the kernel serves all steps and all outputs; momentum
(Nesterov 1983) makes few steps do.
"""

from collections.abc import Callable, Sequence

import numpy as np

from triage.features import Array

BEND = 0.5  # the second derivative of the losses below is nowhere larger
_NOTHING = np.float32(1e-9)  # smaller chances are none: products of numbers near 0 are very slow

Slope = Callable[[Array], Array]
"""(texts, outputs) scores -> derivative of each text's loss, same shape."""


def fit_logits(
    kernel: Array,
    slope: Slope,
    *,
    inverse: Array,
    penalties: Array,
    weights: Array,
    steps: int,
) -> Array:
    """(texts, outputs) on the kernel: the least of the weighted loss behind `slope` plus a penalty
    on the size of the map.

    `inverse` is that of `kernel` with a ridge (texts,) on its diagonal; `penalties` (outputs,) may
    be at most BEND * weights * ridge.
    """
    mass = weights.astype(np.float32)[:, None]
    penalties = penalties.astype(np.float32)
    dual = np.zeros((len(kernel), len(penalties)), np.float32)
    ahead, pace = dual, 1.0
    for _ in range(steps):
        pull = slope(kernel @ ahead) * mass + penalties * ahead
        moved = ahead - inverse @ (pull / (BEND * mass))
        faster = (1 + (1 + 4 * pace**2) ** 0.5) / 2
        ahead = moved + np.float32((pace - 1) / faster) * (moved - dual)
        dual, pace = moved, faster
    return dual


def slope_of_classes(scores: Array, truth: Array) -> Array:
    """That of the cross-entropy of one softmax over the columns; `truth` (n,) class numbers."""
    slope = soften(scores)
    slope[np.arange(len(truth)), truth] -= 1
    return slope


def slope_of_answers(scores: Array, truth: Array) -> Array:
    """That of a yes or no in each column; a yes, the rarer, counts twice. `truth` (n, columns)."""
    chance = 1 / (1 + np.exp(-scores))
    chance[chance < _NOTHING] = 0
    slope: Array = np.where(truth, 2 * (chance - 1), chance)
    return slope


def slope_of_paths(
    scores: Sequence[Array], truth: Sequence[Array], *, up1: Array, up2: Array
) -> Array:
    """That of the mean cross-entropy of three levels under one softmax over all paths.

    A path's logit is the sum of its levels' scores, the chance of a level the sum over the paths
    under it. `up1` and `up2` are as in DomainCalibration; one array for the levels side by side.
    """
    above = up1[up2]
    chances = soften(scores[0][:, above] + scores[1][:, up2] + scores[2])
    sum1 = np.eye(scores[0].shape[1], dtype=np.float32)[above]
    sum2 = np.eye(scores[1].shape[1], dtype=np.float32)[up2]
    each = np.arange(len(chances))
    pull = np.full_like(chances, 3)
    for level, ancestors, number in zip(
        (chances @ sum1, chances @ sum2), (above, up2), truth[:2], strict=True
    ):
        hit = np.maximum(level[each, number], _NOTHING)
        pull -= (ancestors[None, :] == number[:, None]) / hit[:, None]
    chances *= pull
    chances[each, truth[2]] -= 1
    chances /= 3
    return np.hstack([chances @ sum1, chances @ sum2, chances])


def soften(logits: Array) -> Array:
    """(n, classes) probabilities by softmax."""
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chances[chances < _NOTHING] = 0
    return chances
