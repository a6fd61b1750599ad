"""Messages a second in batch: everything the desk says, on every core, against one bare label.

Ours goes through the pool that `triage classify` uses; the time until its workers have loaded the
model and the first is done is told apart (`first_s`). The peers label in one process, as people run
them. Beside the clock stands the processor time of one message in this process, which a busy
machine does not blur: `ratio_cpu` is what the ratio would be on a quiet one.
"""

import gc
from collections.abc import Callable
from itertools import islice
from time import perf_counter, process_time
from typing import Any

from threadpoolctl import threadpool_limits

from api.files.batch import BATCH, DeskFiles, Suggested, count_cores, suggest_all
from bench.peers import PEERS, find_missing
from bench.results import Options, Result, find_median, tidy
from bench.sample import make_sample, mean_length
from triage.desk import load_desk
from triage.submissions import Submission

BAR = 4  # times the bare jieba pipeline
_ALONE = 1024  # messages a round that ours does in this process


def measure(options: Options) -> Result:
    """Rounds of ours and each peer in turn; medians and ratios."""
    sample = make_sample(options.messages, data=options.data)
    texts = [f"{submission.title} {submission.content}" for submission in sample]
    desk_files = DeskFiles(options.model)
    desk = load_desk(options.model)

    def suggest(submissions: list[Submission]) -> list[dict[str, Any]]:
        return [suggestion.as_dict() for suggestion in desk.suggest_many(submissions)]

    missing = find_missing()
    peers = {name: make() for name, (_, make, _) in PEERS.items() if name not in missing}
    gc.freeze()  # else whoever makes objects pays for looking through the peers' dictionaries
    rates: dict[str, list[float]] = {name: [] for name in ("ours", *peers)}
    cpu: dict[str, list[float]] = {name: [] for name in rates}
    first: list[float] = []
    for _ in range(options.rounds):
        rate, seconds = _time_pool(sample, desk_files)
        rates["ours"].append(rate)
        first.append(seconds)
        with threadpool_limits(1):
            cpu["ours"].append(_time(suggest, sample[:_ALONE])[1])
        for name, predict in peers.items():
            rate, each = _time(predict, texts[: PEERS[name][2]])
            rates[name].append(rate)
            cpu[name].append(each)
    per_s = {name: find_median(values) for name, values in rates.items()}
    cpu_ms = {name: find_median(values) for name, values in cpu.items()}
    ratio = {name: per_s["ours"] / per_s[name] for name in peers}
    ratio_cpu = {name: count_cores() * cpu_ms[name] / cpu_ms["ours"] for name in peers}
    beside = "；".join(
        f"{name} {per_s[name]:.0f}（{ratio[name]:.2f} 倍，按处理器时间 {ratio_cpu[name]:.2f} 倍）"
        for name in peers
    )
    skipped = f"；未装而略过：{'、'.join(missing)}" if missing else ""
    return Result(
        "throughput",
        f"批量：完整建议每秒 {per_s['ours']:.0f} 件（{count_cores()} 核），"
        f"同场的裸标签每秒 {beside}{skipped}；要求 ≥ jieba 的 {BAR} 倍",
        {
            "per_s": _tidy_all(per_s),
            "ratio": _tidy_all(ratio),
            "cpu_ms": _tidy_all(cpu_ms),
            "ratio_cpu": _tidy_all(ratio_cpu),
            "bar_ratio_jieba": BAR,
            "first_s": tidy(find_median(first)),
            "cores": count_cores(),
            "messages": len(sample),
            "mean_characters": tidy(mean_length(sample)),
            "rounds": options.rounds,
            "skipped": missing,
        },
    )


def _time(call: Callable[[Any], Any], messages: list[Any]) -> tuple[float, float]:
    """(messages a second, ms of processor time for each) of one call with all of them."""
    start, cpu = perf_counter(), process_time()
    call(messages)
    count = len(messages)
    return count / (perf_counter() - start), 1000 * (process_time() - cpu) / count


def _time_pool(sample: list[Submission], desk_files: DeskFiles) -> tuple[float, float]:
    """(messages a second once every worker is at work, seconds until the first is done)."""
    start = perf_counter()
    results = suggest_all(sample, desk_files=desk_files)
    next(results)
    first = perf_counter() - start
    warm = 2 * count_cores() * BATCH
    done = 1 + sum(1 for _ in islice(results, warm - 1))
    begin = perf_counter()
    rest = [isinstance(result, Suggested) for result in results]
    seconds = perf_counter() - begin
    if done < warm or len(rest) < warm or not all(rest):
        raise SystemExit(f"样本太少或有出错的行，请给 {4 * warm} 件以上的有效来件")
    return len(rest) / seconds, first


def _tidy_all(values: dict[str, float]) -> dict[str, float]:
    return {name: tidy(value) for name, value in values.items()}
