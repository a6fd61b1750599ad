"""The supervision list (监督清单): findings, which are facts to look at and never verdicts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from triage.ledger.listfilters import ListFilter, about, during, open_list, show, within
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.states import FindingState
from triage.ledger.tables import DepartmentRow, EntryRow, FindingRow, SubmissionRow, UserRow
from triage.roles import Action, Caller

FINDING_STATE_NAMES = {
    FindingState.OPEN: "待处理",
    FindingState.CONFIRMED: "已确认",
    FindingState.DISMISSED: "已排除",
    FindingState.URGED: "已督办",
    FindingState.SETTLED: "已自行了结",
}
TOLD = (FindingState.CONFIRMED, FindingState.URGED)
"""What a supervisor stands behind; the others are the machine's alone, and stay at the desk."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One line of the supervision list; of an entry it shows the submission and its title."""

    id: int
    rule: str
    subject: str
    entry_id: int | None
    submission_id: str | None
    title: str
    department: str | None
    department_name: str | None
    evidence: dict[str, Any]
    state: FindingState
    found_at: datetime
    seen_at: datetime
    decided_by: str | None
    decided_by_name: str | None
    decided_note: str | None
    decided_at: datetime | None


def list_findings(
    session: Session,
    wanted: ListFilter,
    *,
    caller: Caller,
    state: FindingState | None = None,
    rule: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[FindingLine]:
    """One page of the supervision list, the newest first; the period is that of finding.

    Who does not decide on findings gets only what a supervisor has confirmed or urged. Raises
    AccessDenied, NotFound or InvalidInput as `open_list` does, and InvalidInput for a limit, cursor
    or time that is none.
    """
    departments = open_list(session, wanted, caller=caller)
    query = (
        select(
            FindingRow,
            EntryRow.submission_id,
            SubmissionRow.title,
            DepartmentRow.name,
            UserRow.name,
        )
        .outerjoin(EntryRow, EntryRow.id == FindingRow.entry_id)
        .outerjoin(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .outerjoin(DepartmentRow, DepartmentRow.code == FindingRow.department)
        .outerjoin(UserRow, UserRow.login == FindingRow.decided_by)
        .where(or_(FindingRow.entry_id.is_(None), EntryRow.confidential.is_(False)))
        .where(*within(FindingRow.department, departments), *during(FindingRow.found_at, wanted))
        .order_by(FindingRow.id.desc())
        .limit(check_limit(limit) + 1)
    )
    if not caller.may(Action.DECIDE_FINDINGS):
        query = query.where(FindingRow.state.in_(TOLD))
    if state is not None:
        query = query.where(FindingRow.state == state)
    if rule is not None:
        query = query.where(FindingRow.rule == rule)
    if wanted.asks_for_matter:
        query = query.where(*about(wanted))
    if cursor is not None:
        query = query.where(FindingRow.id < read_cursor(cursor, int)[0])
    found = session.execute(query).all()
    lines = tuple(
        FindingLine(
            id=row.id,
            rule=row.rule,
            subject=row.subject,
            entry_id=row.entry_id,
            submission_id=submission_id,
            title=show(title),
            department=row.department,
            department_name=name,
            evidence=mask_evidence(row.evidence),
            state=row.state,
            found_at=row.found_at,
            seen_at=row.seen_at,
            decided_by=row.decided_by,
            decided_by_name=decided_by_name,
            decided_note=row.decided_note and show(row.decided_note),
            decided_at=row.decided_at,
        )
        for row, submission_id, title, name, decided_by_name in found[:limit]
    )
    return Page(lines, write_cursor(lines[-1].id) if len(found) > limit else None)


def mask_evidence(value: Any) -> Any:
    """The same evidence with personal data masked in every text of it."""
    if isinstance(value, str):
        return show(value)
    if isinstance(value, list):
        return [mask_evidence(part) for part in value]
    if isinstance(value, dict):
        return {name: mask_evidence(part) for name, part in value.items()}
    return value
