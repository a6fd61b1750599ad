"""Suggestions for an archive: each part read, scored and written as Parquet by one worker.

The columns are flat, for whoever counts; `suggestion` holds the whole of it as the JSON that
`triage classify` writes. A row that is bad keeps its place with `error`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from api.cluster.manifest import DonePart, Manifest, pending_path
from api.cluster.parts import Part, open_part
from api.cluster.running import do_parts
from api.files.batch import DeskFiles, Suggested, suggest_all
from api.files.parquet import ParquetWriter
from api.files.reading import RowError
from triage.artefacts import read_manifest
from triage.errors import InvalidInput, TriageError

if TYPE_CHECKING:
    import pyarrow as pa
    from distributed import Client


@dataclass(frozen=True, slots=True)
class Scoring:
    """How all parts of an archive are read and scored.

    `released` says that the model is the one that comes with the product, which each machine has
    in a place of its own; else `desk_files` must be the same paths everywhere.
    """

    desk_files: DeskFiles
    released: bool
    now: datetime
    columns: Mapping[str, str]
    worksheet: str | None = None

    def about(self) -> dict[str, Any]:
        """What all results of one folder have in common."""
        return {
            "kind": "classify",
            "desk": describe_desk(self.desk_files),
            "columns": dict(self.columns),
            "sheet": self.worksheet,
        }


def make_scoring(
    desk_files: DeskFiles,
    *,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
) -> Scoring:
    """How to score with the desk of `desk_files`. Raises InvalidArtefact where it has no model."""
    released = desk_files.model_dir == _released_model()
    return Scoring(desk_files, released, now, dict(columns or {}), worksheet)


def score_parts(
    client: "Client", parts: Sequence[Part], *, manifest: Manifest, scoring: Scoring
) -> Iterator[tuple[Part, DonePart | TriageError]]:
    """What came of each part that was not done yet, as it ends; what is done is in `manifest`.

    Raises TriageError where the cluster is lost.
    """
    given = (scoring, describe_desk(scoring.desk_files))
    return do_parts(client, score_part, parts, manifest=manifest, given=lambda _: given)


def score_part(part: Part, result: Path, scoring: Scoring, expected: str) -> DonePart:
    """Score one part into the file `result`, which appears only when it is whole.

    Raises InvalidInput where the desk here is not the `expected` one, InvalidFile where the part
    cannot be read or the result not be written.
    """
    from threadpoolctl import threadpool_limits

    started = monotonic()
    desk_files = find_desk_here(scoring, expected)
    rows = bad = review = 0
    writer = ParquetWriter(result, make_schema(), part=pending_path(result))
    try:
        with (
            threadpool_limits(1),  # one part a core; more threads would only collide
            open_part(
                part, now=scoring.now, columns=scoring.columns, worksheet=scoring.worksheet
            ) as intake,
        ):
            outcomes = suggest_all(intake, desk_files=desk_files, workers=1, at=lambda: intake.at)
            for outcome in outcomes:
                record = make_record(outcome)
                writer.write(record)
                rows += 1
                bad += record["error"] is not None
                review += bool(record["needs_review"])
    except BaseException:
        writer.abandon()
        raise
    return DonePart(
        name=part.name,
        size=part.size,
        changed_ns=part.changed_ns,
        rows=rows,
        bad=bad,
        review=review,
        bytes=writer.close(),
        seconds=round(monotonic() - started, 1),
        notes=tuple(intake.notes),
    )


def find_desk_here(scoring: Scoring, expected: str) -> DeskFiles:
    """Where this machine has the desk. Raises InvalidInput where it is not the `expected` one."""
    here = scoring.desk_files
    if scoring.released:
        here = replace(here, model_dir=_released_model())
    if describe_desk(here) != expected:
        raise InvalidInput("这台机器上的程序、模型或派单目录与发起的机器不同，请装成一样的再做")
    return here


def make_schema() -> "pa.Schema":
    """The columns of a part of results."""
    import pyarrow as pa

    text, names = pa.string(), pa.list_(pa.string())
    return pa.schema(
        {
            "id": text,
            "code": text,
            "level1": text,
            "level2": text,
            "level3": text,
            "domain_confidence": pa.float32(),
            "urgency": pa.int8(),
            "urgency_confidence": pa.float32(),
            "nature": text,
            "nature_confidence": pa.float32(),
            "flags": names,
            "place": text,
            "division": text,
            "lead": text,
            "assisting": names,
            "confidential": pa.bool_(),
            "needs_review": pa.bool_(),
            "review_reasons": names,
            "model": text,
            "suggestion": text,
            "error": text,
            "field": text,
            "row": pa.int64(),
        }
    )


def make_record(outcome: Suggested | RowError) -> dict[str, Any]:
    """One row under the names of `make_schema`."""
    if isinstance(outcome, RowError):
        return {
            "id": outcome.id,
            "needs_review": None,
            "error": outcome.message,
            "field": outcome.field,
            "row": outcome.number,
        }
    suggestion = outcome.suggestion
    domain, urgency, nature = (suggestion[name] for name in ("domain", "urgency", "nature"))
    return {
        "id": suggestion["id"],
        "code": domain["code"],
        "level1": domain["level1"],
        "level2": domain["level2"],
        "level3": domain["level3"],
        "domain_confidence": domain["confidence"],
        "urgency": urgency["level"],
        "urgency_confidence": urgency["confidence"],
        "nature": nature["name"],
        "nature_confidence": nature["confidence"],
        "flags": suggestion["flags"],
        "place": suggestion["place"]["text"] or None,
        "division": suggestion["place"]["division"],
        "lead": suggestion["department"]["lead"],
        "assisting": suggestion["department"]["assisting"],
        "confidential": suggestion["confidential"],
        "needs_review": suggestion["needs_review"],
        "review_reasons": suggestion["review_reasons"],
        "model": suggestion["model"],
        "suggestion": json.dumps(suggestion, ensure_ascii=False),
        "error": None,
    }


@cache
def describe_desk(desk_files: DeskFiles) -> str:
    """What a desk is made of, in one short string: the program, the model, the town's own data.

    Raises InvalidArtefact where there is no model.
    """
    model = read_manifest(desk_files.model_dir)
    digest = hashlib.sha256(json.dumps(model["files"], sort_keys=True).encode())
    if desk_files.data_dir is not None:
        for path in sorted(desk_files.data_dir.glob("*.toml")):
            digest.update(path.name.encode() + path.read_bytes())
    return f"{version('minsheng-triage')} {model['id']} {digest.hexdigest()[:16]}"


def _released_model() -> Path:
    return Path(str(files("models"))) / "default"
