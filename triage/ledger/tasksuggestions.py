"""The task that a common problem calls for, drafted from what the ledger holds of it.

A draft is a suggestion: a person plans the task, or does not (`triage.ledger.tasks.plan_task`).
Whoever has a reach gets a draft out of the members and closed entries within it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from triage.errors import Conflict
from triage.ledger.paging import in_chunks
from triage.ledger.problemfacts import read_tolds
from triage.ledger.problemlist import get_visible_problem, reaches_entry, seen_by
from triage.ledger.states import EntryState, Outcome, ProblemState
from triage.ledger.tables import (
    DepartmentRow,
    EntryRow,
    MemberRow,
    ProblemRow,
    ReplyRow,
    SubmissionRow,
    SubmitterRow,
    SuggestionRow,
)
from triage.ledger.taskfiles import own_names
from triage.ledger.timetables import load_timetable
from triage.roles import Action, Caller
from triage.suggestions import DepartmentSuggestion
from triage.taskdrafts import MAX_CASES, ClosedCase, Matter, Member, TaskDraft, draft_task
from triage.traces import measure_match, read_traces

MOST_MEMBERS = 500  # of a task
_READ_CASES = 200  # closed entries of the domain that are compared, the last closed first
_EXAMPLES = 3
_SENTENCE = 60  # characters of an example


def suggest_task(
    session: Session,
    problem_id: int,
    *,
    caller: Caller,
    now: datetime,
    places: Mapping[str, str],
) -> TaskDraft:
    """The draft of a task for this problem; `places` are the names of divisions by code.

    Raises AccessDenied without READ_PROBLEMS and PLAN_TASKS, NotFound for a problem that is none
    for this caller, Conflict for one that does not stand.
    """
    caller.require(Action.READ_PROBLEMS)
    caller.require(Action.PLAN_TASKS)
    problem = get_visible_problem(session, problem_id, caller=caller)
    if problem.state is ProblemState.MERGED:
        raise Conflict(
            f"该共性问题已并入编号 {problem.merged_into} 的问题，请到那里建议任务", field="state"
        )
    if problem.state is not ProblemState.OPEN:
        raise Conflict("该问题不是现存的共性问题，不能建议任务；确有需要请先恢复", field="state")
    members = _list_members(session, problem, caller=caller)
    examples = _read_examples(session, problem, members)
    divisions = problem.figures.get("divisions", {}) if caller.reach is None else {}
    matter = Matter(
        name=problem.name,
        domain=problem.figures.get("domain", "").rpartition("/")[2],
        domain_code=problem.domain_code,
        members=tuple(members),
        reporters=_count_reporters(session, problem, caller=caller),
        places=tuple(places[code] for code in divisions if code in places),
        examples=examples,
    )
    return draft_task(
        matter,
        similar=_find_similar(session, problem, members, caller=caller),
        now=now,
        timetable=load_timetable(session),
        dispatch=_find_dispatch(session, members),
    )


def _list_members(session: Session, problem: ProblemRow, *, caller: Caller) -> list[Member]:
    """The members that the caller sees, each with its first entry on the line within reach."""
    query = (
        select(
            MemberRow.submission_id,
            SubmissionRow.urgency.label("suggested"),
            EntryRow.id,
            EntryRow.urgency,
            EntryRow.nature,
            EntryRow.closed_at,
            DepartmentRow.name,
        )
        .join(SubmissionRow, SubmissionRow.id == MemberRow.submission_id)
        .outerjoin(
            EntryRow,
            (EntryRow.submission_id == MemberRow.submission_id)
            & EntryRow.confidential.is_(False)
            & EntryRow.state.not_in((EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED))
            & reaches_entry(EntryRow, caller, own_names(session, caller)),
        )
        .outerjoin(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .where(MemberRow.problem_id == problem.id, seen_by(session, caller))
        .order_by(MemberRow.submission_id, EntryRow.id)
    )
    found: dict[str, Member] = {}
    for row in session.execute(query):
        if row.submission_id in found:
            continue
        found[row.submission_id] = Member(
            submission_id=row.submission_id,
            urgency=row.urgency or row.suggested,
            nature=row.nature or "",
            entry_id=row.id,
            department=row.name,
            open=row.id is not None and row.closed_at is None,
        )
    return list(found.values())[:MOST_MEMBERS]


def _read_examples(
    session: Session, problem: ProblemRow, members: Sequence[Member]
) -> tuple[str, ...]:
    """The titles of the members to read first, else the beginnings of what they told."""
    seen = {member.submission_id for member in members}
    chosen = [one for one in problem.figures.get("examples", ()) if one in seen]
    chosen = (chosen or sorted(seen))[:_EXAMPLES]
    tolds = read_tolds(session, chosen)
    return tuple(
        (tolds[one].title.strip() or tolds[one].content.strip())[:_SENTENCE]
        for one in chosen
        if one in tolds
    )


def _count_reporters(session: Session, problem: ProblemRow, *, caller: Caller) -> int:
    if caller.reach is None:
        return problem.reporters
    person = func.coalesce(SubmitterRow.person, MemberRow.submission_id)
    query = (
        select(func.count(person.distinct()))
        .select_from(MemberRow)
        .outerjoin(SubmitterRow, SubmitterRow.submission_id == MemberRow.submission_id)
        .where(MemberRow.problem_id == problem.id, seen_by(session, caller))
    )
    return session.scalar(query) or 0


def _find_dispatch(session: Session, members: Sequence[Member]) -> DepartmentSuggestion | None:
    """What the catalogue said of the last member that it had something to say of."""
    for chunk in in_chunks([member.submission_id for member in members]):
        said = session.scalar(
            select(SuggestionRow.payload["department"].as_json())
            .where(SuggestionRow.submission_id.in_(chunk), SuggestionRow.lead.is_not(None))
            .order_by(SuggestionRow.id.desc())
            .limit(1)
        )
        if said:
            return _dispatch(said)
    return None


def _dispatch(said: Mapping[str, Any]) -> DepartmentSuggestion:
    return DepartmentSuggestion(
        said["lead"], tuple(said["assisting"]), tuple(said["reasons"]), said.get("ground")
    )


def _find_similar(
    session: Session, problem: ProblemRow, members: Sequence[Member], *, caller: Caller
) -> list[ClosedCase]:
    """Entries of the same domain that were closed as solved, the likest first."""
    query = (
        select(
            EntryRow.id,
            EntryRow.submission_id,
            EntryRow.closed_at,
            EntryRow.solved,
            SubmissionRow.title,
            DepartmentRow.name,
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .join(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .where(
            EntryRow.confidential.is_(False),
            EntryRow.domain_code == problem.domain_code,
            EntryRow.outcome == Outcome.SOLVED,
            EntryRow.state == EntryState.CLOSED,
            reaches_entry(EntryRow, caller, own_names(session, caller)),
        )
        .order_by(EntryRow.closed_at.desc(), EntryRow.id.desc())
        .limit(_READ_CASES)
    )
    rows = session.execute(query).all()
    own = read_tolds(session, [member.submission_id for member in members[:_EXAMPLES]])
    tolds = read_tolds(session, {row.submission_id for row in rows})
    others = {trace.id: trace for trace in read_traces(list(tolds.values()))}
    traces = read_traces(list(own.values()))
    likeness = {
        key: max((measure_match(trace, one) for one in traces), default=0.0)
        for key, trace in others.items()
    }
    ranked = sorted(
        (row for row in rows if row.submission_id in likeness),
        key=lambda row: (-likeness[row.submission_id], -row.id),
    )[:MAX_CASES]
    replies: dict[int, str] = {}
    answered = (
        select(ReplyRow.entry_id, ReplyRow.text)
        .where(ReplyRow.entry_id.in_([row.id for row in ranked]))
        .order_by(ReplyRow.id)
    )
    for entry_id, text in session.execute(answered):
        replies[entry_id] = text
    return [
        ClosedCase(
            entry_id=row.id,
            title=row.title,
            department=row.name,
            reply=replies[row.id],
            closed_at=row.closed_at,
            likeness=round(likeness[row.submission_id], 3),
            satisfied=row.solved,
        )
        for row in ranked
        if row.id in replies
    ]
