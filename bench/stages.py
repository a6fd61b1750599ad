"""Where the time of a suggestion goes, by module of `triage`.

Counted by cProfile over a batch in one process: time in a library is charged to the module that
called it. The profiler slows Python code more than it slows numpy, so the shares are laid over the
time that the same batch takes without it; read them as near enough.
"""

import cProfile
import pstats
from collections import defaultdict
from pathlib import Path
from time import process_time
from typing import Any

from threadpoolctl import threadpool_limits

import triage
from bench.results import Options, Result, find_median, tidy
from bench.sample import make_sample, mean_length
from triage.desk import load_desk

MESSAGES = 1024
_HOME = Path(triage.__file__).parent
_DEPTH = 12  # of library calls between a function and the module that is charged

Function = tuple[str, int, str]


def measure(options: Options) -> Result:
    """Milliseconds of one core for a message, all in all and by module."""
    sample = make_sample(MESSAGES, data=options.data)
    desk = load_desk(options.model)
    times = []
    profile = cProfile.Profile()
    with threadpool_limits(1):  # as in the workers of api/batch.py
        desk.suggest_many(sample)
        for _ in range(options.rounds):
            start = process_time()
            desk.suggest_many(sample)
            times.append(process_time() - start)
        profile.runcall(desk.suggest_many, sample)
    seconds = charge_modules(pstats.Stats(profile))
    each = 1000 * find_median(times) / len(sample)
    whole = sum(seconds.values())
    ranked = sorted(seconds.items(), key=lambda item: -item[1])
    stages = {name: tidy(each * part / whole) for name, part in ranked}
    told = "，".join(f"{name} {ms:g}" for name, ms in stages.items() if ms >= each / 200)
    return Result(
        "stages",
        f"各步（毫秒，单核，每件）：共 {each:.3f}；{told}",
        {
            "ms": tidy(each),
            "stages": stages,
            "messages": len(sample),
            "mean_characters": tidy(mean_length(sample)),
        },
    )


def charge_modules(stats: pstats.Stats) -> dict[str, float]:
    """Seconds by module of `triage`; what no module of it called is left out."""
    functions: dict[Function, Any] = stats.stats  # type: ignore[attr-defined]  # not in typeshed
    charged: dict[str, float] = defaultdict(float)

    def charge(function: Function, seconds: float, depth: int) -> None:
        path = Path(function[0])
        if path.is_relative_to(_HOME):
            charged[path.relative_to(_HOME).with_suffix("").as_posix()] += seconds
        elif depth < _DEPTH and function in functions:
            callers = functions[function][4]
            total = sum(caller[3] for caller in callers.values())
            for name, caller in callers.items():
                if total:
                    charge(name, seconds * caller[3] / total, depth + 1)

    for function, (_, _, own, _, _) in functions.items():
        charge(function, own, 0)
    return charged
