"""Which entries a caller may know of: those within reach, as lead or assisting (Art. 30)."""

from sqlalchemy.orm import Session

from triage.errors import NotFound
from triage.ledger.departments import find_names
from triage.ledger.tables import EntryRow
from triage.roles import Caller


def get_visible(session: Session, entry_id: int, *, caller: Caller) -> EntryRow:
    """The entry, if this caller may know of it. Raises NotFound, alike for hidden and unknown."""
    entry = session.get(EntryRow, entry_id)
    if entry is None or not is_visible(session, entry, caller=caller):
        raise unknown_entry(entry_id)
    return entry


def is_visible(session: Session, entry: EntryRow, *, caller: Caller) -> bool:
    """Whether this caller may know of the entry. One that turned out to be about an accusation
    exists for nobody here: discipline officers have a ledger of their own."""
    if entry.confidential:
        return False
    if caller.reaches(entry.lead_department):
        return True
    if caller.reach is None or not entry.assisting:
        return False
    return not find_names(session, caller.reach).isdisjoint(entry.assisting)


def unknown_entry(entry_id: int, *, field: str = "id") -> NotFound:
    """What is said of an entry that is not there, and of one that the caller may not know of."""
    return NotFound(f"没有编号为 {entry_id} 的台账条目，请核对编号", field=field)
