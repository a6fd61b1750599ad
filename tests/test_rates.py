import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.rates import COUNTS, RATE_NAMES, Rate, Tally, add_buckets, bucket_hours, find_hours


def test_a_rate_shows_its_counts_and_is_none_of_nothing() -> None:
    assert Rate(2, 3).value == 0.6667
    assert Rate(0, 0).value is None
    assert Rate(1, 2) + Rate(2, 2) == Rate(3, 4)


def test_the_rates_of_a_tally_are_of_what_is_due_and_of_what_was_said() -> None:
    tally = Tally(
        opened=12,
        due=10,
        due_replied=8,
        due_on_time=6,
        due_solved=3,
        due_explained=2,
        due_not_supported=1,
        evaluated=5,
        solved=4,
        rated_5=1,
        rated_3=2,
        rated_1=2,
        returned=3,
    )
    assert tally.rates == {
        "reply": Rate(8, 10),
        "on_time": Rate(6, 10),
        "completion": Rate(6, 10),
        "completion_solved": Rate(3, 10),
        "completion_explained": Rate(2, 10),
        "completion_not_supported": Rate(1, 10),
        "satisfaction": Rate(3, 5),
        "solution": Rate(4, 5),
        "return": Rate(3, 12),
    }
    assert tally.overdue == 2
    assert list(tally.rates) == list(RATE_NAMES)


def test_tallies_add_up_count_by_count() -> None:
    one = Tally(*range(len(COUNTS)))
    assert one + one == Tally(*(2 * n for n in range(len(COUNTS))))
    assert Tally(declined=1, forwarded=2, merged=3, withdrawn=4).apart == 10


def test_half_are_at_most_the_median_and_nine_of_ten_at_most_the_p90() -> None:
    hours = find_hours({10: 5, 20: 4, 264: 1})
    assert (hours.count, hours.median, hours.p90) == (10, 1.0, 2.0)
    assert find_hours({10: 1, 264: 1}).p90 == 48.0
    assert find_hours({}).median is None


@pytest.mark.parametrize(("bucket", "hours"), [(0, 0.0), (1, 0.1), (240, 24.0), (241, 25.0)])
def test_buckets_are_tenths_of_hours_below_a_day_and_hours_above(bucket: int, hours: float) -> None:
    assert bucket_hours(bucket) == hours


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_ranks_are_those_of_the_sorted_values(values: list[int]) -> None:
    histogram = add_buckets({value: 1} for value in values)
    hours = find_hours(histogram)
    ordered = sorted(values)
    for share, found in ((50, hours.median), (90, hours.p90)):
        place = -(-len(ordered) * share // 100) - 1
        assert found == bucket_hours(ordered[place])
