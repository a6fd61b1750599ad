"""The domain pipeline on any flat label: fit on one file, predict another, one line of figures.

With it anyone can repeat a published figure on data of their own. The same character runs and ridge
regression as the released model, with liberties that a single flat label allows: words of the body
beside them, terms count more the fewer labels they favour, small networks are asked beside the
regression, and the vocabulary is larger than privacy lets a released one be (nothing of this is
kept).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, starmap
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from training.dataset import find_groups
from training.kernel import invert, make_kernel
from training.logits import slope_of_classes
from training.networks import SMALL, Shape, fit_layers
from training.readers import Example, read_examples
from training.ridge import fit_ridge
from triage.calibration import find_shares
from triage.errors import InvalidFile
from triage.features import Array, Matrix, Reading, TextFeatures, read_text
from triage.meanings import load_meanings
from triage.words import cut_words

MIN_WRITERS = 2
MIN_BODY_RUNS = 3
SIMILARITY = 0.5
GRAVITY = 7.0  # Chen et al. (2016), "Turning from TF-IDF to TF-IGM", found 5 to 9 best
PENALTY = 0.1
STRENGTH = 0.1  # of the logistic regression over the scores (scikit-learn's C)
TOPICS = 450  # directions of the rows that the networks see, beside what the words mean
MEANT = 0.3  # of what the words mean, in deviations: beside the topics it counts less
BLUR = 0.3  # of both, in deviations (see training.networks)
SHAPE = Shape(networks=5, units=256, epochs=30)
FLOOR = 1e-3  # of a probability, so that one network alone cannot rule a label out
CHUNK = 500


class FlatPipeline:
    """A ridge regression and a handful of small networks, their probabilities multiplied.

    The ridge scores become probabilities by a logistic regression that learns from what they were
    for texts whose near-duplicates had been left out, so it meets the same kind of scores in use.
    """

    def fit(
        self, readings: Sequence[Reading], labels: Sequence[str], groups: Sequence[int]
    ) -> "FlatPipeline":
        """Learn from one label for each reading; `groups` numbers near-identical texts.

        Raises InvalidFile where the texts are too few to have words in common.
        """
        self.names_, number = np.unique(np.asarray(labels), return_inverse=True)
        targets = np.eye(len(self.names_), dtype=np.float32)[number]
        self.features_ = TextFeatures(min_writers=MIN_WRITERS, min_body_runs=MIN_BODY_RUNS)
        self.features_.fit(readings, groups)
        words = TfidfVectorizer(
            tokenizer=cut_words,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 2),
            min_df=MIN_WRITERS,  # of texts: here near-copies may count
            sublinear_tf=True,
        )
        try:
            self.words_ = words.fit([reading.body for reading in readings])
        except ValueError as error:  # no word is left
            raise InvalidFile(
                f"训练用的 {len(readings)} 件太少，没有一个词出现在 {MIN_WRITERS} 件里，请多给一些"
            ) from error
        counted = self._count(readings)
        self.gravity_ = 1 + GRAVITY * class_gravity(counted, targets)
        rows = self._weigh(counted)
        even = np.full(len(labels), PENALTY)
        inverse = invert(make_kernel(rows, smoothing=0).values, even)
        ridge = fit_ridge(inverse, targets, groups=groups)
        self.coefficients_ = (rows.T @ ridge.dual).astype(np.float32)
        self.spread_ = ridge.unseen.std(axis=0) + 1e-6
        self.decision_ = LogisticRegression(C=STRENGTH, max_iter=1000)
        self.decision_.fit(ridge.unseen / self.spread_, number)
        self._fit_networks(rows, load_meanings().read(readings), number)
        return self

    def _fit_networks(self, rows: Matrix, meant: Array, number: Array) -> None:
        topics = min(TOPICS, min(rows.shape) - 1)
        _, _, directions = randomized_svd(rows, topics, n_iter=3, random_state=0)
        # Between the raw topics, the first of which drown the rest, and all of equal size.
        spread = (rows @ directions.T).std(axis=0) + SMALL
        sizes = np.sqrt(spread) * np.sqrt(spread).mean()
        self.topics_ = (directions.T / sizes).astype(np.float32)
        inputs = np.hstack([rows @ self.topics_, meant])
        self.centre_ = inputs.mean(axis=0)
        self.size_ = np.concatenate([np.ones(topics), (meant.std(axis=0) + SMALL) / MEANT])
        self.networks_ = fit_layers(
            ((inputs - self.centre_) / self.size_).astype(np.float32),
            lambda logits, texts: slope_of_classes(logits, number[texts]),
            counts=np.ones(len(number)),
            blur=np.full(inputs.shape[1], BLUR, np.float32),
            logits=len(self.names_),
            shape=SHAPE,
            seed=0,
        )

    def predict(self, readings: Sequence[Reading]) -> Array:
        """The label of each reading."""
        chosen = [
            self._log_odds(readings[start : start + CHUNK]).argmax(axis=1)
            for start in range(0, len(readings), CHUNK)
        ]
        labels: Array = self.names_[np.concatenate(chosen)]
        return labels

    def _log_odds(self, readings: Sequence[Reading]) -> Array:
        rows = self._weigh(self._count(readings))
        ridge = self.decision_.predict_proba(rows @ self.coefficients_ / self.spread_)
        inputs = np.hstack([rows @ self.topics_, load_meanings().read(readings)])
        seen = (inputs - self.centre_) / self.size_
        said = [np.log(find_shares(each.logits(seen)) + FLOOR) for each in self.networks_]
        total: Array = np.log(ridge + FLOOR) + np.mean(said, axis=0)
        return total

    def _count(self, readings: Sequence[Reading]) -> Matrix:
        """Runs of the title, runs and words of the body side by side."""
        words = self.words_.transform([reading.body for reading in readings])
        return sp.hstack([self.features_.transform(readings), words], "csc", np.float32)

    def _weigh(self, counted: Matrix) -> Matrix:
        """The terms weighed, each row of each of the three blocks of equal length."""
        ends = np.cumsum([0, *(len(block.terms) for block in self.features_.blocks_)])
        parts = [
            normalize(counted[:, part] @ sp.diags_array(self.gravity_[part]))
            for part in (*starmap(slice, pairwise(ends)), slice(ends[-1], None))
            if len(self.gravity_[part])  # a file without titles has no runs of titles
        ]
        return sp.csr_matrix(sp.hstack(parts, dtype=np.float32) / np.sqrt(len(parts)))


def class_gravity(counted: Matrix, targets: Array) -> Array:
    """(terms,) how far each term keeps to one label: 1 for one alone, little for all alike.

    The inverse gravity moment of the shares of each label's texts in which the term stands.
    """
    present = sp.csr_matrix(counted, copy=True)
    present.data[:] = 1
    share = (targets.T @ present + 0.2) / (targets.sum(axis=0)[:, None] + 1.4)
    ranked = -np.sort(-share, axis=0)
    moment = (ranked * np.arange(1, len(ranked) + 1)[:, None]).sum(axis=0)
    gravity: Array = (ranked[0] / moment).astype(np.float32)
    return gravity


def run_benchmark(
    train: Path, test: Path, *, label: str, say: Callable[[str], None]
) -> Mapping[str, Any]:
    """n, accuracy, macro_f1, fit_s and predict_per_s of the pipeline; both times count reading.

    Raises InvalidFile where a record of either file lacks the label.
    """
    learnt, asked = _read(train, label), _read(test, label)
    if len({example.domain for example in learnt}) < 2:
        raise InvalidFile(f"{train.name} 的“{label}”只有一种取值，无从学起")
    say(f"{len(learnt)} 件训练，{len(asked)} 件测试")
    start = time.perf_counter()
    texts = [example.content or example.title for example in learnt]
    pipeline = FlatPipeline().fit(
        [read_text(example.title, example.content) for example in learnt],
        [example.domain or "" for example in learnt],
        find_groups(texts, similarity=SIMILARITY, seed=0).tolist(),
    )
    fitted = time.perf_counter()
    say(f"拟合用时 {fitted - start:.0f} 秒")
    given = pipeline.predict([read_text(example.title, example.content) for example in asked])
    seconds = time.perf_counter() - fitted
    said = [example.domain or "" for example in asked]
    return {
        "n": len(asked),
        "accuracy": round(float(accuracy_score(said, given)), 4),
        "macro_f1": round(float(f1_score(said, given, average="macro", zero_division=0)), 4),
        "fit_s": round(fitted - start, 1),
        "predict_per_s": round(len(asked) / seconds, 1),
    }


def _read(path: Path, label: str) -> list[Example]:
    """The records of a file with `label` as their domain, whatever the file calls it."""
    examples = read_examples(path, {"domain": label})
    lacking = sum(example.domain is None for example in examples)
    if lacking:
        raise InvalidFile(f"{path.name} 有 {lacking} 件没有“{label}”，请补齐或改用别的 --label")
    return examples
