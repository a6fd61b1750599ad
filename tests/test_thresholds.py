from dataclasses import fields
from typing import Any

import pytest

from triage.errors import InvalidInput
from triage.thresholds import RANGES, Thresholds, read_thresholds


def test_what_is_not_said_stays_as_it_stands() -> None:
    standing = read_thresholds({"handovers": 3})
    assert standing == Thresholds(handovers=3)
    assert read_thresholds({"window_days": 30}, standing=standing) == Thresholds(
        handovers=3, window_days=30
    )
    assert read_thresholds(standing.as_dict()) == standing


def test_each_threshold_has_a_range_and_its_default_lies_in_it() -> None:
    assert set(RANGES) == {field.name for field in fields(Thresholds)}
    for name, value in Thresholds().as_dict().items():
        assert RANGES[name][0] <= value <= RANGES[name][1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("handovers", 0),
        ("handovers", 2.0),
        ("handovers", True),
        ("handovers", "2"),
        ("handovers", None),
        ("copy_similarity", 1.5),
        ("copy_similarity", float("nan")),
        ("unknown", 1),
    ],
)
def test_a_threshold_that_is_none_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_thresholds({name: value})
    assert caught.value.field == name
