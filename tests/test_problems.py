from dataclasses import replace

import numpy as np
import pytest

from triage.matching import FEATURES, get_matcher
from triage.problems import (
    Placement,
    choose_problem,
    find_pairs,
    group_sheaf,
    group_traces,
    place_trace,
)
from triage.sheaves import MOST_KEYS
from triage.traces import Told, bind_traces, measure_match, read_sheaf, read_trace, read_traces

NOISE = Told(
    "1", "翠屏苑小区楼下烧烤店深夜噪音扰民", "翠屏苑小区3栋楼下的烧烤店每晚营业到两点，吵得睡不着。"
)
NOISE_AGAIN = Told(
    "2", "翠屏苑烧烤摊夜里太吵", "我住翠屏苑，楼下烧烤店夜里喝酒划拳，老人孩子无法入睡。"
)
NOISE_ELSEWHERE = Told(
    "3", "枫桥里小区楼下烧烤店深夜噪音扰民", "枫桥里小区7栋楼下的烧烤店每晚很吵。"
)
SALARY = Told("4", "昌和建材拖欠工资", "我在昌和建材做工，三个月的工资到现在没有发。")


def test_the_same_trouble_at_the_same_place_is_one_group():
    groups = group_traces(read_traces([NOISE, SALARY, NOISE_AGAIN]))
    assert groups == [[0, 2], [1]]


def test_a_persons_word_wins_over_the_likeness():
    traces = read_traces([NOISE, SALARY, NOISE_AGAIN])
    assert group_traces(traces, apart=[(0, 2)]) == [[0], [1], [2]]
    assert group_traces(traces, together=[(0, 1)], apart=[(1, 2)]) == [[0, 1], [2]]


def test_a_new_submission_joins_the_problem_of_its_like():
    candidates = [(read_trace(SALARY), 8), (read_trace(NOISE), 7)]
    problem, likeness = choose_problem(read_trace(NOISE_AGAIN), candidates)
    assert problem == 7
    assert 0 < likeness <= 1


def test_a_new_matter_joins_no_problem():
    problem, likeness = choose_problem(read_trace(SALARY), [(read_trace(NOISE), 7)])
    assert problem is None
    assert likeness < 0.1
    assert choose_problem(read_trace(SALARY), []) == (None, 0.0)


def test_a_newcomer_shows_that_two_problems_are_one():
    alike = Told("6", "翠屏苑楼下烧烤店深夜噪音扰民", "翠屏苑3栋楼下烧烤店喝酒划拳，吵得睡不着。")
    candidates = [
        (read_trace(NOISE), 7),
        (read_trace(NOISE_AGAIN), 9),
        (read_trace(SALARY), 8),
    ]
    placed = place_trace(read_trace(alike), candidates)
    assert {placed.problem, *placed.same} == {7, 9}
    assert place_trace(read_trace(SALARY), candidates[:2]).problem is None
    assert place_trace(read_trace(SALARY), []) == Placement(None, 0.0)


def test_keys_are_few_signed_numbers_that_like_texts_share():
    one, other = read_traces([NOISE, NOISE_AGAIN])
    assert 0 < len(one.keys) <= MOST_KEYS
    assert all(-(2**63) <= key < 2**63 for key in one.keys)
    assert set(one.keys) & set(other.keys)


def test_a_text_read_alone_leaves_the_trace_that_it_leaves_among_others():
    alone, among = read_trace(NOISE), read_traces([SALARY, NOISE])[1]
    assert alone.keys == among.keys
    assert measure_match(alone, among) == measure_match(among, alone)


def test_no_text_at_all_leaves_an_empty_trace_that_matches_nothing():
    empty = read_trace(Told("5", "", "！！"))
    assert empty.keys == ()
    assert measure_match(empty, read_trace(NOISE)) < 0.05
    assert group_traces([empty, empty]) == [[0], [1]]
    assert group_traces([]) == []


def test_the_table_of_leaves_answers_as_walking_down_the_trees_does():
    matcher = get_matcher()
    rows = np.random.default_rng(1).random((300, len(FEATURES)), np.float32) * 3
    assert np.allclose(matcher.weigh(rows), matcher.forest.predict(rows)[:, 0], atol=1e-5)


def test_many_pairs_at_once_match_as_each_alone_does():
    traces = read_traces([NOISE, SALARY, NOISE_AGAIN, NOISE_ELSEWHERE, Told("5", "", "")])
    one, other = np.triu_indices(len(traces), 1)
    together = get_matcher().match(bind_traces(traces), one, other)
    alone = [measure_match(traces[a], traces[b]) for a, b in zip(one, other, strict=True)]
    assert np.allclose(together, alone, atol=1e-6)


def move(told: Told, place: str) -> Told:
    """The same words about another estate than 翠屏苑."""
    return replace(
        told,
        id=f"{told.id} {place}",
        title=told.title.replace("翠屏苑", place),
        content=told.content.replace("翠屏苑", place),
    )


@pytest.mark.parametrize("told", [NOISE, NOISE_AGAIN])
def test_the_same_words_about_two_estates_are_two_matters(told: Told):
    here, there = read_traces([told, move(told, "枫桥里")])
    assert measure_match(here, there) == 0
    assert group_traces([here, there]) == [[0], [1]]


def test_the_same_words_about_one_estate_are_one_matter_though_one_calls_it_more_than_the_other():
    longer = replace(
        NOISE, id="7", title=NOISE.title.replace("翠屏苑", "柳河街道翠屏苑"), place="柳河街道翠屏苑"
    )
    assert measure_match(read_trace(NOISE), read_trace(longer)) > 0.5


ESTATES = (
    "枫桥里 锦绣湾 兰亭居 石榴巷 望江台 春晓园 金鼎城 碧波轩 紫荆洲 丹桂坊 青莲渡 "
    "云栖谷 玉泉堤 梅岭坳 竹溪汀 柏林屿 荷塘墅 银杏坡 朝晖邸"
)


def list_noises() -> list[Told]:
    """Two who tell of noise at each estate."""
    return [move(told, estate) for estate in ESTATES.split() for told in (NOISE, NOISE_AGAIN)]


def test_groups_are_the_same_in_one_thread_and_in_three():
    sheaf = read_sheaf(list_noises() * 5)
    alone = group_sheaf(sheaf)
    assert group_sheaf(sheaf, workers=3) == alone
    assert sorted(at for group in alone for at in group) == list(range(190))
    assert all(len({at % 38 // 2 for at in group}) == 1 for group in alone)  # of one estate
    assert all(len(group) >= 5 for group in alone)


def test_a_sheaf_read_at_once_is_that_of_the_traces_one_by_one():
    tolds = [*list_noises(), Told("5", "", "")]
    at_once, bound = read_sheaf(tolds), bind_traces([read_trace(told) for told in tolds])
    for name in at_once.__slots__:
        assert np.array_equal(getattr(at_once, name), getattr(bound, name), equal_nan=True), name
    assert len(read_sheaf([])) == len(bind_traces([])) == 0


def test_of_many_copies_only_those_that_stand_near_each_other_meet():
    one, other = find_pairs(read_sheaf([replace(NOISE, id=str(at)) for at in range(300)]))
    met = set(zip(one.tolist(), other.tolist(), strict=True))
    assert (0, 299) not in met
    assert len(met) <= 300 * 26
    assert {at for pair in met for at in pair} == set(range(300))
