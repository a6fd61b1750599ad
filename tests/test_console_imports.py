"""Files of submissions brought in from the console: looked at, left, come back to, undone."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
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
from people_factories import sign_in
from service_factories import RunningService

from api.background.importing import importing
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
WHAT = ("路灯", "电梯", "井盖", "垃圾站", "下水道", "变压器", "围墙", "水渠", "菜市场", "工地")
WRONG = ("坏了半个月没有人修", "夜里响个不停", "没有人打扫", "挡住了消防通道", "积水没过脚背")


@pytest.fixture(autouse=True)
def worker(town: RunningService) -> Iterator[None]:
    """Brings in what is started, as the worker beside the service does."""
    with importing(town.service.store, lambda: town.service):
        yield


@pytest.fixture
def clerk(town: RunningService) -> Any:
    with town.client() as client:
        sign_in(client, Role.CLERK)
        yield client


def write_file(path: Path, rows: int, *, header: tuple[str, ...], prefix: str) -> Path:
    """A hotline's own table, in GBK: the fourth row says nothing, the sixth came by no channel."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in range(rows):
        where = "".join(chr(0x4E00 + row * step % 6_007) for step in (37, 101, 211, 509))
        told = f"{where}{WHAT[row % 10]}{row}号{WRONG[row // 10 % 5]}"
        channel = "飞鸽" if row == 5 else "电话"
        phone = f"138{row:08d}"
        writer.writerow((f"{prefix}-{row}", "张三", phone, "" if row == 3 else told, channel))
    path.write_bytes(text.getvalue().encode("gb18030"))
    return path


def upload(page: Any, file: Path) -> None:
    page.set_input_files("input[type=file]", file)
    page.wait_for_selector(".mapping")


def wait_until_done(page: Any, *, seconds: int = 60) -> None:
    page.wait_for_selector(".panel-head >> text=已完成", timeout=seconds * 1000)


def test_a_file_whose_columns_are_not_known_is_mapped_brought_in_and_undone(
    screens: Opener, clerk: httpx.Client, tmp_path: Path
) -> None:
    header = ("单子", "某人", "某号", "群众心声", "从哪来")
    page = screens(Role.CLERK).go("/imports")
    upload(page, write_file(tmp_path / "热线.csv", 24, header=header, prefix="K"))
    page.wait_for_selector("text=没有认出，请指明标题或内容是哪一列")
    assert page.is_disabled("button:has-text('开始导入')")
    check_accessible(page)
    for field, column in zip(("内容", "编号", "渠道", "电话"), (3, 0, 4, 2), strict=True):
        choose(page, f"{field}是哪一列", header[column])
        page.wait_for_selector("[aria-label=哪一列是什么][aria-busy=false]")
    page.wait_for_selector("td >> text=标题和内容都为空")
    assert page.locator("[aria-label='前 20 行'] tbody tr").count() == 20
    assert page.locator("[aria-label='前 20 行'] >> text=不入库").count() == 2
    assert "13800000001" not in page.inner_text("main")
    assert "没有用到的列：某人" in page.inner_text("main")
    check_accessible(page)
    check_fits(page)

    page.click("text=开始导入")
    wait_until_done(page)
    shown = page.inner_text("[aria-label=进度]")
    assert "24／24 行" in shown
    assert "每秒" in shown
    check_accessible(page)
    with page.expect_download() as awaited:
        page.click("text=下载 Excel")
    book = openpyxl.load_workbook(io.BytesIO(Path(awaited.value.path()).read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0] == ("行号", "字段", "原因")
    assert [row[:2] for row in rows[1:]] == [(5, "群众心声"), (7, "从哪来")]
    with page.expect_download() as awaited:
        page.click("text=下载 CSV")
    assert Path(awaited.value.path()).read_bytes().startswith(b"\xef\xbb\xbf")

    sent = {"lead": "住建局", "urgency": 3, "nature": "投诉"}
    assert clerk.post("/v1/submissions/K-1/decisions", json=sent).is_success
    page.click("text=撤销导入")
    page.click(".el-message-box button:has-text('撤销导入')")
    page.wait_for_selector("[aria-label=撤销] >> text=已撤回 21 件，留下 1 件")
    assert "已有人认定或办理" in page.inner_text("[aria-label=撤销]")
    assert clerk.get("/v1/submissions/K-0").status_code == 404
    assert clerk.get("/v1/submissions/K-1").status_code == 200
    check_accessible(page)

    page.click("text=回到列表")
    page.wait_for_selector("tr:has-text('热线.csv') >> text=已撤销")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    check_fits(page)
    check_accessible(page)


def test_a_file_is_thrown_away_before_it_is_started_and_what_is_none_is_refused(
    screens: Opener, tmp_path: Path
) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 400")
    page = screen.go("/imports")
    header = ("编号", "姓名", "电话", "内容", "来源")
    upload(page, write_file(tmp_path / "放弃.csv", 4, header=header, prefix="Q"))
    page.click("text=删去")
    page.click(".el-message-box button:has-text('删去')")
    page.wait_for_selector("h1 >> text=批量导入")
    assert page.locator("text=放弃.csv").count() == 0
    (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04 nothing")
    page.set_input_files("input[type=file]", tmp_path / "坏.xlsx")
    page.wait_for_selector(".el-message--error")
    (tmp_path / "图.png").write_bytes(b"x")
    page.set_input_files("input[type=file]", tmp_path / "图.png")
    page.wait_for_selector("text=请选 .xlsx")


def test_the_template_is_known_column_by_column(screens: Opener, tmp_path: Path) -> None:
    page = screens(Role.CLERK).go("/imports")
    with page.expect_download() as awaited:
        page.click("text=下载表样")
    header = Path(awaited.value.path()).read_text("utf-8-sig").strip()
    row = "B-1,路灯不亮,建设路的路灯坏了半个月,来电,2025-03-01,建设路,甄仿写,13900000000,,"
    (tmp_path / "表样.csv").write_text(f"{header}\n{row}\n", encoding="utf-8-sig")
    upload(page, tmp_path / "表样.csv")
    page.wait_for_selector("[aria-label='前 20 行'] td >> text=2025-03-01")
    assert "没有用到的列" not in page.inner_text("main")


@pytest.mark.slow
def test_five_thousand_rows_of_gbk_are_brought_in_while_one_leaves_and_comes_back(
    screens: Opener, clerk: httpx.Client, tmp_path: Path
) -> None:
    header = ("工单号", "诉求人", "电话", "诉求内容", "来源")
    page = screens(Role.CLERK).go("/imports")
    upload(page, write_file(tmp_path / "三月.csv", 5_000, header=header, prefix="W"))
    page.wait_for_selector("[aria-label='前 20 行'] tbody tr")
    assert "共 5,000 行" in page.inner_text("main")
    page.click("text=开始导入")
    page.wait_for_selector("text=可以离开这一页")
    page.click("text=回到列表")
    page.wait_for_selector("tr:has-text('三月.csv') >> text=导入中")
    page.click(".side >> text=工作台")
    page.wait_for_selector(".figure")
    page.click(".side >> text=批量导入")
    page.click("a.row-link >> text=三月.csv")
    page.wait_for_selector("text=/每秒 [\\d,]+ 行/", timeout=120_000)
    wait_until_done(page, seconds=540)
    figures = page.locator("[aria-label=进度] .figure b").all_inner_texts()
    assert figures == ["4,998", "0", "2"]
    told = clerk.get("/v1/imports").json()["lines"][0]
    assert (told["taken"], told["refused"], told["state"]) == (4_998, 2, "done")
    assert clerk.get("/v1/submissions/W-4999").status_code == 200
