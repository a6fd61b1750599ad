import pytest

from triage.errors import InvalidSubmission
from triage.submitters import Submitter, check_submitter, read_tail


def test_stray_blanks_and_full_width_digits_are_tidied_up() -> None:
    told = Submitter(" 欧阳小明 ", "１３８ 1234 5678", " 11010519491231002x", "柳河镇東街\n")
    assert check_submitter(told) == Submitter(
        "欧阳小明", "138 1234 5678", "11010519491231002X", "柳河镇東街"
    )


@pytest.mark.parametrize("told", [Submitter(), Submitter(" ", "　", "\t", "\n")])
def test_nothing_said_is_nobody(told: Submitter) -> None:
    assert check_submitter(told) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "长" * 51), ("phone", "1" * 41), ("id_number", "1" * 41), ("address", "长" * 201)],
)
def test_what_is_too_long_is_refused_by_field(field: str, value: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        check_submitter(Submitter(**{field: value}))
    assert caught.value.field == f"submitter.{field}"
    assert value not in caught.value.message


@pytest.mark.parametrize(
    ("told", "tail"),
    [
        (Submitter(phone="13812345678"), "5678"),
        (Submitter(phone="0731-8222 3344转802"), "3344"),
        (Submitter(phone="13812345678/13900000000"), "5678"),
        (Submitter(phone="（无）", id_number="11010519491231002X"), "002X"),
        (Submitter(phone="12"), None),
        (Submitter(name="王小明"), None),
    ],
)
def test_the_last_four_digits_are_those_of_the_first_number(
    told: Submitter, tail: str | None
) -> None:
    assert told.tail == tail


def test_the_same_person_is_known_by_id_number_else_by_phone() -> None:
    by_id = Submitter(phone="13812345678", id_number="11010519491231002X")
    assert by_id.identity == "id:11010519491231002X"
    assert Submitter(phone="+86 138-1234-5678").identity == "phone:13812345678"
    assert Submitter(phone="138 1234 5678").identity == "phone:13812345678"
    assert Submitter(name="王小明", phone="110").identity is None


def test_masked_shows_the_surname_and_two_digits_and_no_address() -> None:
    told = Submitter("欧阳小明", "13812345678", "11010519491231002X", "柳河镇东街1号")
    assert told.masked() == Submitter("欧阳某某", "*********78", "****************2X", "***")
    assert Submitter("王", "1", "", "").masked() == Submitter("王", "*", "", "")


def test_nothing_of_a_submitter_shows_when_it_is_printed() -> None:
    assert "小明" not in repr(Submitter("王小明", "13812345678"))


@pytest.mark.parametrize("typed", ["5678", " 5678 ", "５６７８", "13812345678"])
def test_the_tail_is_read_however_it_is_typed(typed: str) -> None:
    assert read_tail(typed) == "5678"


def test_the_letter_of_an_id_number_may_be_small() -> None:
    assert read_tail("002x") == "002X"
