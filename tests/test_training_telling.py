"""Which terms are worth looking up."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.telling import find_telling

TEXTS = 400


def make_rows(seed: int) -> tuple[sp.csr_matrix, np.ndarray]:
    """Rows of 20 terms in half of the texts that tell nothing and, behind them, 20 in a fiftieth
    that each say yes; with the answers."""
    chance = np.random.default_rng(seed)
    idle = chance.random((TEXTS, 20)) < 0.5
    telling = chance.random((TEXTS, 20)) < 0.02
    answers = telling.any(axis=1).astype(np.float32)
    return sp.csr_matrix(np.hstack([idle, telling]).astype(np.float32)), answers[:, None]


@pytest.mark.parametrize("smoothing", [0, 8])
def test_what_stands_everywhere_and_tells_nothing_goes_first(smoothing: float) -> None:
    rows, answers = make_rows(3)
    weights = np.ones(TEXTS, np.float32)
    kept = find_telling(rows, answers, weights, silent=0.8, penalty=0.5, smoothing=smoothing)
    assert kept[20:].all()
    entries = np.bincount(rows.indices)
    assert 0.75 < entries[~kept].sum() / entries.sum() <= 0.8


def test_nothing_goes_where_nothing_is_to_go() -> None:
    rows, answers = make_rows(4)
    weights = np.ones(TEXTS, np.float32)
    assert find_telling(rows, answers, weights, silent=0, penalty=0.5, smoothing=0).all()
