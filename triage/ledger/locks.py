"""Kinds of work that one transaction does at a time, and their locks on PostgreSQL.

SQLite has but one writer at any time, so nothing is locked there.
"""

from enum import IntEnum

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

_FIRST = 0x7472696167650000  # "triage" and a number: what no other program locks


class Work(IntEnum):
    """What is locked. The number of one that was given up is not used again."""

    UPGRADE = _FIRST + 1  # the tables themselves
    GROUPING = _FIRST + 3  # who belongs to which common problem
    SEALING = _FIRST + 4  # what goes under the seal, against what is written of it (shared)
    SETTINGS = _FIRST + 5
    KEYS = _FIRST + 6  # the key file


def take_lock(place: Session | Connection, work: Work, *, shared: bool = False) -> None:
    """Wait until no other transaction holds it, or with `shared` until none holds it alone; kept to
    the end of the transaction."""
    connection = place.connection() if isinstance(place, Session) else place
    if connection.dialect.name == "postgresql":
        kind = "_shared" if shared else ""
        asked = text(f"SELECT pg_advisory_xact_lock{kind}(:lock)")
        connection.execute(asked, {"lock": int(work)})
