"""Bringing an existing problem list in: each row becomes a submission and an entry as it stood.

The machine suggests as for any other; what the list says of it is a decision of who imports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from triage.calendar import Span, Unit, day_of
from triage.errors import InvalidInput
from triage.ledger.clock import deadline_columns
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.events import record_events
from triage.ledger.records import Filed, record_batch
from triage.ledger.states import STATE_NAMES, EntryState, Outcome
from triage.ledger.steps import append_action
from triage.ledger.tables import EntryRow, ReplyRow, to_utc
from triage.ledger.views import StoredEntry, entry_view
from triage.ledger.withholding import withhold_named
from triage.roles import Action, Caller
from triage.submissions import Submission
from triage.suggestions import Suggestion
from triage.taxonomy import Domain
from triage.transitions import Command

STATES = (EntryState.ASSIGNED, EntryState.ACCEPTED, EntryState.REPLIED, EntryState.CLOSED)
MAX_REPLY = 10_000
GROUND = "导入前已销号"
_EARLIEST = 1950  # year; what is before it is a slip of the pen, or an empty Excel date
_DAYS = range(1, 1000)  # what a time limit counted in days may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a list says of one matter besides its words; what is None it does not say.

    `lead` and `assisting` are names of departments, `source` names list and row. Replied and closed
    matters need an `outcome`.
    """

    source: str
    lead: str | None = None
    assisting: tuple[str, ...] | None = None
    domain: Domain | None = None
    urgency: int | None = None
    nature: str | None = None
    division: str | None = None
    opened_at: datetime | None = None
    deadline_at: datetime | None = None
    state: EntryState = EntryState.ASSIGNED
    outcome: Outcome | None = None
    reply: str = ""
    replied_at: datetime | None = None
    closed_at: datetime | None = None


def check_listed(listed: Listed, *, now: datetime) -> Listed:
    """The same, if a matter can stand so. Raises InvalidInput naming the field."""
    if listed.state not in STATES:
        known = "、".join(STATE_NAMES[state] for state in STATES)
        raise InvalidInput(f"导入的状态只能是 {known}，请改正", field="state")
    if listed.state in (EntryState.REPLIED, EntryState.CLOSED) and listed.outcome is None:
        raise InvalidInput(
            "已回告、已销号的须写明办理结果：已解决、已解释或不予支持", field="outcome"
        )
    if len(listed.reply) > MAX_REPLY:
        raise InvalidInput(f"回告内容超过 {MAX_REPLY} 字，请缩短", field="reply")
    for field in ("opened_at", "deadline_at", "replied_at", "closed_at"):
        moment = getattr(listed, field)
        if moment is None:
            continue
        if moment.year < _EARLIEST:
            raise InvalidInput(f"时间 {moment:%Y-%m-%d} 过早，请核对年份", field=field)
        if moment > now and field != "deadline_at":
            raise InvalidInput(f"时间 {moment:%Y-%m-%d %H:%M} 在将来，请核对", field=field)
    return listed


def import_problems(
    session: Session,
    rows: Sequence[tuple[Submission, Suggestion, Listed]],
    *,
    caller: Caller,
    now: datetime,
    taxonomy: str = "letters",
) -> list[Filed]:
    """Take the rows in; one outcome for each, in the same order.

    A row that was imported before changes nothing. One that names no lead department, and of which
    the machine is not sure, waits in review; one that may be an accusation goes to the discipline
    side, whatever the list says of it. Raises AccessDenied without IMPORT_LISTS and DECIDE.
    """
    caller.require(Action.IMPORT_LISTS)
    caller.require(Action.DECIDE)
    pairs = [(submission, suggestion) for submission, suggestion, _ in rows]
    filed = record_batch(session, pairs, now=now, source=caller.who, taxonomy=taxonomy)
    return [
        _import_row(session, one, *row, caller=caller, now=now, taxonomy=taxonomy)
        for one, row in zip(filed, rows, strict=True)
    ]


