"""From when on the rules of the supervision list speak (监督事项的阈值); a town may change each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from triage.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The thresholds of all rules; docs/findings.md explains each (a test knows)."""

    window_days: int = 90
    extension_requests: int = 2
    pauses: int = 2
    pause_days: int = 30
    handovers: int = 2
    copy_similarity: float = 0.8
    copy_length: int = 40
    reply_relevance: float = 0.5
    invented_copies: int = 3
    invented_length: int = 20
    silent_days: int = 90
    silent_median: int = 10
    silent_neighbours: int = 3
    crowded_teams: int = 3
    crowded_days: int = 7
    problem_entries: int = 5
    problem_days: int = 30
    effect_grace_days: int = 0

    def as_dict(self) -> dict[str, float]:
        """As settings keep them."""
        return asdict(self)


RANGES: Mapping[str, tuple[float, float]] = {
    "window_days": (1, 3660),
    "extension_requests": (1, 20),
    "pauses": (1, 20),
    "pause_days": (1, 3660),
    "handovers": (1, 20),
    "copy_similarity": (0.5, 1.0),
    "copy_length": (10, 1000),
    "reply_relevance": (0.0, 2.0),
    "invented_copies": (2, 1000),
    "invented_length": (0, 1000),
    "silent_days": (7, 3660),
    "silent_median": (1, 100_000),
    "silent_neighbours": (1, 1000),
    "crowded_teams": (2, 100),
    "crowded_days": (1, 366),
    "problem_entries": (2, 100_000),
    "problem_days": (1, 3660),
    "effect_grace_days": (0, 3660),
}
"""The least and the greatest that each may be; whole numbers, except where the default is none."""


def read_thresholds(values: Mapping[str, Any], *, standing: Thresholds | None = None) -> Thresholds:
    """The thresholds in `values`; what they leave out stays as in `standing`, else as shipped.

    Raises InvalidInput naming the one that is unknown, no number or out of its range.
    """
    known = (standing or Thresholds()).as_dict()
    whole = {field.name for field in fields(Thresholds) if isinstance(field.default, int)}
    for name, value in values.items():
        if name not in known:
            raise InvalidInput(f"没有“{name}”这项阈值，请核对 docs/findings.md", field=name)
        least, most = RANGES[name]
        right = int if name in whole else int | float
        if isinstance(value, bool) or not isinstance(value, right) or not least <= value <= most:
            kind = "整数" if name in whole else "数"
            raise InvalidInput(
                f"{name} 应是 {least:g} 到 {most:g} 之间的{kind}，请改正", field=name
            )
    return Thresholds(**known | dict(values))
