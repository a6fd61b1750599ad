"""Where other systems want to hear of events, and what became of the messages to them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from triage.errors import InvalidInput, NotFound
from triage.ledger.departments import get_department
from triage.ledger.events import record_events
from triage.ledger.outbox import enqueue_trial, is_shown
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.store import get_ring
from triage.ledger.tables import DeliveryRow, WebhookRow
from triage.roles import Action, Caller
from triage.sealing import Sealed
from triage.signing import new_secret
from triage.workflow import ON_SUBMISSIONS, Command

KINDS = (
    "*",
    "entry.*",
    "decision.*",
    "entry.opened",
    *(f"entry.{command}" for command in Command if command not in ON_SUBMISSIONS),
    "entry.reopened",
    "entry.reminded",
    "entry.recounted",
    "entry.imported",
    "decision.confirmed",
    "decision.corrected",
)
MAX_NAME = 100
MAX_URL = 1000
_SPACES = re.compile(r"[\s\x00-\x1f\x7f]")


class DeliveryState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver (推送地址) without its secret; `department` (code) limits it to that one's entries
    and to those of the departments below."""

    id: int
    name: str
    url: str
    kinds: tuple[str, ...]
    department: str | None
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """A receiver, and how much waits for it or is dead; `last_error` is that of the oldest that
    waits ("" where nothing has failed)."""

    webhook: Webhook
    waiting: int
    dead: int
    waiting_since: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A message and what became of it; `key` is what the receiver knows it by."""

    id: int
    key: str
    kind: str
    entry_id: int | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    dead_at: datetime | None
    last_status: int | None
    last_error: str


def create_webhook(
    session: Session,
    *,
    caller: Caller,
    name: str,
    url: str,
    kinds: Iterable[str],
    department: str | None = None,
    now: datetime,
) -> tuple[str, Webhook]:
    """A new receiver: the secret that signs its messages, shown this once, and its record.

    `department` is a code or name. Raises AccessDenied, InvalidInput for a name, address or kind
    that is none, NotFound for an unknown department.
    """
    caller.require(Action.MANAGE_WEBHOOKS)
    row = WebhookRow(
        name=_check_name(name),
        url=check_url(url),
        kinds=_check_kinds(kinds),
        department=get_department(session, department).code if department else None,
        active=True,
        created_at=now,
        secret=b"",
        key_id="",
    )
    session.add(row)
    session.flush()
    secret = _renew(session, row)
    _record(session, row, "webhook.created", caller=caller, now=now)
    return secret, _view(row)


def change_webhook(
    session: Session,
    webhook_id: int,
    *,
    caller: Caller,
    name: str | None = None,
    url: str | None = None,
    kinds: Iterable[str] | None = None,
    active: bool | None = None,
    now: datetime,
) -> Webhook:
    """Change what is not None; one that is not active is sent nothing, what waits for it waits on.

    Raises AccessDenied, NotFound, or InvalidInput as `create_webhook` does.
    """
    caller.require(Action.MANAGE_WEBHOOKS)
    row = _get(session, webhook_id)
    row.name = row.name if name is None else _check_name(name)
    row.url = row.url if url is None else check_url(url)
    row.kinds = row.kinds if kinds is None else _check_kinds(kinds)
    row.active = row.active if active is None else active
    session.flush()
    _record(session, row, "webhook.changed", caller=caller, now=now)
    return _view(row)


def renew_secret(session: Session, webhook_id: int, *, caller: Caller, now: datetime) -> str:
    """A new secret, shown this once; from now on messages are signed by it alone.

    Raises AccessDenied or NotFound.
    """
    caller.require(Action.MANAGE_WEBHOOKS)
    row = _get(session, webhook_id)
    secret = _renew(session, row)
    _record(session, row, "webhook.secret_renewed", caller=caller, now=now)
    return secret


def try_webhook(session: Session, webhook_id: int, *, caller: Caller, now: datetime) -> None:
    """Send a trial message. Raises AccessDenied, NotFound, InvalidInput where it is not active."""
    caller.require(Action.MANAGE_WEBHOOKS)
    row = _get(session, webhook_id)
    if not row.active:
        raise InvalidInput("该推送地址已停用，请先启用再试发", field="active")
    enqueue_trial(session, row.id, now=now)


def list_webhooks(session: Session, *, caller: Caller) -> tuple[WebhookHealth, ...]:
    """All receivers in the order they were made. Raises AccessDenied."""
    caller.require(Action.MANAGE_WEBHOOKS)
    rows = session.scalars(select(WebhookRow).order_by(WebhookRow.id)).all()
    return tuple(_measure(session, row) for row in rows)


def list_deliveries(
    session: Session,
    webhook_id: int,
    *,
    caller: Caller,
    state: DeliveryState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[StoredDelivery]:
    """One page of the messages to a receiver, the newest first; none of a confidential entry.

    Raises AccessDenied, NotFound, InvalidInput for a limit or cursor that is none.
    """
    caller.require(Action.MANAGE_WEBHOOKS)
    _get(session, webhook_id)
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.webhook_id == webhook_id, is_shown())
        .order_by(DeliveryRow.id.desc())
        .limit(check_limit(limit) + 1)
    )
    if state is not None:
        query = query.where(*_IN_STATE[state])
    if cursor is not None:
        query = query.where(DeliveryRow.id < read_cursor(cursor, int)[0])
    found = [_delivery_view(row) for row in session.scalars(query)]
    more = len(found) > limit
    return Page(tuple(found[:limit]), write_cursor(found[limit - 1].id) if more else None)


def resend(session: Session, delivery_id: int, *, caller: Caller, now: datetime) -> StoredDelivery:
    """Send a message again at once, under its old key, whether it was dead, delivered or waiting.

    Raises AccessDenied, NotFound where there is none that may be known of.
    """
    caller.require(Action.MANAGE_WEBHOOKS)
    row = session.scalar(select(DeliveryRow).where(DeliveryRow.id == delivery_id, is_shown()))
    if row is None:
        raise NotFound(f"没有编号为 {delivery_id} 的推送，请核对推送列表", field="id")
    row.dead_at = row.delivered_at = None
    row.attempts, row.next_at = 0, now
    session.flush()
    _record_resending(session, row.webhook_id, 1, caller=caller, now=now)
    return _delivery_view(row)


def resend_dead(session: Session, webhook_id: int, *, caller: Caller, now: datetime) -> int:
    """Send all dead messages to a receiver again; how many. Raises AccessDenied or NotFound."""
    caller.require(Action.MANAGE_WEBHOOKS)
    _get(session, webhook_id)
    revived = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.webhook_id == webhook_id, *_IN_STATE[DeliveryState.DEAD])
        .values(dead_at=None, attempts=0, next_at=now)
        .execution_options(synchronize_session=False)
    )
    count: int = revived.rowcount  # type: ignore[attr-defined]
    if count:
        _record_resending(session, webhook_id, count, caller=caller, now=now)
    return count


def find_target(session: Session, webhook_id: int) -> tuple[str, str]:
    """The address of a receiver and the secret that signs its messages, for the sender alone.

    Raises NotFound, or KeyUnavailable where the secret does not open.
    """
    row = _get(session, webhook_id)
    plain = get_ring(session).unseal(Sealed(row.key_id, row.secret), about=_about(row))
    return row.url, plain.decode()


def check_url(url: str) -> str:
    """The address, if messages can be sent there. Raises InvalidInput.

    Addresses within the town's own network are meant to be used; a user name or password in the
    address would end up in logs.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or "@" in parts.netloc
        or parts.fragment
        or not url.isascii()
        or _SPACES.search(url)
        or len(url) > MAX_URL
    ):
        raise InvalidInput(
            "推送地址应形如 https://主机/路径，不含用户名、密码、空格和中文，请改正", field="url"
        )
    return url


