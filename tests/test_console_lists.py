"""Filters, pages, choice of rows, charts, files and shortcuts: the shared parts, drawn and used.

The parts are mounted beside the help page over a list of our own, as any page would use them.
"""

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

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
ADDRESS = "/help"
MOUNT = """async () => {
  const base = document.querySelector("script[type=module]").src;
  const from = (name) => import(new URL(name, base).href);
  const vue = await import("vue");
  const plus = await import("element-plus");
  const { html } = await from("html.js");
  const parts = Object.assign({}, ...await Promise.all([
    "table", "filters", "chart", "drop", "keys", "dialogs", "timeline", "letter", "pickers",
  ].map((name) => from(`parts/${name}.js`))));
  document.querySelector("#probe")?.remove();
  const box = document.createElement("section");
  box.id = "probe";
  document.querySelector("#main").prepend(box);
  window.told = [];
  const router = await from("router.js");
  const setup = BODY;
  const app = vue.createApp({ setup });
  app.use(plus.default, { locale: (await import("element-plus/zh-cn")).default });
  app.mount(box);
}"""
LIST = """() => {
  const FIELDS = [
    { key: "urgency", name: "紧急程度", kind: "select", options: { 1: "特急", 2: "紧急" } },
    { key: "many", name: "状态", kind: "select", options: [["a", "甲"], ["b", "乙"]], many: true },
    { key: "q", name: "文字", kind: "text" },
    { key: "days", name: "日期", kind: "days" },
  ];
  const COLUMNS = [
    { key: "id", name: "编号", right: true, cell: (line) => line.id },
    { key: "name", name: "名称", link: true, wide: true, cell: (line) => line.name },
  ];
  const load = async (query) => {
    window.told.push(query);
    const first = Number(query.cursor ?? 0);
    const last = query.urgency === "2" ? 0 : 130;
    const lines = [];
    for (let id = first; id < Math.min(last, first + query.limit); id += 1) {
      lines.push({ id, name: `第${id}条` });
    }
    return { lines, next: first + query.limit < last ? String(first + query.limit) : null };
  };
  const list = parts.usePaged(load, () => parts.asked(FIELDS));
  const bulk = (lines) => { window.chosen = lines.map((line) => line.id); return "批办"; };
  return () => html`<div><${parts.Filters} fields=${FIELDS} />
    <${parts.PagedTable} list=${list} columns=${COLUMNS} choose bulk=${bulk}
      label="样例" open=${(line) => router.link("/nowhere", { id: line.id })}
      empty=${{ title: "没有符合的" }} /></div>`;
}"""
OTHERS = """() => {
  const keys = parts.useKeys([
    ["j", "下一件", () => window.told.push("j")],
    ["ctrl+Enter", "确认", () => window.told.push("confirm")],
  ]);
  const ask = async () => window.told.push(await parts.askReason("退回"));
  const sure = async () => window.told.push(await parts.confirm("确定吗"));
  const pick = (file) => window.told.push(file.name);
  const option = (colours) => ({
    tooltip: { trigger: "axis" }, xAxis: { type: "category", data: ["一", "二"] }, yAxis: {},
    series: [{ type: "bar", name: "来件", data: [3, 5], itemStyle: { color: colours.accent } }],
  });
  return () => html`<div class="panel">
    <${parts.KeyHelp} keys=${keys} /><input aria-label="打字" class="typing" />
    <${parts.FileDrop} accept=".xlsx,.csv" most=${1024} onPick=${pick}>放文件</>
    <${parts.Chart} label="两天来件" picture="来件" option=${option} height="200px" />
    <${plus.ElButton} class="ask" onClick=${ask}>退回</>
    <${plus.ElButton} class="sure" onClick=${sure}>删去</>
  </div>`;
}"""


def mount(page: Any, body: str) -> None:
    page.evaluate(MOUNT.replace("BODY", body))
    page.wait_for_selector("#probe > *")


def told(page: Any) -> list[Any]:
    said: list[Any] = page.evaluate("window.told")
    return said


def test_a_list_turns_its_pages_and_the_back_button_turns_them_back(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, LIST)
    page.wait_for_selector("text=第0条")
    assert told(page)[-1]["limit"] == 50
    check_accessible(page)
    page.click("#probe >> text=下一页")
    page.wait_for_selector("text=第50条")
    page.click("#probe >> text=下一页")
    page.wait_for_selector("text=第129条")
    assert "第 3 页，本页 30 条" in page.inner_text("#probe .table-foot")
    assert page.is_disabled("#probe button:has-text('下一页')")
    assert "cursor=100" in page.url
    page.evaluate("document.querySelector('#probe .table-scroll').scrollTop = 200")
    page.go_back()
    page.wait_for_selector("text=第50条")
    assert "第 2 页" in page.inner_text("#probe .table-foot")
    page.click("#probe >> text=上一页")
    page.wait_for_selector("text=第0条")


