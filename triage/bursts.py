"""What grows faster than its own past (新发、突增), and what comes back every year (年历).

The reports of the last days are held against what the same series had before, day for day: each day
of the past and each of the window weighs what such a weekday and such a month usually bring. The
chance of so many or more is that of a negative binomial: its mean is what the past lets expect, its
spread is chance, plus the past being short, plus the unrest of the series from week to week. Of all
series looked at in one run those are told whose chances pass the step-up rule of Benjamini and
Hochberg (1995): where nothing grows, at most `rate` of the runs raise any false alarm; where
something does, at most that share of what is told is false. A test simulates both.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from triage.features import Array

RATE = 0.01  # of runs without growth, those that raise an alarm
WINDOW = 7  # days; whole weeks, so that weekdays cancel out where the past is whole weeks too
PAST = 182  # days before the window that say what is usual now
LEAST = 3  # reports in the window
SHORTEST = 56  # days of past below which nothing can be said
_YEAR = 365
_UNREST_DAYS = 728  # of the past that tell how restless a series is
_MOST_WORTH = 200.0  # reports in a month that the other series' months may stand for
_POINTS = 12  # at which the mean is tried
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
    outlook, seasonal = _look_out(table, first=first, window=window)
    counts = table[:, past:].sum(axis=1)
    tested = counts - (table[:, :past].sum(axis=1) == 0)
    chances = outlook.chance(tested)
    chances[counts < least] = 1.0
    return [
        Burst(
            known[row].key,
            start,
            today - _DAY,
            int(counts[row]),
            round(float(outlook.mean[row]), 2),
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
    from scipy.special import betainc  # the service starts sooner without it

    lengths = np.array([[_month_length(year, month) for month in range(1, 13)] for year in years])
    even = lengths / lengths.sum(axis=1, keepdims=True)
    totals = counts.sum(axis=2, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    # Reports of one matter come in clumps, so that ten of them do not speak like ten: how far the
    # same month differs from year to year beyond chance thins all counts of the series.
    usual = totals * (
        counts.sum(axis=1, keepdims=True) / np.maximum(totals.sum(axis=1, keepdims=True), 1)
    )
    beyond = ((counts - usual) ** 2 / np.maximum(usual, 0.5)).sum(axis=(1, 2))
    thinned = np.maximum(1.0, beyond / (11 * (len(years) - 1)))[:, None]
    reports = np.ceil(totals.sum(axis=(1, 2)) / thinned[:, 0])[:, None]
    summed = np.floor(counts.sum(axis=1) / thinned)
    # The chance that of so many reports at least these fall into a month by its length alone.
    chances = betainc(np.maximum(summed, 1), reports - np.maximum(summed, 1) + 1, even.mean(axis=0))
    chances[(shares < least_times * even).any(axis=1)] = 1.0
    seasons = []
    for place in _pass(chances.ravel(), rate):
        row, month = divmod(place, 12)
        seasons.append(
            Season(
                known[row].key,
                month + 1,
                round(float((shares[row, :, month] / even[:, month]).mean()), 1),
                float(chances[row, month]),
                {year: round(float(shares[row, n, month]), 3) for n, year in enumerate(years)},
                int(counts[row, :, month].sum()),
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


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What the past lets expect of the window, an array each with one number for a series.

    `mean` reports; `seen` those of the past that it rests on; `unrest` how much the rate swings
    from window to window, `doubt` how uncertain the mean is beyond chance, both as relative
    variances.
    """

    mean: Array
    seen: Array
    unrest: Array
    doubt: Array

    def chance(self, counts: Array) -> Array:
        """That of `counts` reports or more: negative binomials, averaged over what the mean may be
        (a gamma for the reports it rests on, times a log-normal for the rest)."""
        from scipy.special import betainc, gammaincinv, ndtr  # the service starts sooner without it

        points, weights = hermegauss(_POINTS)
        weights = weights / weights.sum()
        shape = self.seen + 0.5
        size = 1 / np.maximum(self.unrest, 1e-6)
        wide = np.sqrt(np.log1p(self.doubt))
        least = np.maximum(counts, 1)
        total = np.zeros(len(counts))
        for point, weight in zip(points, weights, strict=True):
            rests = gammaincinv(shape, ndtr(point)) / shape
            for other, own in zip(points, weights, strict=True):
                mean = self.mean * rests * np.exp(wide * other - wide**2 / 2)
                total += weight * own * betainc(least, size, mean / (size + mean))
        return np.where(counts > 0, total, 1.0)


