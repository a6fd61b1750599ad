"""Reads of common problems (共性问题): the list by heat, one problem whole, its members by pages.

Whoever has a reach sees a problem that has a member in an entry within it, and of the members those
alone. Nothing of a confidential submission is here (Art. 30): it is no member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from triage.ledger.corrections import Kind, unknown_problem
from triage.ledger.departments import get_department
from triage.ledger.listfilters import EXCERPT, LOOKED_AT, begins, show, stem
from triage.ledger.paging import Page, check_limit, read_cursor, read_time, write_cursor
from triage.ledger.people import name_people
from triage.ledger.statements import holds
from triage.ledger.states import EntryState, ProblemState
from triage.ledger.tables import (
    CorrectionRow,
    EntryRow,
    MemberRow,
    ProblemRow,
    SubmissionRow,
    TaskRow,
    UserRow,
    UtcTime,
)
from triage.ledger.taskfiles import StoredTask, own_names, task_views, within_reach
from triage.roles import Action, Caller
from triage.submissions import Channel

PROBLEM_STATE_NAMES = {
    ProblemState.OPEN: "存在",
    ProblemState.DISMISSED: "不是共性问题",
    ProblemState.MERGED: "已并入其他问题",
    ProblemState.EMPTY: "已无两件以上来件",
}
_SHOWN_MEMBERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFilter:
    """What problems are asked for; what is None asks nothing.

    `division` and `domain` are codes, of a higher level too; `department` is a code or name;
    `theme` the key of one; `q` stands in the name; `size` is the least.
    """

    state: ProblemState = ProblemState.OPEN
    division: str | None = None
    domain: str | None = None
    department: str | None = None
    theme: str | None = None
    size: int | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """A common problem as it stands; what the columns mean says `ProblemRow`.

    `domain` is the path, `divisions` and `departments` are codes with their members, `weeks` the
    Mondays with what was received, `heat_parts` how the heat comes about. `words` are empty for
    whoever has a reach: they are out of all members.
    """

    id: int
    name: str
    named_by: str | None
    state: ProblemState
    merged_into: int | None
    version: int
    size: int
    reporters: int
    heat: float
    heat_parts: tuple[dict[str, Any], ...]
    domain_code: str
    domain: str
    theme: str
    theme_name: str
    divisions: dict[str, int]
    departments: dict[str, int]
    urgencies: dict[str, int]
    weeks: dict[str, int]
    words: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """Where a member stands in a ledger."""

    id: int
    lead_department: str
    state: EntryState
    urgency: int


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member of a problem, personal data masked; `entries` are those the caller may know of."""

    submission_id: str
    at: datetime
    title: str
    excerpt: str
    place: str
    channel: Channel | None
    likeness: float
    placed_by: str
    placed_by_name: str | None
    entries: tuple[MemberEntry, ...]


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """What a person put right: how many submissions it named, and which other problem."""

    kind: Kind
    other_id: int | None
    submissions: int
    who: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """All of one problem: `examples` are members to read first, `members` the newest page of those
    that the caller sees, of whom there are `seen`; `people` the names of those who named it or put
    it right, by login."""

    problem: StoredProblem
    seen: int
    examples: tuple[MemberLine, ...]
    members: Page[MemberLine]
    tasks: tuple[StoredTask, ...]
    corrections: tuple[StoredCorrection, ...]
    people: dict[str, str]


