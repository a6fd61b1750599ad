"""Statistics over HTTP: every rate with its counts, grouped and selected as asked."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
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


def file_answered_and_overdue(running: RunningService) -> None:
    """A-1, answered within the time limit, and A-2, whose limit has just passed."""
    entry = file_one(running, "A-1")
    file_one(running, "A-2", lead="城管局", urgency=1)
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        give(officer, entry, "accept")
        give(officer, entry, "reply", text="电梯已恢复运行，联系人李工。", outcome="solved")
    with running.service.store.writing() as session:
        session.execute(update(EntryRow).values(deadline_at=read_clock() - timedelta(seconds=1)))


def test_rates_come_with_numerator_and_denominator(
    running: RunningService, clerk: httpx.Client
) -> None:
    file_answered_and_overdue(running)
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


def open_book(client: httpx.Client, path: str, **params: str) -> Worksheet:
    answer = client.get(f"{path}.xlsx", params=params)
    assert answer.status_code == 200, answer.text
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def test_a_printed_table_has_a_column_for_each_count_of_a_rate(
    running: RunningService, clerk: httpx.Client
) -> None:
    file_answered_and_overdue(running)
    sheet = open_book(
        clerk, "/v1/statistics", by="department", unit="=安平县信访局", since="2025-01-01"
    )
    assert sheet["A1"].value == "各责任单位统计表"
    assert sheet["A2"].value == "填报单位：=安平县信访局　　　　范围：2025-01-01起"
    groups = {cell.value: cell.column for cell in sheet[3] if cell.value}
    at = groups["按时回复率"]
    assert [sheet.cell(4, at + n).value for n in range(3)] == ["比率", "分子", "分母"]
    at = groups["回复率"]
    lines = [
        (line[0], line[1], *line[at - 1 : at + 2])
        for line in sheet.iter_rows(min_row=5, max_row=7, values_only=True)
    ]
    assert lines == [(1, "城管局", 0, 0, 1), (2, "住建局", 1, 1, 1), ("", "合计", 0.5, 1, 2)]
    assert sheet.cell(7, at).number_format == "0.0%"
    assert str(sheet["A8"].value).startswith("共 2 条")
    assert (sheet.page_setup.orientation, sheet.freeze_panes) == ("landscape", "C5")


def test_what_a_printed_table_covers_is_told_by_name(clerk: httpx.Client) -> None:
    sheet = open_book(
        clerk,
        "/v1/statistics",
        by="month",
        domain="0102",
        division="431026",
        channel="来信",
        by_deadline="true",
        department="住建局",
    )
    assert sheet["A1"].value == "每月统计表"
    assert sheet["A2"].value == (
        "填报单位：住房和城乡建设局　　　　"
        "范围：领域 城市建设和市政管理，行政区划 湖南省郴州市汝城县，来信，按到期算"
    )


@pytest.mark.parametrize("path", PATHS[1:])
def test_hours_dispatch_and_replies_are_printed_too(
    running: RunningService, clerk: httpx.Client, path: str
) -> None:
    file_one(running, "A-1")
    sheet = open_book(clerk, path, by="urgency")
    assert str(sheet["A1"].value).startswith("各紧急程度")
    names = [sheet["B5"].value, sheet["B6"].value]
    assert "合计" in names
    assert names[0] == ("合计" if path.endswith("replies") else "较急")  # nobody has replied


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
