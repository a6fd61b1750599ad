"""The day of an office, as fast as it goes: handing in, reading ledgers and working on entries.

Locust sends the requests over loopback. SQLite with one process, PostgreSQL with two; what is
handed in gets the full suggestion. Besides the clock's figures, which a busy machine spoils, stands
the processor time of the service for each request (without PostgreSQL's own, but with the placing
into common problems that goes on beside and after them), how long that went on, and the load of
the machine when the run began.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import psutil

from bench.ledger import run_postgres
from bench.results import Options, Result, tidy
from bench.sample import make_sample
from bench.service import Running, run_service
from triage.ledger.placing import is_any_waiting
from triage.ledger.store import open_store

CALLERS = 16
SECONDS = 20
FILED = 2_000  # submissions that stand in the ledgers before
_CHUNK = 200  # handed in at once before: an answer comes in time on a busy machine too
BAR_PER_S, BAR_MS = 300, 150


def measure(options: Options) -> Result:
    """Requests a second, and percentiles of their times in ms, for each database."""
    with run_service(options.model) as running:
        embedded = _load(running, data=options.data)
    with run_postgres() as url, run_service(options.model, url=url, workers=2) as running:
        served = _load(running, data=options.data)
    told = "；".join(
        f"{name} 每秒 {each['per_s']:g} 次，p50/p99 {each['p50']:g}/{each['p99']:g} 毫秒，"
        f"每次处理器 {each['cpu_ms']:g} 毫秒，失败 {each['failed']}，"
        f"此后 {each['behind_s']:g} 秒归完共性问题"
        for name, each in (("SQLite 一个进程", embedded), ("PostgreSQL 两个进程", served))
    )
    return Result(
        "mixed",
        f"混合（三成报送、五成读台账、两成办理，{CALLERS} 个调用方）：{told}；"
        f"要求每秒 ≥ {BAR_PER_S} 次、p99 < {BAR_MS} 毫秒、无失败",
        {"sqlite": embedded, "postgresql": served, "callers": CALLERS, "filed": FILED},
    )


def _load(running: Running, *, data: Path | None) -> dict[str, Any]:
    running.wait_until_ready()
    client = running.connect()
    rows = [
        {"id": f"before-{s.id}", "title": s.title, "content": s.content}
        for s in make_sample(FILED, data=data)
    ]
    for start in range(0, len(rows), _CHUNK):
        batch = {"submissions": rows[start : start + _CHUNK]}
        status, answer = client.send("POST", "/v1/submissions:batch", batch)
        if status != 200 or answer["failed"]:
            raise SystemExit(
                f"POST /v1/submissions:batch 答 {status}，请先单独运行 triage serve 看原因"
            )
    _wait_until_placed(running.database)
    _, departments = running.connect().send("GET", "/v1/departments")
    longest = sorted(departments, key=lambda department: -department["total"])[:20]
    told = {
        "BENCH_KEY": running.key,
        "BENCH_DEPARTMENTS": ",".join(d["code"] for d in longest),
        "BENCH_FILED": str(FILED),
        "BENCH_DATA": str(data.resolve()) if data else "",
    }
    load, before = os.getloadavg()[0], _read_cpu_s(running)
    finished = subprocess.run(  # noqa: S603  our own command line
        [
            *(sys.executable, "-m", "locust", "--headless", "--json", "--loglevel", "ERROR"),
            *("-f", str(Path(__file__).with_name("mixed_users.py"))),
            *("--users", str(CALLERS), "--spawn-rate", str(CALLERS)),
            *("--run-time", f"{SECONDS}s", "--host", f"http://127.0.0.1:{running.port}"),
        ],
        env=os.environ | told | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,  # it exits with 1 where a request failed: that is a figure here
    )
    figures = _read_figures(json.loads(finished.stdout))
    behind_s = _wait_until_placed(running.database)
    used = _read_cpu_s(running) - before
    return figures | {
        "cpu_ms": tidy(1000 * used / figures["requests"]),
        "behind_s": tidy(behind_s),
        "load": tidy(load),
    }


def _wait_until_placed(database: str) -> float:
    """Seconds until all that was handed in has been placed into common problems too."""
    began = perf_counter()
    with closing(open_store(database)) as store:
        while True:
            with store.reading() as session:
                if not is_any_waiting(session):
                    return perf_counter() - began
            sleep(0.1)


def _read_cpu_s(running: Running) -> float:
    """The processor time that the service and its workers have used so far."""
    service = psutil.Process(running.process.pid)
    times = [process.cpu_times() for process in (service, *service.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _read_figures(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Rate, percentiles and failures over all kinds of requests, and the p99 of each kind."""
    times: dict[int, int] = {}
    for part in parts:
        for ms, number in part["response_times"].items():
            times[int(float(ms))] = times.get(int(float(ms)), 0) + number
    total = sum(times.values())
    began = min(part["start_time"] for part in parts)
    ended = max(part["last_request_timestamp"] for part in parts)
    return {
        "per_s": tidy(total / (ended - began)),
        "p50": _find_percentile(times, 0.5),
        "p99": _find_percentile(times, 0.99),
        "failed": sum(part["num_failures"] for part in parts),
        "requests": total,
        "p99_of": {
            part["name"]: _find_percentile(
                {int(float(ms)): number for ms, number in part["response_times"].items()}, 0.99
            )
            for part in parts
        },
    }


def _find_percentile(times: dict[int, int], share: float) -> int:
    """The time in ms that this share of the requests does not exceed."""
    left = share * sum(times.values())
    for ms in sorted(times):
        left -= times[ms]
        if left <= 0:
            return ms
    return 0
