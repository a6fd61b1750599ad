"""Routes for statistics: rates, hours by stage, first-dispatch accuracy, each by what is asked.

What they answer is also printed: `statisticbooks` makes workbooks of the same tables.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.auth import needs
from api.filters import UNLESS_BLANK
from api.schemas.statistics import (
    DispatchOut,
    DispatchTableOut,
    StagesOut,
    StagesTableOut,
    WorkTableOut,
    WritingOut,
    WritingTableOut,
    tell_about,
    tell_work,
)
from api.schemas.submissions import ReadMoment
from api.service import Service, ServiceHere, read_clock
from triage.ledger.replystatistics import measure_writing
from triage.ledger.selection import By, Selection
from triage.ledger.statistics import (
    count_repeats,
    count_work,
    measure_dispatch,
    measure_stages,
)
from triage.roles import Action, Caller
from triage.submissions import Channel

router = APIRouter(prefix="/v1", tags=["统计"])

Reader = Annotated[Caller, Depends(needs(Action.READ_STATISTICS))]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks for: which entries, and by what they are grouped."""

    selection: Selection
    by: By | None
    level: int


def read_query(
    since: Annotated[
        ReadMoment, Query(description="此时（含）起交办的；不写时区按北京时间算")
    ] = None,
    until: Annotated[ReadMoment, Query(description="此时（不含）前交办的")] = None,
    by_deadline: Annotated[
        bool, Query(description="true：时段按办理时限算，即此间到期的；false：按首次交办算")
    ] = False,
    by: Annotated[
        By | None,
        Query(
            description="按什么分组，不填只给合计：department 单位，division 区划，domain 领域，"
            "urgency 紧急程度，nature 诉求性质，channel 渠道，day 日，week 周，month 月"
        ),
        UNLESS_BLANK,
    ] = None,
    level: Annotated[int, Query(ge=1, le=3, description="按领域分组时分到第几级")] = 1,
    department: Annotated[
        str | None, Query(description="只算一个主办单位，代码或名称"), UNLESS_BLANK
    ] = None,
    division: Annotated[
        str | None, Query(description="只算一个行政区划，编码，上级编码含其下各级"), UNLESS_BLANK
    ] = None,
    domain: Annotated[
        str | None, Query(description="只算一个领域，编码，上级编码含其下各级"), UNLESS_BLANK
    ] = None,
    urgency: Annotated[
        int | None, Query(ge=1, le=4, description="只算一级紧急程度"), UNLESS_BLANK
    ] = None,
    channel: Annotated[Channel | None, Query(description="只算一种渠道"), UNLESS_BLANK] = None,
) -> Asked:
    """The query as the ledger takes it."""
    selection = Selection(
        since=since,
        until=until,
        by_deadline=by_deadline,
        department=department,
        division=division,
        domain=domain,
        urgency=urgency,
        channel=channel and channel.value,
    )
    return Asked(selection, by, level)


AskedHere = Annotated[Asked, Depends(read_query)]


@router.get("/statistics", response_model=WorkTableOut)
def get_statistics(caller: Reader, service: ServiceHere, asked: AskedHere) -> Any:
    """回复率、按时回复率、办结率、满意率、解决率、退件率、重复率，分子分母都在。"""
    return tell_statistics(service, asked, caller)


@router.get("/statistics/hours", response_model=StagesTableOut)
def get_hours(caller: Reader, service: ServiceHere, asked: AskedHere) -> Any:
    """各环节用了多少小时：中位数，和九成条目不超过的小时数。"""
    return tell_hours(service, asked, caller)


@router.get("/statistics/dispatch", response_model=DispatchTableOut)
def get_dispatch(caller: Reader, service: ServiceHere, asked: AskedHere) -> Any:
    """首次派单准确率：系统首次建议的主办单位，有多少没有被改掉。"""
    return tell_dispatch(service, asked, caller)


@router.get("/statistics/replies", response_model=WritingTableOut)
def get_writing(caller: Reader, service: ServiceHere, asked: AskedHere) -> Any:
    """回告质量：疑似敷衍的有多少，针对性、完整性、依据、措施平均几分；只供参考。"""
    return tell_writing(service, asked, caller)


def tell_statistics(service: Service, asked: Asked, caller: Caller) -> dict[str, Any]:
    """What came and what became of it, in all and by group."""
    now = read_clock()
    with service.store.reading() as session:
        tallies = count_work(
            session, asked.selection, caller=caller, now=now, by=asked.by, level=asked.level
        )
        repeats = count_repeats(
            session, asked.selection, caller=caller, by=asked.by, level=asked.level
        )
    return tell_about(asked.selection, by=asked.by, now=now) | tell_work(tallies, repeats)


def tell_hours(service: Service, asked: Asked, caller: Caller) -> dict[str, Any]:
    """How long each stage took, in all and by group."""
    with service.store.reading() as session:
        table = measure_stages(
            session, asked.selection, caller=caller, by=asked.by, level=asked.level
        )
    groups = [
        StagesOut.tell(group.figures, key=group.key, name=group.name) for group in table.groups
    ]
    told = {"total": StagesOut.tell(table.total), "groups": groups}
    return tell_about(asked.selection, by=asked.by, now=read_clock()) | told


def tell_dispatch(service: Service, asked: Asked, caller: Caller) -> dict[str, Any]:
    """How often the first suggestion of a department stood, in all and by group."""
    with service.store.reading() as session:
        table = measure_dispatch(
            session, asked.selection, caller=caller, by=asked.by, level=asked.level
        )
    groups = [
        DispatchOut.tell(group.figures, key=group.key, name=group.name) for group in table.groups
    ]
    told = {"total": DispatchOut.tell(table.total), "groups": groups}
    return tell_about(asked.selection, by=asked.by, now=read_clock()) | told


def tell_writing(service: Service, asked: Asked, caller: Caller) -> dict[str, Any]:
    """How well replies are written, in all and by group."""
    with service.store.reading() as session:
        table = measure_writing(
            session, asked.selection, caller=caller, by=asked.by, level=asked.level
        )
    groups = [
        WritingOut.tell(group.figures, key=group.key, name=group.name) for group in table.groups
    ]
    told = {"total": WritingOut.tell(table.total), "groups": groups}
    return tell_about(asked.selection, by=asked.by, now=read_clock()) | told
