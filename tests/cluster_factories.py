"""Archives in parts, and what came of them, for the tests of the cluster."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.cluster.connection import LOCAL, connect

if TYPE_CHECKING:
    from distributed import Client

needs_cluster = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("dask", "distributed", "pyarrow")),
    reason="the extra `cluster` is not installed",
)

MATTERS = (
    ("路灯不亮", "建设路的路灯坏了半个月，晚上一片漆黑，请尽快修理。"),
    ("拖欠工资", "老板欠我们三个月工资，一直不给，请有关部门处理。"),
    ("咨询社保", "请问灵活就业人员怎么补缴养老保险？"),
    ("井盖丢失", "人民路小学门口的井盖不见了，昨天有孩子掉了进去。"),
)


def make_messages(count: int, *, start: int = 0) -> list[dict[str, str]]:
    """`count` messages with ids from `start` on."""
    return [
        {
            "id": str(number),
            "title": MATTERS[number % len(MATTERS)][0],
            "content": MATTERS[number % len(MATTERS)][1],
        }
        for number in range(start, start + count)
    ]


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[dict[str, Any]], *, group: int = 10_000) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=group)
    return path


def read_results(folder: Path) -> list[dict[str, Any]]:
    """All rows of a folder of results, as any reader of Parquet finds them."""
    from pyarrow import parquet

    return parquet.read_table(folder).to_pylist()


@contextmanager
def local_client(workers: int = 2) -> "Iterator[Client]":
    """A client of a cluster of that many processes on this machine."""
    with connect(LOCAL, workers=workers) as client:
        yield client
