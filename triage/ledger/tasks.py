"""Tasks (任务): planned from one or several entries, worked along milestones, kept on record.

A task is closed only by its effect (`triage.ledger.effects`). None of these functions commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from triage.calendar import day_of, end_of_day
from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.departments import find_codes, get_department
from triage.ledger.events import record_events
from triage.ledger.mentions import list_words
from triage.ledger.problemlist import follow_problem
from triage.ledger.states import STATE_NAMES, EntryState, TaskState
from triage.ledger.tables import EntryRow, MilestoneRow, TaskActionRow, TaskEntryRow, TaskRow
from triage.ledger.taskfiles import StoredTask, get_task_row, task_views
from triage.ledger.timetables import load_timetable
from triage.ledger.withholding import withhold_named
from triage.milestones import DEFAULT_STEPS, Milestone, Step, check_milestones, set_back
from triage.roles import Action, Caller

MAX_TITLE = 200
MAX_PERSON = 50
MAX_MEASURE = 1000
MAX_MEASURES = 20
MAX_ENTRIES = 500
MAX_ASSISTING = 20
MAX_NOTE = 2000
TASK_STATE_NAMES = {
    TaskState.OPEN: "进行中",
    TaskState.DONE: "已完成",
    TaskState.CANCELLED: "已取消",
}
_OFF_THE_LINE = (EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """What a task is to be. `department` and `assisting` are codes or names, `entries` ids.

    Milestones are those given, or `steps` set backwards from the deadline, or the usual four.
    `problem` is the common problem (id) that it is to solve, if any.
    """

    title: str
    department: str
    person: str
    deadline: date
    entries: tuple[int, ...]
    measures: tuple[str, ...]
    assisting: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    problem: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """What of a task is to be otherwise; what is None stays.

    A new deadline sets the milestones that are not done backwards anew, unless others are given.
    """

    title: str | None = None
    department: str | None = None
    person: str | None = None
    deadline: date | None = None
    entries: tuple[int, ...] | None = None
    measures: tuple[str, ...] | None = None
    assisting: tuple[str, ...] | None = None
    steps: tuple[Step, ...] = field(default=())
    milestones: tuple[Milestone, ...] = field(default=())


def plan_task(session: Session, plan: TaskPlan, *, caller: Caller, now: datetime) -> StoredTask:
    """Set a task to a department, with its milestones set backwards from the deadline (倒排).

    Raises AccessDenied where the department is out of the caller's reach, NotFound for a department
    or an entry that is none for this caller, InvalidInput naming the field that cannot be taken.
    """
    caller.require(Action.PLAN_TASKS)
    department = _get_active(session, plan.department)
    caller.require_reach(department)
    entries = _check_entries(session, plan.entries, caller=caller)
    problem = plan.problem and follow_problem(session, plan.problem, caller=caller)
    milestones = _make_milestones(
        session,
        plan.steps or DEFAULT_STEPS,
        plan.milestones,
        deadline=plan.deadline,
        now=now,
    )
    task = TaskRow(
        title=_check_text(plan.title, "title", "任务名称", MAX_TITLE),
        department=department,
        assisting=_names(session, plan.assisting, lead=department),
        person=_check_text(plan.person, "person", "责任人", MAX_PERSON),
        measures=_check_measures(plan.measures),
        state=TaskState.OPEN,
        version=1,
        created_by=caller.who,
        created_at=now,
        deadline_at=end_of_day(plan.deadline),
        problem_id=problem,
    )
    session.add(task)
    session.flush()
    _link_entries(session, task.id, entries)
    _add_milestones(session, task.id, milestones)
    return record_step(
        session,
        task,
        "planned",
        caller=caller,
        now=now,
        data={"entries": list(entries)} | ({} if problem is None else {"problem": problem}),
    )


def change_task(
    session: Session,
    task_id: int,
    change: TaskChange,
    *,
    caller: Caller,
    version: int,
    now: datetime,
    note: str = "",
) -> StoredTask:
    """Change an open task; a new deadline or department needs a reason in `note`.

    Raises as `plan_task`, and Conflict where the task was changed since or is closed.
    """
    task = get_open_task(session, task_id, caller=caller, version=version)
    values: dict[str, Any] = {}
    if change.title is not None:
        values["title"] = _check_text(change.title, "title", "任务名称", MAX_TITLE)
    if change.person is not None:
        values["person"] = _check_text(change.person, "person", "责任人", MAX_PERSON)
    if change.measures is not None:
        values["measures"] = _check_measures(change.measures)
    if change.department is not None:
        values["department"] = _get_active(session, change.department)
        caller.require_reach(values["department"])
    lead = values.get("department", task.department)
    if change.assisting is not None:
        values["assisting"] = _names(session, change.assisting, lead=lead)
    elif lead != task.department:  # who leads does not assist too
        codes = find_codes(session)
        values["assisting"] = [name for name in task.assisting if codes.get(name) != lead]
    if change.deadline is not None:
        values["deadline_at"] = end_of_day(change.deadline)
    changed = {name: value for name, value in values.items() if value != getattr(task, name)}
    if {"deadline_at", "department"} & changed.keys() and not note.strip():
        raise InvalidInput("调整完成时限或责任单位要说明原因，请填写", field="note")
    before = {name: _spell(getattr(task, name)) for name in changed}
    for name, value in changed.items():
        setattr(task, name, value)
    if change.entries is not None:
        before["entries"] = _change_entries(session, task, change.entries, caller=caller)
    if "deadline_at" in changed or change.steps or change.milestones:
        _plan_rest(session, task, change, now=now)
    return record_step(
        session,
        task,
        "changed",
        caller=caller,
        now=now,
        note=_check_note(note),
        data={"before": before},
    )


def record_progress(
    session: Session,
    task_id: int,
    *,
    caller: Caller,
    version: int,
    now: datetime,
    note: str,
    milestone: int | None = None,
    done: bool = False,
) -> StoredTask:
    """Note how far an open task has come; with a `milestone` (id), of that step, and whether it is
    `done`. Those who assist may do so too.

    Raises InvalidInput without a note, NotFound for a milestone of another task, Conflict where the
    task was changed since or is closed.
    """
    task = get_open_task(session, task_id, caller=caller, version=version, assisting=True)
    if not note.strip():
        raise InvalidInput("请写明进展情况", field="note")
    note = _check_note(note)
    if milestone is not None:
        step = session.get(MilestoneRow, milestone)
        if step is None or step.task_id != task_id:
            raise NotFound(f"该任务没有编号为 {milestone} 的时间节点，请核对", field="milestone")
        step.note = note
        if done and step.done_at is None:
            step.done_at = now
    elif done:
        raise InvalidInput("请指明完成的是哪个时间节点", field="milestone")
    data = {} if milestone is None else {"milestone": milestone, "done": done}
    return record_step(session, task, "progressed", caller=caller, now=now, note=note, data=data)


def cancel_task(
    session: Session, task_id: int, *, caller: Caller, version: int, now: datetime, note: str
) -> StoredTask:
    """Give an open task up, for the reason in `note`; its entries go on as they stand.

    Raises InvalidInput without a reason, Conflict where it was changed since or is closed.
    """
    task = get_open_task(session, task_id, caller=caller, version=version)
    if not note.strip():
        raise InvalidInput("取消任务要说明原因，请填写", field="note")
    task.state = TaskState.CANCELLED
    task.closed_at = now
    return record_step(session, task, "cancelled", caller=caller, now=now, note=_check_note(note))


def get_open_task(
    session: Session, task_id: int, *, caller: Caller, version: int, assisting: bool = False
) -> TaskRow:
    """The row of a task that this caller may change now, locked until the commit.

    With `assisting` those who assist may too. Raises AccessDenied, NotFound, or Conflict where it
    is closed or was changed since `version` was read.
    """
    caller.require(Action.PLAN_TASKS)
    task = get_task_row(session, task_id, caller=caller, lock=True)
    if not assisting:
        caller.require_reach(task.department)
    if task.version != version:
        raise Conflict("该任务刚被他人改过，请刷新后再办", field="version")
    if task.state is not TaskState.OPEN:
        raise Conflict(f"该任务{TASK_STATE_NAMES[task.state]}，不能再改", field="state")
    return task


def record_step(
    session: Session,
    task: TaskRow,
    command: str,
    *,
    caller: Caller,
    now: datetime,
    note: str = "",
    data: dict[str, Any] | None = None,
) -> StoredTask:
    """Write a step of a task into its history and the event log; the task as it then stands."""
    if command != "planned":
        task.version += 1
    session.flush()
    step = {
        "task_id": task.id,
        "command": command,
        "who": caller.who,
        "note": note,
        "data": data or {},
        "version": task.version,
        "at": now,
    }
    session.execute(insert(TaskActionRow).values(step))
    words = [said for _, _, said in list_words(session, task.id)]
    withhold_named(session, words, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": f"task.{command}",
        "payload": {"task": task.id, "department": task.department, "version": task.version},
    }
    record_events(session, [happened], now=now)
    return task_views(session, [task])[0]


def _get_active(session: Session, key: str) -> str:
    department = get_department(session, key)
    if not department.active:
        raise InvalidInput(
            f"“{department.name}”已撤并，不再接收任务，请改选单位", field="department"
        )
    return department.code


def _names(session: Session, keys: Sequence[str], *, lead: str) -> list[str]:
    if len(keys) > MAX_ASSISTING:
        raise InvalidInput(f"配合单位至多 {MAX_ASSISTING} 个，请删减", field="assisting")
    found = [get_department(session, key) for key in keys]
    return list(dict.fromkeys(one.name for one in found if one.code != lead))


def _check_text(text: str, name: str, said: str, most: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= most:
        raise InvalidInput(f"{said}应有 1 到 {most} 字，请补上或缩短", field=name)
    return text


def _check_measures(measures: Sequence[str]) -> list[str]:
    if not 1 <= len(measures) <= MAX_MEASURES:
        raise InvalidInput(f"措施应有 1 到 {MAX_MEASURES} 条，请增减", field="measures")
    return [_check_text(measure, "measures", "每条措施", MAX_MEASURE) for measure in measures]


def _check_note(note: str) -> str:
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"说明超过 {MAX_NOTE} 字，请缩短", field="note")
    return note.strip()


def _check_entries(session: Session, ids: Sequence[int], *, caller: Caller) -> tuple[int, ...]:
    """The same ids once each and in order, if all are ordinary entries within reach."""
    wanted = tuple(sorted(set(ids)))
    if not 1 <= len(wanted) <= MAX_ENTRIES:
        raise InvalidInput(f"任务应针对 1 到 {MAX_ENTRIES} 个台账条目，请增减", field="entries")
    query = select(EntryRow.id, EntryRow.state).where(
        EntryRow.id.in_(wanted), EntryRow.confidential.is_(False)
    )
    if caller.reach is not None:
        query = query.where(EntryRow.lead_department.in_(caller.reach))
    states = dict(session.execute(query).all())
    for entry_id in wanted:
        if entry_id not in states:
            raise NotFound(f"没有编号为 {entry_id} 的台账条目，请核对编号", field="entries")
        if states[entry_id] in _OFF_THE_LINE:
            raise InvalidInput(
                f"条目 {entry_id} 已{STATE_NAMES[states[entry_id]]}，不能列入任务，请去掉它",
                field="entries",
            )
    return wanted


def _link_entries(session: Session, task_id: int, ids: Sequence[int]) -> None:
    if ids:
        session.execute(
            insert(TaskEntryRow), [{"task_id": task_id, "entry_id": one} for one in ids]
        )


def _change_entries(
    session: Session, task: TaskRow, ids: Sequence[int], *, caller: Caller
) -> list[int]:
    """Link the task to other entries; those it had before. Only what is added is checked: what has
    been merged or forwarded since may stay."""
    linked = select(TaskEntryRow.entry_id).where(TaskEntryRow.task_id == task.id)
    before = sorted(session.scalars(linked))
    added = sorted(set(ids) - set(before))
    if added:
        _check_entries(session, added, caller=caller)
    if not 1 <= len(set(ids)) <= MAX_ENTRIES:
        raise InvalidInput(f"任务应针对 1 到 {MAX_ENTRIES} 个台账条目，请增减", field="entries")
    session.execute(
        delete(TaskEntryRow).where(
            TaskEntryRow.task_id == task.id, TaskEntryRow.entry_id.not_in(set(ids))
        )
    )
    _link_entries(session, task.id, added)
    return before


def _make_milestones(
    session: Session,
    steps: Sequence[Step],
    milestones: Sequence[Milestone],
    *,
    deadline: date,
    now: datetime,
) -> tuple[Milestone, ...]:
    start = day_of(now)
    if milestones:
        return check_milestones(milestones, start=start, deadline=deadline)
    calendar = load_timetable(session).calendar
    return set_back(steps, start=start, deadline=deadline, calendar=calendar)


def _add_milestones(session: Session, task_id: int, milestones: Sequence[Milestone]) -> None:
    session.execute(
        insert(MilestoneRow),
        [
            {"task_id": task_id, "name": one.name, "due_at": end_of_day(one.due), "note": ""}
            for one in milestones
        ],
    )


def _plan_rest(session: Session, task: TaskRow, change: TaskChange, *, now: datetime) -> None:
    """Put other milestones in the place of those that are not done."""
    undone = select(MilestoneRow).where(
        MilestoneRow.task_id == task.id, MilestoneRow.done_at.is_(None)
    )
    rest = session.scalars(undone.order_by(MilestoneRow.due_at, MilestoneRow.id)).all()
    steps = change.steps or tuple(Step(one.name) for one in rest)
    if not steps and not change.milestones:
        return  # all are done
    assert task.deadline_at is not None  # noqa: S101 - every plan has one
    milestones = _make_milestones(
        session, steps, change.milestones, deadline=day_of(task.deadline_at), now=now
    )
    for one in rest:
        session.delete(one)
    session.flush()
    _add_milestones(session, task.id, milestones)


def _spell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
