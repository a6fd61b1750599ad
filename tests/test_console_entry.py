"""One entry in the console: signed for, answered, called solved and closed; corrected; merged."""

from typing import Any

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
from service_factories import RunningService, make_body

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
REPLY = (
    "经住建局现场核查，3栋电梯曳引机损坏，已责令物业公司动用维修资金更换，3月5日前恢复运行。"
    "维修资金申请已于3月2日批准。联系人李工，电话0731-8880000。"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def file_one(town: RunningService, submission_id: str, **changes: Any) -> int:
    """An entry of the housing department."""
    with town.client() as clerk:
        sign_in(clerk, Role.CLERK)
        body = make_body(id=submission_id, submitter={"name": "张三丰", "phone": "13800001234"})
        taken = clerk.post("/v1/submissions", json=body | changes).json()
        sent = {"lead": "住建局", "division": "430104", "version": 1 if taken["entry"] else 0}
        decided = clerk.post(f"/v1/submissions/{submission_id}/decisions", json=sent)
        return int(decided.json()["entry"]["id"])


def open_entry(screen: Any, entry: int) -> Any:
    page = screen.go(f"/entries/{entry}")
    page.wait_for_selector("main .timeline")
    return page


def press(page: Any, command: str) -> None:
    """Give a command, from beside the heading or from the menu, and see its form."""
    shown = page.locator(f'.page-actions button >> text="{command}"')
    if shown.count():
        shown.click()
    else:
        page.click("text=更多动作")
        page.click(f'.el-dropdown-menu:visible >> text="{command}"')


def confirm(page: Any, command: str) -> None:
    page.click(f".el-dialog button[type=submit]:has-text('{command}')")
    page.wait_for_selector(".el-dialog", state="hidden")


def test_before_a_letter_is_sealed_what_else_was_in_it_is_registered_anew(
    screens: Opener, town: RunningService
) -> None:
    entry = file_one(town, "E-rest")
    page = open_entry(screens(Role.CLERK), entry)
    press(page, "转送")
    choose(page, "转往何处", "纪检监察机关")
    page.wait_for_selector(".el-dialog >> text=封存的是整封信")
    check_accessible(page)
    with page.expect_popup() as opened:
        page.click(".el-dialog >> text=另行登记其余事项")
    beside = opened.value
    beside.wait_for_selector("text=来件 E-rest 的其余事项")
    assert beside.input_value("#content") == ""
    beside.click("text=带入渠道、时间和反映人")
    beside.wait_for_selector("text=带入渠道、时间和反映人", state="hidden")
    assert (beside.input_value("#name"), beside.input_value("#phone")) == ("张三丰", "13800001234")
    assert "2025-03-01 09:30" in beside.input_value("#received")
    assert (beside.input_value("#title"), beside.input_value("#content")) == ("", "")
    check_accessible(beside)
    check_fits(beside)
    page.fill("textarea", "涉及经办人")
    confirm(page, "转送")
    page.wait_for_selector("text=这件来件已转入纪检台账")
    with town.client() as clerk:
        sign_in(clerk, Role.CLERK)
        assert clerk.get("/v1/submissions/E-rest").status_code == 404


def test_an_entry_goes_from_signed_for_to_closed_by_officer_and_clerk(
    screens: Opener, town: RunningService
) -> None:
    entry = file_one(town, "E-1")
    page = open_entry(screens(Role.OFFICER), entry)
    shown = page.inner_text("main")
    assert "岳麓区" in shown
    assert "13800001234" not in shown
    assert page.locator("mark").count() > 0
    assert page.locator("text=改派").count() == 0
    check_accessible(page)
    press(page, "签收")
    confirm(page, "签收")
    page.wait_for_selector(".timeline >> text=承办人 测试officer")

    press(page, "指定承办人")
    choose(page, "承办人", "测试officer")
    check_accessible(page)
    confirm(page, "指定承办人")
    page.wait_for_selector("dt:text-is('承办人') + dd:text-is('测试officer')")

    press(page, "附证据")
    page.set_input_files(
        ".el-dialog input[aria-label=选择文件]",
        {"name": "现场.png", "mimeType": "image/png", "buffer": PNG},
    )
    page.wait_for_selector(".el-dialog b:text-is('现场.png')")
    confirm(page, "附证据")
    page.wait_for_selector(".waiting >> text=现场.png")

    press(page, "回告")
    page.fill("#reply-text", REPLY)
    page.wait_for_selector(".advice .aspect")
    check_accessible(page)
    page.click("text=发出回告")
    page.wait_for_selector("text=请选择办理结果")
    page.click("[aria-label=写回告] .el-radio:has-text('已解决')")
    page.click("text=发出回告")
    page.click(".el-message-box button:has-text('发出')")
    page.wait_for_selector(".reply >> text=曳引机损坏")
    assert page.locator('.page-actions button >> text="回告"').count() == 0

    page = open_entry(screens(Role.CLERK), entry)
    press(page, "评价")
    page.click(".el-dialog .el-radio:has-text('已解决')")
    page.click('.el-dialog .el-radio >> text="满意"')
    confirm(page, "评价")
    press(page, "销号")
    confirm(page, "销号")
    page.wait_for_selector(".tag:text-is('销号')")
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)


