import tracemalloc
from random import Random

import pytest

from triage.copies import Copy, count_said, find_copies, measure_likeness

LIFT = (
    "经核实，幸福里小区三号楼电梯因曳引机故障停运，我局已责令物业公司更换部件，三月一日恢复运行。"
)
ROAD = "柳河镇至青石村的道路已列入今年农村公路养护计划，六月开工，工期两个月，请村民绕行。"


def test_an_equal_text_is_a_copy_of_the_first_one() -> None:
    assert list(find_copies([LIFT, ROAD, LIFT], similarity=0.8)) == [Copy(2, 0, 1.0)]


def test_a_text_with_another_name_and_number_is_still_a_copy() -> None:
    changed = LIFT.replace("幸福里", "阳光城").replace("三号楼", "九号楼")
    (copy,) = find_copies([LIFT, changed], similarity=0.5)
    assert (copy.later, copy.earlier) == (1, 0)
    assert 0.5 < copy.similarity < 1
    assert list(find_copies([LIFT, changed], similarity=0.95)) == []


def test_punctuation_and_blanks_make_no_difference() -> None:
    assert measure_likeness(LIFT, LIFT.replace("，", " 、 \n")) == 1.0


def test_of_several_the_most_alike_is_named_and_among_equals_the_first() -> None:
    near = LIFT.replace("三月一日", "四月二日")
    copies = list(find_copies([near, LIFT, LIFT, LIFT], similarity=0.6))
    assert [(copy.later, copy.earlier) for copy in copies] == [(1, 0), (2, 1), (3, 1)]


def test_texts_that_are_too_short_are_no_copies() -> None:
    assert list(find_copies(["已收悉。", "已收悉。"], similarity=0.8, length=10)) == []
    assert list(find_copies(["已收悉。", "已收悉。"], similarity=0.8)) == [Copy(1, 0, 1.0)]
    assert list(find_copies(["", "。。", ""], similarity=0.8)) == []


def test_all_pairs_above_the_similarity_are_found_among_many() -> None:
    texts = [
        f"第{n}号来件反映{'甲乙丙丁戊己庚辛壬癸'[n % 10] * 3}村的{n * 7919}号路灯不亮"
        for n in range(400)
    ]
    found = {copy.later for copy in find_copies([*texts, *texts], similarity=0.9)}
    assert found >= set(range(400, 800))


def test_to_look_through_texts_that_nobody_copied_takes_little_memory() -> None:
    dice = Random(5)  # noqa: S311 - draws characters, guards nothing
    texts = ["".join(map(chr, dice.choices(range(0x4E00, 0x5E00), k=60))) for _ in range(1_000)]
    tracemalloc.start()
    assert list(find_copies(texts, similarity=0.8)) == []
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most / len(texts) < 1_500  # bytes


@pytest.mark.parametrize(("text", "count"), [("", 0), ("已收悉。", 3), ("3栋 A座!", 4)])
def test_only_letters_digits_and_characters_count_as_said(text: str, count: int) -> None:
    assert count_said(text) == count
