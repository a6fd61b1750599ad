"""Routes by which departments and clerks read: the departments, their ledgers, the review queue."""

import json
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.auth import needs
from api.filters import UNLESS_BLANK, Nature
from api.plainroute import MomentaryRoute
from api.schemas.submissions import (
    DepartmentOut,
    LedgerLineOut,
    LedgerPageOut,
    ReadMoment,
    ReviewPageOut,
)
from api.service import ServiceHere
from api.slashes import WITH_SLASHES
from triage.errors import AccessDenied
from triage.ledger.paging import MAX_PAGE
from triage.ledger.queries import list_departments, list_ledger, list_review
from triage.ledger.states import EntryState
from triage.ledger.views import LedgerLine
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["台账"], route_class=MomentaryRoute)

Reader = Annotated[Caller, Depends(needs(Action.READ))]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页几条")]
Cursor = Annotated[str | None, Query(description="上一页答复中的 next；不填为第一页"), UNLESS_BLANK]
Urgency = Annotated[
    int | None,
    Query(ge=1, le=4, description="只看一级：1 特急，2 紧急，3 较急，4 一般"),
    UNLESS_BLANK,
]


@router.get("/departments", response_model=list[DepartmentOut])
def get_departments(caller: Reader, service: ServiceHere) -> Any:
    """责任单位名录，以及各单位台账的条数（合计、按紧急程度、按状态）。"""
    with service.store.reading() as session:
        counted = list_departments(session, may_see_confidential=False, reach=caller.reach)
    return [
        {
            "code": counts.department.code,
            "name": counts.department.name,
            "full_name": counts.department.full_name,
            "kind": counts.department.kind,
            "active": counts.department.active,
            "total": counts.total,
            "by_urgency": counts.by_urgency,
            "by_state": counts.by_state,
        }
        for counts in counted
    ]


@router.get("/ledgers/{department}", response_model=LedgerPageOut)
def get_ledger(
    caller: Reader,
    service: ServiceHere,
    department: Annotated[str, Path(description="责任单位的代码或名称"), WITH_SLASHES],
    state: Annotated[EntryState | None, Query(description="只看一种状态"), UNLESS_BLANK] = None,
    urgency: Urgency = None,
    domain: Annotated[
        str | None, Query(description="领域编码，上级编码含其下各级"), UNLESS_BLANK
    ] = None,
    nature: Nature = None,
    since: Annotated[ReadMoment, Query(description="此时（含）起交办的")] = None,
    until: Annotated[ReadMoment, Query(description="此时（不含）前交办的")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """一个责任单位的台账，一次一页。"""
    with service.processor, service.store.looking() as connection:
        page = list_ledger(
            connection,
            department,
            may_see_confidential=False,
            caller=caller,
            state=state,
            urgency=urgency,
            domain=domain,
            nature=nature,
            since=since,
            until=until,
            limit=limit,
            cursor=cursor,
        )
    lines = b",".join(map(_spell_line, page.lines))
    turn = json.dumps(page.next).encode()
    return Response(b'{"lines":[%b],"next":%b}' % (lines, turn), media_type="application/json")


@lru_cache(maxsize=4096)
def _spell_line(line: LedgerLine) -> bytes:
    """The line as `LedgerLineOut` says. Kept: the ledger gives the same line while nothing has
    changed, and to spell fifty takes longer than to find them."""
    return LedgerLineOut.model_validate(line).model_dump_json().encode()


@router.get("/review", response_model=ReviewPageOut)
def get_review(
    caller: Annotated[Caller, Depends(needs(Action.READ_REVIEW))],
    service: ServiceHere,
    urgency: Urgency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """待人工复核的来件，附系统建议和没有直接派单的原因。"""
    if caller.reach is not None:
        raise AccessDenied("复核队列只供受理处查看，您只能查看本单位及下属单位的台账")
    with service.store.reading() as session:
        return list_review(
            session,
            may_see_confidential=False,
            urgency=urgency,
            limit=limit,
            cursor=cursor,
        )
