"""The first stage: every label scored from the terms, and what is said so of texts unseen.

Two regressions on one kernel, a ridge and a logistic one, err on different texts: their mean is
better than either. What the ridge would say of each text without its group has a closed form, the
logistic one is fitted anew without each fold. The map is shipped packed, so the scores unseen are
blurred as packing blurs them: else every later figure were that of a model which nobody can ship.
How packing blurs a text unseen is seen on maps that are fitted without its fold. (On texts that the
map was fitted on it looks far worse: what rounding takes away is, for the most part, what these
very texts had told.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.config import Config
from training.dataset import Corpus
from training.kernel import invert, make_kernel, without
from training.labels import Labels
from training.logits import fit_logits, slope_of_answers, slope_of_classes, slope_of_paths
from training.ridge import fit_ridge
from triage.calibration import DomainCalibration
from triage.features import Array, Matrix
from triage.scores import LinearScores


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The packed map of all texts, and the (texts, outputs) scores of each as if unseen."""

    scores: LinearScores
    unseen: Array


def fit_first_stage(
    rows: Matrix,
    labels: Labels,
    corpus: Corpus,
    domain: DomainCalibration,
    config: Config,
    *,
    say: Callable[[str], None],
) -> FirstStage:
    """Fit on the (texts, terms) `rows` of the whole corpus and, for the scores unseen, in folds."""
    outputs, texts = labels.outputs, rows.shape[0]
    path = slice(outputs.level1.start, outputs.level3.stop)
    penalties = np.full(labels.targets.shape[1], config.model.label_penalty)
    penalties[path] = config.model.path_penalty
    kernel = make_kernel(rows, smoothing=config.model.smoothing)
    inverse = invert(kernel.values.copy(), config.model.penalty / corpus.weights)
    say("核矩阵已求逆")

    def fit(seen: Array, values: Array, inverse: Array) -> Array:
        return fit_logits(
            values,
            _make_slope(labels, domain, seen),
            inverse=inverse,
            penalties=penalties,
            weights=corpus.weights[seen],
            steps=config.model.steps,
        )

    ridge = fit_ridge(inverse, labels.targets, groups=corpus.groups.tolist())
    logits = fit(np.arange(texts), kernel.values, inverse)
    say("已用全部来件拟合")
    folds: list[tuple[Array, Array, Array]] = []  # mask of those held out, ridge, logits
    unseen_logits = np.zeros_like(ridge.unseen)
    for held_out in split_folds(corpus.groups, config.folds, config.seed):
        seen = np.flatnonzero(~held_out)
        rest = without(inverse, held_out)
        duals = np.zeros_like(ridge.dual), np.zeros_like(logits)
        duals[0][seen] = rest @ labels.targets[seen]
        duals[1][seen] = fit(seen, kernel.values[np.ix_(seen, seen)], rest)
        unseen_logits[held_out] = kernel.values[held_out] @ duals[1]
        folds.append((held_out, *duals))
        say(f"已拟合留出第 {len(folds)} 折的一份（共 {config.folds} 折）")

    # Each head's logits are brought to the spread of its ridge: about 0 for no and 1 for yes.
    share = config.model.ridge_share
    factors = np.zeros(len(penalties), np.float32)
    for part in (path, outputs.nature, outputs.urgent, outputs.flags):
        spread = max(float(unseen_logits[:, part].std()), 1e-6)
        factors[part] = (1 - share) * ridge.unseen[:, part].std() / spread
    unseen = share * ridge.unseen + factors * unseen_logits

    def pack(dual: Array) -> LinearScores:
        coefficients = kernel.to_terms(rows, dual)
        return LinearScores.pack(
            coefficients,
            np.zeros(coefficients.shape[1]),
            rows=rows,
            spread=unseen,
            width=config.model.width,
            rounding=config.model.rounding,
        )

    scores = pack(share * ridge.dual + factors * logits)
    waist = scores.directions.T @ scores.directions
    blurred = unseen @ waist
    for held_out, *duals in folds:
        dual = share * duals[0] + factors * duals[1]
        blurred[held_out] += (
            pack(dual).score(rows[held_out]) - kernel.values[held_out] @ dual @ waist
        )
    say("已压缩")
    return FirstStage(scores, blurred)


def split_folds(groups: Array, folds: int, seed: int) -> Iterator[Array]:
    """Masks of what to hold out: every group whole in one of `folds` folds."""
    distinct, number = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(distinct)) % folds
    for which in range(folds):
        yield fold[number] == which


def _make_slope(
    labels: Labels, domain: DomainCalibration, texts: Array
) -> Callable[[Array], Array]:
    """That of the loss of all labels of these texts (their numbers)."""
    outputs = labels.outputs
    levels = outputs.level1, outputs.level2, outputs.level3
    answers = slice(outputs.urgent.start, outputs.flags.stop)
    truth = [level[texts] for level in (labels.level1, labels.level2, labels.path)]
    nature, answered = labels.nature[texts], labels.targets[texts][:, answers] > 0

    def slope(scores: Array) -> Array:
        by_level = [scores[:, level] for level in levels]
        return np.hstack(
            [
                slope_of_paths(by_level, truth, up1=domain.up1, up2=domain.up2),
                slope_of_classes(scores[:, outputs.nature], nature),
                slope_of_answers(scores[:, answers], answered),
            ]
        )

    return slope
