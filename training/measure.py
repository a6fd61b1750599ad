"""How good answers are against what people said: one table of figures for any set of examples.

Examples without a label of some kind take no part in the figures of that kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score

from training.readers import Example
from triage.classifiers import ACCUSATION, Classifier, Judgements, Lines, rank_urgency
from triage.suggestions import FLAGS, NATURES
from triage.taxonomy import Taxonomy

Array = npt.NDArray[Any]
Figures = dict[str, float]
MOST_URGENT = 0.2  # share of a natural mix that may be called urgent
CONFIDENT = 0.7  # share of the messages, the surest first, that the top of the curve is read at
RIGHT_ENOUGH = 0.98
LENGTHS = (("<50", 0, 50), ("50-200", 50, 200), ("200-800", 200, 800), (">800", 800, 10**9))


@dataclass(frozen=True, slots=True)
class Truth:
    """What people said, as numbers into the answers' columns; -1 (urgency 0) where nobody said.

    `flags` is (examples, 8), all -1 in a row that nobody judged.
    """

    level1: Array
    level2: Array
    path: Array
    urgency: Array
    nature: Array
    flags: Array

    def take(self, chosen: Array) -> "Truth":
        return _take(self, chosen)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of each example, one row each.

    Probabilities of level 1, level 2 and whole path (columns as the tree names them), of urgency
    1-4, of the natures and of each flag; `urgency_level` is the level it decides on; `flagged`
    (examples, 8) and `accused` (examples,) are its yes or no.
    """

    level1: Array
    level2: Array
    path: Array
    urgency: Array
    urgency_level: Array
    nature: Array
    flags: Array
    flagged: Array
    accused: Array

    def take(self, chosen: Array) -> "Answers":
        return _take(self, chosen)


def read_answers(judgements: Judgements, lines: Lines) -> Answers:
    """A model's judgements with its lines drawn."""
    return Answers(
        level1=judgements.level1,
        level2=judgements.level2,
        path=judgements.path,
        urgency=judgements.urgency,
        urgency_level=judgements.urgency_level,
        nature=judgements.nature,
        flags=judgements.flags,
        flagged=judgements.flags >= np.array(lines.flags)[None, :],
        accused=(judgements.accusation >= lines.accusation)
        | (judgements.nature.argmax(axis=1) == NATURES.index(ACCUSATION)),
    )


@dataclass(frozen=True, slots=True)
class Tree:
    """The names of the answers' columns, and the parent of each."""

    level1: Sequence[str]
    level2: Sequence[tuple[str, str]]
    paths: Sequence[tuple[str, str, str]]
    level2_parent: Array
    path_parent: Array


def read_tree(classifier: Classifier, taxonomy: Taxonomy) -> Tree:
    """The names of a classifier's columns."""
    paths = [taxonomy.get(code).path for code in classifier.codes]
    return make_tree(classifier.level1_names, classifier.level2_names, paths)


def make_tree(
    level1: Sequence[str],
    level2: Sequence[tuple[str, str]],
    paths: Sequence[tuple[str, str, str]],
) -> Tree:
    """The tree over three lists of names, whatever their order."""
    return Tree(
        level1,
        level2,
        paths,
        np.array([level1.index(first) for first, _ in level2]),
        np.array([level2.index(path[:2]) for path in paths]),
    )


def read_truth(examples: Sequence[Example], tree: Tree) -> Truth:
    """The labels of the examples; one that the tree does not know counts as none."""
    first = {name: number for number, name in enumerate(tree.level1)}
    second = {pair: number for number, pair in enumerate(tree.level2)}
    whole = {path: number for number, path in enumerate(tree.paths)}
    return Truth(
        level1=np.array([first.get(e.level1 or "", -1) for e in examples]),
        level2=np.array([second.get((e.level1 or "", e.level2 or ""), -1) for e in examples]),
        path=np.array(
            [whole.get((e.level1 or "", e.level2 or "", e.level3 or ""), -1) for e in examples]
        ),
        urgency=np.array([e.urgency or 0 for e in examples]),
        nature=np.array([NATURES.index(e.nature) if e.nature else -1 for e in examples]),
        flags=np.array(
            [
                [-1] * len(FLAGS) if e.flags is None else [flag in e.flags for flag in FLAGS]
                for e in examples
            ],
            dtype=np.int8,
        ).reshape(len(examples), len(FLAGS)),
    )


def decide_paths(answers: Answers, tree: Tree) -> tuple[Array, Array, Array]:
    """The answer at each level: the best leaf, and what stands above it, as the product decides.

    The best level 1 with the best of what is under it is right less often at levels 2 and 3.
    """
    leaf = answers.path.argmax(axis=1)
    second = tree.path_parent[leaf]
    return tree.level2_parent[second], second, leaf


def find_confidence(answers: Answers, level1: Array) -> Array:
    """The probability of the level 1 that each answer decides on."""
    confidence: Array = answers.level1[np.arange(len(level1)), level1]
    return confidence


def measure(truth: Truth, answers: Answers, tree: Tree) -> Figures:
    """Every figure of one set of examples; a kind of label that nobody gave is left out."""
    figures: Figures = {"n": len(truth.level1)}
    figures |= measure_domain(truth, answers, tree)
    figures |= measure_urgency(truth, answers)
    known = truth.nature >= 0
    if known.any():
        said, given = truth.nature[known], answers.nature[known].argmax(axis=1)
        figures["nature"] = float((said == given).mean())
        figures["nature_macro_f1"] = _macro_f1(said, given)
        figures |= measure_accusations(said == NATURES.index(ACCUSATION), answers.accused[known])
    if (truth.flags > 0).any():
        figures["flags_macro_f1"] = float(
            np.mean([row["f1"] for row in measure_flags(truth, answers).values()])
        )
    return {name: round(value, 4) for name, value in figures.items()}


