"""The task, effect and supervision lists (任务、效果、监督清单)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.states import FindingState, TaskState
from triage.ledger.tables.base import SERIAL, Row


class TaskRow(Row):
    """A task (任务) that solves the matter of one or several entries; closed by its effect.

    `problem_id` is the common problem that it was suggested for, if any.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_department", "department", "state", "deadline_at", "id"),
        Index("ix_task_deadline", "deadline_at", "id"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    title: Mapped[str]
    department: Mapped[str] = mapped_column(ForeignKey("department.code"))
    assisting: Mapped[list[str]]
    person: Mapped[str]
    measures: Mapped[list[str]]
    state: Mapped[TaskState]
    version: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    problem_id: Mapped[int | None] = mapped_column(ForeignKey("problem.id"), index=True)


class TaskEntryRow(Row):
    """Which entries a task is to solve."""

    __tablename__ = "task_entry"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True, index=True)


class MilestoneRow(Row):
    """A step of a task with its date, set backwards from the deadline (倒排时间节点)."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    name: Mapped[str]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    note: Mapped[str]


class TaskActionRow(Row):
    """One step in the history of a task (任务记录): who, when, what, why. Only ever added.

    `command` is "planned", "changed", "progressed", "closed" or "cancelled"; `note` is in the words
    of who acted; `data` names the milestone, or what was changed from what.
    """

    __tablename__ = "task_action"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    command: Mapped[str]
    who: Mapped[str]
    note: Mapped[str]
    data: Mapped[dict[str, Any]]
    version: Mapped[int]
    at: Mapped[datetime]


class EffectRow(Row):
    """What a task changed (效果): in words, with evidence and what those who reported thought."""

    __tablename__ = "effect"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    change: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]
    evaluation: Mapped[dict[str, Any]]
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class FindingRow(Row):
    """A finding (监督事项): a fact for a supervisor to look at, never a verdict.

    `subject` names what it is about ("entry:12", "department:housing"); a rule finds the same thing
    once, and says again when it was last seen.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index("uq_finding_rule_subject", "rule", "subject", unique=True),
        Index("ix_finding_state", "state", "department", "id"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    rule: Mapped[str]
    subject: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), index=True)
    department: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    evidence: Mapped[dict[str, Any]]
    state: Mapped[FindingState]
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_note: Mapped[str | None]
    decided_at: Mapped[datetime | None]
