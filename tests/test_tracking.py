import pytest

from triage.ledger.states import EntryState
from triage.sealing import new_key_ring
from triage.tracking import digest_code, make_code, read_code, tell


def test_a_code_is_the_same_again_for_a_submission_and_another_for_every_other() -> None:
    ring = new_key_ring()
    codes = [make_code(ring, f"L-{number}") for number in range(1000)]
    assert len(set(codes)) == 1000
    assert make_code(ring, "L-7") == codes[7]
    assert make_code(new_key_ring(), "L-7") != codes[7]


def test_a_code_has_four_groups_of_letters_that_nobody_misreads() -> None:
    ring = new_key_ring()
    letters = set("".join(make_code(ring, str(number)) for number in range(500)))
    assert letters == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert [len(group) for group in make_code(ring, "L-1").split("-")] == [4, 4, 4, 4]


def test_a_code_is_read_however_it_is_typed() -> None:
    ring = new_key_ring()
    for number in range(50):
        code = make_code(ring, str(number))
        plain = code.replace("-", "")
        misread = code.replace("0", "o").replace("1", "l")
        wide = "".join(chr(ord(char) + 0xFEE0) for char in plain)
        for typed in (code, plain, code.lower(), f" {code} ", misread, wide):
            assert read_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ABC", "U" * 16, "查询码查询码查询码查询码一二三四", "0" * 17]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_the_digest_does_not_show_the_code() -> None:
    code = make_code(new_key_ring(), "L-1")
    assert digest_code(code) == digest_code(code)
    assert code not in digest_code(code)
    assert len(digest_code(code)) == 64


@pytest.mark.parametrize("state", list(EntryState))
def test_every_state_is_told_in_words(state: EntryState) -> None:
    words = tell(state, department="住建局", ground="《信访工作条例》第三十一条")
    assert words
    assert "{" not in words
    assert "None" not in tell(state, department="住建局", ground=None)
