"""Small networks on scores of texts unseen: what the second stage's regressions cannot tell.

One hidden layer, shared by paths, natures and urgency. Several are fitted from different starts and
stand side by side as one: the mean of their logits. Plain arrays and Adam (Kingma and Ba 2015, with
decoupled decay after Loshchilov and Hutter 2019): scikit-learn's network has no loss for three
levels at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import NamedTuple

import numpy as np

from triage.features import Array
from triage.networks import Network, standardise

Slope = Callable[[Array, Array], Array]  # of the loss at (logits, numbers of the texts)

NEAR = 3.0  # deviations are divided by this: units that start within their reach
SMALL = 1e-4  # a deviation below which an input is as good as constant
BATCH = 128
RATE = 2e-3  # of the first step; it falls to nothing along a cosine
DECAY = 0.1
DROPPED, DROPPED_INPUTS = 0.5, 0.1  # shares of the units and of the inputs left out of each step
# Deviations by which each score and each other input is blurred anew at each step: what a first
# stage says of a text unseen is itself a matter of chance, and not to be learned by heart.
BLUR, BLUR_INPUTS = 1.0, 0.3
START = 0.05  # spread of the weights that lead on


@dataclass(frozen=True, slots=True)
class Shape:
    """How many networks of how many units, and how often each sees every text."""

    networks: int
    units: int
    epochs: int


class Layers(NamedTuple):
    """Weights and biases of one network: to its units (inputs, units), and on to the logits."""

    inward_weights: Array
    inward: Array
    outward: Array
    bias: Array

    def logits(self, seen: Array) -> Array:
        """(texts, logits) from what it sees, in deviations."""
        units = np.maximum(seen @ self.inward_weights + self.inward, 0)
        logits: Array = units @ self.outward + self.bias
        return logits


def fit_together(
    inputs: Array,
    scores: Array,
    slope: Slope,
    *,
    sees: Array,
    counts: Array,
    logits: int,
    width: int,
    shape: Shape,
    seed: int,
) -> Network:
    """Networks side by side on all scores and those columns of `inputs` (texts, …) in `sees`.

    `slope` is that of the loss over this many `logits`, each text's weighed by its `counts`. The
    scores are turned into their `width` main directions first, in which each step
    goes equally far. Deterministic.
    """
    mean, scale = _spread(inputs[:, sees], counts)
    centre, size = _spread(scores, counts)
    even = (scores - centre) / size
    _, vectors = np.linalg.eigh((even.T @ even).astype(np.float64))
    turn = vectors[:, ::-1][:, :width].astype(np.float32)
    seen = np.hstack([standardise(inputs[:, sees], mean, scale), even @ turn])
    blur = np.repeat(np.float32([BLUR_INPUTS, BLUR]), [len(sees), turn.shape[1]])
    fitted = fit_layers(
        seen, slope, counts=counts, blur=blur, logits=logits, shape=shape, seed=seed
    )
    inward_weights, inward, outward, bias = (list(each) for each in zip(*fitted, strict=True))
    first = np.hstack(inward_weights)
    from_scores = (turn / size[:, None]) @ first[len(sees) :]
    return Network(
        sees=sees,
        mean=mean,
        scale=scale,
        from_inputs=first[: len(sees)],
        from_scores=from_scores,
        inward=np.concatenate(inward) - centre @ from_scores,
        outward=np.vstack(outward) / shape.networks,
        bias=np.mean(bias, axis=0),
    )


def _spread(values: Array, counts: Array) -> tuple[Array, Array]:
    mean = np.average(values, axis=0, weights=counts).astype(np.float32)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=counts))
    return mean, np.maximum(deviation, SMALL).astype(np.float32)


def fit_layers(
    seen: Array,
    slope: Slope,
    *,
    counts: Array,
    blur: Array,
    logits: int,
    shape: Shape,
    seed: int,
) -> list[Layers]:
    """The layers of each network, from what it has `seen` (texts, inputs), in deviations.

    `slope`, `counts` and `logits` as in `fit_together`; `blur` (inputs,) in deviations too.
    """
    seen, blur = seen / NEAR, blur / NEAR
    starts = range(seed, seed + shape.networks)
    return [_fit_one(seen, slope, counts, blur, logits, shape, start) for start in starts]


def _fit_one(
    seen: Array, slope: Slope, counts: Array, blur: Array, logits: int, shape: Shape, seed: int
) -> Layers:
    """The layers of one network, from what it has seen as it goes in: divided by `NEAR`."""
    chance = np.random.default_rng(seed)
    texts, width = seen.shape
    batch = min(BATCH, texts)
    shares = (counts / batch).astype(np.float32)[:, None]
    steps = shape.epochs * (texts // batch)
    first = chance.standard_normal((width, shape.units)) * np.sqrt(2 / width)
    last = chance.standard_normal((shape.units, logits)) * START
    layers = [
        layer.astype(np.float32) for layer in (first, np.zeros(shape.units), last, np.zeros(logits))
    ]
    means, squares = ([np.zeros_like(layer) for layer in layers] for _ in range(2))

    def drop(values: Array, share: float) -> Array:
        kept: Array = (chance.random(values.shape, np.float32) >= share) / np.float32(1 - share)
        return kept

    for step in range(1, steps + 1):
        place = (step - 1) % (texts // batch) * batch
        if place == 0:
            order = chance.permutation(texts)
        chosen = order[place : place + batch]
        given = seen[chosen] + blur * chance.standard_normal((batch, width), np.float32)
        given *= drop(given, DROPPED_INPUTS)
        units = given @ layers[0] + layers[1]
        passed = (units > 0) * drop(units, DROPPED)
        units *= passed
        back = slope(units @ layers[2] + layers[3], chosen) * shares[chosen]
        before = (back @ layers[2].T) * passed
        slopes = [given.T @ before, before.sum(axis=0), units.T @ back, back.sum(axis=0)]
        rate = RATE * (0.5 + 0.5 * cos(pi * step / steps))
        for layer, mean, square, pull in zip(layers, means, squares, slopes, strict=True):
            mean += 0.1 * (pull - mean)
            square += 0.001 * (pull * pull - square)
            if layer.ndim == 2:  # biases do not decay
                layer -= rate * DECAY * layer
            layer -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return Layers(layers[0] / np.float32(NEAR), *layers[1:])
