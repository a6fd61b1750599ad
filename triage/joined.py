"""The paths, the heads and the network asked of a document together, by one product.

All that is linear in the scores is linear in the waist that they come from (`triage.scores`). So
the scores need not be had at all: one matrix leads from the waist to what each part wants of them.
To read such matrices is most of what judging a few texts costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.calibration import NETWORK_SHARE, DomainCalibration, Softmax
from triage.features import Array
from triage.networks import Network, limit
from triage.products import multiply
from triage.scores import EXPLAINED, LinearScores, Outputs


@dataclass(frozen=True, slots=True)
class Logits:
    """What is said of some documents, one row each.

    `paths` (documents, paths), the network heard; `heads` (documents, logits of all heads side by
    side); `natures` (documents, 7) and `urgency` (documents, 4) those of the network, if there is
    one.
    """

    paths: Array
    heads: Array
    natures: Array | None
    urgency: Array | None


class JoinedHeads:
    """Everything that judges by scores and signals, ready to be asked at once.

    `heads` and `network` see some `columns` of the scores, and after them the signals.
    """

    def __init__(
        self,
        *,
        scores: LinearScores,
        outputs: Outputs,
        columns: Array,
        domain: DomainCalibration,
        heads: Sequence[Softmax],
        network: Network | None,
    ) -> None:
        self._network = network
        levels = outputs.level1, outputs.level2, outputs.level3
        coefficients = np.concatenate([head.coefficients for head in heads])
        intercept = np.concatenate([head.intercept for head in heads])
        from_scores, from_signals = np.split(coefficients, [len(columns)], axis=1)
        self._to_heads = np.ascontiguousarray(from_signals.T)
        # Whatever each part does to scores is done to every direction, to the scores of an empty
        # text and to none: the differences to the last are the matrix.
        nothing = np.zeros_like(scores.intercept)
        every = np.vstack([scores.directions, scores.intercept, nothing]).astype(np.float64)
        seen = every[:, columns]
        parts = [
            seen @ from_scores.T + intercept,
            domain.logits([every[:, level] for level in levels]),
        ]
        paths = parts[1]
        toward = (paths[:-2] - paths[-1]).T[:, :EXPLAINED]
        self._toward = np.ascontiguousarray(toward, np.float32)
        if network is not None:
            paths *= (1 - NETWORK_SHARE) / NETWORK_SHARE  # beside them the network counts 1
            known = network.sees.searchsorted(len(columns))
            self._signals = network.sees[known:] - len(columns)
            self._mean, self._scale = network.mean[known:], network.scale[known:]
            parts += [
                network.gather(every),
                (seen[:, network.sees[:known]] - network.mean[:known]) / network.scale[:known],
            ]
        self._ends = np.cumsum([part.shape[1] for part in parts]).tolist()
        joined = np.hstack(parts)
        self._matrix = (joined[:-2] - joined[-1]).astype(np.float32)
        self._empty = joined[-2].astype(np.float32)

    def ask(self, waist: Array, signals: Array) -> Logits:
        """The logits of documents from their (documents, width) waist and their signals."""
        sums = multiply(waist, self._matrix)
        sums += self._empty
        heads, paths = sums[:, : self._ends[0]], sums[:, self._ends[0] : self._ends[1]]
        heads = heads + signals @ self._to_heads
        if self._network is None:
            return Logits(paths, heads, None, None)
        units, seen = sums[:, self._ends[1] : self._ends[2]], sums[:, self._ends[2] :]
        seen = np.concatenate(
            [seen, (signals.take(self._signals, axis=1) - self._mean) / self._scale], axis=1
        )
        units += multiply(limit(seen), self._network.from_inputs)
        beside, natures, urgency = self._network.answer(units)
        paths += beside
        paths *= NETWORK_SHARE
        return Logits(paths, heads, natures, urgency)

    def find_directions(self, paths: Sequence[int]) -> Array:
        """(documents, …): along which of its first directions the waist raises the regressions'
        logit of each path."""
        return self._toward.take(paths, axis=0)
