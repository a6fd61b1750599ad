"""Routes of common problems: the list, one of them, themes, what is new, tasks, corrections."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from api.auth import needs
from api.background.placing import place_all
from api.background.regroup import regroup_problems
from api.bodies import OneBody, read_as
from api.filters import UNLESS_BLANK
from api.routes.ledgers import Cursor, Limit
from api.schemas.entries import MAX_NUMBER
from api.schemas.problems import (
    CorrectedOut,
    CorrectionIn,
    EmergingOut,
    MembersPageOut,
    ProblemFileOut,
    ProblemsPageOut,
    RegroupedOut,
    TaskDraftOut,
    ThemesOut,
    spell,
)
from api.schemas.submissions import ErrorOut
from api.service import Service, ServiceHere, read_clock
from triage.ledger.corrections import Correction, correct_problem
from triage.ledger.problemlist import (
    ProblemFilter,
    StoredProblem,
    get_problem,
    list_common_problems,
    list_members,
)
from triage.ledger.states import ProblemState
from triage.ledger.tasksuggestions import suggest_task
from triage.ledger.themelist import KIND_NAMES, list_emerging, list_seasons, list_themes
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["共性问题"])
_HOTTEST = 5  # problems named with a theme


def _after_placing(
    caller: Annotated[Caller, Depends(needs(Action.READ_PROBLEMS))], service: ServiceHere
) -> Caller:
    """Who looks at the problems sees what came in up to now."""
    place_all(service.store, now=read_clock())
    return caller


Reader = Annotated[Caller, Depends(_after_placing)]
Corrector = Annotated[Caller, Depends(needs(Action.CORRECT_PROBLEMS))]
Planner = Annotated[Caller, Depends(needs(Action.PLAN_TASKS))]
ProblemId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="共性问题的编号")]


@router.get("/problems", response_model=ProblemsPageOut)
def get_problems(
    caller: Reader,
    service: ServiceHere,
    state: Annotated[ProblemState, Query(description="只看一种状态")] = ProblemState.OPEN,
    division: Annotated[
        str | None,
        Query(description="行政区划代码，省、市、县含其下各级", max_length=12),
        UNLESS_BLANK,
    ] = None,
    domain: Annotated[
        str | None, Query(description="领域编码，上级编码含其下各级", max_length=32), UNLESS_BLANK
    ] = None,
    department: Annotated[
        str | None, Query(description="责任单位的代码或名称"), UNLESS_BLANK
    ] = None,
    theme: Annotated[
        str | None, Query(description="主题的代号", max_length=100), UNLESS_BLANK
    ] = None,
    size: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="至少几件来件"), UNLESS_BLANK
    ] = None,
    q: Annotated[
        str | None, Query(description="名称里的字", min_length=1, max_length=50), UNLESS_BLANK
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """共性问题，热度高的在前；属于某单位的人只看到本单位及下属单位有来件的。"""
    wanted = ProblemFilter(
        state=state,
        division=division,
        domain=domain,
        department=department,
        theme=theme,
        size=size,
        q=q,
    )
    with service.store.reading() as session:
        page = list_common_problems(session, wanted, caller=caller, limit=limit, cursor=cursor)
    return spell(page, divisions=_name_divisions(service, *page.lines))


@router.post(
    "/problems:regroup",
    response_model=RegroupedOut,
    responses={409: {"model": ErrorOut, "description": "正在重新归并"}},
)
def post_regroup(caller: Corrector, service: ServiceHere) -> Any:
    """现在就把两年来的来件全部重新归并一遍；平时每天夜里自动做。人的更正不变。"""
    return regroup_problems(service.store, read_clock(), caller=caller)


@router.get("/problems/{problem_id}", response_model=ProblemFileOut)
def get_one_problem(caller: Reader, service: ServiceHere, problem_id: ProblemId) -> Any:
    """一个共性问题的全部：来件、时间线、数字、任务、更正。"""
    with service.store.reading() as session:
        file = get_problem(session, problem_id, caller=caller)
    return spell(file, divisions=_name_divisions(service, file.problem))


@router.get("/problems/{problem_id}/members", response_model=MembersPageOut)
def get_members(
    caller: Reader,
    service: ServiceHere,
    problem_id: ProblemId,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """一个共性问题的来件，新收到的在前；只有调用者看得到的。"""
    with service.store.reading() as session:
        return list_members(session, problem_id, caller=caller, limit=limit, cursor=cursor)


@router.post(
    "/problems/{problem_id}/corrections",
    response_model=CorrectedOut,
    responses={409: {"model": ErrorOut, "description": "刚被他人更正过，或已并入别的问题"}},
    openapi_extra={"x-body": "CorrectionIn"},
)
def post_correction(
    caller: Corrector, service: ServiceHere, problem_id: ProblemId, body: OneBody
) -> dict[str, int]:
    """更正一个共性问题：改名、合并、拆分、移出、加入、标为不是共性问题、恢复。"""
    given = read_as(body, CorrectionIn)
    correction = Correction(
        kind=given.kind,
        name=given.name,
        other=given.other,
        submissions=tuple(given.submissions),
        note=given.note,
    )
    with service.store.writing() as session:
        shown = correct_problem(
            session,
            problem_id,
            correction,
            caller=caller,
            version=given.version,
            now=read_clock(),
        )
    return {"id": shown}


@router.post("/problems/{problem_id}/tasks:suggest", response_model=TaskDraftOut)
def post_task_suggestion(
    caller: Planner, service: ServiceHere, problem_id: ProblemId
) -> dict[str, Any]:
    """为一个共性问题拟一份任务草稿；安排与否由人决定，用 POST /v1/tasks。"""
    with service.store.reading() as session:
        draft = suggest_task(
            session,
            problem_id,
            caller=caller,
            now=read_clock(),
            places=service.desk.divisions.gazetteer.present(),
        )
    return draft.as_dict() | {"problem_id": problem_id}


def _name_divisions(service: Service, *problems: StoredProblem) -> dict[str, str]:
    """Code to name of the divisions that these problems are in."""
    names = service.desk.divisions.gazetteer.present()
    codes = {code for problem in problems for code in problem.divisions}
    return {code: names.get(code, code) for code in sorted(codes)}


@router.get("/themes", response_model=ThemesOut)
def get_themes(
    caller: Reader,
    service: ServiceHere,
    size: Annotated[int, Query(ge=2, le=1_000_000, description="至少几件来件的问题才算")] = 2,
) -> dict[str, Any]:
    """主题：许多地方的同一类事，涉及区划多的在前。"""
    with service.store.reading() as session:
        lines = list_themes(session, caller=caller, size=size)
    names = service.desk.divisions.gazetteer.present()
    codes = {code for line in lines for code in line.count.divisions}
    return {
        "themes": [
            {
                "key": line.count.theme.key,
                "name": line.count.theme.name,
                "problems": len(line.count.problems),
                "hottest": [
                    {"id": int(one), "name": line.names[one]}
                    for one in line.count.problems[:_HOTTEST]
                ],
                "size": line.count.size,
                "reporters": line.count.reporters,
                "divisions": line.count.divisions,
            }
            for line in lines
        ],
        "divisions": {code: names.get(code, code) for code in sorted(codes)},
    }


@router.get("/emerging", response_model=EmergingOut)
def get_emerging(caller: Reader, service: ServiceHere) -> dict[str, Any]:
    """近七天比往常明显多的，和每年到时候就来的（年历）。"""
    now = read_clock()
    with service.store.reading() as session:
        bursts = list_emerging(session, caller=caller, now=now)
        seasons = list_seasons(session, caller=caller, now=now)
    return {
        "bursts": [
            spell(
                one.burst,
                kind=one.kind,
                kind_name=KIND_NAMES[one.kind],
                name=one.name,
                ratio=one.burst.ratio,
            )
            for one in bursts
        ],
        "calendar": [
            spell(one.season, kind=one.kind, kind_name=KIND_NAMES[one.kind], name=one.name)
            for one in seasons
        ],
    }