def _check_name(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME:
        raise InvalidInput(f"请为推送地址填写名称，至多 {MAX_NAME} 字", field="name")
    return name


def _check_kinds(kinds: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(kinds))
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        raise InvalidInput(
            f"没有“{'、'.join(unknown)}”这种事件，请从 {'、'.join(KINDS)} 中选择"
            if unknown
            else "请至少选一种事件，全部都要请填 *",
            field="kinds",
        )
    return wanted


def _get(session: Session, webhook_id: int) -> WebhookRow:
    row = session.get(WebhookRow, webhook_id)
    if row is None:
        raise NotFound(f"没有编号为 {webhook_id} 的推送地址，请核对列表", field="id")
    return row


def _about(row: WebhookRow) -> str:
    return f"webhook:{row.id}"  # the same is said in `resealing`


def _renew(session: Session, row: WebhookRow) -> str:
    secret = new_secret()
    row.key_id, row.secret = get_ring(session).seal(secret.encode(), about=_about(row))
    session.flush()
    return secret


def _record(session: Session, row: WebhookRow, kind: str, *, caller: Caller, now: datetime) -> None:
    payload = {
        "webhook": row.id,
        "host": urlsplit(row.url).hostname,  # the rest of the address may be a secret
        "kinds": row.kinds,
        "department": row.department,
        "active": row.active,
    }
    record_events(session, [{"actor": caller.who, "kind": kind, "payload": payload}], now=now)


def _record_resending(
    session: Session, webhook_id: int, count: int, *, caller: Caller, now: datetime
) -> None:
    payload = {"webhook": webhook_id, "count": count}
    event = {"actor": caller.who, "kind": "webhook.resent", "payload": payload}
    record_events(session, [event], now=now)


_IN_STATE: dict[DeliveryState, tuple[ColumnElement[bool], ...]] = {
    DeliveryState.WAITING: (DeliveryRow.delivered_at.is_(None), DeliveryRow.dead_at.is_(None)),
    DeliveryState.DELIVERED: (DeliveryRow.delivered_at.is_not(None),),
    DeliveryState.DEAD: (DeliveryRow.dead_at.is_not(None),),
}


def _measure(session: Session, row: WebhookRow) -> WebhookHealth:
    def count(state: DeliveryState) -> Any:
        return select(func.count()).where(
            DeliveryRow.webhook_id == row.id, *_IN_STATE[state], is_shown()
        )

    oldest = session.execute(
        select(DeliveryRow.created_at, DeliveryRow.last_error)
        .where(DeliveryRow.webhook_id == row.id, *_IN_STATE[DeliveryState.WAITING], is_shown())
        .order_by(DeliveryRow.id)
        .limit(1)
    ).first()
    return WebhookHealth(
        webhook=_view(row),
        waiting=session.scalar(count(DeliveryState.WAITING)) or 0,
        dead=session.scalar(count(DeliveryState.DEAD)) or 0,
        waiting_since=oldest.created_at if oldest else None,
        last_error=oldest.last_error if oldest else "",
    )


def _view(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        kinds=tuple(row.kinds),
        department=row.department,
        active=row.active,
        created_at=row.created_at,
    )


def _delivery_view(row: DeliveryRow) -> StoredDelivery:
    if row.delivered_at is not None:
        state = DeliveryState.DELIVERED
    else:
        state = DeliveryState.WAITING if row.dead_at is None else DeliveryState.DEAD
    return StoredDelivery(
        id=row.id,
        key=row.key,
        kind=row.kind,
        entry_id=row.entry_id,
        state=state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at if state is DeliveryState.WAITING else None,
        delivered_at=row.delivered_at,
        dead_at=row.dead_at,
        last_status=row.last_status,
        last_error=row.last_error,
    )
