"""Which entries are counted, and by what they are grouped.

Accusations take no part (Art. 30); whoever has a reach counts within it only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Date, Select, Text, cast, func, literal_column, select
from sqlalchemy.orm import Session

from triage.errors import InvalidInput
from triage.ledger.departments import get_department
from triage.ledger.paging import check_time
from triage.ledger.tables import DepartmentRow, EntryRow, SubmissionRow, Words
from triage.roles import Action, Caller
from triage.suggestions import URGENCY_NAMES

UNKNOWN = ""  # the key of the group of those that have no division, channel and so on
_LEVELS = 3  # of every taxonomy
_Figure = TypeVar("_Figure")
_Part = TypeVar("_Part")


class By(StrEnum):
    """What the figures are broken down by."""

    DEPARTMENT = "department"
    DIVISION = "division"
    DOMAIN = "domain"
    URGENCY = "urgency"
    NATURE = "nature"
    CHANNEL = "channel"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_PLAIN_KEYS: dict[By, Any] = {
    By.DEPARTMENT: EntryRow.lead_department,
    By.DIVISION: EntryRow.division,
    By.DOMAIN: EntryRow.domain,
    By.URGENCY: EntryRow.urgency,
    By.NATURE: EntryRow.nature,
    By.CHANNEL: SubmissionRow.channel,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which entries are counted: those opened from `since` on and before `until`.

    With `by_deadline` those whose deadline falls into that time, whenever they were opened.
    `department` is a code or name; `division` and `domain` are codes, or those of a level above.
    """

    since: datetime | None = None
    until: datetime | None = None
    by_deadline: bool = False
    department: str | None = None
    division: str | None = None
    domain: str | None = None
    urgency: int | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Group(Generic[_Figure]):
    """The figures of one group; `key` is a code, number or date, `name` what people call it."""

    key: str
    name: str
    figures: _Figure


@dataclass(frozen=True, slots=True)
class Table(Generic[_Figure]):
    """The figures of all that was selected, and of each group, in order."""

    total: _Figure
    groups: tuple[Group[_Figure], ...]


def select_entries(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    by: By | None,
    level: int,
    grouped: bool = True,
) -> Select[Any]:
    """A query whose first column is the key of the group, over the entries that count; one line
    for each group, unless it is not to be `grouped`.

    Raises AccessDenied where the caller may not see statistics or this department, NotFound for an
    unknown department, InvalidInput for a level or time that is none.
    """
    caller.require(Action.READ_STATISTICS)
    if not 1 <= level <= _LEVELS:
        raise InvalidInput("领域级别应为 1 到 3，请改正", field="level")
    key = _key_column(session, by)
    query = select(key.label("key")).select_from(EntryRow)
    if by is not None and grouped:
        query = query.group_by(key)
    where: list[ColumnElement[bool]] = [EntryRow.confidential.is_(False)]
    if joins_submissions(selection, by=by):
        query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    if selection.channel is not None:
        where.append(SubmissionRow.channel == selection.channel)
    if selection.department is not None:
        code = get_department(session, selection.department).code
        caller.require_reach(code)
        where.append(EntryRow.lead_department == code)
    elif caller.reach is not None:
        where.append(EntryRow.lead_department.in_(sorted(caller.reach)))
    for column, prefix in (
        (EntryRow.division, selection.division),
        (EntryRow.domain_code, selection.domain),
    ):
        if prefix is not None:
            where.append(func.substr(column, 1, len(prefix), type_=Words()) == prefix)
    if selection.urgency is not None:
        where.append(EntryRow.urgency == selection.urgency)
    moment = EntryRow.deadline_at if selection.by_deadline else EntryRow.opened_at
    if selection.since is not None:
        where.append(moment >= check_time(selection.since, "since"))
    if selection.until is not None:
        where.append(moment < check_time(selection.until, "until"))
    return query.where(*where)


def joins_submissions(selection: Selection, *, by: By | None) -> bool:
    """Whether `select_entries` has joined the submissions, as their channel is asked for."""
    return by is By.CHANNEL or selection.channel is not None


def group_rows(
    session: Session,
    rows: Iterable[tuple[Any, _Part]],
    *,
    by: By | None,
    level: int,
    add: Callable[[Sequence[_Part]], _Figure],
) -> Table[_Figure]:
    """What the database counted, added up to the groups that were asked for."""
    parts: defaultdict[str, list[_Part]] = defaultdict(list)
    for raw, figures in rows:
        parts["" if by is None else _key_of(raw, by, level)].append(figures)
    everything = [figures for found in parts.values() for figures in found]
    if by is None:
        return Table(add(everything), ())
    departments = _department_names(session) if by is By.DEPARTMENT else {}
    groups = tuple(
        Group(key, _name_of(key, by, departments), add(parts[key])) for key in sorted(parts)
    )
    return Table(add(everything), groups)


def is_postgres(session: Session) -> bool:
    """Whether this database spells things as PostgreSQL does."""
    return session.get_bind().dialect.name == "postgresql"


def _key_column(session: Session, by: By | None) -> ColumnElement[Any]:
    if by is None:
        return literal_column("''")
    if by in _PLAIN_KEYS:
        plain: ColumnElement[Any] = _PLAIN_KEYS[by]
        return plain
    if is_postgres(session):  # the day in China, where the entries are worked
        return cast(cast(func.timezone("Asia/Shanghai", EntryRow.opened_at), Date), Text)
    return func.date(EntryRow.opened_at, "+8 hours", type_=Text())


def _key_of(raw: Any, by: By, level: int) -> str:
    """The key of the group to which the group `raw` of the database belongs."""
    if raw is None:
        return UNKNOWN
    if by is By.DOMAIN:
        return "/".join(str(raw).split("/")[:level])
    if by is By.WEEK:
        day = date.fromisoformat(raw)
        return str(day - timedelta(days=day.weekday()))
    return str(raw)[:7] if by is By.MONTH else str(raw)


def _name_of(key: str, by: By, departments: dict[str, str]) -> str:
    if key == UNKNOWN:
        return "未注明"
    if by is By.URGENCY:
        return URGENCY_NAMES[int(key)]
    return departments.get(key, key) if by is By.DEPARTMENT else key


def _department_names(session: Session) -> dict[str, str]:
    return dict(session.execute(select(DepartmentRow.code, DepartmentRow.name)).all())
