"""The reports there are, and the days that each is about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from triage.calendar import CHINA_TIME

_DAY = timedelta(days=1)


class Report(StrEnum):
    """The reports that are written (日汇报、周总结、通报)."""

    DAILY = "daily"
    WEEKLY = "weekly"
    BULLETIN = "bulletin"


REPORT_NAMES = {Report.DAILY: "日汇报", Report.WEEKLY: "周总结", Report.BULLETIN: "通报"}


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report, from the first to the last."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The moment at which the first day begins in China."""
        return datetime.combine(self.first, time(), CHINA_TIME)

    @property
    def until(self) -> datetime:
        """The moment at which the last day has ended."""
        return datetime.combine(self.last + _DAY, time(), CHINA_TIME)

    @property
    def before(self) -> "Period":
        """As many days just before."""
        days = self.last - self.first + _DAY
        return Period(self.first - days, self.last - days)

    @property
    def name(self) -> str:
        """As a title says it."""
        if self.first == self.last:
            return say_day(self.first)
        return f"{say_day(self.first)}至{say_day(self.last)}"


def find_period(report: Report, day: date) -> Period:
    """The day itself, its week from Monday to Sunday, or its month."""
    if report is Report.DAILY:
        return Period(day, day)
    if report is Report.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + 6 * _DAY)
    first = day.replace(day=1)
    return Period(first, (first + 31 * _DAY).replace(day=1) - _DAY)


def say_day(day: date) -> str:
    """As it is said in Chinese."""
    return f"{day.year}年{day.month}月{day.day}日"
