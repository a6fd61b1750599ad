"""What all tables share: the base class, and column types that mean the same on every database."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    Enum,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase

from triage.ledger.states import (
    EntryState,
    FindingState,
    ImportState,
    Outcome,
    ProblemState,
    RepeatState,
    SubmissionStatus,
    TaskState,
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(raw: str) -> str:
    """`raw` with NUL and broken surrogates, which PostgreSQL cannot hold, as U+FFFD.

    The length stays the same, so the offsets of evidence still point at the right words.
    """
    try:  # by far the quickest way to see that there are no surrogates
        raw.encode()
    except UnicodeEncodeError:
        return _UNSTORABLE.sub("\ufffd", raw)
    return raw.replace("\x00", "\ufffd")


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


SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys itself


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
        list[dict[str, Any]]: JSON,
        EntryState: _one_of(EntryState),
        FindingState: _one_of(FindingState),
        ImportState: _one_of(ImportState),
        Outcome: _one_of(Outcome),
        ProblemState: _one_of(ProblemState),
        RepeatState: _one_of(RepeatState),
        SubmissionStatus: _one_of(SubmissionStatus),
        TaskState: _one_of(TaskState),
    }
