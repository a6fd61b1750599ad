from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from triage.bursts import LEAST, SHORTEST, WINDOW, Series, find_bursts, find_seasons

FIRST = date(2022, 1, 1)
TODAY = date(2025, 3, 10)
WEEK = (1.0, 1.1, 1.0, 1.0, 0.9, 0.4, 0.3)


def make_days(first: date, today: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((today - first).days)]


def make_series(
    key: str,
    rate: float,
    *,
    random: np.random.Generator,
    first: date = FIRST,
    today: date = TODAY,
    months: Sequence[float] = (1.0,) * 12,
    unrest: float = 0.0,
) -> Series:
    """Reports by chance: so many a day on average, fewer at weekends, more in some months, and
    from week to week more or less by `unrest` (the relative variance)."""
    days = make_days(first, today)
    rates = np.array([rate * WEEK[day.weekday()] * months[day.month - 1] for day in days])
    if unrest:
        week = np.arange(len(days)) // 7
        rates = rates * random.gamma(1 / unrest, unrest, week.max() + 1)[week]
    counts = random.poisson(rates)
    return Series(key, {days[place]: int(counts[place]) for place in np.flatnonzero(counts)})


def add(series: Series, *, daily: int, days: int = WINDOW) -> Series:
    """The series with so many more reports on each of the last days."""
    more = dict(series.days)
    for number in range(1, days + 1):
        day = TODAY - timedelta(days=number)
        more[day] = more.get(day, 0) + daily
    return Series(series.key, more)


def make_quiet(count: int = 20, *, seed: int = 4) -> list[Series]:
    random = np.random.default_rng(seed)
    return [make_series(f"k{number:02}", 0.4, random=random) for number in range(count)]


def test_what_grows_beyond_its_past_is_told_with_what_was_usual() -> None:
    quiet = make_quiet()
    (burst,) = find_bursts([add(quiet[0], daily=2), *quiet[1:]], first=FIRST, today=TODAY)
    assert burst.key == "k00"
    assert (burst.since, burst.until) == (date(2025, 3, 3), date(2025, 3, 9))
    assert 14 <= burst.count <= 22
    assert 1.5 < burst.expected < 4
    assert burst.ratio == pytest.approx(burst.count / burst.expected, abs=0.1)
    assert burst.chance < 0.001
    assert burst.seasonal


def test_what_stays_as_it_was_is_not_told() -> None:
    assert find_bursts(make_quiet(), first=FIRST, today=TODAY) == []


def test_the_order_of_the_series_changes_nothing() -> None:
    quiet = make_quiet()
    grown = [add(quiet[0], daily=2), add(quiet[1], daily=3), *quiet[2:]]
    told = find_bursts(grown, first=FIRST, today=TODAY)
    assert [burst.key for burst in told] == ["k01", "k00"]
    assert find_bursts(grown[::-1], first=FIRST, today=TODAY) == told


def test_a_month_that_rises_every_year_is_not_told_and_the_same_rise_elsewhere_is() -> None:
    november = [0.2] * 10 + [4.0, 0.2]
    today = date(2025, 11, 20)
    random = np.random.default_rng(11)
    heating = make_series("heating", 1.0, random=random, today=today, months=november)
    others = [
        make_series(f"k{number}", 0.5, random=random, today=today, months=[1.0] * 12)
        for number in range(15)
    ]
    assert find_bursts([heating, *others], first=FIRST, today=today) == []
    flat = make_series("flat", 0.2, random=random, today=today)
    days = dict(flat.days)
    days |= {day: 3 for day in heating.days if day >= today - timedelta(days=WINDOW)}
    told = find_bursts([heating, Series("flat", days), *others], first=FIRST, today=today)
    assert [burst.key for burst in told] == ["flat"]


def test_a_new_matter_is_told_from_a_few_reports_on_but_not_from_its_first_alone() -> None:
    quiet = make_quiet()
    day = TODAY - timedelta(days=2)
    assert find_bursts([*quiet, Series("new", {day: 1})], first=FIRST, today=TODAY) == []
    told = find_bursts([*quiet, Series("new", {day: 6})], first=FIRST, today=TODAY)
    assert [(burst.key, burst.count) for burst in told] == [("new", 6)]


def test_fewer_reports_than_the_least_are_never_told() -> None:
    new = Series("new", {TODAY - timedelta(days=1): LEAST - 1})
    assert find_bursts([new], first=FIRST, today=TODAY, rate=0.9) == []


