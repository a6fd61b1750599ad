import time

import pytest

from triage.errors import InvalidInput
from triage.passwords import MAX_LENGTH, check_password, hash_password, is_password

GOOD = "Liuhe-2025-zhen"


@pytest.mark.parametrize(
    "password", [GOOD, "abcDEF123!", "今天天气很好Abc9", "只用汉字但是足够长的一句话也可以通过"]
)
def test_a_good_password_is_taken(password: str) -> None:
    assert check_password(password, login="wang") == password


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "10 到 128"),
        ("Ab1!Ab1!", "10 到 128"),
        ("Aa1!" * 40, "10 到 128"),
        ("aaaaaaaaaaaaaaaaaaA1", "重复"),
        ("Wang-2025-zhen", "登录名"),
        ("onlysmallones", "三种"),
        ("small123456", "三种"),
    ],
)
def test_a_poor_password_is_told_what_it_lacks(password: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        check_password(password, login="wang")
    assert caught.value.field == "password"


def test_only_the_same_password_opens_and_it_cannot_be_read_from_what_is_kept() -> None:
    kept = hash_password(GOOD)
    assert kept.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert GOOD not in kept
    assert kept != hash_password(GOOD)
    assert is_password(GOOD, kept)
    for wrong in (GOOD + "x", GOOD.lower(), "", "\ud800", "长" * MAX_LENGTH * 2):
        assert not is_password(wrong, kept)


def test_full_width_and_half_width_characters_are_the_same_password() -> None:
    typed = "Ｌｉｕｈｅ－２０２５－ｚｈｅｎ"
    assert is_password(typed, hash_password(check_password(typed, login="")))
    assert is_password(GOOD, hash_password(check_password(typed, login="")))


def test_where_there_is_no_password_none_is_right_and_it_takes_as_long() -> None:
    kept = hash_password(GOOD)

    def took(kept: str) -> float:
        began = time.perf_counter()
        assert not is_password("Some-wrong-1", kept)
        return time.perf_counter() - began

    assert min(took("") for _ in range(3)) > 0.3 * min(took(kept) for _ in range(3))


def test_what_was_kept_and_is_damaged_opens_to_nobody() -> None:
    assert not is_password(GOOD, "$argon2id$broken")
