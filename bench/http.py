"""Requests over loopback, a few callers at a time, each sending its next when it has its answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from time import perf_counter
from typing import Any

from bench.results import Options, Result, find_percentiles, tidy
from bench.sample import make_sample
from bench.service import Client, Running, run_service
from triage.submissions import Submission

CALLERS = 4
REQUESTS = 400  # of a caller at most
SECONDS = 8.0  # of each load at most
FILED = 500  # submissions that stand in the ledgers

Request = tuple[str, str, Any]


def measure(options: Options) -> Result:
    """POST /v1/suggest and GET /v1/ledgers, one load after the other."""
    sample = make_sample(2048, data=options.data)
    with run_service(options.model) as running:
        running.wait_until_ready()
        ledger = _fill_ledgers(running.connect(), sample[:FILED])
        suggest = _load(running, lambda caller: _suggest(sample[caller::CALLERS]))
        read = _load(running, lambda _: iter(lambda: ("GET", ledger, None), None))
    return Result(
        "http",
        f"接口（{CALLERS} 个调用方）：POST /v1/suggest 每秒 {suggest['per_s']:g} 次，"
        f"p50/p99 {suggest['p50']:g}/{suggest['p99']:g} 毫秒；"
        f"GET /v1/ledgers 每秒 {read['per_s']:g} 次，{read['p50']:g}/{read['p99']:g} 毫秒",
        {"suggest": suggest, "ledgers": read, "callers": CALLERS, "filed": FILED},
    )


def _fill_ledgers(client: Client, sample: list[Submission]) -> str:
    """File submissions; the path of the longest ledger."""
    rows = [{"id": s.id, "title": s.title, "content": s.content, "channel": "网络"} for s in sample]
    status, answer = client.send("POST", "/v1/submissions:batch", {"submissions": rows})
    if status != 200 or answer["failed"]:
        raise SystemExit(f"POST /v1/submissions:batch 答 {status}，有 {answer} 件未入库")
    _, departments = client.send("GET", "/v1/departments")
    longest = max(departments, key=lambda department: department["total"])
    return f"/v1/ledgers/{longest['code']}"


def _suggest(sample: list[Submission]) -> Iterator[Request]:
    for submission in sample:
        yield "POST", "/v1/suggest", {"title": submission.title, "content": submission.content}


def _load(running: Running, requests: Callable[[int], Iterator[Request]]) -> dict[str, float]:
    """Requests a second, and percentiles of their times in ms."""
    running.connect().send(*next(requests(0)))  # the first of a kind warms up what it needs
    began = perf_counter()

    def call(caller: int) -> list[float]:
        client = running.connect()
        seconds = []
        for method, path, body in islice(requests(caller), REQUESTS):
            start = perf_counter()
            if start - began > SECONDS:
                break
            status, answer = client.send(method, path, body)
            seconds.append(perf_counter() - start)
            if status != 200:
                raise SystemExit(f"{method} {path} 答 {status}：{answer}")
        return seconds

    with ThreadPoolExecutor(CALLERS) as callers:
        seconds = [each for part in callers.map(call, range(CALLERS)) for each in part]
    rate = len(seconds) / (perf_counter() - began)
    return {"per_s": tidy(rate), **find_percentiles(seconds, 50, 99), "requests": len(seconds)}
