"""What a clerk decides about a submission: appended, never written over the suggestion."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from triage.classifiers import ACCUSATION
from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.accusations import put_away
from triage.ledger.assignments import check_line
from triage.ledger.clock import rerule_clock, start_clock
from triage.ledger.commands import run_command
from triage.ledger.departments import find_codes
from triage.ledger.events import record_events
from triage.ledger.extensions import lapse_request
from triage.ledger.records import insert_entries
from triage.ledger.states import STATE_NAMES, EntryState
from triage.ledger.steps import Step, find_assisting
from triage.ledger.tables import DecisionRow, EntryRow, SubmissionRow, SuggestionRow
from triage.ledger.views import StoredEntry, entry_view
from triage.ledger.withholding import withhold_named
from triage.roles import Action, Caller
from triage.suggestions import NATURES, URGENCY_NAMES
from triage.taxonomy import Domain
from triage.workflow import Command

_PLEA = "求助"  # what an emergency is where nobody has said
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
    suggested; a decision that says nothing confirms. `lead` and `assisting` are names.

    `alarm` is the emergency line (紧急热线) that is told of it at once: then it is 特急, and a plea
    for help where no nature is known, so that nothing but domain and lead need be known.
    """

    lead: str | None = None
    assisting: tuple[str, ...] | None = None
    domain: Domain | None = None
    urgency: int | None = None
    nature: str | None = None
    division: str | None = None
    reason: str = ""
    alarm: str | None = None


def record_decision(
    session: Session,
    submission_id: str,
    decision: Decision,
    *,
    caller: Caller,
    now: datetime,
    taxonomy: str = "letters",
    version: int | None = None,
    entry_id: int | None = None,
) -> StoredEntry | None:
    """Append a decision, and open or change the entry accordingly; the entry as it then stands.

    `version` is that of the entry the clerk looked at, `entry_id` says which of several, where the
    submission was split. A submission called an accusation (检举控告), whatever has become of it,
    goes under the seal with all that was said of it, and None is given: from then on it does not
    exist for clerks. An `alarm` (国办函〔2025〕66号) is a step of its own in the same transaction,
    as if given to the entry afterwards; of an accusation it stands under the seal. Raises
    AccessDenied, NotFound for a submission this clerk may not know of or an unknown department,
    InvalidInput where no lead, domain, urgency or nature is known or one is none, Conflict where
    the entry was changed since, has left the line or is one of several.
    """
    caller.require(Action.DECIDE)
    # Not even the key is locked: who adds a row that refers to it need not wait.
    submission = session.get(SubmissionRow, submission_id, with_for_update={"key_share": True})
    if submission is None or submission.confidential:
        raise NotFound(f"没有编号为 {submission_id} 的来件，请核对编号", field="id")
    if decision.nature == ACCUSATION:  # at any time, whatever has become of it
        line = ""
        if decision.alarm is not None:
            caller.require(Action.ASSIGN)
            line = check_line(decision.alarm, field="alarm")
        told = {"reason": decision.reason, "alarm": line}
        put_away(session, submission, who=caller.who, now=now, **told)
        return None
    suggestion = session.scalar(
        select(SuggestionRow)
        .where(SuggestionRow.submission_id == submission_id)
        .order_by(SuggestionRow.id.desc())
        .limit(1)
    )
    entry = _lock_entry(session, submission_id, entry_id)
    if entry is not None and entry.closed_at is not None:
        raise Conflict(f"该台账条目已“{STATE_NAMES[entry.state]}”，不能再改；确需更正请先重办")
    if version is not None and version != (entry.version if entry else 0):
        raise Conflict("该来件刚被他人改过，请刷新后再确认", field="version")

    before = (
        _entry_values(entry) if entry else _suggested_values(session, suggestion, taxonomy=taxonomy)
    )
    if decision.alarm is not None:
        decision = _hurry(decision, nature=before["nature"])
    after = before | _decided_values(session, decision, taxonomy=taxonomy)
    _check_complete(after)
    lead = after["lead_department"]
    if decision.assisting is not None:
        after["assisting"] = find_assisting(session, decision.assisting, lead=lead)
    elif lead != before["lead_department"]:  # who leads does not assist too
        codes = find_codes(session)
        after["assisting"] = [name for name in after["assisting"] if codes.get(name) != lead]
    kind = "confirmed" if after == before else "corrected"

    if entry is None:
        row = after | {
            "submission_id": submission_id,
            "state": EntryState.ASSIGNED,
            "confidential": False,
        }
        stored = insert_entries(session, [row], now=now)[submission_id]
    else:
        stored = _change_entry(session, entry, after, caller=caller, now=now)
    session.execute(
        insert(DecisionRow).values(
            submission_id=submission_id,
            entry_id=stored.id,
            suggestion_id=suggestion.id if suggestion else None,
            who=caller.who,
            kind=kind,
            reason=decision.reason,
            payload={"before": before, "after": after},
            decided_at=now,
        )
    )
    withhold_named(session, decision.reason, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": f"decision.{kind}",
        "submission_id": submission_id,
        "entry_id": stored.id,
        "payload": {
            "lead": stored.lead_department,
            "urgency": stored.urgency,
            "version": stored.version,
        }
        | ({"before": before["lead_department"]} if entry is not None else {}),
    }
    record_events(session, [happened], now=now)
    if decision.alarm is None:
        return stored
    return run_command(
        session,
        stored.id,
        Command.ALARM,
        caller=caller,
        version=stored.version,
        now=now,
        to=decision.alarm,
    )


