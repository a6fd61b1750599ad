"""The table of settings: one's turn to change it, and a setting's new value.

What each setting means is known where it is read: `townsettings`, `timetables`, `looking`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from triage.ledger.locks import Work, take_lock
from triage.ledger.statements import upsert
from triage.ledger.tables import SettingRow


def lock_settings(session: Session) -> None:
    """Wait until nobody else changes a setting; kept to the commit. To be called before what stands
    is read, so that of two who change different parts of one neither is lost."""
    take_lock(session, Work.SETTINGS)


def save_setting(
    session: Session, name: str, value: Mapping[str, Any], *, who: str, now: datetime
) -> None:
    """Set it, whatever it was before."""
    row = {"name": name, "value": dict(value), "changed_by": who, "changed_at": now}
    statement = upsert(session, SettingRow)
    told = {column: statement.excluded[column] for column in row if column != "name"}
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=told), row)
