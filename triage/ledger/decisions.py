"""What a clerk decides about a submission: appended, never written over the suggestion."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.clock import rerule_clock, start_clock
from triage.ledger.departments import find_codes
from triage.ledger.events import record_events
from triage.ledger.records import insert_entries
from triage.ledger.states import EntryState
from triage.ledger.tables import DecisionRow, EntryRow, SubmissionRow, SuggestionRow
from triage.ledger.views import StoredEntry, entry_view
from triage.suggestions import NATURES, URGENCY_NAMES
from triage.taxonomy import Domain

_ACCUSATION = "检举控告"
_DECIDABLE = (
    "lead_department",
    "assisting",
    "urgency",
    "taxonomy",
    "domain_code",
    "domain",
    "nature",
    "division",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a clerk decided (经办人认定). What is None stays as it stands in the entry, or as it was
    suggested; a decision that says nothing confirms. `lead` and `assisting` are names."""

    lead: str | None = None
    assisting: tuple[str, ...] | None = None
    domain: Domain | None = None
    urgency: int | None = None
    nature: str | None = None
    division: str | None = None
    reason: str = ""


def record_decision(
    session: Session,
    submission_id: str,
    decision: Decision,
    *,
    who: str,
    now: datetime,
    may_see_confidential: bool,
    taxonomy: str = "letters",
    version: int | None = None,
) -> StoredEntry:
    """Append a decision, and open or change the entry accordingly; the entry as it then stands.

    `version` is that of the entry the clerk looked at. A submission called an accusation
    (检举控告) becomes confidential. Raises NotFound for a submission this clerk may not know of or
    an unknown department, InvalidInput where no lead, domain, urgency or nature is known or
    one is none, Conflict where the entry was changed since or is closed.
    """
    submission = session.get(SubmissionRow, submission_id, with_for_update=True)
    if submission is None or (submission.confidential and not may_see_confidential):
        raise NotFound(f"没有编号为 {submission_id} 的来件，请核对编号", field="id")
    suggestion = session.scalar(
        select(SuggestionRow)
        .where(SuggestionRow.submission_id == submission_id)
        .order_by(SuggestionRow.id.desc())
        .limit(1)
    )
    entry = session.scalar(
        select(EntryRow)
        .where(EntryRow.submission_id == submission_id)
        .order_by(EntryRow.id.desc())
        .limit(1)
    )
    if entry is not None and entry.closed_at is not None:
        raise Conflict("该台账条目已销号，不能再改；如需重办请先申请重办")
    if version is not None and version != (entry.version if entry else 0):
        raise Conflict("该来件刚被他人改过，请刷新后再确认", field="version")

    before = (
        _entry_values(entry) if entry else _suggested_values(session, suggestion, taxonomy=taxonomy)
    )
    after = before | _decided_values(session, decision, taxonomy=taxonomy)
    _check_complete(after)
    confidential = submission.confidential or after["nature"] == _ACCUSATION
    kind = "confirmed" if after == before else "corrected"

    submission.confidential = confidential
    if entry is None:
        row = after | {
            "submission_id": submission_id,
            "state": EntryState.ASSIGNED,
            "confidential": confidential,
        }
        stored = insert_entries(session, [row], now=now)[submission_id]
    else:
        stored = _change_entry(session, entry, after, confidential=confidential, now=now)
    session.execute(
        insert(DecisionRow).values(
            submission_id=submission_id,
            entry_id=stored.id,
            suggestion_id=suggestion.id if suggestion else None,
            who=who,
            kind=kind,
            reason=decision.reason,
            payload={"before": before, "after": after},
            decided_at=now,
        )
    )
    happened = {
        "actor": who,
        "kind": f"decision.{kind}",
        "submission_id": submission_id,
        "entry_id": stored.id,
        "payload": {
            "lead": stored.lead_department,
            "urgency": stored.urgency,
            "version": stored.version,
        },
    }
    record_events(session, [happened], now=now)
    return stored


def _entry_values(entry: EntryRow) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _DECIDABLE}


def _suggested_values(
    session: Session, suggestion: SuggestionRow | None, *, taxonomy: str
) -> dict[str, Any]:
    if suggestion is None:
        return dict.fromkeys(_DECIDABLE) | {"assisting": []}
    said = suggestion.payload
    domain = said["domain"]
    return {
        "lead_department": find_codes(session).get(suggestion.lead or ""),
        "assisting": said["department"]["assisting"],
        "urgency": suggestion.urgency,
        "taxonomy": taxonomy,
        "domain_code": suggestion.domain_code,
        "domain": "/".join((domain["level1"], domain["level2"], domain["level3"])),
        "nature": suggestion.nature,
        "division": said["place"]["division"],
    }


def _decided_values(session: Session, decision: Decision, *, taxonomy: str) -> dict[str, Any]:
    decided: dict[str, Any] = {
        "urgency": decision.urgency,
        "nature": decision.nature,
        "division": decision.division,
    }
    if decision.assisting is not None:
        decided["assisting"] = list(decision.assisting)
    if decision.domain is not None:
        domain = {"domain_code": decision.domain.code, "domain": str(decision.domain)}
        decided |= domain | {"taxonomy": taxonomy}
    if decision.lead is not None:
        codes = find_codes(session)
        if decision.lead not in codes:
            raise NotFound(f"没有“{decision.lead}”这个责任单位，请从名录中选择", field="lead")
        decided["lead_department"] = codes[decision.lead]
    return {name: value for name, value in decided.items() if value is not None}


def _check_complete(values: dict[str, Any]) -> None:
    if values["lead_department"] is None:
        raise InvalidInput("尚未确定主办单位，请选择主办单位后再确认", field="lead")
    if values["domain_code"] is None:
        raise InvalidInput("尚未确定领域，请选择领域后再确认", field="domain")
    if values["urgency"] not in URGENCY_NAMES:
        raise InvalidInput("紧急程度应为 1（特急）至 4（一般），请重新选择", field="urgency")
    if values["nature"] not in NATURES:
        raise InvalidInput(f"诉求性质应为{'、'.join(NATURES)}之一，请重新选择", field="nature")


def _change_entry(
    session: Session,
    entry: EntryRow,
    values: dict[str, Any],
    *,
    confidential: bool,
    now: datetime,
) -> StoredEntry:
    """The clock runs on, by the rule that now fits; a new lead department signs for it anew."""
    moved = values["lead_department"] != entry.lead_department
    for name, value in values.items():
        setattr(entry, name, value)
    entry.confidential = confidential
    entry.version += 1
    if entry.replied_at is None:
        rerule_clock(session, entry, now=now)
    if moved:
        entry.state = EntryState.ASSIGNED
        entry.assigned_at = now
        entry.accepted_at = None
        entry.assignee = None
        start_clock(session, entry, now=now)
    session.flush()
    return entry_view(entry)
