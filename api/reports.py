"""Reports as Word documents: the daily report, the weekly summary, the bulletin, from templates.

A town's own template of the same name in its data folder takes the place of ours.
"""

import io
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from zipfile import BadZipFile

from docxtpl import DocxTemplate
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathParameter
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from api.auth import needs
from api.reportfigures import REPORT_NAMES, Period, Report, describe, find_period, list_charts
from api.service import Service, ServiceHere, read_clock
from api.wordcharts import place_chart
from triage.calendar import day_of
from triage.errors import InvalidData, InvalidInput
from triage.roles import Action, Caller

MAX_DAYS = 366
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {_WORD: {}}, "description": "Word 文档"}
}

router = APIRouter(prefix="/v1", tags=["统计"])

Writer = Annotated[Caller, Depends(needs(Action.WRITE_REPORTS))]
ReportHere = Annotated[
    Report, PathParameter(description="daily 日汇报，weekly 周总结，bulletin 通报")
]


@router.get("/reports/{report}", response_class=Response, responses=_DOCUMENT)
def get_report(
    caller: Writer,
    service: ServiceHere,
    report: ReportHere,
    day: Annotated[
        date | None, Query(description="哪一天、这天所在的周或月，如 2025-03-01；不填为今天")
    ] = None,
    first: Annotated[date | None, Query(description="自定起日，与 last 同填，代替 day")] = None,
    last: Annotated[date | None, Query(description="自定止日（含）")] = None,
    unit: Annotated[str, Query(max_length=100, description="编报单位，印在标题下")] = "",
) -> Response:
    """写一份日汇报、周总结或通报（Word），附图表；图表可在 Word 里改。"""
    now = read_clock()
    period = _read_period(report, day or day_of(now), first, last)
    with service.store.reading() as session:
        figures = describe(session, report, period, unit=unit, caller=caller, now=now)
    template = _open_template(_read_template(service, report), report)
    charts = list_charts(figures, period)
    placed = {
        name: place_chart(template, chart, number=number)
        for number, (name, chart) in enumerate(charts.items(), start=1)
    }
    name = f"{REPORT_NAMES[report]}-{period.first:%Y%m%d}-{period.last:%Y%m%d}.docx"
    return _answer(_render(template, figures | placed, report), name)


@router.get("/reports/{report}/template", response_class=Response, responses=_DOCUMENT)
def get_template(_caller: Writer, service: ServiceHere, report: ReportHere) -> Response:
    """现用的模板（Word）；改好后放进本地数据目录即代替自带的。"""
    return _answer(_read_template(service, report), template_name(report))


def template_name(report: Report) -> str:
    """What the file of a template is called, ours and a town's own."""
    return f"report-{report}.docx"


def _read_period(report: Report, day: date, first: date | None, last: date | None) -> Period:
    if first is None and last is None:
        return find_period(report, day)
    if first is None or last is None:
        raise InvalidInput("起日和止日请同时填写", field="last" if last is None else "first")
    if not 0 <= (last - first).days < MAX_DAYS:
        raise InvalidInput(f"止日应在起日之后，至多 {MAX_DAYS} 天，请改正", field="last")
    return Period(first, last)


def _read_template(service: Service, report: Report) -> bytes:
    """The town's template, else ours. Raises InvalidData where the town's cannot be read."""
    folder = service.settings.data_dir
    own = folder and folder / template_name(report)
    try:
        if own and own.is_file():
            return own.read_bytes()
    except OSError as error:
        raise InvalidData(f"读不了模板 {own}（{error.strerror}），请检查权限") from error
    return (Path(str(files("api"))) / "data" / template_name(report)).read_bytes()


def _open_template(content: bytes, report: Report) -> DocxTemplate:
    template = DocxTemplate(io.BytesIO(content))
    try:
        template.init_docx()
    except (BadZipFile, KeyError, ValueError) as error:
        raise InvalidData(
            f"模板 {template_name(report)} 不是 Word 文档（.docx），请用 Word 或 WPS 另存后放回"
        ) from error
    return template


def _render(template: DocxTemplate, values: dict[str, object], report: Report) -> bytes:
    """The document. Raises InvalidData saying what is wrong with the template."""
    written = io.BytesIO()
    try:
        # A template is a program too: it reads the figures and nothing else.
        template.render(values, SandboxedEnvironment(), autoescape=True)
        template.save(written)
    except TemplateError as error:
        raise InvalidData(
            f"模板 {template_name(report)} 有误（{error}），请对照 docs/statistics.md 改正"
        ) from error
    return written.getvalue()


def _answer(document: bytes, name: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(document, media_type=_WORD, headers={"Content-Disposition": disposition})
