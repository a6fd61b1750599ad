"""Whether two texts are one matter told again, and how they differ."""

import random
import subprocess
import sys

import pytest

from triage.repeats import (
    Piece,
    RepeatKind,
    is_elsewhere,
    judge_repeat,
    list_fingerprint,
    list_fingerprints,
    mark_differences,
    read_wording,
)

LIFT = (
    "幸福里小区三号楼的电梯从周三停到现在，物业说维修基金没有批下来。家里有八十岁的老人，"
    "下不了楼，看病都要人背。请问什么时候能修好？希望有关部门督促物业尽快处理。"
)
DUST = (
    "柳河镇前营村东头的石料场没日没夜地开工，灰尘落满菜地，窗户不敢开。村里反映过两次，"
    "停了三天又开了。请环保部门来测一测粉尘和噪音，给个说法。"
)
FIRST_KEYS = (8915806765313249783, -2637878683625926880)


def judge(one: str, other: str, *, same_person: bool = False, **told: str) -> RepeatKind | None:
    judged = judge_repeat(
        read_wording(told.get("title", ""), one, told.get("place")),
        read_wording(told.get("title", ""), other, told.get("other_place", told.get("place"))),
        same_person=same_person,
    )
    return None if judged is None else judged[0]


def change_tenth(text: str, seed: int) -> str:
    rng = random.Random(seed)  # noqa: S311 - it draws an example
    changed = list(text)
    for at in rng.sample(range(len(text)), len(text) // 10):
        changed[at] = rng.choice("天地人和风云雨雪山川草木")
    return "".join(changed)


@pytest.mark.parametrize(
    "edited",
    [
        LIFT.replace("，", " ").replace("。", "\n"),
        LIFT.replace("批下来", "批下耒").replace("未", "末").replace("请问", "清问"),
        "。".join(reversed(LIFT.split("。"))),
        "尊敬的领导：您好，打扰了！" + LIFT + "盼望回复，谢谢！",
        LIFT.replace("八十岁", "七十多岁").replace("三号楼", "5栋"),
        LIFT.translate(str.maketrans("电梯从说来里岁医", "電梯從說來裡歲醫")),
        "前略。" * 30 + LIFT,
    ],
    ids=["points", "misread", "sentences", "greeting", "names", "traditional", "held"],
)
def test_an_edited_copy_is_the_same_text(edited: str) -> None:
    assert judge(LIFT, edited) is RepeatKind.SAME_TEXT
    shared = {*list_fingerprint(read_wording("", LIFT))} & {
        *list_fingerprint(read_wording("", edited))
    }
    assert shared or edited.startswith("前略")


def test_a_tenth_of_the_characters_may_change() -> None:
    found = [judge(LIFT, change_tenth(LIFT, seed)) for seed in range(20)]
    assert found.count(RepeatKind.SAME_TEXT) >= 19


def test_another_matter_is_none() -> None:
    assert judge(LIFT, DUST) is None
    assert judge(LIFT, DUST, same_person=True) is None


def test_the_same_person_needs_fewer_words_in_common() -> None:
    again = "上个月反映的电梯问题还没解决。物业说维修基金没有批下来，老人看病都要人背。" + LIFT[60:]
    assert judge(LIFT, LIFT, same_person=True) is RepeatKind.SAME_PERSON
    assert judge(LIFT, again, same_person=True) is RepeatKind.SAME_PERSON


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("幸福里小区三号楼", "阳光城小区三号楼"),
        ("安平县柳河镇前营村", "安平县石桥镇东庄村"),
        ("A市A3区幸福里小区", "A市A3区金色家园小区"),
        ("M2县电视台", "M9县电视台"),
        ("安平县火车站", "清河县火车站"),
        ("枫林路", "滨江路"),
    ],
)
def test_one_template_about_two_places_is_two_matters(here: str, there: str) -> None:
    letter = "{}周边每天深夜都有人放音响跳舞，噪音扰民，附近居民睡不好觉，请派人管一管，谢谢。"
    one, other = (read_wording(f"{place}噪音扰民", letter.format(place)) for place in (here, there))
    assert is_elsewhere(one, other)
    assert judge_repeat(one, other, same_person=False) is None


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("幸福里小区三号楼", "幸福里小区9栋"),
        ("幸福里小区", "幸褔里小区"),
        ("安平县柳河镇前营村", "柳河镇前营村"),
        ("A市A3区幸福里小区", "幸福里小区"),
    ],
)
def test_a_place_named_otherwise_is_the_same_place(here: str, there: str) -> None:
    letter = "{}周边每天深夜都有人放音响跳舞，噪音扰民，附近居民睡不好觉，请派人管一管，谢谢。"
    one, other = (read_wording(f"{place}噪音扰民", letter.format(place)) for place in (here, there))
    assert not is_elsewhere(one, other)


