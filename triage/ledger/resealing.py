"""What is sealed in the database: under which keys, and sealed anew after a rotation."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.ledger.events import record_events
from triage.ledger.locks import Work, take_lock
from triage.ledger.sealedwork import about_work
from triage.ledger.store import get_ring
from triage.ledger.tables import (
    AccusationRow,
    ImportRow,
    SealedWorkRow,
    SubmitterRow,
    WebhookRow,
)
from triage.sealing import Sealed

# For each table: the column that is sealed, and what a row's seal is about.
_SEALED: tuple[tuple[type[Any], str, Callable[[Any], str]], ...] = (
    (AccusationRow, "sealed", lambda row: f"accusation:{row.submission_id}"),
    (SubmitterRow, "sealed", lambda row: f"submitter:{row.submission_id}"),
    (WebhookRow, "secret", lambda row: f"webhook:{row.id}"),
    (ImportRow, "content", lambda row: f"import:{row.id}"),
    (SealedWorkRow, "sealed", about_work),
)

_LARGE = (ImportRow, SealedWorkRow)  # they hold files
_FILES_AT_ONCE = 10


def list_key_ids(session: Session) -> frozenset[str]:
    """The ids of all keys that something in the database is sealed under."""
    return frozenset(
        key_id
        for table, _, _ in _SEALED
        for key_id in session.scalars(select(table.key_id).distinct())
        if key_id is not None  # a file that is all in is no longer kept
    )


def rotate_key(session: Session, *, who: str, now: datetime) -> str:
    """A new key in the ring's file, by which all is sealed from now on; its id. It goes on record.

    Of two at once one waits, for each reads the file and writes it anew. Raises KeyUnavailable.
    """
    take_lock(session, Work.KEYS)
    key_id = get_ring(session).rotate()
    happened = {"actor": who, "kind": "keyring.rotated", "payload": {"key": key_id}}
    record_events(session, [happened], now=now)
    return key_id


def reseal(session: Session, *, limit: int = 500) -> int:
    """Seal anew, under the current key, up to `limit` values that are sealed under older ones; how
    many these were. Call it until it says 0, in transactions of their own.

    Raises KeyUnavailable where one of them does not open.
    """
    ring = get_ring(session)
    done = 0
    for table, column, about in _SEALED:
        most = limit - done if table not in _LARGE else min(limit - done, _FILES_AT_ONCE)
        old = select(table).where(table.key_id != ring.current).limit(most)
        for row in session.scalars(old.with_for_update()):
            plain = ring.unseal(Sealed(row.key_id, getattr(row, column)), about=about(row))
            row.key_id, sealed = ring.seal(plain, about=about(row))
            setattr(row, column, sealed)
            done += 1
    session.flush()
    return done
