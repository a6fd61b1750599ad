"""Whether words speak of one letter and not of what others told as well."""

import pytest

from triage.mentions import CUT, Numbers, speaks_of

LETTER = "幸福里小区电梯停运。物业经理秦守财收了好处。"
OTHERS = ("幸福里小区3栋电梯停运四天，物业不管。", "幸福里小区的电梯老是坏")


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("查秦守财的账", True),
        ("找物业经理谈话", True),
        ("检修幸福里小区电梯，尽快恢复", False),  # though none of the others has 小区电 in a row
        ("电梯停运", False),
        ("维修基金", False),
        ("好处", False),
        ("秦", False),
        ("", False),
        ("运。物", False),
    ],
    ids=[
        "a name",
        "an office that only it names",
        "what all of them say",
        "what two of them say",
        "what none of them says",
        "too short",
        "one character",
        "nothing",
        "no words",
    ],
)
def test_words_speak_of_a_letter_by_what_it_alone_says(text: str, speaks: bool) -> None:
    assert speaks_of(text, LETTER, others=OTHERS) is speaks


def test_alone_all_that_it_says_speaks_of_it() -> None:
    assert speaks_of("检修幸福里小区电梯", LETTER, others=())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("此件与WX-2026-1相同。已派人核实。", f"{CUT}已派人核实。"),
        ("已核实；见条目 12", f"已核实；{CUT}"),
        ("并入编号为12的件\n另行答复", f"{CUT}另行答复"),
        ("12号条目说的是同一件事", CUT),
        ("编号：\n12", CUT),
        ("WX-2026-11与此无关，条目 120 也是", "WX-2026-11与此无关，条目 120 也是"),
        ("住12号楼，等了12天", "住12号楼，等了12天"),
        ("同WX-2026-1。电话139-0000-0007。", f"{CUT}{CUT}"),
        ("他的证号11010119900101001X。即条目12。2026-03-01办结。", f"{CUT}{CUT}2026-03-01办结。"),
        ("值班电话0571-88880000。", "值班电话0571-88880000。"),
        ("", ""),
    ],
)
def test_the_sentence_that_names_a_letter_by_its_number_is_cut_out(text: str, left: str) -> None:
    assert Numbers("WX-2026-1", (12,)).cut(text) == left


def test_a_short_number_of_its_own_names_a_letter_beside_a_cue_alone() -> None:
    numbers = Numbers("7")
    assert numbers.cut("7楼漏水。来件7也说漏水。") == f"7楼漏水。{CUT}"
    assert numbers.cut({"a": ["编号 7", 7], "b": b"7"}) == {"a": [CUT, 7], "b": b"7"}


def test_what_one_part_of_a_record_names_takes_the_numbers_out_of_all_its_parts() -> None:
    told = {"text": "同WX-2026-1。", "sentences": ["电话13900000007", "已修好"], "score": 3}
    left = {"text": CUT, "sentences": [CUT, "已修好"], "score": 3}
    assert Numbers("WX-2026-1").cut(told) == left
