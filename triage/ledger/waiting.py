"""What waits for whoever looks (待办): how much of each kind, and the first few of it.

Three statements over partial indexes, however much the ledger holds: all counts at once, the first
few of every kind, and what they are about. Nothing confidential is in it; of accusations
(Art. 30) and accounts only the number is told.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from triage.calendar import CHINA_TIME
from triage.ledger.due import RUNNING, UNACCEPTED
from triage.ledger.listfilters import show, within
from triage.ledger.states import EntryState, FindingState, ImportState, SubmissionStatus, TaskState
from triage.ledger.tables import (
    AccusationRow,
    DeliveryRow,
    DepartmentRow,
    EntryRow,
    ExtensionRow,
    FindingRow,
    ImportRow,
    SubmissionRow,
    TaskRow,
    UserRow,
)
from triage.ledger.taskfiles import own_names, within_reach
from triage.roles import Action, Caller
from triage.transitions import AT_WORK

MOST = 1000  # counted exactly; who has more needs no exact number
FEW = 5
SOON = timedelta(hours=72)
_TASK_SOON = timedelta(days=7)
_OPEN = EntryRow.closed_at.is_(None)
_PUBLIC = EntryRow.confidential.is_(False)


class Kind(StrEnum):
    """What waits, in the order in which a person should look at it."""

    OVERDUE = "overdue"
    URGENT_TODAY = "urgent_today"
    DUE_SOON = "due_soon"
    UNACCEPTED = "unaccepted"
    REVIEW = "review"
    RETURNED = "returned"
    REOPENED = "reopened"
    EXTENSIONS = "extensions"
    TO_EVALUATE = "to_evaluate"
    TO_CLOSE = "to_close"
    MINE = "mine"
    FINDINGS = "findings"
    TASKS = "tasks"
    ACCUSATIONS = "accusations"
    IMPORTS = "imports"
    DEAD_LETTERS = "dead_letters"
    NO_PASSWORD = "no_password"  # noqa: S105 - the name of a kind of work


KIND_NAMES = {
    Kind.OVERDUE: "已超期",
    Kind.URGENT_TODAY: "今日紧急",
    Kind.DUE_SOON: "三天内到期",
    Kind.UNACCEPTED: "待签收",
    Kind.REVIEW: "待复核",
    Kind.RETURNED: "退回待交办",
    Kind.REOPENED: "重办",
    Kind.EXTENSIONS: "延期申请",
    Kind.TO_EVALUATE: "待评价",
    Kind.TO_CLOSE: "待销号",
    Kind.MINE: "我在办的",
    Kind.FINDINGS: "待处理监督事项",
    Kind.TASKS: "任务将到期",
    Kind.ACCUSATIONS: "待放行检举控告",
    Kind.IMPORTS: "未完成的导入",
    Kind.DEAD_LETTERS: "没有送到的消息",
    Kind.NO_PASSWORD: "尚未设密码的用户",
}


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """One thing that waits: `about` is "entry", "submission", "finding", "task" or "import", `id`
    its own. `at` is the moment that counts: the deadline, when it came, when it was asked for."""

    about: str
    id: str
    title: str
    at: datetime | None
    urgency: int | None = None
    state: str | None = None
    department: str | None = None
    submission_id: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of one kind wait, up to `MOST`, and the first `FEW`; some kinds show none."""

    kind: Kind
    count: int
    lines: tuple[WaitingLine, ...]