def test_what_another_did_first_is_told_and_what_was_typed_stays(
    screens: Opener, town: RunningService
) -> None:
    entry = file_one(town, "E-2")
    screen = screens(Role.CLERK)
    screen.expected.add("status of 409")
    page = open_entry(screen, entry)
    press(page, "改派")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector(".el-form-item__error")
    page.click("#field-lead")
    page.keyboard.type("cgj")
    page.keyboard.press("Enter")
    page.fill("#field-note", "占道经营归城管")
    with town.client() as officer:
        sign_in(officer, Role.OFFICER)
        version = officer.get(f"/v1/entries/{entry}").json()["entry"]["version"]
        assert officer.post(f"/v1/entries/{entry}/accept", json={"version": version}).is_success
    page.click(".el-dialog button[type=submit]")
    page.click(".el-message-box button:has-text('重新读取')")
    page.wait_for_selector(".timeline >> text=承办人 测试officer")
    assert page.input_value("#field-note") == "占道经营归城管"
    confirm(page, "改派")
    page.wait_for_selector(".timeline >> text=占道经营归城管")
    press(page, "更正认定")
    check_accessible(page)
    page.click(".el-dialog .el-select:has(#urgency)")
    page.click(".el-select-dropdown__item:visible >> text=特急")
    page.fill(".el-dialog #reason", "有老人被困")
    confirm(page, "更正")
    page.wait_for_selector(".timeline >> text=改为“特急”")


def test_a_repeat_is_compared_and_merged(screens: Opener, town: RunningService) -> None:
    words = "翠湖花园7栋楼顶每到下雨就往六楼漏水，墙皮整片脱落，物业拖了三个月，请督促维修防水。"
    first = file_one(town, "E-3", title="楼顶漏水", content=words)
    second = file_one(town, "E-4", title="楼顶漏水没人修", content=words.replace("三个月", "半年"))
    page = open_entry(screens(Role.CLERK), second)
    page.click("text=逐字对照 >> nth=0")
    page.wait_for_selector("ins:has-text('半年')")
    page.click(f"text=并入条目 {first}")
    page.click(".el-message-box button:has-text('并件')")
    page.wait_for_selector(f"text=本条已并入条目 {first}")
    page = open_entry(screens(Role.CLERK), first)
    page.click("text=楼顶漏水没人修 >> nth=0")
    page.wait_for_selector("h2:text-is('并入的来件')")
    check_accessible(page)


def test_a_reply_outlives_a_lost_connection_and_is_not_left_unasked(
    screens: Opener, town: RunningService
) -> None:
    entry = file_one(town, "E-5")
    with town.client() as officer:
        sign_in(officer, Role.OFFICER)
        version = officer.get(f"/v1/entries/{entry}").json()["entry"]["version"]
        assert officer.post(f"/v1/entries/{entry}/accept", json={"version": version}).is_success
    screen = screens(Role.OFFICER)
    screen.expected.add("ERR_INTERNET_DISCONNECTED")
    page = open_entry(screen, entry)
    press(page, "回告")
    page.fill("#reply-text", REPLY)
    page.click("[aria-label=写回告] .el-radio:has-text('已解释')")
    page.context.set_offline(True)
    page.click("text=发出回告")
    page.click(".el-message-box button:has-text('发出')")
    page.wait_for_selector("[role=alert] >> text=连不上服务")
    page.click(".navigation >> text=四张清单")
    page.click(".el-message-box button:has-text('取消')")
    assert page.input_value("#reply-text") == REPLY
    page.context.set_offline(False)
    page.click("text=发出回告")
    page.click(".el-message-box button:has-text('发出')")
    page.wait_for_selector(".reply >> text=曳引机损坏")
    assert page.locator("#reply-text").count() == 0


def test_what_was_typed_in_a_form_outlives_escape_and_the_way_to_another_page(
    screens: Opener, town: RunningService
) -> None:
    entry = file_one(town, "E-6")
    page = open_entry(screens(Role.CLERK), entry)
    for command, field in (("改派", "#field-note"), ("更正认定", ".el-dialog #reason")):
        press(page, command)
        page.wait_for_selector(field)
        page.keyboard.press("Escape")  # nothing is typed yet, nothing is asked
        page.wait_for_selector(".el-dialog", state="hidden")
        press(page, command)
        page.fill(field, "占道经营归城管")
        page.keyboard.press("Escape")
        page.click(".el-message-box button:has-text('继续填写')")
        page.evaluate("location.hash = '#/ledgers'")
        page.wait_for_selector(".el-message-box >> text=离开这一页")
        check_accessible(page)
        page.click(".el-message-box button:has-text('取消')")
        page.wait_for_selector(".el-message-box", state="hidden")
        assert page.input_value(field) == "占道经营归城管"
        page.click(".el-dialog button:has-text('取消')")
        page.wait_for_selector(".el-dialog", state="hidden")


def test_a_reason_outlives_escape_a_press_beside_it_and_the_way_to_another_page(
    screens: Opener, town: RunningService
) -> None:
    page = open_entry(screens(Role.CLERK), file_one(town, "E-7"))
    page.click("text=查看全部信息")
    reason = ".el-message-box textarea"
    page.fill(reason, "核对住址")
    page.mouse.click(5, 700)
    page.keyboard.press("Escape")
    page.click(".el-message-box:has-text('关闭“查看反映人信息”') button:has-text('继续填写')")
    page.evaluate("location.hash = '#/ledgers'")
    page.click(".el-message-box:has-text('关闭“查看反映人信息”') button:has-text('继续填写')")
    page.wait_for_selector("text=关闭“查看反映人信息”", state="hidden")
    assert page.input_value(reason) == "核对住址"
    page.evaluate("location.hash = '#/ledgers'")
    page.click(".el-message-box:has-text('关闭“查看反映人信息”') button:has-text('关闭')")
    page.wait_for_selector("h1 >> text=台账")
    page.wait_for_selector(".el-message-box", state="hidden")
