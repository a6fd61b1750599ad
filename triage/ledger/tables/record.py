"""What happened and what is told to others: the event log, the outbox, a town's own settings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.tables.base import SERIAL, Row

_UNSENT = "delivered_at IS NULL AND dead_at IS NULL"
_DEAD = "dead_at IS NOT NULL"


class EventRow(Row):
    """What happened, in order. It names things by id and holds no personal data.

    No foreign keys: the log outlives what it tells of. `hash` is the SHA-256 of the event and of
    the hash before it; `triage audit verify` walks the chain.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    submission_id: Mapped[str | None] = mapped_column(index=True)
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]]
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]


class WebhookRow(Row):
    """Where another system wants to hear of events (推送地址); its secret is sealed."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str]
    kinds: Mapped[list[str]]
    department: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    active: Mapped[bool]
    created_at: Mapped[datetime]


class DeliveryRow(Row):
    """The outbox: one message to one webhook, written in the transaction that it tells of.

    `key` is the idempotency key that every attempt carries. Neither `delivered_at` nor `dead_at`:
    it is still to be sent, not before `next_at`. `entry_id` is what it tells of, so that nothing
    of an entry that has turned out confidential is sent or shown; a trial message has none.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_due",
            "webhook_id",
            "next_at",
            "id",
            sqlite_where=text(_UNSENT),
            postgresql_where=text(_UNSENT),
        ),
        Index(
            "ix_delivery_dead",
            "webhook_id",
            "id",
            sqlite_where=text(_DEAD),
            postgresql_where=text(_DEAD),
        ),
        Index("ix_delivery_webhook", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str]


class HolidayRow(Row):
    """A day that the town says is worked or free, whatever the published calendar says."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool]
    note: Mapped[str]


class SettingRow(Row):
    """A setting that the console may change (deadline preset, thresholds of findings, …)."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
