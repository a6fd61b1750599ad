"""The daily report, the weekly summary and the bulletin as Word documents."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from docx import Document
from openpyxl import load_workbook
from service_factories import RunningService, run_service
from sqlalchemy import update
from work_factories import file_one, give, sign_in

from api.reports.periods import Period, Report, find_period
from api.reports.writing import template_name
from api.service import read_clock
from triage.calendar import day_of
from triage.ledger.tables import DepartmentRow, EntryRow
from triage.roles import Role


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    (tmp_path / "town").mkdir()
    with run_service(tmp_path, data_dir=tmp_path / "town") as running:
        yield running


@pytest.fixture
def supervisor(running: RunningService) -> Iterator[httpx.Client]:
    with sign_in(running, "sun", Role.SUPERVISOR) as client:
        yield client


def read_words(answer: httpx.Response) -> str:
    """All words of the document, tables too."""
    assert answer.status_code == 200, answer.text
    document = Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def work(running: RunningService, supervisor: httpx.Client) -> None:
    """One entry replied to in time, one overdue that is urged, both due today."""
    done, late = file_one(running, "A-1"), file_one(running, "A-2", lead="城管局", urgency=1)
    now = read_clock()
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        give(officer, done, "accept")
        give(officer, done, "reply", text="电梯已恢复运行，联系人李工。", outcome="solved")
    with running.service.store.writing() as session:
        today = now.replace(hour=15, minute=59, second=59)  # the last second of the day in China
        if today < now:
            today += timedelta(days=1)
        session.execute(update(EntryRow).where(EntryRow.id == done).values(deadline_at=today))
        session.execute(
            update(EntryRow)
            .where(EntryRow.id == late)
            .values(deadline_at=now - timedelta(seconds=1), opened_at=now - timedelta(minutes=1))
        )
    supervisor.post("/v1/findings:run")
    (line,) = supervisor.get("/v1/lists/supervision", params={"rule": "overdue"}).json()["lines"]
    urged = {"verdict": "urged", "note": "请三日内回告"}
    assert supervisor.post(f"/v1/findings/{line['id']}/decision", json=urged).status_code == 200


@pytest.mark.parametrize("report", list(Report))
def test_a_report_without_entries_is_written_too(supervisor: httpx.Client, report: Report) -> None:
    words = read_words(supervisor.get(f"/v1/reports/{report}"))
    assert "受理 0 件" in words
    assert "{" not in words


@pytest.mark.parametrize("report", list(Report))
def test_a_report_tells_figures_with_their_counts(
    running: RunningService, supervisor: httpx.Client, report: Report
) -> None:
    work(running, supervisor)
    answer = supervisor.get(f"/v1/reports/{report}", params={"unit": "安平县<信访>局"})
    words = read_words(answer)
    assert "安平县<信访>局" in words
    assert "受理 2 件，比上一时段增加 2 件" in words
    assert "（0/1）" in words
    assert "城管局" in words
    assert "{" not in words
    assert "逾期未回告" in words
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    charts = [
        name
        for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        if name.startswith("word/charts/chart")
    ]
    assert charts


@pytest.mark.parametrize("report", list(Report))
def test_a_workbook_tells_the_same_figures_and_draws_them(
    running: RunningService, supervisor: httpx.Client, report: Report
) -> None:
    work(running, supervisor)
    answer = supervisor.get(f"/v1/reports/{report}.xlsx", params={"unit": "=安平县信访局"})
    assert answer.status_code == 200, answer.text
    assert "xlsx" in answer.headers["content-disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    flow = dict(book["概况"].iter_rows(min_row=4, max_col=2, values_only=True))
    assert (flow["受理"], flow["受理比上一时段"]) == (2, "增加 2 件")
    departments = {row[0]: row for row in book["各单位"].iter_rows(min_row=4, values_only=True)}
    assert "（0/1）" in str(departments["城管局"])
    assert departments["合计"][1] == 1  # the other is not due yet
    assert "请三日内回告" in str(list(book["确认和督办"].values))
    assert len(book["各单位"]._charts) == 1
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)


def test_a_bulletin_publishes_what_a_supervisor_stands_behind(
    running: RunningService, supervisor: httpx.Client
) -> None:
    work(running, supervisor)
    words = read_words(supervisor.get("/v1/reports/bulletin"))
    assert "请三日内回告" in words
    assert "已督办" in words
    assert "电梯停运" not in words  # a bulletin names submissions by number


@pytest.mark.parametrize("report", list(Report))
def test_words_of_one_s_own_stand_in_the_report(supervisor: httpx.Client, report: Report) -> None:
    told = {
        "text": "请逐件核实{{ 1 }}，\x0b三日内回告。\n\n  未解决的<重新>办理。  ",
        "unit": "信访局",
    }
    words = read_words(supervisor.post(f"/v1/reports/{report}", json=told)).split("\n")
    assert "请逐件核实{{ 1 }}，" in words
    assert words.index("三日内回告。") + 1 == words.index("未解决的<重新>办理。")
    assert "（请在此填写工作要求。）" not in words
    assert not any("{%" in line for line in words)


def test_words_that_are_too_many_are_refused(supervisor: httpx.Client) -> None:
    refused = supervisor.post("/v1/reports/bulletin", json={"text": "字" * 10_001})
    assert (refused.status_code, refused.json()["field"]) == (422, "text")
    backwards = {"first": "2025-03-02", "last": "2025-03-01"}
    refused = supervisor.post("/v1/reports/bulletin", json=backwards)
    assert (refused.status_code, refused.json()["field"]) == (422, "last")


def test_a_report_of_another_time_tells_of_that_time(
    running: RunningService, supervisor: httpx.Client
) -> None:
    work(running, supervisor)
    old = read_words(supervisor.get("/v1/reports/daily", params={"day": "2025-03-01"}))
    assert "2025年3月1日" in old
    assert "受理 0 件" in old
    own = {"first": "2025-03-01", "last": str(day_of(read_clock()))}
    refused = supervisor.get("/v1/reports/weekly", params=own)
    assert (refused.status_code, refused.json()["field"]) == (422, "last")
    own["first"] = str(day_of(read_clock()) - timedelta(days=2))
    assert "受理 2 件" in read_words(supervisor.get("/v1/reports/weekly", params=own))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"day": "gestern"}, "day"),
        ({"first": "2025-03-01"}, "last"),
        ({"last": "2025-03-01"}, "first"),
        ({"first": "2025-03-02", "last": "2025-03-01"}, "last"),
    ],
)
def test_a_time_that_is_none_is_refused(
    supervisor: httpx.Client, wrong: dict[str, str], field: str
) -> None:
    refused = supervisor.get("/v1/reports/daily", params=wrong)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert supervisor.get("/v1/reports/yearly").status_code == 422


def test_names_that_would_be_markup_are_shown_as_they_are(
    running: RunningService, supervisor: httpx.Client
) -> None:
    work(running, supervisor)
    with running.service.store.writing() as session:
        session.execute(
            update(DepartmentRow)
            .where(DepartmentRow.name == "城管局")
            .values(name="城管<b>&局{{ 1 }}")
        )
    assert "城管<b>&局{{ 1 }}" in read_words(supervisor.get("/v1/reports/weekly"))


def put_template(running: RunningService, report: Report, *lines: str) -> None:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    folder = running.service.settings.data_dir
    assert folder is not None
    document.save(str(folder / template_name(report)))


def test_a_town_s_own_template_takes_the_place_of_ours(
    running: RunningService, supervisor: httpx.Client
) -> None:
    put_template(running, Report.DAILY, "本日受理{{ flow.opened }}件", "{{ chart_days }}")
    assert read_words(supervisor.get("/v1/reports/daily")).startswith("本日受理0件")
    template = supervisor.get("/v1/reports/daily/template")
    assert "本日受理{{ flow.opened }}件" in read_words(template)
    assert "{{ period }}" in read_words(supervisor.get("/v1/reports/weekly/template"))


@pytest.mark.parametrize(
    "line",
    [
        "{{ flow.opened",
        "{% for line in %}",
        "{{ 1 | no_such_filter }}",
        "{% for line in flow.opened %}{% endfor %}",
        "{{ flow.opened / 0 }}",
        "{{ flow.__class__.__mro__[1].__subclasses__() }}",
    ],
)
def test_a_template_that_is_wrong_or_reaches_too_far_is_refused(
    running: RunningService, supervisor: httpx.Client, line: str
) -> None:
    put_template(running, Report.DAILY, line)
    refused = supervisor.get("/v1/reports/daily")
    assert (refused.status_code, refused.json()["error"]) == (500, "invalid_data")
    assert "report-daily.docx" in refused.json()["detail"]


def test_a_template_that_is_no_word_document_is_refused(
    running: RunningService, supervisor: httpx.Client
) -> None:
    folder = running.service.settings.data_dir
    assert folder is not None
    for content in (b"no zip", _zip_of_nothing()):
        (folder / "report-daily.docx").write_bytes(content)
        refused = supervisor.get("/v1/reports/daily")
        assert (refused.status_code, refused.json()["error"]) == (500, "invalid_data")


def _zip_of_nothing() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.txt", "a")
    return written.getvalue()


@pytest.mark.parametrize("role", [Role.CLERK, Role.OFFICER, Role.DISCIPLINE, Role.ADMIN])
def test_only_a_supervisor_writes_reports(running: RunningService, role: Role) -> None:
    department = "住建局" if role is Role.OFFICER else None
    with sign_in(running, "someone", role, department=department) as client:
        for path in ("/v1/reports/daily", "/v1/reports/daily/template"):
            assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    ("report", "first", "last"),
    [
        (Report.DAILY, date(2025, 2, 28), date(2025, 2, 28)),
        (Report.WEEKLY, date(2025, 2, 24), date(2025, 3, 2)),
        (Report.BULLETIN, date(2025, 2, 1), date(2025, 2, 28)),
    ],
)
def test_a_report_covers_its_day_week_or_month(report: Report, first: date, last: date) -> None:
    period = find_period(report, date(2025, 2, 28))
    assert period == Period(first, last)
    assert (period.until - period.since).days == (last - first).days + 1
    assert period.before.last == first - timedelta(days=1)


def test_december_ends_with_its_own_last_day() -> None:
    found: Any = find_period(Report.BULLETIN, date(2025, 12, 5))
    assert found == Period(date(2025, 12, 1), date(2025, 12, 31))
