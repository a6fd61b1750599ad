"""Pairs and words as numbers: equal where the characters are, and apart where they must be."""

from hypothesis import given
from hypothesis import strategies as st

from triage.numbering import (
    MOST_NUMBERED,
    PAIRS,
    find_pairs,
    mark_pairs,
    number_pairs,
    number_runs,
    pack_words,
)


def number(words: list[str]) -> list[int]:
    numbers: list[int] = pack_words(words).tolist()
    return numbers


def test_the_same_pair_has_the_same_number_wherever_it_stands() -> None:
    first = number_pairs("停水三天")
    second = number_pairs("又停水了")
    assert first[0] == second[1]
    assert len(first) == 3
    assert 0 <= first.min() <= first.max() < PAIRS


def test_a_text_without_a_pair_has_no_numbers() -> None:
    assert number_pairs("").tolist() == number_pairs("水").tolist() == []


def test_marked_pairs_are_found_in_each_text() -> None:
    marked = mark_pairs(["停水", "水三"])
    assert find_pairs(["停水三天", "", "水", "三天又停水"], marked) == [[0, 1], [], [], [3]]
    assert find_pairs([], marked) == []
    assert find_pairs(["停水"], mark_pairs([])) == [[]]


def test_words_differ_in_number_by_their_order_and_length() -> None:
    numbers = number(["水", "停水", "水停", "停水停水", "停", "停水"])
    assert numbers[1] == numbers[5]
    assert len(set(numbers)) == 5


def test_long_words_and_rare_characters_have_no_number() -> None:
    assert number(["不锈钢栏杆", "𠮷", "水", "𠮷水"]) == [0, 0, ord("水"), 0]
    assert number([]) == []


@given(st.lists(st.text(st.characters(codec="utf-16"), min_size=1, max_size=6), max_size=8))
def test_a_number_tells_its_word(words: list[str]) -> None:
    words = [word.replace("\0", " ") for word in words]
    for word, packed in zip(words, number(words), strict=True):
        if len(word) > MOST_NUMBERED or max(map(ord, word)) > 0xFFFF:
            assert packed == 0
        else:
            letters = [chr(packed >> shift & 0xFFFF) for shift in (0, 16, 32, 48)]
            assert "".join(letters).rstrip("\0") == word


@given(st.text(st.characters(codec="utf-16"), max_size=12))
def test_runs_have_the_numbers_of_the_words_that_they_are(text: str) -> None:
    text = text.replace("\0", " ")
    for length, runs in enumerate(number_runs(text), 1):
        stands = [text[start : start + length] for start in range(len(text) - length + 1)]
        assert len(runs) == len(stands)
        for run, packed in zip(runs.tolist(), number(stands), strict=True):
            # What does not fit is told by a number that stands for no character.
            assert run == packed if packed else 0xFFFF in [run >> 16 * n & 0xFFFF for n in range(4)]
