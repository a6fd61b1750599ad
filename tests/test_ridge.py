"""Ridge regression in closed form, against the same regression really fitted again."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.kernel import invert, make_kernel
from training.ridge import RidgeFit, fit_ridge
from triage.features import Array

GROUPS = [0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 1, 7]
PENALTY = 0.3


def fit(rows: sp.csr_matrix, targets: Array, *, weights: Array, groups: list[int]) -> RidgeFit:
    inverse = invert(make_kernel(rows, smoothing=0).values, PENALTY / weights)
    return fit_ridge(inverse, targets, groups=groups)


@pytest.fixture
def rows() -> sp.csr_matrix:
    return sp.random(
        len(GROUPS), 9, density=0.6, format="csr", dtype=np.float32, rng=np.random.default_rng(1)
    )


@pytest.fixture
def targets() -> Array:
    return np.random.default_rng(2).random((len(GROUPS), 3)).astype(np.float32)


@pytest.fixture
def weights() -> Array:
    return np.random.default_rng(3).uniform(0.3, 2, len(GROUPS)).astype(np.float32)


def test_what_is_said_of_a_text_unseen_is_what_a_fit_without_its_group_says(
    rows: sp.csr_matrix, targets: Array, weights: Array
) -> None:
    whole = fit(rows, targets, weights=weights, groups=GROUPS)
    for group in set(GROUPS):
        inside = np.array(GROUPS) == group
        rest = fit(
            rows[~inside],
            targets[~inside],
            weights=weights[~inside],
            groups=np.array(GROUPS)[~inside].tolist(),
        )
        said = (rows[inside] @ rows[~inside].T) @ rest.dual
        np.testing.assert_allclose(whole.unseen[inside], said, atol=1e-4)


def test_the_coefficients_solve_the_weighted_ridge_equations(
    rows: sp.csr_matrix, targets: Array, weights: Array
) -> None:
    found = fit(rows, targets, weights=weights, groups=GROUPS)
    dense = rows.toarray().astype(float)
    normal = dense.T @ (weights[:, None] * dense) + PENALTY * np.eye(rows.shape[1])
    expected = np.linalg.solve(normal, dense.T @ (weights[:, None] * targets))
    np.testing.assert_allclose(rows.T @ found.dual, expected, atol=1e-4)


def test_what_is_said_unseen_does_not_depend_on_the_labels_of_the_group(
    rows: sp.csr_matrix, targets: Array, weights: Array
) -> None:
    other = targets.copy()
    inside = np.array(GROUPS) == 2
    other[inside] = 1 - other[inside]
    one = fit(rows, targets, weights=weights, groups=GROUPS)
    two = fit(rows, other, weights=weights, groups=GROUPS)
    np.testing.assert_allclose(one.unseen[inside], two.unseen[inside], atol=1e-4)
    assert np.abs(one.unseen[~inside] - two.unseen[~inside]).max() > 0.01
