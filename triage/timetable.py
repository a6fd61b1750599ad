"""All that a town has set about time: its rules, its working days, its office hours (办公时间)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import pairwise
from typing import Any

from triage.calendar import CHINA_TIME, Calendar, Span, Unit, day_of, read_span
from triage.deadlines import DEFAULT, Rulebook, get_rulebook, load_presets, read_rulebook
from triage.errors import InvalidInput
from triage.suggestions import URGENCY_NAMES

YEARS = range(2000, 3000)


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When people are at their desks on a working day: (from, until) pairs, China time."""

    spans: tuple[tuple[time, time], ...] = ((time(9), time(12)), (time(14), time(17, 30)))

    def hold(self, now: datetime, *, calendar: Calendar) -> bool:
        """Whether somebody is at the desk."""
        at = now.astimezone(CHINA_TIME).time()
        return calendar.is_working(day_of(now)) and any(
            start <= at < end for start, end in self.spans
        )


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What the console may change (the setting "deadlines").

    `reminders` says for each urgency how long before the deadline a department is reminded;
    `declared_years` are those whose holidays the town has entered in full.
    """

    rulebook: Rulebook
    hours: OfficeHours = field(default_factory=OfficeHours)
    reminders: Mapping[int, Span] = field(
        default_factory=lambda: {
            1: Span(1, Unit.HOUR),
            2: Span(6, Unit.HOUR),
            3: Span(1, Unit.WORKDAY),
            4: Span(2, Unit.WORKDAY),
        }
    )
    declared_years: frozenset[int] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        """As `read_time_settings` takes it."""
        return {
            "rulebook": self.rulebook.as_dict(),
            "hours": [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in self.hours.spans],
            "reminders": {str(level): str(span) for level, span in self.reminders.items()},
            "declared_years": sorted(self.declared_years),
        }


@dataclass(frozen=True, slots=True)
class Timetable:
    """The settings in force and the calendar that they and the holiday table make."""

    settings: TimeSettings
    calendar: Calendar

    @property
    def rulebook(self) -> Rulebook:
        """The rules in force."""
        return self.settings.rulebook

    def may_remind(self, urgency: int, *, now: datetime) -> bool:
        """Whether a reminder may go out now: in office hours, of what is 特急 at any hour."""
        return urgency == 1 or self.settings.hours.hold(now, calendar=self.calendar)

    def remind_until(self, urgency: int, *, now: datetime) -> datetime:
        """The latest deadline that is near enough now to remind of."""
        return self.calendar.advance(now, self.settings.reminders[urgency]).at


def default_settings() -> TimeSettings:
    """What holds while the town has set nothing."""
    return TimeSettings(get_rulebook(DEFAULT, load_presets()))


def read_time_settings(told: Mapping[str, Any]) -> TimeSettings:
    """The settings in plain values; what is missing is as by default.

    Raises InvalidInput naming what is unknown or malformed.
    """
    known = ("rulebook", "hours", "reminders", "declared_years")
    if unknown := sorted(set(map(str, told)) - set(known)):
        raise InvalidInput(f"时限设置有不认识的项：{'、'.join(unknown)}，请删去或改正拼写")
    default = default_settings()
    rulebook = told.get("rulebook")
    if rulebook is not None and not isinstance(rulebook, Mapping):
        raise InvalidInput(
            "rulebook 应是一套时限规则，请按 docs/deadlines.md 改写", field="rulebook"
        )
    return TimeSettings(
        rulebook=default.rulebook if rulebook is None else read_rulebook(rulebook),
        hours=_read_hours(told["hours"]) if "hours" in told else default.hours,
        reminders=dict(default.reminders) | _read_reminders(told.get("reminders", {})),
        declared_years=_read_years(told.get("declared_years", [])),
    )


def _read_hours(told: Any) -> OfficeHours:
    try:
        spans = tuple(
            (time.fromisoformat(start), time.fromisoformat(end)) for start, end in _listed(told)
        )
        moments = [moment for span in spans for moment in span]
        # To the minute and without a zone, as `as_dict` keeps them.
        whole = all(moment == time(moment.hour, moment.minute) for moment in moments)
        if spans and whole and all(a < b for a, b in pairwise(moments)):
            return OfficeHours(spans)
    except (TypeError, ValueError):
        pass
    raise InvalidInput(
        '办公时间应写成由早到晚的起止时刻，如 [["09:00", "12:00"], ["14:00", "17:30"]]，请改正',
        field="hours",
    )


def _read_reminders(told: Any) -> dict[int, Span]:
    if not isinstance(told, Mapping) or not {str(key) for key in told} <= set(
        map(str, URGENCY_NAMES)
    ):
        raise InvalidInput(
            '提醒应按紧急程度写提前量，如 {"3": "1 workday"}，请改正', field="reminders"
        )
    return {int(level): read_span(str(span)) for level, span in told.items()}


def _read_years(told: Any) -> frozenset[int]:
    try:
        years = frozenset(_listed(told))
        if all(type(year) is int and year in YEARS for year in years):
            return years
    except TypeError:
        pass
    raise InvalidInput("已录全节假日的年份应为年份列表，如 [2027]，请改正", field="declared_years")


def _listed(told: Any) -> Sequence[Any]:
    if not isinstance(told, list | tuple):
        raise TypeError
    return told
