"""Effects (效果): a task is closed by saying what it changed, how one can see that, and what those
who reported the matter think of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from triage.errors import InvalidInput, NotFound
from triage.ledger.opinions import Opinion, Opinions, count_opinions, find_opinions
from triage.ledger.states import TaskState
from triage.ledger.tables import (
    AttachmentRow,
    EffectRow,
    EntryRow,
    MilestoneRow,
    TaskEntryRow,
)
from triage.ledger.taskfiles import StoredTask
from triage.ledger.tasks import get_open_task, record_step
from triage.roles import Caller

MAX_CHANGE = 5000
MAX_EVIDENCE = 20
MAX_EVIDENCE_NOTE = 1000
MAX_GROUND = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """How one can see it: in words, with a file kept at one of the task's entries (its id)."""

    note: str
    attachment: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a task changed, and its evidence; `ground` says why nobody has evaluated it, if so."""

    change: str
    evidence: tuple[Evidence, ...]
    ground: str = ""


def close_task(
    session: Session,
    task_id: int,
    effect: Effect,
    *,
    caller: Caller,
    version: int,
    now: datetime,
) -> StoredTask:
    """Close a task by its effect: what changed, evidence, and the evaluation of those who reported.

    The evaluation is counted here from what they said of the entries, merged ones too. Raises
    InvalidInput where a milestone is not done, or change, evidence, or both evaluation and ground
    are missing; NotFound for a file that is not of its entries; Conflict where the task was changed
    since or is closed.
    """
    task = get_open_task(session, task_id, caller=caller, version=version)
    _check_milestones(session, task_id)
    change, ground = effect.change.strip(), effect.ground.strip()
    if not 1 <= len(change) <= MAX_CHANGE:
        raise InvalidInput(f"请写明解决了什么、有什么变化，至多 {MAX_CHANGE} 字", field="change")
    if len(ground) > MAX_GROUND:
        raise InvalidInput(f"理由超过 {MAX_GROUND} 字，请缩短", field="ground")
    entries = find_joined(session, task_id)
    evidence = _check_evidence(session, effect.evidence, entries)
    opinions = count_task_opinions(session, entries)
    if not opinions.evaluated and not ground:
        raise InvalidInput(
            "反映人还没有评价，请先回访；确实无法取得评价的，写明理由后再销号", field="ground"
        )
    session.add(
        EffectRow(
            task_id=task_id,
            change=change,
            evidence=evidence,
            evaluation=asdict(opinions) | {"ground": ground},
            who=caller.who,
            at=now,
        )
    )
    task.state = TaskState.DONE
    task.closed_at = now
    return record_step(session, task, "closed", caller=caller, now=now, data=asdict(opinions))


def find_joined(session: Session, task_id: int) -> tuple[int, ...]:
    """The ordinary entries of a task and those that were merged into them, by id."""
    own = select(TaskEntryRow.entry_id).where(TaskEntryRow.task_id == task_id)
    query = select(EntryRow.id).where(
        or_(EntryRow.id.in_(own), EntryRow.merged_into.in_(own)), EntryRow.confidential.is_(False)
    )
    return tuple(session.scalars(query.order_by(EntryRow.id)))


def count_task_opinions(session: Session, entries: Sequence[int]) -> Opinions:
    """What those who reported any of these entries said last, each counted once."""
    latest: dict[str, Opinion | None] = {}
    for opinions in find_opinions(session, entries).values():
        for submission_id, opinion in opinions.items():
            before = latest.get(submission_id)
            if before is None or (opinion is not None and opinion.at >= before.at):
                latest[submission_id] = opinion
    return count_opinions(latest.values())


def _check_milestones(session: Session, task_id: int) -> None:
    undone = select(MilestoneRow.name).where(
        MilestoneRow.task_id == task_id, MilestoneRow.done_at.is_(None)
    )
    names = session.scalars(undone.order_by(MilestoneRow.due_at, MilestoneRow.id)).all()
    if names:
        raise InvalidInput(
            f"还有时间节点没有完成：{'、'.join(names)}，请先登记进展", field="milestones"
        )


def _check_evidence(
    session: Session, evidence: Sequence[Evidence], entries: Sequence[int]
) -> list[dict[str, Any]]:
    """As it is kept: with name and SHA-256 of the file, so that it stays known what was shown."""
    if not 1 <= len(evidence) <= MAX_EVIDENCE:
        raise InvalidInput(f"请附 1 到 {MAX_EVIDENCE} 项佐证", field="evidence")
    wanted = [one.attachment for one in evidence if one.attachment is not None]
    files = {
        row.id: {"attachment": row.id, "name": row.name, "sha256": row.sha256}
        for row in session.execute(
            select(AttachmentRow.id, AttachmentRow.name, AttachmentRow.sha256).where(
                AttachmentRow.id.in_(wanted), AttachmentRow.entry_id.in_(entries)
            )
        )
    }
    kept: list[dict[str, Any]] = []
    for one in evidence:
        note = one.note.strip()
        if len(note) > MAX_EVIDENCE_NOTE or not (note or one.attachment):
            raise InvalidInput(
                f"每项佐证要有说明（至多 {MAX_EVIDENCE_NOTE} 字）或附件，请补上", field="evidence"
            )
        if one.attachment is not None and one.attachment not in files:
            raise NotFound(
                f"该任务的条目没有编号为 {one.attachment} 的附件，请先上传", field="evidence"
            )
        kept.append({"note": note} | files.get(one.attachment or 0, {}))
    return kept
