"""The kernel: the same map seen from the texts and from the terms."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.kernel import COMMON, invert, make_kernel, without

TEXTS, TERMS = 30, 50


@pytest.fixture
def rows() -> sp.csr_matrix:
    random = np.random.default_rng(4)
    return sp.random(TEXTS, TERMS, density=0.3, format="csr", dtype=np.float32, rng=random)


@pytest.mark.parametrize("smoothing", [0, 3])
def test_the_terms_score_every_text_as_the_kernel_does(
    rows: sp.csr_matrix, smoothing: float
) -> None:
    dual = np.random.default_rng(5).normal(size=(TEXTS, 4)).astype(np.float32)
    kernel = make_kernel(rows, smoothing=smoothing)
    np.testing.assert_allclose(
        rows @ kernel.to_terms(rows, dual), kernel.values @ dual, rtol=1e-3, atol=1e-4
    )


def test_common_and_rare_terms_are_multiplied_alike() -> None:
    random = np.random.default_rng(6)
    texts = 300
    shares = np.r_[np.full(40, COMMON / 3), np.full(10, COMMON * 20)]
    dense = (random.random((texts, len(shares))) < shares) * random.random((texts, len(shares)))
    common = np.count_nonzero(dense, axis=0) > texts * COMMON
    assert 0 < common.sum() < len(shares)
    given = dense.astype(np.float32)
    kernel = make_kernel(sp.csr_matrix(given), smoothing=0).values
    np.testing.assert_allclose(kernel, given @ given.T, atol=1e-5)


def test_what_texts_told_is_taken_out_of_the_inverse(rows: sp.csr_matrix) -> None:
    kernel = make_kernel(rows, smoothing=2).values
    ridge = np.linspace(0.2, 1, TEXTS).astype(np.float32)
    left_out = np.arange(TEXTS) % 3 == 1
    kept = np.flatnonzero(~left_out)
    np.testing.assert_allclose(
        without(invert(kernel.copy(), ridge), left_out),
        invert(kernel[np.ix_(kept, kept)].copy(), ridge[kept]),
        atol=1e-3,
    )


def test_smoothing_joins_texts_that_share_a_term_only_with_a_third() -> None:
    rows = sp.csr_matrix(np.array([[1, 0, 0], [0, 0, 1], [1, 0, 1]], np.float32))
    assert make_kernel(rows, smoothing=0).values[0, 1] == 0
    smooth = make_kernel(rows, smoothing=1).values
    assert smooth[0, 1] > 0
    assert smooth.diagonal().mean() == pytest.approx(4 / 3)


def test_the_inverse_undoes_the_kernel_with_the_ridge_on_it(rows: sp.csr_matrix) -> None:
    kernel = make_kernel(rows, smoothing=2).values
    ridge = np.linspace(0.2, 1, TEXTS).astype(np.float32)
    product = invert(kernel.copy(), ridge) @ (kernel + np.diag(ridge))
    np.testing.assert_allclose(product, np.eye(TEXTS), atol=1e-3)


def test_a_kernel_that_cannot_be_factorised_asks_for_a_larger_penalty(
    rows: sp.csr_matrix,
) -> None:
    kernel = make_kernel(rows, smoothing=0).values
    with pytest.raises(ValueError, match="raise the penalty"):
        invert(kernel, np.full(TEXTS, -9.0))
