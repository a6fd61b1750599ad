"""From probabilities to labels: the lines, the likeliest path, and what is counted beside terms."""

from dataclasses import replace

import numpy as np
import pytest
from service_factories import load_tiny_desk

from triage.classifiers import (
    Judgements,
    Lines,
    decide_urgency,
    is_grave,
    rank_urgency,
    read_signals,
    weigh_accusation,
    weigh_nature,
    weigh_urgency,
)
from triage.danger import EVIDENT, Danger
from triage.desk import Desk
from triage.features import read_text
from triage.suggestions import FLAGS, NATURES

LINES = Lines(review=0.7, urgent=0.3, grave=0.6, accusation=0.2, flags=(0.5,) * len(FLAGS))
GAS = Danger(
    kind="gas",
    level=1,
    field="content",
    start=0,
    end=4,
    text="煤气泄漏",
    who=None,
    tense="now",
    stance="stated",
    strength=EVIDENT,
    reason="“煤气泄漏”：疑似燃气泄漏",
)
CALM = [0.0, 0.1, 0.3, 0.6]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return load_tiny_desk()


@pytest.mark.parametrize(
    ("probabilities", "level"),
    [
        ([0.7, 0.1, 0.1, 0.1], 1),
        ([0.6, 0.0, 0.0, 0.4], 1),
        ([0.2, 0.2, 0.5, 0.1], 2),  # urgent from a low line on
        ([0.2, 0.2, 0.1, 0.5], 4),  # but less of 一般 is asked of it
        ([0.2, 0.09, 0.5, 0.21], 3),
        ([0.0, 0.05, 0.5, 0.45], 4),  # in doubt 一般
        (CALM, 4),
    ],
)
def test_a_level_is_drawn_by_the_lines(probabilities: list[float], level: int) -> None:
    assert decide_urgency(np.array([probabilities]), [()], LINES).tolist() == [level]


def test_stated_danger_to_life_is_urgent_whatever_the_model_thinks() -> None:
    levels = decide_urgency(np.array([CALM, CALM]), [(), (GAS,)], LINES)
    assert levels.tolist() == [4, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 2},
        {"stance": "figurative"},
        {"stance": "question"},
        {"stance": "negated"},
        {"stance": "hypothetical"},
        {"strength": EVIDENT - 0.01},
    ],
)
def test_danger_that_is_less_than_stated_evident_and_to_life_forces_nothing(
    changes: dict[str, object],
) -> None:
    assert is_grave(GAS)
    assert not is_grave(replace(GAS, **changes))


def test_the_likeliest_path_counts_and_not_the_likeliest_level_1() -> None:
    path = np.array([[0.3, 0.3, 0.4]])  # 0 and 1 may lie under one level 1: 0.6 together
    none = np.zeros((1, 1))
    assert Judgements(none, none, path, none, none, none, none, none).best_paths() == [2]


def test_of_two_as_likely_urgent_the_one_less_likely_to_be_calm_is_called_first() -> None:
    else_soon, else_calm = rank_urgency(np.array([[0.1, 0.1, 0.7, 0.1], [0.1, 0.1, 0.1, 0.7]]))
    assert else_soon > else_calm


def test_the_network_is_heard_more_than_the_regression_on_the_urgency() -> None:
    own = np.log(np.array([[0.1, 0.2, 0.3, 0.4]]))
    beside = np.log(np.array([[0.4, 0.2, 0.3, 0.1]]))
    mixed = np.exp(own) ** 0.4 * np.exp(beside) ** 0.6
    np.testing.assert_allclose(weigh_urgency(own, beside + 5), mixed / mixed.sum())
    np.testing.assert_allclose(weigh_urgency(own, None), np.exp(own))


def test_the_network_is_heard_less_than_the_regression_on_the_nature() -> None:
    own, beside = np.log(np.array([[0.5, 0.3, 0.2]])), np.log(np.array([[0.3, 0.4, 0.3]]))
    mixed = np.exp(own) ** 0.7 * np.exp(beside) ** 0.3
    np.testing.assert_allclose(weigh_nature(own, beside), mixed / mixed.sum())
    np.testing.assert_allclose(weigh_nature(own, None), np.exp(own))


def test_an_accusation_is_what_the_regression_and_the_natures_of_the_network_say() -> None:
    shares = np.full((2, len(NATURES)), 0.1)
    shares[0, NATURES.index("检举控告")] = 0.4  # 0.4 to 0.6, the odds of the regression 4 to 1
    shares[1, NATURES.index("检举控告")] = 1e9  # as good as sure, and still a number
    own = np.log(np.array([4.0, 4.0]))
    sure, surer = weigh_accusation(own, np.log(shares), np.zeros(2))
    assert sure / (1 - sure) == pytest.approx(4**0.3 * (0.4 / 0.6) ** 0.7)
    assert 0.99 < surer < 1
    np.testing.assert_allclose(weigh_accusation(own, None, np.zeros(2)), [0.8, 0.8])
    doubted = weigh_accusation(own, None, np.array([1, 0]))
    np.testing.assert_allclose(doubted, [4 / (4 + np.e**2), 0.8])


def test_signals_count_questions_exclamations_lengths_and_personal_data(desk: Desk) -> None:
    readings = [read_text("漏", "怎么办？？！"), read_text("", "电话13800138000")]
    dangers = [desk.dangers.find(reading.title, reading.content) for reading in readings]
    meant = desk.meanings.read(readings)
    signals = read_signals(readings, dangers, desk.dangers, meant)
    width = len(desk.dangers.feature_names)
    np.testing.assert_allclose(
        signals[:, width : width + 5],
        [[0, *np.log1p([6, 1, 2, 1])], [1, *np.log1p([13, 0, 0, 0])]],
        rtol=1e-6,
    )


def test_what_is_judged_are_probabilities_of_one_row_a_document(desk: Desk) -> None:
    readings = [
        read_text("电梯停运", "老人下不了楼"),
        read_text("", ""),
        read_text("贪污", "村支书"),
    ]
    dangers = [desk.dangers.find(reading.title, reading.content) for reading in readings]
    rows = desk.classifier.features.transform(readings)
    signals = read_signals(readings, dangers, desk.dangers, desk.meanings.read(readings))
    judged = desk.classifier.judge(rows, signals, dangers)
    for name, width in (
        ("level1", len(desk.classifier.level1_names)),
        ("level2", len(desk.classifier.level2_names)),
        ("path", len(desk.classifier.codes)),
        ("urgency", 4),
        ("nature", len(NATURES)),
    ):
        values = getattr(judged, name)
        assert values.shape == (3, width), name
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-4, err_msg=name)
    assert judged.flags.shape == (3, len(FLAGS))
    assert ((judged.flags >= 0) & (judged.flags <= 1)).all()
    assert judged.accusation.shape == (3,)
    assert set(judged.urgency_level.tolist()) <= {1, 2, 3, 4}
