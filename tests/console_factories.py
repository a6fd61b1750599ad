"""The console in a real browser: a running town with sixty submissions, and a page for each role.

A test module takes what it needs with `from console_factories import browser, screens, town` and
names the fixtures in its `__all__`. Every page that a test opened is looked at when the test ends:
no error in the browser's console, no request to another host.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from people_factories import PASSWORD, add_person, sign_in
from service_factories import RunningService, run_service

from api.demo import load_samples
from triage.roles import Role

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = (1280, 720)
PHONE = (390, 844)
DEPARTMENTS = {Role.OFFICER: "housing"}  # of those whose role needs one
_AXE = Path(__file__).parent / "axe" / "axe-core-4.14.1" / "axe.js"
# What the console itself keeps of a person who has signed in. Playwright's own way to set it opens
# a second tab; a tab keeps its name when it is loaded again, so a sign-out is not undone.
_MARK_ONCE = "if (!name) { name = 'marked'; localStorage.setItem('signed-in', '1'); }"
_BAD = frozenset({"serious", "critical"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A chromium; skipped, or failed where TRIAGE_REQUIRE_BROWSER is 1, on a machine without."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("TRIAGE_REQUIRE_BROWSER") == "1":
            pytest.fail("no chromium was found, and TRIAGE_REQUIRE_BROWSER says there must be one")
        pytest.skip("no chromium was found: install it to test the console")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one person of each role (the login is the role's name) and the samples."""
    with run_service(tmp_path_factory.mktemp("town")) as running:
        for role in Role:
            add_person(running.service.store, role, role, department=DEPARTMENTS.get(role))
        with running.client("submit") as client:
            sent = {"submissions": load_samples()}
            assert client.post("/v1/submissions:batch", json=sent).json()["failed"] == 0
        yield running


@dataclass
class Screen:
    """One tab, and what the browser complained of in it.

    `expected`: parts of messages that the test itself provokes, such as "status of 401".
    """

    page: Any
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def go(self, path: str) -> Any:
        """The page at this address of the console, once it is drawn with what it reads first."""
        self.page.goto(f"{self.url}/#{path}")
        self.page.wait_for_selector("main h1, main .state .title")
        self.page.wait_for_selector("main .state.loading", state="detached")
        return self.page

    def check(self) -> None:
        """Fails where the browser complained of anything that the test did not expect."""
        told = [line for line in self.complaints if not any(part in line for part in self.expected)]
        assert told == []


Opener = Callable[..., Screen]


@pytest.fixture
def screens(browser: Any, town: RunningService) -> Iterator[Opener]:
    """Opens tabs: `screens(Role.CLERK)` signed in, `screens(None)` not; `size` and `dark` as asked.

    All of them are checked when the test ends.
    """
    opened: list[Screen] = []

    def open_screen(
        role: Role | str | None, *, size: tuple[int, int] = DESK, dark: bool = False
    ) -> Screen:
        screen = open_tab(browser, town, role, size=size, dark=dark)
        opened.append(screen)
        return screen

    yield open_screen
    for screen in opened:
        screen.page.context.close()
    for screen in opened:
        screen.check()


def open_tab(
    browser: Any,
    town: RunningService,
    login: str | None,
    *,
    size: tuple[int, int] = DESK,
    dark: bool = False,
) -> Screen:
    """A fresh tab of its own, signed in as `login` (whose password is PASSWORD) unless None."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    if login is not None:
        context.add_cookies(_sign_in(town, login))
        page.add_init_script(f"if (location.origin === {town.url!r}) {{ {_MARK_ONCE} }}")
    screen = Screen(page, town.url)
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and screen.complaints.append(f"{message.type}: {message.text}")
        ),
    )
    page.on("pageerror", lambda error: screen.complaints.append(f"{error}\n{error.stack}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith((town.url, "data:", "blob:"))
            or screen.complaints.append(f"asked {request.url}")
        ),
    )
    return screen


def _sign_in(town: RunningService, login: str) -> list[dict[str, str]]:
    """The cookies of a person who has signed in."""
    with town.client() as client:
        assert sign_in(client, login, PASSWORD).is_success
        return [
            {"name": cookie.name, "value": cookie.value or "", "url": town.url}
            for cookie in client.cookies.jar
        ]


def choose(page: Any, label: str, option: str, *, typed: str = "") -> None:
    """Choose in the field with this label, by typing first where `typed` says so."""
    box = page.locator(f".el-select:has(input[aria-label={label!r}])")
    box.click()
    if typed:
        page.keyboard.type(typed)
    page.click(f".el-select-dropdown__item:visible:has-text({option!r})")


def check_accessible(page: Any) -> None:
    """Fails where axe-core finds a serious or critical barrier on the page as it stands, once no
    table on it is being read anew: until then it is paler."""
    page.wait_for_selector(".table-busy", state="detached")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_source())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    bad = [
        f"{rule['id']}: {rule['help']} {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
        if rule["impact"] in _BAD
    ]
    assert bad == [], "\n".join(bad)


def check_fits(page: Any) -> None:
    """Fails where the page is wider than the screen."""
    told = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert told[0] <= told[1], f"{told[0]} wide on a screen of {told[1]}"


@cache
def _axe_source() -> str:
    return _AXE.read_text("utf-8")


def import_own(name: str) -> str:
    """A script that imports a module of the console as the open page has it."""
    return f"import(new URL('{name}', document.querySelector('script[type=module]').src).href)"


def load_pages(page: Any) -> list[dict[str, Any]]:
    """The table of pages as the console has it, read by the browser from pages.js."""
    told = page.evaluate(f"{import_own('pages.js')}.then((module) => JSON.stringify(module.PAGES))")
    pages: list[dict[str, Any]] = json.loads(told)
    return pages
