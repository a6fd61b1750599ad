"""How soon the console shows its first page in a browser, and how soon a filter answers.

The browser's processor is slowed down, since an office PC of some years ago is what most clerks
have. A filter is asked of the server alone: a ledger of 100,000 entries, page after page of what a
clerk looks for.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from bench.ledger import DEPARTMENTS, fill_ledger, run_postgres
from bench.results import Options, Result, find_median, find_percentiles, tidy
from bench.service import Client, Running, run_service
from triage.ledger.store import open_store
from triage.ledger.users import create_user, set_password
from triage.passwords import hash_password
from triage.roles import SHELL, Role

BAR_PAGE_S = 1.5
BAR_FILTER_MS = 300
ENTRIES = 100_000
SLOWED = 2  # times; of a server core of today
_LOGIN, _PASSWORD = "bench", "Bench-2025-mima"
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"urgency": 1},
    {"department": "d7"},
    {"state": "accepted", "order": "deadline"},
    {"standing": "overdue", "order": "deadline"},
    {"standing": "due_soon"},
    {"domain": "0102", "order": "urgent"},
    {"since": "2025-01-01", "until": "2025-02-01"},
    {"q": "路灯"},
    {"department": f"d{DEPARTMENTS - 1}", "state": "closed", "q": "小区"},
)


def measure(options: Options) -> Result:
    """The sign-in page with nothing kept by the browser, the first page after it, the filters."""
    with run_postgres() as url, run_service(options.model, url=url) as running:
        running.wait_until_ready()
        store = open_store(url)
        fill_ledger(store, ENTRIES)
        now = datetime.now(UTC)
        with store.writing() as session:
            clerk = create_user(
                session, login=_LOGIN, name="测量", role=Role.CLERK, caller=SHELL, now=now
            )
            set_password(session, clerk.id, hash_password(_PASSWORD), now=now)
        store.close()
        cold, home = zip(*(_open(running) for _ in range(options.rounds)), strict=True)
        client = running.connect()
        took = [_ask(client, query) for _ in range(options.rounds * 5) for query in _FILTERS]
    first, warm = find_median(cold), find_median(home)
    filters = find_percentiles(took, 50, 99)
    return Result(
        "console",
        f"工作台（处理器放慢 {SLOWED} 倍）：登录页 {first:.2f} 秒，首页 {warm:.2f} 秒，"
        f"要求 ≤ {BAR_PAGE_S:g} 秒；{ENTRIES:,} 条台账筛选 p50 {filters['p50']:g}、"
        f"p99 {filters['p99']:g} 毫秒，要求 ≤ {BAR_FILTER_MS} 毫秒",
        {
            "signin_s": tidy(first),
            "home_s": tidy(warm),
            "bar_page_s": BAR_PAGE_S,
            "slowed": SLOWED,
            "entries": ENTRIES,
            "filter_p50_ms": filters["p50"],
            "filter_p99_ms": filters["p99"],
            "bar_filter_ms": BAR_FILTER_MS,
            "rounds": options.rounds,
        },
    )


def _open(running: Running) -> tuple[float, float]:
    """Seconds until the sign-in page stands in a browser that keeps nothing yet, and until the
    first page stands when the console is opened again."""
    address = f"http://127.0.0.1:{running.port}/"
    with _tab() as page:
        began = perf_counter()
        page.goto(address)
        page.wait_for_selector("#login")
        cold = perf_counter() - began
        page.fill("#login", _LOGIN)
        page.fill("#password", _PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".figure")
        began = perf_counter()
        page.reload()
        page.wait_for_selector(".figure")
        return cold, perf_counter() - began


@contextmanager
def _tab() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("没有找到 chromium，请先安装再测工作台")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="zh-CN")
        slow = page.context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        yield page
        browser.close()


def _ask(client: Client, query: dict[str, Any]) -> float:
    began = perf_counter()
    status, told = client.send("GET", f"/v1/ledger?{urlencode(query)}")
    if status != 200:
        raise SystemExit(f"GET /v1/ledger 答 {status}：{told}")
    return perf_counter() - began
