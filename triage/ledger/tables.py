"""The tables. A change here needs a revision in `migrations/versions`; a test compares the two.

Suggestions, decisions and events are only ever added. Lengths are checked where a submission is
taken in, not here, so that no row can fail half-way through a batch.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from triage.ledger.states import EntryState, Outcome, SubmissionStatus

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(raw: str) -> str:
    """`raw` with NUL and broken surrogates, which PostgreSQL cannot hold, as U+FFFD.

    The length stays the same, so the offsets of evidence still point at the right words.
    """
    return _UNSTORABLE.sub("\ufffd", raw)


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError where it has no zone or lies beyond year 1-9999."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone cannot be stored: {moment!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


class Words(TypeDecorator[str]):
    """Text that any database can hold, in rows and in filters alike (see `storable`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - signature is SQLAlchemy's
        return None if value is None else storable(value)


class UtcTime(TypeDecorator[datetime]):
    """Aware datetimes, kept and given back in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = to_utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature is SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(kind: type[StrEnum]) -> Enum:
    """A text column that holds only values of `kind`; kept by the code, so a new state needs no
    rebuilt table."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys itself


class Row(DeclarativeBase):
    """What SQLAlchemy needs to know of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read once by SQLAlchemy
        float: Double,
        str: Words,
        datetime: UtcTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        EntryState: _one_of(EntryState),
        Outcome: _one_of(Outcome),
        SubmissionStatus: _one_of(SubmissionStatus),
    }


class DepartmentRow(Row):
    """A responsible department (责任单位), as the catalogue has it; never deleted, only retired."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    full_name: Mapped[str]
    kind: Mapped[str]
    aliases: Mapped[list[str]]
    active: Mapped[bool]


class SubmissionRow(Row):
    """A submission (来件). `id` is the sender's; `source` is who sent it ("" = this desk itself).

    `urgency` and `confidence` order the review queue. One without a suggestion yet stands at 1 and
    0.0: unread is not harmless.
    """

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency"),
        UniqueConstraint("source", "idempotency_key"),
        Index(
            "ix_submission_review",
            "urgency",
            "confidence",
            "id",
            sqlite_where=text("status = 'review'"),
            postgresql_where=text("status = 'review'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    content: Mapped[str]
    channel: Mapped[str | None]
    place: Mapped[str | None]
    received_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str]
    idempotency_key: Mapped[str | None]
    content_hash: Mapped[str]
    status: Mapped[SubmissionStatus]
    confidential: Mapped[bool]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    confidence: Mapped[float]


class SuggestionRow(Row):
    """What the machine suggested (系统建议); what one filters by stands in columns too."""

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    payload: Mapped[dict[str, Any]]
    domain_code: Mapped[str]
    confidence: Mapped[float]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    nature: Mapped[str]
    lead: Mapped[str | None]
    needs_review: Mapped[bool]
    confidential: Mapped[bool]
    model: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)


class EntryRow(Row):
    """An entry (台账条目) in the ledger of its lead department.

    `domain` is the path as it was called when the entry was made, so that a ledger still reads
    right after the town has changed its taxonomy. `version` counts changes: who changes an entry
    says which version was read. The ledger indexes end in `confidential` so that counting never
    leaves the index.
    """

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency"),
        Index(
            "ix_entry_ledger",
            "lead_department",
            "urgency",
            "opened_at",
            "id",
            "confidential",
        ),
        Index(
            "ix_entry_ledger_state",
            "lead_department",
            "state",
            "urgency",
            "opened_at",
            "id",
            "confidential",
        ),
        Index(
            "ix_entry_deadline",
            "deadline_at",
            "id",
            sqlite_where=text("closed_at IS NULL AND deadline_at IS NOT NULL"),
            postgresql_where=text("closed_at IS NULL AND deadline_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    lead_department: Mapped[str] = mapped_column(ForeignKey("department.code"))
    assisting: Mapped[list[str]]
    state: Mapped[EntryState]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    taxonomy: Mapped[str]
    domain_code: Mapped[str]
    domain: Mapped[str]
    nature: Mapped[str]
    division: Mapped[str | None]
    confidential: Mapped[bool]
    version: Mapped[int]
    opened_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]


class DecisionRow(Row):
    """What a clerk decided (经办人认定), with what stood before and what stands since."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestion.id"))
    who: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    payload: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime] = mapped_column(index=True)


class ApiKeyRow(Row):
    """A key by which another system speaks to the service; only its digest is kept."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    scopes: Mapped[list[str]]
    department: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class EventRow(Row):
    """What happened, in order. It names things by id and holds no personal data.

    No foreign keys: the log outlives what it tells of. `previous_hash` and `hash` are empty until
    the chain is kept.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    submission_id: Mapped[str | None] = mapped_column(index=True)
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]]
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]
