"""The working days of China: the published calendar, and over it the days a town says otherwise.

The State Council publishes next year's holidays in the autumn before. For a year that is not yet
known the days from Monday to Friday stand in, and whoever asks is told that this is provisional.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from chinese_calendar.constants import holidays, workdays

from triage.errors import InvalidInput

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991
PUBLISHED = range(min(holidays).year, max(holidays).year + 1)
MAX_AMOUNT = 1000  # of any unit; longer spans are slips of the pen
_DAY = timedelta(days=1)
_LAST_SECOND = time(23, 59, 59)


class Unit(StrEnum):
    """What a time limit is counted in.

    `DAY` is a natural day, `ROLLED_DAY` one whose last day moves on to the next working day where
    it falls on a holiday (《民法典》第二百零三条).
    """

    HOUR = "hour"
    DAY = "day"
    ROLLED_DAY = "rolled_day"
    WORKDAY = "workday"


UNIT_NAMES = {
    Unit.HOUR: "小时",
    Unit.DAY: "日",
    Unit.ROLLED_DAY: "日（末日逢节假日顺延）",
    Unit.WORKDAY: "个工作日",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as rules give it: 15 working days, 2 hours."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    @property
    def name(self) -> str:
        """As clerks read it: 15个工作日."""
        return f"{self.amount}{UNIT_NAMES[self.unit]}"


def read_span(text: str) -> Span:
    """The span that "15 workday" spells. Raises InvalidInput."""
    amount, _, unit = text.strip().partition(" ")
    digits = amount.isascii() and amount.isdigit() and len(amount) <= len(str(MAX_AMOUNT))
    if digits and 1 <= int(amount) <= MAX_AMOUNT and unit in set(Unit):
        return Span(int(amount), Unit(unit))
    raise InvalidInput(
        f"“{text}”不是时限，应写成数量加单位，如 15 workday；单位为 {'、'.join(Unit)}，"
        f"数量为 1 到 {MAX_AMOUNT}"
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment at which a span ends; provisional where it lies on days not yet known."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: `overrides` (True: worked) win over the published calendar.

    `declared` are years whose holidays the town has entered itself, so that they count as known.
    """

    overrides: Mapping[date, bool] = field(default_factory=dict)
    declared: frozenset[int] = frozenset()

    def is_known(self, day: date) -> bool:
        """Whether it is settled that this day is worked or free."""
        return day in self.overrides or day.year in PUBLISHED or day.year in self.declared

    def is_working(self, day: date) -> bool:
        """Whether this day is worked; where that is not known, whether it is Monday to Friday."""
        if day in self.overrides:
            return self.overrides[day]
        # The tables themselves: the library's own function looks through all of them each time.
        return day in workdays or (day.weekday() < 5 and day not in holidays)

    def advance(self, start: datetime, span: Span) -> Moment:
        """When a span that begins at `start` ends, in UTC.

        Hours run on by the clock. Days are counted from the day after and end with their last
        second, China time (《民法典》第二百零一条、第二百零二条). Raises InvalidInput where that
        lies beyond the year 9999.
        """
        try:
            return self._advance(start, span)
        except OverflowError:
            raise InvalidInput("时间超出范围，请核对后改正") from None

    def _advance(self, start: datetime, span: Span) -> Moment:
        if span.unit is Unit.HOUR:
            return Moment((start + timedelta(hours=span.amount)).astimezone(UTC), False)
        day = start.astimezone(CHINA_TIME).date()
        known = True
        if span.unit is Unit.WORKDAY:
            left = span.amount
            while left:
                day += _DAY
                known = known and self.is_known(day)
                left -= self.is_working(day)
        else:
            day += timedelta(days=span.amount)
            if span.unit is Unit.ROLLED_DAY:
                known = self.is_known(day)
                while not self.is_working(day):
                    day += _DAY
                    known = known and self.is_known(day)
        return Moment(end_of_day(day), not known)

    def count_working(self, after: date, until: date) -> int:
        """How many working days there are after one day, up to and with another."""
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return sum(map(self.is_working, days))


def end_of_day(day: date) -> datetime:
    """The last second of this day in China, in UTC."""
    return datetime.combine(day, _LAST_SECOND, CHINA_TIME).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day in China on which a moment falls."""
    return moment.astimezone(CHINA_TIME).date()
