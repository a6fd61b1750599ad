"""What words mean: a sum of the vectors of those that are in the table, title and body apart."""

import numpy as np
import pytest

from triage.features import Array, read_text
from triage.keytable import KeyTable
from triage.meanings import BEGINNING, MEANINGS, WIDTH, Meanings, find_words, load_meanings
from triage.numbering import pack_words
from triage.vocabulary import lay_out

WORDS = ("学校", "电梯", "老人")  # their vectors are 3, 4 and 12 along axes of their own


@pytest.fixture(scope="module")
def meanings() -> Meanings:
    numbers = pack_words(WORDS)
    order = numbers.argsort()
    vectors = np.zeros((len(WORDS), WIDTH), np.int8)
    vectors[np.arange(len(WORDS)), np.arange(len(WORDS))] = 3, 4, 12
    return Meanings(KeyTable(numbers[order]), vectors[order])


def read(meanings: Meanings, *texts: tuple[str, str]) -> Array:
    return meanings.read([read_text(title, content) for title, content in texts])


def test_title_and_body_have_a_vector_of_length_1_each(meanings: Meanings) -> None:
    (found,) = read(meanings, ("学校", "电梯和学校"))
    assert found[[0, 1]].tolist() == [1, 0]
    np.testing.assert_allclose(found[WIDTH:][:3], [0.6, 0.8, 0], atol=1e-6)
    assert np.count_nonzero(found) == 3


def test_a_word_counts_as_often_as_it_stands(meanings: Meanings) -> None:
    (found,) = read(meanings, ("", "电梯，电梯，电梯，老人"))
    np.testing.assert_allclose(found[WIDTH:][:3], [0, 0.5**0.5, 0.5**0.5], atol=1e-6)


def test_a_word_inside_a_longer_one_does_not_count() -> None:
    words = ["人民", "人民医院", "医院", "院", "民医院"]
    numbers = pack_words(words)
    order = numbers.argsort()
    laid = lay_out(["人民医院"], ["医院和人民，院"])
    found = [
        (words[order[column]], text)
        for columns, texts in find_words(laid, KeyTable(numbers[order]))
        for column, text in zip(columns, texts.tolist(), strict=True)
    ]
    assert found == [("人民医院", 0), ("医院", 1), ("人民", 1), ("院", 1)]


def test_what_stands_far_behind_is_not_read(meanings: Meanings) -> None:
    near = "电梯" + "，" * (BEGINNING - 4) + "老人"
    (found, beyond) = read(meanings, ("", near), ("", "，" + near))
    assert found[WIDTH:][:3].astype(bool).tolist() == [False, True, True]
    assert beyond[WIDTH:][:3].tolist() == [0, 1, 0]


def test_a_text_of_no_known_word_has_no_meaning(meanings: Meanings) -> None:
    found = read(meanings, ("", ""), ("qwxzj", "😀"), ("", "老人"), ("他", "的"))
    assert found.any(axis=1).tolist() == [False, False, True, False]
    assert meanings.read([]).shape == (0, MEANINGS)


def test_many_are_read_as_each_alone(meanings: Meanings) -> None:
    texts = [("学校", "老人"), ("", ""), ("电梯", "学校的电梯")] * 200
    np.testing.assert_array_equal(
        read(meanings, *texts), np.vstack([read(meanings, text) for text in texts[:3]] * 200)
    )


def test_words_that_mean_the_same_lie_close_in_the_table_of_the_product() -> None:
    words = "医院", "诊所", "公交车", "公共汽车", "工资", "薪水"
    vectors = read(load_meanings(), *((word, "") for word in words))[:, :WIDTH]
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    assert alike.argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]


def test_the_words_of_the_table_are_found_by_their_numbers() -> None:
    table = load_meanings()
    assert len(table.words) == len(table.vectors) > 10_000
    assert (np.diff(table.words.keys.astype(object)) > 0).all()  # in order, and none twice
    assert table.words.keys[0] > 0  # 0 is every word that does not fit
