"""What the rules of the supervision list look at: records as plain as each rule needs them.

None is of a confidential entry: who gathers them leaves those out (Art. 30).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.ledger.states import Outcome, TaskState


@dataclass(frozen=True, slots=True)
class Running:
    """An entry whose clock runs; `rule` is the deadline rule, `paused_at` when it was stopped,
    `reopenings` how often it was put back to work."""

    entry_id: int
    department: str
    deadline_at: datetime
    rule: str | None
    provisional: bool
    paused_at: datetime | None
    reopenings: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for more time; `granted` None: nobody has decided."""

    entry_id: int
    department: str
    asked_at: datetime
    granted: bool | None


@dataclass(frozen=True, slots=True)
class Standstill:
    """A time in which the clock of an entry stood still, on the `ground` its rule names; `until`
    None: it stands still yet."""

    entry_id: int
    department: str
    ground: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Handover:
    """A step by which an entry left a department's hands: `command` is return or reassign."""

    entry_id: int
    department: str
    command: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply beside the request it answers; `quality` as `triage.replies` gave it, if it did."""

    reply_id: int
    entry_id: int
    department: str
    at: datetime
    nature: str
    domain_code: str
    request: str
    text: str
    quality: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a reporter said of the reply that stood at the time."""

    entry_id: int
    department: str
    outcome: Outcome
    replied_at: datetime
    evaluated_at: datetime
    solved: bool
    satisfaction: int
    source: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Intake:
    """What one unit (`source`) has put on the list by itself, on visits or by import."""

    entry_id: int
    department: str
    source: str
    text: str
    has_person: bool
    has_place: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A village, street or division among its neighbours (`group`), with its count of entries."""

    group: str
    key: str
    name: str
    entries: int
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of a `team` to a `household`, which is a digest and no address."""

    entry_id: int
    household: str
    team: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """A matter that many entries share, and whether a task takes any of them up."""

    key: str
    department: str
    entry_ids: tuple[int, ...]
    entries: int
    has_task: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A task, and whether an effect of it has been recorded."""

    task_id: int
    department: str
    state: TaskState
    deadline_at: datetime | None
    closed_at: datetime | None
    has_effect: bool
