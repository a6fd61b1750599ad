"""What the rules of the supervision list look at, read out of the ledger.

Nothing of a confidential entry is read (Art. 30). Texts are compared within the time window of the
thresholds, the newest `MOST_TEXTS` at most.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from triage.ledger.due import RUNNING
from triage.ledger.states import EntryState, Outcome, ProblemState, TaskState
from triage.ledger.tables import (
    ActionRow,
    DepartmentRow,
    EffectRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    MemberRow,
    ProblemRow,
    ReplyRow,
    SubmissionRow,
    SubmitterRow,
    TaskEntryRow,
    TaskRow,
)
from triage.observations import (
    Answer,
    Asking,
    Dispute,
    Handover,
    Intake,
    Place,
    Planned,
    Problem,
    Running,
    Standstill,
    Visit,
)
from triage.submissions import Channel
from triage.thresholds import Thresholds
from triage.transitions import OFF_THE_LINE, Command

MOST_TEXTS = 100_000
_EXAMPLES = 50
_PASSED_ON = (Command.RETURN, Command.REASSIGN)
# The clock, where it stood still.
_GOES_ON = (Command.RESUME, Command.RETURN, Command.REASSIGN, Command.REOPEN)
_LOCAL = "local"  # 属地政府: the only kind of department whose members are each other's like
_ORDINARY = EntryRow.confidential.is_(False)
_NUMBER = re.compile(
    "[0-9０-９一二三四五六七八九十]"
)  # a house has one; a whole estate is no household
_BLANKS = re.compile(r"\s+")


def list_running(session: Session, *, now: datetime) -> Iterator[Running]:
    """Entries that somebody waits for and whose deadline lies before now, along their index."""
    query = (
        select(
            EntryRow.id,
            EntryRow.lead_department,
            EntryRow.deadline_at,
            EntryRow.rule,
            EntryRow.provisional,
            EntryRow.paused_at,
            EntryRow.reopenings,
        )
        .where(*RUNNING, _ORDINARY, EntryRow.deadline_at < now)
        .where(EntryRow.state.not_in(OFF_THE_LINE))
        .order_by(EntryRow.deadline_at, EntryRow.id)
    )
    for row in session.execute(query):
        if row.deadline_at is not None:
            yield Running(
                entry_id=row.id,
                department=row.lead_department,
                deadline_at=row.deadline_at,
                rule=row.rule,
                provisional=row.provisional,
                paused_at=row.paused_at,
                reopenings=row.reopenings,
            )


def list_askings(session: Session, *, since: datetime, thresholds: Thresholds) -> Iterator[Asking]:
    """Requests for more time of the entries that made several, the last of them since then."""
    often = (
        select(ExtensionRow.entry_id)
        .group_by(ExtensionRow.entry_id)
        .having(func.count() >= thresholds.extension_requests, func.max(ExtensionRow.at) >= since)
    )
    query = (
        select(EntryRow.id, EntryRow.lead_department, ExtensionRow.at, ExtensionRow.granted)
        .join(EntryRow, EntryRow.id == ExtensionRow.entry_id)
        .where(_ORDINARY, ExtensionRow.entry_id.in_(often))
        .order_by(ExtensionRow.id)
    )
    for row in session.execute(query):
        yield Asking(*row)


def list_standstills(session: Session, *, since: datetime) -> Iterator[Standstill]:
    """When the clocks of entries stood still, of those that were stopped since then, in order. Of
    one that went on without a step of its own no time is counted."""
    stopped = select(ActionRow.entry_id).where(
        ActionRow.at >= since, ActionRow.command == Command.PAUSE
    )
    at_work = (EntryRow.id, EntryRow.lead_department, EntryRow.paused_at)
    query = (
        select(*at_work, ActionRow.command, ActionRow.at, ActionRow.data)
        .join(EntryRow, EntryRow.id == ActionRow.entry_id)
        .where(_ORDINARY, EntryRow.id.in_(stopped))
        .where(ActionRow.command.in_((Command.PAUSE, *_GOES_ON)))
        .order_by(EntryRow.id, ActionRow.id)
    )
    last: Standstill | None = None
    for entry_id, department, paused_at, command, at, data in session.execute(query):
        if command == Command.PAUSE:
            if last is not None:
                yield last
            until = None if paused_at == at else at
            last = Standstill(entry_id, department, data["ground"], at, until)
        elif last is not None and last.entry_id == entry_id:
            yield replace(last, until=at)
            last = None
    if last is not None:
        yield last


def list_handovers(session: Session, *, since: datetime) -> Iterator[Handover]:
    """Steps since then by which an entry was returned or passed on, in order."""
    query = (
        select(EntryRow.id, EntryRow.lead_department, ActionRow.command, ActionRow.at)
        .join(EntryRow, EntryRow.id == ActionRow.entry_id)
        .where(_ORDINARY, ActionRow.at >= since, ActionRow.command.in_(_PASSED_ON))
        .order_by(ActionRow.id)
    )
    for row in session.execute(query):
        yield Handover(*row)


def list_answers(session: Session, *, since: datetime) -> list[Answer]:
    """Replies since then beside the requests they answer, in order of time."""
    newest = (
        select(ReplyRow.id)
        .where(ReplyRow.at >= since)
        .order_by(ReplyRow.at.desc())
        .limit(MOST_TEXTS)
    )
    query = (
        select(
            ReplyRow.id.label("reply_id"),
            EntryRow.id.label("entry_id"),
            EntryRow.lead_department,
            ReplyRow.at,
            EntryRow.nature,
            EntryRow.domain_code,
            SubmissionRow.title,
            SubmissionRow.content,
            ReplyRow.text,
            ReplyRow.quality,
        )
        .join(EntryRow, EntryRow.id == ReplyRow.entry_id)
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .where(_ORDINARY, ReplyRow.id.in_(newest))
        .order_by(ReplyRow.at, ReplyRow.id)
    )
    return [
        Answer(
            reply_id=row.reply_id,
            entry_id=row.entry_id,
            department=row.lead_department,
            at=row.at,
            nature=row.nature,
            domain_code=row.domain_code,
            request=f"{row.title}\n{row.content}",
            text=row.text,
            quality=row.quality,
        )
        for row in session.execute(query)
    ]


def list_disputes(session: Session, *, since: datetime) -> Iterator[Dispute]:
    """All evaluations of the entries of which one since then says "not solved", each with the reply
    that it was of."""
    denied = select(EvaluationRow.entry_id).where(
        EvaluationRow.at >= since, EvaluationRow.solved.is_(False)
    )
    replies = session.execute(
        select(ReplyRow.entry_id, ReplyRow.outcome, ReplyRow.at)
        .where(ReplyRow.entry_id.in_(denied))
        .order_by(ReplyRow.at)
    )
    replied: defaultdict[int, list[tuple[Outcome, datetime]]] = defaultdict(list)
    for entry_id, outcome, at in replies:
        replied[entry_id].append((outcome, at))
    query = (
        select(EvaluationRow, EntryRow.lead_department, EntryRow.closed_at)
        .join(EntryRow, EntryRow.id == EvaluationRow.entry_id)
        .where(_ORDINARY, EvaluationRow.entry_id.in_(denied))
        .order_by(EvaluationRow.id)
    )
    for said, department, closed_at in session.execute(query):
        before = [reply for reply in replied[said.entry_id] if reply[1] <= said.at]
        if before:
            outcome, replied_at = before[-1]
            yield Dispute(
                entry_id=said.entry_id,
                department=department,
                outcome=outcome,
                replied_at=replied_at,
                evaluated_at=said.at,
                solved=said.solved,
                satisfaction=said.satisfaction,
                source=said.source,
                closed_at=closed_at,
            )


def list_intakes(session: Session, *, since: datetime) -> list[Intake]:
    """What units have put on the list by themselves since then: visits and imported lists."""
    query = (
        select(
            EntryRow.id,
            EntryRow.lead_department,
            SubmissionRow.source,
            SubmissionRow.title,
            SubmissionRow.content,
            SubmitterRow.submission_id.is_not(None).label("has_person"),
            or_(SubmissionRow.place.is_not(None), EntryRow.division.is_not(None)).label(
                "has_place"
            ),
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .outerjoin(SubmitterRow, SubmitterRow.submission_id == SubmissionRow.id)
        .where(_ORDINARY, SubmissionRow.confidential.is_(False), EntryRow.opened_at >= since)
        .where(_by_units())
        .order_by(EntryRow.opened_at.desc(), EntryRow.id.desc())
        .limit(MOST_TEXTS)
    )
    found = [
        Intake(
            row.id,
            row.lead_department,
            row.source,
            f"{row.title}\n{row.content}",
            bool(row.has_person),
            bool(row.has_place),
        )
        for row in session.execute(query)
    ]
    return found[::-1]


def list_places(session: Session, *, since: datetime) -> Iterator[Place]:
    """Divisions that have ever had an entry, each among those of the division above it, and the
    streets and townships of the town (属地政府) among each other, with what came since then."""
    recent = func.count().filter(EntryRow.opened_at >= since)
    divisions = (
        select(EntryRow.division, recent)
        .where(_ORDINARY, EntryRow.division.is_not(None))
        .group_by(EntryRow.division)
        .order_by(EntryRow.division)
    )
    for division, count in session.execute(divisions):
        code = str(division)
        above = code[:6] if len(code) > 6 else code[:4] if len(code) > 4 else code[:2]
        yield Place(f"division:{above}:{len(code)}", f"division:{code}", code, count)
    entries = and_(EntryRow.lead_department == DepartmentRow.code, _ORDINARY)
    locals_ = (
        select(
            DepartmentRow.code, DepartmentRow.name, DepartmentRow.parent, func.count(EntryRow.id)
        )
        .outerjoin(EntryRow, and_(entries, EntryRow.opened_at >= since))
        .where(DepartmentRow.active, DepartmentRow.kind == _LOCAL)
        .group_by(DepartmentRow.code)
        .order_by(DepartmentRow.code)
    )
    for code, name, parent, count in session.execute(locals_):
        yield Place(f"local:{parent or ''}", f"department:{code}", name, count, code)


def list_visits(session: Session, *, since: datetime) -> Iterator[Visit]:
    """Visits since then to whom or where is known well enough to tell one household from another.

    A household is a digest: of the person where that is known, else of a place with a number.
    """
    at = func.coalesce(SubmissionRow.received_at, SubmissionRow.recorded_at)
    query = (
        select(
            EntryRow.id,
            SubmissionRow.source,
            SubmissionRow.place,
            SubmitterRow.person,
            SubmissionRow.received_at,
            SubmissionRow.recorded_at,
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .outerjoin(SubmitterRow, SubmitterRow.submission_id == SubmissionRow.id)
        .where(_ORDINARY, EntryRow.opened_at >= since, at >= since)
        .where(SubmissionRow.channel == Channel.FIELD.value)
        .order_by(EntryRow.id)
    )
    for row in session.execute(query):
        place = _BLANKS.sub("", row.place or "")
        known = row.person or (place if _NUMBER.search(place) else "")
        if known:
            household = hashlib.sha256(known.encode()).hexdigest()[:16]
            yield Visit(row.id, household, row.source, row.received_at or row.recorded_at)


def list_problems(
    session: Session, *, since: datetime, thresholds: Thresholds
) -> Iterator[Problem]:
    """Common problems that brought many entries since then, each set to the department that leads
    most of them. A task takes a problem up by its number, or by any of these entries; one that was
    cancelled takes up nothing any more."""
    into = aliased(ProblemRow)
    stands = TaskRow.state != TaskState.CANCELLED
    taken_up = (
        select(TaskRow.id)
        .join(TaskEntryRow, TaskEntryRow.task_id == TaskRow.id)
        .where(TaskEntryRow.entry_id == EntryRow.id, stands)
        .exists()
    )
    planned = (
        select(TaskRow.id)
        .join(into, into.id == TaskRow.problem_id)
        .where(or_(into.id == ProblemRow.id, into.merged_into == ProblemRow.id), stands)
        .exists()
    )
    wanted = (
        _ORDINARY,
        EntryRow.opened_at >= since,
        EntryRow.state != EntryState.DECLINED,
        ProblemRow.state == ProblemState.OPEN,
    )
    members = (
        select(ProblemRow.id)
        .join(MemberRow, MemberRow.problem_id == ProblemRow.id)
        .join(EntryRow, EntryRow.submission_id == MemberRow.submission_id)
        .where(*wanted)
    )
    large = members.group_by(ProblemRow.id).having(func.count() >= thresholds.problem_entries)
    counted = (
        members.add_columns(
            EntryRow.lead_department,
            func.count(),
            func.count().filter(or_(taken_up, planned)),
        )
        .where(ProblemRow.id.in_(large))
        .group_by(ProblemRow.id, EntryRow.lead_department)
    )
    leads: defaultdict[int, Counter[str]] = defaultdict(Counter)
    tasked: Counter[int] = Counter()
    for problem_id, department, count, taken in session.execute(counted):
        leads[problem_id][department] = count
        tasked[problem_id] += taken
    for problem_id, departments in sorted(leads.items()):
        examples = session.scalars(
            select(EntryRow.id)
            .join(MemberRow, MemberRow.submission_id == EntryRow.submission_id)
            .join(ProblemRow, ProblemRow.id == MemberRow.problem_id)
            .where(*wanted, ProblemRow.id == problem_id)
            .order_by(EntryRow.opened_at, EntryRow.id)
            .limit(_EXAMPLES)
        )
        department = min(departments, key=lambda code: (-departments[code], code))
        yield Problem(
            key=str(problem_id),
            department=department,
            entry_ids=() if tasked[problem_id] else tuple(examples),
            entries=departments.total(),
            has_task=tasked[problem_id] > 0,
        )


def list_planned(session: Session, *, now: datetime) -> Iterator[Planned]:
    """Tasks that are done or late and have no effect on record."""
    effect = select(EffectRow.id).where(EffectRow.task_id == TaskRow.id).exists()
    query = (
        select(
            TaskRow.id, TaskRow.department, TaskRow.state, TaskRow.deadline_at, TaskRow.closed_at
        )
        .where(~effect)
        .where(
            or_(
                TaskRow.state == TaskState.DONE,
                and_(TaskRow.state == TaskState.OPEN, TaskRow.deadline_at < now),
            )
        )
        .order_by(TaskRow.id)
    )
    for row in session.execute(query):
        yield Planned(*row, has_effect=False)


def _by_units() -> ColumnElement[bool]:
    """Whether an entry came by a visit or with an imported list, which leaves a first step."""
    imported = (
        select(ActionRow.id)
        .where(ActionRow.entry_id == EntryRow.id, ActionRow.command == Command.REGISTER)
        .exists()
    )
    return or_(SubmissionRow.channel == Channel.FIELD.value, imported)