def test_with_too_short_a_past_nothing_is_told() -> None:
    first = TODAY - timedelta(days=SHORTEST + WINDOW - 1)
    new = Series("new", {TODAY - timedelta(days=1): 50})
    assert find_bursts([new], first=first, today=TODAY) == []
    assert find_bursts([], first=FIRST, today=TODAY) == []
    (burst,) = find_bursts([new], first=first - timedelta(days=1), today=TODAY)
    assert not burst.seasonal


def test_days_outside_the_records_do_not_count() -> None:
    outside = {TODAY: 90, FIRST - timedelta(days=1): 90}
    assert find_bursts([Series("k", outside)], first=FIRST, today=TODAY) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("years", "months", "unrest"),
    [
        (0.5, "even", 0.0),
        (0.5, "even", 0.3),
        (2, "even", 0.0),
        (2, "even", 0.3),
        (2, "own", 0.0),
        (2, "own", 0.3),
    ],
)
def test_where_nothing_grows_the_runs_with_an_alarm_are_no_more_than_stated(
    years: float, months: str, unrest: float
) -> None:
    rate, runs, keys = 0.1, 40, 40
    random = np.random.default_rng(20)
    alarmed = 0
    for _ in range(runs):
        today = date(2025, 1, 1) + timedelta(days=int(random.integers(365)))
        first = today - timedelta(days=int(365.25 * years))
        series = []
        for number in range(keys):
            own = [1 + 0.6 * np.sin(2 * np.pi * (m + number) / 12) for m in range(12)]
            series.append(
                make_series(
                    f"k{number}",
                    float(10 ** random.uniform(-2, 0.5)),
                    random=random,
                    first=first,
                    today=today,
                    months=own if months == "own" else (1.0,) * 12,
                    unrest=unrest,
                )
            )
        alarmed += bool(find_bursts(series, first=first, today=today, rate=rate))
    # Of 40 runs at most 4 on average; 9 or more come by chance once in a hundred.
    assert alarmed <= 8


@pytest.mark.slow
def test_of_what_is_told_where_something_grows_few_are_false() -> None:
    random = np.random.default_rng(8)
    told = grown = false = 0
    for _ in range(12):
        series = [make_series(f"k{number:02}", 0.5, random=random) for number in range(40)]
        series[:5] = [add(one, daily=2) for one in series[:5]]
        for burst in find_bursts(series, first=FIRST, today=TODAY, rate=0.05):
            told += 1
            grown += burst.key < "k05"
            false += burst.key >= "k05"
    assert grown >= 50  # of 60
    assert false <= 0.1 * told


def test_the_calendar_names_the_month_that_rises_every_year_and_when_it_is_due() -> None:
    random = np.random.default_rng(3)
    heating = make_series("heating", 0.5, random=random, months=[0.4] * 10 + [5.0, 0.4])
    schools = make_series("schools", 0.5, random=random, months=[0.4] * 5 + [5.0] + [0.4] * 6)
    flat = [make_series(f"k{number}", 0.5, random=random) for number in range(10)]
    seasons = find_seasons([heating, schools, *flat], first=FIRST, today=TODAY)
    assert [(one.key, one.month, one.next_start) for one in seasons] == [
        ("schools", 6, date(2025, 6, 1)),
        ("heating", 11, date(2025, 11, 1)),
    ]
    assert set(seasons[0].years) == {2022, 2023, 2024}
    assert seasons[0].times > 3


def test_a_month_that_rose_in_one_year_alone_is_no_season() -> None:
    random = np.random.default_rng(3)
    days = dict(make_series("k", 0.5, random=random).days)
    days |= {date(2023, 6, day): 6 for day in range(1, 31)}
    assert find_seasons([Series("k", days)], first=FIRST, today=TODAY) == []


def test_a_calendar_takes_two_whole_years() -> None:
    random = np.random.default_rng(3)
    heating = make_series("heating", 0.5, random=random, months=[0.4] * 10 + [5.0, 0.4])
    assert find_seasons([heating], first=date(2023, 1, 2), today=TODAY) == []


def test_a_season_that_runs_now_is_due_from_the_first_of_this_month() -> None:
    random = np.random.default_rng(3)
    heating = make_series("heating", 0.5, random=random, months=[0.4] * 10 + [5.0, 0.4])
    (season,) = find_seasons([heating], first=FIRST, today=date(2025, 11, 20))
    assert season.next_start == date(2025, 11, 1)
    (season,) = find_seasons([heating], first=FIRST, today=date(2025, 12, 20))
    assert season.next_start == date(2026, 11, 1)
