"""The citizen's page: the own submission by the code of the receipt, its reply, and a rating."""

from collections.abc import Iterator
from typing import Any

import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    screens,
    town,
)
from people_factories import sign_in
from service_factories import RunningService, make_body

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
REPLY = "已于当日更换曳引机钢丝绳并请特检院复检，电梯恢复运行。"


@pytest.fixture
def code(town: RunningService) -> Iterator[str]:
    """The tracking code of a submission with a reply; its phone ends in 1234."""
    with town.client() as clerk, town.client() as officer:
        sign_in(clerk, Role.CLERK)
        sign_in(officer, Role.OFFICER)
        body = make_body(id="C-1", submitter={"name": "张三", "phone": "13800001234"})
        taken = clerk.post("/v1/submissions", json=body).json()
        sent = {"lead": "住建局", "version": 0 if taken["entry"] is None else 1}
        decided = clerk.post("/v1/submissions/C-1/decisions", json=sent).json()
        entry = decided["entry"]
        for command, told in (("accept", {}), ("reply", {"text": REPLY, "outcome": "solved"})):
            path = f"/v1/entries/{entry['id']}/{command}"
            entry = officer.post(path, json={"version": entry["version"], **told}).json()["entry"]
        yield taken["tracking_code"]


def look_up(page: Any, code: str, tail: str) -> None:
    page.fill("#code", code)
    page.fill("#tail", tail)
    page.press("#tail", "Enter")


def test_a_citizen_reads_the_reply_on_a_phone_and_says_that_it_is_not_solved(
    screens: Opener, code: str, town: RunningService
) -> None:
    screen = screens(None, size=PHONE)
    screen.expected.add("status of 404")
    page = screen.page
    page.goto(f"{town.url}/citizen")
    page.click("button[type=submit]")
    page.wait_for_selector("text=请填写回执上的查询码")
    look_up(page, code, "9999")
    page.wait_for_selector(".note.bad >> text=对不上")
    look_up(page, code.lower().replace("-", " "), "1234")
    page.wait_for_selector(".rating")
    assert REPLY in page.inner_text("main")
    assert code not in page.url
    check_accessible(page)
    check_fits(page)
    page.click("text=没有解决")
    page.click(".rating >> text=非常不满意")
    page.fill(".rating textarea", "修好一天又停了")
    page.click("text=提交评价")
    page.wait_for_selector("text=正在重新办理")
    assert page.locator(".rating").count() == 0
    page.click("text=查询完毕")
    page.wait_for_selector("#code")
    assert page.input_value("#code") == ""
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage])") == "[{},{}]"
