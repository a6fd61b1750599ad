"""An archive in parts: one worker, two workers, and plain joblib with as many processes.

All three score the same parts by the same function, and each has loaded its model in a pass that is
not timed; so what differs is what the cluster costs and what a second worker gains. Two workers on
two cores that others use too gain less than two: the ratio says how much of them there was.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from joblib import Parallel, delayed

from api.cluster.connection import LOCAL, connect
from api.cluster.manifest import DonePart, Manifest
from api.cluster.parts import Part, find_parts
from api.cluster.scoring import Scoring, describe_desk, make_scoring, score_part, score_parts
from api.files.batch import DeskFiles, count_cores
from api.files.exports import write_table
from api.files.reading import CHINA_TIME
from bench.results import Options, Result, find_median, tidy
from bench.sample import make_sample, mean_length

if TYPE_CHECKING:
    from distributed import Client

PARTS = 8
_HEADER = ("id", "title", "content")


def measure(options: Options) -> Result:
    """Rounds of each way in turn; medians and ratios."""
    if find_spec("distributed") is None or find_spec("pyarrow") is None:
        raise SystemExit("没有安装部件 cluster，量不了：pip install 'minsheng-triage[cluster]'")
    sample = make_sample(options.messages, data=options.data)
    scoring = make_scoring(DeskFiles(options.model), now=datetime.now(CHINA_TIME))
    with TemporaryDirectory() as home, ExitStack() as stack:
        source = Path(home) / "in"
        source.mkdir()
        for number in range(PARTS):
            records = [
                {"id": s.id, "title": s.title, "content": s.content} for s in sample[number::PARTS]
            ]
            write_table(source / f"{number}.csv", header=_HEADER, records=records)
        parts = find_parts(source)
        one = stack.enter_context(connect(LOCAL, workers=1))
        two = stack.enter_context(connect(LOCAL, workers=2))
        pool = stack.enter_context(Parallel(n_jobs=2))
        ways: dict[str, Callable[[Path], list[DonePart]]] = {
            "joblib": lambda folder: _score_by_joblib(pool, parts, folder, scoring),
            "one": lambda folder: _score_by(one, parts, folder, scoring),
            "two": lambda folder: _score_by(two, parts, folder, scoring),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(options.rounds + 1):
            for name, way in ways.items():
                with _empty_folder() as folder:
                    start = perf_counter()
                    done = way(folder)
                    spent = perf_counter() - start
                if sum(part.rows - part.bad for part in done) != len(sample):
                    raise SystemExit("有件没有做成，量得的不算")
                if turn:
                    seconds[name].append(spent)
    per_s = {name: len(sample) / find_median(values) for name, values in seconds.items()}
    gain, beside = per_s["two"] / per_s["one"], per_s["two"] / per_s["joblib"]
    return Result(
        "cluster",
        f"整批档案：一个工作进程每秒 {per_s['one']:.0f} 件，两个 {per_s['two']:.0f} 件"
        f"（{gain:.2f} 倍），joblib 两个进程 {per_s['joblib']:.0f} 件（集群为其 {beside:.2f} 倍）；"
        f"{count_cores()} 核，负载 {os.getloadavg()[0]:.1f}",
        {
            "per_s": {name: tidy(value) for name, value in per_s.items()},
            "ratio_two_one": tidy(gain),
            "ratio_two_joblib": tidy(beside),
            "cores": count_cores(),
            "load": tidy(os.getloadavg()[0]),
            "parts": PARTS,
            "messages": len(sample),
            "mean_characters": tidy(mean_length(sample)),
            "rounds": options.rounds,
        },
    )


def _score_by(
    client: "Client", parts: list[Part], folder: Path, scoring: Scoring
) -> list[DonePart]:
    with Manifest(folder, about=scoring.about()) as manifest:
        for part, result in score_parts(client, parts, manifest=manifest, scoring=scoring):
            if not isinstance(result, DonePart):
                raise SystemExit(f"{part.name}：{result.message}")
        return list(manifest.done.values())


def _score_by_joblib(
    pool: Parallel, parts: list[Part], folder: Path, scoring: Scoring
) -> list[DonePart]:
    expected = describe_desk(scoring.desk_files)
    return list(
        pool(delayed(score_part)(part, folder / part.output, scoring, expected) for part in parts)
    )


@contextmanager
def _empty_folder() -> Iterator[Path]:
    with TemporaryDirectory() as home:
        yield Path(home)
