"""Supervision in the console: findings decided, the overdue urged, departments compared."""

from datetime import timedelta

import pytest
from console_factories import (
    Opener,
    browser,
    check_accessible,
    check_fits,
    choose,
    screens,
    town,
)
from people_factories import sign_in
from service_factories import RunningService
from sqlalchemy import update
from work_factories import file_one, give

from api.service import read_clock
from triage.findings import Rule
from triage.ledger.states import FindingState
from triage.ledger.tables import EntryRow, FindingRow
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
LATE = ("D-1", "D-2", "D-3")


@pytest.fixture(scope="module")
def late(town: RunningService) -> list[int]:
    """Entries of the housing department that are two days overdue; one has a thin reply."""
    ids = [file_one(town, name) for name in LATE]
    answered = file_one(town, "D-4")
    with town.client("work") as officer:
        give(officer, answered, "accept")
        thin = "您的来件已收到，我们高度重视，将按规定办理。"
        give(officer, answered, "reply", text=thin, outcome="solved")
    with town.service.store.writing() as session:
        past = read_clock() - timedelta(days=2)
        changed = update(EntryRow).where(EntryRow.id.in_([*ids, answered]))
        session.execute(changed.values(deadline_at=past, opened_at=past - timedelta(days=5)))
    with town.client() as supervisor:
        sign_in(supervisor, Role.SUPERVISOR)
        assert supervisor.post("/v1/findings:run").is_success
    return ids


def state_of(town: RunningService, entry_id: int) -> str:
    with town.client() as supervisor:
        sign_in(supervisor, Role.SUPERVISOR)
        lines = supervisor.get("/v1/lists/supervision", params={"rule": "overdue"}).json()["lines"]
    return next(str(line["state"]) for line in lines if line["entry_id"] == entry_id)


def test_a_finding_is_confirmed_dismissed_with_a_reason_or_urged(
    screens: Opener, town: RunningService, late: list[int]
) -> None:
    page = screens(Role.SUPERVISOR).go("/supervision?rule=overdue")
    page.wait_for_selector("td >> text=查到时已超 2 天")
    check_accessible(page)
    check_fits(page)
    rows = [f"tr:has(a[href='#/entries/{entry}'])" for entry in late]
    page.click(f"{rows[0]} button:has-text('排除')")
    page.click(".el-message-box button:has-text('排除')")
    page.wait_for_selector("text=请填写理由")
    page.fill(".el-message-box textarea", "反映人已同意延后")
    page.click(".el-message-box button:has-text('排除')")
    page.wait_for_selector(rows[0], state="detached")
    page.click(f"{rows[1]} button:has-text('确认')")
    page.click(".el-message-box button:has-text('确认属实')")
    page.wait_for_selector(rows[1], state="detached")
    page.click(f"{rows[2]} button:has-text('督办')")
    page.fill("#urging", "请三日内回告")
    check_accessible(page)
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector(rows[2], state="detached")
    assert [state_of(town, entry) for entry in late] == ["dismissed", "confirmed", "urged"]
    choose(page, "状态", "已督办")
    page.wait_for_selector(f"{rows[2]} >> text=请三日内回告")


def test_a_division_without_entries_is_told_by_its_name(
    screens: Opener, town: RunningService
) -> None:
    told = {"name": "430102", "entries": 0, "neighbours": 9, "median_of_neighbours": 6, "days": 90}
    with town.service.store.writing() as session:
        session.add(
            FindingRow(
                rule=Rule.SILENT,
                subject="division:430102",
                evidence=told,
                state=FindingState.OPEN,
                found_at=read_clock(),
                seen_at=read_clock(),
            )
        )
    page = screens(Role.SUPERVISOR).go("/supervision?rule=silent")
    page.wait_for_selector("td >> text=湖南省长沙市芙蓉区")
    assert "430102" not in page.inner_text("tbody")


def test_the_overdue_are_urged_together(
    screens: Opener, town: RunningService, late: list[int]
) -> None:
    page = screens(Role.SUPERVISOR).go("/supervision?tab=overdue")
    page.wait_for_selector(".bars >> text=住建局")
    check_accessible(page)
    for entry in late[:2]:
        page.click(f"tr:has(a[href='#/entries/{entry}']) .el-checkbox")
    page.click("button:has-text('督办所选')")
    page.fill("#urging", "请本周内办结")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("text=已督办 2 条")
    with town.client("read") as client:
        urged = [client.get(f"/v1/entries/{entry}").json()["entry"]["urges"] for entry in late[:2]]
    assert all(urged)


@pytest.mark.usefixtures("late")
def test_departments_are_compared_and_each_rate_says_what_it_counts(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/supervision?tab=departments")
    page.wait_for_selector(".rate")
    check_accessible(page)
    check_fits(page)
    page.locator("tr:has-text('住建局') .rate").first.focus()
    page.wait_for_selector(".el-popper:visible >> text=在时限内回告的到期件")
    page.keyboard.press("Escape")
    page.locator("tr:has-text('住建局') .rate").nth(1).hover()
    page.wait_for_selector(".el-popper:visible >> text=已回告的到期件 1 ÷ 到期件 4")


@pytest.mark.usefixtures("late")
def test_replies_that_say_little_are_shown_by_department(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/supervision?tab=replies")
    page.wait_for_selector("tr:has-text('住建局') >> text=1 份")
    assert "疑似敷衍" in page.inner_text("main")
    check_accessible(page)
    check_fits(page)


def test_more_time_is_granted(screens: Opener, town: RunningService) -> None:
    entry = file_one(town, "D-5")
    with town.client("work") as officer:
        give(officer, entry, "accept")
        asked = {"amount": 2, "unit": "day", "note": "等配件到货"}
        give(officer, entry, "request-extension", **asked)
    page = screens(Role.SUPERVISOR).go("/supervision?tab=extensions")
    page.click(f"tr:has(a[href='#/entries/{entry}']) button:has-text('看申请')")
    page.wait_for_selector(".el-dialog >> text=等配件到货")
    assert "延期 2 日" in page.inner_text(".el-dialog")
    check_accessible(page)
    page.click(".el-dialog button:has-text('批准')")
    page.click(".el-message-box button:has-text('批准')")
    page.wait_for_selector("text=没有等着批的延期申请")
    with town.client("read") as client:
        assert client.get(f"/v1/entries/{entry}").json()["entry"]["extensions"] == 1


def test_a_finding_that_a_link_names_is_shown_whole(
    screens: Opener, town: RunningService, late: list[int]
) -> None:
    with town.client() as supervisor:
        sign_in(supervisor, Role.SUPERVISOR)
        lines = supervisor.get("/v1/lists/supervision", params={"rule": "overdue"}).json()["lines"]
    finding = next(line["id"] for line in lines if line["entry_id"] == late[0])
    page = screens(Role.SUPERVISOR).go(f"/supervision?finding={finding}")
    page.wait_for_selector(f"h2:text-is('监督事项 {finding}')")
    assert "逾期未回告" in page.inner_text("main")
