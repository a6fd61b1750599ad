"""Routes for citizens: the own submission by tracking code and last four digits, without sign-in.

Code and digits come in the body, never in the address: addresses stand in the logs of proxies and
in the history of browsers. What does not fit is counted, for the code and for the caller's address.
"""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.bodies import OneBody, read_as
from api.schemas.submissions import ErrorOut, Moment
from api.service import Service, ServiceHere, read_clock
from triage.errors import NotFound
from triage.ledger.answers import MAX_COMMENT
from triage.ledger.attempts import Limit, begin_attempt, forgive
from triage.ledger.states import Outcome
from triage.ledger.tracking import Tracked, find_tracked, rate_tracked
from triage.tracking import read_code

router = APIRouter(prefix="/v1/tracking", tags=["反映人查询"])
_BY_CODE = "tracking"
_BY_ADDRESS = "tracking-address"
_ADDRESS_FACTOR = 10  # a village shares one address
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "查询码与后四位对不上，或没有这个事项"},
    429: {"model": ErrorOut, "description": "多次不符，按 Retry-After 等待"},
}
_TOO_EARLY: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorOut, "description": "没有新的答复可以评价，或已经评价过"}
}


class TrackingIn(BaseModel):
    """凭什么查询：回执上的查询码，和登记的电话后四位。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"code": "7K3M-9QXT-4R2W-PZ8N", "tail": "0000"}]},
    )

    code: str = Field(max_length=100, description="查询码；大小写、空格和横线不论")
    tail: str = Field(
        "",
        max_length=100,
        description="登记的电话后四位；没有留电话的填证件号后四位，都没有留的不填",
    )


class RatingIn(TrackingIn):
    """反映人对答复的评价。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "7K3M-9QXT-4R2W-PZ8N",
                    "tail": "0000",
                    "number": 12,
                    "solved": False,
                    "satisfaction": 2,
                    "comment": "电梯修好一天又停了",
                }
            ]
        },
    )

    number: int = Field(ge=1, lt=2**63, description="事项的编号，见查询结果")
    solved: StrictBool = Field(description="问题是否解决；答未解决的退回重新办理")
    satisfaction: int = Field(
        ge=1, le=5, description="5 非常满意，4 满意，3 基本满意，2 不满意，1 非常不满意"
    )
    comment: str = Field("", max_length=MAX_COMMENT, description="想说的话")


class MatterOut(BaseModel):
    """来件中的一个事项，反映人看到的样子。"""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="事项的编号，评价时用")
    matter: str = Field(description="一件多事时，这是哪一个事项")
    department: str = Field(description="办理单位")
    progress: str = Field(description="办到哪一步")
    opened_at: Moment = Field(description="交办时间")
    deadline_at: Moment | None = Field(description="办理期限")
    delay: str | None = Field(description="延期的理由，或暂停计时的事由；没有延期、没有暂停的为空")
    reply: str | None = Field(description="最近一次答复")
    ground: str | None = Field(description="答复所依据的法律、法规或政策；没有写的为空")
    outcome: Outcome | None = Field(
        description="solved 已解决，explained 已解释，not_supported 不予支持"
    )
    replied_at: Moment | None
    may_rate: bool = Field(description="现在可以评价")


class TrackedOut(BaseModel):
    """一件来件，反映人看到的样子。"""

    model_config = ConfigDict(from_attributes=True)

    recorded_at: Moment = Field(description="登记时间")
    progress: str = Field(description="办到哪一步")
    matters: list[MatterOut]


@router.post(
    "", response_model=TrackedOut, responses=_REFUSALS, openapi_extra={"x-body": "TrackingIn"}
)
def post_look_up(request: Request, service: ServiceHere, body: OneBody) -> Any:
    """凭查询码和电话后四位，查看自己的来件办到哪一步、怎样答复。"""
    return _look_up(request, read_as(body, TrackingIn), service, now=read_clock())


@router.post(
    "/ratings",
    response_model=TrackedOut,
    responses=_REFUSALS | _TOO_EARLY,
    openapi_extra={"x-body": "RatingIn"},
)
def post_rating(request: Request, service: ServiceHere, body: OneBody) -> Any:
    """评价答复：是否解决、是否满意；答未解决的退回重新办理。"""
    given = read_as(body, RatingIn)
    now = read_clock()
    _look_up(request, given, service, now=now)
    with service.store.writing() as session:
        return rate_tracked(
            session,
            given.code,
            given.tail,
            number=given.number,
            solved=given.solved,
            satisfaction=given.satisfaction,
            comment=given.comment,
            now=now,
        )


def _look_up(request: Request, given: TrackingIn, service: Service, *, now: datetime) -> Tracked:
    """Raises NotFound, the same for a code that is none, an unknown one and digits that do not fit;
    TooManyAttempts."""
    with service.store.writing() as session:
        attempts = begin_attempt(session, _limits(request, given, service), now=now)
        tracked = find_tracked(session, given.code, given.tail)
        if tracked is not None:
            forgive(session, attempts)
    if tracked is None:
        raise NotFound("查询码与后四位对不上，请核对回执和登记的电话；多次不符会暂停查询")
    return tracked


def _limits(request: Request, given: TrackingIn, service: Service) -> list[tuple[Limit, str]]:
    most = service.settings.tracking_failures
    window = timedelta(minutes=service.settings.tracking_lock_minutes)
    address = request.client.host if request.client else ""
    return [
        (Limit(_BY_CODE, most, window), read_code(given.code) or given.code),
        (Limit(_BY_ADDRESS, most * _ADDRESS_FACTOR, window), address),
    ]
