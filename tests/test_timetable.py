from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from triage.calendar import CHINA_TIME, Calendar, Span, Unit
from triage.deadlines import DEFAULT
from triage.errors import InvalidInput
from triage.timetable import OfficeHours, Timetable, default_settings, read_time_settings


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)


def make_timetable(**told: Any) -> Timetable:
    return Timetable(read_time_settings(told), Calendar())


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2025-03-03 08:59:59", False),
        ("2025-03-03 09:00", True),
        ("2025-03-03 12:00", False),
        ("2025-03-03 14:00", True),
        ("2025-03-03 17:30", False),
        ("2025-03-02 10:00", False),  # a Sunday
        ("2025-01-26 10:00", True),  # a Sunday that is worked
        ("2025-10-01 10:00", False),
    ],
)
def test_office_hours_are_those_of_working_days(moment: str, open_: bool) -> None:
    assert OfficeHours().hold(china(moment), calendar=Calendar()) is open_


def test_office_hours_are_read_in_china_wherever_the_clock_stands() -> None:
    assert OfficeHours().hold(datetime(2025, 3, 3, 1, 0, tzinfo=UTC), calendar=Calendar())


def test_only_what_is_most_urgent_is_reminded_of_at_night() -> None:
    night, day = china("2025-03-03 23:00"), china("2025-03-03 10:00")
    timetable = make_timetable()
    assert [timetable.may_remind(level, now=night) for level in (1, 2, 3, 4)] == [
        True,
        False,
        False,
        False,
    ]
    assert all(timetable.may_remind(level, now=day) for level in (1, 2, 3, 4))


def test_on_friday_what_is_due_on_monday_is_near() -> None:
    friday = china("2025-03-07 16:00")
    assert make_timetable().remind_until(3, now=friday) == china("2025-03-10 23:59:59")


def test_settings_read_as_they_are_told() -> None:
    settings = read_time_settings(
        {
            "hours": [["08:30", "12:00"], ["13:30", "17:30"]],
            "reminders": {"3": "2 workday"},
            "declared_years": [2031],
        }
    )
    assert settings.hours.spans[0] == (time(8, 30), time(12))
    assert settings.reminders[3] == Span(2, Unit.WORKDAY)
    assert settings.reminders[1] == Span(1, Unit.HOUR)
    assert settings.declared_years == {2031}
    assert read_time_settings(settings.as_dict()) == settings
    assert read_time_settings({}) == default_settings()
    assert default_settings().rulebook.name == DEFAULT


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"hours": []}, "hours"),
        ({"hours": None}, "hours"),
        ({"hours": [["09:00"]]}, "hours"),
        ({"hours": [["09:00:10", "09:00:40"]]}, "hours"),
        ({"hours": [["09:00+09:00", "12:00+09:00"]]}, "hours"),
        ({"hours": [["12:00", "09:00"]]}, "hours"),
        ({"hours": [["09:00", "12:00"], ["11:00", "17:00"]]}, "hours"),
        ({"hours": [["9点", "12:00"]]}, "hours"),
        ({"hours": [["09:00+08:00", "12:00"]]}, "hours"),
        ({"hours": [[9, 12]]}, "hours"),
        ({"reminders": {"5": "1 day"}}, "reminders"),
        ({"reminders": ["1 day"]}, "reminders"),
        ({"declared_years": 2027}, "declared_years"),
        ({"declared_years": ["2027"]}, "declared_years"),
        ({"declared_years": [1]}, "declared_years"),
        ({"declared_years": [[1]]}, "declared_years"),
        ({"rulebook": "beijing"}, "rulebook"),
    ],
    ids=str,
)
def test_settings_that_are_none_are_refused_by_name(told: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_time_settings(told)
    assert caught.value.field == field


def test_a_setting_that_nobody_knows_and_a_lead_that_is_no_span_are_refused() -> None:
    with pytest.raises(InvalidInput, match="holidays"):
        read_time_settings({"holidays": []})
    with pytest.raises(InvalidInput, match="不是时限"):
        read_time_settings({"reminders": {"3": "soon"}})


def test_a_day_that_the_town_frees_has_no_office_hours() -> None:
    calendar = Calendar({date(2025, 3, 3): False})
    assert not OfficeHours().hold(china("2025-03-03 10:00"), calendar=calendar)
