"""Deadlines over HTTP: what is due, the rules a town chooses, the days that it enters."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from clock_factories import alter
from service_factories import RunningService, run_service
from work_factories import file_one

from api.background.clockwork import give_back_unaccepted, recount_deadlines, remind_departments
from triage.calendar import PUBLISHED
from triage.ledger.states import EntryState

TOWN = """
[[rulebooks]]
name = "anping"
title = "安平县"
source = "安平县办法"
rules = [{ name = "一切", within = "3 workday", accept = "1 workday" }]
"""
UNKNOWN = PUBLISHED.stop


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    town = tmp_path / "town"
    town.mkdir()
    (town / "deadlines.toml").write_text(TOWN, encoding="utf-8")
    with run_service(tmp_path, data_dir=town) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "review") as client:
        yield client


@pytest.fixture
def admin(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("admin") as client:
        yield client


def get(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client: httpx.Client, name: str, **query: Any) -> list[int]:
    page = get(client, f"/v1/deadlines/{name}", **query)
    return [line["entry"]["id"] for line in page["lines"]]


def test_what_is_due_late_and_not_signed_for_is_listed(
    running: RunningService, clerk: httpx.Client
) -> None:
    late, soon, signed = (file_one(running, f"A-{n}") for n in range(3))
    now = datetime.now(UTC)
    alter(running.service.store, late, deadline_at=now - timedelta(hours=1))
    alter(running.service.store, soon, deadline_at=now + timedelta(hours=5))
    alter(
        running.service.store,
        signed,
        deadline_at=now + timedelta(hours=100),
        state=EntryState.ACCEPTED,
    )
    assert listed(clerk, "overdue") == [late]
    assert listed(clerk, "due") == [soon]
    assert listed(clerk, "due", within_hours=101) == [soon, signed]
    assert set(listed(clerk, "unaccepted")) == {late, soon}
    first = get(clerk, "/v1/deadlines/due", within_hours=101, limit=1)
    assert listed(clerk, "due", within_hours=101, cursor=first["next"]) == [signed]
    (line,) = get(clerk, "/v1/deadlines/overdue")["lines"]
    assert line["overdue"] is True
    assert line["entry"]["deadline_at"].endswith("+08:00")


def test_a_department_sees_its_own_alone(running: RunningService) -> None:
    entry_id = file_one(running, "A-1")
    alter(running.service.store, entry_id, deadline_at=datetime.now(UTC) - timedelta(hours=1))
    with running.client("work", department="住建局") as own:
        assert listed(own, "overdue") == [entry_id]
        assert own.get("/v1/deadlines/overdue?department=公安局").status_code == 403
    with running.client("work", department="公安局") as other:
        assert listed(other, "overdue") == []
        assert listed(other, "unaccepted") == []


def test_a_question_that_is_none_is_refused(clerk: httpx.Client) -> None:
    for query in ("within_hours=0", "limit=0", "cursor=x", "urgency=9"):
        answer = clerk.get(f"/v1/deadlines/due?{query}")
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid_input"), query
    assert clerk.get("/v1/deadlines/due?department=无此局").status_code == 404


def test_the_presets_and_the_towns_own_can_be_chosen_from(admin: httpx.Client) -> None:
    books = {book["name"]: book for book in get(admin, "/v1/deadlines/presets")}
    assert list(books) == ["xinfang", "beijing", "sichuan", "shandong", "anping"]
    matter = books["xinfang"]["rules"][-1]
    assert (matter["within"], matter["within_name"]) == ("60 day", "60日")
    assert "第三十四条" in matter["article"]


def test_a_chosen_preset_counts_for_what_is_assigned_from_then_on(
    running: RunningService, admin: httpx.Client, clerk: httpx.Client
) -> None:
    before = file_one(running, "A-1")
    answer = admin.patch("/v1/deadlines/settings", json={"preset": "anping"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rulebook"]["title"] == "安平县"
    after = file_one(running, "A-2")
    rules = [get(clerk, f"/v1/entries/{n}")["entry"]["rule"] for n in (before, after)]
    assert rules[0] != "一切"
    assert rules[1] == "一切"
    told = get(clerk, "/v1/deadlines/settings")
    assert (told["rulebook"]["name"], told["hours"][0]) == ("anping", ["09:00", "12:00"])


def test_a_rulebook_can_be_written_out_and_other_settings_changed_alone(
    admin: httpx.Client,
) -> None:
    book = {
        "name": "own",
        "title": "自定",
        "source": "会议纪要",
        "rules": [{"name": "一切", "within": "2 workday"}],
    }
    assert admin.patch("/v1/deadlines/settings", json={"rulebook": book}).status_code == 200
    answer = admin.patch("/v1/deadlines/settings", json={"reminders": {"4": "3 workday"}})
    told = answer.json()
    assert told["rulebook"]["name"] == "own"
    assert told["reminders"] == {"1": "1 hour", "2": "6 hour", "3": "1 workday", "4": "3 workday"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"preset": "shanghai"}, 404, "name"),
        ({"preset": "beijing", "rulebook": {}}, 422, "preset"),
        ({"rulebook": {"name": "x"}}, 422, "title"),
        ({"hours": [["18:00", "09:00"]]}, 422, "hours"),
        ({"reminders": {"9": "1 day"}}, 422, "reminders"),
        ({"declared_years": [1]}, 422, "declared_years"),
        ({"unknown": 1}, 422, "unknown"),
    ],
    ids=str,
)
def test_settings_that_are_none_are_refused_by_name(
    admin: httpx.Client, body: dict[str, Any], status: int, field: str
) -> None:
    answer = admin.patch("/v1/deadlines/settings", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_only_who_manages_settings_changes_them(clerk: httpx.Client) -> None:
    holidays = {"holidays": [{"day": "2027-02-08", "working": False}]}
    for answer in (
        clerk.patch("/v1/deadlines/settings", json={"preset": "sichuan"}),
        clerk.put("/v1/holidays", json=holidays),
        clerk.delete("/v1/holidays/2027-02-08"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert get(clerk, "/v1/holidays") == {"holidays": [], "recounted": 0}


def test_the_times_of_a_submission_can_be_tried_out(
    admin: httpx.Client, clerk: httpx.Client
) -> None:
    admin.patch("/v1/deadlines/settings", json={"preset": "sichuan"})
    query = {"urgency": 4, "nature": "咨询", "assigned_at": "2025-03-03T10:00:00+08:00"}
    told = get(clerk, "/v1/deadlines/preview", **query)
    assert told["rule"]["name"] == "咨询"
    assert told["deadline_at"] == "2025-03-06T23:59:59+08:00"
    assert not told["provisional"]
    far = get(clerk, "/v1/deadlines/preview", **query | {"assigned_at": f"{UNKNOWN}-06-01"})
    assert far["provisional"]
    for wrong in (
        {"nature": "投拆"},
        {"assigned_at": "0001-01-01T00:00:00+08:00"},
        {"assigned_at": "9999-12-31T23:00:00+00:00"},
    ):
        assert clerk.get("/v1/deadlines/preview", params=query | wrong).status_code == 422


def test_a_day_that_is_entered_moves_the_deadlines_behind_it(
    running: RunningService, admin: httpx.Client, clerk: httpx.Client
) -> None:
    admin.patch("/v1/deadlines/settings", json={"preset": "anping"})
    entry_id = file_one(running, "A-1")
    before = get(clerk, f"/v1/entries/{entry_id}")["entry"]
    day = before["deadline_at"][:10]
    put = admin.put(
        "/v1/holidays", json={"holidays": [{"day": day, "working": False, "note": "防汛"}]}
    )
    assert put.json() == {
        "holidays": [{"day": day, "working": False, "note": "防汛"}],
        "recounted": 1,
    }
    assert get(clerk, f"/v1/entries/{entry_id}")["entry"]["deadline_at"] > before["deadline_at"]
    assert get(clerk, "/v1/holidays", year=int(day[:4]))["holidays"][0]["note"] == "防汛"
    gone = admin.delete(f"/v1/holidays/{day}")
    assert gone.json() == {"holidays": [], "recounted": 1}
    assert get(clerk, f"/v1/entries/{entry_id}")["entry"]["deadline_at"] == before["deadline_at"]
    assert admin.delete(f"/v1/holidays/{day}").status_code == 404


@pytest.mark.parametrize(
    "holidays",
    [
        [],
        [{"day": "2027-02-30", "working": False}],
        [{"day": "0001-01-01", "working": False}],
        [{"day": "2027-02-08"}],
        [{"day": "2027-02-08", "working": False, "note": "长" * 101}],
        [{"day": "2027-02-08", "working": False}] * 401,
    ],
    ids=lambda days: str(days)[:60],
)
def test_a_day_that_is_none_is_refused(admin: httpx.Client, holidays: list[Any]) -> None:
    answer = admin.put("/v1/holidays", json={"holidays": holidays})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_input")
    assert get(admin, "/v1/holidays")["holidays"] == []


def test_a_broken_file_of_the_town_names_its_place(
    running: RunningService, admin: httpx.Client
) -> None:
    data_dir = running.service.settings.data_dir
    assert data_dir is not None
    (data_dir / "deadlines.toml").write_text("[[rulebooks]", encoding="utf-8")
    answer = admin.get("/v1/deadlines/presets")
    assert (answer.status_code, answer.json()["error"]) == (500, "invalid_data")
    assert "时限规则第 1 行" in answer.json()["detail"]
    assert get(admin, "/v1/deadlines/settings")["rulebook"]["name"] == "beijing"


def test_the_duties_of_the_clock_are_done_to_the_last_entry(
    running: RunningService, clerk: httpx.Client
) -> None:
    store = running.service.store
    ids = [file_one(running, f"A-{n}") for n in range(3)]
    now = datetime.now(UTC)
    for entry_id in ids:
        alter(store, entry_id, urgency=1, deadline_at=now - timedelta(minutes=5))
    assert remind_departments(store, now) == 3
    assert remind_departments(store, now) == 0
    assert give_back_unaccepted(store, now + timedelta(days=40)) == 3
    assert {get(clerk, f"/v1/entries/{n}")["entry"]["state"] for n in ids} == {"returned"}
    assert recount_deadlines(store, now) == 0
