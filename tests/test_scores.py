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


def pack(coefficients: Array, *, width: int, fineness: float = 40) -> LinearScores:
    return LinearScores.pack(coefficients, INTERCEPT, width=width, fineness=fineness)


def measure_loss(packed: LinearScores, coefficients: Array, rows: sp.csr_matrix) -> float:
    """The share of the scores' spread that packing got wrong."""
    full = rows @ coefficients + INTERCEPT
    return float(np.sqrt(((packed.score(rows) - full) ** 2).mean()) / full.std())


def test_packed_at_full_width_it_loses_nothing_that_matters(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, width=OUTPUTS)
    assert measure_loss(packed, coefficients, rows) < 0.01


def test_packed_as_narrow_as_the_outputs_move_it_loses_little(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, width=TRUE_WIDTH)
    assert packed.basis.shape == (TERMS, TRUE_WIDTH)
    assert packed.basis.dtype == np.int8
    assert measure_loss(packed, coefficients, rows) < 0.03
    narrower = pack(coefficients, width=TRUE_WIDTH - 1)
    assert measure_loss(narrower, coefficients, rows) > 0.1  # a real direction is missed


def test_an_empty_row_scores_the_intercept(coefficients: Array) -> None:
    packed = pack(coefficients, width=TRUE_WIDTH)
    np.testing.assert_allclose(
        packed.score(sp.csr_matrix((1, TERMS), dtype=np.float32))[0], INTERCEPT, rtol=1e-6
    )


def test_a_term_that_says_nothing_adds_exactly_nothing(coefficients: Array) -> None:
    silent = coefficients.copy()
    silent[7] = 0
    packed = pack(silent, width=TRUE_WIDTH)
    row = sp.csr_matrix(([1.0], ([0], [7])), shape=(1, TERMS), dtype=np.float32)
    np.testing.assert_allclose(packed.score(row)[0], INTERCEPT, rtol=1e-6)


def test_the_weights_of_its_terms_add_up_to_a_score(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, width=TRUE_WIDTH)
    wanted = np.eye(1, OUTPUTS, 3, dtype=np.float32)
    row = rows[0]
    total = float(packed.weigh_terms(row, wanted @ packed.directions.T).sum())
    assert total == pytest.approx(packed.score(row)[0, 3] - INTERCEPT[3], abs=1e-4)


def test_stored_it_is_small_and_loaded_it_scores_the_same(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    packed = pack(coefficients, width=TRUE_WIDTH)
    stored = pickle.dumps(packed)
    loaded = pickle.loads(stored)  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(loaded.score(rows), packed.score(rows))
    rest = packed.directions.nbytes + packed.intercept.nbytes + packed.term_scale.nbytes
    assert len(stored) < packed.basis.nbytes + rest + 1000


def test_coarser_steps_lose_more_and_take_less_room_in_a_file(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    fine, coarse = (pack(coefficients, width=OUTPUTS, fineness=steps) for steps in (20, 2))
    assert measure_loss(fine, coefficients, rows) < 0.05
    assert measure_loss(fine, coefficients, rows) < measure_loss(coarse, coefficients, rows) < 0.2
    sizes = [len(zlib.compress(pickle.dumps(packed.basis))) for packed in (coarse, fine)]
    assert sizes[0] < 0.7 * sizes[1]


def test_the_directions_are_those_in_which_the_scores_of_real_texts_vary(
    coefficients: Array, rows: sp.csr_matrix
) -> None:
    silent = coefficients.copy()
    silent[:200] *= 30  # the largest coefficients, of terms that no text has
    some = (rows @ sp.diags(np.arange(TERMS) >= 200, dtype=np.float32)).tocsr()
    spread = some @ silent
    told = LinearScores.pack(silent, INTERCEPT, width=8, fineness=40, spread=spread)
    blind = LinearScores.pack(silent, INTERCEPT, width=8, fineness=40)
    assert measure_loss(told, silent, some) <= measure_loss(blind, silent, some)


def test_loaded_its_rows_lie_together(coefficients: Array) -> None:
    loaded = pickle.loads(pickle.dumps(pack(coefficients, width=OUTPUTS)))  # noqa: S301 - our own
    assert loaded.basis.flags.c_contiguous