def list_common_problems(
    session: Session,
    wanted: ProblemFilter,
    *,
    caller: Caller,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[StoredProblem]:
    """One page of the problems, the hottest first.

    Raises AccessDenied without READ_PROBLEMS or for a department out of reach, NotFound for one
    that is unknown, InvalidInput for a limit or cursor that is none.
    """
    caller.require(Action.READ_PROBLEMS)
    hottest = tuple_(ProblemRow.heat, ProblemRow.id)
    query = (
        select(ProblemRow)
        .where(ProblemRow.state == wanted.state, *_asked(session, wanted, caller=caller))
        .order_by(ProblemRow.heat.desc(), ProblemRow.id.desc())
        .limit(check_limit(limit) + 1)
    )
    if caller.reach is not None:
        member = exists().where(MemberRow.problem_id == ProblemRow.id)
        query = query.where(member.where(seen_by(session, caller)))
    if cursor is not None:
        query = query.where(hottest < read_cursor(cursor, float, int))
    rows = session.scalars(query).all()
    lines = tuple(_view(row, caller) for row in rows[:limit])
    if len(rows) <= limit:
        return Page(lines, None)
    return Page(lines, write_cursor(lines[-1].heat, lines[-1].id))


def get_problem(session: Session, problem_id: int, *, caller: Caller) -> ProblemFile:
    """All of one problem. Raises AccessDenied, or NotFound where there is none that this caller may
    know of."""
    caller.require(Action.READ_PROBLEMS)
    row = get_visible_problem(session, problem_id, caller=caller)
    seen = select(func.count()).select_from(MemberRow).where(MemberRow.problem_id == row.id)
    members = list_members(session, row.id, caller=caller, limit=_SHOWN_MEMBERS)
    examples = [] if not row.figures else row.figures.get("examples", [])
    corrections = _list_corrections(session, row.id) if caller.reach is None else ()
    return ProblemFile(
        problem=_view(row, caller),
        seen=session.scalar(seen.where(seen_by(session, caller))) or 0,
        examples=_read_lines(
            session,
            [MemberRow.problem_id == row.id, MemberRow.submission_id.in_(examples)],
            caller=caller,
            limit=len(examples),
        ),
        members=members,
        tasks=_list_tasks(session, row.id, caller=caller),
        corrections=corrections,
        people=name_people(session, [row.named_by, *(one.who for one in corrections)]),
    )


def list_members(
    session: Session,
    problem_id: int,
    *,
    caller: Caller,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[MemberLine]:
    """One page of the members that this caller sees, the last received first. Raises as
    `get_problem`, and InvalidInput."""
    caller.require(Action.READ_PROBLEMS)
    get_visible_problem(session, problem_id, caller=caller)
    check_limit(limit)
    where: list[ColumnElement[bool]] = [MemberRow.problem_id == problem_id]
    if cursor is not None:
        where.append(tuple_(_AT, SubmissionRow.id) < read_cursor(cursor, read_time, str))
    lines = _read_lines(session, where, caller=caller, limit=limit + 1)
    if len(lines) <= limit:
        return Page(lines, None)
    last = lines[limit - 1]
    return Page(lines[:limit], write_cursor(last.at.isoformat(), last.submission_id))


def get_visible_problem(
    session: Session, problem_id: int, *, caller: Caller, field: str = "id"
) -> ProblemRow:
    """The row, if this caller may know of it. Raises NotFound, alike for hidden and unknown."""
    row = session.get(ProblemRow, problem_id)
    if row is not None and caller.reach is not None:
        member = select(MemberRow.submission_id).where(MemberRow.problem_id == row.id)
        if session.scalar(member.where(seen_by(session, caller)).limit(1)) is None:
            row = None
    if row is None:
        raise unknown_problem(problem_id, field=field)
    return row


def follow_problem(session: Session, problem_id: int, *, caller: Caller) -> int:
    """The same problem (id), or the one it has gone into. Raises AccessDenied or NotFound as
    `get_problem`."""
    caller.require(Action.READ_PROBLEMS)
    row = get_visible_problem(session, problem_id, caller=caller, field="problem_id")
    return row.merged_into or row.id


def seen_by(session: Session, caller: Caller) -> ColumnElement[bool]:
    """That a member (`MemberRow`) has an ordinary entry that the caller may know of."""
    if caller.reach is None:
        return true()
    entry = aliased(EntryRow)
    return (
        exists()
        .where(entry.submission_id == MemberRow.submission_id, entry.confidential.is_(False))
        .where(reaches_entry(entry, caller, own_names(session, caller)))
        .correlate(MemberRow, ProblemRow)
    )


def reaches_entry(entry: Any, caller: Caller, names: Sequence[str]) -> ColumnElement[bool]:
    """That an entry is led by a department within reach, or assisted by one of `names`."""
    if caller.reach is None:
        return true()
    return or_(
        entry.lead_department.in_(caller.reach),
        *(holds(entry.assisting, name) for name in names),
    )


_AT = func.coalesce(SubmissionRow.received_at, SubmissionRow.recorded_at, type_=UtcTime())


def _asked(session: Session, wanted: ProblemFilter, *, caller: Caller) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.department is not None:
        code = get_department(session, wanted.department).code
        caller.require_reach(code)
        where.append(holds(ProblemRow.departments, code))
    if wanted.division is not None:
        where.append(holds(ProblemRow.divisions, stem(wanted.division), whole=False))
    if wanted.domain is not None:
        where.append(begins(ProblemRow.domain_code, wanted.domain))
    if wanted.theme is not None:
        where.append(ProblemRow.theme == wanted.theme)
    if wanted.size is not None:
        where.append(ProblemRow.size >= wanted.size)
    if wanted.q is not None:
        where.append(ProblemRow.name.icontains(wanted.q, autoescape=True))
    return where


def _read_lines(
    session: Session, where: Sequence[ColumnElement[bool]], *, caller: Caller, limit: int
) -> tuple[MemberLine, ...]:
    query = (
        select(
            SubmissionRow.id,
            _AT.label("at"),
            SubmissionRow.title,
            func.substr(SubmissionRow.content, 1, LOOKED_AT).label("excerpt"),
            SubmissionRow.place,
            SubmissionRow.channel,
            MemberRow.likeness,
            MemberRow.placed_by,
            UserRow.name.label("placed_by_name"),
        )
        .join(MemberRow, MemberRow.submission_id == SubmissionRow.id)
        .outerjoin(UserRow, UserRow.login == MemberRow.placed_by)
        .where(SubmissionRow.confidential.is_(False), *where, seen_by(session, caller))
        .order_by(_AT.desc(), SubmissionRow.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    entries: dict[str, list[MemberEntry]] = {row.id: [] for row in rows}
    found = session.scalars(
        select(EntryRow)
        .where(EntryRow.submission_id.in_(list(entries)), EntryRow.confidential.is_(False))
        .where(reaches_entry(EntryRow, caller, own_names(session, caller)))
        .order_by(EntryRow.id)
    )
    for entry in found:
        told = MemberEntry(entry.id, entry.lead_department, entry.state, entry.urgency)
        entries[entry.submission_id].append(told)
    return tuple(
        MemberLine(
            submission_id=row.id,
            at=row.at,
            title=show(row.title),
            excerpt=show(row.excerpt, most=EXCERPT),
            place=show(row.place),
            channel=Channel(row.channel) if row.channel else None,
            likeness=round(row.likeness, 3),
            placed_by=row.placed_by,
            placed_by_name=row.placed_by_name,
            entries=tuple(entries[row.id]),
        )
        for row in rows
    )


def _list_tasks(session: Session, problem_id: int, *, caller: Caller) -> tuple[StoredTask, ...]:
    """The tasks for this problem, and for those that have gone into it."""
    joined = select(ProblemRow.id).where(ProblemRow.merged_into == problem_id)
    query = (
        select(TaskRow)
        .where(or_(TaskRow.problem_id == problem_id, TaskRow.problem_id.in_(joined)))
        .where(within_reach(caller, own_names(session, caller)))
        .order_by(TaskRow.id)
    )
    return task_views(session, session.scalars(query).all())


def _list_corrections(session: Session, problem_id: int) -> tuple[StoredCorrection, ...]:
    query = (
        select(CorrectionRow)
        .where(or_(CorrectionRow.problem_id == problem_id, CorrectionRow.other_id == problem_id))
        .order_by(CorrectionRow.id)
    )
    return tuple(
        StoredCorrection(
            kind=Kind(row.kind),
            other_id=row.other_id if row.problem_id == problem_id else row.problem_id,
            submissions=len(row.submission_ids),
            who=row.who,
            note=row.note,
            at=row.at,
        )
        for row in session.scalars(query)
    )


def _view(row: ProblemRow, caller: Caller) -> StoredProblem:
    figures = row.figures
    return StoredProblem(
        id=row.id,
        name=row.name,
        named_by=row.named_by,
        state=row.state,
        merged_into=row.merged_into,
        version=row.version,
        size=row.size,
        reporters=row.reporters,
        heat=row.heat,
        heat_parts=tuple(figures.get("heat", {}).get("parts", ())),
        domain_code=row.domain_code,
        domain=figures.get("domain", ""),
        theme=row.theme,
        theme_name=figures.get("theme", ""),
        divisions=figures.get("divisions", {}),
        departments=figures.get("departments", {}),
        urgencies=figures.get("urgencies", {}),
        weeks=figures.get("weeks", {}),
        words=tuple(figures.get("words", ())) if caller.reach is None else (),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        updated_at=row.updated_at,
    )
