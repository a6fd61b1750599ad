"""Routes by which tables of statistics are taken out as workbooks, as offices print them."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from api.files.figurecolumns import (
    BY_NAMES,
    dispatch_columns,
    hours_columns,
    reply_columns,
    work_columns,
)
from api.files.listcolumns import Column
from api.files.reading import CHINA_TIME
from api.files.scopes import spell_scope
from api.routes.lists import BOOK, XLSX
from api.routes.statistics import (
    Asked,
    AskedHere,
    Reader,
    tell_dispatch,
    tell_hours,
    tell_statistics,
    tell_writing,
)
from api.service import Service, ServiceHere
from triage.ledger.departments import get_department
from triage.ledger.selection import By
from triage.roles import Caller

router = APIRouter(prefix="/v1", tags=["统计"])
_EACH = {By.DAY: "每日", By.WEEK: "每周", By.MONTH: "每月"}
UnitHere = Annotated[
    str | None, Query(max_length=50, description="填报单位；不填为所选或本人的单位")
]


@router.get("/statistics.xlsx", response_class=Response, responses=BOOK)
def get_statistics_book(
    caller: Reader, service: ServiceHere, asked: AskedHere, unit: UnitHere = None
) -> Response:
    """件数和各项比率，分子分母各占一列，按机关打印的版式。"""
    return _answer(service, asked, caller, unit, "统计表", tell_statistics, work_columns)


@router.get("/statistics/hours.xlsx", response_class=Response, responses=BOOK)
def get_hours_book(
    caller: Reader, service: ServiceHere, asked: AskedHere, unit: UnitHere = None
) -> Response:
    """各环节用时，按机关打印的版式。"""
    return _answer(service, asked, caller, unit, "用时表", tell_hours, hours_columns)


@router.get("/statistics/dispatch.xlsx", response_class=Response, responses=BOOK)
def get_dispatch_book(
    caller: Reader, service: ServiceHere, asked: AskedHere, unit: UnitHere = None
) -> Response:
    """首次派单准确率，分子分母各占一列，按机关打印的版式。"""
    return _answer(service, asked, caller, unit, "派单准确率表", tell_dispatch, dispatch_columns)


@router.get("/statistics/replies.xlsx", response_class=Response, responses=BOOK)
def get_writing_book(
    caller: Reader, service: ServiceHere, asked: AskedHere, unit: UnitHere = None
) -> Response:
    """回告质量，分子分母各占一列，按机关打印的版式。"""
    return _answer(service, asked, caller, unit, "回告质量表", tell_writing, reply_columns)


def _answer(
    service: Service,
    asked: Asked,
    caller: Caller,
    unit: str | None,
    name: str,
    tell: Callable[[Service, Asked, Caller], dict[str, Any]],
    columns_of: Callable[[By | None], tuple[Column, ...]],
) -> Response:
    from api.files.listbooks import Heading, write_listbook  # the service starts sooner

    told = tell(service, asked, caller)
    selection = asked.selection
    own = selection.department or caller.department
    if unit is None:
        unit = ""
        if own is not None:
            with service.store.reading() as session:
                unit = get_department(session, own).full_name
    further = [selection.channel or "", "按到期算" if selection.by_deadline else ""]
    day = told["as_of"].astimezone(CHINA_TIME).date()
    title = name
    if asked.by is not None:
        title = f"{_EACH.get(asked.by, f'各{BY_NAMES[asked.by]}')}{name}"
    content, _ = write_listbook(
        told["groups"],
        columns=columns_of(asked.by),
        heading=Heading(
            name=name,
            title=title,
            unit=unit,
            scope=spell_scope(selection, *filter(None, further), desk=service.desk),
            day=day,
        ),
        most=service.settings.max_export_rows,
        total=told["total"],
    )
    file_name = quote(f"{title}-{day:%Y%m%d}.xlsx")
    return Response(
        content,
        media_type=XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}"},
    )
