"""The first page: what waits for each role, told by the server, one press away."""

import pytest
from console_factories import Opener, browser, check_accessible, screens, town
from people_factories import sign_in
from service_factories import RunningService

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_what_waits_for_it(
    screens: Opener, town: RunningService, role: Role
) -> None:
    with town.client() as client:
        sign_in(client, role)
        cards = client.get("/v1/home").json()["cards"]
    page = screens(role).go("/")
    page.wait_for_selector(".figure, main .state .title")
    shown = page.locator(".figure").all_inner_texts()
    told = [f"{card['count']:,}\n{card['name']}" for card in cards if card["count"]]
    assert [text.replace("\n\n", "\n") for text in shown] == told
    assert page.locator(".figure:not([href])").count() == 0
    check_accessible(page)


def test_a_figure_opens_the_whole_and_a_line_the_thing_itself(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/")
    page.click(".figure:has-text('待复核')")
    page.wait_for_selector(".navigation [aria-current] >> text=人工复核")
    page.go_back()
    line = page.locator("section[aria-label=待签收] .what").first
    title = line.inner_text()
    line.click()
    page.wait_for_function("() => location.hash.startsWith('#/entries/')")
    page.go_back()
    page.wait_for_selector(f"text={title}")
