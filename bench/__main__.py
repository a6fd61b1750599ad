"""`python -m bench [名称…]`: each benchmark prints one line to read and one line of JSON."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from bench.results import Options
from triage.errors import TriageError

BENCHMARKS = (
    "throughput",
    "latency",
    "start",
    "http",
    "stages",
    "deadlines",
    "mixed",
    "statistics",
    "repeats",
    "problems",
    "cluster",
    "console",
    "ledgerpage",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="速度：与同场运行的同类方法相比，见 docs/benchmarks.md"
    )
    parser.add_argument("names", nargs="*", metavar="名称", help="、".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=3, help="轮数，取中位数")
    parser.add_argument("--data", type=Path, help="自备的 .jsonl（title、content），缺省用自带语料")
    parser.add_argument("--model", type=Path, default=Path("models/default"), help="模型目录")
    parser.add_argument("--messages", type=int, default=8192, help="批量一轮几件")
    parser.add_argument("--most", type=int, default=30_000, help="归并共性问题最多量到几件")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"没有 {'、'.join(sorted(unknown))}，可选 {'、'.join(BENCHMARKS)}")
    options = Options(given.model, given.data, given.rounds, given.messages, given.most)
    for name in given.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            result = import_module(f"bench.{name}").measure(options)
        except TriageError as error:
            sys.exit(error.message)
        print(result.as_text(), flush=True)


if __name__ == "__main__":
    main()
