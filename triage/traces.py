"""What grouping reads of a submission, and what says which concrete matter it is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What is read of a submission to find and to describe the problem it belongs to.

    `place` is the phrase that it names, as suggested or given; `division` the code, `domain_code`
    that of its domain. All but the id may be empty.
    """

    id: str
    title: str = ""
    content: str = ""
    place: str | None = None
    division: str | None = None
    domain_code: str = ""
    received_at: datetime | None = None
