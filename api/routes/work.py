"""Routes of the ledger page: look through it, work on many lines at once, see how the like was
answered."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.auth import needs
from api.bodies import OneBody, read_as
from api.errors import error_body, status_of
from api.files.listcolumns import PROBLEM_COLUMNS
from api.filters import UNLESS_BLANK, Nature
from api.routes.entries import EntryId, read_data
from api.routes.ledgers import Cursor, Limit
from api.routes.lists import BOOK, FilterHere, HeadingHere, answer_book
from api.schemas.submissions import EntryOut
from api.schemas.work import (
    AT_ONCE,
    CommandsIn,
    CommandsOut,
    DoneOut,
    LedgerLinesOut,
    PickedIn,
    SimilarOut,
)
from api.service import Service, ServiceHere, read_clock
from triage.errors import InvalidInput, StoreUnavailable, TriageError
from triage.ledger.commands import run_command
from triage.ledger.ledgerlines import (
    LedgerFilter,
    Order,
    Standing,
    count_ledger_lines,
    list_ledger_lines,
)
from triage.ledger.similar import list_similar
from triage.ledger.states import EntryState, Outcome
from triage.roles import Action, Caller
from triage.submissions import Channel
from triage.transitions import COMMAND_NAMES

router = APIRouter(prefix="/v1", tags=["台账"])
Reader = Annotated[Caller, Depends(needs(Action.READ))]
ListReader = Annotated[Caller, Depends(needs(Action.READ_LISTS))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the ledger is asked for, besides what every list can be asked."""

    further: LedgerFilter
    order: Order
    soon: timedelta


def read_wanted(
    state: Annotated[
        list[EntryState] | None, Query(description="只看这些状态，可写几个"), UNLESS_BLANK
    ] = None,
    standing: Annotated[
        Standing | None,
        Query(
            description="overdue 已超期，due_soon 将到期，unaccepted 未签收，paused 停表，"
            "open 在办，closed 已离台账"
        ),
        UNLESS_BLANK,
    ] = None,
    nature: Nature = None,
    channel: Annotated[Channel | None, Query(description="渠道"), UNLESS_BLANK] = None,
    assignee: Annotated[str | None, Query(description="承办人的登录名"), UNLESS_BLANK] = None,
    outcome: Annotated[Outcome | None, Query(description="办理结果"), UNLESS_BLANK] = None,
    q: Annotated[
        str, Query(description="查找标题、正文、地点中的文字，空格隔开几个词；或条目、来件编号")
    ] = "",
    order: Annotated[
        Order,
        Query(
            description="newest 新的在前，oldest 旧的在前，urgent 最急的在前，deadline 先到期的在前"
        ),
    ] = Order.NEWEST,
    within_hours: Annotated[int, Query(ge=1, le=8784, description="多少小时内到期算将到期")] = 72,
) -> Wanted:
    """What the query asks for."""
    further = LedgerFilter(
        states=frozenset(state or ()),
        standing=standing,
        nature=nature,
        channel=channel,
        assignee=assignee,
        outcome=outcome,
        words=q,
    )
    return Wanted(further, order, timedelta(hours=within_hours))


WantedHere = Annotated[Wanted, Depends(read_wanted)]


@router.get("/ledger", response_model=LedgerLinesOut)
def get_ledger_lines(
    caller: ListReader,
    service: ServiceHere,
    wanted: FilterHere,
    more: WantedHere,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """看得到的全部台账：任意筛选、查找、排序，一次一页；第一页另给总数。"""
    now = read_clock()
    told: dict[str, Any] = {"caller": caller, "now": now, "soon": now + more.soon}
    with service.store.reading() as session:
        page = list_ledger_lines(
            session, wanted, more.further, order=more.order, limit=limit, cursor=cursor, **told
        )
        total = None
        if cursor is None:
            whole = page.next is None
            total = (
                len(page.lines)
                if whole
                else count_ledger_lines(session, wanted, more.further, **told)
            )
    return {"lines": page.lines, "next": page.next, "total": total}


@router.get("/ledger.xlsx", response_class=Response, responses=BOOK)
def get_ledger_book(
    caller: ListReader,
    service: ServiceHere,
    wanted: FilterHere,
    more: WantedHere,
    heading: HeadingHere,
) -> Response:
    """同样筛选、查找的台账，按机关打印的版式。"""
    now = read_clock()
    read = partial(
        list_ledger_lines, further=more.further, now=now, soon=now + more.soon, order=more.order
    )
    states = more.further.states
    state = next(iter(states)) if len(states) == 1 else None
    return answer_book(service, "problems", read, PROBLEM_COLUMNS, wanted, heading, state, caller)


@router.post("/entries:batch", response_model=CommandsOut, openapi_extra={"x-body": "CommandsIn"})
def post_commands(caller: Reader, service: ServiceHere, body: OneBody) -> CommandsOut:
    """对几条台账办同一个动作；每条各有结果，别人先改过的那条不办，其余照办。"""
    given = read_as(body, CommandsIn)
    if given.command not in AT_ONCE:
        raise InvalidInput(
            f"{COMMAND_NAMES[given.command]}须一条一条办，请打开该条目办理", field="command"
        )
    data = read_data(given, service)
    entries = [_do(service, picked, given, data, caller=caller) for picked in given.entries]
    done = sum(one.status == 200 for one in entries)
    return CommandsOut(done=done, failed=len(entries) - done, entries=entries)


@router.get("/entries/{entry_id}/similar", response_model=list[SimilarOut])
def get_similar(caller: Reader, service: ServiceHere, entry_id: EntryId) -> Any:
    """已答复的同类台账，最像的在前，供写回告时参考；只在看得到的范围内找。"""
    with service.store.reading() as session:
        return list_similar(session, entry_id, caller=caller)


def _do(
    service: Service,
    picked: PickedIn,
    given: CommandsIn,
    data: dict[str, Any],
    *,
    caller: Caller,
) -> DoneOut:
    """One command in a transaction of its own, so that it costs no other."""
    try:
        with service.store.writing() as session:
            entry = run_command(
                session,
                picked.id,
                given.command,
                caller=caller,
                version=picked.version,
                now=read_clock(),
                note=given.note,
                **data,
            )
    except StoreUnavailable:
        raise
    except TriageError as error:
        return DoneOut(id=picked.id, status=status_of(error)[0], **error_body(error))
    shown = None if entry.confidential else EntryOut.model_validate(entry)
    return DoneOut(id=picked.id, status=200, entry=shown)
