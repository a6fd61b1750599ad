"""Files of submissions brought in from the console (批量导入): kept until all rows are in.

The rows go in by chunks, each in one transaction with the count of those gone through, so that a
file can be left, stopped and taken up again by any process, and no row is lost or comes twice.
(`triage.ledger.imports` is another thing: existing problem lists, with the states they name.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.orm import Session, defer, undefer

from triage.errors import Conflict, InvalidInput, KeyUnavailable, NotFound
from triage.ledger.events import record_events
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.records import Filed, record_batch
from triage.ledger.states import ImportState
from triage.ledger.store import get_ring
from triage.ledger.tables import ImportedRow, ImportRow
from triage.roles import Action, Caller
from triage.sealing import Sealed
from triage.submissions import Submission
from triage.suggestions import Suggestion

MAX_FILE_NAME = 255
MOST_ERRORS = 5_000  # whose messages are kept; more are counted only
SILENCE = timedelta(seconds=60)  # after which a worker that says nothing counts as gone
STARTABLE = (ImportState.READY, ImportState.PAUSED, ImportState.FAILED)
_SMOOTH = 0.5  # how much the latest chunk counts in the rate


@dataclass(frozen=True, slots=True)
class RowTrouble:
    """Why one row was not taken: its number in the file, the field, what to do about it."""

    row: int
    field: str | None
    message: str

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {"row": self.row, "field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class StoredImport:
    """A file brought in (批量导入) and how far it has come; what the counts mean says `ImportRow`.

    `mapping` holds `columns` (field → header), `headers` (all there are), `sheet`, `notes`.
    """

    id: int
    who: str
    file_name: str
    state: ImportState
    mapping: dict[str, Any]
    has_content: bool
    total: int
    done: int
    taken: int
    standing: int
    refused: int
    rate: float | None
    created_at: datetime
    started_at: datetime | None
    beat_at: datetime | None
    finished_at: datetime | None


def add_import(
    session: Session,
    *,
    caller: Caller,
    file_name: str,
    content: bytes,
    mapping: Mapping[str, Any],
    total: int,
    now: datetime,
) -> StoredImport:
    """Keep a file under the seal, ready to start. Raises AccessDenied, InvalidInput for a name
    that is none, KeyUnavailable."""
    caller.require(Action.SUBMIT)
    file_name = file_name.strip()
    if not 1 <= len(file_name) <= MAX_FILE_NAME or not file_name.isprintable():
        raise InvalidInput(f"文件名应为 1 到 {MAX_FILE_NAME} 字，请改名后再传", field="file_name")
    row = ImportRow(
        who=caller.who,
        file_name=file_name,
        state=ImportState.READY,
        mapping=dict(mapping),
        total=total,
        done=0,
        taken=0,
        standing=0,
        refused=0,
        errors=[],
        created_at=now,
    )
    session.add(row)
    session.flush()
    row.key_id, row.content = get_ring(session).seal(content, about=_about(row.id))
    session.flush()
    _record(session, row, "created", now=now)
    return import_view(row)


def get_import(session: Session, import_id: int, *, caller: Caller) -> StoredImport:
    """One's own import. Raises AccessDenied, NotFound for one that is not there or another's."""
    return import_view(_get_own(session, import_id, caller=caller))


def list_imports(
    session: Session, *, caller: Caller, limit: int = 50, cursor: str | None = None
) -> Page[StoredImport]:
    """One page of one's own imports, the newest first. Raises AccessDenied, InvalidInput."""
    caller.require(Action.SUBMIT)
    query = (
        select(ImportRow)
        .options(defer(ImportRow.content), defer(ImportRow.errors))
        .where(ImportRow.who == caller.who)
        .order_by(ImportRow.id.desc())
        .limit(check_limit(limit) + 1)
    )
    if cursor is not None:
        query = query.where(ImportRow.id < read_cursor(cursor, int)[0])
    rows = session.scalars(query).all()
    lines = tuple(import_view(row) for row in rows[:limit])
    return Page(lines, write_cursor(lines[-1].id) if len(rows) > limit else None)


def open_content(session: Session, import_id: int, *, caller: Caller) -> bytes:
    """The file itself. Raises as `get_import`, Conflict where it is no longer kept."""
    return _unseal(session, _get_own(session, import_id, caller=caller, content=True))


def list_troubles(session: Session, import_id: int, *, caller: Caller) -> tuple[RowTrouble, ...]:
    """Why rows were not taken, in order. Raises as `get_import`."""
    row = _get_own(session, import_id, caller=caller)
    return tuple(RowTrouble(**trouble) for trouble in row.errors)


