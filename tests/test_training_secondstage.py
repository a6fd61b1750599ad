"""The regressions of the second stage."""

from dataclasses import replace

import numpy as np
import pytest

from training.config import load_config
from training.labels import Labels
from training.secondstage import ANSWERS, fit_heads
from triage.accusations import SIGNS
from triage.classifiers import COUNTS
from triage.meanings import MEANINGS
from triage.scores import Outputs
from triage.suggestions import FLAGS

TEXTS = 120
WIDTH = ANSWERS + COUNTS + SIGNS + MEANINGS


def make_labels(**changes: np.ndarray) -> Labels:
    """Labels of which each kind has two, in turn."""
    turns = np.arange(TEXTS) % 2
    nothing = slice(0, 0)
    labels = Labels(
        level1=turns,
        level2=turns,
        path=turns,
        urgency=np.where(turns, 2, 4),
        nature=np.where(turns, 2, 4),
        flags=np.tile(turns[:, None] > 0, len(FLAGS)),
        targets=np.zeros((TEXTS, 0), np.float32),
        outputs=Outputs(nothing, nothing, nothing, nothing, nothing, nothing),
    )
    return replace(labels, **changes)


@pytest.mark.parametrize("levels", [(2, 4), (1, 2, 3)])
def test_levels_without_an_example_never_win_and_the_others_are_told_apart(
    levels: tuple[int, ...],
) -> None:
    chance = np.random.default_rng(0)
    urgency = np.array([levels[number % len(levels)] for number in range(TEXTS)])
    inputs = chance.standard_normal((TEXTS, WIDTH)).astype(np.float32)
    inputs[:, 0] += 6 * urgency
    heads = fit_heads(
        inputs,
        make_labels(urgency=urgency),
        np.arange(TEXTS),
        np.ones(TEXTS),
        load_config(),
    )
    said = heads.urgency.probabilities(inputs)
    assert (said.argmax(axis=1) + 1 == urgency).mean() > 0.85
    missing = [level - 1 for level in (1, 2, 3, 4) if level not in levels]
    assert said[:, missing].max() < 1e-9
