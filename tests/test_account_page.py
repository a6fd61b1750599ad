"""The page on which people sign in and set a password, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from people_factories import PASSWORD, add_person
from service_factories import RunningService, run_service
from test_console import browser

from api.service import read_clock
from triage.ledger.invitations import invite_first_admin
from triage.roles import Role

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("account"), run_worker=False) as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh tab; at its end no script has failed."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: "status of 4" in message.text or complaints.append(message.text),
    )
    yield page
    context.close()
    assert complaints == []


def test_the_first_administrator_sets_a_password_and_comes_back(
    page: Any, running: RunningService
) -> None:
    with running.service.store.writing() as session:
        first = invite_first_admin(session, now=read_clock())
    assert first is not None
    link = f"{running.url}/account#invitation={first[0]}"
    page.goto(link)
    page.wait_for_selector("#invitation:visible")
    assert first[0] not in page.url
    page.fill("#new-login", "root")
    page.fill("#new-name", "首位管理员")
    page.fill("#new-password", PASSWORD)
    page.fill("#repeated", PASSWORD + "x")
    page.click("#invitation-form button")
    page.wait_for_selector("#failure:visible")
    assert "不一样" in page.inner_text("#failure")
    page.fill("#repeated", PASSWORD)
    page.click("#invitation-form button")
    page.wait_for_selector("#signed-in:visible")
    assert "首位管理员" in page.inner_text("#greeting")
    assert "管理员" in page.inner_text("#role")
    page.click("#sign-out")
    page.wait_for_selector("#sign-in:visible")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("#failure:visible")
    assert "已用过" in page.inner_text("#failure")


def test_a_person_signs_in_and_goes_on_to_the_console(page: Any, running: RunningService) -> None:
    add_person(running.service.store, "wang", Role.CLERK)
    page.goto(f"{running.url}/account")
    page.wait_for_selector("#sign-in:visible")
    assert page.locator("#provider").is_hidden()
    page.fill("#login", "wang")
    page.fill("#password", "Wrong-2025-mima")
    page.click("#sign-in-form button")
    page.wait_for_selector("#failure:visible")
    assert "登录名或密码不对" in page.inner_text("#failure")
    page.fill("#password", PASSWORD)
    page.click("#sign-in-form button")
    page.wait_for_selector("#signed-in:visible")
    page.click("#signed-in a")
    page.wait_for_selector("#read:visible")
    page.fill("#content", "三号楼的电梯停运四天，老人下不了楼。")
    page.wait_for_selector("#suggestion .path")
    page.click("#forget-key")
    page.wait_for_selector("#signed-in:visible")


def test_a_refusal_of_the_provider_is_shown_as_text(page: Any, running: RunningService) -> None:
    page.goto(f"{running.url}/account#refused=%3Cb%3E还没有账号%3C%2Fb%3E")
    page.wait_for_selector("#failure:visible")
    assert page.inner_text("#failure") == "<b>还没有账号</b>"
