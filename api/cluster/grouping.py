"""Common problems of an archive, once it is known who is near whom.

A group never reaches beyond those whom near pairs hold together. So whole components, some at a
time, are grouped by the same `group_traces` that one machine uses, and come out the same.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from api.cluster.manifest import DonePart, pending_path
from api.cluster.parts import Part
from api.cluster.tracing import Traced, read_rows
from api.files.parquet import ParquetWriter
from api.files.problemfile import Kept, is_told, make_problem
from triage.problems import group_traces

Array = NDArray[Any]

BIN_MEMBERS = 20_000  # of whole components, that one task groups


def find_components(near: Sequence[Path], *, count: int) -> list[list[int]]:
    """The rows (of `count`) that near pairs hold together, two or more; each in order, in order of
    their first."""
    from pyarrow import parquet

    pairs = [np.empty((0, 2), np.int64)]
    for path in near:
        table = parquet.read_table(path, columns=["one", "other"])
        pairs.append(np.column_stack((table["one"], table["other"])))
    one, other = np.concatenate(pairs).astype(np.int64).T
    graph = sp.coo_matrix((np.ones(len(one), bool), (one, other)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    joined = np.unique(np.concatenate((one, other)))
    order = joined[np.argsort(label[joined], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    components = [piece.tolist() for piece in np.split(order, cuts) if len(piece)]
    return sorted(components, key=lambda component: component[0])


def pack(components: Sequence[list[int]]) -> list[list[list[int]]]:
    """The components in bins of about `BIN_MEMBERS` members; none is cut."""
    bins: list[list[list[int]]] = []
    held = BIN_MEMBERS
    for component in components:
        if held + len(component) > BIN_MEMBERS:
            bins.append([])
            held = 0
        bins[-1].append(component)
        held += len(component)
    return bins


def write_problems(
    part: Part,
    result: Path,
    components: Sequence[list[int]],
    traced: Sequence[Path],
    bases: Sequence[int],
    now: datetime,
) -> DonePart:
    """Group these components and write the problems they hold."""
    started = monotonic()
    wanted = np.array(sorted(row for component in components for row in component), np.int64)
    homes = np.searchsorted(bases, wanted, side="right") - 1
    known: dict[int, Traced] = {}
    for home in np.unique(homes).tolist():
        rows = (wanted[homes == home] - bases[home]).tolist()
        known |= {row + bases[home]: one for row, one in read_rows(traced[home], rows).items()}
    writer = ParquetWriter(result, make_schema(), part=pending_path(result))
    count = 0
    try:
        members = [known[row] for row in wanted.tolist()]
        for group in group_traces([member.trace for member in members]):
            kept = [members[at].kept for at in group]
            if is_told(kept):
                writer.write(describe(kept, now=now))
                count += 1
    except BaseException:
        writer.abandon()
        raise
    return DonePart(
        name=part.name,
        size=part.size,
        changed_ns=part.changed_ns,
        rows=count,
        bad=0,
        review=0,
        bytes=writer.close(),
        seconds=round(monotonic() - started, 1),
    )


def make_schema() -> Any:
    """The columns of a part of problems."""
    import pyarrow as pa

    text, names = pa.string(), pa.list_(pa.string())
    time = pa.timestamp("us", "Asia/Shanghai")
    return pa.schema(
        {
            "id": text,
            "name": text,
            "size": pa.int64(),
            "member_ids": names,
            "divisions": names,
            "first_seen": time,
            "last_seen": time,
            "heat": pa.float32(),
            "theme": text,
            "theme_name": text,
            "lead_department": text,
            "suggested_task": text,
        }
    )


def describe(members: Sequence[Kept], *, now: datetime) -> dict[str, Any]:
    """One problem under the names of `make_schema`: what `triage problems` says of it, in columns.

    `suggested_task` is JSON.
    """
    problem = make_problem(members, now=now)
    record = problem.as_dict()
    times = problem.times
    return record | {
        "first_seen": times[0] if times else None,
        "last_seen": times[-1] if times else None,
        "theme_name": problem.theme.name,
        "suggested_task": json.dumps(record["suggested_task"], ensure_ascii=False),
    }
