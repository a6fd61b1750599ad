"""Lists and tables as offices print them: title, unit and date, a header of two rows, numbered
lines, landscape with the header on every page.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.files.exports import cut_cell, safe_cell
from api.files.listcolumns import Column
from api.files.reading import CHINA_TIME
from triage.errors import InvalidInput
from triage.ledger.paging import Page

TITLE_ROW, ABOUT_ROW, GROUP_ROW, NAME_ROW, FIRST_ROW = range(5)
_A3, _A4 = 8, 9
_WIDE = 240  # characters; a table that is wider cannot be read on A4
_FROZEN_COLUMNS = 2  # the number, and what names the line
_SONG, _HEI = "宋体", "黑体"
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.6, "bottom": 0.6}  # inches
_SIGNED = "填表人：　　　　　　　　审核人：　　　　　　　　"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a list: its title, the unit that fills it in, what it covers, the day; and
    `name`, what the list is called whatever its title."""

    name: str
    title: str
    unit: str
    scope: str
    day: date


def write_listbook(
    lines: Iterable[Any],
    *,
    columns: Sequence[Column],
    heading: Heading,
    most: int,
    total: Any = None,
) -> tuple[bytes, int]:
    """The list as an .xlsx, and how many lines it has. `columns` read their cells off a line.

    A `total` stands below the lines, read in the same way; it has no number and is not counted.
    Raises InvalidInput where there are more than `most` lines, before any of them is given out.
    """
    file = io.BytesIO()
    # in memory: constant_memory cannot merge cells downwards, which the header needs
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet(heading.name)
    styles = _Styles(book)
    _write_heading(sheet, styles, heading, width=len(columns))
    _write_header(sheet, styles, columns)
    count = 0
    for count, line in enumerate(lines, start=1):
        if count > most:
            raise InvalidInput(f"超过 {most} 条，请按单位或时间缩小范围后再导出", field="since")
        _write_line(sheet, styles, columns, line, row=FIRST_ROW + count - 1, number=count)
    last = FIRST_ROW + count
    if total is not None:
        _write_line(sheet, styles, columns, total, row=last, number=None)
        last += 1
    _write_across(sheet, last, 0, len(columns) - 1, f"共 {count} 条　　　　{_SIGNED}", styles.about)
    _set_up_page(sheet, columns, last=last)
    book.close()
    return file.getvalue(), count


class _Styles:
    """The formats of one workbook; all in the fonts that every office has."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        cell = {"font_name": _SONG, "font_size": 10, "border": 1, "valign": "vcenter"}
        centred = cell | {"align": "center", "text_wrap": True}
        self.title: Format = book.add_format(
            {"font_name": _HEI, "font_size": 18, "align": "center", "valign": "vcenter"}
        )
        self.about: Format = book.add_format(
            {"font_name": _SONG, "font_size": 10, "valign": "vcenter"}
        )
        self.day: Format = book.add_format(
            {"font_name": _SONG, "font_size": 10, "align": "right", "valign": "vcenter"}
        )
        self.header: Format = book.add_format(centred | {"font_name": _HEI, "bg_color": "#E8EEF7"})
        self.text: Format = book.add_format(cell | {"text_wrap": True})
        self.centred: Format = book.add_format(centred)
        self.date: Format = book.add_format(centred | {"num_format": "yyyy-mm-dd"})
        self.share: Format = book.add_format(centred | {"num_format": "0.0%"})
        self.time: Format = book.add_format(centred | {"num_format": "yyyy-mm-dd hh:mm"})


def _write_heading(sheet: Worksheet, styles: _Styles, heading: Heading, *, width: int) -> None:
    sheet.set_row(TITLE_ROW, 32)
    _write_across(sheet, TITLE_ROW, 0, width - 1, heading.title, styles.title)
    sheet.set_row(ABOUT_ROW, 20)
    left = f"填报单位：{heading.unit}"
    if heading.scope:
        left += f"　　　　范围：{heading.scope}"
    day = f"{heading.day.year}年{heading.day.month}月{heading.day.day}日"
    edge = width - max(width // 4, 2)
    _write_across(sheet, ABOUT_ROW, 0, edge - 1, left, styles.about)
    _write_across(sheet, ABOUT_ROW, edge, width - 1, f"填报日期：{day}", styles.day)


def _write_header(sheet: Worksheet, styles: _Styles, columns: Sequence[Column]) -> None:
    """Columns of one group share a cell above their names; one without a group fills both rows."""
    sheet.set_row(GROUP_ROW, 20)
    for group, places in groupby(range(len(columns)), key=lambda at: columns[at].group):
        found = list(places)
        if group:
            _write_across(sheet, GROUP_ROW, found[0], found[-1], group, styles.header)
            continue
        for at in found:
            sheet.merge_range(GROUP_ROW, at, NAME_ROW, at, columns[at].name, styles.header)
    sheet.set_row(NAME_ROW, 32)
    for at, column in enumerate(columns):
        if column.group:
            sheet.write_string(NAME_ROW, at, column.name, styles.header)


def _write_line(
    sheet: Worksheet,
    styles: _Styles,
    columns: Sequence[Column],
    line: Any,
    *,
    row: int,
    number: int | None,
) -> None:
    for at, column in enumerate(columns):
        value = number if column.read is None else column.read(line)
        if isinstance(value, datetime):
            style = styles.time if column.timed else styles.date
            here = value.astimezone(CHINA_TIME).replace(tzinfo=None)
            sheet.write_datetime(row, at, here, style)
            continue
        cell = safe_cell(value)
        style = styles.centred if column.width <= 12 else styles.text
        if column.shared:
            style = styles.share
        if isinstance(cell, str):
            sheet.write_string(row, at, cut_cell(cell), style)
        else:
            sheet.write_number(row, at, cell, style)


def _write_across(
    sheet: Worksheet, row: int, first: int, last: int, text: str, style: Format
) -> None:
    text = str(safe_cell(text))
    if first == last:
        sheet.write_string(row, first, text, style)
    else:
        sheet.merge_range(row, first, row, last, text, style)


def _set_up_page(sheet: Worksheet, columns: Sequence[Column], *, last: int) -> None:
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
    sheet.freeze_panes(FIRST_ROW, _FROZEN_COLUMNS)
    sheet.set_landscape()
    sheet.set_paper(_A3 if sum(column.width for column in columns) > _WIDE else _A4)
    sheet.set_margins(**_MARGINS)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(GROUP_ROW, NAME_ROW)
    sheet.print_area(0, 0, last, len(columns) - 1)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def walk_pages(read_page: Callable[..., Page[Any]]) -> Iterator[Any]:
    """Every line of a list, page by page: `read_page` takes the cursor of the next one."""
    cursor = None
    while True:
        page = read_page(cursor=cursor)
        yield from page.lines
        cursor = page.next
        if cursor is None:
            return
