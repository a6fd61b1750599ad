"""Statistics over HTTP: every rate with its counts, grouped and selected as asked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from service_factories import RunningService, run_service
from sqlalchemy import update
from work_factories import file_one, give, sign_in

from api.service import read_clock
from triage.ledger.tables import EntryRow
from triage.roles import Role

PATHS = (
    "/v1/statistics",
    "/v1/statistics/hours",
    "/v1/statistics/dispatch",
    "/v1/statistics/replies",
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("read", "review") as client:
        yield client


def test_rates_come_with_numerator_and_denominator(
    running: RunningService, clerk: httpx.Client
) -> None:
    entry = file_one(running, "A-1")
    file_one(running, "A-2", lead="城管局", urgency=1)
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        give(officer, entry, "accept")
        give(officer, entry, "reply", text="电梯已恢复运行，联系人李工。", outcome="solved")
    with running.service.store.writing() as session:
        session.execute(update(EntryRow).values(deadline_at=read_clock() - timedelta(seconds=1)))
    told = clerk.get("/v1/statistics", params={"by": "department"}).json()
    assert told["total"]["rates"]["reply"] == {
        "name": "回复率",
        "numerator": 1,
        "denominator": 2,
        "value": 0.5,
    }
    assert told["total"]["rates"]["satisfaction"]["value"] is None
    assert told["total"]["counts"]["overdue"] == 1
    assert [group["name"] for group in told["groups"]] == ["城管局", "住建局"]
    assert told["groups"][1]["rates"]["reply"]["value"] == 1.0
    assert told["by"] == "department"
    assert told["as_of"].endswith("+08:00")


def test_hours_and_dispatch_are_told_by_group(running: RunningService, clerk: httpx.Client) -> None:
    entry = file_one(running, "A-1")
    file_one(running, "A-2")
    give(clerk, entry, "reassign", lead="城管局", note="属城管职责")
    hours = clerk.get("/v1/statistics/hours", params={"by": "urgency"}).json()
    assert hours["total"]["stages"]["dispatch"] == {
        "name": "来件入库到首次交办",
        "count": 2,
        "median": 0.0,
        "p90": 0.0,
    }
    assert hours["groups"][0]["name"] == "较急"
    dispatch = clerk.get("/v1/statistics/dispatch").json()
    accuracy = dispatch["total"]["accuracy"]
    assert (accuracy["numerator"], accuracy["denominator"]) == (1, 2)
    assert dispatch["groups"] == []


def test_replies_are_told_with_how_many_were_assessed(
    running: RunningService, clerk: httpx.Client
) -> None:
    entry = file_one(running, "A-1")
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        give(officer, entry, "accept")
        give(officer, entry, "reply", text="您的来件已收到，我们高度重视。", outcome="solved")
    told = clerk.get("/v1/statistics/replies", params={"by": "department"}).json()
    assert told["total"]["replies"] == 1
    assert told["total"]["perfunctory"]["name"] == "疑似敷衍率"
    assert set(told["total"]["marks"]) == {"relevance", "completeness", "grounds", "action"}
    assert [group["name"] for group in told["groups"]] == ["住建局"]


def test_a_selection_narrows_what_is_counted(running: RunningService, clerk: httpx.Client) -> None:
    file_one(running, "A-1")
    file_one(running, "A-2", lead="城管局", urgency=1)
    for wanted, opened in (
        ({"department": "城管局"}, 1),
        ({"urgency": 1}, 1),
        ({"channel": "来信"}, 0),
        ({"since": "2099-01-01"}, 0),
        ({"until": "2099-01-01", "domain": ""}, 2),
    ):
        told = clerk.get("/v1/statistics", params=wanted).json()
        assert told["total"]["counts"]["opened"] == opened, wanted


def test_an_officer_sees_the_figures_of_the_own_department(running: RunningService) -> None:
    file_one(running, "A-1")
    file_one(running, "A-2", lead="城管局")
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        told = officer.get("/v1/statistics", params={"by": "department"}).json()
        assert [group["key"] for group in told["groups"]] == ["housing"]
        for path in PATHS:
            refused = officer.get(path, params={"department": "城管局"})
            assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")


@pytest.mark.parametrize("role", [Role.DISCIPLINE, Role.ADMIN])
def test_who_has_no_statistics_gets_none(running: RunningService, role: Role) -> None:
    with sign_in(running, "someone", role) as client:
        assert [client.get(path).status_code for path in PATHS] == [403] * len(PATHS)


@pytest.mark.parametrize(
    "wrong", [{"by": "mood"}, {"level": 4}, {"urgency": 0}, {"channel": "x"}, {"since": "gestern"}]
)
def test_a_query_that_cannot_be_read_is_refused_by_name(
    clerk: httpx.Client, wrong: dict[str, str | int]
) -> None:
    for path in PATHS:
        refused = clerk.get(path, params=wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, next(iter(wrong)))
