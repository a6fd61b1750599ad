"""Margins: they tell classes apart, and know nothing of the texts that were held out."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.margins import Margins, fit_margins
from triage.features import Array

TEXTS, TERMS = 120, 40


def make_rows(classes: Array) -> sp.csr_matrix:
    """Terms that speak for their class, and noise."""
    random = np.random.default_rng(0)
    rows = random.normal(0, 0.15, (TEXTS, TERMS))
    rows[np.arange(TEXTS), classes] += 1
    return sp.csr_matrix(rows.astype(np.float32))


def fit(classes: Array, *, count: int, rows: sp.csr_matrix | None = None) -> Margins:
    fold = np.arange(TEXTS) % 3
    return fit_margins(
        make_rows(classes) if rows is None else rows,
        classes,
        count=count,
        folds=[fold == number for number in range(3)],
        weights=np.ones(TEXTS, np.float32),
        strength=1,
        balanced=True,
        seed=0,
    )


@pytest.fixture(scope="module")
def classes() -> Array:
    return np.arange(TEXTS) // 7 % 4


def test_the_margin_of_the_true_class_is_the_largest_for_nearly_all_texts_unseen(
    classes: Array,
) -> None:
    margins = fit(classes, count=4)
    assert (margins.unseen.argmax(axis=1) == classes).mean() > 0.9
    assert margins.coefficients.shape == (TERMS, 4)


def test_two_classes_have_one_column_that_speaks_for_the_second(classes: Array) -> None:
    margins = fit(classes == 1, count=2, rows=make_rows(classes))
    assert margins.unseen.shape == (TEXTS, 1)
    assert ((margins.unseen[:, 0] > 0) == (classes == 1)).mean() > 0.9


def test_two_of_many_classes_keep_their_own_columns(classes: Array) -> None:
    two = np.where(classes % 2 == 0, 1, 3)
    margins = fit(two, count=5, rows=make_rows(classes))
    assert set(margins.unseen.argmax(axis=1)) == {1, 3}
    assert (margins.unseen.argmax(axis=1) == two).mean() > 0.9


def test_a_class_without_an_example_stands_at_a_plain_no(classes: Array) -> None:
    margins = fit(classes, count=6)
    assert (margins.unseen[:, 4:] == -1).all()
    assert not margins.coefficients[:, 4:].any()
    none = fit(np.zeros(TEXTS, bool), count=2, rows=make_rows(classes))
    assert (none.unseen == -1).all()


def test_what_is_said_of_a_text_unseen_does_not_follow_its_label(classes: Array) -> None:
    rows = make_rows(classes)
    told_otherwise = classes.copy()
    told_otherwise[5] = (classes[5] + 1) % 4
    one, two = fit(classes, count=4, rows=rows), fit(told_otherwise, count=4, rows=rows)
    np.testing.assert_array_equal(one.unseen[5], two.unseen[5])
    assert (one.coefficients != two.coefficients).any()
