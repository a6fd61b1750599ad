"""Routes for discipline officers, who alone open accusations (检举控告, Art. 30)."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.auth import needs
from api.bodies import OneBody, read_as
from api.routes.ledgers import Cursor, Limit
from api.schemas.entries import MAX_NUMBER
from api.schemas.submissions import AlarmIn, Moment, ReasonIn, SubmissionOut, SubmitterOut
from api.service import ServiceHere, read_clock
from api.slashes import SubmissionId
from triage.ledger.accusationlist import list_accusations
from triage.ledger.discipline import (
    Accusation,
    alarm_accusation,
    hold_accusation,
    read_accusation,
    read_sealed_file,
    release_accusation,
    unmask_accuser,
)
from triage.roles import Action, Caller
from triage.submissions import Channel
from triage.submitters import Submitter
from triage.transitions import COMMAND_NAMES, Command

router = APIRouter(prefix="/v1/accusations", tags=["检举控告"])

Reader = Annotated[Caller, Depends(needs(Action.READ_ACCUSATIONS))]
Decider = Annotated[Caller, Depends(needs(Action.DECIDE_ACCUSATIONS))]
State = Literal["waiting", "held", "released"]
_KIND_NAMES = {
    "decision": "认定",
    "extension": "延期",
    "reply": "回告",
    "evaluation": "评价",
    "attachment": "附件",
}


class HoldIn(ReasonIn):
    """认定属于检举控告。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "反映干部收礼", "accused": ["住建局"]}]},
    )

    accused: list[str] | None = Field(
        None,
        max_length=50,
        description="被反映单位（代码或名称），取代文字中认出的；这些单位及其下属单位的人看不到",
    )


class AccusationLineOut(BaseModel):
    """检举控告清单中的一行，不含文字。"""

    model_config = ConfigDict(from_attributes=True)

    submission_id: str
    state: State = Field(description="waiting 待认定，held 已认定，released 已放行")
    urgency: int | None = Field(
        description="紧急程度，系统建议：1 特急，2 紧急，3 较急，4 一般；空表示系统还没有看"
    )
    received_at: Moment = Field(description="入库时间")
    decided_by: str | None
    decided_at: Moment | None


class AccusationPageOut(BaseModel):
    """检举控告清单的一页，新的在前；只看待认定的，急的在前。"""

    model_config = ConfigDict(from_attributes=True)

    lines: list[AccusationLineOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class SealedWorkOut(BaseModel):
    """封存以前在台账上办过、说过的一步。"""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["decision", "action", "extension", "reply", "evaluation", "attachment"]
    id: int
    entry_id: int
    who: str
    at: Moment
    told: dict[str, Any] = Field(description="写下的话，和办的动作、结果、评价、文件名等")

    @computed_field
    def name(self) -> str:
        """办了什么，中文名"""
        command = self.told.get("command")
        return _KIND_NAMES[self.kind] if command is None else COMMAND_NAMES[Command(command)]


class AccusationOut(AccusationLineOut):
    """一件检举控告的全部。"""

    title: str
    content: str
    channel: Channel | None
    place: str | None
    sent_at: Moment | None = Field(description="收件时间")
    suggestion: dict[str, Any] | None
    accused: list[str] = Field(description="被反映单位的代码")
    notes: list[dict[str, Any]] = Field(
        description="谁在何时转入（put_away）、转紧急热线（alarm）、认定（held）、放行（released），理由"
    )
    work: list[SealedWorkOut] = Field(description="封存以前的经办记录、回告、附件等，先的在前")
    submitter: SubmitterOut | None = Field(description="反映人，已遮盖；没有登记时为空")


@router.get("", response_model=AccusationPageOut)
def get_accusations(
    caller: Reader,
    service: ServiceHere,
    state: Annotated[
        State | None, Query(description="只看一种：waiting 待认定，held 已认定，released 已放行")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """检举控告清单，不含文字；新的在前，只看待认定的（state=waiting），急的在前。查看记入日志。"""
    with service.store.writing() as session:
        return list_accusations(
            session, caller=caller, now=read_clock(), state=state, limit=limit, cursor=cursor
        )


@router.get("/{submission_id}", response_model=AccusationOut)
def get_accusation(caller: Reader, service: ServiceHere, submission_id: SubmissionId) -> Any:
    """一件检举控告的全文；每次查看都记入日志。"""
    with service.store.writing() as session:
        return _out(read_accusation(session, submission_id, caller=caller, now=read_clock()))


@router.get(
    "/{submission_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={200: {"content": {"*/*": {}}, "description": "附件的内容"}},
)
def get_file(
    caller: Reader,
    service: ServiceHere,
    submission_id: SubmissionId,
    attachment_id: Annotated[int, Path(ge=1, le=MAX_NUMBER, description="附件的编号")],
) -> Response:
    """封存以前随台账保存的一个附件，供下载；每次打开都记入日志。"""
    with service.store.writing() as session:
        name, content = read_sealed_file(
            session, submission_id, attachment_id, caller=caller, now=read_clock()
        )
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )


@router.post(
    "/{submission_id}/hold", response_model=AccusationOut, openapi_extra={"x-body": "HoldIn"}
)
def post_hold(
    caller: Decider, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> Any:
    """认定属于检举控告，并可指明被反映单位。"""
    given = read_as(body, HoldIn)
    with service.store.writing() as session:
        return _out(
            hold_accusation(
                session,
                submission_id,
                caller=caller,
                now=read_clock(),
                reason=given.reason,
                accused=given.accused,
            )
        )


@router.post(
    "/{submission_id}/alarm", response_model=AccusationOut, openapi_extra={"x-body": "AlarmIn"}
)
def post_alarm(
    caller: Decider, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> Any:
    """记下已把这一件转给紧急热线；先拨电话，再记。"""
    given = read_as(body, AlarmIn)
    with service.store.writing() as session:
        return _out(
            alarm_accusation(
                session,
                submission_id,
                caller=caller,
                now=read_clock(),
                line=given.to,
                note=given.note,
            )
        )


@router.post(
    "/{submission_id}/release", response_model=SubmissionOut, openapi_extra={"x-body": "ReasonIn"}
)
def post_release(
    caller: Decider, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> Any:
    """认定不属于检举控告：来件恢复原文，进复核队列，按普通来件办理。"""
    given = read_as(body, ReasonIn)
    with service.store.writing() as session:
        return release_accusation(
            session, submission_id, caller=caller, now=read_clock(), reason=given.reason
        )


@router.post(
    "/{submission_id}/submitter", response_model=SubmitterOut, openapi_extra={"x-body": "ReasonIn"}
)
def post_unmask(
    caller: Annotated[Caller, Depends(needs(Action.UNMASK))],
    service: ServiceHere,
    submission_id: SubmissionId,
    body: OneBody,
) -> Any:
    """查看检举人的姓名、电话、证件号、住址；须说明理由，记入日志。"""
    given = read_as(body, ReasonIn)
    with service.store.writing() as session:
        submitter = unmask_accuser(
            session, submission_id, caller=caller, reason=given.reason, now=read_clock()
        )
    return submitter or Submitter()


def _out(accusation: Accusation) -> AccusationOut:
    line = AccusationLineOut.model_validate(accusation.line)
    told = {name: getattr(accusation, name) for name in accusation.__slots__ if name != "line"}
    return AccusationOut.model_validate(line.model_dump() | told, from_attributes=True)
