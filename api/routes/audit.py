"""The route by which the event log is read; `triage audit verify` proves it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.auth import needs
from api.filters import UNLESS_BLANK
from api.routes.ledgers import Cursor, Limit
from api.schemas.submissions import Moment, ReadMoment
from api.service import ServiceHere
from triage.errors import InvalidInput
from triage.ledger.audit import list_events
from triage.ledger.chain import Anchor, verify_chain
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["日志"])
Auditor = Annotated[Caller, Depends(needs(Action.READ_AUDIT))]


class EventOut(BaseModel):
    """操作日志中的一条事件。"""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: Moment
    actor: str = Field(description="谁：登录名、key:编号、model:版本、cli、citizen、clock")
    actor_name: str | None = Field(description="那位用户的姓名；不是用户的为空")
    kind: str = Field(description="何事，如 submission.recorded、entry.accept")
    submission_id: str | None
    entry_id: int | None
    payload: dict[str, Any] = Field(description="有关的代码和编号；不含来件文字和个人信息")
    hash: str = Field(description="哈希链上的一环，盖住本条和前一条的哈希")


class EventPageOut(BaseModel):
    """操作日志的一页，新的在前。"""

    model_config = ConfigDict(from_attributes=True)

    lines: list[EventOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class VerificationOut(BaseModel):
    """操作日志的哈希链核对得怎样。"""

    sound: int = Field(description="从头起连得上的有几条")
    last_id: int | None = Field(description="其中最后一条的编号")
    last_hash: str | None = Field(description="请抄录在别处，下次核对时填作 anchor_hash")
    broken_id: int | None = Field(description="第一处断开的事件；空为完好")
    broken_at: Moment | None
    reason: str | None


@router.get("/audit/verification", response_model=VerificationOut)
def get_verification(
    _caller: Auditor,
    service: ServiceHere,
    anchor_id: Annotated[
        int | None,
        Query(ge=1, lt=2**63, description="上次抄录的事件编号，与哈希一起填"),
        UNLESS_BLANK,
    ] = None,
    anchor_hash: Annotated[
        str | None, Query(max_length=64, description="上次抄录的哈希"), UNLESS_BLANK
    ] = None,
) -> VerificationOut:
    """从头核对操作日志的哈希链，指出第一处断开的地方；日志长的要等一会儿。"""
    if (anchor_id is None) != (anchor_hash is None):
        raise InvalidInput("事件编号和哈希要一起填，或都不填", field="anchor_hash")
    anchor = Anchor(anchor_id, anchor_hash) if anchor_id is not None and anchor_hash else None
    with service.store.reading() as session:
        report = verify_chain(session, anchor=anchor)
    broken = report.broken
    return VerificationOut(
        sound=report.sound,
        last_id=report.last.id if report.last else None,
        last_hash=report.last.hash if report.last else None,
        broken_id=broken.id if broken else None,
        broken_at=broken.at if broken else None,
        reason=broken.reason if broken else None,
    )


@router.get("/audit", response_model=EventPageOut)
def get_audit(
    caller: Auditor,
    service: ServiceHere,
    kind: Annotated[
        str | None, Query(description="只看一种事件，或其下各种：entry、entry.accept"), UNLESS_BLANK
    ] = None,
    actor: Annotated[str | None, Query(description="只看一人（系统）所为"), UNLESS_BLANK] = None,
    submission: Annotated[str | None, Query(description="只看一件来件的"), UNLESS_BLANK] = None,
    entry: Annotated[
        int | None, Query(ge=1, lt=2**63, description="只看一条台账的"), UNLESS_BLANK
    ] = None,
    since: Annotated[ReadMoment, Query(description="此时（含）起的")] = None,
    until: Annotated[ReadMoment, Query(description="此时（不含）前的")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """操作日志：谁、何时、何事，新的在前，一次一页。"""
    with service.store.reading() as session:
        return list_events(
            session,
            caller=caller,
            kind=kind,
            actor=actor,
            submission_id=submission,
            entry_id=entry,
            since=since,
            until=until,
            limit=limit,
            cursor=cursor,
        )
