"""The console in a real browser: what a clerk sees, and that nothing leaves the machine."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from service_factories import RunningService, make_body, run_service

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LETTER = "昨晚起二单元楼道一直有很浓的燃气味，三楼老人已经头晕呕吐，打电话没人接。"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
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
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture
def page(browser: Any, running: RunningService) -> Iterator[Any]:
    """A fresh tab; at its end no error in the console and no request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(running.url) or complaints.append(f"asked {request.url}")
        ),
    )
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def key(running: RunningService) -> str:
    with running.client("submit", "suggest", "read", "review") as client:
        return str(client.headers["authorization"]).removeprefix("Bearer ")


def test_a_pasted_letter_shows_its_label_its_reasons_and_its_department(
    page: Any, running: RunningService, key: str
) -> None:
    page.goto(f"{running.url}/#key={key}")
    page.fill("#content", LETTER)
    page.wait_for_selector("#suggestion .path")
    assert key not in page.url
    with running.client("suggest") as client:
        said = client.post("/v1/suggest", json={"content": LETTER}).json()
    shown = page.inner_text("#suggestion")
    for words in (*list(said["domain"].values())[1:4], said["urgency"]["name"], said["model"]):
        assert words in shown
    assert (said["department"]["lead"] or "未定") in shown
    marked = "".join(page.locator("#suggestion mark").all_inner_texts())
    assert all(span["text"] in LETTER for span in said["evidence"])
    assert bool(marked) == bool(said["evidence"] or said["urgency"]["reasons"])


def test_a_letter_that_is_sent_stands_in_a_ledger_or_in_review(
    page: Any, running: RunningService, key: str
) -> None:
    page.goto(f"{running.url}/#key={key}")
    page.click("#samples button:first-child")
    page.wait_for_selector("#suggestion .path")
    page.click("#take-in")
    page.wait_for_selector("#taken:visible")
    if "台账" in page.inner_text("#taken"):
        page.click("nav a[href='#ledgers']")
        page.click(".department >> nth=0")
        page.click("#ledger-lines .line >> nth=0")
    else:
        page.click("nav a[href='#review']")
        page.click("#review-lines .line >> nth=0")
    page.wait_for_selector("dialog[open] .quote")
    assert page.inner_text("dialog h2")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_markup_in_a_letter_stays_text(page: Any, running: RunningService, key: str) -> None:
    trick = "<img src=x onerror=alert(1)><script>alert(2)</script>路灯不亮"
    page.goto(f"{running.url}/#key={key}")
    page.fill("#title", trick)
    page.fill("#content", trick)
    page.wait_for_selector("#suggestion .path")
    assert trick in page.inner_text("#suggestion")
    assert page.locator("#suggestion img, #suggestion script").count() == 0


def test_without_a_key_the_page_asks_for_one(page: Any, running: RunningService, key: str) -> None:
    page.goto(running.url)
    page.fill("#key", key)
    page.click("#key-form button")
    page.wait_for_selector("#read:visible")
    page.reload()
    page.wait_for_selector("#read:visible")
    page.click("#forget-key")
    page.wait_for_selector("#key:visible")


def test_the_pages_fit_a_phone_and_are_told_when_empty(
    page: Any, running: RunningService, key: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    with running.client("submit") as client:
        client.post("/v1/submissions", json=make_body(id="P-1", title="无" * 300))
    for view in ("read", "ledgers", "review"):
        page.goto(f"{running.url}/#key={key}")
        page.goto(f"{running.url}/#{view}")
        page.wait_for_selector(f"#{view}:visible")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "左侧粘贴一件来件" in page.text_content("#suggestion")
