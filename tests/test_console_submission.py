"""A submission in the console: its words with their evidence, what was said, whom it is from."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from console_factories import Opener, browser, check_accessible, check_fits, screens, town
from service_factories import RunningService, make_body

from triage.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Route

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
TRICK = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_a_clerk_reads_a_submission_its_suggestion_and_with_a_reason_whom_it_is_from(
    screens: Opener, town: RunningService
) -> None:
    body = make_body(
        id="文1?a=b",
        content=f"楼道里燃气味很浓，三楼老人已经头晕呕吐。{TRICK}",
        submitter={"name": "张三丰", "phone": "13800001234", "address": "幸福里3栋1701"},
    )
    with town.client("submit", "suggest") as client:
        taken = client.post("/v1/submissions", json=body)
        assert taken.status_code == 201
        said = client.post("/v1/suggest", json=body).json()
    page = screens(Role.CLERK).go("/submissions/%E6%96%871%3Fa%3Db")
    page.wait_for_selector(".suggestion")
    shown = page.inner_text("main")
    assert TRICK in shown
    assert page.locator("main .letter img, main .letter script").count() == 0
    assert said["domain"]["level3"] in shown
    assert "".join(page.locator("mark.danger").all_inner_texts())
    assert "13800001234" not in shown
    page.click("text=查看全部信息")
    page.click(".el-message-box button:has-text('查看')")
    page.wait_for_selector("text=请填写理由")
    page.fill(".el-message-box textarea", "电话核实情况")
    page.click(".el-message-box button:has-text('查看')")
    page.wait_for_selector("text=13800001234")
    page.click("text=补发查询码")
    page.fill(".el-message-box textarea", "本人到窗口，已核对证件")
    page.click(".el-message-box button:has-text('补发')")
    page.wait_for_selector(f"text={taken.json()['tracking_code']}")
    check_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)


def test_a_submission_out_of_reach_is_told_as_one_that_is_not_there(screens: Opener) -> None:
    screen = screens(Role.OFFICER)
    screen.expected.add("status of 404")
    page = screen.go("/submissions/demo-01")
    told = page.inner_text(".state .text")
    page = screen.go("/submissions/none-99")
    page.wait_for_selector(".state .text >> text=none-99")
    assert page.inner_text(".state .text") == told.replace("demo-01", "none-99")


def test_what_was_read_of_one_never_stands_under_the_name_of_the_next(
    screens: Opener, town: RunningService
) -> None:
    with town.client("submit") as client:
        for number, content in (("前件", "河边路灯三天不亮。"), ("后件", "菜场门口积水很深。")):
            body = make_body(id=number, content=content)
            assert client.post("/v1/submissions", json=body).status_code == 201
    screen = screens(Role.CLERK)
    page = screen.go("/submissions/前件")
    page.wait_for_selector("main .letter >> text=河边路灯")
    held: list[Route] = []
    address = f"**/v1/submissions/{quote('后件')}"
    page.route(address, lambda route: held.append(route))
    with page.expect_request(address):
        page.goto(f"{screen.url}/#/submissions/后件")
    page.wait_for_selector("main h1 >> text=后件")
    assert "河边路灯" not in page.inner_text("main")
    held[0].continue_()
    page.wait_for_selector("main .letter >> text=菜场门口")
