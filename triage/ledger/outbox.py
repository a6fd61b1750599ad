"""The outbox: messages for other systems, written in the transaction that they tell of.

What was committed is told at least once, what was undone never. A message names its entry by id and
codes; whoever may read more asks for it with a key. Of a confidential entry (Art. 30) nothing is
written, nothing that was written before is sent, and nothing that was sent is shown.

    enqueue ──> claim_due ──> delivered
                 ^    │
                 │    ├─ unreachable: this message waits, and for a while all others
                 │    └─ refused: this message alone waits (`BACK_OFF`)
                 └────┴─ after the last attempt: dead, until somebody sends it again
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from triage.ledger.paging import in_chunks
from triage.ledger.tables import DeliveryRow, DepartmentRow, EntryRow, SubmissionRow, WebhookRow

BACK_OFF = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # between one attempt and the next; about three days in all
HOLD = timedelta(seconds=60)  # a message that nobody could take must not stop the others for longer
_TOLD = ("entry.", "decision.")
_CODES = (  # of an event's payload: what the receiver gets to know of the step
    "from",
    "to",
    "version",
    "lead",
    "before",
    "returns",
    "into",
    "extension",
    "forwarded_to",
    "solved",
    "satisfaction",
    "about",
    "at",
    "provisional",
)
_UNSENT = (DeliveryRow.delivered_at.is_(None), DeliveryRow.dead_at.is_(None))
HEARD = "heard"  # the name in `session.info` of whether any webhook is active, where that is known
IS_HEARD = exists().where(WebhookRow.active).label(HEARD)
_ACTIVE = (
    select(WebhookRow.id, WebhookRow.kinds, WebhookRow.department)
    .where(WebhookRow.active)
    .order_by(WebhookRow.id)
)
_COLUMNS = (
    EntryRow.id,
    EntryRow.submission_id,
    EntryRow.lead_department,
    EntryRow.assisting,
    EntryRow.state,
    EntryRow.urgency,
    EntryRow.domain_code,
    EntryRow.domain,
    EntryRow.nature,
    EntryRow.division,
    EntryRow.version,
    EntryRow.opened_at,
    EntryRow.deadline_at,
    EntryRow.outcome,
)


class Result(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # the receiver answered, but does not take this message
    UNREACHABLE = "unreachable"  # no answer, or one that says that the receiver is not well


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way: the same `key` with every attempt."""

    id: int
    key: str
    body: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A parcel, and what came of trying. `status` is the HTTP status, if there was an answer."""

    parcel: Parcel
    result: Result
    status: int | None = None
    error: str = ""


def enqueue(session: Session, events: Sequence[dict[str, Any]]) -> None:
    """Write the messages that these events (as `record_events` takes them) are worth.

    Called right before the commit, so that a message shows the entry as it then stands. Who has
    asked `IS_HEARD` along with something else notes the answer in the session: most towns have no
    webhook, and to ask for them takes as long as to add the event.
    """
    if not session.info.get(HEARD, True):
        return
    told = [
        event
        for event in events
        if event["entry_id"] is not None and event["kind"].startswith(_TOLD)
    ]
    webhooks = session.connection().execute(_ACTIVE).mappings().all() if told else []
    if not webhooks:
        return
    entries = _open_entries(session, {event["entry_id"] for event in told})
    wants = _make_filter(session, webhooks)
    parcels = [
        _values(webhook["id"], event, _tell(event, entry))
        for event in told
        if (entry := entries.get(event["entry_id"])) is not None
        for webhook in webhooks
        if wants(webhook, event, entry)
    ]
    if parcels:
        session.execute(insert(DeliveryRow), parcels)


def enqueue_trial(session: Session, webhook_id: int, *, now: datetime) -> None:
    """Write a message that tells of nothing, to see whether the receiver takes it."""
    trial = {"kind": "webhook.trial", "at": now, "entry_id": None}
    session.execute(insert(DeliveryRow).values(_values(webhook_id, trial, {})))


def matches(wanted: Sequence[str], kind: str) -> bool:
    """Whether an event of this kind is asked for: by its name, by "entry.*", or by "*"."""
    return "*" in wanted or kind in wanted or f"{kind.partition('.')[0]}.*" in wanted


def find_due_webhooks(session: Session, *, now: datetime) -> tuple[int, ...]:
    """The ids of the active webhooks for which something is to be sent now."""
    due = exists().where(*_due(now), DeliveryRow.webhook_id == WebhookRow.id)
    return tuple(session.scalars(select(WebhookRow.id).where(WebhookRow.active, due)))


def claim_due(
    session: Session, webhook_id: int, *, now: datetime, lease: timedelta, limit: int
) -> tuple[Parcel, ...]:
    """What to send to this webhook now, the longest due first; nobody else gets it for `lease`.

    A sender that dies meanwhile leaves it due again when the lease is over. What has turned out
    confidential is thrown away instead.
    """
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.webhook_id == webhook_id, *_due(now))
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    told = {row.entry_id for row in rows if row.entry_id is not None}
    hidden = told - _open_entries(session, told).keys()
    parcels = []
    for row in rows:
        if row.entry_id in hidden:
            session.delete(row)
            continue
        row.next_at = now + lease
        parcels.append(Parcel(row.id, row.key, row.body, row.attempts))
    session.flush()
    return tuple(parcels)


def settle(
    session: Session,
    webhook_id: int,
    attempts: Sequence[Attempt],
    *,
    untried: Sequence[Parcel] = (),
    now: datetime,
) -> None:
    """Note what came of the attempts; `untried` parcels go back.

    Where the last one could not be reached, all that waits for the receiver waits a while too, at
    most `HOLD`, and is not charged with an attempt.
    """
    for attempt in attempts:
        _change(session, DeliveryRow.id == attempt.parcel.id, **_settled(attempt, now=now))
    if untried:
        ids = [parcel.id for parcel in untried]
        _change(session, DeliveryRow.id.in_(ids), next_at=now)
    if attempts and attempts[-1].result is Result.UNREACHABLE:
        until = now + min(_delay(attempts[-1].parcel.attempts), HOLD)
        waiting = (DeliveryRow.webhook_id == webhook_id, DeliveryRow.next_at < until)
        _change(session, *waiting, next_at=until)


def forget_delivered(session: Session, *, before: datetime) -> int:
    """Delete what was delivered before this time; how many. What is waiting or dead stays."""
    gone = session.execute(delete(DeliveryRow).where(DeliveryRow.delivered_at < before))
    count: int = gone.rowcount  # type: ignore[attr-defined]
    return count


def is_shown() -> ColumnElement[bool]:
    """The condition that a delivery tells of nothing confidential."""
    hidden = (
        exists()
        .where(EntryRow.id == DeliveryRow.entry_id, SubmissionRow.id == EntryRow.submission_id)
        .where(EntryRow.confidential | SubmissionRow.confidential)
    )
    return ~hidden


def _open_entries(session: Session, ids: set[int]) -> dict[int, RowMapping]:
    """The entries with these ids as they stand, by id, without those that are confidential."""
    return {
        row["id"]: row
        for chunk in in_chunks(sorted(ids))
        for row in session.execute(
            select(*_COLUMNS)
            .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
            .where(
                EntryRow.id.in_(chunk),
                EntryRow.confidential.is_(False),
                SubmissionRow.confidential.is_(False),
            )
        ).mappings()
    }


def _make_filter(
    session: Session, webhooks: Sequence[RowMapping]
) -> Callable[[RowMapping, dict[str, Any], RowMapping], bool]:
    """Whether a webhook wants an event: of this kind, and of an entry that its department, or one
    below it, leads, assists in, or has just passed on."""
    known: dict[str, RowMapping] = {}
    if any(webhook["department"] is not None for webhook in webhooks):
        departments = select(DepartmentRow.code, DepartmentRow.name, DepartmentRow.parent)
        known = {row["code"]: row for row in session.execute(departments).mappings()}
    codes = {row["name"]: code for code, row in known.items()}

    def is_within(code: str | None, department: str) -> bool:
        seen: set[str] = set()
        while code is not None and code in known and code not in seen:
            if code == department:
                return True
            seen.add(code)
            code = known[code]["parent"]
        return False

    def wants(webhook: RowMapping, event: dict[str, Any], entry: RowMapping) -> bool:
        if not matches(webhook["kinds"], event["kind"]):
            return False
        if webhook["department"] is None:
            return True
        before = event["payload"].get("before")  # who led it until then
        concerned = [entry["lead_department"], before if isinstance(before, str) else None]
        concerned += [codes.get(name) for name in entry["assisting"]]
        return any(is_within(code, webhook["department"]) for code in concerned)

    return wants


def _tell(event: dict[str, Any], entry: RowMapping) -> dict[str, Any]:
    """What a message says of an event: codes of the step, and the entry as it now stands."""
    payload = event["payload"]
    step = {name: payload[name] for name in _CODES if name in payload}
    told = {name: _plain(value) for name, value in entry.items()}
    return {"step": step, "entry": told}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _values(webhook_id: int, event: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    at = event["at"]
    return {
        "webhook_id": webhook_id,
        "entry_id": event["entry_id"],
        "key": f"msg_{secrets.token_urlsafe(18)}",
        "kind": event["kind"],
        "body": {"type": event["kind"], "timestamp": at.isoformat(), "data": data},
        "created_at": at,
        "attempts": 0,
        "next_at": at,
        "last_error": "",
    }


def _settled(attempt: Attempt, *, now: datetime) -> dict[str, Any]:
    tried = attempt.parcel.attempts
    change: dict[str, Any] = {
        "attempts": tried + 1,
        "last_status": attempt.status,
        "last_error": attempt.error,
    }
    if attempt.result is Result.DELIVERED:
        return change | {"delivered_at": now}
    if tried >= len(BACK_OFF):
        return change | {"dead_at": now}
    return change | {"next_at": now + BACK_OFF[tried]}


def _change(session: Session, *where: ColumnElement[bool], **values: Any) -> None:
    """Of what is still to be sent only: a sender that was too slow changes nothing any more."""
    session.execute(
        update(DeliveryRow)
        .where(*where, *_UNSENT)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _delay(tried: int) -> timedelta:
    return BACK_OFF[min(tried, len(BACK_OFF) - 1)]


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*_UNSENT, DeliveryRow.next_at <= now)
