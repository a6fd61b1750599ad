"""The table of keys finds what a search would find, at once."""

import pickle

import numpy as np
import pytest

from triage.keytable import KeyTable


@pytest.mark.parametrize("size", [0, 1, 2, 3000])
def test_the_table_finds_what_a_binary_search_finds(size: int) -> None:
    random = np.random.default_rng(size)
    most = np.iinfo(np.uint64).max
    keys = np.unique(
        np.concatenate(
            [random.integers(0, most, size, np.uint64), np.arange(size, dtype=np.uint64)]
        )
    )
    asked = np.concatenate([keys, random.integers(0, most, 500, np.uint64), keys + np.uint64(1)])
    random.shuffle(asked)
    for table in (KeyTable(keys), pickle.loads(pickle.dumps(KeyTable(keys)))):  # noqa: S301 - ours
        column, known = table.look_up(asked)
        np.testing.assert_array_equal(known, np.isin(asked, keys))
        np.testing.assert_array_equal(column[known], np.searchsorted(keys, asked[known]))
        assert len(table) == len(keys)
