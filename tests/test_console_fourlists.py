"""The four lists in the console: filtered, taken out, an old one brought in, a task from some."""

import io
from pathlib import Path

import openpyxl
import pytest
from console_factories import Opener, browser, check_accessible, check_fits, screens, town

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
OLD_LIST = """序号,来办的事,包案领导,谁来办,状态,紧急程度,答复
1,银杏巷路灯坏了半个月没人修，晚上接孩子看不见路。,张局长,城管局,在办,一般,
2,银杏巷下水道返味，住户不敢开窗。,李局长,住建局,在办,一般,
3,银杏巷公厕三天没有水。,王局长,住建局,已办结,一般,已恢复供水
"""


def test_an_old_list_is_read_on_trial_put_right_and_brought_in(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/lists")
    page.click("text=导入清单")
    file = {"name": "旧台账.csv", "mimeType": "text/csv", "buffer": OLD_LIST.encode("gb18030")}
    page.set_input_files(".el-dialog input[type=file]", file)
    page.wait_for_selector("text=没有认出标题列或内容列，请指明")
    check_accessible(page)
    for field, column in (("content", "来办的事"), ("lead", "谁来办")):
        page.click(f".el-dialog .el-select:has(#column-{field})")
        page.click(f".el-select-dropdown__item:visible >> text={column}")
        page.wait_for_selector(f".el-select:has(#column-{field}) >> text={column}")
    page.wait_for_selector("text=可以导入 2 行，有误 1 行")
    page.click(".el-dialog button:has-text('导入 2 行')")
    page.wait_for_selector("text=新导入 2 行，此前已有 0 行，有误 1 行")
    page.click("text=看清单")
    page.wait_for_selector("tbody >> text=银杏巷路灯")


def test_a_task_is_planned_for_marked_entries_and_listed(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/lists?list=problems&urgency=4")
    page.wait_for_selector("tbody tr")
    check_accessible(page)
    page.click("tbody tr:nth-child(1) .el-checkbox")
    page.click("tbody tr:nth-child(2) .el-checkbox")
    page.click("text=安排成一项任务")
    page.wait_for_selector("h1 >> text=安排任务")
    assert len(page.input_value("#entries").split("，")) == 2
    page.fill("#title", "整修银杏巷路灯和下水道")
    page.click("#department")
    page.keyboard.type("zjj")
    page.keyboard.press("Enter")
    page.fill("#person", "李明")
    page.fill("#measures", "逐盏检修")
    page.click("main button[type=submit]")
    page.wait_for_selector("h1 >> text=整修银杏巷")
    page = screens(Role.SUPERVISOR).go("/lists?list=tasks&state=open")
    page.wait_for_selector("tbody >> text=整修银杏巷")
    with page.expect_download() as expected:
        page.click("text=导出 Excel")
    assert expected.value.suggested_filename.startswith("任务清单-")
    sheet = openpyxl.load_workbook(io.BytesIO(Path(expected.value.path()).read_bytes())).active
    told = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert "整修银杏巷路灯和下水道" in told


def test_each_of_the_four_lists_reads_on_desk_and_phone(screens: Opener) -> None:
    for role in (Role.SUPERVISOR, Role.OFFICER):
        page = screens(role, dark=role is Role.OFFICER).go("/lists")
        for name in ("任务清单", "效果清单", "监督清单", "问题清单"):
            page.click(f"nav.tabs >> text={name}")
            page.wait_for_selector(f"h1 >> text={name}")
            page.wait_for_load_state("networkidle")
            check_fits(page)
            check_accessible(page)
        page.set_viewport_size({"width": 390, "height": 844})
        check_fits(page)
        check_accessible(page)
        assert (page.locator("text=导入清单").count() == 0) is True
