"""Rates and hours (回复率、办结率、满意率、用时): never a rate without its two counts.

What they are made of is counted by `triage.ledger.statistics`; here stands what each one means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

SATISFIED = (3, 4, 5)
"""非常满意、满意、基本满意 are 好评 (国办发〔2019〕51号); the other two are not."""

_DAY_S = 86_400
_FINE_S = 360  # a tenth of an hour, for what took less than a day; an hour for what took longer
_FINE_BUCKETS = _DAY_S // _FINE_S


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; `value` is None where there is nothing to divide by."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """The rate itself, to four digits."""
        return round(self.numerator / self.denominator, 4) if self.denominator else None

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.numerator + other.numerator, self.denominator + other.denominator)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of some entries, in counts.

    `apart` were ended beside the line (declined, forwarded, merged or withdrawn) and are never due.
    `due` are those whose deadline has come: late or early, each is counted once and in the period
    in which it was opened. `due_…` count among these. `rated` holds how many of the latest
    evaluations gave 1, 2, 3, 4 and 5; `returns` … `reopenings` count steps, `returned` entries.
    """

    opened: int = 0
    declined: int = 0
    forwarded: int = 0
    merged: int = 0
    withdrawn: int = 0
    due: int = 0
    due_replied: int = 0
    due_on_time: int = 0
    due_solved: int = 0
    due_explained: int = 0
    due_not_supported: int = 0
    replied: int = 0
    closed: int = 0
    evaluated: int = 0
    solved: int = 0
    rated_1: int = 0
    rated_2: int = 0
    rated_3: int = 0
    rated_4: int = 0
    rated_5: int = 0
    returned: int = 0
    returns: int = 0
    extensions: int = 0
    urges: int = 0
    reopenings: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in COUNTS))

    @property
    def apart(self) -> int:
        """Entries that ended beside the line."""
        return self.declined + self.forwarded + self.merged + self.withdrawn

    @property
    def overdue(self) -> int:
        """Entries whose deadline has passed without a reply."""
        return self.due - self.due_replied

    @property
    def rates(self) -> dict[str, Rate]:
        """All rates, by name (see docs/statistics.md)."""
        closed = self.due_solved + self.due_explained + self.due_not_supported
        satisfied = sum(getattr(self, f"rated_{level}") for level in SATISFIED)
        return {
            "reply": Rate(self.due_replied, self.due),
            "on_time": Rate(self.due_on_time, self.due),
            "completion": Rate(closed, self.due),
            "completion_solved": Rate(self.due_solved, self.due),
            "completion_explained": Rate(self.due_explained, self.due),
            "completion_not_supported": Rate(self.due_not_supported, self.due),
            "satisfaction": Rate(satisfied, self.evaluated),
            "solution": Rate(self.solved, self.evaluated),
            "return": Rate(self.returned, self.opened),
        }


COUNTS = tuple(field.name for field in fields(Tally))
RATE_NAMES = {
    "reply": "回复率",
    "on_time": "按时回复率",
    "completion": "办结率",
    "completion_solved": "其中已解决",
    "completion_explained": "其中已解释",
    "completion_not_supported": "其中不予支持",
    "satisfaction": "满意率",
    "solution": "解决率",
    "return": "退件率",
}


@dataclass(frozen=True, slots=True)
class Hours:
    """How long `count` entries took: half of them at most `median`, nine of ten at most `p90`.

    In hours, to a tenth below a day and to the hour above; None where there is none.
    """

    count: int
    median: float | None
    p90: float | None


def find_hours(buckets: Mapping[int, int]) -> Hours:
    """The hours of a histogram: how many entries fell into each bucket (see `bucket_hours`)."""
    count = sum(buckets.values())
    return Hours(count, _find_rank(buckets, count * 50), _find_rank(buckets, count * 90))


def bucket_hours(bucket: int) -> float:
    """The middle of a bucket in hours. Bucket `b` holds what took b tenths of an hour, to the
    nearest, below a day; from there on each bucket is one hour."""
    if bucket <= _FINE_BUCKETS:
        return bucket / 10
    return float(24 + bucket - _FINE_BUCKETS)


def add_buckets(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """One histogram of several."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] = total.get(bucket, 0) + count
    return total


def _find_rank(buckets: Mapping[int, int], hundredths: int) -> float | None:
    """The least duration that at least `hundredths` / 100 of the entries did not exceed."""
    passed = 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed * 100 >= hundredths:
            return bucket_hours(bucket)
    return None
