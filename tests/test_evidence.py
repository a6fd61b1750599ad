"""Evidence is true: it lies in the text, and without it the score falls."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from service_factories import load_tiny_desk

from training.config import HERE
from training.readers import read_examples
from triage.desk import Desk
from triage.evidence import MOST_SPANS, find_evidence, list_clauses
from triage.features import Array, Reading, read_text
from triage.submissions import Submission
from triage.suggestions import Evidence, Suggestion


@pytest.fixture(scope="module")
def desk() -> Desk:
    return load_tiny_desk()


@pytest.fixture(scope="module")
def submissions() -> list[Submission]:
    """Sixty petitions over all domains; the tiny model learnt from every second of the corpus."""
    examples = read_examples(HERE / "corpus" / "seed.jsonl")[1::52]
    return [Submission(example.id, example.title, example.content) for example in examples]


@pytest.fixture(scope="module")
def suggestions(desk: Desk, submissions: list[Submission]) -> list[Suggestion]:
    return desk.suggest_many(submissions)


def measure_logit(desk: Desk, submission: Submission, code: str) -> float:
    """What the text says for a path: the sum that the calibration turns into its probability."""
    classifier = desk.classifier
    rows = classifier.features.transform([read_text(submission.title, submission.content)])
    scores, outputs, domain = (
        classifier.scores.score(rows)[0],
        classifier.outputs,
        classifier.domain,
    )
    path = classifier.codes.index(code)
    level2 = domain.up2[path]
    return float(
        domain.blend_[0] * scores[outputs.level1][domain.up1[level2]]
        + domain.blend_[1] * scores[outputs.level2][level2]
        + domain.blend_[2] * scores[outputs.level3][path]
    )


def remove(submission: Submission, span: Evidence) -> Submission:
    text = getattr(submission, span.field)
    return replace(submission, **{span.field: text[: span.start] + text[span.end :]})


def test_every_span_lies_in_the_text_and_says_what_stands_there(
    submissions: list[Submission], suggestions: list[Suggestion]
) -> None:
    for submission, suggestion in zip(submissions, suggestions, strict=True):
        for span in suggestion.evidence:
            assert 0 <= span.start < span.end <= len(getattr(submission, span.field))
            assert getattr(submission, span.field)[span.start : span.end] == span.text
            assert span.text.strip(" ，。！？") == span.text


def test_there_is_evidence_and_its_weights_are_shares_strongest_first(
    suggestions: list[Suggestion],
) -> None:
    for suggestion in suggestions:
        weights = [span.weight for span in suggestion.evidence]
        assert 1 <= len(weights) <= MOST_SPANS
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)
        assert sum(weights) <= 1.0001


def test_spans_of_one_field_do_not_overlap(suggestions: list[Suggestion]) -> None:
    for suggestion in suggestions:
        spans = sorted(suggestion.evidence, key=lambda span: (span.field, span.start))
        for one, two in pairwise(spans):
            assert one.field != two.field or one.end <= two.start


def test_without_its_strongest_span_a_text_says_less_for_the_path(
    desk: Desk, submissions: list[Submission], suggestions: list[Suggestion]
) -> None:
    for submission, suggestion in zip(submissions, suggestions, strict=True):
        measure = partial(measure_logit, desk, code=suggestion.domain.code)
        assert measure(remove(submission, suggestion.evidence[0])) < measure(submission)


def test_the_strongest_span_weighs_more_than_any_other_place_of_its_length(
    desk: Desk, submissions: list[Submission], suggestions: list[Suggestion]
) -> None:
    random = np.random.default_rng(0)
    losses: list[tuple[float, float]] = []
    for submission, suggestion in zip(submissions, suggestions, strict=True):
        measure = partial(measure_logit, desk, code=suggestion.domain.code)
        strongest = suggestion.evidence[0]
        length = strongest.end - strongest.start
        start = int(random.integers(0, max(1, len(submission.content) - length)))
        anywhere = Evidence("content", start, start + length, "", 0)
        whole = measure(submission)
        losses.append(
            (
                whole - measure(remove(submission, strongest)),
                whole - measure(remove(submission, anywhere)),
            )
        )
    assert np.mean([strongest > anywhere for strongest, anywhere in losses]) > 0.9


def explain(desk: Desk, readings: list[Reading], directions: Array) -> list[tuple[Evidence, ...]]:
    classifier = desk.classifier
    return find_evidence(
        readings,
        classifier.features.read(readings),
        scores=classifier.scores,
        aims=directions @ classifier.scores.directions.T,
    )


def test_texts_explained_together_do_not_lend_each_other_words(desk: Desk) -> None:
    readings = [
        read_text("", "小区电梯停运四天"),
        read_text("", ""),
        read_text("拖欠工资", "😀"),
        read_text("路灯不亮", "学校门口的路灯不亮"),
    ]
    outputs = desk.classifier.outputs.flags.stop
    directions = np.eye(len(readings), outputs, dtype=np.float32)
    together = explain(desk, readings, directions)
    alone = [
        explain(desk, [reading], directions[[number]])[0] for number, reading in enumerate(readings)
    ]
    assert together[1] == ()
    assert together == alone


def test_words_of_the_operator_are_no_evidence(desk: Desk) -> None:
    call = "话务员：您好，请问有什么可以帮您？\n市民：我们小区的电梯停运四天了，物业不来修。"
    reading = read_text("", call)
    blank = [number for number, char in enumerate(reading.body) if char == " "]
    assert call.index("请问") in blank
    for span in desk.suggest(Submission("1", "", call)).evidence:
        assert call.index("市民") < span.start or span.start not in blank


def test_clauses_are_what_a_person_can_read_of_the_spans() -> None:
    reading = read_text(
        "楼道堆满杂物", "昨天下午，三号楼的消防通道又被锁了。门卫说，钥匙" + "在" * 80
    )

    def span(field: str, text: str) -> Evidence:
        start = getattr(reading, field).index(text)
        return Evidence(field, start, start + len(text), text, 0.1)

    spans = [
        span("content", "通道"),
        span("content", "号楼"),
        span("title", "杂"),
        span("content", "在在"),
    ]
    clauses = list_clauses(spans, reading, most=3)
    assert clauses[:2] == ["三号楼的消防通道又被锁了", "楼道堆满杂物"]
    assert clauses[2].startswith("钥匙在在")
    assert len(clauses[2]) <= 30
    assert list_clauses(spans, reading, most=1) == clauses[:1]
    assert list_clauses([], reading, most=1) == []
