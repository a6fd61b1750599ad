"""Rows of a file before anyone has asked what their cells mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triage.columns import SUBMISSION_FIELDS, find_columns
from triage.errors import InvalidFile

SHEET_HINT = "可用 --sheet 指定"
COLUMN_HINT = "如 --column content=诉求内容"
_IN_API_WORDS = {
    SHEET_HINT: "可用 sheet 指定",
    COLUMN_HINT: '如 "columns": {"content": "诉求内容"}',
}
HEADER_ROWS = 20  # a title, a unit's name and a date often stand above the header


class UnknownColumns(InvalidFile):
    """No column of the file is known to hold a title or a content; `header` is what it has."""

    def __init__(self, message: str, *, header: Sequence[str]) -> None:
        super().__init__(message)
        self.header = tuple(cell.strip() for cell in header if cell.strip())


@dataclass(frozen=True, slots=True)
class Row:
    """Field → raw value of one row, under the number a person would count.

    `broken` says in Chinese why the row could not be read at all.
    """

    number: int
    values: Mapping[str, Any]
    broken: str | None = None


@dataclass(slots=True)
class Sheet:
    """An opened file: its rows in order, and what there is to say about it.

    `name` is the worksheet's; `columns` is field → header cell ({} for JSON lines); `others` are
    the headers that are not read; `keys` are those of JSON lines as far as they were read, each
    with the field it is taken for ("": none); `total` and `done()` measure the way through, in
    rows or bytes (`total` None: unknown).
    """

    rows: Iterator[Row]
    name: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    total: int | None = None
    done: Callable[[], int] = int


def in_api_words(text: str) -> str:
    """What is said of a file, for one who reads it over HTTP and has no options to set."""
    for option, said in _IN_API_WORDS.items():
        text = text.replace(option, said)
    return text


def no_rows(what: str, sheet_notes: Sequence[str]) -> InvalidFile:
    """The error that a file has no rows of `what`; the remarks may say where they are."""
    remarks = "".join(f"。{note}" for note in sheet_notes)
    return InvalidFile(f"文件中没有{what}（只有表头或空行），请检查是否选错了文件{remarks}")


def make_whole(text: str) -> str:
    """The text with a ? for each half character (lone surrogate), which nothing could write."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def find_header(
    rows: Sequence[Sequence[str]],
    *,
    columns: Mapping[str, str] | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
) -> tuple[int, int]:
    """(index of the row that knows most of our fields, how many); (0, 0) where none has text."""
    best = (0, 0)
    for index, cells in enumerate(rows[:HEADER_ROWS]):
        try:
            found = find_columns(cells, fields=fields, columns=columns)
        except InvalidFile:
            continue
        if ("title" in found or "content" in found) and len(found) > best[1]:
            best = (index, len(found))
    return best


def place_columns(
    sheet: Sheet,
    *,
    header: Sequence[str],
    name: str,
    columns: Mapping[str, str] | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
) -> dict[str, int]:
    """Field → position in `header`, noted in `sheet` too.

    Raises InvalidFile where there is neither a title nor a content to read.
    """
    places = find_columns(header, fields=fields, columns=columns)
    if "title" not in places and "content" not in places:
        present = "、".join(cell.strip() for cell in header if cell.strip()) or "（空）"
        raise UnknownColumns(
            f"{name} 中找不到标题列或内容列（首行为：{present[:200]}）。"
            f"请在表头写明“标题”“内容”，或指明列名，{COLUMN_HINT}",
            header=header,
        )
    sheet.columns = {name: header[at].strip() for name, at in places.items()}
    read = set(places.values())
    sheet.others = [
        cell.strip() for at, cell in enumerate(header) if cell.strip() and at not in read
    ]
    return places
