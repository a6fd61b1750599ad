"""系统管理 in the console: what an administrator sets, tried before it counts."""

import io
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from console_factories import (
    Opener,
    browser,
    check_accessible,
    check_fits,
    choose,
    import_own,
    screens,
    town,
)
from people_factories import sign_in
from service_factories import RunningService
from sqlalchemy import update

from api.console import STATIC
from triage.ledger.tables import DeliveryRow
from triage.roles import Role
from triage.thresholds import RANGES, Thresholds

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
PASTE = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", "住房保障管理\\r\\n");
  const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(pasted);
}"""
ADDRESSES = {
    "users": "/v1/users",
    "departments": "/v1/town/departments",
    "catalogue": "/v1/town/catalogue",
    "deadlines": None,  # anybody may read the rules; only an administrator changes them
    "thresholds": "/v1/review-line",
    "models": "/v1/models",
    "keys": "/v1/keys",
    "webhooks": "/v1/webhooks",
    "audit": "/v1/audit",
}


def test_an_officer_sees_that_the_pages_are_not_for_them_and_the_api_refuses(
    screens: Opener, town: RunningService
) -> None:
    screen = screens(Role.OFFICER)
    with town.client() as officer:
        sign_in(officer, Role.OFFICER)
        for name, route in ADDRESSES.items():
            page = screen.go(f"/admin/{name}")
            page.wait_for_selector(".state >> text=您没有这一页的权限")
            assert route is None or officer.get(route).status_code == 403, name
        changed = officer.patch("/v1/deadlines/settings", json={"preset": "sichuan"})
        assert changed.status_code == 403
        assert officer.put("/v1/holidays", json={"holidays": []}).status_code in (403, 422)
    assert page.locator(".side >> text=管理").count() == 0
    check_accessible(page)


def test_a_user_is_let_in_by_a_link_that_is_shown_once(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/admin/users")
    page.wait_for_selector("td:has-text('officer')")
    page.click("main button:has-text('开通用户')")
    page.fill("#login", "zhao.wu")
    page.fill("#name", "赵五")
    choose(page, "用户的角色", "承办人")
    check_accessible(page)
    page.click("#department")
    page.keyboard.type("zjj")
    page.keyboard.press("Enter")
    page.click(".el-dialog button:has-text('开通')")
    shown = page.inner_text("code.code-once")
    assert "invitation=" in shown
    check_accessible(page)
    page.click("text=已经存好，关闭")
    page.wait_for_selector("tr:has-text('zhao.wu') >> text=还没有设密码")
    assert "住建局" in page.inner_text("tr:has-text('zhao.wu')")
    page.click("tr:has-text('zhao.wu') button:has-text('停用')")
    page.click(".el-message-box button:has-text('停用')")
    page.wait_for_selector("tr:has-text('zhao.wu') >> text=已停用")
    assert page.locator("tr:has-text('discipline') button").count() == 0


def test_the_catalogue_is_edited_in_place_tried_and_only_then_in_force(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/admin/catalogue")
    page.fill("[aria-label=在表中查找]", "城乡建设/安全生产")
    page.wait_for_selector("text=（全表")
    force = page.locator("main button:has(span:text-is('生效'))")
    assert force.is_disabled()
    before = page.inner_text("td[data-at='0,9']")
    page.focus("td[data-at='0,8']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("县里定的理由")
    page.keyboard.press("Enter")
    page.wait_for_selector("td.changed:has-text('县里定的理由')")
    assert "改了 1 行" in page.inner_text(".changes")
    assert force.is_disabled()
    page.click("main button:has(span:text-is('试算'))")
    page.wait_for_selector(".trial .figure")
    check_accessible(page)
    force.click()
    page.click(".el-message-box button:has-text('生效')")
    page.wait_for_selector("text=改过")
    assert "没有改动" in page.inner_text(".changes")
    page.click("main button:has-text('恢复自带的')")
    page.click(".el-message-box button:has-text('恢复')")
    page.wait_for_selector("text=用的是数据目录或自带的")
    page.fill("[aria-label=在表中查找]", "城乡建设/安全生产")
    page.wait_for_selector(f"td[data-at='0,9']:has-text('{before}')")


def test_a_table_goes_out_as_excel_and_comes_back_with_its_changes_to_be_tried(
    screens: Opener, tmp_path: Path
) -> None:
    page = screens(Role.ADMIN).go("/admin/departments")
    with page.expect_download() as taken:
        page.click("main button:has-text('下载 Excel')")
    assert taken.value.suggested_filename == "单位目录.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(Path(taken.value.path()).read_bytes()))
    sheet = book.active
    assert sheet is not None
    sheet["F2"] = "住房保障、物业管理"
    changed = tmp_path / "单位目录.xlsx"
    book.save(changed)
    page.set_input_files("input[type=file]", changed)
    page.wait_for_selector("tr.added:has-text('住房保障、物业管理')")
    assert "新增 1 行，删去 1 行" in page.inner_text(".changes")
    page.click("main button:has(span:text-is('试算'))")
    page.wait_for_selector(".trial .figure")
    page.click("main button:has-text('放弃改动')")
    assert "没有改动" in page.inner_text(".changes")


def test_a_table_that_another_changed_first_is_read_again_and_own_changes_stay(
    screens: Opener, town: RunningService
) -> None:
    screen = screens(Role.ADMIN)
    screen.expected.add("status of 409")
    page = screen.go("/admin/departments")
    page.focus("td[data-at='0,5']")
    page.evaluate(PASTE)
    page.wait_for_selector("td.changed:has-text('住房保障管理')")
    with town.client() as other:
        sign_in(other, Role.ADMIN)
        table = other.get("/v1/town/departments").json()
        table["rows"][1][5] = "市容环境卫生"
        sent = {name: table[name] for name in ("version", "columns", "rows")}
        changed = other.put("/v1/town/departments", json=sent).json()
        page.click("main button:has(span:text-is('试算'))")
        page.wait_for_selector(".trial .figure")
        page.click("main button:has(span:text-is('生效'))")
        page.click(".el-message-box button:has-text('生效')")
        page.wait_for_selector("text=别人先改了")
        page.click(".el-message-box button:has-text('重新读取')")
        page.wait_for_selector("td[data-at='1,5']:has-text('市容环境卫生')")
        assert page.locator("td.changed:has-text('住房保障管理')").count() == 1
        assert "改了 1 行" in page.inner_text(".changes")
        other.delete("/v1/town/departments", params={"version": changed["version"]})


def test_deadlines_are_tried_and_a_holiday_is_entered(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/admin/deadlines")
    page.wait_for_selector("[aria-label=试算] dd >> text=15天")
    choose(page, "紧急程度", "特急")
    page.wait_for_selector("[aria-label=试算] dd >> text=2小时")
    choose(page, "看哪一套", "四川")
    page.click("text=改用这一套")
    page.click(".el-message-box button:has-text('改用')")
    page.wait_for_selector("[aria-label=时限规则] b:has-text('四川')")
    check_accessible(page)
    page.click(".tabs >> text=节假日")
    page.click("[placeholder=从]")
    page.fill("[placeholder=从]", "2027-02-08")
    page.fill("[placeholder=到]", "2027-02-10")
    page.keyboard.press("Enter")
    page.fill("[aria-label=说明]", "春节")
    page.click("button:has-text('录入 3 天')")
    page.wait_for_selector("tr:has-text('2027-02-10') >> text=放假")
    check_accessible(page)
    page.click("tr:has-text('2027-02-10') button")
    page.click(".el-message-box button:has-text('删去')")
    page.wait_for_selector("tr:has-text('2027-02-10')", state="detached")
    page.click(".tabs >> text=办公时间和提醒")
    page.fill("[aria-label=一般提前多少]", "3")
    page.keyboard.press("Tab")
    page.click("main button:has-text('保存')")
    page.wait_for_selector(".el-message--success")
    check_accessible(page)


def test_the_review_line_is_tried_before_it_counts_and_the_finding_thresholds_are_saved(
    screens: Opener,
) -> None:
    page = screens(Role.ADMIN).go("/admin/thresholds")
    page.wait_for_selector(".chart canvas")
    page.fill("[aria-label=复核线的值]", "0.8")
    page.keyboard.press("Tab")
    force = page.locator("main button:has(span:text-is('生效'))")
    assert force.is_disabled()
    page.click("main button:has(span:text-is('试算'))")
    page.wait_for_selector(".trial >> text=须人工复核")
    check_accessible(page)
    force.click()
    page.click(".el-message-box button:has-text('生效')")
    page.wait_for_selector("[aria-label=复核线] b:has-text('80.0%')")
    page.click("main button:has-text('用模型自带的')")
    page.click(".el-message-box button:has-text('改回')")
    page.wait_for_selector("[aria-label=复核线] b:has-text('80.0%')", state="detached")
    page.click(".tabs >> text=监督阈值")
    page.fill("#handovers", "3")
    page.keyboard.press("Tab")
    page.click("main button:has-text('保存')")
    page.wait_for_selector("text=已经保存")
    check_accessible(page)
    page.reload()
    page.wait_for_selector("#handovers")
    assert page.input_value("#handovers") == "3"


def test_the_thresholds_on_the_page_are_those_of_the_core(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/help")
    told = page.evaluate(
        f"{import_own('pages/admin/thresholds/findings.js')}.then((m) => m.GROUPS)"
    )
    fields = {
        key: (least, most, usual) for _, *rest in told for key, _, _, least, most, usual in rest
    }
    usual = Thresholds().as_dict()
    assert fields == {name: (*RANGES[name], usual[name]) for name in usual}


def test_models_are_compared_and_each_shows_its_card(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/admin/models")
    page.wait_for_selector("tr:has-text('tiny') >> text=在用")
    page.click("[aria-label=成绩] button:has-text('日常来件')")
    assert "一级领域" in page.inner_text("[aria-label=成绩]")
    switch = page.locator("tr:has-text('default') button:has-text('切换')")
    assert switch.is_disabled()
    page.click("tr:has-text('default') button:has-text('模型卡')")
    page.wait_for_selector(".markdown table")
    assert page.locator(".markdown h3 >> text=有多准").count() == 1
    check_accessible(page)
    page.keyboard.press("Escape")
    check_fits(page)


def test_another_model_is_tried_taken_into_use_and_left_again(screens: Opener) -> None:
    page = screens(Role.ADMIN).go("/admin/models")
    page.set_default_timeout(60_000)  # a whole model is loaded
    page.click("tr:has-text('default') button:has-text('试算')")
    page.wait_for_selector("[aria-label=试算] >> text=有变化的")
    check_accessible(page)
    page.click("tr:has-text('default') button:has-text('切换')")
    page.click(".el-message-box button:has-text('切换')")
    page.wait_for_selector("tr:has-text('default') >> text=在用")
    page.click("main button:has-text('仍用设置里的')")
    page.click(".el-message-box button:has-text('改回')")
    page.wait_for_selector("tr:has-text('tiny') >> text=在用")


def test_a_key_is_shown_once_with_a_button_to_copy_it(
    screens: Opener, town: RunningService
) -> None:
    page = screens(Role.ADMIN).go("/admin/keys")
    page.click("main button:has-text('新建密钥')")
    page.fill("#name", "指挥大屏")
    assert page.locator(".el-dialog >> text=检举控告").count() == 0
    page.click(".el-checkbox:has-text('查看台账')")
    page.click(".el-dialog button:has-text('新建')")
    secret = page.inner_text("code.code-once")
    page.click("text=复制密钥")
    page.wait_for_selector("[role=status] >> text=/已复制|请选中/")
    check_accessible(page)
    with town.client() as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        assert client.get("/v1/me").json()["actions"]
        page.click("text=已经存好，关闭")
        assert secret not in page.content()
        page.click("tr:has-text('指挥大屏') button:has-text('吊销')")
        page.click(".el-message-box button:has-text('吊销')")
        page.wait_for_selector("tr:has-text('指挥大屏') >> text=已吊销")


def test_discipline_officers_manage_the_keys_that_open_accusations_alone(
    screens: Opener,
) -> None:
    page = screens(Role.DISCIPLINE).go("/admin/keys")
    page.click("main button:has-text('新建密钥')")
    page.fill("#name", "纪委业务系统")
    assert page.locator(".el-dialog .el-checkbox").count() == 1
    page.click(".el-checkbox:has-text('检举控告')")
    page.click(".el-dialog button:has-text('新建')")
    page.click("text=已经存好，关闭")
    page.wait_for_selector("tr:has-text('纪委业务系统') >> text=在用")
    assert page.locator("tbody tr").count() == 1


def test_what_a_receiver_did_not_get_is_seen_and_sent_again(
    screens: Opener, town: RunningService
) -> None:
    page = screens(Role.ADMIN).go("/admin/webhooks")
    page.click("main button:has-text('新建推送地址')")
    page.fill("#name", "住建局工单系统")
    page.fill("#url", "https://oa.zhujian.example/hooks")
    check_accessible(page)
    page.click(".el-dialog button:has-text('新建')")
    assert page.inner_text("code.code-once").startswith("whsec_")
    page.click("text=已经存好，关闭")
    page.click("button:has-text('发试验消息')")
    page.wait_for_selector(".el-message--success")
    with town.service.store.writing() as session:
        dead = {"dead_at": datetime.now(UTC), "attempts": 12, "last_status": 500}
        session.execute(update(DeliveryRow).values(**dead))
    page.reload()
    page.wait_for_selector(".messages tr:has-text('试验消息') >> text=没有送到")
    assert "对方答 500" in page.inner_text(".messages")
    check_accessible(page)
    page.click("button:has-text('全部重新发送')")
    page.wait_for_selector("button:has-text('全部重新发送')", state="detached")
    page.reload()
    page.wait_for_selector(".messages tr:has-text('试验消息') >> text=等待发出")


def test_the_log_is_filtered_and_verified(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/admin/audit?kind=entry")
    page.wait_for_selector("td:has-text('建立台账条目')")
    assert page.locator("td:has-text('登录')").count() == 0
    page.click("main button:has-text('核对')")
    page.click(".el-dialog button:has-text('核对')")
    page.wait_for_selector("text=完好")
    check_accessible(page)
    page.fill("#anchor", "1")
    page.fill("#hash", "0" * 64)
    page.click(".el-dialog button:has-text('核对')")
    page.wait_for_selector(".el-dialog .note.bad")
    check_accessible(page)


def test_no_page_of_the_administration_shows_a_code_for_an_event(
    screens: Opener,
) -> None:
    page = screens(Role.ADMIN).go("/admin/audit")
    page.wait_for_selector("tbody tr")
    told = " ".join(page.locator("td[data-label=事件]").all_inner_texts())
    assert told
    assert not set("abcdefghijklmnopqrstuvwxyz") & set(told)
    assert (STATIC / "console" / "pages" / "admin").is_dir()
