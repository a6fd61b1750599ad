"""What the machine says about a submission: frozen, serialisable, never edited.

A clerk's correction is another record (a Decision); the suggestion stays as it was made.
"""

from dataclasses import dataclass
from typing import Any

URGENCY_NAMES = {1: "特急", 2: "紧急", 3: "较急", 4: "一般"}
NATURES = ("咨询", "求助", "投诉", "举报", "检举控告", "建议", "感谢")
FLAGS = (
    "群体",
    "重复反映",
    "公职人员",
    "极端风险",
    "未成年人",
    "老弱病残",
    "涉企",
    "个人信息",
)


@dataclass(frozen=True, slots=True)
class DomainCall:
    """One path of the taxonomy with the calibrated probability that it is right."""

    code: str
    level1: str
    level2: str
    level3: str
    confidence: float


@dataclass(frozen=True, slots=True)
class DomainSuggestion:
    """The domain (领域) with its three best alternatives, the likeliest first.

    It is the likeliest of all paths; another level 1, with many paths, may by itself be likelier.
    `confidence` is the probability that all three levels are right; `level1_confidence` and
    `level2_confidence` that the path is right down to that level.
    """

    code: str
    level1: str
    level2: str
    level3: str
    confidence: float
    level1_confidence: float
    level2_confidence: float
    alternatives: tuple[DomainCall, ...]


@dataclass(frozen=True, slots=True)
class UrgencySuggestion:
    """The urgency (紧急程度): level 1 特急 … 4 一般, and the words that made it so."""

    level: int
    name: str
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NatureSuggestion:
    """The nature of the request (诉求性质), one of `NATURES`."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class DivisionCandidate:
    """An administrative division (行政区划) a place may belong to: its code and full name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PlaceSuggestion:
    """The most specific place phrase of the text ("" where none), and its division.

    `division` is the code where exactly one division fits; else None and `candidates` lists all
    that fit (an ambiguous name is never guessed). `anonymised` marks names such as A市A3区.
    """

    text: str
    division: str | None
    candidates: tuple[DivisionCandidate, ...]
    anonymised: bool = False


@dataclass(frozen=True, slots=True)
class DepartmentSuggestion:
    """The responsible departments (责任单位) by name; `lead` None means: the clerk decides."""

    lead: str | None
    assisting: tuple[str, ...]
    reasons: tuple[str, ...]
    ground: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of the submission that spoke for the domain.

    `field` is "title" or "content"; `start` and `end` are character offsets into that field as it
    was sent; `weight` is its share of the score (0-1, all spans together at most 1).
    """

    field: str
    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Everything the machine says about one submission (系统建议)."""

    id: str
    domain: DomainSuggestion
    urgency: UrgencySuggestion
    nature: NatureSuggestion
    flags: tuple[str, ...]
    flag_probabilities: dict[str, float]
    place: PlaceSuggestion
    department: DepartmentSuggestion
    confidential: bool
    needs_review: bool
    review_reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model: str

    def as_dict(self) -> dict[str, Any]:
        """The suggestion as plain dicts, lists, strings and numbers, ready for JSON."""
        plain: dict[str, Any] = _plain(self)
        return plain


_SCALARS = frozenset((str, float, int, bool, type(None)))


def _plain(value: Any) -> Any:
    """`dataclasses.asdict` without its copying: an eighth of the time, and lists for tuples."""
    kind = type(value)
    if kind is tuple:
        return [part if type(part) in _SCALARS else _plain(part) for part in value]
    if kind is dict:
        return dict(value)
    return {
        name: part if type(part := getattr(value, name)) in _SCALARS else _plain(part)
        for name in kind.__slots__
    }
