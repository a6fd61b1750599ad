"""Findings (监督事项): looked for by the rules, kept once each, decided on by a supervisor.

`triage.ledger.looking` finds them in a transaction that reads, as it takes a while where there are
many texts; they are recorded here in one that writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidInput, NotFound
from triage.findings import Found, Rule
from triage.ledger.commands import run_command
from triage.ledger.events import record_events
from triage.ledger.people import name_people
from triage.ledger.statements import upsert
from triage.ledger.states import FindingState
from triage.ledger.supervisionlist import FINDING_STATE_NAMES, mask_evidence
from triage.ledger.tables import EntryRow, FindingRow
from triage.ledger.withholding import withhold_named
from triage.roles import Action, Caller
from triage.workflow import CLOCK, Command

MAX_NOTE = 2_000
CHUNK = 500  # findings recorded in one transaction
CLOCK_CALLER = Caller(CLOCK, frozenset({Action.DECIDE_FINDINGS}))
"""Who looks when nobody asked; it decides nothing."""

_UNDECIDED = {
    "state": FindingState.OPEN,
    "decided_by": None,
    "decided_note": None,
    "decided_at": None,
}
_VERBS = {
    FindingState.CONFIRMED: "confirmed",
    FindingState.DISMISSED: "dismissed",
    FindingState.URGED: "urged",
}


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding (监督事项) as it stands. `department` is a code; `seen_at` when a rule last saw
    it."""

    id: int
    rule: Rule
    subject: str
    entry_id: int | None
    department: str | None
    evidence: dict[str, Any]
    state: FindingState
    found_at: datetime
    seen_at: datetime
    decided_by: str | None
    decided_by_name: str | None
    decided_note: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many findings are `new`, how many were known and seen again, how many have settled."""

    new: int
    known: int
    settled: int = 0


def record_findings(
    session: Session, found: Sequence[Found], *, caller: Caller, now: datetime
) -> Recorded:
    """Keep what was found: what is new as open, of what is known when it was last seen.

    A known one that nobody has decided on gets the new evidence, and one that had settled is open
    again; one that is decided keeps what it was decided on. Raises AccessDenied.
    """
    caller.require(Action.DECIDE_FINDINGS)
    by_subject = {(one.rule.value, one.subject): one for one in found}
    keys = tuple_(FindingRow.rule, FindingRow.subject)
    standing = {
        (rule, subject): (finding_id, state)
        for rule, subject, finding_id, state in session.execute(
            select(FindingRow.rule, FindingRow.subject, FindingRow.id, FindingRow.state).where(
                keys.in_(list(by_subject))
            )
        )
    }
    fresh = [one for key, one in by_subject.items() if key not in standing]
    new = _insert(session, fresh, caller=caller, now=now)
    open_, decided = [], []
    for key, (finding_id, state) in standing.items():
        if state in (FindingState.OPEN, FindingState.SETTLED):
            seen = by_subject[key]
            open_.append(
                _UNDECIDED
                | {
                    "id": finding_id,
                    "seen_at": now,
                    "evidence": seen.evidence,
                    "department": seen.department,
                }
            )
        else:
            decided.append({"id": finding_id, "seen_at": now})
    for rows in (open_, decided):
        if rows:
            session.execute(update(FindingRow), rows)
    return Recorded(new, len(by_subject) - new)


def get_finding(session: Session, finding_id: int, *, caller: Caller) -> StoredFinding:
    """One finding. Raises AccessDenied; NotFound where there is none within reach."""
    caller.require(Action.DECIDE_FINDINGS)
    return _view(session, _get_row(session, finding_id, caller=caller))


def count_findings(
    session: Session, *, since: datetime, until: datetime, caller: Caller
) -> dict[tuple[Rule, FindingState], int]:
    """How many were first found within that time, by rule and state. Raises AccessDenied."""
    caller.require(Action.DECIDE_FINDINGS)
    query = (
        select(FindingRow.rule, FindingRow.state, func.count())
        .outerjoin(EntryRow, EntryRow.id == FindingRow.entry_id)
        .where(FindingRow.found_at >= since, FindingRow.found_at < until)
        .where(or_(FindingRow.entry_id.is_(None), EntryRow.confidential.is_(False)))
        .group_by(FindingRow.rule, FindingRow.state)
    )
    if caller.reach is not None:
        query = query.where(FindingRow.department.in_(sorted(caller.reach)))
    return {(Rule(rule), state): count for rule, state, count in session.execute(query)}


def decide_finding(
    session: Session,
    finding_id: int,
    verdict: FindingState,
    *,
    caller: Caller,
    now: datetime,
    note: str = "",
    **urging: Any,
) -> StoredFinding:
    """Confirm a finding, dismiss it with a reason, or turn it into an urging of its entry.

    `urging` goes to the command `urge` (level, person, by). One that was confirmed may still be
    urged; else the first decision stands. Raises AccessDenied, NotFound, Conflict where it is
    decided or the entry cannot be urged any more, InvalidInput where the reason is missing.
    """
    caller.require(Action.DECIDE_FINDINGS)
    row = _get_row(session, finding_id, caller=caller, lock=True)
    may_follow = {FindingState.OPEN: _VERBS, FindingState.CONFIRMED: {FindingState.URGED}}
    if verdict not in may_follow.get(row.state, ()):
        raise Conflict(f"该监督事项{FINDING_STATE_NAMES[row.state]}，不能再改，请刷新后查看")
    note = note.strip()
    if not note and verdict is not FindingState.CONFIRMED:
        what = "排除监督事项" if verdict is FindingState.DISMISSED else "督办"
        raise InvalidInput(f"{what}须写明理由，请补上", field="note")
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"理由不能超过 {MAX_NOTE} 字，请缩短", field="note")
    if verdict is FindingState.URGED:
        _urge(session, row, caller=caller, now=now, note=note, urging=urging)
    row.state = verdict
    row.decided_by, row.decided_note, row.decided_at = caller.who, note or None, now
    session.flush()
    withhold_named(session, note, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": f"finding.{_VERBS[verdict]}",
        "entry_id": row.entry_id,
        "payload": {"finding": row.id, "rule": row.rule},
    }
    record_events(session, [happened], now=now)
    return _view(session, row)


def _urge(
    session: Session,
    row: FindingRow,
    *,
    caller: Caller,
    now: datetime,
    note: str,
    urging: Mapping[str, Any],
) -> None:
    if row.entry_id is None:
        raise InvalidInput(
            "该监督事项不针对某一条目，请先确认，再到有关条目上督办", field="verdict"
        )
    # Urging adds to an entry and takes nothing away, so any version of it may be urged.
    version = session.scalar(
        select(EntryRow.version).where(EntryRow.id == row.entry_id).with_for_update()
    )
    run_command(
        session,
        row.entry_id,
        Command.URGE,
        caller=caller,
        version=version or 0,
        now=now,
        note=note,
        **urging,
    )


def _get_row(
    session: Session, finding_id: int, *, caller: Caller, lock: bool = False
) -> FindingRow:
    row = session.get(FindingRow, finding_id, with_for_update=lock or None)
    hidden = row is None or (
        row.entry_id is not None
        and session.scalar(select(EntryRow.confidential).where(EntryRow.id == row.entry_id))
    )
    if row is None or hidden or not _reaches(caller, row):
        raise NotFound(f"没有编号为 {finding_id} 的监督事项，请核对编号", field="id")
    return row


def _reaches(caller: Caller, row: FindingRow) -> bool:
    return caller.reach is None if row.department is None else caller.reaches(row.department)


def _insert(session: Session, found: Sequence[Found], *, caller: Caller, now: datetime) -> int:
    """How many of these were not there yet, even now."""
    if not found:
        return 0
    rows = [
        {
            "rule": one.rule.value,
            "subject": one.subject,
            "entry_id": one.entry_id,
            "department": one.department,
            "evidence": one.evidence,
            "state": FindingState.OPEN,
            "found_at": now,
            "seen_at": now,
        }
        for one in sorted(found, key=lambda one: (one.rule, one.subject))
    ]
    statement = upsert(session, FindingRow).on_conflict_do_nothing()
    columns = (FindingRow.id, FindingRow.rule, FindingRow.entry_id)
    inserted = session.execute(statement.returning(*columns), rows).all()
    record_events(
        session,
        [
            {
                "actor": caller.who,
                "kind": "finding.found",
                "entry_id": entry_id,
                "payload": {"finding": finding_id, "rule": rule},
            }
            for finding_id, rule, entry_id in inserted
        ],
        now=now,
    )
    return len(inserted)


def _view(session: Session, row: FindingRow) -> StoredFinding:
    return StoredFinding(
        id=row.id,
        rule=Rule(row.rule),
        subject=row.subject,
        entry_id=row.entry_id,
        department=row.department,
        evidence=mask_evidence(row.evidence),
        state=row.state,
        found_at=row.found_at,
        seen_at=row.seen_at,
        decided_by=row.decided_by,
        decided_by_name=name_people(session, [row.decided_by]).get(row.decided_by or ""),
        decided_note=row.decided_note,
        decided_at=row.decided_at,
    )
