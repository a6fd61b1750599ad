"""The effect list (效果清单): what was answered and what was changed, with what those who reported
think of it.

A line is either the latest reply to an entry or the effect that closed a task.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from sqlalchemy import ColumnElement, exists, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

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
from triage.ledger.opinions import Opinions, count_opinions, find_opinions
from triage.ledger.paging import Page, check_limit, read_cursor, read_time, write_cursor
from triage.ledger.states import EntryState, Outcome
from triage.ledger.tables import (
    AttachmentRow,
    DepartmentRow,
    EffectRow,
    EntryRow,
    ReplyRow,
    SubmissionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.roles import Caller

_LATER = aliased(ReplyRow)
_After = tuple[datetime, "EffectKind", int]  # the last line of the page before


class EffectKind(StrEnum):
    """What a line of the effect list tells of; where two are of one moment, tasks come first."""

    REPLY = "reply"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One line of the effect list.

    `about` is an entry or a task (id), `title` what it is called, `text` the reply or the change;
    `evidence` names what shows it, `opinions` counts what those who reported said of it since;
    `ground` is why nobody was asked, if so. Of a task there is neither `outcome` nor `state`.
    """

    kind: EffectKind
    id: int
    at: datetime
    about: int
    title: str
    department: str
    department_name: str
    text: str
    evidence: tuple[str, ...]
    outcome: Outcome | None
    state: EntryState | None
    opinions: Opinions
    ground: str
    who: str


def list_effects(
    session: Session,
    wanted: ListFilter,
    *,
    caller: Caller,
    state: EntryState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EffectLine]:
    """One page of the effect list, the newest first; the period is that of reply or closing.

    With `state` (of the entry) only replies. Raises AccessDenied, NotFound or InvalidInput as
    `open_list` does, and InvalidInput for a limit, cursor or time that is none.
    """
    departments = open_list(session, wanted, caller=caller)
    check_limit(limit)
    after: _After | None = None
    if cursor is not None:
        at, kind, last_id = read_cursor(cursor, read_time, EffectKind, int)
        after = (at, kind, last_id)
    lines = _reply_lines(session, wanted, departments, state=state, after=after, limit=limit + 1)
    if state is None:
        lines += _task_lines(session, wanted, departments, after=after, limit=limit + 1)
    lines.sort(key=attrgetter("at", "kind", "id"), reverse=True)
    if len(lines) <= limit:
        return Page(tuple(lines), None)
    last = lines[limit - 1]
    return Page(tuple(lines[:limit]), write_cursor(last.at.isoformat(), last.kind, last.id))


def _reply_lines(
    session: Session,
    wanted: ListFilter,
    departments: frozenset[str] | None,
    *,
    state: EntryState | None,
    after: _After | None,
    limit: int,
) -> list[EffectLine]:
    query = (
        select(
            ReplyRow,
            EntryRow,
            SubmissionRow.title,
            func.substr(SubmissionRow.content, 1, LOOKED_AT).label("content"),
            DepartmentRow.name,
        )
        .join(EntryRow, EntryRow.id == ReplyRow.entry_id)
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .join(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .where(*about(wanted), *within(EntryRow.lead_department, departments))
        .where(*during(ReplyRow.at, wanted), _comes_after(ReplyRow, EffectKind.REPLY, after))
        .where(~exists().where(_LATER.entry_id == ReplyRow.entry_id, _LATER.id > ReplyRow.id))
        .order_by(ReplyRow.at.desc(), ReplyRow.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(EntryRow.state == state)
    found = session.execute(query).all()
    ids = [row.EntryRow.id for row in found]
    files = _list_files(session, ids)
    opinions = find_opinions(session, ids)
    return [
        EffectLine(
            kind=EffectKind.REPLY,
            id=reply.id,
            at=reply.at,
            about=entry.id,
            title=show(title) or show(content, most=EXCERPT),
            department=entry.lead_department,
            department_name=name,
            text=show(reply.text),
            evidence=tuple(files[entry.id]),
            outcome=reply.outcome,
            state=entry.state,
            opinions=count_opinions(
                opinion if opinion and opinion.at >= reply.at else None
                for opinion in opinions[entry.id].values()
            ),
            ground=show(entry.ground),
            who=reply.who,
        )
        for reply, entry, title, content, name in found
    ]


def _task_lines(
    session: Session,
    wanted: ListFilter,
    departments: frozenset[str] | None,
    *,
    after: _After | None,
    limit: int,
) -> list[EffectLine]:
    query = (
        select(EffectRow, TaskRow, DepartmentRow.name)
        .join(TaskRow, TaskRow.id == EffectRow.task_id)
        .join(DepartmentRow, DepartmentRow.code == TaskRow.department)
        .where(*within(TaskRow.department, departments), *during(EffectRow.at, wanted))
        .where(_comes_after(EffectRow, EffectKind.TASK, after))
        .order_by(EffectRow.at.desc(), EffectRow.id.desc())
        .limit(limit)
    )
    if wanted.asks_for_matter:
        query = query.where(
            exists()
            .where(TaskEntryRow.task_id == TaskRow.id, TaskEntryRow.entry_id == EntryRow.id)
            .where(*about(wanted))
        )
    return [
        EffectLine(
            kind=EffectKind.TASK,
            id=effect.id,
            at=effect.at,
            about=task.id,
            title=show(task.title),
            department=task.department,
            department_name=name,
            text=show(effect.change),
            evidence=tuple(show(one["note"]) or one["name"] for one in effect.evidence),
            outcome=None,
            state=None,
            opinions=Opinions(**{name: effect.evaluation[name] for name in Opinions.__slots__}),
            ground=show(effect.evaluation["ground"]),
            who=effect.who,
        )
        for effect, task, name in session.execute(query)
    ]


def _comes_after(
    table: type[ReplyRow] | type[EffectRow], kind: EffectKind, after: _After | None
) -> ColumnElement[bool]:
    """That a line of this kind stands below the last line of the page before."""
    if after is None:
        return true()
    at, last_kind, last_id = after
    if kind == last_kind:
        return tuple_(table.at, table.id) < (at, last_id)
    return table.at <= at if kind < last_kind else table.at < at


def _list_files(session: Session, entries: Sequence[int]) -> defaultdict[int, list[str]]:
    """The names of the files kept with each entry."""
    files: defaultdict[int, list[str]] = defaultdict(list)
    query = select(AttachmentRow.entry_id, AttachmentRow.name).where(
        AttachmentRow.entry_id.in_(entries)
    )
    for entry_id, name in session.execute(query.order_by(AttachmentRow.id)):
        files[entry_id].append(show(name))
    return files
