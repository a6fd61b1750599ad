"""Commands over an archive in parts, on a Dask cluster: what a person sees of them."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from api.files.reading import CHINA_TIME
from triage.errors import InvalidInput, TriageError

if TYPE_CHECKING:
    from api.cluster.manifest import DonePart, Manifest
    from api.cluster.parts import Part
    from api.files.batch import DeskFiles

_DONE, _FAILED, _SOME_ROWS_BAD = 0, 1, 3
_SHOWN = 5


def classify_archive(
    source: Path,
    output: Path,
    *,
    cluster: str,
    workers: int | None,
    desk_files: "DeskFiles",
    columns: Mapping[str, str],
    worksheet: str | None,
) -> int:
    """Score every part of the folder `source` into the folder `output`; the exit code.

    What stands in `output` from an earlier run is not done again. Raises TriageError where nothing
    can be done, or the cluster is lost.
    """
    from api.cluster.connection import connect
    from api.cluster.manifest import Manifest
    from api.cluster.parts import find_parts
    from api.cluster.scoring import make_scoring, score_parts

    started = monotonic()
    check_folders(source, output)
    parts = find_parts(source)
    now = datetime.now(CHINA_TIME)
    scoring = make_scoring(desk_files, now=now, columns=columns, worksheet=worksheet)
    with Manifest(output, about=scoring.about()) as manifest:
        manifest.tidy(parts)
        waiting = [part for part in parts if not manifest.is_done(part)]
        if len(waiting) < len(parts):
            say(f"{len(parts) - len(waiting)} 个部分以前已完成，不再重做")
        failed: list[tuple[Part, TriageError]] = []
        if waiting:
            with connect(cluster, workers=workers) as client, _resumable(manifest, parts):
                results = score_parts(client, waiting, manifest=manifest, scoring=scoring)
                failed = follow(results, total=len(waiting))
        _summarise(
            [manifest.done[part.name] for part in parts if manifest.is_done(part)],
            seconds=monotonic() - started,
            output=output,
        )
        for part, error in failed[:_SHOWN]:
            say(f"  没有做成：{part.name}：{error.message}")
        if failed:
            say(f"{len(failed)} 个部分没有做成；改正后再执行同一条命令，只做这些")
            return _FAILED
        return _SOME_ROWS_BAD if any(manifest.done[part.name].bad for part in parts) else _DONE


def group_archive(
    source: Path,
    output: Path,
    *,
    cluster: str,
    workers: int | None,
    desk_files: "DeskFiles",
    columns: Mapping[str, str],
    worksheet: str | None,
) -> int:
    """Find the common problems of the folder `source` into the folder `output`; the exit code.

    Every step takes up what stands of it from an earlier run. Raises as `classify_archive` does,
    and where a part cannot be read.
    """
    from api.cluster.connection import connect
    from api.cluster.parts import find_parts
    from api.cluster.scoring import make_scoring
    from api.cluster.steps import group_steps

    started = monotonic()
    check_folders(source, output)
    parts = find_parts(source)
    now = datetime.now(CHINA_TIME)
    scoring = make_scoring(desk_files, now=now, columns=columns, worksheet=worksheet)
    bad = 0
    with connect(cluster, workers=workers) as client:
        for step in group_steps(client, parts, output=output, scoring=scoring):
            begun = monotonic()
            for part, error in follow(step.results, total=step.waiting, what=step.name):
                say(f"  没有做成：{part.name}：{error.message}")
            say(f"{step.name}：{step.waiting} 个部分，用时 {monotonic() - begun:.1f} 秒")
            bad += sum(step.done[part.name].bad for part in parts if part.name in step.done)
    if bad:
        say(f"{bad} 行有误，没有参加归并；哪些行、为什么，用 triage classify 可以看到")
    say(f"共 {len(parts)} 个来件文件，用时 {monotonic() - started:.1f} 秒；共性问题在 {output}")
    return _SOME_ROWS_BAD if bad else _DONE


def check_folders(source: Path, output: Path) -> None:
    """Raises InvalidInput where results and sources would come to lie in one folder."""
    here, there = source.resolve(), output.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise InvalidInput("结果文件夹不能与来件文件夹相同，也不能一个套着另一个，请另给一个")


def follow(
    results: "Iterable[tuple[Part, DonePart | TriageError]]", *, total: int, what: str = "正在处理"
) -> "list[tuple[Part, TriageError]]":
    """Show how far it has got while a person is watching; the parts that failed, and why."""
    console = Console(stderr=True, highlight=False)
    failed: list[tuple[Part, TriageError]] = []
    rows = 0
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} 个部分"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=total)
        for part, result in results:
            if isinstance(result, TriageError):
                failed.append((part, result))
            else:
                rows += result.rows
            bar.update(task, advance=1, description=f"{what}（{rows}）")
    return failed


@contextmanager
def _resumable(manifest: "Manifest", parts: "list[Part]") -> Iterator[None]:
    """An interrupted run says how far it got and how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        done = sum(map(manifest.is_done, parts))
        say(f"已中断：{len(parts)} 个部分完成了 {done} 个；再执行同一条命令，从这里接着做")
        raise


def _summarise(done: "list[DonePart]", *, seconds: float, output: Path) -> None:
    rows, bad, review = (
        sum(getattr(part, name) for part in done) for name in ("rows", "bad", "review")
    )
    for note, count in Counter(note for part in done for note in part.notes).items():
        say(f"提示：{note}" + (f"（{count} 个部分如此）" if count > 1 else ""))
    said = [f"完成 {len(done)} 个部分、{rows} 件，用时 {seconds:.1f} 秒"]
    if review:
        said.append(f"{review} 件需人工复核")
    if bad:
        said.append(f"{bad} 行有误，见 error 列")
    say("；".join([*said, f"结果在 {output}"]))


def say(text: str) -> None:
    """A remark for the person, apart from all results."""
    print(text, file=sys.stderr)
