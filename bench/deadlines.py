"""How long it takes to find what is due or late among a million entries on PostgreSQL.

The peer asks the same of a plain copy of the table without an index, as one does who has only a
deadline column.
"""

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.ledger import NOW, open_ledger
from bench.results import Options, Result, find_median, find_percentiles, tidy
from triage.ledger.due import list_due, list_overdue, list_unaccepted
from triage.ledger.lapses import send_reminders
from triage.ledger.store import Store
from triage.roles import ROLE_ACTIONS, Caller, Role

ENTRIES = 1_000_000
BAR_MS = 100.0
REPEATS = 20  # times in a round
DEEP = 200  # pages before the deep one
_SUPERVISOR = Caller("bench", ROLE_ACTIONS[Role.SUPERVISOR])
_BRANCHES = tuple(f"d{n}" for n in range(20, 28))
_OFFICER = Caller("bench", ROLE_ACTIONS[Role.OFFICER], "d20", frozenset(_BRANCHES))
_SOON = NOW + timedelta(hours=72)
_LATE = "deadline_at < :now"
_RUNNING = "replied_at IS NULL AND closed_at IS NULL AND paused_at IS NULL AND NOT confidential"
_UNACCEPTED = (
    "state = 'assigned' AND accept_by IS NOT NULL AND NOT confidential AND paused_at IS NULL"
)
_LABELS = {
    "overdue": "超期",
    "overdue_department": "一个单位的超期",
    "overdue_reach": "八个单位的超期",
    "overdue_deep": f"超期第 {DEEP} 页",
    "due": "三天内到期",
    "unaccepted": "未签收",
    "unaccepted_reach": "八个单位的未签收",
}


def measure(options: Options) -> Result:
    """Each list a number of times, ours and the peer's in turn; the median and the 95th."""
    entries = ENTRIES if options.data is None else min(ENTRIES, options.messages)
    with open_ledger(entries) as store:
        with store.writing() as session:
            session.execute(text("CREATE TABLE plain_entry AS SELECT * FROM entry"))
        figures = _compare(store, rounds=options.rounds)
        reminders = _time_reminders(store)
    told = "；".join(
        f"{label} {figures[name]['ours']['p50']:g}，最快 {figures[name]['ours']['best']:g}"
        f"（无索引 {figures[name]['plain']:g}）"
        for name, label in _LABELS.items()
    )
    worst = max(each["ours"]["p95"] for each in figures.values())
    return Result(
        "deadlines",
        f"时限：{entries:,} 条台账，毫秒 p50，{told}；p95 最大 {worst:g}，要求 < {BAR_MS:g}",
        {
            "entries": entries,
            "ms": figures,
            "worst_p95": worst,
            "bar_ms": BAR_MS,
            "reminders": reminders,
            "rounds": options.rounds,
        },
    )


def _compare(store: Store, *, rounds: int) -> dict[str, Any]:
    deep = _find_deep(store)
    questions: dict[str, tuple[Callable[[Session], Any], str]] = {
        "overdue": (
            lambda session: list_overdue(session, caller=_SUPERVISOR, now=NOW),
            f"{_RUNNING} AND {_LATE} ORDER BY deadline_at, id",
        ),
        "overdue_department": (
            lambda session: list_overdue(session, caller=_SUPERVISOR, now=NOW, department="d20"),
            f"{_RUNNING} AND {_LATE} AND lead_department = 'd20' ORDER BY deadline_at, id",
        ),
        "overdue_reach": (
            lambda session: list_overdue(session, caller=_OFFICER, now=NOW),
            f"{_RUNNING} AND {_LATE} AND lead_department IN {_BRANCHES} ORDER BY deadline_at, id",
        ),
        "overdue_deep": (
            lambda session: list_overdue(session, caller=_SUPERVISOR, now=NOW, cursor=deep),
            f"{_RUNNING} AND {_LATE} ORDER BY deadline_at, id OFFSET {DEEP * 50}",
        ),
        "due": (
            lambda session: list_due(session, caller=_SUPERVISOR, now=NOW, until=_SOON),
            f"{_RUNNING} AND deadline_at BETWEEN :now AND :soon ORDER BY deadline_at, id",
        ),
        "unaccepted": (
            lambda session: list_unaccepted(session, caller=_SUPERVISOR, now=NOW),
            f"{_UNACCEPTED} ORDER BY accept_by, id",
        ),
        "unaccepted_reach": (
            lambda session: list_unaccepted(session, caller=_OFFICER, now=NOW),
            f"{_UNACCEPTED} AND lead_department IN {_BRANCHES} ORDER BY accept_by, id",
        ),
    }
    return {name: _time(store, *question, rounds=rounds) for name, question in questions.items()}


def _time(
    store: Store, ask: Callable[[Session], Any], plain: str, *, rounds: int
) -> dict[str, Any]:
    query = text(f"SELECT id FROM plain_entry WHERE {plain} LIMIT 50")  # noqa: S608  our own words
    values = {"now": NOW, "soon": _SOON}
    named = {name: value for name, value in values.items() if f":{name}" in plain}
    ours: list[float] = []
    cpu: list[float] = []
    peer: list[float] = []
    for _ in range(rounds):
        for _ in range(REPEATS):
            began, worked = perf_counter(), process_time()
            with store.reading() as session:
                page = ask(session)
            ours.append(perf_counter() - began)
            cpu.append(process_time() - worked)
        began = perf_counter()
        with store.reading() as session:
            found = list(session.scalars(query, named))
        peer.append(perf_counter() - began)
        if found != [line.entry.id for line in page.lines]:
            raise SystemExit(f"与无索引的查询结果不同：{plain}")
    # What it takes where nothing else runs on the machine: the best, and our own processor time.
    idle = {"best": tidy(min(ours) * 1000), "cpu": tidy(find_median(cpu) * 1000)}
    told = find_percentiles(ours, 50, 95) | idle
    return {"ours": told, "plain": tidy(find_median(peer) * 1000)}


def _find_deep(store: Store) -> str | None:
    """The cursor of a page that many others come before."""
    cursor = None
    with store.reading() as session:
        for _ in range(DEEP // 4):
            page = list_overdue(session, caller=_SUPERVISOR, now=NOW, limit=200, cursor=cursor)
            cursor = page.next
    return cursor


def _time_reminders(store: Store) -> dict[str, float]:
    """One turn of the duty that reminds: how many, and in how long."""
    began = perf_counter()
    with store.writing() as session:
        count = len(send_reminders(session, now=NOW))
    return {"count": count, "ms": tidy((perf_counter() - began) * 1000)}
