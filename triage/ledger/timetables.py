"""What the town has set about time, in the ledger: rules and office hours, holidays.

A change counts for what is assigned from then on; a changed day also moves the running deadlines
that lie behind it (`triage.ledger.recounting`).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, case, cast, delete, func, select
from sqlalchemy.orm import Session

from triage.calendar import Calendar
from triage.errors import InvalidData, InvalidInput, NotFound
from triage.ledger.events import record_events
from triage.ledger.settingrows import lock_settings, save_setting
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of, upsert
from triage.ledger.tables import HolidayRow, SettingRow
from triage.roles import Action, Caller
from triage.timetable import (
    YEARS,
    TimeSettings,
    Timetable,
    default_settings,
    read_time_settings,
)

SETTING = "deadlines"
MAX_NOTE = 100
_WORKED = case((HolidayRow.working, "1"), else_="0")
WORDS = (
    select(cast(SettingRow.value, Text)).where(SettingRow.name == SETTING).scalar_subquery(),
    select(
        func.aggregate_strings(cast(HolidayRow.day, Text).concat("=").concat(_WORKED), ",")
    ).scalar_subquery(),
)
"""What `read_timetable` reads, within another statement."""
_STANDING = Spelt(select(*WORDS))


@dataclass(frozen=True, slots=True)
class StoredHoliday:
    """A day that the town says is worked or free."""

    day: date
    working: bool
    note: str


def load_timetable(session: Session) -> Timetable:
    """The rules and the calendar in force. Raises InvalidData where the stored ones are none."""
    (words,) = _STANDING.rows(connection_of(session), {})
    return read_timetable(*words)


def load_time_settings(session: Session) -> TimeSettings:
    """The settings in force. Raises InvalidData where the stored ones are none."""
    return load_timetable(session).settings


def change_time_settings(
    session: Session, changes: Mapping[str, Any], *, caller: Caller, now: datetime
) -> TimeSettings:
    """Change the settings that are named, and leave the others; the settings as they then stand.

    Running entries keep their rules. Where the stored ones are none the others are as by default:
    else nobody could mend them. Raises AccessDenied, InvalidInput naming what is malformed.
    """
    caller.require(Action.MANAGE_SETTINGS)
    lock_settings(session)
    standing: dict[str, Any] = {}
    with suppress(InvalidData):
        standing = load_time_settings(session).as_dict()
    settings = read_time_settings(standing | dict(changes))
    save_setting(session, SETTING, settings.as_dict(), who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": "deadlines.changed",
        "payload": {"changed": sorted(changes), "rulebook": settings.rulebook.name},
    }
    record_events(session, [happened], now=now)
    return settings


def list_holidays(session: Session, *, year: int | None = None) -> tuple[StoredHoliday, ...]:
    """The days that the town has entered, in order; or those of one year."""
    query = select(HolidayRow).order_by(HolidayRow.day)
    if year is not None:
        query = query.where(
            HolidayRow.day >= date(year, 1, 1), HolidayRow.day <= date(year, 12, 31)
        )
    return tuple(StoredHoliday(row.day, row.working, row.note) for row in session.scalars(query))


def set_holidays(
    session: Session, holidays: list[StoredHoliday], *, caller: Caller, now: datetime
) -> None:
    """Say of these days whether they are worked, whatever was said of them before.

    Raises AccessDenied, InvalidInput for no days at all, a year beyond 2000-2999, a long note.
    """
    caller.require(Action.MANAGE_SETTINGS)
    if not holidays:
        raise InvalidInput("请至少填写一天", field="holidays")
    if any(holiday.day.year not in YEARS for holiday in holidays):
        raise InvalidInput("日期应在 2000 年到 2999 年之间，请改正", field="day")
    if any(len(holiday.note) > MAX_NOTE for holiday in holidays):
        raise InvalidInput(f"说明不能超过 {MAX_NOTE} 字，请改短", field="note")
    statement = upsert(session, HolidayRow)
    told = {name: statement.excluded[name] for name in ("working", "note")}
    rows = [
        {"day": holiday.day, "working": holiday.working, "note": holiday.note}
        for holiday in holidays
    ]
    session.execute(statement.on_conflict_do_update(index_elements=["day"], set_=told), rows)
    _record(session, "holiday.set", [holiday.day for holiday in holidays], caller=caller, now=now)


def remove_holiday(session: Session, day: date, *, caller: Caller, now: datetime) -> None:
    """Let the published calendar say again what this day is. Raises AccessDenied, NotFound."""
    caller.require(Action.MANAGE_SETTINGS)
    gone = session.scalar(delete(HolidayRow).where(HolidayRow.day == day).returning(HolidayRow.day))
    if gone is None:
        raise NotFound(f"节假日表中没有 {day}，无须删除", field="day")
    _record(session, "holiday.removed", [day], caller=caller, now=now)


@lru_cache(maxsize=8)
def read_timetable(setting: str | None, days: str | None) -> Timetable:
    """The timetable in the words that stand in the tables: read once, not with every request. The
    words themselves are the key, so it can never be out of date."""
    try:
        settings = read_time_settings(json.loads(setting)) if setting else default_settings()
    except InvalidInput as error:
        raise InvalidData(f"已存的时限设置不能用，请管理员重新设置：{error.message}") from None
    told = (day.partition("=") for day in (days or "").split(",") if day)
    overrides = {date.fromisoformat(day): working == "1" for day, _, working in told}
    return Timetable(settings, Calendar(overrides, settings.declared_years))


def _record(
    session: Session, kind: str, days: list[date], *, caller: Caller, now: datetime
) -> None:
    payload = {"days": [day.isoformat() for day in days]}
    record_events(session, [{"actor": caller.who, "kind": kind, "payload": payload}], now=now)
