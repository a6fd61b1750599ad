"""Excel workbooks (.xlsx, .xls) as rows, read at arm's length (see `api.sheetreader`)."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from api.files.rows import HEADER_ROWS, SHEET_HINT, Row, Sheet, find_header, place_columns
from triage.columns import SUBMISSION_FIELDS
from triage.errors import InvalidFile

MAX_UNCOMPRESSED = 1 << 30  # bytes as the archive declares them; real ones of 40 MB need 400 MB
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EXACT = 10**15  # Excel keeps fifteen digits of a number; of a longer one it makes another
_NUMBERS = {"id": "编号", "phone": "电话", "id_number": "证件号"}
_FEW = 3  # rows that a remark names
_DAMAGED = "已损坏、过大或不是 Excel 工作簿，请用 Excel 打开，把有内容的部分另存为新的 .xlsx 后再试"


@contextmanager
def open_workbook(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
) -> Iterator[Sheet]:
    """The rows of the named worksheet, or of the first visible one that has a header we know.

    Raises InvalidFile where the workbook is damaged, locked, too large, or has no such sheet.
    """
    with _reading(path, worksheet) as lines:
        names = next(lines)
        if worksheet is not None and worksheet not in names["names"]:
            known = "、".join(names["visible"])
            raise InvalidFile(f"{path.name} 没有工作表“{worksheet}”，现有：{known}")
        sheet = _find_sheet(lines, name=path.name, columns=columns, fields=fields)
        others = "、".join(other for other in names["visible"] if other != sheet.name)
        if others:
            sheet.notes.append(f"只读取了工作表“{sheet.name}”，未读取：{others}（{SHEET_HINT}）")
        yield sheet


def read_first_worksheet(path: Path) -> list[list[str]]:
    """The cells of the first visible worksheet as text, for small tables of the town's own data.

    Raises InvalidFile as `open_workbook` does.
    """
    with _reading(path, None) as lines:
        next(lines)
        next(lines, None)
        return [[str(cell) for cell in cells] for cells in _rows_here(lines)]


@contextmanager
def _reading(path: Path, worksheet: str | None) -> Iterator[Iterator[Any]]:
    """The lines of a reader that is at work on the file. Raises InvalidFile, then or later."""
    command = [sys.executable, "-m", "api.files.sheetreader", *([worksheet] if worksheet else [])]
    with path.open("rb") as file:
        if file.read(len(ZIP)) == ZIP:
            _check_archive(file, name=path.name)
        with subprocess.Popen(  # noqa: S603 - our own module, no shell
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as reader:
            assert reader.stdout is not None  # noqa: S101 - it is a pipe
            try:
                yield _read_values(reader.stdout, name=path.name)
            finally:
                reader.kill()


def _read_values(stream: IO[bytes], *, name: str) -> Iterator[Any]:
    value: Any = None
    for line in stream:
        value = json.loads(line)
        if isinstance(value, dict) and value.get("error") == "password":
            raise InvalidFile(f"{name} 设有打开密码，请取消密码后再试")
        if value != "end":
            yield value
    if value != "end":
        raise InvalidFile(f"{name} {_DAMAGED}")


def _check_archive(file: IO[bytes], *, name: str) -> None:
    """Raises InvalidFile for a zip that is no .xlsx or says that it inflates too far."""
    try:
        entries = zipfile.ZipFile(file).infolist()
    except Exception as error:  # a damaged archive raises any of zipfile's and seek's own
        raise InvalidFile(f"{name} {_DAMAGED}") from error
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise InvalidFile(f"{name} 不是 .xlsx 工作簿，请用 Excel 或 WPS 另存为 .xlsx 后再试")
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNCOMPRESSED:
        raise InvalidFile(f"{name} 解压后达 {size >> 20} MB，超过上限，请拆分成几个文件")


def _find_sheet(
    lines: Iterator[Any],
    *,
    name: str,
    columns: Mapping[str, str] | None,
    fields: Sequence[str],
) -> Sheet:
    """The first of the worksheets that come on `lines` whose header can be read."""
    failure: InvalidFile | None = None
    about = next(lines, None)
    while about is not None:
        following: list[Any] = []
        rows = _rows_here(lines, following)
        top = list(islice(rows, HEADER_ROWS))
        try:
            return _make_sheet(
                about, top, rows, following, lines, name=name, columns=columns, fields=fields
            )
        except InvalidFile as error:
            failure = failure or error
        for _ in rows:
            pass
        about = following[0] if following else None
    raise failure or InvalidFile(f"{name} 中没有可读的工作表，请检查文件内容")


def _rows_here(lines: Iterator[Any], following: list[Any] | None = None) -> Iterator[list[Any]]:
    """The rows of the worksheet at hand; what describes the next one goes to `following`."""
    for value in lines:
        if isinstance(value, dict):
            if following is not None:
                following.append(value)
            return
        yield value


def _make_sheet(
    about: Mapping[str, Any],
    top: list[list[Any]],
    rest: Iterator[list[Any]],
    following: list[Any],
    lines: Iterator[Any],
    *,
    name: str,
    columns: Mapping[str, str] | None,
    fields: Sequence[str],
) -> Sheet:
    shown = [[str(cell) for cell in row] for row in top]
    above, known = find_header(shown, columns=columns, fields=fields)
    header = shown[above] if known else next((row for row in shown if any(row)), [])
    # a name merged downwards over a header of two rows stands in the upper one
    for (first, column), (last, _) in about["merged"]:
        at = column - about["left"]
        if known and first < above <= last and at < len(header) and not header[at]:
            header[at] = shown[first][at]
    sheet = Sheet(rows=iter(()), name=about["name"], total=about["height"])
    places = place_columns(sheet, header=header, name=name, columns=columns, fields=fields)
    _note_unsaved(sheet, about, places)
    # A cell merged downwards says the same of every row it covers, except for the row's own text.
    merged = {
        (first, field): last
        for (first, column), (last, _) in about["merged"]
        for field, at in places.items()
        if at + about["left"] == column and field not in ("id", "title", "content")
    }
    position = 0

    def rows() -> Iterator[Row]:
        nonlocal position
        covering: dict[str, tuple[object, int]] = {}
        rounded: dict[str, list[int]] = {}
        empty = True
        for index, cells in enumerate(chain(top, rest)):
            position = index + 1
            if index <= above:
                continue
            values: dict[str, object] = {field: cells[at] for field, at in places.items()}
            blank = not any(str(value).strip() for value in values.values())
            for field in values if merged else ():
                if (index, field) in merged:
                    covering[field] = (values[field], merged[index, field])
                elif field in covering and index <= covering[field][1]:
                    values[field] = covering[field][0]
            if blank:
                continue
            empty = False
            for field in _find_rounded(values):
                rounded.setdefault(field, []).append(index + 1)
            yield Row(index + 1, values)
        sheet.notes += [_tell_rounded(field, numbers) for field, numbers in rounded.items()]
        if empty:
            _note_others(sheet, following, lines)

    sheet.rows = rows()
    sheet.done = lambda: position
    return sheet


def _find_rounded(values: Mapping[str, object]) -> list[str]:
    """The fields in which Excel has made another number of a long one."""
    return [
        field
        for field in _NUMBERS
        if isinstance(value := values.get(field), float) and abs(value) >= EXACT
    ]


def _tell_rounded(field: str, numbers: Sequence[int]) -> str:
    which = "、".join(map(str, numbers[:_FEW])) + (" 等" if len(numbers) > _FEW else "")
    return (
        f"{_NUMBERS[field]}一列有 {len(numbers)} 行（第 {which} 行）是超过 15 位的数字，"
        "Excel 按数字存时末尾几位已经变了，不是原来的号码；请把这一列设为“文本”格式后重新填写或导出"
    )


def _note_unsaved(sheet: Sheet, about: Mapping[str, Any], places: Mapping[str, int]) -> None:
    """Say of which columns that are read cells are empty because nobody has calculated them."""
    unsaved = {column - about["left"]: count for column, count in about["unsaved"]}
    told = [
        f"“{sheet.columns[field]}”{unsaved[at]} 格" for field, at in places.items() if at in unsaved
    ]
    if told:
        sheet.notes.append(
            f"{'、'.join(told)}是没有存下结果的公式，读出来是空的；"
            "请用 Excel 或 WPS 打开文件，保存后再试"
        )


def _note_others(sheet: Sheet, following: Sequence[Any], lines: Iterator[Any]) -> None:
    """Say which of the worksheets behind this one, which has no rows, has some."""
    about = following[0] if following else None
    filled = []
    while about is not None:
        after: list[Any] = []
        if sum(any(str(cell).strip() for cell in row) for row in _rows_here(lines, after)) > 1:
            filled.append(f"“{about['name']}”")
        about = after[0] if after else None
    if filled:
        sheet.notes.append(f"工作表“{sheet.name}”没有来件，有内容的是{'、'.join(filled)}")
