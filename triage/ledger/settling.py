"""Findings that settle by themselves: what they found is so no more, and the record says why.

A common problem without a task gets one, is called none, goes into another or loses its members; a
task without an effect gets its effect or is cancelled. Only what nobody has decided on is settled,
and a rule that sees it again opens it again.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from triage.findings import Rule
from triage.ledger.events import record_events
from triage.ledger.paging import in_chunks
from triage.ledger.states import FindingState, ProblemState, TaskState
from triage.ledger.tables import (
    EffectRow,
    EntryRow,
    FindingRow,
    MemberRow,
    ProblemRow,
    TaskEntryRow,
    TaskRow,
)
from triage.roles import Action, Caller

_NONE_ANY_MORE = {
    ProblemState.DISMISSED: "已认定不是共性问题",
    ProblemState.EMPTY: "已无两件以上来件",
}
_SUBJECTS = {Rule.UNTASKED.value: "problem:", Rule.NO_EFFECT.value: "task:"}


def settle_findings(session: Session, *, caller: Caller, now: datetime) -> int:
    """Settle the open findings of which no rule has seen anything at `now`, where it can be said
    why; how many. Raises AccessDenied."""
    caller.require(Action.DECIDE_FINDINGS)
    gone: dict[tuple[str, str], FindingRow] = {
        (row.rule, row.subject.removeprefix(_SUBJECTS[row.rule])): row
        for row in session.scalars(
            select(FindingRow)
            .where(FindingRow.state == FindingState.OPEN, FindingRow.rule.in_(_SUBJECTS))
            .where(FindingRow.seen_at < now)
            .order_by(FindingRow.id)
            .with_for_update()
        )
    }
    problems = {int(key) for rule, key in gone if rule == Rule.UNTASKED and key.isdecimal()}
    tasks = {int(key) for rule, key in gone if rule == Rule.NO_EFFECT and key.isdecimal()}
    reasons = {
        (Rule.UNTASKED.value, str(key)): why for key, why in _ask_problems(session, problems)
    }
    reasons |= {(Rule.NO_EFFECT.value, str(key)): why for key, why in _ask_tasks(session, tasks)}
    settled = [(row, reasons[key]) for key, row in gone.items() if key in reasons]
    for row, why in settled:
        row.state = FindingState.SETTLED
        row.decided_by, row.decided_note, row.decided_at = caller.who, why, now
    session.flush()
    record_events(
        session,
        [
            {
                "actor": caller.who,
                "kind": "finding.settled",
                "payload": {"finding": row.id, "rule": row.rule},
            }
            for row, _ in settled
        ],
        now=now,
    )
    return len(settled)


def _ask_problems(session: Session, ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """The problems (ids) of which it need no longer be said that they have no task, and why."""
    for chunk in in_chunks(sorted(ids)):
        standing = select(ProblemRow.id, ProblemRow.state, ProblemRow.merged_into)
        for problem, state, other in session.execute(standing.where(ProblemRow.id.in_(chunk))):
            if state is ProblemState.MERGED:
                yield problem, f"已并入共性问题 {other}"
            elif state in _NONE_ANY_MORE:
                yield problem, _NONE_ANY_MORE[state]
        planned = (
            select(func.coalesce(ProblemRow.merged_into, ProblemRow.id), TaskRow.id)
            .join(ProblemRow, ProblemRow.id == TaskRow.problem_id)
            .where(or_(ProblemRow.id.in_(chunk), ProblemRow.merged_into.in_(chunk)))
        )
        taken_up = (
            select(MemberRow.problem_id, TaskRow.id)
            .join(EntryRow, EntryRow.submission_id == MemberRow.submission_id)
            .join(TaskEntryRow, TaskEntryRow.entry_id == EntryRow.id)
            .join(TaskRow, TaskRow.id == TaskEntryRow.task_id)
            .where(MemberRow.problem_id.in_(chunk), EntryRow.confidential.is_(False))
        )
        for query in (taken_up, planned):
            stands = query.where(TaskRow.state != TaskState.CANCELLED).order_by(TaskRow.id)
            for problem, task in session.execute(stands):
                yield problem, f"已安排任务 {task}"


def _ask_tasks(session: Session, ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """The tasks (ids) of which it need no longer be said that they have no effect, and why."""
    for chunk in in_chunks(sorted(ids)):
        cancelled = select(TaskRow.id).where(
            TaskRow.id.in_(chunk), TaskRow.state == TaskState.CANCELLED
        )
        for task in session.scalars(cancelled):
            yield task, "任务已取消"
        for task in session.scalars(select(EffectRow.task_id).where(EffectRow.task_id.in_(chunk))):
            yield task, "已登记效果"
