"""How long the service takes to come up, and what it holds in memory then."""

import subprocess
import sys
from time import perf_counter

from bench.results import Options, Result, find_median, tidy
from bench.sample import make_long
from bench.service import read_peak_mb, run_service

BAR_S = 3.0
BAR_MB = 500
# What a bare pipeline has to load before it can read its first word.
_PEER = """
import warnings
warnings.simplefilter("ignore")
import sklearn, jieba
jieba.setLogLevel("ERROR")
jieba.initialize()
try:
    print(open("/proc/self/status").read())
except OSError:
    pass
"""


def measure(options: Options) -> Result:
    """`triage serve` and the peer's imports in turn, each in a process of its own."""
    submission = make_long(400, 1, data=options.data)[0]
    body = {"title": submission.title, "content": submission.content}
    ready, answered, memory, peer, peer_memory = [], [], [], [], []
    for _ in range(options.rounds):
        with run_service(options.model) as running:
            ready.append(running.wait_until_ready())
            status, answer = running.connect().send("POST", "/v1/suggest", body)
            answered.append(perf_counter() - running.began)
            if status != 200:
                raise SystemExit(f"POST /v1/suggest 答 {status}：{answer}")
            memory.append(running.peak_mb())
        began = perf_counter()
        said = subprocess.run(  # noqa: S603  our own few lines
            [sys.executable, "-c", _PEER], capture_output=True, text=True, check=True
        )
        peer.append(perf_counter() - began)
        peer_memory.append(read_peak_mb(said.stdout) if said.stdout.strip() else None)
    first, first_peer = find_median(answered), find_median(peer)
    peak = max((mb for mb in memory if mb is not None), default=None)
    peer_peak = max((mb for mb in peer_memory if mb is not None), default=None)
    return Result(
        "start",
        f"启动：就绪 {find_median(ready):.2f} 秒，首个建议 {first:.2f} 秒，"
        f"内存峰值 {_say_mb(peak)}；只载入 sklearn 与 jieba {first_peer:.2f} 秒、"
        f"{_say_mb(peer_peak)}；要求 ≤ {BAR_S:g} 秒、≤ {BAR_MB} MB",
        {
            "ready_s": tidy(find_median(ready)),
            "first_answer_s": tidy(first),
            "peak_mb": peak and tidy(peak),
            "imports_s": tidy(first_peer),
            "imports_peak_mb": peer_peak and tidy(peer_peak),
            "ratio": tidy(first / first_peer),
            "bar_s": BAR_S,
            "bar_mb": BAR_MB,
            "rounds": options.rounds,
        },
    )


def _say_mb(mb: float | None) -> str:
    return "未知" if mb is None else f"{mb:.0f} MB"
