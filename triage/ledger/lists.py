"""The problem list and the task list (问题清单、任务清单), page by page.

What people have written comes with personal data masked: lists are printed and passed on.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.orm import Session, defer

from triage.ledger.listfilters import (
    EXCERPT,
    LOOKED_AT,
    ListFilter,
    about,
    during,
    open_list,
    show,
    within,
)
from triage.ledger.opinions import find_opinions
from triage.ledger.paging import Page, check_limit, read_cursor, read_time, write_cursor
from triage.ledger.states import EntryState, TaskState
from triage.ledger.tables import (
    DepartmentRow,
    EntryRow,
    SubmissionRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
    UserRow,
)
from triage.ledger.taskfiles import StoredTask, own_names, task_views, within_reach
from triage.ledger.views import StoredEntry, entry_view
from triage.roles import Caller
from triage.submissions import Channel
from triage.suggestions import URGENCY_NAMES

_FEW = 4  # departments, each read by a walk of its own


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One line of the problem list: the entry, and enough of what was told to recognise it.

    `assignee_name` is that of the person who has it in hand, if any; `reporters` counts those who
    told of it, merged entries too.
    """

    entry: StoredEntry
    department_name: str
    assignee_name: str | None
    title: str
    excerpt: str
    channel: Channel | None
    place: str
    received_at: datetime | None
    reporters: int


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One line of the task list: the task, the submissions that it answers to (ids), and what was
    last noted of it."""

    task: StoredTask
    submissions: tuple[str, ...]
    latest: str


def list_problems(
    session: Session,
    wanted: ListFilter,
    *,
    caller: Caller,
    state: EntryState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ProblemLine]:
    """One page of the problem list, the newest first; the period is that of opening.

    Merged entries stand in the line of the one they were merged into, and alone only where `state`
    asks for them. Raises AccessDenied, NotFound or InvalidInput as `open_list` does, and
    InvalidInput for a limit, cursor or time that is none.
    """
    departments = open_list(session, wanted, caller=caller)
    check_limit(limit)
    where = [*about(wanted), *during(EntryRow.opened_at, wanted)]
    where.append(EntryRow.state == state if state else EntryRow.state != EntryState.MERGED)
    if cursor is not None:
        newest = tuple_(EntryRow.opened_at, EntryRow.id)
        where.append(newest < read_cursor(cursor, read_time, int))
    found = _find_newest(session, where, departments, limit=limit + 1)
    lines = problem_lines(session, [entry_id for _, entry_id in found[:limit]])
    if len(found) <= limit:
        return Page(lines, None)
    opened_at, last = found[limit - 1]
    return Page(lines, write_cursor(opened_at.isoformat(), last))


def _find_newest(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    departments: frozenset[str] | None,
    *,
    limit: int,
) -> list[tuple[datetime, int]]:
    """When the newest entries were opened, and their ids.

    Of few departments one short walk along the ledger index for each of them and each level: that
    index holds them in no other order, and sorting whole ledgers takes a hundred times as long.
    """
    walks: list[list[ColumnElement[bool]]] = [within(EntryRow.lead_department, departments)]
    if departments is not None and len(departments) <= _FEW:
        walks = [
            [EntryRow.lead_department == code, EntryRow.urgency == level]
            for code in sorted(departments)
            for level in URGENCY_NAMES
        ]
    found: list[tuple[datetime, int]] = []
    for walk in walks:
        query = (
            select(EntryRow.opened_at, EntryRow.id)
            .where(*walk, *where)
            .order_by(EntryRow.opened_at.desc(), EntryRow.id.desc())
            .limit(limit)
        )
        found += [(opened_at, entry_id) for opened_at, entry_id in session.execute(query)]
    return sorted(found, reverse=True)[:limit]


def problem_lines(session: Session, ids: Sequence[int]) -> tuple[ProblemLine, ...]:
    """The lines of these entries, in their order."""
    query = (
        select(
            EntryRow,
            SubmissionRow,
            func.substr(SubmissionRow.content, 1, LOOKED_AT),
            DepartmentRow.name,
            UserRow.name,
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .join(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .outerjoin(UserRow, UserRow.login == EntryRow.assignee)
        .options(defer(SubmissionRow.content))
        .where(EntryRow.id.in_(ids))
    )
    opinions = find_opinions(session, ids)
    lines = {
        entry.id: ProblemLine(
            entry=replace(entry_view(entry), matter=show(entry.matter)),
            department_name=name,
            assignee_name=assignee,
            title=show(submission.title),
            excerpt=show(excerpt, most=EXCERPT),
            channel=Channel(submission.channel) if submission.channel else None,
            place=show(submission.place),
            received_at=submission.received_at,
            reporters=len(opinions[entry.id]),
        )
        for entry, submission, excerpt, name, assignee in session.execute(query)
    }
    return tuple(lines[entry_id] for entry_id in ids)


def list_tasks(
    session: Session,
    wanted: ListFilter,
    *,
    caller: Caller,
    state: TaskState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[TaskLine]:
    """One page of the task list, the soonest deadline first; the period is that of planning.

    Without a department it holds those too in which one within reach assists. Division, domain and
    urgency ask for tasks with such an entry. Raises as `list_problems`.
    """
    departments = open_list(session, wanted, caller=caller)
    soonest = tuple_(TaskRow.deadline_at, TaskRow.id)
    query = (
        select(TaskRow)
        .where(*during(TaskRow.created_at, wanted))
        .order_by(TaskRow.deadline_at, TaskRow.id)
        .limit(check_limit(limit) + 1)
    )
    if wanted.department is not None:
        query = query.where(*within(TaskRow.department, departments))
    else:
        query = query.where(within_reach(caller, own_names(session, caller)))
    if state is not None:
        query = query.where(TaskRow.state == state)
    if wanted.asks_for_matter:
        query = query.where(
            exists()
            .where(TaskEntryRow.task_id == TaskRow.id, TaskEntryRow.entry_id == EntryRow.id)
            .where(*about(wanted))
        )
    if cursor is not None:
        query = query.where(soonest > read_cursor(cursor, read_time, int))
    rows = session.scalars(query).all()
    tasks = task_views(session, rows[:limit])
    told = _find_submissions(session, tasks)
    latest = _find_latest_notes(session, [task.id for task in tasks])
    lines = tuple(
        TaskLine(_mask_task(task), tuple(told[task.id]), show(latest.get(task.id)))
        for task in tasks
    )
    if len(rows) <= limit:
        return Page(lines, None)
    last = rows[limit - 1]
    assert last.deadline_at is not None  # noqa: S101 - every plan has one
    return Page(lines, write_cursor(last.deadline_at.isoformat(), last.id))


def _mask_task(task: StoredTask) -> StoredTask:
    return replace(task, title=show(task.title), measures=tuple(map(show, task.measures)))


def _find_submissions(session: Session, tasks: Sequence[StoredTask]) -> defaultdict[int, list[str]]:
    """The ids of the submissions that each task answers to."""
    entries = {entry for task in tasks for entry in task.entries}
    query = select(EntryRow.id, EntryRow.submission_id).where(EntryRow.id.in_(entries))
    submission_of = dict(session.execute(query).all())
    told: defaultdict[int, list[str]] = defaultdict(list)
    for task in tasks:
        told[task.id] += dict.fromkeys(submission_of[entry] for entry in task.entries)
    return told


def _find_latest_notes(session: Session, ids: Sequence[int]) -> dict[int, str]:
    last = (
        select(func.max(TaskActionRow.id))
        .where(TaskActionRow.task_id.in_(ids), TaskActionRow.note != "")
        .group_by(TaskActionRow.task_id)
    )
    query = select(TaskActionRow.task_id, TaskActionRow.note).where(TaskActionRow.id.in_(last))
    return dict(session.execute(query).all())
