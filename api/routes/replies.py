"""The route by which an officer has a reply looked at before it is sent."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.auth import needs
from api.bodies import OneBody, read_as
from api.schemas.submissions import ReadMoment
from api.service import Service, ServiceHere
from triage.errors import InvalidInput
from triage.ledger.history import EntryFile
from triage.replyreading import Reply
from triage.roles import Action, Caller
from triage.submissions import MAX_CONTENT, MAX_ID, MAX_TITLE

router = APIRouter(prefix="/v1", tags=["回告"])
Asker = Annotated[Caller, Depends(needs(Action.SUGGEST))]


class ReplyIn(BaseModel):
    """一篇回告和它所答复的来件。标题和内容至少填一项。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "WX-2025-000731",
                    "title": "3栋电梯停运四天，老人下不了楼",
                    "content": "幸福里小区3栋电梯从周三停到现在，请问什么时候能修好？",
                    "reply": "经住建局3月2日现场核查，电梯因曳引机损坏停运。已责令物业垫资维修，"
                    "预计3月5日前恢复使用，联系人王工，电话0000-0000000。",
                    "received_at": "2025-03-01T09:30:00+08:00",
                    "replied_at": "2025-03-02T16:00:00+08:00",
                }
            ]
        },
    )

    id: str = Field("", max_length=MAX_ID, description="编号，原样返回")
    title: str = Field("", max_length=MAX_TITLE, description="来件标题")
    content: str = Field("", max_length=MAX_CONTENT, description="来件正文")
    reply: str = Field(max_length=MAX_CONTENT, description="回告全文")
    received_at: ReadMoment = Field(None, description="收件时间")
    replied_at: ReadMoment = Field(None, description="回告时间")


class RequestOut(BaseModel):
    """来件中的一项诉求，以及回告是否谈到。"""

    text: str
    answered: bool


class ReasonOut(BaseModel):
    """一条理由，附回告（或来件）中有关的句子。"""

    aspect: str = Field(
        description="relevance、completeness、grounds、action、timeliness、perfunctory 之一"
    )
    says: str
    sentences: list[str]


class AssessmentOut(BaseModel):
    """对一篇回告的评估：只供参考，不拦发送。四项各 0–2。"""

    id: str
    relevance: float = Field(description="针对性")
    completeness: float = Field(description="完整性")
    grounds: float = Field(description="依据")
    action: float = Field(description="措施")
    score: float = Field(description="四项之和，0–8")
    perfunctory: bool = Field(description="疑似敷衍")
    days: float | None = Field(description="收件到回告的天数；不知道为空")
    requests: list[RequestOut] = Field(description="来件中的各项诉求")
    reasons: list[ReasonOut]


def assess_reply(service: Service, file: EntryFile, text: str, *, now: datetime) -> dict[str, Any]:
    """What is thought of a reply to this entry, to keep beside it for the supervisor."""
    told = file.submissions[0]
    reply = Reply(
        told.id, told.title, told.content, text, told.received_at or told.recorded_at, now
    )
    return service.replies.assess(reply).as_record()


@router.post("/replies:assess", response_model=AssessmentOut, openapi_extra={"x-body": "ReplyIn"})
def post_assessment(_caller: Asker, service: ServiceHere, body: OneBody) -> Any:
    """对照来件评估一篇回告，不入库：针对性、完整性、依据、措施，是否疑似敷衍，各有理由。"""
    given = read_as(body, ReplyIn)
    if not given.title.strip() and not given.content.strip():
        raise InvalidInput("标题和内容都为空，请至少填写一项", field="content")
    return service.replies.assess(Reply(**dict(given))).as_dict()