def test_a_filter_stands_in_the_address_and_begins_at_the_first_page(screens: Opener) -> None:
    page = screens(Role.CLERK).go(f"{ADDRESS}?cursor=100&urgency=1")
    mount(page, LIST)
    page.wait_for_selector("text=第100条")
    page.fill("#probe [aria-label=文字]", "路灯")
    page.press("#probe [aria-label=文字]", "Enter")
    page.wait_for_selector("text=第0条")
    assert "cursor" not in page.url
    assert told(page)[-1]["q"] == "路灯"
    choose(page, "紧急程度", "紧急")
    page.wait_for_selector("#probe >> text=没有符合的")
    assert "urgency=2" in page.url
    page.click("#probe >> text=清除筛选")
    page.wait_for_selector("text=第0条")
    assert page.url.endswith(f"#{ADDRESS}")
    page.go_back()
    page.wait_for_selector("#probe >> text=没有符合的")


def test_rows_are_chosen_walked_and_opened(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, LIST)
    page.click("#probe tbody tr:nth-child(2) .el-checkbox")
    page.click("#probe tbody tr:nth-child(4) .el-checkbox")
    page.wait_for_selector("text=已选 2 条")
    assert page.evaluate("window.chosen") == [1, 3]
    page.click("#probe thead .el-checkbox")
    page.wait_for_selector("text=已选 50 条")
    page.focus("#probe tbody tr:nth-child(1) a.row-link")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "第2条"
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=没有这一页")
    assert page.url.endswith("#/nowhere?id=2")


def test_shortcuts_leave_those_who_type_alone(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, OTHERS)
    page.keyboard.press("j")
    page.focus("#probe .typing")
    page.keyboard.press("j")
    page.keyboard.press("Control+Enter")
    assert told(page) == ["j", "confirm"]
    page.locator("#probe .typing").blur()
    page.keyboard.press("?")
    page.wait_for_selector(".el-dialog >> text=下一件")
    page.keyboard.press("j")
    assert told(page) == ["j", "confirm"]


def test_a_file_of_the_wrong_kind_or_too_large_is_told(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, OTHERS)
    field = page.locator("#probe input[type=file]")

    def give(name: str, size: int) -> None:
        field.set_input_files({"name": name, "mimeType": "text/csv", "buffer": b"x" * size})

    give("来件.pdf", 10)
    page.wait_for_selector("text=请选 .xlsx、.csv 文件")
    give("来件.csv", 2000)
    page.wait_for_selector("text=至多 1 KB")
    give("来件.csv", 10)
    assert told(page) == ["来件.csv"]


def test_a_chart_is_drawn_and_saved_as_a_picture(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, OTHERS)
    page.wait_for_selector("#probe .chart canvas")
    page.hover("#probe .chart", position={"x": 120, "y": 120})
    page.click("[aria-label=改用深色]")
    with page.expect_download() as expected:
        page.click("text=存为图片")
    assert expected.value.suggested_filename == "来件.png"
    assert Path(expected.value.path()).read_bytes().startswith(b"\x89PNG")
    check_accessible(page)


def test_a_reason_is_asked_for_until_it_is_given(screens: Opener) -> None:
    page = screens(Role.CLERK).go(ADDRESS)
    mount(page, OTHERS)
    page.click("#probe .ask")
    page.click(".el-message-box button:has-text('确定')")
    page.wait_for_selector("text=请填写理由")
    page.fill(".el-message-box textarea", "不归本单位管")
    page.click(".el-message-box button:has-text('确定')")
    page.wait_for_selector(".el-message-box", state="hidden")
    page.click("#probe .sure")
    page.click(".el-message-box button:has-text('取消')")
    page.wait_for_selector(".el-message-box", state="hidden")
    assert told(page) == ["不归本单位管", False]


def test_on_a_phone_the_filters_are_folded_away(screens: Opener) -> None:
    page = screens(Role.CLERK, size=PHONE).go(f"{ADDRESS}?urgency=1")
    mount(page, LIST)
    page.wait_for_selector("text=第0条")
    assert page.locator("#probe .field:visible").count() == 0
    page.click("#probe >> text=筛选（已选 1 项）")
    assert page.locator("#probe .field:visible").count() == 4
    check_fits(page)
