"""The steps from an archive in parts to its common problems, each done part by part.

trace (each part) → candidates (each bucket of keys) → near pairs (each part) → components (here) →
problems (each bin of components). What a step makes stands in OUT/_work with a manifest of its own,
so a run that was cut short goes on within the step it was in.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cluster.grouping import find_components, pack, write_problems
from api.cluster.manifest import DonePart, Manifest
from api.cluster.neighbours import find_candidates, find_near
from api.cluster.parts import Part
from api.cluster.running import do_parts
from api.cluster.scoring import Scoring, describe_desk
from api.cluster.tracing import find_latest, trace_part
from triage.errors import TriageError

if TYPE_CHECKING:
    from distributed import Client

BUCKET_ROWS = 150_000  # submissions for each bucket of keys: some 5 million keys, 1 GB at work
_WORK = "_work"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does (Chinese), how many parts are to do, and what came of each.

    The next step begins when `results` have all been taken; then `done` holds all its parts, those
    of earlier runs too.
    """

    name: str
    waiting: int
    done: Mapping[str, DonePart]
    results: Iterator[tuple[Part, DonePart | TriageError]]


def group_steps(
    client: "Client", parts: Sequence[Part], *, output: Path, scoring: Scoring
) -> Iterator[Step]:
    """The steps to the problems of these parts in the folder `output`, one after the other.

    Raises TriageError where a part of the step before was not done, for problems without its
    submissions would be wrong; InvalidInput as `Manifest` does.
    """
    about = {**scoring.about(), "kind": "problems"}
    desk = describe_desk(scoring.desk_files)
    work = output / _WORK
    with ExitStack() as stack:
        results = stack.enter_context(Manifest(output, about=about))
        traced = stack.enter_context(Manifest(work / "traces", about=about))
        yield from _step(client, "读来件", trace_part, parts, traced, lambda _: (scoring, desk))

        done = [traced.done[part.name] for part in parts]
        signature = _sign(done)
        _clear(work, keep=signature)
        paths = tuple(traced.folder / part.output for part in parts)
        bases = tuple(accumulate((part.rows for part in done), initial=0))
        count = max(1, -(-bases[-1] // BUCKET_ROWS))
        buckets, by_bucket = _number("keys", count)
        nears, by_near = _number("near", len(parts))
        candidates, near = (
            stack.enter_context(Manifest(work / f"steps-{signature}" / name, about={"kind": name}))
            for name in ("candidates", "near")
        )
        yield from _step(
            client,
            "找同样的线索",
            find_candidates,
            buckets,
            candidates,
            lambda bucket: (by_bucket[bucket.name], count, paths, bases),
        )
        found = [candidates.folder / bucket.output for bucket in buckets]
        yield from _step(
            client,
            "逐对比较",
            find_near,
            nears,
            near,
            lambda part: (by_near[part.name], paths, bases, found),
        )
        today = find_latest(paths) or scoring.now  # the same archive gives the same heat
        close = [near.folder / part.output for part in nears]
        bins = pack(find_components(close, count=bases[-1]))
        problems, by_bin = _number("problems", len(bins), state=int(signature, 16))
        for path in output.glob("problems-*.parquet"):
            if path.name not in {part.output for part in problems}:
                path.unlink()  # of an earlier state of the archive, which had more
        yield from _step(
            client,
            "写共性问题",
            write_problems,
            problems,
            results,
            lambda part: (bins[by_bin[part.name]], paths, bases, today),
        )


def _step(
    client: "Client",
    name: str,
    call: Callable[..., DonePart],
    parts: Sequence[Part],
    manifest: Manifest,
    given: Callable[[Part], tuple[Any, ...]],
) -> Iterator[Step]:
    manifest.tidy(parts)
    waiting = sum(not manifest.is_done(part) for part in parts)
    results = do_parts(client, call, parts, manifest=manifest, given=given)
    yield Step(name, waiting, manifest.done, results)
    if failed := sum(not manifest.is_done(part) for part in parts):
        raise TriageError(
            f"{name}有 {failed} 个部分没有做成，而共性问题要看全部来件；改正后再执行同一条命令"
        )


def _number(name: str, count: int, *, state: int = 0) -> tuple[list[Part], dict[str, int]]:
    """So many parts of a step, and the number of each by its name."""
    parts = [Part(f"{name}-{at:04}", Path(name), state, 0) for at in range(count)]
    return parts, {part.name: at for at, part in enumerate(parts)}


def _sign(done: Sequence[DonePart]) -> str:
    """What changes when any traced part does."""
    said = repr([(part.name, part.size, part.changed_ns, part.rows, part.bytes) for part in done])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _clear(work: Path, *, keep: str) -> None:
    """Remove what was made from an earlier state of the parts."""
    for folder in work.glob("steps-*"):
        if folder.name != f"steps-{keep}":
            shutil.rmtree(folder)
