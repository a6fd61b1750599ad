"""The second stage: what is learned on the scores of texts unseen.

Calibration of the domains, regressions for urgency, natures, accusations and flags, and the
networks that are heard beside them.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from training.config import Config
from training.labels import URGENT_STEPS, Labels
from training.logits import slope_of_classes, slope_of_paths
from training.networks import Shape, fit_together
from triage.accusations import SIGNS
from triage.calibration import DomainCalibration, Softmax
from triage.classifiers import ACCUSATION, COUNTS, Heads
from triage.features import Array
from triage.meanings import MEANINGS
from triage.networks import URGENCIES, Network
from triage.suggestions import FLAGS, NATURES

EXTREME_RISK = "极端风险"  # the one flag that follows from danger and not from how a thing is put
ANSWERS = len(NATURES) + len(URGENT_STEPS) + len(FLAGS)  # they come first in `join_inputs`


@dataclass(frozen=True, slots=True)
class SecondStage:
    """What is learned on scores of texts unseen."""

    calibration: DomainCalibration
    heads: Heads
    network: Network | None


def fit_heads(inputs: Array, labels: Labels, seen: Array, counts: Array, config: Config) -> Heads:
    """The regressions, from the (texts, inputs) that `join_inputs` gives of the texts `seen` (their
    numbers), each of which counts `counts` (texts,).

    Each head sees what it needs. One that sees the scores of every domain, or hundreds of words,
    learns the texts it is fitted on: 1,000 examples do not bear it.
    """
    width = inputs.shape[1]
    signs, meant = width - MEANINGS - SIGNS, width - MEANINGS
    grave = np.arange(signs)  # how a thing is put must not decide how grave it is
    manner = np.r_[:ANSWERS, signs - COUNTS : meant]
    scaler = StandardScaler().fit(inputs)
    scaled = scaler.transform(inputs).astype(np.float32)

    def fit(
        truth: Array, classes: int, sees: Array, *, strength: float = config.model.head_strength
    ) -> Softmax:
        model = LogisticRegression(C=strength, max_iter=80)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # shrunk hard: near enough by then
            model.fit(scaled[:, sees], truth, sample_weight=counts)
        # A class without an example stays possible on paper and never wins.
        binary = classes == 2
        coefficients = np.zeros((1 if binary else classes, width))
        intercept = np.full(len(coefficients), -30.0)
        known = np.array([0]) if binary else model.classes_.astype(int)
        # Of two that have examples scikit-learn tells the odds of the second alone.
        told = slice(1, None) if len(known) > len(model.coef_) else slice(None)
        intercept[known] = 0
        coefficients[np.ix_(known[told], sees)] = model.coef_
        intercept[known[told]] = model.intercept_
        return Softmax(scaler.mean_, scaler.scale_, coefficients, intercept)

    accused = labels.nature[seen] == NATURES.index(ACCUSATION)
    knobs = config.model
    return Heads(
        urgency=fit(labels.urgency[seen] - 1, 4, grave, strength=knobs.urgency_strength),
        nature=fit(labels.nature[seen], len(NATURES), manner),
        accusation=fit(accused, 2, manner),
        flags=tuple(
            fit(column, 2, grave, strength=knobs.risk_strength)
            if flag == EXTREME_RISK
            else fit(column, 2, manner)
            for flag, column in zip(FLAGS, labels.flags[seen].T, strict=True)
        ),
    )


def fit_network(
    inputs: Array,
    scores: Array,
    labels: Labels,
    domain: DomainCalibration,
    seen: Array,
    counts: Array,
    config: Config,
) -> Network | None:
    """The networks side by side, or None where the configuration wants none.

    From the (all texts, inputs) of `join_inputs`, the (all texts, outputs) scores unseen and how
    much each text counts (all texts,); learned on the texts `seen` (their numbers) alone. What was
    made up is among them: most of the rarer paths have nothing else.
    """
    if not config.model.networks:
        return None
    paths = len(domain.codes)
    level1, level2, path, nature, urgency = (
        part[seen]
        for part in (labels.level1, labels.level2, labels.path, labels.nature, labels.urgency - 1)
    )

    def slope(logits: Array, texts: Array) -> Array:
        by_level = [
            np.zeros((len(texts), len(domain.level1)), np.float32),
            np.zeros((len(texts), len(domain.level2)), np.float32),
            logits[:, :paths],
        ]
        truth = [level1[texts], level2[texts], path[texts]]
        told = slope_of_paths(by_level, truth, up1=domain.up1, up2=domain.up2)[:, -paths:]
        return np.hstack(
            [
                3 * told,  # the sum of three levels, not their mean
                slope_of_classes(logits[:, paths:-URGENCIES], nature[texts]),
                slope_of_classes(logits[:, -URGENCIES:], urgency[texts]),
            ]
        )

    answers = paths + len(NATURES) + URGENCIES
    domains = len(domain.level1) + len(domain.level2)  # they stand between and are scores as well
    return fit_together(
        inputs[seen],
        scores[seen],
        slope,
        sees=np.r_[:ANSWERS, ANSWERS + domains : inputs.shape[1]],
        counts=counts[seen],
        logits=answers,
        width=config.model.width,
        shape=Shape(config.model.networks, config.model.units, config.model.epochs),
        seed=config.seed,
    )
