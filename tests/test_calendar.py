from datetime import UTC, date, datetime, timedelta

import pytest
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays

from triage.calendar import (
    CHINA_TIME,
    PUBLISHED,
    Calendar,
    Span,
    Unit,
    day_of,
    end_of_day,
    read_span,
)
from triage.errors import InvalidInput

UNKNOWN = PUBLISHED.stop  # the first year whose holidays nobody has published


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)


def end_of(start: str, span: str, calendar: Calendar | None = None) -> tuple[str, bool]:
    moment = (calendar or Calendar()).advance(china(start), read_span(span))
    return f"{moment.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}", moment.provisional


def test_hours_run_on_by_the_clock_through_nights_and_holidays() -> None:
    assert end_of("2025-01-28 23:30", "2 hour") == ("2025-01-29 01:30:00", False)


def test_natural_days_are_counted_from_the_next_and_end_with_their_last_second() -> None:
    assert end_of("2025-03-01 09:30", "15 day") == ("2025-03-16 23:59:59", False)
    assert end_of("2025-03-01 00:00", "1 day") == ("2025-03-02 23:59:59", False)


def test_a_day_in_china_begins_at_midnight_there() -> None:
    late = datetime(2025, 3, 1, 16, 0, tzinfo=UTC)  # already the 2nd in Beijing
    assert day_of(late) == date(2025, 3, 2)
    assert Calendar().advance(late, Span(1, Unit.DAY)).at == end_of_day(date(2025, 3, 3))


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2025-03-03 10:00", "1 workday", "2025-03-04"),  # Monday
        ("2025-03-07 10:00", "1 workday", "2025-03-10"),  # Friday, over the weekend
        ("2025-01-27 10:00", "1 workday", "2025-02-05"),  # before the eight days of the New Year
        ("2025-01-24 10:00", "1 workday", "2025-01-26"),  # a Sunday that is worked in exchange
        ("2025-09-30 10:00", "5 workday", "2025-10-14"),  # National Day, a Saturday worked
        ("2025-03-01 10:00", "15 workday", "2025-03-21"),
    ],
)
def test_working_days_follow_the_published_calendar(start: str, span: str, end: str) -> None:
    assert end_of(start, span) == (f"{end} 23:59:59", False)


def test_a_rolled_day_moves_on_where_it_falls_on_a_holiday() -> None:
    assert end_of("2025-09-20 10:00", "15 rolled_day") == ("2025-10-09 23:59:59", False)
    assert end_of("2025-03-03 10:00", "15 rolled_day") == ("2025-03-18 23:59:59", False)


def test_every_day_is_worked_or_free_as_the_library_says() -> None:
    calendar = Calendar()
    days = [date(PUBLISHED.stop - 6, 1, 1) + timedelta(days=n) for n in range(5 * 365)]
    assert [calendar.is_working(day) for day in days] == list(map(is_workday, days))


def test_the_days_that_a_town_says_otherwise_win() -> None:
    town = Calendar({date(2025, 3, 4): False, date(2025, 3, 8): True})
    assert end_of("2025-03-03 10:00", "1 workday", town) == ("2025-03-05 23:59:59", False)
    assert end_of("2025-03-07 10:00", "1 workday", town) == ("2025-03-08 23:59:59", False)


def test_the_last_published_year_is_that_of_the_library() -> None:
    assert max(holidays).year == UNKNOWN - 1
    assert Calendar().is_known(date(UNKNOWN - 1, 12, 31))
    assert not Calendar().is_known(date(UNKNOWN, 1, 1))


def test_what_ends_in_a_year_that_is_not_published_is_provisional() -> None:
    last = f"{UNKNOWN - 1}-12-31 10:00"
    assert end_of(last, "3 workday")[1]
    assert end_of(last, "3 rolled_day")[1]
    assert not end_of(last, "30 day")[1]
    assert not end_of(last, "100 hour")[1]


def test_a_year_that_the_town_has_declared_is_known() -> None:
    first = date(UNKNOWN, 1, 1)
    town = Calendar({first: False}, frozenset({UNKNOWN}))
    assert town.is_known(first)
    assert not town.is_working(first)
    assert not end_of(f"{UNKNOWN - 1}-12-31 10:00", "3 workday", town)[1]


def test_a_single_day_that_the_town_has_entered_is_known_without_its_year() -> None:
    town = Calendar({date(UNKNOWN, 1, 1): False})
    assert town.is_known(date(UNKNOWN, 1, 1))
    assert not town.is_known(date(UNKNOWN, 1, 2))


def test_working_days_are_counted_after_one_day_and_with_the_other() -> None:
    calendar = Calendar()
    assert calendar.count_working(date(2025, 3, 3), date(2025, 3, 10)) == 5
    assert calendar.count_working(date(2025, 3, 3), date(2025, 3, 3)) == 0
    assert calendar.count_working(date(2025, 3, 10), date(2025, 3, 3)) == 0


def test_a_span_reads_as_it_is_written() -> None:
    assert read_span(" 15 workday ") == Span(15, Unit.WORKDAY)
    assert str(Span(2, Unit.HOUR)) == "2 hour"
    assert Span(15, Unit.WORKDAY).name == "15个工作日"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "workday",
        "15 workdays",
        "0 day",
        "-1 day",
        "1001 day",
        "1.5 hour",
        "１ day",
        "1  day",
    ],
)
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="不是时限"):
        read_span(text)


def test_a_moment_beyond_the_last_year_is_refused() -> None:
    for span in (Span(30, Unit.HOUR), Span(10, Unit.DAY), Span(10, Unit.WORKDAY)):
        with pytest.raises(InvalidInput, match="超出范围"):
            Calendar().advance(datetime(9999, 12, 31, tzinfo=UTC), span)
