"""Large margins beside the ridge: a support vector machine errs elsewhere than least squares.

Its scores are added to those of the ridge, so nothing more is to be computed when a model answers.
Unlike the ridge it knows no closed form for texts unseen: their scores come from fits on folds.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from triage.features import Array, Matrix


@dataclass(frozen=True, slots=True)
class Margins:
    """`coefficients` (terms, classes) and `intercept` (classes,); `unseen` (texts, classes).

    Two classes have one column, that of the second.
    """

    coefficients: Array
    intercept: Array
    unseen: Array


def fit_margins(
    rows: Matrix,
    classes: Array,
    *,
    count: int,
    folds: Sequence[Array],
    weights: Array,
    strength: float,
    balanced: bool,
    seed: int,
) -> Margins:
    """Fit the class numbers (texts,) of `count` classes on sparse `rows`, one against the rest.

    `folds` are masks of what to hold out together; `balanced` makes the rare classes weigh as much
    as the common ones. A class without an example stays at the margin of a plain no.
    """

    def fit(seen: Array) -> tuple[Array, Array]:
        columns = count if count > 2 else 1
        coefficients = np.zeros((rows.shape[1], columns), np.float32)
        intercept = np.full(columns, -1.0, np.float32)
        known = np.unique(classes[seen])
        if len(known) < 2:
            return coefficients, intercept
        machine = LinearSVC(
            C=strength, class_weight="balanced" if balanced else None, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough by then
            machine.fit(rows[seen], classes[seen], sample_weight=weights[seen])
        if len(known) == 2 < count:  # one column for both classes
            sides = np.vstack([-machine.coef_, machine.coef_])
            offsets = np.concatenate([-machine.intercept_, machine.intercept_])
        else:
            sides, offsets = machine.coef_, machine.intercept_
        places = known if count > 2 else [0]
        coefficients[:, places] = sides.T
        intercept[places] = offsets
        return coefficients, intercept

    unseen = np.zeros((rows.shape[0], count if count > 2 else 1), np.float32)
    for held_out in folds:
        coefficients, intercept = fit(~held_out)
        unseen[held_out] = rows[held_out] @ coefficients + intercept
    coefficients, intercept = fit(np.ones(rows.shape[0], bool))
    return Margins(coefficients, intercept, unseen)
