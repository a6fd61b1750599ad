"""Routes of the supervision list beyond reading it: look now, decide, set the thresholds."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from api.auth import CallerHere, needs
from api.background.clockwork import look_for_all_findings
from api.bodies import OneBody, read_as
from api.schemas.entries import MAX_NUMBER
from api.schemas.findings import (
    FindingDecisionIn,
    FindingOut,
    FindingsRunOut,
    ThresholdsIn,
    ThresholdsOut,
)
from api.schemas.submissions import ErrorOut
from api.service import ServiceHere, read_clock
from triage.ledger.findings import decide_finding, get_finding
from triage.ledger.looking import change_thresholds, load_thresholds
from triage.ledger.states import FindingState
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["监督"])

Decider = Annotated[Caller, Depends(needs(Action.DECIDE_FINDINGS))]
Manager = Annotated[Caller, Depends(needs(Action.MANAGE_SETTINGS))]
FindingId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="监督事项的编号")]


@router.post(
    "/findings:run",
    response_model=FindingsRunOut,
    responses={409: {"model": ErrorOut, "description": "正在查找"}},
)
def post_run(caller: Decider, service: ServiceHere) -> Any:
    """现在就按各项规则查一遍；平时每天清早自动查。"""
    return look_for_all_findings(service.store, read_clock(), caller=caller)


@router.get("/findings/thresholds", response_model=ThresholdsOut)
def get_thresholds(_caller: CallerHere, service: ServiceHere) -> dict[str, float]:
    """各项规则从什么程度起提出监督事项。"""
    with service.store.reading() as session:
        return load_thresholds(session).as_dict()


@router.patch(
    "/findings/thresholds",
    response_model=ThresholdsOut,
    openapi_extra={"x-body": "ThresholdsIn"},
)
def patch_thresholds(caller: Manager, service: ServiceHere, body: OneBody) -> dict[str, float]:
    """改监督阈值；已有的监督事项不变。"""
    given = read_as(body, ThresholdsIn).model_dump()
    with service.store.writing() as session:
        return change_thresholds(session, given, caller=caller, now=read_clock()).as_dict()


@router.get("/findings/{finding_id}", response_model=FindingOut)
def get_one_finding(caller: Decider, service: ServiceHere, finding_id: FindingId) -> Any:
    """一个监督事项，连同依据和处理情况。"""
    with service.store.reading() as session:
        return get_finding(session, finding_id, caller=caller)


@router.post(
    "/findings/{finding_id}/decision",
    response_model=FindingOut,
    responses={409: {"model": ErrorOut, "description": "已处理过，或条目已不能督办"}},
    openapi_extra={"x-body": "FindingDecisionIn"},
)
def post_finding_decision(
    caller: Decider, service: ServiceHere, finding_id: FindingId, body: OneBody
) -> Any:
    """处理一个监督事项：确认、写明理由排除，或转为对该条目的督办。"""
    given = read_as(body, FindingDecisionIn)
    with service.store.writing() as session:
        return decide_finding(
            session,
            finding_id,
            FindingState(given.verdict),
            caller=caller,
            now=read_clock(),
            note=given.note,
            **given.urging(),
        )
