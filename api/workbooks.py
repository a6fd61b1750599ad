"""Excel workbooks (.xlsx, .xls) as rows, without letting a hostile one fill the memory."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import IO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
)

from api.rows import HEADER_ROWS, Row, Sheet, find_header, place_columns
from triage.errors import InvalidFile

MAX_UNCOMPRESSED = 1 << 30  # bytes once inflated; real workbooks of 40 MB need 400 MB
MAX_PARTS = 10_000
MAX_CELLS = 40_000_000  # the reader lays out the whole rectangle in memory, empty or not
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 1 << 20
_OVERLAP = 64
# A cell or row reference far to the right (two letters) or far down (six digits).
_FAR = re.compile(rb"""\br\s*=\s*["'](?:([A-Z]{2,})(\d*)|[A-Z]?(\d{6,}))["']""")


def open_workbook(
    file: IO[bytes],
    *,
    name: str,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
) -> Sheet:
    """The rows of the named worksheet, or of the first visible one that has a header we know.

    Raises InvalidFile where the workbook is damaged, locked, too large, or has no such sheet.
    """
    with _reading(file, name=name) as workbook:
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
        ]
        if worksheet is not None and worksheet not in workbook.sheet_names:
            raise InvalidFile(f"{name} 没有工作表“{worksheet}”，现有：{'、'.join(names)}")
        return _open_first(
            workbook, [worksheet] if worksheet else names, name=name, columns=columns
        )


def read_first_worksheet(file: IO[bytes], *, name: str) -> list[list[str]]:
    """The cells of the first worksheet as text, for small tables of the town's own data.

    Raises InvalidFile as `open_workbook` does.
    """
    with _reading(file, name=name) as workbook:
        rows = workbook.get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]


@contextmanager
def _reading(file: IO[bytes], *, name: str) -> Iterator[CalamineWorkbook]:
    """The workbook once it is known to be harmless; its errors as InvalidFile."""
    if file.read(len(ZIP)) == ZIP:
        _check_archive(file, name=name)
    file.seek(0)
    try:
        yield CalamineWorkbook.from_filelike(file)
    except PasswordError:
        raise InvalidFile(f"{name} 设有打开密码，请取消密码后再试") from None
    except InvalidFile:
        raise
    except BaseException as error:
        # a damaged .xls can make the parser panic, which is no Exception and has no public name
        panicked = type(error).__name__ == "PanicException"
        if not (panicked or isinstance(error, CalamineError | OSError | ValueError)):
            raise
        raise InvalidFile(f"{name} 已损坏或不是 Excel 工作簿，请另存为 .xlsx 后再试") from error


def _open_first(
    workbook: CalamineWorkbook,
    names: list[str],
    *,
    name: str,
    columns: Mapping[str, str] | None,
) -> Sheet:
    failure = InvalidFile(f"{name} 中没有可读的工作表，请检查文件内容")
    for index, candidate in enumerate(names):
        worksheet = workbook.get_sheet_by_name(candidate)
        try:
            sheet = _open_worksheet(worksheet, name=name, columns=columns)
        except InvalidFile as error:
            failure = failure if index else error
            continue
        others = "、".join(other for other in names if other != candidate)
        if others:
            sheet.notes.append(
                f"只读取了工作表“{candidate}”，未读取：{others}（可用 --sheet 指定）"
            )
        return sheet
    raise failure


def _check_archive(file: IO[bytes], *, name: str) -> None:
    """Raises InvalidFile for a zip that is no .xlsx, inflates too far, or spans too many cells."""
    try:
        archive = zipfile.ZipFile(file)
        entries = archive.infolist()
        if not any(entry.filename == "xl/workbook.xml" for entry in entries):
            raise InvalidFile(f"{name} 不是 .xlsx 工作簿，请用 Excel 或 WPS 另存为 .xlsx 后再试")
        size = sum(entry.file_size for entry in entries)
        if size > MAX_UNCOMPRESSED or len(entries) > MAX_PARTS:
            raise InvalidFile(f"{name} 解压后达 {size >> 20} MB，超过上限，请拆分成几个文件")
        for entry in entries:
            # Read to the end: a size that lies fails its checksum here, not in memory later.
            with archive.open(entry) as part:
                tall, wide = _measure(part, look=entry.filename.startswith("xl/worksheets/"))
            if tall * wide > MAX_CELLS:
                raise InvalidFile(
                    f"{name} 的表格范围过大（约 {tall} 行、{wide} 列），"
                    "请把有内容的行列复制到新的工作簿再试"
                )
    except InvalidFile:
        raise
    except Exception as error:  # a damaged archive raises any of zipfile's, zlib's and seek's own
        raise InvalidFile(f"{name} 已损坏，请用 Excel 打开后另存为 .xlsx 再试") from error


def _measure(part: IO[bytes], *, look: bool) -> tuple[int, int]:
    """Rows and columns that a worksheet's XML reaches to, at least (99999, 26)."""
    tall, wide, tail = 99_999, 26, b""
    while chunk := part.read(_CHUNK):
        if not look:
            continue
        for letters, below, row in _FAR.findall(tail + chunk):
            wide = max(wide, _column_number(letters))
            tall = max(tall, int((below or row or b"0")[:9]))
        tail = chunk[-_OVERLAP:]
    return tall, wide


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:4]:
        number = 26 * number + letter - 64
    return number


def _open_worksheet(
    worksheet: CalamineSheet, *, name: str, columns: Mapping[str, str] | None
) -> Sheet:
    if worksheet.start is None or worksheet.end is None:
        raise InvalidFile(f"{name} 的工作表“{worksheet.name}”是空的，请检查是否选错了文件")
    left = worksheet.start[1]
    top = [[str(cell) for cell in row] for row in islice(worksheet.iter_rows(), HEADER_ROWS)]
    above, known = find_header(top, columns=columns)
    header = top[above] if known else next((row for row in top if any(row)), [])
    sheet = Sheet(rows=iter(()), total=worksheet.end[0] + 1)
    places = place_columns(sheet, header=header, name=name, columns=columns)
    # A cell merged downwards says the same of every row it covers, except for the row's own text.
    merged = {
        (first, field): last
        for (first, column), (last, _) in worksheet.merged_cell_ranges or ()
        for field, at in places.items()
        if at + left == column and field in ("channel", "received_at", "place")
    }
    position = 0

    def rows() -> Iterator[Row]:
        nonlocal position
        covering: dict[str, tuple[object, int]] = {}
        for index, cells in enumerate(worksheet.iter_rows()):
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
            if not blank:
                yield Row(index + 1, values)

    sheet.rows = rows()
    sheet.done = lambda: position
    return sheet
