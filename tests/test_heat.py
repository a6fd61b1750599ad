from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.heat import HALF_LIFE, Heat, measure_heat

NOW = datetime(2025, 6, 1, 8, tzinfo=UTC)


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


def make_heat(**changes: Any) -> Heat:
    told: dict[str, Any] = {
        "reporters": 3,
        "times": days_ago(0, 50, 100),
        "urgencies": [3, 3, 4],
        "likes": 5,
        "now": NOW,
    }
    return measure_heat(**told | changes)


def points_of(heat: Heat) -> dict[str, float]:
    return {part.name: part.points for part in heat.parts}


def test_the_heat_is_the_sum_of_its_parts_and_each_says_what_it_counted() -> None:
    heat = make_heat()
    assert heat.total == pytest.approx(sum(part.points for part in heat.parts))
    assert {part.name: part.says for part in heat.parts} == {
        "reporters": "3 人反映",
        "urgency": "较急 2 件、一般 1 件",
        "growth": "近 30 天 1 件，此前 90 天月均 0.7 件",
        "likes": "5 次点赞",
        "recency": "最近一次反映在今天",
    }


@pytest.mark.parametrize(
    "hotter",
    [
        {"reporters": 4},
        {"urgencies": [3, 3, 1]},
        {"urgencies": [3, 3, 3]},
        {"times": days_ago(0, 1, 2)},
        {"likes": 50},
    ],
)
def test_more_people_graver_matters_growth_and_approval_make_it_hotter(
    hotter: dict[str, Any],
) -> None:
    assert make_heat(**hotter).total > make_heat().total


@pytest.mark.parametrize(
    ("hours", "says"), [(1, "今天"), (24, "昨天"), (47, " 2 天前"), (24 * 9, " 9 天前")]
)
def test_when_it_was_last_reported_is_told_as_people_say_it(hours: int, says: str) -> None:
    now = datetime(2025, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight of the next day in China
    last = now.replace(minute=0) if hours == 1 else now - timedelta(hours=hours)
    heat = make_heat(times=[last], now=now)
    assert heat.parts[-1].says == f"最近一次反映在{says}"


def test_what_nobody_reports_any_more_cools_to_a_half() -> None:
    times = days_ago(200, 210, 220)
    before = make_heat(times=times)
    after = measure_heat(
        reporters=3,
        times=times,
        urgencies=[3, 3, 4],
        likes=5,
        now=NOW + timedelta(days=HALF_LIFE),
    )
    assert after.total == pytest.approx(before.total / 2, abs=0.2)


def test_the_first_reports_count_for_more_than_the_hundredth() -> None:
    points = [points_of(make_heat(reporters=count))["reporters"] for count in (1, 2, 99, 100)]
    assert points[1] - points[0] > 10 * (points[3] - points[2])


def test_what_is_not_known_gives_no_points_and_says_so() -> None:
    heat = measure_heat(reporters=1, times=[], urgencies=[], now=NOW)
    assert points_of(heat)["urgency"] == 0
    assert [part.says for part in heat.parts if part.name in ("urgency", "recency")] == [
        "紧急程度不详",
        "反映时间不详，不作冷却",
    ]


def test_a_report_dated_in_the_future_counts_as_of_now() -> None:
    assert make_heat(times=days_ago(-2, 50, 100)) == make_heat(times=days_ago(0, 50, 100))


@settings(deadline=None)
@given(
    reporters=st.integers(0, 100_000),
    days=st.lists(st.floats(0, 4000), max_size=20),
    urgencies=st.lists(st.integers(1, 4), max_size=20),
    likes=st.integers(0, 100_000),
)
def test_the_heat_lies_between_0_and_100(
    reporters: int, days: list[float], urgencies: list[int], likes: int
) -> None:
    heat = measure_heat(
        reporters=reporters, times=days_ago(*days), urgencies=urgencies, likes=likes, now=NOW
    )
    assert 0 <= heat.total <= 100
