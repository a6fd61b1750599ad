"""What a reporter is told of an entry that takes longer, or ends without what was asked for.

The same for the citizen by the tracking code and for a city tool (Art. 23, 32, 34).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from triage.calendar import Span, Unit
from triage.ledger.states import EntryState
from triage.ledger.tables import ActionRow, EntryRow, ExtensionRow
from triage.privacy import mask
from triage.workflow import Command


@dataclass(frozen=True, slots=True)
class Longer:
    """An extension that holds (Art. 34): by how much, until when, and why, personal data masked."""

    span: str
    until: datetime | None
    reason: str


def find_longer(session: Session, entry: EntryRow) -> Longer | None:
    """The latest extension of an entry that nobody has answered yet, since its clock last began."""
    if entry.replied_at is not None or entry.closed_at is not None or not entry.extensions:
        return None
    granted = session.scalar(
        select(ExtensionRow)
        .where(ExtensionRow.entry_id == entry.id, ExtensionRow.granted.is_(True))
        .order_by(ExtensionRow.id.desc())
        .limit(1)
    )
    if granted is None:
        return None
    reopened = session.scalar(
        _latest(entry, ActionRow.to_state == EntryState.REOPENED, ActionRow.at)
    )
    given = session.scalar(
        _latest(entry, ActionRow.command == Command.GRANT_EXTENSION, ActionRow.data)
    )
    if not given or (reopened is not None and reopened >= granted.at):
        return None
    span = Span(given["amount"], Unit(given["unit"])).name
    return Longer(span, entry.deadline_at, mask(granted.reason))


def find_pause(entry: EntryRow) -> str | None:
    """The ground on which the clock of an open entry stands still, as its rule names it."""
    stands = entry.replied_at is None and entry.closed_at is None
    return entry.pause_ground if stands else None


def find_grounds(session: Session, entries: Sequence[EntryRow]) -> dict[int, str]:
    """By entry (id) the law or policy of a refusal (Art. 23), else that of the latest reply
    (Art. 32): the entry's own may since be that of closing it."""
    replied = (
        select(ActionRow.entry_id, ActionRow.data)
        .where(
            ActionRow.entry_id.in_([entry.id for entry in entries]),
            ActionRow.command == Command.REPLY,
        )
        .order_by(ActionRow.id)
    )
    grounds = {entry_id: data.get("ground") for entry_id, data in session.execute(replied)}
    grounds |= {entry.id: entry.ground for entry in entries if entry.state is EntryState.DECLINED}
    return {entry_id: ground for entry_id, ground in grounds.items() if ground}


def _latest(
    entry: EntryRow, condition: ColumnElement[bool], column: InstrumentedAttribute[Any]
) -> Select[Any]:
    """A column of the latest step of this kind."""
    return (
        select(column)
        .where(ActionRow.entry_id == entry.id, condition)
        .order_by(ActionRow.id.desc())
        .limit(1)
    )
