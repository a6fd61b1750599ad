"""Products with a large matrix: the same however many rows there are."""

import numpy as np
import pytest

from triage.products import multiply


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 8, 40])
def test_a_product_is_that_of_each_row(rows: int) -> None:
    random = np.random.default_rng(rows)
    some = random.normal(size=(rows, 30)).astype(np.float32)
    matrix = random.normal(size=(30, 50)).astype(np.float32)
    product = multiply(some, matrix)
    assert product.shape == (rows, 50)
    assert product.dtype == np.float32
    np.testing.assert_allclose(product, some.astype(float) @ matrix, atol=1e-5)
