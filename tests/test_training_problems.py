import numpy as np
import pytest

from bench.problems import compose
from training.problems import (
    Gold,
    assign_in_order,
    describe,
    fit_matcher,
    make_placer,
    measure_clusters,
)
from triage.matching import FEATURES
from triage.problems import find_pairs, group_traces, place_trace
from triage.traces import Told, Trace, bind_traces, read_traces

GOLDS = [
    Gold("one", ("a", "b", "c"), sure=True),
    Gold("two", ("d", "e"), sure=True),
    Gold("doubtful", ("f", "g"), sure=False),
]


def make_traces(count: int) -> list[Trace]:
    """Messages of four matters each at its own place, told in three ways."""
    places = ["青桐湾", "白鹭洲", "红枫岭", "金穗里"]
    tells = [
        ("{}小区电梯经常停运", "{}小区三栋的电梯一个月坏了五次，老人下不了楼。"),
        ("反映{}电梯老坏没人修", "我家住{}，电梯总是停运，物业不修。"),
        ("{}的电梯什么时候修", "{}三栋电梯又困人了，请督促物业更换。"),
    ]
    return read_traces(
        [
            Told(f"{n}", tells[n % 3][0].format(places[n // 3 % 4]), tells[n % 3][1].format("本"))
            for n in range(count)
        ]
    )


def test_perfect_clusters_score_one() -> None:
    clusters = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 3, "g": 4, "z": 5}
    figures = measure_clusters(clusters, GOLDS)
    assert figures["all"].f1 == figures["3+"].f1 == 1.0


def test_a_stranger_in_a_cluster_costs_precision_and_a_doubtful_member_does_not() -> None:
    clusters = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 1, "g": 2, "z": 1}
    figures = measure_clusters(clusters, GOLDS)
    assert figures["all"].recall == 1.0
    assert figures["all"].precision == pytest.approx((3 * 3 / 4 + 2) / 5)
    assert figures["3+"].precision == pytest.approx(3 / 4)


def test_a_torn_group_costs_recall() -> None:
    clusters = {"a": 1, "b": 1, "c": 6, "d": 2, "e": 2, "f": 3, "g": 4}
    figures = measure_clusters(clusters, GOLDS)
    assert figures["all"].precision == 1.0
    assert figures["3+"].recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)


def test_pairs_are_described_under_the_published_names() -> None:
    traces = make_traces(12)
    golds = [Gold("x", ("0", "1", "2"), sure=True), Gold("y", ("3", "4"), sure=False)]
    pairs = describe(traces, golds)
    assert pairs.rows.shape == (len(pairs.one), len(FEATURES))
    assert np.isfinite(pairs.rows).all()
    assert pairs.same.sum() >= 3
    assert (pairs.weight[pairs.same] < 1).any()


def test_a_matcher_learns_what_it_is_shown_and_not_what_is_held_out() -> None:
    traces = make_traces(12)
    golds = [Gold(f"{n}", tuple(f"{3 * n + k}" for k in range(3)), sure=True) for n in range(4)]
    pairs = describe(traces, golds)
    some, other = fit_matcher(pairs), fit_matcher(pairs, without=np.array([0]))
    assert not np.array_equal(some.forest.value, other.forest.value)
    assigned = assign_in_order(traces, make_placer(some))
    assert set(assigned) == {trace.id for trace in traces}


def test_in_order_of_arrival_little_differs_from_all_at_once() -> None:
    traces = read_traces(compose(400))
    offline = {traces[at].id: n for n, group in enumerate(group_traces(traces)) for at in group}
    online = assign_in_order(traces, place_trace)
    assert abs(len(set(offline.values())) - len(set(online.values()))) < 0.1 * len(traces)


def test_the_candidates_grow_with_the_messages_not_with_their_square() -> None:
    few, many = (
        len(find_pairs(bind_traces(read_traces(compose(size))))[0]) for size in (300, 1200)
    )
    assert many < 8 * few  # the square of four times as many would be 16
