"""Files of submissions brought in: their rows go in chunk by chunk beside the requests.

Of several processes one works on a file; where it ends, another takes the file up where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from threading import Event

import structlog

from api.background.beside import beside
from api.files.importfiles import reading_rows
from api.intake import suggest_each
from api.logs import describe
from api.service import Service, read_clock
from triage.errors import StoreUnavailable, TriageError
from triage.ledger.intakefiles import (
    RowTrouble,
    StoredImport,
    claim_import,
    fail_import,
    finish_import,
    has_waiting,
    release_import,
    take_rows,
)
from triage.ledger.store import Store
from triage.submissions import Submission
from triage.suggestions import Suggestion

_LOOK_S = 1.0  # between two looks for a file that waits
_PAUSE_S = 15.0  # after a fault, so that the log is not flooded
log = structlog.get_logger()


@contextmanager
def importing(store: Store, get_service: Callable[[], Service]) -> Iterator[None]:
    """Work on whatever file waits until the end of the block; the chunk at hand is finished first.

    `get_service` is asked when the first file waits: a desk takes a while to load.
    """
    with beside("importer", partial(_look, store, get_service)):
        yield


def work_on_imports(
    service: Service,
    *,
    clock: Callable[[], datetime] = read_clock,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Take in the rows of every file that waits, one file after the other; how many rows."""
    rows = 0
    while not stopping():
        with service.store.writing() as session:
            claimed = claim_import(session, now=clock())
        if claimed is None:
            break
        rows += _work_on(service, *claimed, clock=clock, stopping=stopping)
    return rows


def _work_on(
    service: Service,
    standing: StoredImport,
    content: bytes,
    *,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
) -> int:
    began = standing.done
    try:
        with reading_rows(content, standing, now=clock()) as rows:
            started = time.perf_counter()
            while not stopping():
                chunk = list(islice(rows, service.settings.batch_chunk))
                if not chunk:
                    with service.store.writing() as session:
                        finish_import(session, standing, now=clock())
                    return standing.done - began
                read = _suggest(service, chunk)
                # From one chunk's reading to the next, so that writing counts too.
                started, seconds = time.perf_counter(), time.perf_counter() - started
                with service.store.writing() as session:
                    after = take_rows(
                        session,
                        standing,
                        read,
                        now=clock(),
                        seconds=seconds,
                        taxonomy=service.desk.taxonomy.name,
                    )
                if after is None:  # paused, undone, or taken over
                    return standing.done - began
                standing = after
    except StoreUnavailable:
        raise
    except TriageError as error:
        _fail(service, standing, error.message, now=clock())
        return standing.done - began
    except Exception as error:
        # Whoever waits for it is told, and it is not tried anew every minute.
        message = f"读取时出错（{type(error).__name__}），请核对文件后重新开始；再出错请联系管理员"
        _fail(service, standing, message, now=clock())
        raise
    with service.store.writing() as session:
        release_import(session, standing)
    return standing.done - began


def _fail(service: Service, standing: StoredImport, message: str, *, now: datetime) -> None:
    with service.store.writing() as session:
        fail_import(session, standing, message, now=now)


def _suggest(
    service: Service, chunk: list[tuple[int, Submission] | RowTrouble]
) -> list[tuple[int, Submission, Suggestion] | RowTrouble]:
    good = [row[1] for row in chunk if not isinstance(row, RowTrouble)]
    said = iter(suggest_each(service, good))
    read: list[tuple[int, Submission, Suggestion] | RowTrouble] = []
    for row in chunk:
        if isinstance(row, RowTrouble):
            read.append(row)
            continue
        suggestion = next(said)
        if isinstance(suggestion, TriageError):
            read.append(RowTrouble(row[0], suggestion.field, suggestion.message))
        else:
            read.append((*row, suggestion))
    return read


def _look(store: Store, get_service: Callable[[], Service], ending: Event) -> None:
    while not ending.wait(_LOOK_S):
        try:
            with store.reading() as session:
                waits = has_waiting(session, now=read_clock())
            if waits:
                rows = work_on_imports(get_service(), stopping=ending.is_set)
                log.info("rows_imported", rows=rows)
        except Exception as error:
            log.error("import_failed", **describe(error))
            ending.wait(_PAUSE_S)
