"""What grows faster than its own past (新发、突增), and what comes back every year (年历).

The reports of the last days are held against what the same series had before, day for day: each day
of the past and each of the window weighs what such a weekday and such a month usually bring. The
chance of so many or more is that of a negative binomial: its mean is what the past lets expect, its
spread is chance, plus the past being short, plus the unrest of the series from week to week. Of all
series looked at in one run those are told whose chances pass the step-up rule of Benjamini and
Hochberg (1995): where nothing grows, at most `rate` of the runs raise any false alarm; where
something does, at most that share of what is told is false. A test simulates both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.stats import binom, nbinom

from triage.features import Array

RATE = 0.01  # of runs without growth, those that raise an alarm
WINDOW = 7  # days; whole weeks, so that weekdays cancel out where the past is whole weeks too
PAST = 182  # days before the window that say what is usual now
LEAST = 3  # reports in the window
SHORTEST = 56  # days of past below which nothing can be said
_YEAR = 365
_SHRINK = 20.0  # reports that a series must have brought to count for as much as all of them
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """How many reports came in on each day (China) of one thing: a problem, a theme, a domain.

    Days that are missing had none.
    """

    key: str
    days: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Burst:
    """A series that had `count` reports from `since` to `until`, where `expected` were usual.

    `chance` is that of so many or more if nothing had changed. `seasonal` is whether the month was
    allowed for: that takes a year of past.
    """

    key: str
    since: date
    until: date
    count: int
    expected: float
    chance: float
    seasonal: bool

    @property
    def ratio(self) -> float:
        """How many times what is usual."""
        return round(self.count / max(self.expected, 0.1), 1)


@dataclass(frozen=True, slots=True)
class Season:
    """A series that brings more than usual in one `month` (1-12), year after year.

    `years` maps each whole year to the share of its reports that fell into that month; `times` is
    how many times an even month. `next_start` is the first day on which it is due again.
    """

    key: str
    month: int
    times: float
    chance: float
    years: Mapping[int, float]
    reports: int
    next_start: date


def find_bursts(
    series: Iterable[Series],
    *,
    first: date,
    today: date,
    rate: float = RATE,
    window: int = WINDOW,
    least: int = LEAST,
) -> list[Burst]:
    """The series that grew in the `window` days up to the day before `today`, least likely first.

    `first` is the day since which the records are whole; with fewer than `SHORTEST` days of past
    nothing is told. A series without any past exists only because of its first report, so that one
    does not count for it. `rate` is the false-alarm rate, see above.
    """
    known = sorted(series, key=lambda one: one.key)
    start = today - window * _DAY
    past = (start - first).days
    if past < SHORTEST or not known:
        return []
    table = _tabulate(known, first=first, until=today)
    expected, spread, seasonal = _expect(table, first=first, window=window)
    counts = table[:, past:].sum(axis=1)
    tested = counts - (table[:, :past].sum(axis=1) == 0)
    chances = _chance(tested, expected, spread)
    chances[counts < least] = 1.0
    return [
        Burst(
            known[row].key,
            start,
            today - _DAY,
            int(counts[row]),
            round(float(expected[row]), 2),
            float(chances[row]),
            seasonal,
        )
        for row in _pass(chances, rate)
    ]


def find_seasons(
    series: Iterable[Series],
    *,
    first: date,
    today: date,
    rate: float = RATE,
    least_times: float = 1.5,
) -> list[Season]:
    """The months in which a series rises in every whole year on record, the next due first.

    Takes two whole calendar years. A month is told where it had at least `least_times` an even
    month's share in each of them, and where that is no chance by the rule above.
    """
    years = [
        year
        for year in range(first.year, today.year + 1)
        if date(year, 1, 1) >= first and date(year + 1, 1, 1) <= today
    ]
    if len(years) < 2:
        return []
    known = sorted(series, key=lambda one: one.key)
    counts = np.zeros((len(known), len(years), 12), np.int64)
    for row, one in enumerate(known):
        for day, count in one.days.items():
            if day.year in years:
                counts[row, day.year - years[0], day.month - 1] += count
    return _list_seasons(known, counts, years, today=today, rate=rate, least_times=least_times)


def _list_seasons(
    known: Sequence[Series],
    counts: Array,
    years: Sequence[int],
    *,
    today: date,
    rate: float,
    least_times: float,
) -> list[Season]:
    lengths = np.array([[_month_length(year, month) for month in range(1, 13)] for year in years])
    even = lengths / lengths.sum(axis=1, keepdims=True)
    totals = counts.sum(axis=2, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    # Reports of one matter come in clumps, so that ten of them do not speak like ten: what is
    # over chance between the months of one series thins all its counts.
    usual = totals * even
    clumps = np.maximum(1.0, ((counts - usual) ** 2 / np.maximum(usual, 0.5)).sum((1, 2)) / 11)
    clumps = np.sqrt(clumps / len(years))
    thinned = np.maximum(1.0, clumps)[:, None]
    summed = counts.sum(axis=1) / thinned
    chances = binom.sf(
        np.ceil(summed) - 1, np.ceil(totals.sum(axis=(1, 2)) / thinned[:, 0])[:, None], even.mean(0)
    )
    chances[(shares < least_times * even).any(axis=1)] = 1.0
    seasons = []
    for place in _pass(chances.ravel(), rate):
        row, month = divmod(place, 12)
        reports = int(counts[row, :, month].sum())
        seasons.append(
            Season(
                known[row].key,
                month + 1,
                round(float((shares[row, :, month] / even[:, month]).mean()), 1),
                float(chances[row, month]),
                {year: round(float(shares[row, n, month]), 3) for n, year in enumerate(years)},
                reports,
                _next_start(month + 1, today),
            )
        )
    return sorted(seasons, key=lambda season: (season.next_start, season.chance, season.key))


def _tabulate(series: Sequence[Series], *, first: date, until: date) -> Array:
    """(series, days) counts from `first` up to the day before `until`."""
    table = np.zeros((len(series), (until - first).days), np.int64)
    for row, one in enumerate(series):
        for day, count in one.days.items():
            if first <= day < until:
                table[row, (day - first).days] += count
    return table


def _expect(table: Array, *, first: date, window: int) -> tuple[Array, Array, bool]:
    """(expected, spread, seasonal): the mean of the window for each series, the square of its
    relative spread beyond chance, and whether months were allowed for."""
    days = table.shape[1]
    past = days - window
    dates = [first + n * _DAY for n in range(days)]
    weights = _weigh_weekdays(table[:, :past], dates)
    months = np.array([day.month - 1 for day in dates])
    factors, doubt = _weigh_months(table[:, :past], weights, months)
    seasonal = past >= _YEAR
    weighed = weights * factors[:, months] if seasonal else np.tile(weights, (len(table), 1))
    used = slice(max(0, past - PAST), past)
    seen = table[:, used].sum(axis=1)
    exposure = weighed[:, used].sum(axis=1)
    now = weighed[:, past:].sum(axis=1)
    mean = (seen + 0.5) / np.maximum(exposure, 1e-9) * now
    spread = 1 / (seen + 0.5) + _measure_unrest(table[:, used], weighed[:, used], window=window)
    if seasonal:
        spread = spread + doubt[:, months[past:]].mean(axis=1)
    return mean, spread, seasonal


def _weigh_weekdays(past: Array, dates: Sequence[date]) -> Array:
    """What each of `dates` weighs by its weekday; all series together, the mean is 1."""
    weekdays = np.array([day.weekday() for day in dates])
    daily = past.sum(axis=0)
    own = np.array([daily[weekdays[: len(daily)] == day].mean() for day in range(7)])
    own += _SHRINK / 7
    weights: Array = (own / own.mean())[weekdays]
    return weights


def _weigh_months(past: Array, weights: Array, months: Array) -> tuple[Array, Array]:
    """(factors, doubt), each (series, 12): what a month brings compared with an even one, drawn
    towards that of all series where the own reports are few, and how uncertain that is."""
    size = past.shape[1]
    exposure = np.array([weights[:size][months[:size] == month].sum() for month in range(12)])
    counts = np.stack([past[:, months[:size] == month].sum(axis=1) for month in range(12)], axis=1)
    seen = np.maximum(exposure, 1e-9)
    together = counts.sum(axis=0)
    pooled = (together + _SHRINK) / (together.sum() * seen / seen.sum() + _SHRINK)
    usual = counts.sum(axis=1, keepdims=True) * seen / seen.sum()
    factors = (counts + _SHRINK * pooled) / (usual + _SHRINK)
    return factors, 1 / (counts + _SHRINK)


def _measure_unrest(past: Array, weighed: Array, *, window: int) -> Array:
    """How much each series swings from one window to the next beyond chance: the variance of its
    rate as a share of its square. That of all together is the least: a quiet past may be luck."""
    whole = past.shape[1] // window * window
    shape = (len(past), -1, window)
    counts = past[:, -whole:].reshape(shape).sum(axis=2)
    weighed = weighed[:, -whole:].reshape(shape).sum(axis=2)
    usual = counts.sum(axis=1, keepdims=True) * weighed / weighed.sum(axis=1, keepdims=True)
    beyond = ((counts - usual) ** 2 - usual).sum(axis=1)
    square = (usual**2).sum(axis=1)
    together = max(0.0, float(beyond.sum()) / max(float(square.sum()), 1e-9))
    own = (beyond + together * _SHRINK) / (square + _SHRINK)
    unrest: Array = np.maximum(own, together)
    return unrest


def _chance(counts: Array, mean: Array, spread: Array) -> Array:
    """That of `counts` or more under negative binomials of this mean and relative spread."""
    size = 1 / spread
    chances: Array = nbinom.sf(counts - 1, size, size / (size + mean))
    return chances


def _pass(chances: Array, rate: float) -> list[int]:
    """The numbers of those that pass Benjamini and Hochberg's rule, least likely first."""
    order = np.argsort(chances, kind="stable")
    bounds = rate * np.arange(1, len(order) + 1) / max(len(order), 1)
    passed = np.flatnonzero(chances[order] <= bounds)
    return order[: passed[-1] + 1].tolist() if len(passed) else []


def _month_length(year: int, month: int) -> int:
    after = date(year + month // 12, month % 12 + 1, 1)
    return (after - date(year, month, 1)).days


def _next_start(month: int, today: date) -> date:
    start = date(today.year, month, 1)
    return start if start >= today.replace(day=1) else date(today.year + 1, month, 1)
