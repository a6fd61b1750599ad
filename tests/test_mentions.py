"""Whether words speak of one letter and not of what others told as well."""

import pytest

from triage.mentions import speaks_of

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
