"""Routes for deadlines: what is due, late or not signed for; the rules, the days of the town."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from api.auth import CallerHere, needs
from api.bodies import OneBody, read_as
from api.filters import UNLESS_BLANK
from api.routes.ledgers import Cursor, Limit, Urgency
from api.rulebooks import find_rulebooks
from api.schemas.deadlines import (
    DuePageOut,
    HolidayOut,
    HolidaysIn,
    HolidaysOut,
    RulebookOut,
    TermsOut,
    TimeSettingsIn,
    TimeSettingsOut,
)
from api.schemas.submissions import ErrorOut, ReadMoment
from api.service import ServiceHere, read_clock
from triage.deadlines import get_rulebook, set_terms
from triage.errors import InvalidInput
from triage.ledger.due import list_due, list_overdue, list_unaccepted
from triage.ledger.paging import check_time
from triage.ledger.recounting import recount_provisional, recount_since
from triage.ledger.timetables import (
    StoredHoliday,
    change_time_settings,
    list_holidays,
    load_time_settings,
    load_timetable,
    remove_holiday,
    set_holidays,
)
from triage.roles import Action, Caller
from triage.suggestions import NATURES

router = APIRouter(prefix="/v1", tags=["时限"])

_NO_DEPARTMENT: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "没有这个责任单位"}
}
Reader = Annotated[Caller, Depends(needs(Action.READ))]
Manager = Annotated[Caller, Depends(needs(Action.MANAGE_SETTINGS))]
DepartmentKey = Annotated[
    str | None,
    Query(description="只看一个单位的台账：代码或名称；不填为看得到的全部"),
    UNLESS_BLANK,
]


@router.get("/deadlines/due", response_model=DuePageOut, responses=_NO_DEPARTMENT)
def get_due(
    caller: Reader,
    service: ServiceHere,
    within_hours: Annotated[int, Query(ge=1, le=8784, description="此后多少小时内到期的")] = 72,
    department: DepartmentKey = None,
    urgency: Urgency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """即将到期、还没有回告的台账，先到期的在前；停表的不在内。"""
    now = read_clock()
    with service.store.reading() as session:
        return list_due(
            session,
            caller=caller,
            now=now,
            until=now + timedelta(hours=within_hours),
            department=department,
            urgency=urgency,
            limit=limit,
            cursor=cursor,
        )


@router.get("/deadlines/overdue", response_model=DuePageOut, responses=_NO_DEPARTMENT)
def get_overdue(
    caller: Reader,
    service: ServiceHere,
    department: DepartmentKey = None,
    urgency: Urgency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """已过时限、还没有回告的台账，超期最久的在前；停表的不在内。"""
    with service.store.reading() as session:
        return list_overdue(
            session,
            caller=caller,
            now=read_clock(),
            department=department,
            urgency=urgency,
            limit=limit,
            cursor=cursor,
        )


@router.get("/deadlines/unaccepted", response_model=DuePageOut, responses=_NO_DEPARTMENT)
def get_unaccepted(
    caller: Reader,
    service: ServiceHere,
    department: DepartmentKey = None,
    urgency: Urgency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """已交办、还没有签收的台账，签收时限早的在前；过期的由系统收回给受理员。"""
    with service.store.reading() as session:
        return list_unaccepted(
            session,
            caller=caller,
            now=read_clock(),
            department=department,
            urgency=urgency,
            limit=limit,
            cursor=cursor,
        )


@router.get("/deadlines/presets", response_model=list[RulebookOut])
def get_presets(_caller: CallerHere, service: ServiceHere) -> list[RulebookOut]:
    """可以采用的各套时限规则：随产品的四套，和本地数据目录里的。"""
    return [RulebookOut.tell(rulebook) for rulebook in find_rulebooks(service.settings.data_dir)]


@router.get("/deadlines/settings", response_model=TimeSettingsOut)
def get_settings(_caller: CallerHere, service: ServiceHere) -> TimeSettingsOut:
    """现行的时限规则、办公时间、提醒提前量。"""
    with service.store.reading() as session:
        return TimeSettingsOut.tell(load_time_settings(session))


@router.patch(
    "/deadlines/settings",
    response_model=TimeSettingsOut,
    responses={404: {"model": ErrorOut, "description": "没有这套时限规则"}},
    openapi_extra={"x-body": "TimeSettingsIn"},
)
def patch_settings(caller: Manager, service: ServiceHere, body: OneBody) -> TimeSettingsOut:
    """改时限设置；以后交办的按新规则，在办的不变。"""
    given = read_as(body, TimeSettingsIn).model_dump(exclude_none=True)
    preset = given.pop("preset", None)
    if preset is not None:
        if "rulebook" in given:
            raise InvalidInput("preset 和 rulebook 只填一项，请删去其一", field="preset")
        rulebooks = find_rulebooks(service.settings.data_dir)
        given["rulebook"] = get_rulebook(preset, rulebooks).as_dict()
    now = read_clock()
    with service.store.writing() as session:
        settings = change_time_settings(session, given, caller=caller, now=now)
        if "declared_years" in given:
            recount_provisional(session, now=now, who=caller.who)
    return TimeSettingsOut.tell(settings)


@router.get("/deadlines/preview", response_model=TermsOut)
def get_preview(
    _caller: CallerHere,
    service: ServiceHere,
    urgency: Annotated[int, Query(ge=1, le=4, description="1 特急，2 紧急，3 较急，4 一般")],
    nature: Annotated[
        str, Query(description="诉求性质", json_schema_extra={"enum": list(NATURES)})
    ],
    domain: Annotated[str, Query(description="领域编码")] = "",
    assigned_at: Annotated[ReadMoment, Query(description="何时交办；不填为现在")] = None,
) -> TermsOut:
    """试算：按现行规则，这样一件来件须在何时前签收、退回、办结。"""
    if nature not in NATURES:
        raise InvalidInput(f"诉求性质应为{'、'.join(NATURES)}之一，请改正", field="nature")
    start = check_time(assigned_at or read_clock(), "assigned_at")
    with service.store.reading() as session:
        timetable = load_timetable(session)
    rule = timetable.rulebook.choose(urgency=urgency, nature=nature, domain_code=domain)
    return TermsOut.tell(rule, set_terms(rule, assigned_at=start, calendar=timetable.calendar))


@router.get("/holidays", response_model=HolidaysOut)
def get_holidays(
    _caller: CallerHere,
    service: ServiceHere,
    year: Annotated[
        int | None, Query(ge=2000, le=2999, description="只看一年"), UNLESS_BLANK
    ] = None,
) -> HolidaysOut:
    """本地录入的节假日和调休；没有录入的按公布的日历。"""
    with service.store.reading() as session:
        return _tell_holidays(list_holidays(session, year=year))


@router.put("/holidays", response_model=HolidaysOut, openapi_extra={"x-body": "HolidaysIn"})
def put_holidays(caller: Manager, service: ServiceHere, body: OneBody) -> HolidaysOut:
    """录入放假或上班的日子；在办台账的时限随之重新推算。"""
    given = read_as(body, HolidaysIn).holidays
    holidays = [StoredHoliday(one.day, one.working, one.note) for one in given]
    now = read_clock()
    with service.store.writing() as session:
        set_holidays(session, holidays, caller=caller, now=now)
        first = min(holiday.day for holiday in holidays)
        recounted = recount_since(session, first, now=now, who=caller.who)
        return _tell_holidays(list_holidays(session), recounted)


@router.delete("/holidays/{day}", response_model=HolidaysOut)
def delete_holiday(
    caller: Manager,
    service: ServiceHere,
    day: Annotated[date, Path(description="日期，如 2027-02-08")],
) -> HolidaysOut:
    """删去录入的一天，仍按公布的日历；在办台账的时限随之重新推算。"""
    now = read_clock()
    with service.store.writing() as session:
        remove_holiday(session, day, caller=caller, now=now)
        recounted = recount_since(session, day, now=now, who=caller.who)
        return _tell_holidays(list_holidays(session), recounted)


def _tell_holidays(holidays: tuple[StoredHoliday, ...], recounted: int = 0) -> HolidaysOut:
    told = [HolidayOut.model_validate(holiday) for holiday in holidays]
    return HolidaysOut(holidays=told, recounted=recounted)
