"""Coming in: by password, by a one-time link, after the session has ended; and going out."""

from collections.abc import Iterator
from typing import Any

import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    choose,
    open_tab,
    screens,
    town,
)
from people_factories import PASSWORD, add_person, sign_in
from service_factories import RunningService, run_service

from api.service import read_clock
from triage.ledger.invitations import invite_first_admin
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
UNAUTHORISED = "status of 401"


@pytest.fixture
def empty_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that nobody has an account of yet."""
    with run_service(tmp_path_factory.mktemp("empty")) as running:
        yield running


def test_the_first_administrator_sets_a_password_by_a_link_that_works_once(
    browser: Any, empty_town: RunningService
) -> None:
    with empty_town.service.store.writing() as session:
        first = invite_first_admin(session, now=read_clock())
    assert first is not None
    link = f"{empty_town.url}/account#invitation={first[0]}"
    screen = open_tab(browser, empty_town, None)
    page = screen.page
    page.goto(link)
    page.wait_for_selector("text=建立首位管理员")
    assert first[0] not in page.url
    check_accessible(page)
    page.fill("#new-login", "root")
    page.fill("#new-name", "首位管理员")
    page.fill("#new-password", PASSWORD)
    page.fill("#repeated", PASSWORD + "x")
    page.click("button[type=submit]")
    page.wait_for_selector(".note.bad >> text=不一样")
    page.fill("#repeated", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".who >> text=首位管理员")
    assert "管理员" in page.inner_text(".who .role")
    screen.expected.add("status of 404")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("text=这个链接不能用")
    page.context.close()
    screen.check()


def test_a_wrong_password_is_told_and_the_right_one_leads_back_to_where_one_was(
    screens: Opener,
) -> None:
    screen = screens(None)
    screen.expected.add(UNAUTHORISED)
    page = screen.go("/help?from=link")
    page.wait_for_selector("#login")
    check_accessible(page)
    page.click("button[type=submit]")
    page.wait_for_selector("text=请填写登录名和密码")
    page.fill("#login", "clerk")
    page.fill("#password", "Wrong-2025-mima")
    page.press("#password", "Enter")
    page.wait_for_selector("text=登录名或密码不对")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("h1 >> text=帮助与术语")
    assert page.url.endswith("#/help?from=link")


def test_who_signs_out_is_asked_to_sign_in_again(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/")
    page.click(".who")
    page.click("text=退出登录")
    page.wait_for_selector("#login")
    page.reload()
    page.wait_for_selector("#login")
    assert page.locator(".navigation").count() == 0


def test_when_a_session_ends_the_password_is_asked_for_over_the_page(screens: Opener) -> None:
    screen = screens(Role.SUPERVISOR)
    screen.expected.add(UNAUTHORISED)
    page = screen.go("/tasks/new")
    page.fill("#title", "还没有保存的任务")
    choose(page, "责任单位", "住建局", typed="zjj")
    page.context.clear_cookies()
    page.click("main button[type=submit]")
    page.wait_for_selector("text=登录已经过期")
    check_accessible(page)
    page.fill(".el-dialog input", "Wrong-2025-mima")
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector(".el-dialog >> text=登录名或密码不对")
    page.fill(".el-dialog input", PASSWORD)
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector(".el-dialog", state="hidden")
    assert page.input_value("#title") == "还没有保存的任务"
    page.context.clear_cookies()
    page.click(".side >> text=工作台")
    page.click(".el-message-box button:has-text('离开')")
    page.wait_for_selector("text=登录已经过期")
    page.fill(".el-dialog input", PASSWORD)
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector(".figure")
    page.context.clear_cookies()
    page.reload()
    page.wait_for_selector("#login")
    assert "next=%2F" in page.url


def test_a_sign_in_in_another_tab_stops_nothing_of_the_same_person(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 403")
    page = screen.go("/register")
    page.fill("#title", "路灯不亮")
    sign_in_beside(page, Role.CLERK)
    page.click("button:has-text('保存')")
    page.wait_for_selector(".receipt")


def test_nothing_is_done_as_another_who_signed_in_in_another_tab(
    screens: Opener, town: RunningService
) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 403")
    page = screen.go("/register")
    page.fill("#title", "路灯不亮")
    sign_in_beside(page, Role.ADMIN)
    page.click("button:has-text('保存')")
    page.wait_for_selector(".el-dialog >> text=测试admin在另一个窗口登录了")
    check_accessible(page)
    page.fill(".el-dialog input", PASSWORD)
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector(".el-dialog", state="hidden")
    assert page.input_value("#title") == "路灯不亮"
    page.click("button:has-text('保存')")
    page.wait_for_selector(".receipt")
    with town.client() as client:
        sign_in(client, Role.CLERK)
        name = page.inner_text(".receipt dd >> nth=0")
        assert client.get(f"/v1/submissions/{name}").is_success


def test_nothing_is_read_as_another_who_signed_in_in_another_tab(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 403")
    page = screen.go("/help")
    sign_in_beside(page, Role.ADMIN)
    page.click(".side >> text=批量导入")
    page.wait_for_selector(".el-dialog >> text=测试admin在另一个窗口登录了")
    page.fill(".el-dialog input", PASSWORD)
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector("main >> text=还没有导入过文件")


def sign_in_beside(page: Any, login: str) -> None:
    """As in another tab of the same browser."""
    sent = {"login": login, "password": PASSWORD}
    assert page.context.request.post(f"{page.url.split('#')[0]}v1/session", data=sent).ok


def test_a_person_changes_the_own_password(screens: Opener, town: RunningService) -> None:
    add_person(town.service.store, "zhao", Role.CLERK)
    screen = screens("zhao")
    screen.expected.add(UNAUTHORISED)
    page = screen.go("/password")
    check_accessible(page)
    page.fill("#old", "Wrong-2025-mima")
    page.fill("#password", "Xin-2026-mima-hao")
    page.fill("#repeated", "Xin-2026-mima-hao")
    page.click("main button[type=submit]")
    page.wait_for_selector("text=登录名或密码不对")
    assert page.locator("#login").count() == 0
    page.fill("#old", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector("text=密码已经改好")
    page.wait_for_selector("h1 >> text=工作台")
    with town.client() as client:
        sent = {"login": "zhao", "password": "Xin-2026-mima-hao"}
        assert client.post("/v1/session", json=sent).is_success


def test_a_refusal_of_the_identity_provider_is_shown_as_text(
    browser: Any, town: RunningService
) -> None:
    screen = open_tab(browser, town, None, size=PHONE)
    screen.page.goto(f"{town.url}/account#refused=%3Cb%3E还没有账号%3C%2Fb%3E")
    screen.page.wait_for_selector(".note.bad")
    assert screen.page.inner_text(".note.bad") == "<b>还没有账号</b>"
    check_fits(screen.page)
    screen.page.context.close()
    screen.check()
