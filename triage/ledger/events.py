"""The event log: what happened, who did it and when; only ever appended to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from triage.ledger.tables import EventRow

_BLANK: dict[str, Any] = {"submission_id": None, "entry_id": None, "payload": {}}


def record_events(session: Session, events: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Append events: dicts of `actor`, `kind` ("entry.opened", …) and, where there are any,
    `submission_id`, `entry_id`, `payload`. A payload holds no words of a submission."""
    if events:
        session.execute(insert(EventRow), [_BLANK | {"at": now} | event for event in events])