def _import_row(
    session: Session,
    filed: Filed,
    submission: Submission,
    _suggestion: Suggestion,
    listed: Listed,
    *,
    caller: Caller,
    now: datetime,
    taxonomy: str,
) -> Filed:
    stored = filed.submission
    if stored is None or not filed.created or stored.confidential:
        return filed
    if filed.entry is None and listed.lead is None:
        return filed
    entry = _decide(session, submission, listed, caller=caller, now=now, taxonomy=taxonomy)
    hidden = entry is None  # the list itself calls it an accusation
    return replace(filed, submission=replace(stored, confidential=hidden), entry=entry)


def _decide(
    session: Session,
    submission: Submission,
    listed: Listed,
    *,
    caller: Caller,
    now: datetime,
    taxonomy: str,
) -> StoredEntry | None:
    decision = Decision(
        lead=listed.lead,
        assisting=listed.assisting,
        domain=listed.domain,
        urgency=listed.urgency,
        nature=listed.nature,
        division=listed.division,
        reason=f"由{listed.source}导入",
    )
    stored = record_decision(
        session, submission.id, decision, caller=caller, now=now, taxonomy=taxonomy
    )
    if stored is None:
        return None
    entry = session.get(EntryRow, stored.id)
    if entry is None:
        raise RuntimeError("an entry that was just decided on cannot be found")
    _set_back_in_time(session, entry, submission, listed, now=now)
    _set_state(session, entry, listed, caller=caller, now=now)
    session.flush()
    withhold_named(session, listed.reply, who=caller.who, now=now, since=entry.opened_at)
    append_action(
        session,
        entry,
        Command.REGISTER,
        who=caller.who,
        note=f"由{listed.source}导入",
        data={"state": listed.state, "outcome": listed.outcome},
        before=EntryState.REGISTERED,
        now=now,
    )
    happened = {
        "actor": caller.who,
        "kind": "entry.imported",
        "submission_id": submission.id,
        "entry_id": entry.id,
        "payload": {
            "lead": entry.lead_department,
            "state": entry.state,
            "outcome": entry.outcome,
            "version": entry.version,
        },
    }
    record_events(session, [happened], now=now)
    return entry_view(entry)


def _set_back_in_time(
    session: Session, entry: EntryRow, submission: Submission, listed: Listed, *, now: datetime
) -> None:
    """The clock began when the list says; the times to sign for it and to object begin now."""
    opened = to_utc(listed.opened_at or submission.received_at or now)
    opened = min(opened, to_utc(now))
    entry.opened_at = opened
    # One still to be signed for or returned was assigned just now: those times run from here.
    if listed.state not in (EntryState.ASSIGNED, EntryState.ACCEPTED):
        entry.assigned_at = opened
    terms = deadline_columns(
        session,
        urgency=entry.urgency,
        nature=entry.nature,
        domain_code=entry.domain_code,
        started_at=opened,
    )
    for name, value in terms.items():
        if name not in ("accept_by", "return_by"):
            setattr(entry, name, value)
    if listed.deadline_at is not None:
        deadline = max(to_utc(listed.deadline_at), opened + timedelta(seconds=1))
        days = (day_of(deadline) - day_of(opened)).days
        entry.deadline_at, entry.provisional = deadline, False
        entry.runs_from = opened
        entry.runs_for = str(Span(min(max(days, _DAYS[0]), _DAYS[-1]), Unit.DAY))


def _set_state(
    session: Session, entry: EntryRow, listed: Listed, *, caller: Caller, now: datetime
) -> None:
    entry.state = listed.state
    if listed.state is EntryState.ASSIGNED:
        return
    entry.accepted_at = entry.opened_at
    if listed.state is EntryState.ACCEPTED:
        return
    closed_at = to_utc(listed.closed_at or listed.replied_at or now)
    replied_at = to_utc(listed.replied_at or closed_at)
    entry.replied_at = max(replied_at, entry.opened_at)
    entry.outcome = listed.outcome
    if listed.reply.strip():
        session.execute(
            insert(ReplyRow).values(
                entry_id=entry.id,
                text=listed.reply.strip(),
                outcome=listed.outcome,
                quality=None,
                who=caller.who,
                at=entry.replied_at,
            )
        )
    if listed.state is EntryState.CLOSED:
        entry.closed_at = max(closed_at, entry.replied_at)
        entry.ground = GROUND