def _hurry(decision: Decision, *, nature: str | None) -> Decision:
    """What a decision comes to where an emergency line is told of it."""
    line = check_line(decision.alarm or "", field="alarm")
    return replace(
        decision,
        urgency=1,
        nature=decision.nature or nature or _PLEA,
        reason=decision.reason or f"特急，立即转{line}",
    )


def _lock_entry(session: Session, submission_id: str, entry_id: int | None) -> EntryRow | None:
    query = select(EntryRow).where(EntryRow.submission_id == submission_id)
    if entry_id is not None:
        query = query.where(EntryRow.id == entry_id)
    entries = session.scalars(query.order_by(EntryRow.id).with_for_update(key_share=True)).all()
    if entry_id is not None and not entries:
        raise NotFound(f"该来件没有编号为 {entry_id} 的台账条目，请核对编号", field="entry")
    if len(entries) > 1:
        raise Conflict(
            f"该来件已拆分为 {len(entries)} 个事项，请指明要改的台账条目编号", field="entry"
        )
    return entries[0] if entries else None


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
        # Where a discipline officer has found that it is none, a clerk says what it is.
        "nature": None if suggestion.nature == ACCUSATION else suggestion.nature,
        "division": said["place"]["division"],
    }


def _decided_values(session: Session, decision: Decision, *, taxonomy: str) -> dict[str, Any]:
    decided: dict[str, Any] = {
        "urgency": decision.urgency,
        "nature": decision.nature,
        "division": decision.division,
    }
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
    session: Session, entry: EntryRow, values: dict[str, Any], *, caller: Caller, now: datetime
) -> StoredEntry:
    """The clock runs on, by the rule that now fits; a new lead department signs for it anew."""
    moved = values["lead_department"] != entry.lead_department
    if moved and entry.replied_at is not None:
        raise Conflict("该条目已回告，不能再换主办单位；确需改派请先重办", field="lead")
    moved = moved or entry.state is EntryState.REGISTERED
    for name, value in values.items():
        setattr(entry, name, value)
    entry.version += 1
    if entry.replied_at is None:
        rerule_clock(session, entry, now=now)
    if moved:
        entry.state = EntryState.ASSIGNED
        entry.assigned_at = now
        entry.accepted_at = None
        entry.assignee = None
        start_clock(session, entry, now=now)
        lapse_request(Step(session, entry, caller, now, ""))
    session.flush()
    return entry_view(entry)
