"""What a benchmark needs to know, and what it has to say."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; `data` None means the corpus that comes with the product."""

    model: Path
    data: Path | None = None
    rounds: int = 3
    messages: int = 8192
    most: int = 30_000


@dataclass(frozen=True, slots=True)
class Result:
    """One line to read, and the same as figures: times in ms, rates in messages a second."""

    name: str
    line: str
    figures: dict[str, Any]

    def as_text(self) -> str:
        """The readable line, and below it one line of JSON."""
        figures = json.dumps({"bench": self.name, **self.figures}, ensure_ascii=False)
        return f"{self.line}\n{figures}"


def find_percentiles(seconds: Sequence[float], *percents: int) -> dict[str, float]:
    """{"p50": …} in ms."""
    found = np.percentile(np.array(seconds) * 1000, percents)
    return {f"p{percent}": tidy(value) for percent, value in zip(percents, found, strict=True)}


def find_median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))


def tidy(value: float) -> float:
    """Three digits, as many as such a measurement is good for."""
    return float(f"{value:.3g}")
