"""Logistic regression on a kernel, against slopes by differences and against scikit-learn."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from training.kernel import Kernel, invert, make_kernel
from training.logits import (
    BEND,
    Slope,
    fit_logits,
    slope_of_answers,
    slope_of_classes,
    slope_of_paths,
)
from triage.features import Array

TEXTS, TERMS, CLASSES, PENALTY = 120, 40, 4, 0.4
UP1, UP2 = np.array([0, 0, 1]), np.array([0, 1, 1, 2])  # 2 over 3 over 4


@pytest.fixture(scope="module")
def classes() -> Array:
    return np.arange(TEXTS) // 7 % CLASSES


@pytest.fixture(scope="module")
def rows(classes: Array) -> sp.csr_matrix:
    random = np.random.default_rng(0)
    dense = random.normal(0, 0.15, (TEXTS, TERMS))
    dense[np.arange(TEXTS), classes] += 1
    return sp.csr_matrix(dense.astype(np.float32))


def fit(kernel: Kernel, slope: Slope, *, outputs: int, steps: int = 60) -> Array:
    return fit_logits(
        kernel.values,
        slope,
        inverse=invert(kernel.values.copy(), np.full(TEXTS, PENALTY / BEND, np.float32)),
        penalties=np.full(outputs, PENALTY),
        weights=np.ones(TEXTS, np.float32),
        steps=steps,
    )


def slope_by_differences(loss: Callable[[Array], float], scores: Array) -> Array:
    slope = np.zeros_like(scores)
    for place in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[place] = 1e-4
        slope[place] = (loss(scores + step) - loss(scores - step)) / 2e-4
    return slope


def log_softmax(scores: Array) -> Array:
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def test_the_slope_of_classes_is_that_of_their_cross_entropy() -> None:
    scores, truth = np.random.default_rng(1).normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    expected = slope_by_differences(
        lambda given: -float(log_softmax(given)[np.arange(5), truth].sum()), scores
    )
    np.testing.assert_allclose(slope_of_classes(scores, truth), expected, atol=1e-5)


def test_the_slope_of_answers_counts_a_yes_twice() -> None:
    scores = np.random.default_rng(2).normal(size=(5, 2))
    truth = np.array([[1, 0], [0, 0], [1, 1], [0, 1], [0, 0]], bool)

    def loss(given: Array) -> float:
        return float(
            (2 * truth * np.log1p(np.exp(-given)) + ~truth * np.log1p(np.exp(given))).sum()
        )

    expected = slope_by_differences(loss, scores)
    np.testing.assert_allclose(slope_of_answers(scores, truth), expected, atol=1e-5)


def test_the_slope_of_paths_is_that_of_the_mean_loss_of_three_levels() -> None:
    scores = np.random.default_rng(3).normal(size=(5, 9))
    path = np.array([0, 1, 2, 3, 1])
    truth = [UP1[UP2[path]], UP2[path], path]

    def loss(given: Array) -> float:
        logits = given[:, :2][:, UP1[UP2]] + given[:, 2:5][:, UP2] + given[:, 5:]
        chances = np.exp(log_softmax(logits))
        level2 = chances @ np.eye(3)[UP2]
        level1 = level2 @ np.eye(2)[UP1]
        return (
            -sum(
                float(np.log(level[np.arange(5), number]).sum())
                for level, number in zip((level1, level2, chances), truth, strict=True)
            )
            / 3
        )

    found = slope_of_paths([scores[:, :2], scores[:, 2:5], scores[:, 5:]], truth, up1=UP1, up2=UP2)
    np.testing.assert_allclose(found, slope_by_differences(loss, scores), atol=1e-5)


def test_the_steps_end_where_scikit_learn_ends(rows: sp.csr_matrix, classes: Array) -> None:
    kernel = make_kernel(rows, smoothing=0)
    dual = fit(kernel, lambda scores: slope_of_classes(scores, classes), outputs=CLASSES, steps=300)
    machine = LogisticRegression(C=1 / PENALTY, fit_intercept=False, tol=1e-8, max_iter=1000)
    machine.fit(rows.toarray(), classes)
    np.testing.assert_allclose(kernel.to_terms(rows, dual), machine.coef_.T, atol=2e-3)


def test_on_a_smoothed_kernel_the_true_class_scores_highest(
    rows: sp.csr_matrix, classes: Array
) -> None:
    kernel = make_kernel(rows, smoothing=4)
    dual = fit(kernel, lambda scores: slope_of_classes(scores, classes), outputs=CLASSES)
    assert ((kernel.values @ dual).argmax(axis=1) == classes).mean() > 0.9
