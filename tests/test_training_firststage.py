"""The first stage: what it says of texts unseen is what a map that never saw them says."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from threadpoolctl import threadpool_limits

from training.config import HERE, Config, CorpusConfig, CorpusFile, FeatureConfig, ModelConfig
from training.dataset import Corpus, load_corpus
from training.firststage import FirstStage, fit_first_stage, split_folds
from training.labels import Labels, read_labels
from triage.calibration import DomainCalibration
from triage.features import Array, Matrix, TextFeatures, read_text
from triage.taxonomy import load_taxonomy

FOLDS = 3
CONFIG = Config(
    CorpusConfig((CorpusFile(HERE / "corpus" / "seed.jsonl", role="seed", every=16),)),
    features=FeatureConfig(min_body_runs=10),
    model=ModelConfig(width=668, rounding=1e-6),
    folds=FOLDS,
)
TAXONOMY = load_taxonomy("letters")
DOMAIN = DomainCalibration(TAXONOMY)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(CONFIG)


@pytest.fixture(scope="module")
def labels(corpus: Corpus) -> Labels:
    return read_labels(corpus.examples, TAXONOMY, DOMAIN)


@pytest.fixture(scope="module")
def rows(corpus: Corpus) -> Matrix:
    readings = [read_text(example.title, example.content) for example in corpus.examples]
    features = TextFeatures(min_writers=5, min_body_runs=10)
    return features.fit(readings, corpus.groups.tolist()).transform(readings)


def fit(rows: Matrix, labels: Labels, corpus: Corpus, **knobs: float) -> FirstStage:
    config = replace(CONFIG, model=replace(CONFIG.model, **knobs))
    with threadpool_limits(1):
        return fit_first_stage(rows, labels, corpus, DOMAIN, config, say=lambda _: None)


def hold_out(corpus: Corpus) -> Array:
    return next(split_folds(corpus.groups, FOLDS, CONFIG.seed))


def test_folds_keep_groups_whole_and_hold_out_every_text_once() -> None:
    groups = np.array([3, 1, 3, 2, 2, 5, 9, 3, 1])
    masks = list(split_folds(groups, FOLDS, 0))
    assert (np.sum(masks, axis=0) == 1).all()
    assert all(not set(groups[mask]) & set(groups[~mask]) for mask in masks)


def test_a_text_unseen_is_scored_by_the_ridge_without_its_group(
    rows: Matrix, labels: Labels, corpus: Corpus
) -> None:
    first = fit(rows, labels, corpus, ridge_share=1, smoothing=0)
    out = corpus.groups == corpus.groups[7]
    ridge = KernelRidge(alpha=CONFIG.model.penalty / corpus.weights[~out])
    ridge.fit(rows[~out].toarray(), labels.targets[~out])
    expected = ridge.predict(rows[out].toarray())
    assert np.abs(first.unseen[out] - expected).max() < 0.02
    assert np.abs(first.scores.score(rows[out]) - expected).max() > 0.1  # that one saw it


def test_what_is_said_of_a_text_unseen_does_not_follow_its_label(
    rows: Matrix, labels: Labels, corpus: Corpus
) -> None:
    chosen = int(hold_out(corpus).nonzero()[0][0])
    path, targets = labels.path.copy(), labels.targets.copy()
    path[chosen] = (path[chosen] + 250) % len(DOMAIN.codes)
    targets[chosen] = 1 - targets[chosen]
    turned = replace(labels, path=path, targets=targets)
    one, two = (fit(rows, each, corpus) for each in (labels, turned))
    # The heads' spreads, which all texts have in common, may move a little.
    assert np.corrcoef(one.unseen[chosen], two.unseen[chosen])[0, 1] > 0.99
    seen = (each.scores.score(rows[chosen])[0] for each in (one, two))
    assert np.corrcoef(*seen)[0, 1] < 0.9


def test_the_scores_unseen_are_as_blurred_as_those_of_the_packed_map(
    rows: Matrix, labels: Labels, corpus: Corpus
) -> None:
    sharp, blurred = (fit(rows, labels, corpus, rounding=share).unseen for share in (1e-6, 1e-2))
    share = ((blurred - sharp) ** 2).mean() / (sharp**2).mean()
    assert 1e-3 < share < 3e-2
