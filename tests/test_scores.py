"""The packed linear map against the full one it was packed from."""

import pickle
import zlib

import numpy as np
import pytest
import scipy.sparse as sp

from triage.features import Array
from triage.scores import LinearScores

TERMS, OUTPUTS, TRUE_WIDTH = 400, 30, 5


@pytest.fixture(scope="module")
def coefficients() -> Array:
    """Outputs that move together, and a little of each on its own."""
    random = np.random.default_rng(0)
    shared = random.normal(size=(TERMS, TRUE_WIDTH)) @ random.normal(size=(TRUE_WIDTH, OUTPUTS))
    own = 0.02 * random.normal(size=(TERMS, OUTPUTS))
    return (shared + own).astype(np.float32)


@pytest.fixture(scope="module")
def rows() -> sp.csr_matrix:
    return sp.random(
        200, TERMS, density=0.1, format="csr", dtype=np.float32, rng=np.random.default_rng(1)
    )


INTERCEPT = np.linspace(-1, 1, OUTPUTS)


def pack(
    coefficients: Array, rows: sp.csr_matrix, *, width: int, rounding: float = 1e-5
) -> LinearScores:
    return LinearScores.pack(
        coefficients,
        INTERCEPT,
        rows=rows,
        spread=rows @ coefficients,
        width=width,
        rounding=rounding,
    )


def measure_loss(packed: LinearScores, coefficients: Array, rows: sp.csr_matrix) -> float:
    """The share of the scores' spread that packing got wrong."""
    full = rows @ coefficients + INTERCEPT
    return float(np.sqrt(((packed.score(rows) - full) ** 2).mean()) / full.std())


def test_packed_at_full_width_it_loses_nothing_that_matters(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, rows, width=OUTPUTS)
    assert measure_loss(packed, coefficients, rows) < 0.01


def test_packed_as_narrow_as_the_outputs_move_it_loses_little(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, rows, width=TRUE_WIDTH)
    assert packed.basis.shape == (TERMS, TRUE_WIDTH)
    assert packed.basis.dtype == np.int8
    assert measure_loss(packed, coefficients, rows) < 0.03
    narrower = pack(coefficients, rows, width=TRUE_WIDTH - 1)
    assert measure_loss(narrower, coefficients, rows) > 0.1  # a real direction is missed


def test_an_empty_row_scores_the_intercept(coefficients: Array, rows: sp.csr_matrix) -> None:
    packed = pack(coefficients, rows, width=TRUE_WIDTH)
    np.testing.assert_allclose(
        packed.score(sp.csr_matrix((1, TERMS), dtype=np.float32))[0], INTERCEPT, rtol=1e-6
    )


def test_a_term_that_says_nothing_adds_exactly_nothing(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    silent = coefficients.copy()
    silent[7] = 0
    packed = pack(silent, rows, width=TRUE_WIDTH)
    row = sp.csr_matrix(([1.0], ([0], [7])), shape=(1, TERMS), dtype=np.float32)
    np.testing.assert_allclose(packed.score(row)[0], INTERCEPT, rtol=1e-6)


def test_the_weights_of_its_terms_add_up_to_a_score(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, rows, width=TRUE_WIDTH)
    wanted = np.eye(1, OUTPUTS, 3, dtype=np.float32)
    row = rows[0]
    total = float(packed.weigh_terms(row, wanted @ packed.directions.T).sum())
    assert total == pytest.approx(packed.score(row)[0, 3] - INTERCEPT[3], abs=1e-4)


def test_terms_may_be_weighed_along_the_first_directions_alone(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, rows, width=TRUE_WIDTH)
    aims = np.random.default_rng(2).normal(size=(rows.shape[0], TRUE_WIDTH)).astype(np.float32)
    first = packed.weigh_terms(rows, np.ascontiguousarray(aims[:, :2]))
    aims[:, 2:] = 0
    np.testing.assert_allclose(first, packed.weigh_terms(rows, aims), atol=1e-6)


def test_stored_it_is_small_and_loaded_it_scores_the_same(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, rows, width=TRUE_WIDTH)
    stored = pickle.dumps(packed)
    loaded = pickle.loads(stored)  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(loaded.score(rows), packed.score(rows))
    rest = packed.directions.nbytes + packed.intercept.nbytes + packed.term_scale.nbytes
    assert len(stored) < packed.basis.nbytes + rest + 1000


def test_coarser_steps_lose_as_much_as_they_may_and_take_less_room_in_a_file(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    finer, coarser = 1e-4, 1e-2
    fine, coarse = (
        pack(coefficients, rows, width=OUTPUTS, rounding=share) for share in (finer, coarser)
    )
    assert 0.1 < measure_loss(fine, coefficients, rows) ** 2 / finer < 2
    assert 0.1 < measure_loss(coarse, coefficients, rows) ** 2 / coarser < 2
    sizes = [len(zlib.compress(pickle.dumps(packed.basis))) for packed in (coarse, fine)]
    assert sizes[0] < 0.7 * sizes[1]


def test_a_term_is_kept_the_finer_the_more_of_it_texts_hold(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    common = (rows @ sp.diags(np.where(np.arange(TERMS) < 200, 10, 1), dtype=np.float32)).tocsr()
    packed = pack(coefficients, common, width=OUTPUTS, rounding=1e-3)
    common_steps, rare_steps = packed.term_scale[:200], packed.term_scale[200:]
    assert common_steps.mean() < rare_steps.mean() / 5
    assert np.mean(packed.basis[:200] == 0) < np.mean(packed.basis[200:] == 0)


def test_the_directions_are_those_in_which_the_scores_of_real_texts_vary(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    silent = coefficients.copy()
    silent[:200] *= 30  # the largest coefficients, of terms that no text has
    some = (rows @ sp.diags(np.arange(TERMS) >= 200, dtype=np.float32)).tocsr()
    spread = some @ silent
    told, blind = (
        LinearScores.pack(silent, INTERCEPT, rows=some, spread=seen, width=8, rounding=1e-5)
        for seen in (spread, silent)
    )
    assert measure_loss(told, silent, some) <= measure_loss(blind, silent, some)


def test_loaded_its_rows_lie_together(coefficients: Array, rows: sp.csr_matrix) -> None:
    stored = pickle.dumps(pack(coefficients, rows, width=OUTPUTS))
    loaded = pickle.loads(stored)  # noqa: S301 - our own bytes
    assert loaded.basis.flags.c_contiguous
