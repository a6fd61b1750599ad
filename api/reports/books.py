"""A report as a workbook: the figures of the Word document, with charts that Excel draws."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy.orm import Session
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.files.exports import safe_cell
from api.reports.figures import describe, list_charts
from api.reports.periods import Period, Report
from api.reports.wordcharts import Chart
from triage.ledger.statistics import STAGE_NAMES, Stage
from triage.rates import RATE_NAMES
from triage.roles import Caller

_FONT = {"font_name": "宋体", "font_size": 11}
_HEAD_ROW = 2  # the title and a blank line stand above each table
_NARROW, _WIDE = 12, 22
_DUE = {"due": "到期件", "overdue": "超期未回告"}
_AFTER = {"returns": "退回", "reopenings": "重办"}
_FLOW = {
    "opened": "受理",
    "replied": "回告",
    "closed": "办结",
    "evaluated": "评价",
    "unsolved": "评价中说未解决",
    "waiting": "统计时在办",
    "overdue": "其中已超期未回告",
}


def write_book(
    session: Session, report: Report, period: Period, *, unit: str, caller: Caller, now: datetime
) -> bytes:
    """The report as an .xlsx, one sheet for each of its tables. Raises AccessDenied."""
    figures = describe(session, report, period, unit=unit, caller=caller, now=now)
    charts = list_charts(figures, period)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_urls": False})
    sheets = _Sheets(book, f"{unit}{figures['title']}（{figures['period']}）")
    sheets.add("概况", ("项目", "数"), _list_flow(figures))
    rates = [name for name in RATE_NAMES if name in figures["due"]]
    columns = _DUE | {name: RATE_NAMES[name] for name in rates} | _AFTER
    lines = [*figures["departments"], figures["due"] | {"name": "合计"}]
    header, rows = _pick(lines, {"name": "单位"} | columns)
    sheets.add("各单位", header, rows, charts["chart_departments"])
    shares = {"opened": "受理", "share": "占比"}
    for name, key, chart in (
        ("领域", "domains", charts["chart_domains"]),
        ("渠道", "channels", None),
        ("紧急程度", "urgencies", None),
    ):
        header, rows = _pick(figures[key], {"name": name} | shares)
        sheets.add(name, header, rows, chart)
    sheets.add("每日受理", ("日期", "受理"), figures["days"], charts["chart_days"])
    sheets.add(
        "用时", ("环节", "条数", "一半不超过（小时）", "九成不超过（小时）"), _list_hours(figures)
    )
    states = {"total": "查到", "open": "待处理", "confirmed": "确认", "dismissed": "排除"}
    states |= {"urged": "督办", "settled": "自行了结"}
    header, rows = _pick(figures["findings"], {"name": "种类"} | states)
    sheets.add("监督事项", header, rows)
    told = {"number": "序号", "rule": "种类", "department": "单位", "submission": "来件编号"}
    header, rows = _pick(figures["finding_lines"], told | {"state": "处理", "note": "说明"})
    sheets.add("确认和督办", header, rows)
    book.close()
    return file.getvalue()


class _Sheets:
    """The sheets of one workbook, all alike."""

    def __init__(self, book: xlsxwriter.Workbook, title: str) -> None:
        self._book = book
        self._title = title
        cell = _FONT | {"border": 1, "valign": "vcenter", "text_wrap": True}
        self._heading: Format = book.add_format({"font_name": "黑体", "font_size": 15})
        self._head: Format = book.add_format(cell | {"bold": True, "bg_color": "#E8EEF7"})
        self._cell: Format = book.add_format(cell)

    def add(
        self,
        name: str,
        header: Sequence[str],
        rows: Sequence[Sequence[Any]],
        chart: Chart | None = None,
    ) -> None:
        """One table on a sheet of its own; the chart, if any, to the right of it."""
        sheet = self._book.add_worksheet(name)
        sheet.write_string(0, 0, f"{self._title}　{name}", self._heading)
        sheet.write_row(_HEAD_ROW, 0, header, self._head)
        for number, row in enumerate(rows, start=_HEAD_ROW + 1):
            for at, value in enumerate(row):
                sheet.write(number, at, safe_cell(value), self._cell)
        sheet.set_column(0, 0, _WIDE)
        sheet.set_column(1, max(1, len(header) - 1), _NARROW + 4)
        sheet.freeze_panes(_HEAD_ROW + 1, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        if chart is not None and chart.categories:
            self._draw(sheet, chart, column=len(header) + 1)

    def _draw(self, sheet: Worksheet, chart: Chart, *, column: int) -> None:
        """Its values stand beside it, for a table may be ordered otherwise than its chart."""
        last = _HEAD_ROW + len(chart.categories)
        sheet.write_row(_HEAD_ROW, column, [chart.title, *(name for name, _ in chart.series)])
        sheet.write_column(_HEAD_ROW + 1, column, [safe_cell(one) for one in chart.categories])
        drawn = self._book.add_chart({"type": "line" if chart.line else "bar"})
        for at, (_, values) in enumerate(chart.series, start=column + 1):
            sheet.write_column(_HEAD_ROW + 1, at, values)
            drawn.add_series(
                {
                    "name": [sheet.name, _HEAD_ROW, at],
                    "categories": [sheet.name, _HEAD_ROW + 1, column, last, column],
                    "values": [sheet.name, _HEAD_ROW + 1, at, last, at],
                }
            )
        drawn.set_title({"name": chart.title})
        if not chart.line:
            drawn.set_y_axis({"reverse": True})
        sheet.set_column(column, column, _WIDE)
        sheet.insert_chart(_HEAD_ROW, column + len(chart.series) + 2, drawn)


def _pick(
    lines: Sequence[dict[str, Any]], columns: dict[str, str]
) -> tuple[tuple[str, ...], list[list[Any]]]:
    """The header, and of each line the values that it names."""
    return tuple(columns.values()), [[line[key] for key in columns] for line in lines]


def _list_flow(figures: dict[str, Any]) -> list[tuple[str, Any]]:
    changes = {"opened": "受理比上一时段", "replied": "回告比上一时段", "closed": "办结比上一时段"}
    return [
        ("时段", figures["period"]),
        ("统计时间", figures["written_at"]),
        *((name, figures["flow"][key]) for key, name in _FLOW.items()),
        *((name, figures["change"][key]) for key, name in changes.items()),
        *((RATE_NAMES[key], figures["due"][key]) for key in RATE_NAMES),
        ("首次派单准确率", figures["dispatch"]["accuracy"]),
    ]


def _list_hours(figures: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (STAGE_NAMES[stage], told["count"], told["median"], told["p90"])
        for stage, told in ((stage, figures["hours"][stage.value]) for stage in Stage)
    ]
