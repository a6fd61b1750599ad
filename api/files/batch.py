"""Suggestions for whole files: in order, on every core, and as the rows of a table.

Small files are done in this process; larger ones by a pool whose workers each load the model
once. A row that fails has its place in the results and never takes others with it.
"""

import gc
import marshal
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from api.files.reading import RowError
from api.files.rows import Row
from triage.desk import Desk, load_desk
from triage.errors import TriageError
from triage.submissions import Submission

_Placed = tuple[Submission | RowError, Row | None]  # with the row of the file, where it is known
BATCH = 256  # submissions a worker takes at a time
SMALL = 2_000  # rows; loading the model again in each worker costs more than it saves up to here
_SELDOM = 50_000  # objects made between two looks of the collector: see `quiet_worker`
_AHEAD = 3  # batches in flight per worker: enough to keep it busy, few enough to hold in memory

# A column for errors follows wherever these are written.
TABLE_HEADER = (
    "编号",
    "标题",
    "内容",
    "一级领域",
    "二级领域",
    "三级领域",
    "领域把握",
    "备选领域",
    "紧急程度",
    "紧急程度把握",
    "紧急理由",
    "诉求性质",
    "性质把握",
    "风险标签",
    "地点",
    "行政区划",
    "可能的区划",
    "主办单位",
    "协办单位",
    "派单理由",
    "涉密",
    "需复核",
    "复核原因",
    "依据",
    "模型",
)


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """Where a worker finds what its desk is built from."""

    model_dir: Path
    data_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Suggested:
    """A submission with its suggestion as plain data."""

    submission: Submission
    suggestion: dict[str, Any]


def suggest_all(
    rows: Iterable[Submission | RowError],
    *,
    desk_files: DeskFiles,
    workers: int | None = None,
    at: Callable[[], Row] | None = None,
) -> Iterator[Suggested | RowError]:
    """A suggestion or the error for each of `rows`, in order.

    `workers` is the number of processes, None for one a core. `at` says which row of the file came
    last from `rows`: where the analysis fails, the error tells it as it stood. Raises
    InvalidArtefact and the like where the desk cannot be built at all.
    """
    placed = ((row, None if at is None else at()) for row in rows)
    head = list(islice(placed, SMALL))
    workers = workers or count_cores()
    batches = _in_batches(chain(head, placed))
    if workers == 1 or len(head) < SMALL:
        for batch in batches:
            yield from _merge(batch, _suggest_batch(desk_files, _submissions(batch)))
        return
    # spawn: a fork would copy the threads' locks of numpy and rich in whatever state they are
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=quiet_worker)
    waiting: deque[tuple[list[_Placed], Future[bytes]]] = deque()
    thresholds = gc.get_threshold()
    gc.set_threshold(_SELDOM)

    def collect() -> Iterator[Suggested | RowError]:
        batch, future = waiting.popleft()
        return _merge(batch, marshal.loads(future.result()))  # noqa: S302 - from our own worker

    try:
        for batch in batches:
            waiting.append((batch, pool.submit(_suggest_apart, desk_files, _submissions(batch))))
            if len(waiting) >= _AHEAD * workers:
                yield from collect()
        while waiting:
            yield from collect()
    except BrokenProcessPool as error:
        raise TriageError("分析进程意外退出（可能是内存不足），请用 --workers 1 再试") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.set_threshold(*thresholds)


def count_cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quiet_worker() -> None:
    """Ctrl-C is for the parent to handle; the numeric libraries' threads would only collide.

    Suggestions are many small objects without cycles, for which the collector need not look often.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(_SELDOM)
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


@cache
def _get_desk(desk_files: DeskFiles) -> Desk:
    return load_desk(desk_files.model_dir, data_dir=desk_files.data_dir)


def _suggest_apart(desk_files: DeskFiles, submissions: list[Submission]) -> bytes:
    """What `_suggest_batch` gives, packed in a worker: to pickle it takes twice as long."""
    return marshal.dumps(_suggest_batch(desk_files, submissions))


def _suggest_batch(
    desk_files: DeskFiles, submissions: list[Submission]
) -> list[dict[str, Any] | str]:
    """The suggestion as a dict for each, or the Chinese reason why there is none."""
    desk = _get_desk(desk_files)
    try:
        return [suggestion.as_dict() for suggestion in desk.suggest_many(submissions)]
    except Exception:
        # one message that trips the analysis must not cost the other 255 theirs
        return [_suggest_one(desk, submission) for submission in submissions]


def _suggest_one(desk: Desk, submission: Submission) -> dict[str, Any] | str:
    try:
        return desk.suggest(submission).as_dict()
    except TriageError as error:
        return error.message
    except Exception as error:
        return f"分析时出错（{type(error).__name__}），请人工处理并将此件反馈给开发者"


def _submissions(batch: list[_Placed]) -> list[Submission]:
    return [row for row, _ in batch if isinstance(row, Submission)]


def _in_batches(rows: Iterable[_Placed]) -> Iterator[list[_Placed]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


def _merge(
    batch: list[_Placed], results: list[dict[str, Any] | str]
) -> Iterator[Suggested | RowError]:
    following = iter(results)
    for row, place in batch:
        if isinstance(row, RowError):
            yield row
            continue
        result = next(following)
        if isinstance(result, str):
            yield _fail(row, place, result)
        else:
            yield Suggested(row, result)


def _fail(submission: Submission, place: Row | None, message: str) -> RowError:
    if place is None:
        return RowError(None, None, message, {"id": submission.id})
    return RowError(place.number, None, message, {**place.values, "id": submission.id})


def table_row(suggested: Suggested) -> dict[str, Any]:
    """A suggestion under the columns of `TABLE_HEADER`."""
    submission, suggestion = suggested.submission, suggested.suggestion
    domain, urgency = suggestion["domain"], suggestion["urgency"]
    nature, place = suggestion["nature"], suggestion["place"]
    department = suggestion["department"]
    return {
        "编号": suggestion["id"],
        "标题": submission.title,
        "内容": submission.content,
        "一级领域": domain["level1"],
        "二级领域": domain["level2"],
        "三级领域": domain["level3"],
        "领域把握": round(domain["confidence"], 3),
        "备选领域": "；".join(
            f"{call['level1']}/{call['level2']}/{call['level3']}（{call['confidence']:.2f}）"
            for call in domain["alternatives"]
        ),
        "紧急程度": urgency["name"],
        "紧急程度把握": round(urgency["confidence"], 3),
        "紧急理由": "；".join(urgency["reasons"]),
        "诉求性质": nature["name"],
        "性质把握": round(nature["confidence"], 3),
        "风险标签": "、".join(suggestion["flags"]),
        "地点": place["text"],
        "行政区划": place["division"],
        "可能的区划": "、".join(candidate["name"] for candidate in place["candidates"]),
        "主办单位": department["lead"],
        "协办单位": "、".join(department["assisting"]),
        "派单理由": "；".join(department["reasons"]),
        "涉密": "是" if suggestion["confidential"] else "否",
        "需复核": "是" if suggestion["needs_review"] else "否",
        "复核原因": "；".join(suggestion["review_reasons"]),
        "依据": "、".join(span["text"] for span in suggestion["evidence"]),
        "模型": suggestion["model"],
    }