def list_waiting(session: Session, *, caller: Caller, now: datetime) -> tuple[Waiting, ...]:
    """All kinds of work that this caller can do, in order; those of which nothing waits count 0."""
    walks = _entry_walks(caller, now=now) | _other_walks(session, caller, now=now)
    if not walks:
        return ()
    counts = _count(session, walks)
    lines = _find_lines(session, {kind: walks[kind] for kind in walks if counts[kind]})
    return tuple(
        Waiting(kind, counts[kind], tuple(lines.get(kind, ()))) for kind in Kind if kind in walks
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where one kind is found: `key` is the column to look a line up by, `order` those that come
    before it; `where` holds on both. `about` None: counted only."""

    about: str | None
    key: Any
    where: Sequence[ColumnElement[bool]]
    order: tuple[Any, ...] = ()
    last_first: bool = False

    def ids(self, *columns: Any, limit: int) -> Select[Any]:
        return select(*columns).where(*self.where).limit(limit)

    def first(self) -> Select[Any]:
        order = [*self.order, self.key]
        if self.last_first:
            order = [column.desc() for column in order]
        return self.ids(self.key.label("key"), limit=FEW).order_by(*order)


def _entry_walks(caller: Caller, *, now: datetime) -> dict[Kind, _Walk]:
    own = [_PUBLIC, *within(EntryRow.lead_department, caller.reach)]
    running = [*own, *RUNNING, EntryRow.paused_at.is_(None)]
    today = now.astimezone(CHINA_TIME).replace(hour=0, minute=0, second=0, microsecond=0)

    def walk(*where: ColumnElement[bool], order: Any, last_first: bool = False) -> _Walk:
        return _Walk("entry", EntryRow.id, where, (order,), last_first)

    def stand(*states: EntryState) -> _Walk:
        # Spelt out in the statement, else no database sees that the partial index fits.
        told = [EntryRow.state == literal_column(f"'{state}'") for state in states]
        within_states = told[0] if len(told) == 1 else EntryRow.state.in_(states)
        return walk(*own, _OPEN, within_states, order=EntryRow.opened_at)

    walks: dict[Kind, _Walk] = {}
    if caller.may(Action.READ):
        soonest = EntryRow.deadline_at
        walks[Kind.OVERDUE] = walk(*running, EntryRow.deadline_at < now, order=soonest)
        walks[Kind.URGENT_TODAY] = walk(
            *own,
            _OPEN,
            EntryRow.opened_at >= today,
            EntryRow.urgency <= 2,
            order=EntryRow.opened_at,
            last_first=True,
        )
        walks[Kind.DUE_SOON] = walk(
            *running,
            EntryRow.deadline_at >= now,
            EntryRow.deadline_at <= now + SOON,
            order=soonest,
        )
        walks[Kind.UNACCEPTED] = walk(
            *own, *UNACCEPTED, EntryRow.paused_at.is_(None), order=EntryRow.accept_by
        )
        walks[Kind.REOPENED] = stand(EntryState.REOPENED)
    if caller.may(Action.ASSIGN):
        walks[Kind.RETURNED] = stand(EntryState.RETURNED, EntryState.REGISTERED)
    if caller.may(Action.EVALUATE):
        walks[Kind.TO_EVALUATE] = stand(EntryState.REPLIED)
    if caller.may(Action.CLOSE):
        walks[Kind.TO_CLOSE] = stand(EntryState.EVALUATED)
    if caller.may(Action.WORK):
        mine = (EntryRow.paused_at.is_(None), EntryRow.assignee == caller.who)
        # Not of those that run: a rule may set no time to reply (感谢).
        walks[Kind.MINE] = walk(
            *own, _OPEN, EntryRow.state.in_(AT_WORK), *mine, order=EntryRow.opened_at
        )
    if caller.may(Action.RULE_EXTENSION):
        walks[Kind.EXTENSIONS] = _Walk(
            "entry",
            EntryRow.id,
            [*own, _OPEN, ExtensionRow.entry_id == EntryRow.id, ExtensionRow.granted.is_(None)],
            (ExtensionRow.id,),
        )
    return walks


def _other_walks(session: Session, caller: Caller, *, now: datetime) -> dict[Kind, _Walk]:
    walks: dict[Kind, _Walk] = {}
    if caller.may(Action.READ_REVIEW) and caller.reach is None:
        waits = SubmissionRow.status == literal_column(f"'{SubmissionStatus.REVIEW}'")
        walks[Kind.REVIEW] = _Walk(
            "submission",
            SubmissionRow.id,
            [waits, SubmissionRow.confidential.is_(False)],
            (SubmissionRow.urgency, SubmissionRow.confidence),
        )
    if caller.may(Action.DECIDE_FINDINGS):
        hidden = exists().where(EntryRow.id == FindingRow.entry_id, ~_PUBLIC)
        found = [FindingRow.state == FindingState.OPEN, ~hidden]
        walks[Kind.FINDINGS] = _Walk(
            "finding",
            FindingRow.id,
            [*found, *within(FindingRow.department, caller.reach)],
            last_first=True,
        )
    if caller.may(Action.PLAN_TASKS):
        due = TaskRow.deadline_at <= now + _TASK_SOON
        mine = within_reach(caller, own_names(session, caller))
        walks[Kind.TASKS] = _Walk(
            "task", TaskRow.id, [TaskRow.state == TaskState.OPEN, due, mine], (TaskRow.deadline_at,)
        )
    if caller.may(Action.READ_ACCUSATIONS):
        walks[Kind.ACCUSATIONS] = _Walk(
            None, AccusationRow.submission_id, [AccusationRow.state == "waiting"]
        )
    if caller.may(Action.SUBMIT):
        standing = ImportRow.state.in_(
            (ImportState.READY, ImportState.RUNNING, ImportState.PAUSED, ImportState.FAILED)
        )
        walks[Kind.IMPORTS] = _Walk(
            "import", ImportRow.id, [ImportRow.who == caller.who, standing], last_first=True
        )
    if caller.may(Action.MANAGE_WEBHOOKS):
        walks[Kind.DEAD_LETTERS] = _Walk(None, DeliveryRow.id, [DeliveryRow.dead_at.is_not(None)])
    if caller.may(Action.MANAGE_USERS):
        walks[Kind.NO_PASSWORD] = _Walk(
            None, UserRow.id, [UserRow.active.is_(True), UserRow.password_hash == ""]
        )
    return walks


def _count(session: Session, walks: dict[Kind, _Walk]) -> dict[Kind, int]:
    counts = [
        select(func.count())
        .select_from(walk.ids(literal(1).label("one"), limit=MOST).subquery())
        .scalar_subquery()
        for walk in walks.values()
    ]
    return dict(zip(walks, session.execute(select(*counts)).one(), strict=True))


def _find_lines(session: Session, walks: dict[Kind, _Walk]) -> defaultdict[Kind, list[WaitingLine]]:
    found: dict[Kind, list[Any]] = {}
    for about, kinds in _by_about(walks).items():
        parts = [walks[kind].first().subquery() for kind in kinds]
        told = union_all(
            *(
                select(literal(kind.value).label("kind"), part.c.key)
                for kind, part in zip(kinds, parts, strict=True)
            )
        )
        for kind, key in session.execute(told):
            found.setdefault(Kind(kind), []).append((about, key))
    known: dict[str, dict[Any, WaitingLine]] = {}
    for about, read in _READERS.items():
        keys = {key for keys in found.values() for one, key in keys if one == about}
        known[about] = read(session, sorted(keys)) if keys else {}
    lines: defaultdict[Kind, list[WaitingLine]] = defaultdict(list)
    for kind, pairs in found.items():
        shown = [known[about][key] for about, key in pairs if key in known[about]]
        lines[kind] = sorted(shown, key=_ORDERS.get(kind, _soonest))
    return lines


def _by_about(walks: dict[Kind, _Walk]) -> dict[str, list[Kind]]:
    """The kinds whose lines are looked up alike; a union is of columns of one type."""
    grouped: defaultdict[str, list[Kind]] = defaultdict(list)
    for kind, walk in walks.items():
        if walk.about is not None:
            grouped[walk.about].append(kind)
    return grouped


def _soonest(line: WaitingLine) -> float:
    return line.at.timestamp() if line.at else 0.0


def _latest(line: WaitingLine) -> float:
    return -_soonest(line)


def _most_urgent(line: WaitingLine) -> tuple[int, float]:
    return line.urgency or 0, _soonest(line)


_ORDERS: dict[Kind, Any] = {
    Kind.URGENT_TODAY: _most_urgent,
    Kind.REVIEW: _most_urgent,
    Kind.FINDINGS: _latest,
    Kind.IMPORTS: _latest,
}


def _read_entries(session: Session, keys: Sequence[int]) -> dict[Any, WaitingLine]:
    query = (
        select(
            EntryRow.id,
            EntryRow.submission_id,
            SubmissionRow.title,
            func.substr(SubmissionRow.content, 1, 40),
            EntryRow.deadline_at,
            EntryRow.urgency,
            EntryRow.state,
            DepartmentRow.name,
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .join(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .where(EntryRow.id.in_(keys))
    )
    return {
        key: WaitingLine(
            "entry", str(key), show(title or start), at, urgency, state, name, submission
        )
        for key, submission, title, start, at, urgency, state, name in session.execute(query)
    }


def _read_submissions(session: Session, keys: Sequence[str]) -> dict[Any, WaitingLine]:
    query = select(
        SubmissionRow.id,
        SubmissionRow.title,
        func.substr(SubmissionRow.content, 1, 40),
        SubmissionRow.recorded_at,
        SubmissionRow.urgency,
    ).where(SubmissionRow.id.in_(keys))
    return {
        key: WaitingLine("submission", key, show(title or start), at, urgency, submission_id=key)
        for key, title, start, at, urgency in session.execute(query)
    }


def _read_findings(session: Session, keys: Sequence[int]) -> dict[Any, WaitingLine]:
    query = (
        select(FindingRow.id, FindingRow.rule, FindingRow.found_at, DepartmentRow.name)
        .outerjoin(DepartmentRow, DepartmentRow.code == FindingRow.department)
        .where(FindingRow.id.in_(keys))
    )
    return {
        key: WaitingLine("finding", str(key), rule, at, department=name)
        for key, rule, at, name in session.execute(query)
    }


def _read_tasks(session: Session, keys: Sequence[int]) -> dict[Any, WaitingLine]:
    query = (
        select(TaskRow.id, TaskRow.title, TaskRow.deadline_at, DepartmentRow.name)
        .join(DepartmentRow, DepartmentRow.code == TaskRow.department)
        .where(TaskRow.id.in_(keys))
    )
    return {
        key: WaitingLine("task", str(key), show(title), at, department=name)
        for key, title, at, name in session.execute(query)
    }


def _read_imports(session: Session, keys: Sequence[int]) -> dict[Any, WaitingLine]:
    query = select(ImportRow.id, ImportRow.file_name, ImportRow.created_at, ImportRow.state).where(
        ImportRow.id.in_(keys)
    )
    return {
        key: WaitingLine("import", str(key), name, at, state=state)
        for key, name, at, state in session.execute(query)
    }


_READERS: dict[str, Callable[[Session, Any], dict[Any, WaitingLine]]] = {
    "entry": _read_entries,
    "submission": _read_submissions,
    "finding": _read_findings,
    "task": _read_tasks,
    "import": _read_imports,
}