def _look_out(table: Array, *, first: date, window: int) -> tuple[_Outlook, bool]:
    """What the last `window` days of a table may bring by the days before; whether months were
    allowed for."""
    past = table.shape[1] - window
    dates = [first + n * _DAY for n in range(table.shape[1])]
    weights = np.tile(_weigh_weekdays(table[:, :past], dates), (len(table), 1))
    seasonal = past >= _YEAR
    months = np.array([day.month - 1 for day in dates])
    doubt, like = np.zeros(len(table)), math.inf
    if seasonal:
        factors, unsure = _weigh_months(table[:, :past], weights[0], months)
        weights = weights * factors[:, months]
        doubt = unsure[:, months[past:]].mean(axis=1)
        like = float(np.isin(months[:past], months[past:]).sum())  # days of such a month before
    used = slice(max(0, past - PAST), past)
    seen = table[:, used].sum(axis=1)
    exposure = weights[:, used].sum(axis=1)
    mean = (seen + 0.5) / np.maximum(exposure, 1e-9) * weights[:, past:].sum(axis=1)
    unrest = _measure_unrest(table[:, :past], weights[:, :past], window=window)
    doubt = doubt + unrest * window * (1 / (used.stop - used.start) + 1 / like)
    return _Outlook(mean, seen, unrest, doubt), seasonal


def _weigh_weekdays(past: Array, dates: Sequence[date]) -> Array:
    """What each of `dates` weighs by its weekday, in all series together; the mean is 1."""
    weekdays = np.array([day.weekday() for day in dates])
    daily = past.sum(axis=0)
    own = np.array([daily[weekdays[: len(daily)] == day].mean() for day in range(7)])
    own += 1 / len(daily)  # a ledger without a report on any Sunday may still get one
    weights: Array = (own / own.mean())[weekdays]
    return weights


def _weigh_months(past: Array, weights: Array, months: Array) -> tuple[Array, Array]:
    """(factors, doubt), each (series, 12): what a month brings compared with an even one, and the
    relative variance of that.

    The factors of a series are drawn towards those of all together, the more the less all differ
    from each other and the fewer reports it has.
    """
    size = past.shape[1]
    exposure = np.array([weights[:size][months[:size] == month].sum() for month in range(12)])
    even = exposure / exposure.sum()
    counts = np.stack([past[:, months[:size] == month].sum(axis=1) for month in range(12)], axis=1)
    together = counts.sum(axis=0)
    pooled = (together + 1) / (together.sum() * even + 1)
    usual = counts.sum(axis=1, keepdims=True) * even * pooled
    differ = ((counts - usual) ** 2 - usual).sum() / max((usual**2).sum(), 1e-9)
    worth = float(np.clip(1 / max(differ, 1e-9), 0.5, _MOST_WORTH))
    factors = (counts + worth) / (usual + worth) * pooled
    return factors, 1 / (counts + worth)


def _measure_unrest(past: Array, weighed: Array, *, window: int) -> Array:
    """How much each series swings from one window to the next beyond chance: the variance of its
    rate as a share of its square, rather too much than too little.

    That of all together is the least: a quiet past may be luck.
    """
    whole = min(past.shape[1], _UNREST_DAYS) // window * window
    shape = (len(past), -1, window)
    counts = past[:, -whole:].reshape(shape).sum(axis=2)
    weighed = weighed[:, -whole:].reshape(shape).sum(axis=2)
    usual = counts.sum(axis=1, keepdims=True) * weighed / weighed.sum(axis=1, keepdims=True)
    beyond = ((counts - usual) ** 2 - usual).sum(axis=1)
    square = (usual**2).sum(axis=1)
    together = max(0.0, float(beyond.sum()) / max(float(square.sum()), 1e-9))
    windows = counts.shape[1]
    own = (beyond + together * windows) / (square + windows)
    unrest: Array = np.maximum(own, together) * (1 + 2 / np.sqrt(windows))
    return unrest


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
