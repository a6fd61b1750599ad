"""What stands around every page: who sees which, light and dark, the phone, what goes wrong."""

import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    load_pages,
    screens,
    town,
)

from triage.roles import ROLE_ACTIONS, Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_holds_what_the_role_may_open_and_nothing_else(
    screens: Opener, role: Role
) -> None:
    page = screens(role).go("/help")
    shown = page.locator(".side .navigation a").all_inner_texts()
    allowed = [
        one["name"]
        for one in load_pages(page)
        if "group" in one and ("needs" not in one or ROLE_ACTIONS[role].intersection(one["needs"]))
    ]
    assert sorted(shown) == sorted(allowed)


def test_a_page_without_the_right_says_so_and_asks_the_server_nothing(screens: Opener) -> None:
    screen = screens(Role.OFFICER)
    page = screen.go("/help")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/confidential", "/admin/users", "/review"):
        page = screen.go(path)
        page.wait_for_selector("text=您没有这一页的权限")
    assert not [url for url in asked if "/v1/" in url]
    check_accessible(page)


def test_an_address_that_does_not_exist_is_told(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/nowhere")
    page.click("text=回工作台")
    page.wait_for_selector("h1 >> text=工作台")


def test_the_back_button_goes_back(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/")
    page.click("[aria-label=帮助与术语]")
    page.wait_for_selector("h1 >> text=帮助与术语")
    page.go_back()
    page.wait_for_selector("h1 >> text=工作台")


def test_dark_is_kept_and_the_system_is_followed_until_one_chooses(screens: Opener) -> None:
    dark = "document.documentElement.classList.contains('dark')"
    page = screens(Role.CLERK, dark=True).go("/help")
    assert page.evaluate(dark)
    check_accessible(page)
    page.click("[aria-label=改用浅色]")
    assert not page.evaluate(dark)
    page.reload()
    page.wait_for_selector("h1")
    assert not page.evaluate(dark)
    check_accessible(page)


def test_on_a_phone_the_navigation_opens_at_a_press(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR, size=PHONE).go("/")
    check_fits(page)
    check_accessible(page)
    assert page.locator(".side").is_hidden()
    page.click("[aria-label=打开导航]")
    page.click(".el-drawer .navigation >> text=工作台")
    page.wait_for_selector(".el-drawer", state="hidden")


def test_a_lost_connection_is_told_and_so_is_its_return(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("ERR_INTERNET_DISCONNECTED")
    screen.go("/")
    page = screen.go("/help")
    page.context.set_offline(True)
    page.click(".side >> text=工作台")
    page.wait_for_selector(".lost")
    page.context.set_offline(False)
    page.click("main >> text=重试")
    page.wait_for_selector(".figure, main .state")
    page.wait_for_selector(".lost", state="detached")


def test_what_could_not_be_read_is_read_by_itself_once_the_connection_is_back(
    screens: Opener,
) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("ERR_INTERNET_DISCONNECTED")
    screen.go("/")
    page = screen.go("/help")
    page.context.set_offline(True)
    page.click(".side >> text=工作台")
    page.wait_for_selector("main >> text=恢复后自动再读")
    page.context.set_offline(False)
    page.wait_for_selector(".figure, main .state:has-text('没有等着您办的事')")
    page.wait_for_selector(".lost", state="detached")


def test_an_address_that_spells_nothing_is_told(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 404")
    page = screen.go("/submissions/%E0%A4%A")
    page.wait_for_selector("main >> text=没有找到")


def test_on_paper_there_are_no_buttons_and_no_dark(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR, dark=True).go("/ledgers")
    page.wait_for_selector(".table .el-checkbox")
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".el-button", ".el-checkbox", ".side", ".filters"):
        assert page.locator(f"{part}:visible").count() == 0
    white = "getComputedStyle(document.querySelector('.table-box')).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"


def test_only_the_first_look_fetches_files(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    page = screen.go("/")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url))
    page.reload()
    page.wait_for_selector(".figure")
    taken = "performance.getEntriesByType('resource').filter((one) => one.transferSize > 0)"
    fetched = page.evaluate(f"{taken}.map((one) => new URL(one.name).pathname)")
    assert {path for path in fetched if path.startswith("/static/")} <= {"/static/icon.svg"}
    assert any("/static/v-" in url for url in asked)


def test_the_first_page_and_the_sign_in_do_without_the_component_library(
    screens: Opener,
) -> None:
    for role, shown in ((None, "#login"), (Role.CLERK, ".figure")):
        screen = screens(role)
        screen.expected.add("ERR_FAILED")
        screen.page.route("**/element-plus.js", lambda route: route.abort())
        page = screen.go("/")
        page.wait_for_selector(shown)
        check_accessible(page)


def test_the_menu_closes_when_one_goes_elsewhere(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/")
    page.click(".who")
    page.keyboard.press("Escape")
    page.wait_for_selector("text=退出登录", state="hidden")
    page.click(".who")
    page.click("h1")
    page.wait_for_selector("text=退出登录", state="hidden")
    page.click(".about")
    page.wait_for_selector(".about-text:visible")
    page.click(".who")
    page.wait_for_selector(".about-text", state="hidden")
    page.click("text=修改密码")
    page.wait_for_selector("h1 >> text=修改密码")
    assert page.locator("text=退出登录").is_hidden()
