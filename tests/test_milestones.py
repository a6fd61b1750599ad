from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.calendar import Calendar
from triage.errors import InvalidInput
from triage.milestones import DEFAULT_STEPS, Milestone, Step, check_milestones, set_back

CALENDAR = Calendar()
SATURDAY = date(2025, 3, 1)
FRIDAY = date(2025, 3, 14)


def days_of(*steps: Step, start: date = SATURDAY, deadline: date = FRIDAY) -> list[int]:
    return [
        milestone.due.day
        for milestone in set_back(steps, start=start, deadline=deadline, calendar=CALENDAR)
    ]


def test_the_last_step_ends_on_the_deadline_and_the_others_as_long_before_as_the_rest_takes() -> (
    None
):
    assert days_of(Step("方案", 3), Step("施工", 4), Step("验收", 1)) == [7, 13, 14]


def test_a_deadline_on_a_free_day_is_met_on_the_working_day_before() -> None:
    assert days_of(Step("施工"), deadline=date(2025, 3, 16)) == [14]


def test_free_days_are_passed_over_and_days_worked_in_their_place_are_used() -> None:
    # 30 January 2025 lies in the Spring Festival, Sunday 26 January was worked in its place
    days = days_of(Step("一"), Step("二", 1), start=date(2025, 1, 23), deadline=date(2025, 1, 30))
    assert days == [26, 27]


def test_a_day_that_the_town_says_is_free_is_passed_over() -> None:
    town = Calendar({FRIDAY: False})
    (only,) = set_back([Step("施工")], start=SATURDAY, deadline=FRIDAY, calendar=town)
    assert only.due == date(2025, 3, 13)


def test_steps_without_days_share_the_rest_evenly() -> None:
    assert days_of(*(Step(str(n)) for n in range(5))) == [4, 6, 10, 12, 14]
    assert days_of(Step("一"), Step("二", 6), Step("三")) == [4, 12, 14]


def test_a_task_due_today_has_all_its_milestones_today() -> None:
    today = set_back(DEFAULT_STEPS, start=FRIDAY, deadline=FRIDAY, calendar=CALENDAR)
    assert {milestone.due for milestone in today} == {FRIDAY}


def test_steps_that_do_not_fit_are_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidInput, match="共需 11 个工作日，距完成时限只有 10 个"):
        days_of(Step("一", 6), Step("二", 5))
    assert days_of(Step("一", 5), Step("二", 5)) == [7, 14]


@pytest.mark.parametrize(
    ("steps", "deadline", "field"),
    [
        ([], FRIDAY, "steps"),
        ([Step("一")] * 21, FRIDAY, "steps"),
        ([Step(" ")], FRIDAY, "steps"),
        ([Step("字" * 101)], FRIDAY, "steps"),
        ([Step("一", -1)], FRIDAY, "steps"),
        ([Step("一")], SATURDAY - timedelta(days=1), "deadline"),
        ([Step("一")], date(2036, 1, 1), "deadline"),
    ],
    ids=str,
)
def test_what_cannot_be_a_plan_is_refused_by_field(
    steps: list[Step], deadline: date, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        set_back(steps, start=SATURDAY, deadline=deadline, calendar=CALENDAR)
    assert caught.value.field == field


@settings(max_examples=200, deadline=None)
@given(
    days=st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=20),
    length=st.integers(0, 400),
)
def test_milestones_never_run_backwards_nor_past_the_deadline(
    days: list[int | None], length: int
) -> None:
    steps = [Step(str(n), count) for n, count in enumerate(days)]
    deadline = SATURDAY + timedelta(days=length)
    try:
        milestones = set_back(steps, start=SATURDAY, deadline=deadline, calendar=CALENDAR)
    except InvalidInput:
        assert sum(count or 0 for count in days) > CALENDAR.count_working(SATURDAY, deadline)
        return
    dues = [milestone.due for milestone in milestones]
    assert dues == sorted(dues)
    assert [milestone.name for milestone in milestones] == [step.name for step in steps]
    assert SATURDAY <= dues[0] <= dues[-1] <= deadline


def test_milestones_with_days_of_their_own_are_put_in_order() -> None:
    given_days = [Milestone("验收", FRIDAY), Milestone(" 方案 ", SATURDAY)]
    assert check_milestones(given_days, start=SATURDAY, deadline=FRIDAY) == (
        Milestone("方案", SATURDAY),
        Milestone("验收", FRIDAY),
    )


@pytest.mark.parametrize("due", [SATURDAY - timedelta(days=1), FRIDAY + timedelta(days=1)])
def test_a_milestone_before_today_or_after_the_deadline_is_refused(due: date) -> None:
    with pytest.raises(InvalidInput, match="验收"):
        check_milestones([Milestone("验收", due)], start=SATURDAY, deadline=FRIDAY)
