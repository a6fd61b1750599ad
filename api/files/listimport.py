"""An existing problem list (Excel, CSV) brought in, row by row: none that fails costs another."""

import base64
import binascii
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from api.files.listrows import ListReader
from api.files.reading import RowError, open_sheet
from api.files.rows import Row, Sheet, no_rows
from api.intake import suggest_each
from api.service import Service
from triage.columns import LIST_FIELDS, column_key
from triage.errors import InvalidFile, InvalidInput, StoreUnavailable, TriageError
from triage.ledger.imports import Listed, import_problems
from triage.ledger.records import Filed
from triage.ledger.states import Outcome
from triage.roles import Action, Caller
from triage.submissions import Submission
from triage.suggestions import Suggestion

MAX_NAME = 80
_CHUNK = 50  # rows in one transaction: others wait for it
_COUNTER = column_key("序号")  # counts the rows of this list and names no matter
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,8}")
_MAX_SHEET = 31  # characters Excel allows in the name of a worksheet
_Ready = tuple[Submission, Suggestion, Listed]


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of one row of the file: `filed`, or why it was not taken; neither where the file
    was only checked."""

    number: int
    id: str | None
    filed: Filed | None = None
    error: TriageError | None = None


@dataclass(slots=True)
class ListImport:
    """A whole run: what the columns were taken for, which were not read, remarks, each row."""

    columns: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[ImportedRow] = field(default_factory=list)


def import_list(
    service: Service,
    path: Path,
    *,
    caller: Caller,
    now: datetime,
    name: str,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
    outcome: Outcome | None = None,
    check: bool = False,
) -> ListImport:
    """Bring the problem list in `path` in; with `check` only read it and say what is wrong.

    `name` is what the list is called: rows without an id of their own get one of it and their
    number, so that the same list sent again changes nothing. `outcome` is that of closed rows that
    name none. Committed every few rows. Raises AccessDenied, InvalidFile where no row can be read,
    InvalidInput for a name that is none or too many rows.
    """
    caller.require(Action.IMPORT_LISTS)
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput(f"请写明清单名称，至多 {MAX_NAME} 字", field="name")
    if worksheet is not None and not (worksheet.isprintable() and len(worksheet) <= _MAX_SHEET):
        raise InvalidFile("没有这样名称的工作表，请核对", field="sheet")
    run = ListImport()
    with open_sheet(path, columns=columns, worksheet=worksheet, fields=LIST_FIELDS) as sheet:
        reader = ListReader(service.desk, name, now, outcome, _is_numbered(sheet))
        rows = _limited(sheet.rows, most=service.settings.max_batch_rows)
        read = _read_rows(rows, reader, run)
        while chunk := list(islice(read, _CHUNK)):
            run.rows += _take_chunk(service, chunk, caller=caller, now=now, check=check)
        run.columns, run.others = dict(sheet.columns), list(sheet.others)
        run.notes = [*sheet.notes, *run.notes]
    if not run.rows:
        raise no_rows("可以导入的行", run.notes)
    return run


@contextmanager
def kept_on_disk(content: str, *, file_name: str) -> Iterator[Path]:
    """A file that came in base64, on disk while it is read. Raises InvalidInput."""
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("文件内容不是 base64 编码，请编码后再传", field="content") from None
    with tempfile.TemporaryDirectory() as folder:
        suffix = Path(file_name).suffix
        path = Path(folder) / f"清单{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        path.write_bytes(data)
        yield path


def _is_numbered(sheet: Sheet) -> bool:
    """Whether its rows have no ids of their own; JSON lines (no columns) have."""
    if not sheet.columns:
        return False
    return column_key(sheet.columns.get("id", _COUNTER)) == _COUNTER


def _limited(rows: Iterable[Row], *, most: int) -> Iterator[Row]:
    for count, row in enumerate(rows, start=1):
        if count > most:
            raise InvalidInput(f"清单超过 {most} 行，请拆成几个文件分别导入", field="content")
        yield row


def _read_rows(
    rows: Iterable[Row], reader: ListReader, run: ListImport
) -> Iterator[RowError | tuple[int, Submission, Listed]]:
    for row in rows:
        read = reader.read(row)
        if read is None:
            run.notes.append(f"第 {row.number} 行没有标题和内容，未导入")
        elif isinstance(read, RowError):
            yield read
        else:
            yield row.number, *read


def _take_chunk(
    service: Service,
    chunk: Sequence[RowError | tuple[int, Submission, Listed]],
    *,
    caller: Caller,
    now: datetime,
    check: bool,
) -> list[ImportedRow]:
    good = [row for row in chunk if not isinstance(row, RowError)]
    outcomes: Iterator[Filed | TriageError | None] = iter([None] * len(good))
    if not check:
        outcomes = iter(_take_in(service, good, caller=caller, now=now))
    taken = []
    for row in chunk:
        if isinstance(row, RowError):
            error = InvalidInput(row.message, field=row.field)
            taken.append(ImportedRow(row.number or 0, row.id, error=error))
            continue
        number, submission, _ = row
        outcome = next(outcomes)
        if isinstance(outcome, TriageError):
            taken.append(ImportedRow(number, submission.id, error=outcome))
        else:
            error_there = outcome.error if outcome else None
            taken.append(ImportedRow(number, submission.id, outcome, error_there))
    return taken


def _take_in(
    service: Service,
    rows: Sequence[tuple[int, Submission, Listed]],
    *,
    caller: Caller,
    now: datetime,
) -> list[Filed | TriageError]:
    suggestions = suggest_each(service, [submission for _, submission, _ in rows])
    ready: list[_Ready] = [
        (submission, suggestion, listed)
        for (_, submission, listed), suggestion in zip(rows, suggestions, strict=True)
        if isinstance(suggestion, Suggestion)
    ]
    filed = iter(_import_ready(service, ready, caller=caller, now=now))
    return [
        next(filed) if isinstance(suggestion, Suggestion) else suggestion
        for suggestion in suggestions
    ]


def _import_ready(
    service: Service, rows: Sequence[_Ready], *, caller: Caller, now: datetime
) -> list[Filed | TriageError]:
    """All at once; where one of them fails, one by one, so that it costs no other."""
    try:
        with service.store.writing() as session:
            return list(
                import_problems(
                    session,
                    rows,
                    caller=caller,
                    now=now,
                    taxonomy=service.desk.taxonomy.name,
                )
            )
    except StoreUnavailable:
        raise
    except TriageError as error:
        if len(rows) == 1:
            return [error]
    return [
        outcome for row in rows for outcome in _import_ready(service, [row], caller=caller, now=now)
    ]