def change_mapping(
    session: Session,
    import_id: int,
    mapping: Mapping[str, Any],
    *,
    caller: Caller,
    total: int,
) -> StoredImport:
    """Read the columns as `mapping` says. Raises as `get_import`, Conflict once rows are in."""
    row = _get_own(session, import_id, caller=caller, lock=True)
    if row.state is not ImportState.READY or row.done:
        raise Conflict("已经开始导入，列的对应不能再改；要改请先撤销再重新上传", field="columns")
    row.mapping, row.total = dict(mapping), total
    session.flush()
    return import_view(row)


def start_import(
    session: Session, import_id: int, *, caller: Caller, now: datetime
) -> StoredImport:
    """Let the rows go in, from where they stopped; harmless where they do already.

    Raises as `get_import`, Conflict where it is done or undone, InvalidInput without a title or a
    content column.
    """
    row = _get_own(session, import_id, caller=caller, lock=True)
    if row.state is ImportState.RUNNING:
        return import_view(row)
    if row.state not in STARTABLE:
        raise Conflict("这份文件已经导完或撤销，不能再开始；要再导请重新上传", field="state")
    if not {"title", "content"} & set(row.mapping["columns"]):
        raise InvalidInput("还没有指明哪一列是标题或内容，请先选好列", field="columns")
    row.state, row.beat_at = ImportState.RUNNING, None
    row.started_at = row.started_at or now
    session.flush()
    _record(session, row, "started", now=now)
    return import_view(row)


def pause_import(
    session: Session, import_id: int, *, caller: Caller, now: datetime
) -> StoredImport:
    """Stop after the chunk at hand; harmless where it stands. Raises as `get_import`, Conflict."""
    row = _get_own(session, import_id, caller=caller, lock=True)
    if row.state is ImportState.PAUSED:
        return import_view(row)
    if row.state is not ImportState.RUNNING:
        raise Conflict("这份文件没有在导入，不必暂停", field="state")
    row.state = ImportState.PAUSED
    session.flush()
    _record(session, row, "paused", now=now)
    return import_view(row)


def remove_import(session: Session, import_id: int, *, caller: Caller, now: datetime) -> None:
    """Forget a file of which no row is in. Raises as `get_import`, Conflict where some are."""
    row = _get_own(session, import_id, caller=caller, lock=True)
    if row.state is ImportState.RUNNING or row.done:
        raise Conflict("已经有行导入，请先暂停，再用撤销", field="state")
    _record(session, row, "removed", now=now)
    session.delete(row)
    session.flush()


def has_waiting(session: Session, *, now: datetime) -> bool:
    """Whether there is a running import that no worker is at."""
    return session.scalar(select(ImportRow.id).where(*_waiting(now)).limit(1)) is not None