def measure_by_split(
    examples: Sequence[Example], answers: Answers, tree: Tree, *, roles: Sequence[str]
) -> dict[str, Figures]:
    """The figures of each role's examples, the roles in the order in which they first come."""
    truth = read_truth(examples, tree)
    values = np.array(roles, dtype=object)
    return {
        role: measure(truth.take(values == role), answers.take(values == role), tree)
        for role in dict.fromkeys(roles)
    }


def measure_domain(truth: Truth, answers: Answers, tree: Tree) -> Figures:
    """Accuracy at the three levels, and how far level 1's confidence can be trusted."""
    figures: Figures = {}
    decided = decide_paths(answers, tree)
    for name, said, given in zip(
        ("level1", "level2", "level3"),
        (truth.level1, truth.level2, truth.path),
        decided,
        strict=True,
    ):
        known = said >= 0
        if known.any():
            figures[name] = float((said == given)[known].mean())
    known = truth.level1 >= 0
    if not known.any():
        return figures
    right = (truth.level1 == decided[0])[known]
    confidence = find_confidence(answers, decided[0])[known]
    share, accuracy = coverage_curve(confidence, right)
    figures["level1_macro_f1"] = _macro_f1(truth.level1[known], decided[0][known])
    figures["level1_confident70"] = float(accuracy[max(int(CONFIDENT * len(right)), 1) - 1])
    enough = np.flatnonzero(accuracy >= RIGHT_ENOUGH)
    figures["coverage_at_98"] = float(share[enough[-1]]) if len(enough) else 0.0
    figures["calibration_error"] = calibration_error(confidence, right)
    return figures


def measure_urgency(truth: Truth, answers: Answers) -> Figures:
    """Agreement on the four levels, and how many of the urgent are called so."""
    known = truth.urgency > 0
    if not known.any():
        return {}
    said, given = truth.urgency[known], answers.urgency_level[known]
    urgent, called = said <= 2, given <= 2
    order = np.argsort(-rank_urgency(answers.urgency[known]), kind="stable")
    ranked = np.zeros(len(said), bool)
    ranked[order[: int(MOST_URGENT * len(said))]] = True
    figures: Figures = {"urgent_called": float(called.mean())}
    if len(np.unique(said)) > 1:
        figures["urgency_kappa"] = float(
            cohen_kappa_score(said, given, labels=[1, 2, 3, 4], weights="quadratic")
        )
    if urgent.any():
        figures["urgent_recall"] = float(called[urgent].mean())
        figures["urgent_recall_by_rank"] = float(ranked[urgent].mean())
    if (said == 1).any():
        figures["gravest_recall"] = float(called[said == 1].mean())
    return figures


def measure_accusations(accused: Array, called: Array) -> Figures:
    """How many accusations reach the discipline side, and how many that reach it are some."""
    figures: Figures = {"accusations": int(accused.sum())}
    if accused.any():
        figures["accusation_recall"] = float(called[accused].mean())
    if called.any():
        figures["accusation_precision"] = float(accused[called].mean())
    return figures


def measure_flags(truth: Truth, answers: Answers) -> dict[str, Figures]:
    """Precision, recall, F1 and average precision of each flag that somebody was given."""
    table: dict[str, Figures] = {}
    for column, flag in enumerate(FLAGS):
        known = truth.flags[:, column] >= 0
        said = truth.flags[known, column] == 1
        if not said.any():
            continue
        given = answers.flagged[known, column]
        both = float((said & given).sum())
        table[flag] = {
            "n": int(said.sum()),
            "precision": both / max(int(given.sum()), 1),
            "recall": both / int(said.sum()),
            "f1": 2 * both / (int(said.sum()) + int(given.sum())),
            "average_precision": float(average_precision_score(said, answers.flags[known, column])),
        }
    return table


def coverage_curve(confidence: Array, right: Array) -> tuple[Array, Array]:
    """(share kept, accuracy among the kept), the surest first, one point an example."""
    order = np.argsort(-confidence, kind="stable")
    count = np.arange(1, len(order) + 1)
    return count / len(order), np.cumsum(right[order]) / count


def reliability(confidence: Array, right: Array, *, bins: int = 10) -> list[tuple[float, ...]]:
    """(mean confidence, share right, count) of each tenth of the scale that is not empty."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for number in range(bins)
        if (inside := place == number).any()
    ]


def calibration_error(confidence: Array, right: Array) -> float:
    """Expected calibration error over ten bins: how far confidence and truth lie apart."""
    return float(
        sum(n * abs(mean - share) for mean, share, n in reliability(confidence, right)) / len(right)
    )


def split_by(
    examples: Sequence[Example], key: Callable[[Example], str | None], order: Sequence[str] = ()
) -> dict[str, Array]:
    """Which examples (bool mask) have each value of `key`: those of `order`, then by name."""
    values = np.array([key(example) or "" for example in examples], dtype=object)
    known = [value for value in order if value in values]
    rest = sorted(set(values) - {*known, ""})
    return {value: values == value for value in [*known, *rest]}


def length_of(example: Example) -> str:
    """The length class of an example, by the characters of its title and content."""
    size = len(example.title) + len(example.content)
    return next(name for name, low, high in LENGTHS if low <= size < high)


def _macro_f1(said: Array, given: Array) -> float:
    """Mean F1 of the classes that somebody was given."""
    return float(f1_score(said, given, labels=np.unique(said), average="macro", zero_division=0))


def _take(rows: Any, chosen: Array) -> Any:
    return type(rows)(*(getattr(rows, field.name)[chosen] for field in fields(rows)))
