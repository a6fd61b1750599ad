"""The table of meanings: which words get in, and that their vectors are those that were given."""

from collections.abc import Sequence

import numpy as np
import pytest

from training.dataset import Corpus
from training.meanings import make_table
from training.readers import Example
from triage.features import Array
from triage.meanings import WIDTH
from triage.numbering import pack_words

MANY = "医院的电梯坏了"  # of as many writers as are asked for
FEW = "学校的操场"  # of one less
OURS = "公交车的司机"  # of the product's own, once
NAME = "张三丰"  # the general dictionary has it as a name
LEAST = 3


def encode(words: Sequence[str]) -> Array:
    """Any vectors: a word's are drawn by its characters."""
    return np.array([np.random.default_rng([*map(ord, word)]).normal(size=90) for word in words])


@pytest.fixture(scope="module")
def table() -> dict[int, Array]:
    texts = [MANY] * LEAST + [MANY, FEW] * (LEAST - 1) + [NAME] * LEAST
    groups = [*range(LEAST), *range(2 * LEAST - 2), *range(LEAST)]
    roles = ["natural"] * len(texts) + ["written"]
    examples = [Example(str(n), "", text) for n, text in enumerate([*texts, OURS])]
    corpus = Corpus(examples, roles, np.array([*groups, 99]), np.ones(len(examples)), "")
    words, vectors = make_table(corpus, min_writers=LEAST, encode=encode)
    assert vectors.shape == (len(words), WIDTH)
    assert vectors.dtype == np.int8
    assert (words[1:] > words[:-1]).all()
    return dict(zip(words.tolist(), vectors.astype(float), strict=True))


def number(word: str) -> int:
    return int(pack_words([word])[0])


@pytest.mark.parametrize("word", ["医院", "电梯", "公交车", "司机"])
def test_words_of_enough_writers_and_of_the_products_own_petitions_are_in_it(
    table: dict[int, Array], word: str
) -> None:
    assert number(word) in table


@pytest.mark.parametrize("word", ["学校", "操场", NAME])
def test_words_of_fewer_writers_and_names_are_not(table: dict[int, Array], word: str) -> None:
    assert number(word) not in table
