"""What the ledger hands out of tasks (任务): the task, its milestones, its history, its effect."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from triage.errors import NotFound
from triage.ledger.paging import in_chunks
from triage.ledger.people import name_people
from triage.ledger.statements import holds
from triage.ledger.states import TaskState
from triage.ledger.tables import (
    DepartmentRow,
    EffectRow,
    EntryRow,
    MilestoneRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.roles import Action, Caller


@dataclass(frozen=True, slots=True)
class StoredMilestone:
    """A step of a task with its date; `note` is the latest word on it."""

    id: int
    name: str
    due_at: datetime
    done_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task (任务). `department` is a code, `assisting` are names; `entries` the ordinary entries
    that it is to solve, `problem_id` the common problem, if it was planned for one."""

    id: int
    title: str
    department: str
    department_name: str
    assisting: tuple[str, ...]
    person: str
    measures: tuple[str, ...]
    state: TaskState
    version: int
    created_by: str
    created_at: datetime
    deadline_at: datetime | None
    closed_at: datetime | None
    entries: tuple[int, ...]
    milestones: tuple[StoredMilestone, ...]
    problem_id: int | None = None

    @property
    def progress(self) -> str:
        """How many of the milestones are done: 2/4."""
        done = sum(milestone.done_at is not None for milestone in self.milestones)
        return f"{done}/{len(self.milestones)}"


@dataclass(frozen=True, slots=True)
class StoredEffect:
    """What a task changed (效果): in words, with evidence and what those who reported thought."""

    id: int
    change: str
    evidence: tuple[dict[str, Any], ...]
    evaluation: dict[str, Any]
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredTaskAction:
    """One step in the history of a task: who, when, what, why."""

    command: str
    who: str
    note: str
    data: dict[str, Any]
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskFile:
    """All that is known of one task; `people` the names of those who acted, by login."""

    task: StoredTask
    effect: StoredEffect | None
    history: tuple[StoredTaskAction, ...]
    people: dict[str, str]


def get_task(session: Session, task_id: int, *, caller: Caller) -> TaskFile:
    """All that is known of one task, for its department, those assisting, and all above them.

    Raises AccessDenied without READ_LISTS, NotFound where there is none that this caller sees.
    """
    caller.require(Action.READ_LISTS)
    row = get_task_row(session, task_id, caller=caller)
    effect = session.scalar(select(EffectRow).where(EffectRow.task_id == task_id))
    history = session.scalars(
        select(TaskActionRow).where(TaskActionRow.task_id == task_id).order_by(TaskActionRow.id)
    ).all()
    hidden = _find_hidden(session, history)
    return TaskFile(
        task=task_views(session, [row])[0],
        effect=None if effect is None else effect_view(effect),
        history=tuple(
            StoredTaskAction(
                step.command,
                step.who,
                step.note,
                _without(step.data, hidden),
                step.version,
                step.at,
            )
            for step in history
        ),
        people=name_people(session, [row.created_by, *(step.who for step in history)]),
    )


def _find_hidden(session: Session, history: Sequence[TaskActionRow]) -> set[int]:
    """Of the entries (ids) that the steps name those that have since gone under the seal."""
    named = {
        one
        for step in history
        for data in (step.data, step.data.get("before", {}))
        for one in data.get("entries", ())
    }
    hidden: set[int] = set()
    for ids in in_chunks(sorted(named)):
        sealed = select(EntryRow.id).where(EntryRow.id.in_(ids), EntryRow.confidential)
        hidden.update(session.scalars(sealed))
    return hidden


def _without(data: dict[str, Any], hidden: set[int]) -> dict[str, Any]:
    """What a step was given, without the entries that the reader may not know of."""
    kept = dict(data)
    if "entries" in kept:
        kept["entries"] = [one for one in kept["entries"] if one not in hidden]
    if "before" in kept:
        kept["before"] = _without(kept["before"], hidden)
    return kept


def get_task_row(session: Session, task_id: int, *, caller: Caller, lock: bool = False) -> TaskRow:
    """The row of a task that this caller sees. Raises NotFound."""
    query = select(TaskRow).where(
        TaskRow.id == task_id, within_reach(caller, own_names(session, caller))
    )
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"没有编号为 {task_id} 的任务，请核对编号", field="id")
    return row


def own_names(session: Session, caller: Caller) -> tuple[str, ...]:
    """The names of the departments within the caller's reach; () where that is all of them."""
    if caller.reach is None:
        return ()
    names = select(DepartmentRow.name).where(DepartmentRow.code.in_(caller.reach))
    return tuple(session.scalars(names.order_by(DepartmentRow.name)))


def within_reach(caller: Caller, names: Sequence[str]) -> ColumnElement[bool]:
    """A task that the caller's departments lead, or assist in under one of `names`."""
    if caller.reach is None:
        return true()
    return or_(
        TaskRow.department.in_(caller.reach), *(holds(TaskRow.assisting, name) for name in names)
    )


def task_views(session: Session, rows: Sequence[TaskRow]) -> tuple[StoredTask, ...]:
    """The rows as values, with two more statements however many they are."""
    ids = [row.id for row in rows]
    milestones: defaultdict[int, list[StoredMilestone]] = defaultdict(list)
    for one in session.scalars(
        select(MilestoneRow)
        .where(MilestoneRow.task_id.in_(ids))
        .order_by(MilestoneRow.due_at, MilestoneRow.id)
    ):
        milestones[one.task_id].append(
            StoredMilestone(one.id, one.name, one.due_at, one.done_at, one.note)
        )
    entries: defaultdict[int, list[int]] = defaultdict(list)
    for task_id, entry_id in session.execute(
        select(TaskEntryRow.task_id, TaskEntryRow.entry_id)
        .join(EntryRow, EntryRow.id == TaskEntryRow.entry_id)
        # an entry that has since turned out to be an accusation (Art. 30)
        .where(TaskEntryRow.task_id.in_(ids), EntryRow.confidential.is_(False))
        .order_by(TaskEntryRow.entry_id)
    ):
        entries[task_id].append(entry_id)
    codes = {row.department for row in rows}
    names = dict(
        session.execute(
            select(DepartmentRow.code, DepartmentRow.name).where(DepartmentRow.code.in_(codes))
        ).all()
    )
    return tuple(
        StoredTask(
            id=row.id,
            title=row.title,
            department=row.department,
            department_name=names[row.department],
            assisting=tuple(row.assisting),
            person=row.person,
            measures=tuple(row.measures),
            state=row.state,
            version=row.version,
            created_by=row.created_by,
            created_at=row.created_at,
            deadline_at=row.deadline_at,
            closed_at=row.closed_at,
            entries=tuple(entries[row.id]),
            milestones=tuple(milestones[row.id]),
            problem_id=row.problem_id,
        )
        for row in rows
    )


def effect_view(row: EffectRow) -> StoredEffect:
    """The row as a value."""
    return StoredEffect(row.id, row.change, tuple(row.evidence), row.evaluation, row.who, row.at)
