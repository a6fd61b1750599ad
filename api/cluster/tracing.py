"""What grouping needs of an archive: each part read, judged and written with its traces.

Accusations are left out here, so no later step has them (Art. 30). A row keeps the words of its
submission, by which a problem gets its name, but none of what may be an accusation; the folder is
as private as the source.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from api.cluster.manifest import DonePart, pending_path
from api.cluster.parts import Part, open_part
from api.cluster.scoring import Scoring, find_desk_here
from api.files.batch import Suggested, suggest_all
from api.files.parquet import ParquetWriter
from api.files.problemfile import Kept, keep_suggested, takes_part
from triage.traces import Told, Trace, read_traces

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 1_024  # submissions whose traces are read together
_TRACE = ("id", "keys", "runs", "marks", "sizes", "divisions", "domain", "day", "lengths")
_TOLD = (
    *("title", "content", "place", "division", "domain_code", "received_at"),
    *("judged", "named_divisions", "suspected"),
)


@dataclass(frozen=True, slots=True)
class Traced:
    """A row of a traced part: the trace, and what a problem is made of."""

    trace: Trace
    kept: Kept


def trace_part(part: Part, result: Path, scoring: Scoring, expected: str) -> DonePart:
    """Write the traces of a part into the file `result`; its rows are those that were kept.

    Raises as `score_part` does.
    """
    from threadpoolctl import threadpool_limits

    started = monotonic()
    desk_files = find_desk_here(scoring, expected)
    rows = bad = 0
    writer = ParquetWriter(result, make_schema(), part=pending_path(result))
    try:
        with (
            threadpool_limits(1),
            open_part(
                part, now=scoring.now, columns=scoring.columns, worksheet=scoring.worksheet
            ) as intake,
        ):
            outcomes = suggest_all(intake, desk_files=desk_files, workers=1)
            while batch := list(islice(outcomes, _AT_ONCE)):
                suggested = [outcome for outcome in batch if isinstance(outcome, Suggested)]
                bad += len(batch) - len(suggested)
                for record in _trace(suggested):
                    writer.write(record)
                    rows += 1
    except BaseException:
        writer.abandon()
        raise
    return DonePart(
        name=part.name,
        size=part.size,
        changed_ns=part.changed_ns,
        rows=rows,
        bad=bad,
        review=0,
        bytes=writer.close(),
        seconds=round(monotonic() - started, 1),
        notes=tuple(intake.notes),
    )


def make_schema() -> "pa.Schema":
    """The columns of a traced part."""
    import pyarrow as pa

    text, names = pa.string(), pa.list_(pa.string())
    return pa.schema(
        {
            "id": text,
            "keys": pa.list_(pa.int64()),
            "runs": pa.list_(pa.int32()),
            "marks": pa.list_(pa.uint32()),
            "sizes": pa.list_(pa.float32()),
            "divisions": pa.list_(pa.int64()),
            "domain": pa.int32(),
            "day": pa.float64(),
            "lengths": pa.list_(pa.int32()),
            "domain_code": text,
            "received_at": pa.timestamp("us", "Asia/Shanghai"),
            "title": text,
            "content": text,
            "place": text,
            "division": text,
            "judged": text,
            "named_divisions": names,
            "suspected": pa.bool_(),
        }
    )


def read_traces_of(path: Path, rows: Sequence[int]) -> list[Trace]:
    """The traces of these rows of a traced part, in their order."""
    return [_make_trace(record) for record in _take(path, rows, _TRACE).to_pylist()]


def read_rows(path: Path, rows: Sequence[int]) -> dict[int, Traced]:
    """Row → all that a traced part holds of it, for these rows."""
    table = _take(path, rows, (*_TRACE, *_TOLD))
    return {row: _make_traced(record) for row, record in zip(rows, table.to_pylist(), strict=True)}


def find_latest(paths: Sequence[Path]) -> datetime | None:
    """The latest time in some traced parts; None where none has any."""
    from pyarrow import compute, parquet

    columns = [parquet.read_table(path, columns=["received_at"])["received_at"] for path in paths]
    times = [compute.max(column).as_py() for column in columns]
    return max((time for time in times if time is not None), default=None)


def _take(path: Path, rows: Sequence[int], columns: Sequence[str]) -> Any:
    from pyarrow import parquet

    return parquet.read_table(path, columns=list(columns)).take(list(rows))


def _trace(suggested: Sequence[Suggested]) -> Iterator[dict[str, Any]]:
    members = [keep_suggested(one) for one in suggested if takes_part(one)]
    tolds = [member.told for member in members]
    for member, told, trace in zip(members, tolds, read_traces(tolds), strict=True):
        silent = member.suspected
        yield {
            "id": told.id,
            "keys": trace.keys,
            "runs": trace.runs,
            "marks": trace.marks,
            "sizes": trace.sizes,
            "divisions": trace.divisions,
            "domain": trace.domain,
            "day": trace.day,
            "lengths": trace.lengths,
            "domain_code": told.domain_code,
            "received_at": told.received_at,
            "title": "" if silent else told.title,
            "content": "" if silent else told.content,
            "place": None if silent else told.place,
            "division": None if silent else told.division,
            "judged": json.dumps(member.suggestion, ensure_ascii=False),
            "named_divisions": member.divisions,
            "suspected": silent,
        }


def _make_trace(record: Mapping[str, Any]) -> Trace:
    import numpy as np

    title, content = record["lengths"]
    return Trace(
        id=record["id"],
        keys=tuple(record["keys"]),
        runs=np.array(record["runs"], np.int32),
        marks=np.array(record["marks"], np.uint32),
        sizes=np.array(record["sizes"], np.float32),
        divisions=tuple(record["divisions"]),
        domain=record["domain"],
        day=record["day"],
        lengths=(title, content),
    )


def _make_traced(record: Mapping[str, Any]) -> Traced:
    told = Told(
        id=record["id"],
        title=record["title"],
        content=record["content"],
        place=record["place"],
        division=record["division"],
        domain_code=record["domain_code"],
        received_at=record["received_at"],
    )
    divisions = tuple(record["named_divisions"])
    judged = json.loads(record["judged"])
    return Traced(_make_trace(record), Kept(told, judged, divisions, record["suspected"]))
