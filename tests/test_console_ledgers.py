"""The ledger in the console: filtered by its address, worked on by many lines, taken out."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from console_factories import PHONE, Opener, browser, check_accessible, check_fits, screens, town
from people_factories import sign_in
from service_factories import RunningService, make_body

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def lamps(town: RunningService) -> list[int]:
    """Three entries of the housing department about the same street."""
    entries = []
    with town.client() as clerk:
        sign_in(clerk, Role.CLERK)
        for number in range(3):
            told = f"蓝桉路{number}号院的外墙砖松动，随时会掉下来砸到行人。"
            body = make_body(id=f"L-{number}", title=f"蓝桉路{number}号外墙", content=told)
            taken = clerk.post("/v1/submissions", json=body).json()
            sent = {"lead": "住建局", "version": 1 if taken["entry"] else 0}
            decided = clerk.post(f"/v1/submissions/L-{number}/decisions", json=sent)
            entries.append(int(decided.json()["entry"]["id"]))
    return entries


def rows(page: Any) -> Any:
    return page.locator("tbody tr")


def find(page: Any, words: str, *, expect: int) -> None:
    page.fill("[aria-label=查找]", words)
    page.press("[aria-label=查找]", "Enter")
    page.wait_for_selector(f"text=共 {expect} 条")


def test_a_clerk_filters_sends_the_link_saves_the_view_and_exports(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/ledgers")
    page.wait_for_selector("tbody tr")
    check_accessible(page)
    find(page, "蓝桉路", expect=3)
    page.click("nav.tabs >> text=在办")
    page.wait_for_selector("nav.tabs [aria-current]:has-text('在办')")
    assert "standing=open" in page.url
    page.click("text=常用视图")
    page.click("text=存为常用视图…")
    page.fill(".el-message-box input", "蓝桉路外墙")
    page.click(".el-message-box button:has-text('保存')")
    page.wait_for_selector("text=已存为常用视图")
    page.click('.page-actions >> text="列"')
    page.click(".column-choice >> text=性质")
    page.wait_for_selector("th:has-text('性质')")
    with page.expect_download() as expected:
        page.click("text=导出 Excel")
    sheet = openpyxl.load_workbook(io.BytesIO(Path(expected.value.path()).read_bytes())).active
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert sum(cell.startswith("蓝桉路") and cell.endswith("号外墙") for cell in cells) == 3
    address = page.url.split("#")[1]

    other = screens(Role.SUPERVISOR, size=PHONE, dark=True).go(address)
    other.wait_for_selector("text=共 3 条")
    check_fits(other)
    check_accessible(other)
    other.click("text=蓝桉路1号外墙")
    other.wait_for_selector("h1 >> text=蓝桉路1号外墙")
    other.go_back()
    other.wait_for_selector("text=共 3 条")


def test_an_officer_signs_for_many_and_is_told_which_another_had_first(
    screens: Opener, town: RunningService, lamps: list[int]
) -> None:
    page = screens(Role.OFFICER).go("/ledgers?q=蓝桉路")
    page.wait_for_selector("text=共 3 条")
    page.click("[aria-label=全选本页]")
    with town.client() as officer:
        sign_in(officer, Role.OFFICER)
        version = officer.get(f"/v1/entries/{lamps[0]}").json()["entry"]["version"]
        sent = {"version": version}
        assert officer.post(f"/v1/entries/{lamps[0]}/accept", json=sent).is_success
    page.click(".bulk >> text=签收")
    check_accessible(page)
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("text=签收：2 条已办，1 条没有办成")
    page.wait_for_selector(".el-dialog >> text=刚被他人改过")
    page.keyboard.press("Escape")
    page.wait_for_selector("tbody .tag:has-text('交办')", state="detached")
    assert page.locator("tbody .tag:has-text('签收')").count() == 3


def test_a_supervisor_urges_many_at_once(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/ledgers?q=蓝桉路")
    page.wait_for_selector("text=共 3 条")
    page.click("[aria-label=全选本页]")
    page.click(".bulk >> text=督办")
    page.click(".el-dialog .el-radio:has-text('挂牌督办')")
    page.wait_for_selector("#field-person")
    page.click(".el-dialog .el-radio >> nth=0")
    page.fill("#field-note", "请三日内回告")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector(".el-message >> text=督办：3 条已经办好")
