"""From a corpus to a classifier, and what it would have said of every example unseen.

Two stages. The first scores every label from the terms; its scores of texts unseen are what the
second learns from: calibration of the domains, regressions for urgency, nature and flags over the
scores and the danger evidence, and networks. Both are cross-validated by groups, so that no figure
of `Unseen` comes from a model fitted on the example or a near-copy of it. (What remains of it are
the scores of other examples, whose first stage knew its label: a shift of less than 0.01 in a
probability.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files

import numpy as np

from training.config import Config
from training.dataset import Corpus
from training.firststage import fit_first_stage, split_folds
from training.labels import Labels, load_label_taxonomy, read_labels
from training.secondstage import SecondStage, fit_heads, fit_network
from training.telling import find_telling
from triage.calibration import DomainCalibration
from triage.classifiers import (
    ACCUSATION,
    Classifier,
    Judgements,
    Lines,
    accuses_nobody,
    ask_network,
    decide_urgency,
    is_grave,
    join_inputs,
    rank_urgency,
    read_signals,
    weigh_accusation,
    weigh_nature,
    weigh_urgency,
)
from triage.danger import Danger, load_dangers
from triage.errors import InvalidData
from triage.features import Array, TextFeatures, read_text
from triage.meanings import load_meanings
from triage.suggestions import FLAGS, NATURES

NATURAL_ROLES = ("gold", "natural")  # splits with the mix of real life: lines are drawn on these
MADE_UP_ROLES = ("seed", "written")  # no office ever got these: they count less at the second stage
_ENOUGH = 200  # examples, below which lines drawn on them are mere luck


@dataclass(frozen=True, slots=True)
class Unseen(Judgements):
    """Judgements of every example by a model that saw neither it nor a near-copy of it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A classifier, and its answers to its own corpus as if unseen."""

    classifier: Classifier
    unseen: Unseen


def fit_classifier(corpus: Corpus, config: Config, *, say: Callable[[str], None] = print) -> Fit:
    """Fit on all of `corpus`, whose examples must carry every label. Deterministic.

    Raises InvalidData where an example lacks a label, or a label lacks examples.
    """
    taxonomy = load_label_taxonomy(config.taxonomy)
    domain = DomainCalibration(taxonomy)
    labels = read_labels(corpus.examples, taxonomy, domain)
    _refuse_scarce(labels, corpus, config)
    unheard = len(domain.codes) - len(set(labels.path.tolist()))
    if unheard:
        say(f"提示：{len(domain.codes)} 个三级分类中有 {unheard} 个没有样例，模型不会给出这些分类")
    readings = [read_text(example.title, example.content) for example in corpus.examples]
    lexicon = load_dangers((files("triage") / "data" / "danger.toml").read_bytes())
    dangers = [lexicon.find(reading.title, reading.content) for reading in readings]
    signals = read_signals(readings, dangers, lexicon, load_meanings().read(readings))

    features = TextFeatures(
        min_writers=config.features.min_writers,
        min_body_runs=config.features.min_body_runs,
        title_scale=config.features.title_scale,
    ).fit(readings, corpus.groups.tolist())
    rows = features.transform(readings)
    natural = np.isin(corpus.roles, NATURAL_ROLES)
    if not natural.any():  # a seed corpus alone, as in the model for tests
        natural[:] = True
    if natural.sum() < _ENOUGH:
        say(f"提示：分界线只在 {natural.sum()} 件上画，不稳；日常来件（role 为 natural）越多越好")
    if config.features.silent:
        # Texts that lines and figures rest on do not choose the terms where others can.
        enough = natural.sum() <= (~natural).sum()
        choosing = np.flatnonzero(~natural) if enough else np.arange(len(natural))
        telling = find_telling(
            rows[choosing],
            labels.targets[choosing],
            corpus.weights[choosing],
            silent=config.features.silent,
            penalty=config.model.penalty,
            smoothing=config.model.smoothing,
        )
        rows = features.keep(telling).transform(readings)
    say(f"{rows.shape[0]} 件，认得 {rows.shape[1]} 个字串")
    first = fit_first_stage(rows, labels, corpus, domain, config, say=say)
    unseen_scores = first.unseen

    made_up = ~natural & np.isin(corpus.roles, MADE_UP_ROLES)
    counts = np.where(made_up, config.model.made_up_weight, 1.0)
    inputs = join_inputs(unseen_scores, signals, labels.outputs)
    by_level = [
        unseen_scores[:, part]
        for part in (labels.outputs.level1, labels.outputs.level2, labels.outputs.level3)
    ]
    truth = [labels.level1, labels.level2, labels.path]

    def second_stage(seen: Array) -> SecondStage:
        known = seen[natural[seen]]  # the calibration is that of the mix of real life
        calibration = DomainCalibration(taxonomy).fit(
            [part[known] for part in by_level],
            [part[known] for part in truth],
            counts[known],
            shrink=config.model.shrink,
        )
        heads = fit_heads(inputs[seen], labels, seen, counts[seen], config)
        network = fit_network(inputs, unseen_scores, labels, domain, seen, counts, config)
        return SecondStage(calibration, heads, network)

    unseen = _judge_unseen(second_stage, by_level, inputs, unseen_scores, corpus, config)
    lines = _draw_lines(unseen, labels, dangers, natural, domain, config)
    last = second_stage(np.arange(len(counts)))
    classifier = Classifier(
        features=features,
        scores=first.scores,
        outputs=labels.outputs,
        domain=last.calibration,
        heads=last.heads,
        lines=lines,
        network=last.network,
    )
    decided = decide_urgency(unseen.urgency, dangers, lines)
    answers = {field.name: getattr(unseen, field.name) for field in fields(Judgements)}
    return Fit(classifier, Unseen(**(answers | {"urgency_level": decided})))


def _refuse_scarce(labels: Labels, corpus: Corpus, config: Config) -> None:
    """Every fold must see the yes and the no of each label that is told by itself.

    A model that never saw one would never say it: accusations and dangers would be overlooked.
    """
    told = {
        ACCUSATION: labels.nature == NATURES.index(ACCUSATION),
        "特急、紧急": labels.urgency <= 2,
        **{flag: labels.flags[:, number] for number, flag in enumerate(FLAGS)},
    }
    folds = list(split_folds(corpus.groups, config.folds, config.seed))
    scarce = [
        name
        for name, truth in told.items()
        if not all(0 < truth[~held_out].sum() < (~held_out).sum() for held_out in folds)
    ]
    if scarce:
        raise InvalidData(
            f"语料中 {'、'.join(scarce)} 的件太少（或全都是），学不会。请补上已标注的件，"
            "或在配置里加上自带语料 {corpus}/seed.jsonl（见 docs/training.md 的例子）"
        )


def _judge_unseen(
    second_stage: Callable[[Array], SecondStage],
    by_level: Sequence[Array],
    inputs: Array,
    scores: Array,
    corpus: Corpus,
    config: Config,
) -> Unseen:
    found: dict[str, Array] = {}
    for held_out in split_folds(corpus.groups, config.folds, config.seed):
        stage = second_stage(np.flatnonzero(~held_out))
        known, heads = inputs[held_out], stage.heads
        paths, natures, urgency = ask_network(stage.network, known, scores[held_out])
        level1, level2, path = stage.calibration.probabilities(
            [part[held_out] for part in by_level], paths
        )
        answers = {
            "level1": level1,
            "level2": level2,
            "path": path,
            "urgency": weigh_urgency(heads.urgency.logits(known), urgency),
            "nature": weigh_nature(heads.nature.logits(known), natures),
            "flags": np.column_stack([head.probabilities(known)[:, 1] for head in heads.flags]),
            "accusation": weigh_accusation(
                heads.accusation.logits(known)[:, 0], natures, accuses_nobody(known)
            ),
        }
        for name, values in answers.items():
            if name not in found:
                found[name] = np.zeros((len(held_out), *values.shape[1:]), np.float32)
            found[name][held_out] = values
    return Unseen(urgency_level=np.zeros(len(inputs), int), **found)


def _draw_lines(
    unseen: Unseen,
    labels: Labels,
    dangers: Sequence[Sequence[Danger]],
    natural: Array,
    domain: DomainCalibration,
    config: Config,
) -> Lines:
    """The lines, drawn on the natural mix only."""
    level1 = domain.up1[domain.up2[unseen.best_paths()]]
    sure = unseen.level1[np.arange(len(level1)), level1][natural]
    right = (level1 == labels.level1)[natural]
    forced = np.array([any(map(is_grave, found)) for found in dangers])[natural]
    urgent = rank_urgency(unseen.urgency[natural])
    room = config.lines.urgent_share - forced.mean()
    accused = labels.nature[natural] == NATURES.index(ACCUSATION)
    return Lines(
        review=_find_sure_line(sure, right, config.lines.review_target),
        urgent=float(np.quantile(urgent[~forced], 1 - max(room, 0) / (1 - forced.mean()))),
        grave=float(np.quantile(unseen.urgency[natural, 0], 1 - config.lines.grave_share)),
        accusation=_find_recall_line(
            unseen.accusation[natural], accused, config.lines.accusation_recall
        ),
        flags=tuple(
            _find_f1_line(unseen.flags[natural, i], labels.flags[natural, i])
            for i in range(len(FLAGS))
        ),
    )


def _find_sure_line(sure: Array, right: Array, target: float) -> float:
    """The lowest line above which `right` holds at the rate `target`; 1 where none does."""
    order = np.argsort(-sure)
    rate = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(rate >= target)
    return float(sure[order][good[-1]]) if len(good) else 1.0


def _find_recall_line(chance: Array, truth: Array, recall: float) -> float:
    """The highest line that still finds the share `recall` of the true ones."""
    if not truth.any():
        return 0.5
    missed = int((1 - recall) * truth.sum())
    return float(np.sort(chance[truth])[missed])


def _find_f1_line(chance: Array, truth: Array) -> float:
    """The line with the best F1; 0.5 where there is nothing to find."""
    if not truth.any():
        return 0.5
    order = np.argsort(-chance)
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    return float(chance[order][f1.argmax()])
