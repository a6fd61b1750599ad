"""Taking back what a file brought (撤销导入): as if it had never come, as far as nobody has begun.

What a person has decided on or worked at, what went to the discipline side, into a task or to
another system stays, and it is told which. That the others were taken back stands in the event log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from triage.errors import Conflict
from triage.ledger.events import record_events
from triage.ledger.intakefiles import StoredImport, get_own_row, import_view
from triage.ledger.problems import MACHINE, forget_submissions, take_turn
from triage.ledger.states import FindingState, ImportState, RepeatState
from triage.ledger.tables import (
    AccusationRow,
    ActionRow,
    AttachmentRow,
    DecisionRow,
    DeliveryRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    FindingRow,
    ImportedRow,
    MemberRow,
    RepeatRow,
    ReplyRow,
    SubmissionRow,
    SubmitterRow,
    SuggestionRow,
    TaskEntryRow,
)
from triage.roles import Caller

CHUNK = 100  # submissions in one transaction: others wait for it
KEPT = {
    "decided": "已有人认定或办理",
    "accusation": "已转纪检",
    "joined": "已并件，或有人并入、更正过共性问题",
    "task": "已列入任务，或已成为督查员处理过的监督事项",
    "told": "已推送给其他系统",
}
_WORKED_AT = (ActionRow, AttachmentRow, ReplyRow, EvaluationRow, ExtensionRow)


@dataclass(frozen=True, slots=True)
class Stayed:
    """A submission that was not taken back; `reason` is one of `KEPT`."""

    submission_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What one step took back, what stays, and the last id it looked at (None: it is done)."""

    standing: StoredImport
    gone: int
    stayed: tuple[Stayed, ...]
    last: str | None


def take_back(
    session: Session, import_id: int, *, caller: Caller, now: datetime, after: str = ""
) -> TakenBack:
    """Take back the next submissions of one's own import, by id from `after` on.

    Call it until `last` is None, in transactions of their own. Raises AccessDenied, NotFound,
    Conflict while the rows are still going in.
    """
    row = get_own_row(session, import_id, caller=caller)
    if row.state is ImportState.RUNNING:
        raise Conflict("还在导入，请先暂停再撤销", field="state")
    brought = select(ImportedRow.submission_id).where(
        ImportedRow.import_id == import_id, ImportedRow.submission_id > after
    )
    ids = list(session.scalars(brought.order_by(ImportedRow.submission_id).limit(CHUNK)))
    free = _lock(session, ids)
    stayed = dict.fromkeys((name for name in ids if name not in free), "decided")
    stayed |= _find_kept(session, sorted(free))
    gone = [name for name in ids if name not in stayed]
    _remove(session, gone, who=caller.who, now=now)
    last = ids[-1] if len(ids) == CHUNK else None
    if last is None and row.state is not ImportState.UNDONE:
        row.state, row.finished_at = ImportState.UNDONE, now
        row.content = row.key_id = None
    if gone or last is None:
        payload = {"import": row.id, "gone": len(gone), "stayed": len(stayed)}
        happened = {"actor": caller.who, "kind": "import.undone", "payload": payload}
        record_events(session, [happened], now=now)
    session.flush()
    told = tuple(Stayed(name, stayed[name]) for name in ids if name in stayed)
    return TakenBack(import_view(row), len(gone), told, last)


def _find_kept(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """The reason why each that stays does so, the first that holds."""
    entries = select(EntryRow.id).where(EntryRow.submission_id == SubmissionRow.id)
    entry_ids = entries.scalar_subquery()
    held: dict[str, Any] = {
        "accusation": or_(
            SubmissionRow.confidential.is_(True),
            exists().where(AccusationRow.submission_id == SubmissionRow.id),
        ),
        "decided": or_(
            exists().where(DecisionRow.submission_id == SubmissionRow.id),
            exists().where(EntryRow.submission_id == SubmissionRow.id, EntryRow.version > 1),
            *(exists().where(table.entry_id.in_(entry_ids)) for table in _WORKED_AT),
        ),
        "joined": or_(
            exists().where(EntryRow.merged_into.in_(entry_ids)),
            exists().where(
                or_(
                    RepeatRow.submission_id == SubmissionRow.id,
                    RepeatRow.earlier_id == SubmissionRow.id,
                ),
                RepeatRow.state == RepeatState.MERGED,
            ),
            exists().where(
                MemberRow.submission_id == SubmissionRow.id, MemberRow.placed_by != MACHINE
            ),
        ),
        "task": or_(
            exists().where(TaskEntryRow.entry_id.in_(entry_ids)),
            exists().where(
                FindingRow.entry_id.in_(entry_ids), FindingRow.state != FindingState.OPEN
            ),
        ),
        "told": exists().where(
            DeliveryRow.entry_id.in_(entry_ids), DeliveryRow.delivered_at.is_not(None)
        ),
    }
    kept: dict[str, str] = {}
    for reason, condition in held.items():
        query = select(SubmissionRow.id).where(SubmissionRow.id.in_(ids), condition)
        for name in session.scalars(query):
            kept.setdefault(name, reason)
    return kept


def _lock(session: Session, ids: Sequence[str]) -> set[str]:
    """Those that nobody else is at, and will not be until the transaction ends. Who is at one holds
    it for reasons of his or her own and is not waited for: that could go round in a circle."""
    take_turn(session)  # before any row, as whoever places submissions does
    told = select(SubmissionRow.id).where(SubmissionRow.id.in_(ids)).order_by(SubmissionRow.id)
    free = set(session.scalars(told.with_for_update(skip_locked=True)))
    worked = select(EntryRow.id, EntryRow.submission_id).where(EntryRow.submission_id.in_(free))
    held = set(session.scalars(worked.with_for_update(skip_locked=True)))
    taken = {name for entry_id, name in session.execute(worked) if entry_id not in held}
    return free - taken


def _remove(session: Session, ids: Sequence[str], *, who: str, now: datetime) -> None:
    """Every row that these submissions left; each table that refers to them is named here."""
    if not ids:
        return
    entries = list(session.scalars(select(EntryRow.id).where(EntryRow.submission_id.in_(ids))))
    forget_submissions(session, ids, now=now)
    for told in (DeliveryRow, FindingRow):
        session.execute(delete(told).where(told.entry_id.in_(entries)))
    for held in (ImportedRow, SuggestionRow, EntryRow, SubmitterRow):
        session.execute(delete(held).where(held.submission_id.in_(ids)))
    session.execute(delete(SubmissionRow).where(SubmissionRow.id.in_(ids)))
    record_events(
        session,
        [{"actor": who, "kind": "submission.removed", "submission_id": name} for name in ids],
        now=now,
    )
