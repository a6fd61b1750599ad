"""The event log: what happened, who did it and when; only ever appended to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.ledger.chain import put_aside
from triage.ledger.tables import EventRow

_BLANK: dict[str, Any] = {"submission_id": None, "entry_id": None, "payload": {}}


def record_events(session: Session, events: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Append events: dicts of `actor`, `kind` ("entry.opened", …) and, where there are any,
    `submission_id`, `entry_id`, `payload`. A payload holds no words of a submission.

    They are chained and written as the last thing before `store.writing()` commits (see `chain`),
    so the same transaction cannot read them. Raises RuntimeError in a session that cannot write.
    """
    put_aside(session, [_BLANK | {"at": now} | event for event in events])


def find_last_time(session: Session) -> datetime | None:
    """When the last event was recorded, by the clock of then; None where there is none."""
    return session.scalar(select(EventRow.at).order_by(EventRow.id.desc()).limit(1))
