"""Routes of the first page and of the review queue: what waits, what to decide, how it goes."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.auth import CallerHere, needs
from api.routes.ledgers import Cursor, Urgency
from api.schemas.home import HomeOut, ReviewDayOut, ReviewSheetsOut
from api.service import ServiceHere, read_clock
from triage.ledger.reviewing import MOST_LINES, count_review_day, list_review_sheets
from triage.ledger.waiting import list_waiting
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["工作台"])
Reviewer = Annotated[Caller, Depends(needs(Action.READ_REVIEW))]


@router.get("/home", response_model=HomeOut)
def get_home(caller: CallerHere, service: ServiceHere) -> Any:
    """等着调用者办的各类事：多少件、最先的几件；超期的在前，检举控告只给件数。"""
    now = read_clock()
    with service.store.reading() as session:
        return {"now": now, "cards": list_waiting(session, caller=caller, now=now)}


@router.get("/reviews", response_model=ReviewSheetsOut)
def get_reviews(
    caller: Reviewer,
    service: ServiceHere,
    urgency: Urgency = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES, description="每页几件")] = 10,
    cursor: Cursor = None,
) -> Any:
    """待复核的来件，一件一件看全：全文、依据、备选、疑似重复。"""
    with service.store.reading() as session:
        return list_review_sheets(
            session, caller=caller, urgency=urgency, limit=limit, cursor=cursor
        )


@router.get("/reviews/today", response_model=ReviewDayOut)
def get_review_day(caller: Reviewer, service: ServiceHere) -> Any:
    """今天系统对了几成：认定了多少件，照建议的、更正的各多少，改了哪些项。"""
    with service.store.reading() as session:
        return count_review_day(session, caller=caller, now=read_clock())
