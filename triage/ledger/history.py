"""Reads of one entry: all that was done, said and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from triage.errors import NotFound
from triage.ledger.matters import list_reporters
from triage.ledger.people import name_people
from triage.ledger.sight import get_visible
from triage.ledger.states import EntryState, Outcome, ProblemState
from triage.ledger.tables import (
    ActionRow,
    AttachmentRow,
    DecisionRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    MemberRow,
    ProblemRow,
    ReplyRow,
    SubmissionRow,
    SuggestionRow,
)
from triage.ledger.views import (
    StoredDecision,
    StoredEntry,
    StoredSubmission,
    decision_view,
    entry_view,
    submission_view,
)
from triage.roles import Action, Caller


@dataclass(frozen=True, slots=True)
class StoredAction:
    """One step in the history of an entry (经办记录)."""

    id: int
    command: str
    who: str
    note: str
    data: dict[str, Any]
    from_state: EntryState
    to_state: EntryState
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply (回告)."""

    id: int
    text: str
    outcome: Outcome
    quality: dict[str, Any] | None
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """What a reporter said of a reply (评价)."""

    id: int
    submission_id: str
    source: str
    solved: bool
    satisfaction: int
    comment: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredExtension:
    """A request for more time (延期申请); `granted` is None while nobody has decided."""

    id: int
    amount: int
    unit: str
    reason: str
    who: str
    at: datetime
    granted: bool | None
    decided_by: str | None
    decided_note: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file kept with an entry (附件), without its content."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SharedProblem:
    """The common problem (共性问题) that the submission of an entry belongs to."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class EntryFile:
    """All that is known of one entry, each part in the order in which it came.

    `submissions` are those of all its reporters, its own first; `merged` the entries joined to it;
    `others` the other matters of the same submission; `people` the names of those who acted, by
    login.
    """

    entry: StoredEntry
    submissions: tuple[StoredSubmission, ...]
    suggestion: dict[str, Any] | None
    actions: tuple[StoredAction, ...]
    decisions: tuple[StoredDecision, ...]
    replies: tuple[StoredReply, ...]
    evaluations: tuple[StoredEvaluation, ...]
    extensions: tuple[StoredExtension, ...]
    attachments: tuple[StoredAttachment, ...]
    merged: tuple[int, ...]
    others: tuple[int, ...]
    problem: SharedProblem | None
    people: dict[str, str]


def get_entry_file(session: Session, entry_id: int, *, caller: Caller) -> EntryFile:
    """All of one entry within the caller's reach, as lead or assisting.

    Raises AccessDenied where the caller may read no ledger, NotFound for an entry that is not there
    or that the caller may not know of.
    """
    caller.require(Action.READ)
    entry = get_visible(session, entry_id, caller=caller)
    reporters = list_reporters(session, entry.id)
    merged = session.scalars(
        select(EntryRow.id).where(
            EntryRow.merged_into == entry.id, EntryRow.confidential.is_(False)
        )
    )
    siblings = session.scalars(
        select(EntryRow.id).where(
            EntryRow.submission_id == entry.submission_id, EntryRow.id != entry.id
        )
    )
    suggestion = session.scalar(
        select(SuggestionRow.payload)
        .where(SuggestionRow.submission_id == entry.submission_id)
        .order_by(SuggestionRow.id.desc())
        .limit(1)
    )
    told = session.scalars(select(SubmissionRow).where(SubmissionRow.id.in_(reporters)))
    by_id = {row.id: submission_view(row) for row in told}
    decided = session.scalars(
        select(DecisionRow).where(DecisionRow.entry_id == entry.id).order_by(DecisionRow.id)
    )
    actions = _list_actions(session, entry.id, reporters=reporters)
    decisions = tuple(decision_view(row) for row in decided)
    acted = {action.who for action in actions} | {decision.who for decision in decisions}
    return EntryFile(
        entry=entry_view(entry),
        submissions=tuple(by_id[key] for key in reporters),
        suggestion=suggestion,
        actions=actions,
        decisions=decisions,
        replies=_list_replies(session, entry.id),
        evaluations=tuple(
            said for said in _list_evaluations(session, entry.id) if said.submission_id in reporters
        ),
        extensions=_list_extensions(session, entry.id),
        attachments=_list_attachments(session, entry.id),
        merged=tuple(sorted(merged)),
        others=tuple(sorted(siblings)),
        problem=_find_problem(session, entry.submission_id, caller=caller),
        people=name_people(session, acted | {entry.assignee}),
    )


def get_attachment(
    session: Session, entry_id: int, attachment_id: int, *, caller: Caller
) -> tuple[StoredAttachment, bytes]:
    """One file kept with an entry, and its content. Raises as `get_entry_file`."""
    caller.require(Action.READ)
    entry = get_visible(session, entry_id, caller=caller)
    row = session.get(AttachmentRow, attachment_id)
    if row is None or row.entry_id != entry.id:
        raise NotFound(
            f"该条目没有编号为 {attachment_id} 的附件，请核对编号", field="attachment_id"
        )
    return _attachment_view(row), row.content


def _find_problem(session: Session, submission_id: str, *, caller: Caller) -> SharedProblem | None:
    """Whoever sees an entry of a submission sees the problem it belongs to, if any at all."""
    if not caller.may(Action.READ_PROBLEMS):
        return None
    found = session.execute(
        select(ProblemRow.id, ProblemRow.name, ProblemRow.size)
        .join(MemberRow, MemberRow.problem_id == ProblemRow.id)
        .where(MemberRow.submission_id == submission_id, ProblemRow.state == ProblemState.OPEN)
    ).one_or_none()
    return None if found is None else SharedProblem(*found)


def _list_actions(
    session: Session, entry_id: int, *, reporters: Sequence[str]
) -> tuple[StoredAction, ...]:
    """The steps in order; none names a reporter whose submission has gone under the seal since, nor
    its entry that was merged into this one."""
    rows = session.scalars(
        select(ActionRow).where(ActionRow.entry_id == entry_id).order_by(ActionRow.id)
    ).all()
    joined = {row.data["from"] for row in rows if "from" in row.data}
    hidden: set[int] = set()
    if joined:
        sealed = select(EntryRow.id).where(EntryRow.id.in_(joined), EntryRow.confidential)
        hidden.update(session.scalars(sealed))
    return tuple(
        StoredAction(
            id=row.id,
            command=row.command,
            who=row.who,
            note=row.note,
            data={
                name: value
                for name, value in row.data.items()
                if (name != "submission" or value in reporters)
                and (name != "from" or value not in hidden)
            },
            from_state=row.from_state,
            to_state=row.to_state,
            version=row.version,
            at=row.at,
        )
        for row in rows
    )


def _list_replies(session: Session, entry_id: int) -> tuple[StoredReply, ...]:
    return tuple(
        StoredReply(row.id, row.text, row.outcome, row.quality, row.who, row.at)
        for row in session.scalars(
            select(ReplyRow).where(ReplyRow.entry_id == entry_id).order_by(ReplyRow.id)
        )
    )


def _list_evaluations(session: Session, entry_id: int) -> tuple[StoredEvaluation, ...]:
    return tuple(
        StoredEvaluation(
            id=row.id,
            submission_id=row.submission_id,
            source=row.source,
            solved=row.solved,
            satisfaction=row.satisfaction,
            comment=row.comment,
            who=row.who,
            at=row.at,
        )
        for row in session.scalars(
            select(EvaluationRow)
            .where(EvaluationRow.entry_id == entry_id)
            .order_by(EvaluationRow.id)
        )
    )


def _list_extensions(session: Session, entry_id: int) -> tuple[StoredExtension, ...]:
    return tuple(
        StoredExtension(
            id=row.id,
            amount=row.amount,
            unit=row.unit,
            reason=row.reason,
            who=row.who,
            at=row.at,
            granted=row.granted,
            decided_by=row.decided_by,
            decided_note=row.decided_note,
            decided_at=row.decided_at,
        )
        for row in session.scalars(
            select(ExtensionRow).where(ExtensionRow.entry_id == entry_id).order_by(ExtensionRow.id)
        )
    )


def _list_attachments(session: Session, entry_id: int) -> tuple[StoredAttachment, ...]:
    return tuple(
        _attachment_view(row)
        for row in session.scalars(
            select(AttachmentRow)
            .options(defer(AttachmentRow.content))
            .where(AttachmentRow.entry_id == entry_id)
            .order_by(AttachmentRow.id)
        )
    )


def _attachment_view(row: AttachmentRow) -> StoredAttachment:
    return StoredAttachment(row.id, row.name, row.media_type, row.size, row.sha256, row.who, row.at)
