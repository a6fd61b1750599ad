"""A file of submissions brought in from the console: its columns, its rows, the first labelled.

Read anew each time it is needed, so that an import can go on in another process.
"""

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from api.files.reading import RowError, cell_text, make_submission, open_sheet
from api.files.rows import Row, Sheet, UnknownColumns, no_rows
from api.intake import suggest_each
from api.service import Service
from triage.columns import SUBMISSION_FIELDS, SUBMITTER_FIELDS, column_key
from triage.errors import InvalidFile, InvalidInput, InvalidSubmission, TriageError
from triage.ledger.intakefiles import RowTrouble, StoredImport
from triage.submissions import Submission, check_submission
from triage.submitters import Submitter
from triage.suggestions import Suggestion

FIELDS = (*SUBMISSION_FIELDS, *SUBMITTER_FIELDS)
PREVIEW = 20  # rows
_COUNTER = column_key("序号")  # counts the rows of this file and names nothing
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,8}")
_MAX_SHEET = 31  # characters Excel allows in the name of a worksheet


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One of the first rows: what is read of it, and what the machine would say; or its trouble."""

    row: int
    submission: Submission | None = None
    suggestion: Suggestion | None = None
    trouble: RowTrouble | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a first look at a file found: how it is read (as an import keeps it), and its rows."""

    mapping: dict[str, Any]
    total: int


def decode_file(content: str) -> bytes:
    """The bytes of a file that came in base64. Raises InvalidInput."""
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("文件内容不是 base64 编码，请编码后再传", field="content") from None
    if not data:
        raise InvalidInput("文件是空的，请检查是否选错了文件", field="content")
    return data


def look_at_file(
    content: bytes,
    *,
    file_name: str,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
) -> Looked:
    """Which column is taken for what, and how many rows there are; without a title or a content
    column no rows are counted, and a person says which they are. With `columns` nothing is guessed.

    Raises InvalidFile where no row can be read at all, or a named column is not there.
    """
    if worksheet is not None and not (worksheet.isprintable() and len(worksheet) <= _MAX_SHEET):
        raise InvalidFile("没有这样名称的工作表，请核对", field="sheet")
    mapping: dict[str, Any] = {"sheet": worksheet, "digest": hashlib.sha256(content).hexdigest()}
    try:
        with _opened(content, file_name, _named(columns or {}), worksheet) as sheet:
            total = sum(1 for _ in sheet.rows)
            found = _find_mapping(sheet, columns or {})
    except UnknownColumns as error:
        notes = ["没有认出标题列或内容列，请指明"]
        found = {"columns": {}, "headers": list(error.header), "notes": notes}
        return Looked(mapping | found, 0)
    if not total:
        raise no_rows("可以导入的行", found["notes"])
    return Looked(mapping | found, total)


def _find_mapping(sheet: Sheet, columns: Mapping[str, str]) -> dict[str, Any]:
    """How a sheet is read whose rows have gone by. Raises as `look_at_file`."""
    if sheet.columns:
        headers = [*sheet.columns.values(), *sheet.others]
        return {"columns": dict(sheet.columns), "headers": headers, "notes": sheet.notes}
    if not sheet.keys:
        raise InvalidFile("文件中没有一行是 JSON 对象，请按每行一个 JSON 对象重新导出")
    missing = next((key for key in columns.values() if key and key not in sheet.keys), None)
    if missing is not None:
        raise InvalidFile(f"文件中没有列“{missing}”，现有的列：{'、'.join(sheet.keys)}")
    # Of JSON lines each has keys of its own: unless somebody chose, each line is read by them.
    found = {"headers": list(sheet.keys), "notes": sheet.notes, "by_line": not columns}
    places: dict[str, str] = {}
    for key, field in sheet.keys.items():
        if field and column_key(places.get(field, _COUNTER)) == _COUNTER:
            places[field] = key
    if not {"title", "content"} & set(places):
        raise UnknownColumns("没有认出标题或内容", header=list(sheet.keys))
    return found | {"columns": places}


@contextmanager
def reading_rows(
    content: bytes, told: StoredImport, *, now: datetime
) -> Iterator[Iterator[tuple[int, Submission] | RowTrouble]]:
    """The rows of an import from the first one that has not gone through. Raises InvalidFile."""
    mapping = told.mapping
    columns = {} if mapping.get("by_line") else _named(mapping["columns"])
    with _opened(content, told.file_name, columns, mapping["sheet"]) as sheet:
        reader = _Reader(mapping["digest"][:12], _is_numbered(mapping["columns"]), now)
        yield map(reader.read, islice(sheet.rows, told.done, None))


def preview_rows(
    service: Service, content: bytes, told: StoredImport, *, now: datetime
) -> list[PreviewRow]:
    """The first rows of the file with what the machine says of them. Raises InvalidFile."""
    with reading_rows(content, replace(told, done=0), now=now) as rows:
        first = list(islice(rows, PREVIEW))
    good = [row for row in first if not isinstance(row, RowTrouble)]
    said = iter(suggest_each(service, [submission for _, submission in good]))
    shown = []
    for row in first:
        if isinstance(row, RowTrouble):
            shown.append(PreviewRow(row.row, trouble=row))
            continue
        number, submission = row
        suggestion = next(said)
        if isinstance(suggestion, TriageError):
            trouble = RowTrouble(number, suggestion.field, suggestion.message)
            shown.append(PreviewRow(number, submission, trouble=trouble))
        else:
            shown.append(PreviewRow(number, submission, suggestion))
    return shown


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rows of one file. Where it has no ids of its own (`numbered`), a row is called by
    the file and its number, so that the same file brought in again changes nothing."""

    prefix: str
    numbered: bool
    now: datetime

    def read(self, row: Row) -> tuple[int, Submission] | RowTrouble:
        told = {name: row.values[name] for name in SUBMISSION_FIELDS if name in row.values}
        if self.numbered and not row.broken:
            told["id"] = f"{self.prefix}-{row.number}"
        made = make_submission(Row(row.number, told, row.broken), now=self.now)
        if isinstance(made, RowError):
            return RowTrouble(row.number, made.field, made.message)
        submitter = {name: cell_text(row.values.get(name)) for name in SUBMITTER_FIELDS}
        if not any(submitter.values()):
            return row.number, made
        try:
            told_by = replace(made, submitter=Submitter(**submitter))
            return row.number, check_submission(told_by, now=self.now)
        except InvalidSubmission as error:
            return RowTrouble(row.number, error.field, error.message)


@contextmanager
def _opened(
    content: bytes, file_name: str, columns: Mapping[str, str] | None, worksheet: str | None
) -> Iterator[Sheet]:
    """The file on disk while it is read, under a name that says its kind."""
    with tempfile.TemporaryDirectory() as folder:
        suffix = Path(file_name).suffix
        path = Path(folder) / f"文件{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        path.write_bytes(content)
        with open_sheet(path, columns=columns, worksheet=worksheet, fields=FIELDS) as sheet:
            yield sheet


def _named(columns: Mapping[str, str]) -> dict[str, str]:
    """Exactly these columns, where there are any: what is not among them is not guessed."""
    return {**dict.fromkeys(FIELDS, ""), **columns} if columns else {}


def _is_numbered(columns: Mapping[str, str]) -> bool:
    """Whether the rows have no ids of their own, or only a count of them."""
    return bool(columns) and column_key(columns.get("id", _COUNTER)) == _COUNTER
