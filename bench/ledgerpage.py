"""How long the ledger page takes to filter, search, sort and count 100,000 entries, and the home
page to say what waits, on PostgreSQL and on SQLite. The bar: 300 ms in the server."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.ledger import NOW, open_ledger
from bench.results import Options, Result, find_percentiles
from triage.ledger.ledgerlines import (
    LedgerFilter,
    Order,
    Standing,
    count_ledger_lines,
    list_ledger_lines,
)
from triage.ledger.listfilters import ListFilter
from triage.ledger.store import Store, open_store, upgrade
from triage.ledger.tables import DepartmentRow, EntryRow, SubmissionRow
from triage.ledger.waiting import list_waiting
from triage.roles import ROLE_ACTIONS, Caller, Role

ENTRIES = 100_000
BAR_MS = 300.0
REPEATS = 5  # times in a round
_CLERK = Caller("bench", ROLE_ACTIONS[Role.CLERK])
_BRANCHES = frozenset(f"d{n}" for n in range(20, 28))
_OFFICER = Caller("bench", ROLE_ACTIONS[Role.OFFICER], "d20", _BRANCHES)
_SOON = NOW + timedelta(hours=72)
_QUESTIONS: dict[str, tuple[str, dict[str, Any], dict[str, Any], Order]] = {
    "newest": ("新的在前", {}, {}, Order.NEWEST),
    "urgent": ("最急的在前", {}, {}, Order.URGENT),
    "department": ("一个单位", {"department": "d30"}, {}, Order.NEWEST),
    "domain": ("领域和紧急程度", {"domain": "0102", "urgency": 1}, {}, Order.NEWEST),
    "overdue": ("超期", {}, {"standing": Standing.OVERDUE}, Order.DEADLINE),
    "rare": ("没有一条的筛选", {}, {"nature": "感谢"}, Order.NEWEST),
    "words": ("查找常见的词", {}, {"words": "路灯"}, Order.NEWEST),
    "no_words": ("查找没有的词", {}, {"words": "曳引机"}, Order.NEWEST),
}
_Question = Callable[[Session], Any]


def measure(options: Options) -> Result:
    """Each question a number of times on each database; the median and the 95th."""
    figures: dict[str, dict[str, Any]] = {}
    with open_ledger(ENTRIES) as store:
        figures["postgresql"] = _time_all(store, rounds=options.rounds)
    with _open_sqlite(ENTRIES) as store:
        figures["sqlite"] = _time_all(store, rounds=options.rounds)
    worst = {
        database: max((times["p95"], name) for name, times in timed.items())
        for database, timed in figures.items()
    }
    told = "；".join(
        f"{database} p50 "
        + "，".join(f"{_name(name)} {times['p50']:g}" for name, times in timed.items())
        + f"，p95 最大 {worst[database][0]:g}（{_name(worst[database][1])}）"
        for database, timed in figures.items()
    )
    return Result(
        "ledgerpage",
        f"台账页：{ENTRIES:,} 条，毫秒，{told}；要求 ≤ {BAR_MS:g}",
        {"entries": ENTRIES, "ms": figures, "bar_ms": BAR_MS, "rounds": options.rounds},
    )


def _name(question: str) -> str:
    if question in _QUESTIONS:
        return _QUESTIONS[question][0]
    return {"home_clerk": "受理员工作台", "home_officer": "承办人工作台"}[question]


def _time_all(store: Store, *, rounds: int) -> dict[str, Any]:
    questions: dict[str, _Question] = {
        name: _ask(ListFilter(**wanted), LedgerFilter(**further), order)
        for name, (_, wanted, further, order) in _QUESTIONS.items()
    }
    questions["home_clerk"] = lambda session: list_waiting(session, caller=_CLERK, now=NOW)
    questions["home_officer"] = lambda session: list_waiting(session, caller=_OFFICER, now=NOW)
    times: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(rounds * REPEATS):
        for name, ask in questions.items():
            began = perf_counter()
            with store.reading() as session:
                ask(session)
            times[name].append(perf_counter() - began)
    return {name: find_percentiles(found, 50, 95) for name, found in times.items()}


def _ask(wanted: ListFilter, further: LedgerFilter, order: Order) -> _Question:
    """The first page and the count, as the page asks for them."""

    def ask(session: Session) -> None:
        told: dict[str, Any] = {"caller": _CLERK, "now": NOW, "soon": _SOON}
        page = list_ledger_lines(session, wanted, further, order=order, **told)
        if page.next is not None:
            count_ledger_lines(session, wanted, further, **told)

    return ask


@contextmanager
def _open_sqlite(entries: int) -> Iterator[Store]:
    """As `open_ledger`, in a file; the same shape without chance."""
    with (
        tempfile.TemporaryDirectory(prefix="triage-bench-") as home,
        closing(open_store(f"sqlite:///{Path(home) / 'bench.db'}")) as store,
    ):
        upgrade(store)
        with store.writing() as session:
            _fill(session, entries)
        yield store


def _fill(session: Session, entries: int) -> None:
    departments = [
        {"code": f"d{n}", "name": f"单位{n}", "full_name": f"单位{n}", "kind": "government"}
        | {"aliases": [], "active": True}
        for n in range(60)
    ]
    session.execute(insert(DepartmentRow), departments)
    content = "路灯坏了两个月，晚上看不清路。" * 12
    session.execute(
        insert(SubmissionRow),
        [
            {
                "id": f"B-{n}",
                "title": f"第{n}件：小区路灯不亮",
                "content": content,
                "channel": "网络",
                "place": "幸福里小区",
                "received_at": NOW,
                "recorded_at": NOW,
                "source": "bench",
                "content_hash": str(n),
                "status": "assigned",
                "confidential": False,
                "urgency": 3,
                "confidence": 0.9,
            }
            for n in range(entries)
        ],
    )
    session.execute(insert(EntryRow), [_entry(n) for n in range(entries)])


def _entry(n: int) -> dict[str, Any]:
    running = n % 10 == 0
    due = NOW + timedelta(days=(n // 10 % 60) - 30 if running else -(n % 730))
    opened = due - timedelta(days=15, seconds=n % 86_400)
    return {
        "submission_id": f"B-{n}",
        "lead_department": f"d{n * 7 % 60}",
        "assisting": [],
        "state": "closed" if not running else "assigned" if n % 30 == 0 else "accepted",
        "urgency": (4, 4, 4, 3, 3, 3, 3, 2, 2, 1)[n // 10 % 10],
        "taxonomy": "letters",
        "domain_code": "010203",
        "domain": "城乡建设/城市建设和市政管理/城市公共设施",
        "nature": "投诉",
        "confidential": False,
        "version": 1,
        "opened_at": opened,
        "assigned_at": opened,
        "deadline_at": due,
        "accept_by": opened + timedelta(days=1) if running else None,
        "replied_at": None if running else due - timedelta(days=1),
        "closed_at": None if running else due,
        "outcome": None if running else "solved",
    }
