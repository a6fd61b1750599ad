"""How much a common problem presses (热度): points out of 100, each part shown with what it counts.

    reporters  45 · log(1+r)/log(1+100)           r different people, at most 100
    urgency    20 · (heaviest + mean) / 2         特急 1, 紧急 0.7, 较急 0.35, 一般 0.1
    growth     20 · (new - usual) / (new + usual + 2)   where more; new: those of the last 30 days,
                                                  usual: a third of the 90 days before
    likes      15 · log(1+l)/log(1+1000)          l approvals (点赞), at most 1,000
    recency    - (sum of the above) · (1 - 2^(-d/90))   d days since it was last reported

The four add up to at most 100; what is not reported any more cools to a half in 90 days. Logarithms
because the hundredth reporter says less than the second. docs/problems.md tells it to readers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import log1p
from typing import Any

from triage.calendar import day_of
from triage.suggestions import URGENCY_NAMES

REPORTERS, URGENCY, GROWTH, LIKES = 45, 20, 20, 15  # points at most; together 100
MOST_REPORTERS, MOST_LIKES = 100, 1000  # more give no more points
HALF_LIFE = 90  # days without a new report in which the heat is halved
RECENT, BEFORE = timedelta(days=30), timedelta(days=90)
WEIGHTS = {1: 1.0, 2: 0.7, 3: 0.35, 4: 0.1}
_DAMPING = 2  # so that one or two new reports are not yet growth


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the heat: `name` is one of reporters, urgency, growth, likes, recency; `says` is
    what was counted, for people (Chinese)."""

    name: str
    points: float
    says: str


@dataclass(frozen=True, slots=True)
class Heat:
    """The heat (热度) of a problem, 0 to 100: the sum of its parts, to one digit."""

    total: float
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"total": self.total, "parts": [asdict(part) for part in self.parts]}


def measure_heat(
    *,
    reporters: int,
    times: Sequence[datetime],
    urgencies: Sequence[int],
    now: datetime,
    likes: int = 0,
) -> Heat:
    """The heat of a problem that so many different people reported at these times.

    `times` (aware) and `urgencies` are those of the members, in any order; either may be empty
    where it is not known. Reports after `now` count as of now.
    """
    seen = [min(at, now) for at in times]
    parts = [
        Part("reporters", _logarithm(REPORTERS, reporters, MOST_REPORTERS), f"{reporters} 人反映"),
        _weigh_urgency(urgencies),
        _weigh_growth(seen, now=now),
        Part("likes", _logarithm(LIKES, likes, MOST_LIKES), f"{likes} 次点赞"),
    ]
    days = max(0.0, (now - max(seen)) / timedelta(days=1)) if seen else 0.0
    lost = sum(part.points for part in parts) * (1 - 0.5 ** (days / HALF_LIFE))
    says = f"最近一次反映在{_say_ago(max(seen), now=now)}" if seen else "反映时间不详，不作冷却"
    parts.append(Part("recency", round(-lost, 1) + 0.0, says))
    return Heat(round(sum(part.points for part in parts), 1), tuple(parts))


def _say_ago(moment: datetime, *, now: datetime) -> str:
    """今天, 昨天, 3 天前: by the calendar of China."""
    days = (day_of(now) - day_of(moment)).days
    return ("今天", "昨天")[days] if days < 2 else f" {days} 天前"


def _weigh_urgency(urgencies: Sequence[int]) -> Part:
    if not urgencies:
        return Part("urgency", 0.0, "紧急程度不详")
    weights = [WEIGHTS[level] for level in urgencies]
    points = URGENCY * (max(weights) + sum(weights) / len(weights)) / 2
    counts = [(name, urgencies.count(level)) for level, name in URGENCY_NAMES.items()]
    says = "、".join(f"{name} {count} 件" for name, count in counts if count)
    return Part("urgency", round(points, 1), says)


def _weigh_growth(times: Sequence[datetime], *, now: datetime) -> Part:
    new = sum(at > now - RECENT for at in times)
    before = sum(now - RECENT - BEFORE < at <= now - RECENT for at in times)
    usual = before * RECENT / BEFORE
    points = GROWTH * max(0.0, new - usual) / (new + usual + _DAMPING)
    says = f"近 30 天 {new} 件，此前 90 天月均 {usual:.1f} 件"
    return Part("growth", round(points, 1), says)


def _logarithm(most: int, count: int, at_most: int) -> float:
    return round(most * log1p(min(max(count, 0), at_most)) / log1p(at_most), 1)
