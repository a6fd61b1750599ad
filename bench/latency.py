"""How long one suggestion takes, the desk warm, by the length of the content."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from bench.peers import make_jieba
from bench.results import Options, Result, find_percentiles, tidy
from bench.sample import make_long
from triage.desk import load_desk

BAR_MS = 5.0  # for 400 characters, p50
LENGTHS = {50: 200, 400: 200, 2000: 60, 100_000: 4}  # characters: messages a round


def measure(options: Options) -> Result:
    """Ours and the bare jieba pipeline one message after the other."""
    desk = load_desk(options.model)
    label = make_jieba()
    figures: dict[str, Any] = {}
    for length, count in LENGTHS.items():
        ours, peer = [], []
        for submission in make_long(length, count, data=options.data) * options.rounds:
            text = f"{submission.title} {submission.content}"
            ours.append(_time(desk.suggest, submission))
            peer.append(_time(label, [text]))
        figures[str(length)] = {
            "ours": find_percentiles(ours, 50, 95),
            "jieba": find_percentiles(peer, 50, 95),
        }
    by_length = "；".join(
        f"{length} 字 {each['ours']['p50']:g}/{each['ours']['p95']:g}"
        f"（jieba {each['jieba']['p50']:g}）"
        for length, each in figures.items()
    )
    middle = figures["400"]
    return Result(
        "latency",
        f"单件：毫秒 p50/p95，{by_length}；要求 400 字 p50 ≤ {BAR_MS:g}",
        {
            "ms": figures,
            "ratio_400": tidy(middle["ours"]["p50"] / middle["jieba"]["p50"]),
            "bar_ms_400": BAR_MS,
            "rounds": options.rounds,
        },
    )


def _time(call: Callable[[Any], Any], argument: Any) -> float:
    start = perf_counter()
    call(argument)
    return perf_counter() - start
