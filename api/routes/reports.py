"""Reports in Word and Excel: the daily report, the weekly summary, the bulletin, from templates.

A town's own template of the same name in its data folder takes the place of ours.
"""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathParameter

from api.auth import needs
from api.bodies import OneBody, read_as
from api.reports.periods import Period, Report, find_period
from api.routes.lists import XLSX
from api.schemas.reports import MAX_UNIT, ReportIn
from api.service import Service, ServiceHere, read_clock
from triage.calendar import day_of
from triage.errors import InvalidInput
from triage.roles import Action, Caller

MAX_DAYS = 366
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {_WORD: {}}, "description": "Word 文档"}
}
_WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"content": {XLSX: {}}, "description": "Excel 工作簿"}
}

router = APIRouter(prefix="/v1", tags=["统计"])

Writer = Annotated[Caller, Depends(needs(Action.WRITE_REPORTS))]
ReportHere = Annotated[
    Report, PathParameter(description="daily 日汇报，weekly 周总结，bulletin 通报")
]


_DAY_HELP = "哪一天、这天所在的周或月，如 2025-03-01；不填为今天"
DayHere = Annotated[date | None, Query(description=_DAY_HELP)]
FirstHere = Annotated[date | None, Query(description="自定起日，与 last 同填，代替 day")]
LastHere = Annotated[date | None, Query(description="自定止日（含）")]
UnitHere = Annotated[str, Query(max_length=MAX_UNIT, description="编报单位，印在标题下")]


@router.get("/reports/{report}.xlsx", response_class=Response, responses=_WORKBOOK)
def get_report_book(
    caller: Writer,
    service: ServiceHere,
    report: ReportHere,
    day: DayHere = None,
    first: FirstHere = None,
    last: LastHere = None,
    unit: UnitHere = "",
) -> Response:
    """同样的数字写成 Excel：一张表一页，图表可在 Excel 里改。"""
    from api.reports.books import write_book  # the service starts sooner
    from api.reports.writing import report_name

    now = read_clock()
    period = _read_period(report, day or day_of(now), first, last)
    with service.store.reading() as session:
        book = write_book(session, report, period, unit=unit, caller=caller, now=now)
    return _answer(book, report_name(report, period, kind="xlsx"), XLSX)


@router.get("/reports/{report}", response_class=Response, responses=_DOCUMENT)
def get_report(
    caller: Writer,
    service: ServiceHere,
    report: ReportHere,
    day: DayHere = None,
    first: FirstHere = None,
    last: LastHere = None,
    unit: UnitHere = "",
) -> Response:
    """写一份日汇报、周总结或通报（Word），附图表；图表可在 Word 里改。"""
    return _write(service, report, ReportIn(day=day, first=first, last=last, unit=unit), caller)


@router.post(
    "/reports/{report}",
    response_class=Response,
    responses=_DOCUMENT,
    openapi_extra={"x-body": "ReportIn"},
)
def post_report(
    caller: Writer, service: ServiceHere, report: ReportHere, body: OneBody
) -> Response:
    """同样写成 Word，另有一段自己写的文字：通报的有关要求、汇报和总结的有关说明。"""
    return _write(service, report, read_as(body, ReportIn), caller)


@router.get("/reports/{report}/template", response_class=Response, responses=_DOCUMENT)
def get_template(_caller: Writer, service: ServiceHere, report: ReportHere) -> Response:
    """现用的模板（Word）；改好后放进本地数据目录即代替自带的。"""
    from api.reports.writing import read_template, template_name

    content = read_template(report, data_dir=service.settings.data_dir)
    return _answer(content, template_name(report), _WORD)


def _write(service: Service, report: Report, asked: ReportIn, caller: Caller) -> Response:
    from api.reports.writing import report_name, write_report  # the service starts sooner

    now = read_clock()
    period = _read_period(report, asked.day or day_of(now), asked.first, asked.last)
    with service.store.reading() as session:
        document = write_report(
            session,
            report,
            period,
            data_dir=service.settings.data_dir,
            unit=asked.unit,
            caller=caller,
            now=now,
            text=asked.text,
        )
    return _answer(document, report_name(report, period), _WORD)


def _read_period(report: Report, day: date, first: date | None, last: date | None) -> Period:
    if first is None and last is None:
        return find_period(report, day)
    if first is None or last is None:
        raise InvalidInput("起日和止日请同时填写", field="last" if last is None else "first")
    if not 0 <= (last - first).days < MAX_DAYS:
        raise InvalidInput(f"止日应在起日之后，至多 {MAX_DAYS} 天，请改正", field="last")
    return Period(first, last)


def _answer(document: bytes, name: str, media_type: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(document, media_type=media_type, headers={"Content-Disposition": disposition})
