"""What the town has set of its desk in the database, over its files: departments, dispatch
catalogue, the line below which a clerk decides, the model (本地设置).

Every process reads them again when their `version` has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from triage.errors import Conflict
from triage.ledger.events import record_events
from triage.ledger.settingrows import lock_settings, save_setting
from triage.ledger.tables import SettingRow
from triage.roles import Action, Caller


class TownSetting(StrEnum):
    """What may be set; the value is the name in the table and in events."""

    DEPARTMENTS = "departments"
    CATALOGUE = "catalogue"
    REVIEW_LINE = "review_line"
    MODEL = "model"


UNSET = ""  # the version of what is not set here: the files hold


@dataclass(frozen=True, slots=True)
class StoredSetting:
    """A value as it was set, by whom and when; `version` says which state of it that is."""

    name: TownSetting
    value: dict[str, Any]
    changed_by: str
    changed_at: datetime

    @property
    def version(self) -> str:
        """As whoever changes it says which state was seen."""
        return self.changed_at.isoformat()


Stamp = tuple[tuple[str, str], ...]


def load_settings(session: Session) -> dict[TownSetting, StoredSetting]:
    """All that is set here."""
    query = select(SettingRow).where(SettingRow.name.in_(list(TownSetting)))
    return {TownSetting(row.name): _view(row) for row in session.scalars(query)}


def load_stamp(session: Session) -> Stamp:
    """What state the settings are in, short enough to be asked for every second."""
    query = (
        select(SettingRow.name, SettingRow.changed_at)
        .where(SettingRow.name.in_(list(TownSetting)))
        .order_by(SettingRow.name)
    )
    return tuple((name, at.isoformat()) for name, at in session.execute(query))


def stamp_of(settings: Mapping[TownSetting, StoredSetting]) -> Stamp:
    """As `load_stamp`, of settings that are read already."""
    return tuple(sorted((one.name.value, one.version) for one in settings.values()))


def change_setting(
    session: Session,
    name: TownSetting,
    value: Mapping[str, Any] | None,
    *,
    caller: Caller,
    version: str,
    now: datetime,
    payload: Mapping[str, Any],
) -> StoredSetting | None:
    """Set it, or with None let the files hold again; it as it then stands.

    `version` is the state that the caller has seen, `payload` what the event log is told. Raises
    AccessDenied, Conflict where somebody changed it since.
    """
    caller.require(Action.MANAGE_SETTINGS)
    lock_settings(session)
    row = session.scalar(select(SettingRow).where(SettingRow.name == name))
    if version != (UNSET if row is None else _view(row).version):
        raise Conflict("这项设置刚被他人改过，请刷新后再改", field="version")
    happened = {
        "actor": caller.who,
        "kind": f"{name}.changed",
        "payload": dict(payload) | {"set": value is not None},
    }
    record_events(session, [happened], now=now)
    if value is None:
        session.execute(delete(SettingRow).where(SettingRow.name == name))
        return None
    save_setting(session, name.value, value, who=caller.who, now=now)
    return StoredSetting(name, dict(value), caller.who, now)


def _view(row: SettingRow) -> StoredSetting:
    return StoredSetting(TownSetting(row.name), row.value, row.changed_by, row.changed_at)
