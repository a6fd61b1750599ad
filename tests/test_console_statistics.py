"""Statistics and reports in the console: charts saved, tables and documents taken and opened."""

import io
from pathlib import Path
from typing import Any

import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    choose,
    screens,
    town,
)
from docx import Document
from openpyxl import load_workbook

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


def save(page: Any, button: str) -> tuple[str, bytes]:
    """The file that a button gives: its name and content."""
    with page.expect_download() as saved:
        page.click(button)
    return saved.value.suggested_filename, Path(saved.value.path()).read_bytes()


def test_figures_are_counted_by_what_is_chosen_and_taken_along(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/statistics")
    page.wait_for_selector(".chart canvas")
    check_accessible(page)
    check_fits(page)
    name, picture = save(page, "button:has-text('存为图片') >> nth=0")
    assert name == "各责任单位件数.png"
    assert picture.startswith(b"\x89PNG")
    choose(page, "按什么分", "紧急程度")
    page.wait_for_selector("td >> text=特急")
    name, content = save(page, "button:has-text('导出 Excel')")
    assert name.startswith("各紧急程度统计表-")
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet["A1"].value == "各紧急程度统计表"
    lines = list(sheet.iter_rows(min_row=5, max_col=3, values_only=True))
    assert lines[-2][:2] == ("", "合计")
    assert lines[-2][2] == sum(line[2] for line in lines[:-2])
    page.locator("td[data-label=退件率] .rate").first.hover()
    page.wait_for_selector(".el-popper:visible >> text=被退回过的条目")


@pytest.mark.parametrize("tab", ["course", "hours", "dispatch"])
def test_the_course_the_hours_and_the_dispatch_are_drawn(screens: Opener, tab: str) -> None:
    page = screens(Role.CLERK, size=PHONE).go(f"/statistics?tab={tab}")
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(".chart canvas")
    check_fits(page)
    check_accessible(page)


def test_a_period_is_chosen_by_one_click_and_stands_in_the_address(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/statistics")
    page.click(".period button:has-text('今天')")
    page.wait_for_selector(".period button[aria-pressed=true]:has-text('今天')")
    assert "since=" in page.url
    page.reload()
    page.wait_for_selector(".period button[aria-pressed=true]:has-text('今天')")


def test_the_weekly_summary_is_printed_in_word_and_excel(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/reports")
    page.wait_for_selector(".figure")
    check_accessible(page)
    check_fits(page)
    page.click("label:has-text('周总结')")
    page.wait_for_selector("h2:has-text('周总结')")
    page.fill("[aria-label=编报单位]", "安平县信访局")
    page.fill("[aria-label=有关说明]", "本周降雨多。\n请提前排查积水点。")
    name, content = save(page, "button:has-text('写成 Word')")
    assert name.startswith("周总结-")
    words = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    assert "安平县信访局" in words
    assert "六、有关说明\n本周降雨多。\n请提前排查积水点。" in words
    name, content = save(page, "button:has-text('写成 Excel')")
    assert name.endswith(".xlsx")
    book = load_workbook(io.BytesIO(content))
    assert "安平县信访局" in book["概况"]["A1"].value
    flow = dict(book["概况"].iter_rows(min_row=4, max_col=2, values_only=True))
    assert str(flow["受理"]) == page.inner_text(".figure b >> nth=0")
