"""Scores as probabilities: levels that agree, a gradient that is one, rates that hold."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from triage.calibration import NETWORK_SHARE, DomainCalibration, Softmax, find_chances
from triage.features import Array
from triage.taxonomy import Domain, Taxonomy

TAXONOMY = Taxonomy(
    "small",
    tuple(
        Domain(f"0{number}", *path.split("/"))
        for number, path in enumerate(
            ["乙/二/a", "甲/一/a", "甲/一/b", "甲/三/a", "丙/四/a", "丙/四/b", "丙/五/a"]
        )
    ),
)
DOCUMENTS = 300


@pytest.fixture(scope="module")
def case() -> dict[str, Any]:
    """Noisy scores about 1 for the true path; the paths are not equally common."""
    random = np.random.default_rng(0)
    calibration = DomainCalibration(TAXONOMY)
    path = random.choice(len(TAXONOMY), DOCUMENTS, p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.15])
    level2 = calibration.up2[path]
    truth = [calibration.up1[level2], level2, path]
    sizes = (len(calibration.level1), len(calibration.level2), len(calibration.codes))
    scores = [
        0.6 * np.eye(size)[number] + random.normal(0, 0.3, (DOCUMENTS, size))
        for size, number in zip(sizes, truth, strict=True)
    ]
    weights = random.uniform(0.3, 1, DOCUMENTS)
    return {"scores": scores, "truth": truth, "weights": weights, "shrink": 1e-4}


@pytest.fixture(scope="module")
def fitted(case: dict[str, Any]) -> DomainCalibration:
    return DomainCalibration(TAXONOMY).fit(**case)


def test_the_probability_of_a_level_is_the_sum_over_the_paths_under_it(
    case: dict[str, Any], fitted: DomainCalibration
) -> None:
    level1, level2, path = fitted.probabilities(case["scores"])
    np.testing.assert_allclose(path.sum(axis=1), 1, rtol=1e-5)
    for number, name in enumerate(fitted.level1):
        under = [domain.level1 == name for domain in TAXONOMY]
        np.testing.assert_allclose(level1[:, number], path[:, under].sum(axis=1), rtol=1e-5)
    for number, pair in enumerate(fitted.level2):
        under = [domain.path[:2] == pair for domain in TAXONOMY]
        np.testing.assert_allclose(level2[:, number], path[:, under].sum(axis=1), rtol=1e-5)


def test_a_network_beside_the_regressions_is_heard_for_more_than_half(
    case: dict[str, Any], fitted: DomainCalibration
) -> None:
    alone = np.log(fitted.probabilities(case["scores"])[2])
    beside = np.random.default_rng(3).normal(0, 2, alone.shape)
    level1, level2, path = fitted.probabilities(case["scores"], beside)
    expected = np.exp((1 - NETWORK_SHARE) * alone + NETWORK_SHARE * beside)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(path, expected, rtol=1e-4)
    np.testing.assert_allclose(level1.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(level2.sum(axis=1), 1, rtol=1e-5)
    mine = fitted.probabilities(case["scores"], alone)[2]
    np.testing.assert_allclose(mine, np.exp(alone), rtol=1e-4)  # who agrees changes nothing


def test_the_gradient_is_that_of_finite_differences(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = 2**-11  # exact in single precision beside the parameters
    checked = []

    def check(loss: Any, start: Array, **options: Any) -> Any:
        moved = start + np.round(np.random.default_rng(1).normal(0, 1, len(start)) * 64) / 64
        for point in (start, moved):
            ahead = approx_fprime(point, lambda at: loss(at)[0], step)
            behind = approx_fprime(point, lambda at: loss(at)[0], -step)
            np.testing.assert_allclose(loss(point)[1], (ahead + behind) / 2, atol=2e-5)
            checked.append(np.abs(ahead).max())
        return minimize(loss, start, **options)

    minimize = scipy.optimize.minimize
    monkeypatch.setattr(scipy.optimize, "minimize", check)
    DomainCalibration(TAXONOMY).fit(**case)
    assert min(checked) > 0.01


def test_a_level_is_said_as_often_as_it_is_true(
    case: dict[str, Any], fitted: DomainCalibration
) -> None:
    level1, level2, _ = fitted.probabilities(case["scores"])
    for said, truth in ((level1, case["truth"][0]), (level2, case["truth"][1])):
        rate = np.average(np.eye(said.shape[1])[truth], axis=0, weights=case["weights"])
        np.testing.assert_allclose(
            np.average(said, axis=0, weights=case["weights"]), rate, atol=0.01
        )


def test_what_is_said_with_more_certainty_is_right_more_often(
    case: dict[str, Any], fitted: DomainCalibration
) -> None:
    level1, _, _ = fitted.probabilities(case["scores"])
    sure = level1.max(axis=1)
    right = level1.argmax(axis=1) == case["truth"][0]
    upper = sure >= np.median(sure)
    assert right[upper].mean() > right[~upper].mean()
    assert abs(sure.mean() - right.mean()) < 0.05


def test_no_score_is_too_large_for_a_probability(fitted: DomainCalibration) -> None:
    sizes = (len(fitted.level1), len(fitted.level2), len(fitted.codes))
    for level in fitted.probabilities([np.full((2, size), 1e4, np.float32) for size in sizes]):
        assert np.isfinite(level).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_a_softmax_says_what_the_library_says_that_fitted_it(classes: int) -> None:
    random = np.random.default_rng(classes)
    inputs = random.normal(3, 5, (200, 4)).astype(np.float32)
    truth = (inputs[:, 0] + random.normal(0, 2, 200) > 3).astype(int) + (
        (inputs[:, 1] > 5) if classes == 3 else 0
    )
    scaler = StandardScaler().fit(inputs)
    model = LogisticRegression().fit(scaler.transform(inputs), truth)
    plain = Softmax(scaler.mean_, scaler.scale_, model.coef_, model.intercept_)
    np.testing.assert_allclose(
        plain.probabilities(inputs), model.predict_proba(scaler.transform(inputs)), atol=1e-4
    )


def test_heads_of_two_classes_say_together_what_each_says_alone() -> None:
    random = np.random.default_rng(4)
    inputs = random.normal(3, 5, (50, 4)).astype(np.float32)
    heads = [
        Softmax(np.zeros(4), np.ones(4), random.normal(0, 1, (1, 4)), random.normal(0, 1, 1))
        for _ in range(3)
    ]
    alone = np.column_stack([head.probabilities(inputs)[:, 1] for head in heads])
    coefficients = np.concatenate([head.coefficients for head in heads])
    intercept = np.concatenate([head.intercept for head in heads])
    np.testing.assert_allclose(find_chances(inputs @ coefficients.T + intercept), alone, rtol=1e-5)
