"""How long statistics take over a million entries on PostgreSQL, in a month and in all.

The peer reads the same entries and counts them in Python, as reports that are made from an export
do; it answers the count of work by department alone.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.ledger import NOW, open_ledger
from bench.results import Options, Result, find_median, tidy
from triage.ledger.looking import look_for_findings
from triage.ledger.selection import By, Selection
from triage.ledger.statistics import count_work, measure_dispatch, measure_stages
from triage.ledger.store import Store
from triage.roles import ROLE_ACTIONS, Caller, Role

ENTRIES = 1_000_000
_SUPERVISOR = Caller("bench", ROLE_ACTIONS[Role.SUPERVISOR])
_MONTH = Selection(since=NOW - timedelta(days=60), until=NOW - timedelta(days=30))
_ALL = Selection()
_LABELS = {
    "work": "比率按单位",
    "work_channel": "比率按渠道",
    "work_week": "比率按周",
    "stages": "七个环节用时按单位",
    "dispatch": "首次派单准确率按单位",
}
# What the entries of `bench.ledger` lack: moments of signing and rating, and what the machine said.
_ADD = """
UPDATE entry SET accepted_at = assigned_at + (replied_at - assigned_at) / 3,
    evaluated_at = replied_at + interval '1 day', solved = id % 5 > 0, satisfaction = 1 + id % 5,
    returns = (id % 20 = 0)::int
WHERE replied_at IS NOT NULL;

INSERT INTO suggestion (submission_id, payload, domain_code, confidence, urgency, nature, lead,
    needs_review, confidential, model, created_at)
SELECT submission_id, json_build_object('evidence', repeat('路灯不亮', 200)), domain_code, 0.9,
    urgency, nature, CASE WHEN id % 12 = 0 THEN '单位1' ELSE department.name END, id % 10 = 0,
    false, 'bench', opened_at
FROM entry JOIN department ON department.code = entry.lead_department;

CREATE TABLE plain_entry AS SELECT * FROM entry
"""


def measure(options: Options) -> Result:
    """Each question a number of times; the median of the rounds, for a month and for all."""
    entries = ENTRIES if options.data is None else min(ENTRIES, options.messages)
    with open_ledger(entries) as store:
        with store.writing() as session:
            for statement in _ADD.split(";\n"):
                session.execute(text(statement))
        with store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as tidied:
            tidied.execute(text("VACUUM ANALYZE"))
        figures: dict[str, Any] = {
            name: {
                span: _time(store, ask, selection, rounds=options.rounds)
                for span, selection in (("month", _MONTH), ("all", _ALL))
            }
            for name, ask in _questions().items()
        }
        plain = tidy(1000 * find_median(_count_plainly(store) for _ in range(options.rounds)))
        findings = _time_findings(store)
    told = "；".join(
        f"{label} {figures[name]['month']:g}、{figures[name]['all']:g}"
        for name, label in _LABELS.items()
    )
    ratio = tidy(plain / figures["work"]["all"])
    return Result(
        "statistics",
        f"统计：{entries:,} 条台账，毫秒（一个月、全部），{told}；"
        f"读出来再数 {plain:g}，为本系统的 {ratio:g} 倍",
        {
            "entries": entries,
            "ms": figures,
            "plain_ms": plain,
            "ratio": ratio,
            "findings": findings,
            "rounds": options.rounds,
        },
    )


def _questions() -> dict[str, Callable[[Session, Selection], Any]]:
    def work(by: By) -> Callable[[Session, Selection], Any]:
        return lambda session, selection: count_work(
            session, selection, caller=_SUPERVISOR, now=NOW, by=by
        )

    return {
        "work": work(By.DEPARTMENT),
        "work_channel": work(By.CHANNEL),
        "work_week": work(By.WEEK),
        "stages": lambda session, selection: measure_stages(
            session, selection, caller=_SUPERVISOR, by=By.DEPARTMENT
        ),
        "dispatch": lambda session, selection: measure_dispatch(
            session, selection, caller=_SUPERVISOR, by=By.DEPARTMENT
        ),
    }


def _time(
    store: Store,
    ask: Callable[[Session, Selection], Any],
    selection: Selection,
    *,
    rounds: int,
) -> float:
    took = []
    for _ in range(rounds):
        began = perf_counter()
        with store.reading() as session:
            ask(session, selection)
        took.append(perf_counter() - began)
    return tidy(1000 * find_median(took))


def _count_plainly(store: Store) -> float:
    """The seconds in which a program reads the entries and counts replies in time itself."""
    began = perf_counter()
    due: Counter[str] = Counter()
    on_time: Counter[str] = Counter()
    query = text("SELECT lead_department, deadline_at, replied_at FROM plain_entry")
    with store.reading() as session:
        for department, deadline_at, replied_at in session.execute(query):
            if deadline_at is not None and deadline_at <= NOW:
                due[department] += 1
                on_time[department] += replied_at is not None and replied_at <= deadline_at
    return perf_counter() - began


def _time_findings(store: Store) -> dict[str, Any]:
    """One look of all rules over the whole ledger."""
    began = perf_counter()
    with store.reading() as session:
        found = sum(1 for _ in look_for_findings(session, now=NOW))
    return {"found": found, "seconds": tidy(perf_counter() - began)}
