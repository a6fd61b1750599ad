"""The route by which the event log is read; `triage audit verify` proves it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.auth import needs
from api.routes.ledgers import Cursor, Limit
from api.schemas.submissions import Moment, ReadMoment
from api.service import ServiceHere
from triage.ledger.audit import list_events
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["日志"])
Auditor = Annotated[Caller, Depends(needs(Action.READ_AUDIT))]


class EventOut(BaseModel):
    """操作日志中的一条事件。"""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: Moment
    actor: str = Field(description="谁：登录名、key:编号、model:版本、cli、citizen、clock")
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


@router.get("/audit", response_model=EventPageOut)
def get_audit(
    caller: Auditor,
    service: ServiceHere,
    kind: Annotated[
        str | None, Query(description="只看一种事件，或其下各种：entry、entry.accept")
    ] = None,
    actor: Annotated[str | None, Query(description="只看一人（系统）所为")] = None,
    submission: Annotated[str | None, Query(description="只看一件来件的")] = None,
    entry: Annotated[int | None, Query(ge=1, lt=2**63, description="只看一条台账的")] = None,
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