def test_a_place_that_stands_in_the_title_alone_counts() -> None:
    body = "小区的电梯停了一个星期，老人下不了楼，物业说维修基金没有批下来，请督促尽快修好。"
    one = read_wording("幸福里小区电梯停运", body)
    other = read_wording("阳光城小区电梯停运", body)
    assert judge_repeat(one, other, same_person=False) is None


def test_a_few_words_need_the_same_person_or_place() -> None:
    assert judge("路灯不亮", "路灯不亮") is None
    assert judge("路灯不亮", "路灯不亮", place="柳河镇前营村") is RepeatKind.SAME_TEXT
    assert judge("路灯不亮", "路灯不亮", place="前营村", other_place="后营村") is None
    assert judge("路灯不亮", "路灯不亮", same_person=True) is RepeatKind.SAME_PERSON


def test_a_content_that_only_points_at_the_title_is_read_with_it() -> None:
    one = read_wording("幸福里小区三号楼电梯停运一个星期无人修理", "如题")
    other = read_wording("柳河镇前营村的路灯坏了两个月没有人管", "如题")
    assert judge_repeat(one, one, same_person=False) == (RepeatKind.SAME_TEXT, 1.0)
    assert judge_repeat(one, other, same_person=False) is None


def test_nothing_said_has_no_fingerprint() -> None:
    assert list_fingerprint(read_wording("", "。。。！")) == ()
    assert len(set(list_fingerprint(read_wording("电梯", LIFT)))) == 24


def test_fingerprints_are_the_same_in_every_process_and_version() -> None:
    """They are kept in the database: were they made otherwise, no old one would be found again."""
    told = "from triage.repeats import *; print(list_fingerprint(read_wording('', '{}'))[:2])"
    other = subprocess.run(
        [sys.executable, "-c", told.format(LIFT)], capture_output=True, text=True, check=True
    )
    own = list_fingerprint(read_wording("", LIFT))[:2]
    assert other.stdout.strip() == str(own)
    assert own == FIRST_KEYS


def test_differing_words_are_marked_and_nothing_is_lost() -> None:
    changed = LIFT.replace("八十岁", "七十岁").replace("希望有关部门", "请街道") + "谢谢。"
    pieces = mark_differences(LIFT, changed)
    assert "".join(piece.text for piece in pieces if piece.where != "other") == LIFT
    assert "".join(piece.text for piece in pieces if piece.where != "one") == changed
    differing = {(piece.where, piece.text) for piece in pieces if piece.where != "both"}
    assert ("other", "谢谢。") in differing
    assert ("other", "请街道") in differing
    assert not any("电梯" in text for _, text in differing)


@pytest.mark.parametrize(
    ("one", "other", "pieces"),
    [
        ("", "", ()),
        ("停水。", "", (Piece("one", "停水。"),)),
        ("", "停水。", (Piece("other", "停水。"),)),
        ("停水。", "停水。", (Piece("both", "停水。"),)),
    ],
)
def test_empty_and_equal_texts_are_marked_too(
    one: str, other: str, pieces: tuple[Piece, ...]
) -> None:
    assert mark_differences(one, other) == pieces


def test_long_texts_are_compared_by_sentences_and_cut() -> None:
    long = "".join(f"第{number}件事情还没有办好。" for number in range(2_000))
    pieces = mark_differences(long, long.replace("第7件", "第七件"))
    assert next(piece for piece in pieces if piece.where == "one").text == "第7件事情还没有办好。"
    assert sum(len(piece.text) for piece in pieces if piece.where != "other") == 10_000


def test_the_keys_of_many_are_those_of_each() -> None:
    wordings = [
        read_wording("", text) for text in ("幸福里小区电梯停运四天", "", "！！", "路灯不亮")
    ]
    assert list_fingerprints(wordings) == [list_fingerprint(one) for one in wordings]
    assert [len(keys) for keys in list_fingerprints(wordings)] == [24, 0, 0, 24]
    assert list_fingerprints([]) == []
