"""What the ledger hands out: plain frozen values, never a row that is tied to a session."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from triage.ledger.states import EntryState, Outcome, SubmissionStatus
from triage.ledger.tables import DecisionRow, EntryRow, SubmissionRow
from triage.submissions import Channel
from triage.submitters import Submitter


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """A submission (来件) as it was taken in. Times are UTC."""

    id: str
    title: str
    content: str
    channel: Channel | None
    place: str | None
    received_at: datetime | None
    likes: int | None
    recorded_at: datetime
    source: str
    status: SubmissionStatus
    confidential: bool


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry (台账条目). `lead_department` is a code, `assisting` are names.

    What the columns mean says `EntryRow`. `closed_at` is when it left the line in any way: closed,
    declined, forwarded or merged.
    """

    id: int
    submission_id: str
    lead_department: str
    assisting: tuple[str, ...]
    state: EntryState
    urgency: int
    taxonomy: str
    domain_code: str
    domain: str
    nature: str
    division: str | None
    confidential: bool
    version: int
    opened_at: datetime
    deadline_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    matter: str = ""
    assignee: str | None = None
    assigned_at: datetime | None = None
    accept_by: datetime | None = None
    return_by: datetime | None = None
    accepted_at: datetime | None = None
    replied_at: datetime | None = None
    evaluated_at: datetime | None = None
    rule: str | None = None
    provisional: bool = False
    paused_at: datetime | None = None
    pause_ground: str | None = None
    returns: int = 0
    extensions: int = 0
    urges: int = 0
    reopenings: int = 0
    merged_into: int | None = None
    forwarded_to: str | None = None
    ground: str | None = None
    solved: bool | None = None
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision (经办人认定): "confirmed" or "corrected", with what stood before and after."""

    id: int
    who: str
    kind: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class SubmissionFile:
    """All that is known of one submission: the latest suggestion, its entries, its decisions, who
    reported it, masked, and the names of those who decided, by login."""

    submission: StoredSubmission
    suggestion: dict[str, Any] | None
    entries: tuple[StoredEntry, ...]
    decisions: tuple[StoredDecision, ...]
    submitter: Submitter | None
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class StoredDepartment:
    """A responsible department (责任单位); one that is not `active` takes no new entries."""

    code: str
    name: str
    full_name: str
    kind: str
    active: bool


@dataclass(frozen=True, slots=True)
class DepartmentCounts:
    """A department and how many entries its ledger holds; each count sums to `total`."""

    department: StoredDepartment
    total: int
    by_urgency: dict[int, int]
    by_state: dict[EntryState, int]


@dataclass(frozen=True, slots=True, eq=False)
class LedgerLine:
    """One line of a ledger: the entry, and enough of the submission to recognise it.

    The ledger gives the same object while nothing in it has changed, so what is kept of a line is
    found by that, without comparing forty fields.
    """

    entry: StoredEntry
    title: str
    excerpt: str
    channel: Channel | None
    place: str | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One submission in the review queue, with the suggestion a clerk confirms or corrects."""

    submission_id: str
    title: str
    excerpt: str
    channel: Channel | None
    place: str | None
    received_at: datetime | None
    recorded_at: datetime
    urgency: int
    confidence: float
    confidential: bool
    suggestion: dict[str, Any] | None


def submission_view(row: SubmissionRow | Any) -> StoredSubmission:
    """The row, or a line that holds its columns of the same names, as a value."""
    return StoredSubmission(
        id=row.id,
        title=row.title,
        content=row.content,
        channel=Channel(row.channel) if row.channel else None,
        place=row.place,
        received_at=row.received_at,
        likes=row.likes,
        recorded_at=row.recorded_at,
        source=row.source,
        status=row.status,
        confidential=row.confidential,
    )


def decision_view(row: DecisionRow) -> StoredDecision:
    """The row as a value."""
    return StoredDecision(
        id=row.id,
        who=row.who,
        kind=row.kind,
        reason=row.reason,
        before=row.payload["before"],
        after=row.payload["after"],
        decided_at=row.decided_at,
    )


ENTRY_COLUMNS = tuple(getattr(EntryRow, field.name) for field in fields(StoredEntry))
"""What a list selects in the place of `EntryRow`: whole objects take three times as long."""


def entry_view(row: EntryRow | Any) -> StoredEntry:
    """The row, or a line that holds `ENTRY_COLUMNS`, as a value."""
    return StoredEntry(
        id=row.id,
        submission_id=row.submission_id,
        lead_department=row.lead_department,
        assisting=tuple(row.assisting),
        state=row.state,
        urgency=row.urgency,
        taxonomy=row.taxonomy,
        domain_code=row.domain_code,
        domain=row.domain,
        nature=row.nature,
        division=row.division,
        confidential=row.confidential,
        version=row.version,
        opened_at=row.opened_at,
        deadline_at=row.deadline_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        matter=row.matter,
        assignee=row.assignee,
        assigned_at=row.assigned_at,
        accept_by=row.accept_by,
        return_by=row.return_by,
        accepted_at=row.accepted_at,
        replied_at=row.replied_at,
        evaluated_at=row.evaluated_at,
        rule=row.rule,
        provisional=row.provisional,
        paused_at=row.paused_at,
        pause_ground=row.pause_ground,
        returns=row.returns,
        extensions=row.extensions,
        urges=row.urges,
        reopenings=row.reopenings,
        merged_into=row.merged_into,
        forwarded_to=row.forwarded_to,
        ground=row.ground,
        solved=row.solved,
        satisfaction=row.satisfaction,
    )