def claim_import(session: Session, *, now: datetime) -> tuple[StoredImport, bytes] | None:
    """A running import that no worker is at, and its file; from now on it is the caller's, as long
    as there is news of it. None where there is none.

    One whose file cannot be unsealed fails, and keeps none of the others waiting.
    """
    while True:
        row = session.scalar(
            select(ImportRow)
            .options(undefer(ImportRow.content))
            .where(*_waiting(now))
            .order_by(ImportRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.beat_at = now
        session.flush()
        claimed = import_view(row)
        try:
            return claimed, _unseal(session, row)
        except KeyUnavailable as error:
            fail_import(session, claimed, error.message, now=now)


def release_import(session: Session, claimed: StoredImport) -> None:
    """Let another worker go on with it at once, and not only after a silence."""
    row = _lock(session, claimed.id)
    if row is not None and row.done == claimed.done:
        row.beat_at = None
        session.flush()


def take_rows(
    session: Session,
    claimed: StoredImport,
    rows: Sequence[tuple[int, Submission, Suggestion] | RowTrouble],
    *,
    now: datetime,
    seconds: float,
    taxonomy: str = "letters",
) -> StoredImport | None:
    """Take in the next rows (number, submission, suggestion) of an import, or note their trouble.

    `claimed` is the import as it stood before these rows, `seconds` how long they took to read.
    None, and nothing is taken, where it was paused, undone or taken over meanwhile.
    """
    row = _lock(session, claimed.id)
    if row is None or row.state is not ImportState.RUNNING or row.done != claimed.done:
        return None
    told = [one for one in rows if not isinstance(one, RowTrouble)]
    pairs = [(submission, suggestion) for _, submission, suggestion in told]
    filed = record_batch(session, pairs, now=now, source=row.who, taxonomy=taxonomy)
    troubles = [one for one in rows if isinstance(one, RowTrouble)]
    troubles += [
        RowTrouble(number, outcome.error.field, outcome.error.message)
        for (number, _, _), outcome in zip(told, filed, strict=True)
        if outcome.error is not None
    ]
    fresh = [one.id for one in filed if one.created]
    if fresh:
        brought = [{"import_id": row.id, "submission_id": name} for name in fresh]
        session.execute(insert(ImportedRow), brought)
    _count(row, len(rows), filed, troubles)
    latest = len(rows) / max(seconds, 0.001)
    row.rate = latest if row.rate is None else _SMOOTH * latest + (1 - _SMOOTH) * row.rate
    row.beat_at = now
    session.flush()
    return import_view(row)


def finish_import(session: Session, claimed: StoredImport, *, now: datetime) -> StoredImport | None:
    """All rows are through: the file is no longer kept. None where it was taken over meanwhile."""
    row = _lock(session, claimed.id)
    if row is None or row.state is not ImportState.RUNNING or row.done != claimed.done:
        return None
    row.state, row.finished_at = ImportState.DONE, now
    row.total = row.done
    row.content = row.key_id = None
    session.flush()
    _record(session, row, "finished", now=now)
    return import_view(row)


def fail_import(session: Session, claimed: StoredImport, message: str, *, now: datetime) -> None:
    """Note why the rows cannot go on; who has mended it may start again."""
    row = _lock(session, claimed.id)
    if row is None or row.state is not ImportState.RUNNING or row.done != claimed.done:
        return
    row.state = ImportState.FAILED
    row.mapping = row.mapping | {"failure": message}
    session.flush()
    _record(session, row, "failed", now=now)


def get_own_row(session: Session, import_id: int, *, caller: Caller) -> ImportRow:
    """The row of one's own import, nobody else's until the transaction ends. Raises as
    `get_import`."""
    return _get_own(session, import_id, caller=caller, lock=True)


def import_view(row: ImportRow) -> StoredImport:
    """The row as a value."""
    return StoredImport(
        id=row.id,
        who=row.who,
        file_name=row.file_name,
        state=row.state,
        mapping=row.mapping,
        has_content=row.key_id is not None,
        total=row.total,
        done=row.done,
        taken=row.taken,
        standing=row.standing,
        refused=row.refused,
        rate=row.rate,
        created_at=row.created_at,
        started_at=row.started_at,
        beat_at=row.beat_at,
        finished_at=row.finished_at,
    )


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    silent = or_(ImportRow.beat_at.is_(None), ImportRow.beat_at < now - SILENCE)
    return (ImportRow.state == ImportState.RUNNING, silent)


def _get_own(
    session: Session, import_id: int, *, caller: Caller, lock: bool = False, content: bool = False
) -> ImportRow:
    caller.require(Action.SUBMIT)
    keep = undefer(ImportRow.content) if content else defer(ImportRow.content)
    query = (
        select(ImportRow)
        .options(keep)
        .where(ImportRow.id == import_id, ImportRow.who == caller.who)
    )
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"没有编号为 {import_id} 的导入，请核对编号", field="id")
    return row


def _lock(session: Session, import_id: int) -> ImportRow | None:
    return session.scalar(
        select(ImportRow)
        .options(defer(ImportRow.content))
        .where(ImportRow.id == import_id)
        .with_for_update()
    )


def _count(
    row: ImportRow, gone: int, filed: Sequence[Filed], troubles: Sequence[RowTrouble]
) -> None:
    row.done += gone
    row.taken += sum(one.created for one in filed)
    row.standing += sum(one.error is None and not one.created for one in filed)
    row.refused += len(troubles)
    room = MOST_ERRORS - len(row.errors)
    noted = sorted(troubles, key=lambda trouble: trouble.row)[:room]
    row.errors = [*row.errors, *(trouble.as_dict() for trouble in noted)]
    row.total = max(row.total, row.done)


def _unseal(session: Session, row: ImportRow) -> bytes:
    if row.key_id is None or row.content is None:
        raise Conflict("文件已经导完，不再保留；要再看请打开自己的原文件", field="content")
    return get_ring(session).unseal(Sealed(row.key_id, row.content), about=_about(row.id))


def _about(import_id: int) -> str:
    return f"import:{import_id}"


def _record(session: Session, row: ImportRow, what: str, *, now: datetime) -> None:
    payload = {"import": row.id, "rows": row.done, "taken": row.taken, "refused": row.refused}
    happened = {"actor": row.who, "kind": f"import.{what}", "payload": payload}
    record_events(session, [happened], now=now)
