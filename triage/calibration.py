"""From scores to probabilities, learned on what the models said of texts they had not seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from triage.features import Array
from triage.taxonomy import Taxonomy

NETWORK_SHARE = 0.6  # of a network's logits in those of the paths; 0.5 to 0.7 are as good


class DomainCalibration:
    """Probabilities of every path of the taxonomy from the scores of its three levels.

    A path's logit is a weighted sum of its three levels' scores and a bias of its level 1 and
    level 2; one softmax over all paths makes the levels agree: the probability of a level 1 is the
    sum over the paths under it.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.level1 = sorted({domain.level1 for domain in taxonomy})
        self.level2 = sorted({(domain.level1, domain.level2) for domain in taxonomy})
        self.codes = [domain.code for domain in taxonomy]
        first = {name: number for number, name in enumerate(self.level1)}
        second = {name: number for number, name in enumerate(self.level2)}
        self.up1 = np.array([first[name] for name, _ in self.level2])  # level 2 -> level 1
        self.up2 = np.array([second[d.level1, d.level2] for d in taxonomy])  # path -> level 2
        self._index()

    def _index(self) -> None:
        """Lay the paths so that those under one name stand side by side, names in order."""
        self._order = self.up2.argsort(kind="stable")
        self._begins2 = self.up2[self._order].searchsorted(np.arange(len(self.level2)))
        self._begins1 = self.up1.searchsorted(np.arange(len(self.level1)))

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._index()

    def fit(
        self, scores: Sequence[Array], truth: Sequence[Array], weights: Array, *, shrink: float
    ) -> "DomainCalibration":
        """Fit on the unseen scores of each level and the true numbers of each level."""
        from scipy.optimize import minimize  # only fitting needs it, and the service starts sooner

        sizes = (3, len(self.level1), len(self.level2))
        ends = np.cumsum(sizes)
        mass = (weights / weights.sum()).astype(np.float32)
        documents = np.arange(len(weights))
        ancestors = (self.up1[self.up2], self.up2, np.arange(len(self.codes)))
        inside = [
            (groups[None, :] == number[:, None]).astype(np.float32)
            for groups, number in zip(ancestors, truth, strict=True)
        ]

        def loss(parameters: Array) -> tuple[float, Array]:
            blend, bias1, bias2 = np.split(parameters.astype(np.float32), ends[:-1])
            self.blend_, self.bias1_, self.bias2_ = blend, bias1, bias2
            levels = self.probabilities(scores)
            total = shrink * float((bias1**2).sum() + (bias2**2).sum())
            pull = np.full_like(levels[2], 3)
            for level, number, under in zip(levels, truth, inside, strict=True):
                hit = np.maximum(level[documents, number], 1e-9)
                total -= float(mass @ np.log(hit))
                pull -= under / hit[:, None]
            slope = levels[2] * pull * mass[:, None]
            by1, by2 = self._add_up(slope)
            gradient = np.concatenate(
                [
                    [(by1 * scores[0]).sum(), (by2 * scores[1]).sum(), (slope * scores[2]).sum()],
                    by1.sum(axis=0) + 2 * shrink * bias1,
                    by2.sum(axis=0) + 2 * shrink * bias2,
                ]
            )
            return total, gradient.astype(np.float64)

        start = np.concatenate([[6.0, 6.0, 8.0], np.zeros(sum(sizes[1:]))])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40})
        self.blend_, self.bias1_, self.bias2_ = np.split(found.x.astype(np.float32), ends[:-1])
        return self

    def probabilities(
        self, scores: Sequence[Array], beside: Array | None = None
    ) -> tuple[Array, Array, Array]:
        """(documents, names) probabilities of level 1, level 2 and the whole path.

        `beside`: logits of the paths that a network gives; both are heard.
        """
        logits = self.logits(scores)
        if beside is not None:
            logits *= 1 - NETWORK_SHARE
            logits += NETWORK_SHARE * beside
        return self.share_out(logits)

    def logits(self, scores: Sequence[Array]) -> Array:
        """(documents, paths) logits of the paths from the scores of each level."""
        second = self.blend_[1] * scores[1] + self.bias2_
        second += (self.blend_[0] * scores[0] + self.bias1_).take(self.up1, axis=1)
        paths: Array = self.blend_[2] * scores[2]
        paths += second.take(self.up2, axis=1)
        return paths

    def share_out(self, logits: Array) -> tuple[Array, Array, Array]:
        """The probabilities as `probabilities` gives them from the paths' logits, which become
        those of the paths."""
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return *self._add_up(logits), logits

    def _add_up(self, paths: Array) -> tuple[Array, Array]:
        """(documents, names) sums of level 1 and level 2 over the paths under each."""
        level2 = np.add.reduceat(paths.take(self._order, axis=1), self._begins2, axis=1)
        return np.add.reduceat(level2, self._begins1, axis=1), level2


class Softmax:
    """Multinomial logistic regression on standardised inputs, as plain arrays.

    Fitted by scikit-learn in the trainer; kept without it, so that an upgrade of the library cannot
    change an answer.
    """

    def __init__(self, mean: Array, scale: Array, coefficients: Array, intercept: Array) -> None:
        self.coefficients = (coefficients / scale[None, :]).astype(np.float32)
        self.intercept = (intercept - self.coefficients @ mean).astype(np.float32)

    def logits(self, inputs: Array) -> Array:
        """(documents, classes); for two classes only the second is modelled."""
        logits: Array = inputs @ self.coefficients.T + self.intercept
        return logits

    def probabilities(self, inputs: Array) -> Array:
        """(documents, classes) probabilities."""
        logits = self.logits(inputs)
        if logits.shape[1] == 1:
            yes = find_chances(logits)
            return np.hstack([1 - yes, yes])
        return find_shares(logits)


def find_shares(logits: Array) -> Array:
    """(documents, classes) probabilities of classes of which one holds."""
    shares: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def find_chances(logits: Array) -> Array:
    """(documents, heads) probabilities of yes from heads of two classes: the logistic function.

    Scipy has it too, but takes long to import.
    """
    chances: Array = 1 / (1 + np.exp(np.minimum(-logits, 80)))  # never so much that it overflows
    return chances
