"""Attempts that failed, counted for all workers together: lock-outs and rate limits.

An attempt is noted before its secret is looked at and taken back when it was right, so that a
thousand guesses sent at once count as a thousand.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from triage.errors import TooManyAttempts
from triage.ledger.store import get_ring
from triage.ledger.tables import AttemptRow

_LOCK_SPACE = 0x7472  # "tr": apart from the one-number locks of the ledger


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` failed attempts of a `kind` by or on one subject within `window`."""

    kind: str
    most: int
    window: timedelta


def begin_attempt(
    session: Session, tries: Sequence[tuple[Limit, str]], *, now: datetime
) -> tuple[int, ...]:
    """Note one attempt against each (limit, subject); the ids, by which `forgive` takes it back.

    Of a subject (a login, a tracking code, an address) only a keyed digest is kept. Raises
    TooManyAttempts, and notes nothing, where a limit is reached.
    """
    counted = sorted(
        ((limit, _digest(session, limit.kind, subject)) for limit, subject in tries),
        key=lambda one: (one[0].kind, one[1]),
    )
    for limit, subject in counted:
        _wait_for_others(session, f"{limit.kind} {subject}")
        of_this = (AttemptRow.kind == limit.kind, AttemptRow.subject == subject)
        last = session.scalars(
            select(AttemptRow.at)
            .where(*of_this, AttemptRow.at > now - limit.window)
            .order_by(AttemptRow.at.desc())
            .limit(limit.most)
        ).all()
        if len(last) >= limit.most:
            raise TooManyAttempts(wait=last[-1] + limit.window - now)
    rows = [AttemptRow(kind=limit.kind, subject=subject, at=now) for limit, subject in counted]
    session.add_all(rows)
    session.flush()
    return tuple(row.id for row in rows)


def forgive(session: Session, attempts: Sequence[int]) -> None:
    """Take attempts back that turned out right."""
    session.execute(delete(AttemptRow).where(AttemptRow.id.in_(attempts)))


def forget_attempts(session: Session, kind: str, subject: str) -> None:
    """Take back all attempts of this kind on this subject: the lock is off."""
    session.execute(
        delete(AttemptRow).where(
            AttemptRow.kind == kind, AttemptRow.subject == _digest(session, kind, subject)
        )
    )


def drop_old_attempts(session: Session, *, before: datetime) -> None:
    """Delete what no limit counts any more; for a clean-up now and then."""
    session.execute(delete(AttemptRow).where(AttemptRow.at < before))


def _digest(session: Session, kind: str, subject: str) -> str:
    return get_ring(session).digest(subject, purpose=f"attempt:{kind}")


def _wait_for_others(session: Session, subject: str) -> None:
    """Until the end of this transaction nobody else counts this subject. A writer on SQLite is
    alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:space, :subject)")
        number = zlib.crc32(subject.encode()) - 2**31
        session.execute(lock, {"space": _LOCK_SPACE, "subject": number})
