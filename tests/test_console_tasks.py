"""A task in the console: planned for entries, worked along its milestones, closed by its effect."""

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
from service_factories import RunningService, make_body

from api.service import read_clock
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def entry(town: RunningService) -> int:
    """An entry of the housing department."""
    with town.client() as clerk:
        sign_in(clerk, Role.CLERK)
        taken = clerk.post("/v1/submissions", json=make_body(id="T-1")).json()
        sent = {"lead": "住建局", "version": 0 if taken["entry"] is None else 1}
        decided = clerk.post("/v1/submissions/T-1/decisions", json=sent)
        return int(decided.json()["entry"]["id"])


def test_a_task_is_planned_worked_and_closed_by_its_effect(screens: Opener, entry: int) -> None:
    page = screens(Role.SUPERVISOR).go(f"/tasks/new?entries={entry}")
    check_accessible(page)
    page.fill("#title", "更换幸福里小区老旧电梯")
    page.click("#department")
    page.keyboard.type("zjj")
    page.keyboard.press("Enter")
    page.wait_for_selector("#person-people option[value=测试officer]", state="attached")
    check_accessible(page)
    page.fill("#person", "李明")  # who is no user may answer for it too
    page.fill("#measures", "逐台检测\n动用维修资金更换")
    assert page.input_value("#entries") == str(entry)
    page.click("text=加一个节点")
    page.fill("[aria-label='第 1 个节点的名称']", "检测")
    page.click("main button[type=submit]")
    page.wait_for_selector("h1 >> text=更换幸福里小区老旧电梯")
    assert "/tasks/new" not in page.url
    facts = page.inner_text("main")
    assert "住建局" in facts
    assert "测试supervisor" in facts
    assert "动用维修资金更换" in facts
    check_accessible(page)

    page.click("text=完成这一步")
    page.fill("#note", "六台检测完毕，两台须更换")
    page.click(".el-dialog button:has-text('登记') >> nth=-1")
    page.wait_for_selector(".timeline .good >> text=六台检测完毕")

    page.click("text=以效果完成")
    check_accessible(page)
    page.fill("#change", "两台更换完毕，其余检修后恢复运行")
    page.fill("#evidence", "验收报告")
    page.fill("#ground", "反映人外出，回访三次未通")
    page.click("text=完成任务")
    page.wait_for_selector("h2:text-is('效果')")
    assert page.locator("text=以效果完成").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)


def test_what_the_server_refuses_is_told_and_nothing_typed_is_lost(
    screens: Opener, entry: int
) -> None:
    screen = screens(Role.SUPERVISOR)
    screen.expected.add("status of 422")  # nobody answers for it
    page = screen.go(f"/tasks/new?entries={entry}")
    page.fill("#title", "没有责任人的任务")
    page.click("main button[type=submit]")
    page.wait_for_selector(".el-message--error >> text=请选择责任单位")
    choose(page, "责任单位", "住建局", typed="zjj")
    page.click("main button[type=submit]")
    page.wait_for_selector(".el-message--error >> text=责任人")
    assert page.input_value("#title") == "没有责任人的任务"
    page.click(".side >> text=工作台")
    page.click(".el-message-box button:has-text('取消')")
    page.wait_for_selector(".el-message-box", state="hidden")
    assert page.input_value("#title") == "没有责任人的任务"
    page.click(".side >> text=工作台")
    page.click(".el-message-box button:has-text('离开')")
    page.wait_for_selector("h1 >> text=工作台")


def test_a_task_that_another_changed_first_is_read_again(
    screens: Opener, entry: int, town: RunningService
) -> None:
    deadline = str(read_clock().date() + timedelta(days=60))
    plan = {"department": "住建局", "person": "李明", "deadline": deadline, "entries": [entry]}
    with town.client() as other:
        sign_in(other, Role.SUPERVISOR)
        sent = {"title": "两人同时办的任务", "measures": ["逐台检测"], **plan}
        task = other.post("/v1/tasks", json=sent).json()
        screen = screens(Role.SUPERVISOR)
        screen.expected.add("status of 409")
        page = screen.go(f"/tasks/{task['id']}")
        told = {"version": task["version"], "note": "别人先登记的进展"}
        other.post(f"/v1/tasks/{task['id']}/progress", json=told)
    page.click("text=登记进展")
    page.fill("#note", "我的进展")
    page.click(".el-dialog button:has-text('登记') >> nth=-1")
    page.click(".el-message-box button:has-text('重新读取')")
    page.wait_for_selector(".timeline >> text=别人先登记的进展")
    assert page.input_value("#note") == "我的进展"
    page.click(".el-dialog button:has-text('登记') >> nth=-1")
    page.wait_for_selector(".timeline >> text=我的进展")
