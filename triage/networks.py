"""A layer of small units beside the regressions: what stands together counts, not each by itself.

A weighted sum of scores cannot say that a school beside food is another matter than either alone.
Learned by `training.networks`; of the paths and the urgency it is asked together with the
regressions, which err on other texts.
"""

from typing import Any

import numpy as np

from triage.features import Array
from triage.products import multiply
from triage.suggestions import NATURES

REACH = 5.0  # deviations beyond which an input counts no more: a text of a kind never met
URGENCIES = 4
_BESIDE = len(NATURES) + URGENCIES  # logits that follow those of the paths
_HALVES = ("from_inputs", "from_scores", "outward")  # weights, kept as numbers of two bytes


class Network:
    """Logits of every path, nature and urgency from what the heads see and from all scores.

    `sees`: which columns of `join_inputs`, in order, with their `mean` and `scale`. (inputs, units)
    and (outputs, units) weights lead to the units, `inward` are their biases; `outward` (units,
    paths + 7 + 4) and `bias` lead on.
    """

    def __init__(
        self,
        *,
        sees: Array,
        mean: Array,
        scale: Array,
        from_inputs: Array,
        from_scores: Array,
        inward: Array,
        outward: Array,
        bias: Array,
    ) -> None:
        self.sees, self.mean, self.scale = sees, mean, scale
        self.inward, self.bias = inward, bias
        # Rounded here already, so that one just fitted answers as it will when it is loaded.
        self.from_inputs = from_inputs.astype(np.float16).astype(np.float32)
        self.from_scores = from_scores.astype(np.float16).astype(np.float32)
        self.outward = outward.astype(np.float16).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value.astype(np.float16) if name in _HALVES else value
            for name, value in self.__dict__.items()
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            kept = value.astype(np.float32, order="C") if name in _HALVES else value
            setattr(self, name, kept)

    def logits(self, inputs: Array, scores: Array) -> tuple[Array, Array, Array]:
        """(documents, paths), (documents, 7) of the natures and (documents, 4) of the urgencies,
        from what `join_inputs` gives and all (documents, outputs) scores."""
        units = self.gather(scores)
        units += standardise(inputs[:, self.sees], self.mean, self.scale) @ self.from_inputs
        return self.answer(units)

    def gather(self, scores: Array) -> Array:
        """(documents, units): what the scores alone bring to the units."""
        brought: Array = scores @ self.from_scores + self.inward
        return brought

    def answer(self, units: Array) -> tuple[Array, Array, Array]:
        """The logits as `logits` gives them from all that is brought to the units, which change."""
        np.maximum(units, 0, out=units)
        logits = multiply(units, self.outward)
        logits += self.bias
        return logits[:, :-_BESIDE], logits[:, -_BESIDE:-URGENCIES], logits[:, -URGENCIES:]


def standardise(inputs: Array, mean: Array, scale: Array) -> Array:
    """In deviations from the mean, none further than `REACH`."""
    return limit((inputs - mean) / scale)


def limit(deviations: Array) -> Array:
    """Those further than `REACH` brought back to it, in place."""
    np.minimum(deviations, REACH, out=deviations)
    return np.maximum(deviations, -REACH, out=deviations)
