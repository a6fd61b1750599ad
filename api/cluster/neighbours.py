"""Which submissions of an archive are likely of one matter, whichever parts they stand in.

Rows are numbered through all traced parts. First, for each bucket of keys, who shares a key
(candidates); then, for each part, which of its candidates resemble each other enough (near pairs).
A key is in one bucket only, so a bucket sees all who have it; a pair is measured once, by the part
of the one that comes first.
"""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.cluster.manifest import DonePart, pending_path
from api.cluster.parts import Part
from api.cluster.tracing import read_traces_of
from api.files.parquet import ParquetWriter
from triage.matching import get_matcher
from triage.problems import JOINS
from triage.traces import Trace, bind_traces

Array = NDArray[Any]

MOST_SHARERS = 64  # of a key that all meet each other, as in `triage.problems`
NEXT_OF_MANY = 12  # of more, each meets those that follow: enough to hold a large problem together


def pair_sharers(keys: Array, rows: Array) -> Array:
    """The pairs (lesser row, greater row; shape n × 2, sorted, each once) of rows that share a key.

    `keys` and `rows` (both int64, of one length) say which row has which key. All sharers of a key
    are paired where they are few; of more each is paired with those that follow it.
    """
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    reach = np.repeat(np.where(sizes > MOST_SHARERS, NEXT_OF_MANY, MOST_SHARERS), sizes)
    found = []
    for step in range(1, min(MOST_SHARERS, len(keys))):
        both = (keys[step:] == keys[:-step]) & (reach[step:] >= step)
        one, other = rows[:-step][both], rows[step:][both]
        found.append(np.column_stack((one, other))[one != other])
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return np.unique(pairs, axis=0) if len(pairs) else pairs


def find_candidates(
    bucket: Part,
    result: Path,
    number: int,
    buckets: int,
    traced: Sequence[Path],
    bases: Sequence[int],
) -> DonePart:
    """Write who shares a key of the bucket with this number, in the order of the first.

    `bases` are the numbers of the first row of each traced part and, at the end, of all rows.
    """
    import pyarrow as pa
    from pyarrow import parquet

    started = monotonic()
    keys, rows = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for path, base in zip(traced, bases, strict=False):
        column = parquet.read_table(path, columns=["keys"]).column("keys").combine_chunks()
        values = column.flatten().to_numpy(zero_copy_only=False)
        owners = np.repeat(np.arange(len(column)), np.diff(column.offsets.to_numpy()))
        here = values.view(np.uint64) % np.uint64(buckets) == np.uint64(number)
        keys.append(values[here])
        rows.append(owners[here] + base)
    pairs = pair_sharers(np.concatenate(keys), np.concatenate(rows))
    schema = pa.schema({"one": pa.int64(), "other": pa.int64()})
    return _write(bucket, result, schema, list(pairs.T), started=started)


def find_near(
    part: Part,
    result: Path,
    number: int,
    traced: Sequence[Path],
    bases: Sequence[int],
    candidates: Sequence[Path],
) -> DonePart:
    """Write which candidates of the part with this number are near, and how much they match."""
    import pyarrow as pa
    from pyarrow import parquet

    started = monotonic()
    first, end = bases[number], bases[number + 1]
    bounds = [("one", ">=", first), ("one", "<", end)]
    tables = [parquet.read_table(path, filters=bounds) for path in candidates]
    pairs = np.unique(
        np.concatenate(
            [np.empty((0, 2), np.int64)]
            + [np.column_stack((table["one"], table["other"])) for table in tables]
        ),
        axis=0,
    )
    near = [np.empty((0, 2), np.int64)]
    homes = np.searchsorted(bases, pairs[:, 1], side="right") - 1
    for home in np.unique(homes).tolist():
        here = pairs[homes == home]
        match = _measure(here, (traced[number], first), (traced[home], bases[home]))
        near.append(here[match >= JOINS])
    schema = pa.schema({"one": pa.int64(), "other": pa.int64()})
    return _write(part, result, schema, list(np.concatenate(near).T), started=started)


def _measure(pairs: Array, first: tuple[Path, int], second: tuple[Path, int]) -> Array:
    """How much the traces of each pair match; of either side, the part and its first row."""
    known: list[Trace] = []
    places = []
    for (path, base), numbers in zip((first, second), pairs.T, strict=True):
        rows, at = np.unique(numbers - base, return_inverse=True)
        places.append(at + len(known))
        known += read_traces_of(path, rows.tolist())
    return get_matcher().match(bind_traces(known), *places)


def _write(
    part: Part, result: Path, schema: Any, columns: Sequence[Any], *, started: float
) -> DonePart:
    import pyarrow as pa

    writer = ParquetWriter(result, schema, part=pending_path(result))
    try:
        writer.write_table(pa.table([*map(pa.array, columns)], schema=schema))
    except BaseException:
        writer.abandon()
        raise
    return DonePart(
        name=part.name,
        size=part.size,
        changed_ns=part.changed_ns,
        rows=len(columns[0]),
        bad=0,
        review=0,
        bytes=writer.close(),
        seconds=round(monotonic() - started, 1),
    )
