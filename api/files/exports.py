"""Results written to files, in the order they come: JSON lines, CSV or Excel.

Whoever opens a table trusts it, so no cell of ours starts a formula there.
"""

import csv
import json
import os
import re
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType, TracebackType
from typing import IO, Any, Protocol, Self

from api.faults import name_fault
from api.files.rows import make_whole
from triage.errors import InvalidFile, InvalidInput

TABLE_SUFFIXES = (".csv", ".xlsx")
_LINES_SUFFIXES = (".jsonl", ".ndjson")
# Full-width forms too: Chinese and Japanese Excel read them as the half-width ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# What XML 1.0 cannot hold would make Excel call the whole workbook damaged.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MAX_CELL = 32_767  # characters Excel allows in one cell
_MAX_ROWS = 1_048_576
_CUT = "……（超出单元格上限，全文见原件）"


def check_targets(source: Path | None, output: Path | None, errors: Path | None = None) -> None:
    """Raise InvalidInput where one of the files to be written is the source or another of them.

    `output` counts with its part file, which is written first.
    """
    targets = {"结果文件": output, "有误行文件": errors}
    if any(path is not None and not path.name for path in targets.values()):
        raise InvalidInput("请写明结果文件的名称，如 结果.xlsx")
    if errors is not None and (errors.is_dir() or not errors.parent.is_dir()):
        raise InvalidInput(f"写不了 {errors}：请给出已有文件夹中的文件名")
    if output is not None:
        targets["结果的临时文件"] = part_of(output)
    taken = {} if source is None else {os.path.realpath(source): "来源文件"}
    for name, path in targets.items():
        if path is None:
            continue
        real = os.path.realpath(path)
        if source and path.exists() and source.exists() and path.samefile(source):
            real = os.path.realpath(source)  # the same by a hard link
        if real in taken:
            raise InvalidInput(f"{name}不能与{taken[real]}相同（{path}），请换一个文件名")
        taken[real] = name


def part_of(path: Path) -> Path:
    """What a result file is called until it is whole: NAME.part.SUFFIX."""
    return path.with_suffix(f".part{path.suffix}")


def name_errors(path: Path) -> Path:
    """The file of rows without a result beside the one at `path`: NAME.SUFFIX.errors.csv."""
    return path.parent / f"{path.name}.errors.csv"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Lets Ctrl-C wait until what is begun is whole. (It is raised in the main thread alone.)"""
    if current_thread() is not main_thread():
        yield
        return
    pressed: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda *told: pressed.append(told))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if pressed and callable(before):
        before(*pressed[0])


class Writer(Protocol):
    """What takes results one at a time: `write` a record, `close` to finish."""

    def write(self, record: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...


def cut_cell(text: str) -> str:
    """`text`, cut with a remark where Excel could not hold all of it in one cell."""
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - len(_CUT)] + _CUT


def escape_cell(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


class LinesWriter:
    """JSON lines: one object a line, UTF-8, Chinese as it is."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, record: Mapping[str, Any]) -> None:
        self._file.write(make_whole(json.dumps(record, ensure_ascii=False)) + "\n")

    def close(self) -> None:
        self._file.flush()


class CsvWriter:
    """CSV with a byte-order mark, so that Excel shows the Chinese; `header` names the columns."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._header = header
        self._writer.writerow(header)

    def write(self, record: Mapping[str, Any]) -> None:
        self._writer.writerow([safe_cell(record.get(name)) for name in self._header])

    def close(self) -> None:
        self._file.close()


class WorkbookWriter:
    """An .xlsx written row by row in constant memory; all cells are text or numbers."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        import xlsxwriter  # the service starts sooner, and seldom writes one

        self._path = path
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet("结果")
        self._sheet.freeze_panes(1, 0)
        self._header = header
        self._row = 0
        bold = self._book.add_format({"bold": True, "bg_color": "#E8EEF7"})
        for column, name in enumerate(header):
            self._sheet.write_string(0, column, name, bold)

    def write(self, record: Mapping[str, Any]) -> None:
        self._row += 1
        if self._row >= _MAX_ROWS:
            raise InvalidFile("结果超过一张 Excel 表的行数上限，请改用 .csv 或 .jsonl 输出")
        with _uninterrupted():  # half a row would make the workbook unreadable
            for column, name in enumerate(self._header):
                cell = safe_cell(record.get(name))
                if isinstance(cell, int | float):
                    self._sheet.write_number(self._row, column, cell)
                elif cell:
                    self._sheet.write_string(self._row, column, cut_cell(cell))

    def close(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        try:
            with _uninterrupted():
                self._book.close()
        except FileCreateError as error:
            raise InvalidFile(f"写不了 {self._path}，请检查权限、磁盘空间或是否被占用") from error


def safe_cell(value: object) -> str | int | float:
    """What a table may hold of `value`: a number, or text that neither breaks nor runs there."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return escape_cell(_UNWRITABLE.sub("", make_whole(str(value))))


class OutputFile(AbstractContextManager["OutputFile"]):
    """A result file that takes its name only when it is whole.

    Until then it is called NAME.part.SUFFIX beside the target; after an error or an interrupt it
    stays there, readable, with all that was written so far.
    """

    def __init__(self, path: Path, *, header: Sequence[str]) -> None:
        """`header` is used by the table forms. Raises InvalidFile where it cannot be written."""
        self.path = path
        self.part = part_of(path)
        self._lines: IO[str] | None = None
        suffix = path.suffix.lower()
        if path.is_dir() or not path.parent.is_dir():
            raise InvalidFile(f"写不了 {path}：请给出已有文件夹中的文件名")
        try:
            if self.part.is_symlink():
                self.part.unlink()  # not to write through it
            if suffix in _LINES_SUFFIXES:
                self._lines = self.part.open("w", encoding="utf-8", newline="\n")
                self._writer: Writer = LinesWriter(self._lines)
            elif suffix == ".csv":
                self._writer = CsvWriter(self.part, header)
            elif suffix == ".xlsx":
                self.part.touch()
                self._writer = WorkbookWriter(self.part, header)
            else:
                raise InvalidFile(f"不支持输出为“{path.name}”，请用 .jsonl、.csv 或 .xlsx")
        except OSError as error:
            raise InvalidFile(
                f"写不了 {path}（{name_fault(error)}），请检查权限和磁盘空间"
            ) from error

    @property
    def is_table(self) -> bool:
        return self.path.suffix.lower() in TABLE_SUFFIXES

    def write(self, record: Mapping[str, Any]) -> None:
        self._writer.write(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        if self._lines:
            self._lines.close()
        if kind is None:
            self.part.replace(self.path)


def write_table(path: Path, *, header: Sequence[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write all of `records` to a .csv, .xlsx or .jsonl file. Raises InvalidFile."""
    with OutputFile(path, header=header) as output:
        for record in records:
            output.write(record)
