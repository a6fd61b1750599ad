"""Routes by which tasks are planned, worked along their milestones, and closed by their effect."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from api.auth import needs
from api.bodies import OneBody, read_as
from api.schemas.entries import MAX_NUMBER
from api.schemas.submissions import ErrorOut
from api.schemas.tasks import (
    CancelIn,
    EffectIn,
    MilestoneIn,
    ProgressIn,
    StepIn,
    TaskChangeIn,
    TaskFileOut,
    TaskIn,
    TaskOut,
)
from api.service import ServiceHere, read_clock
from triage.ledger.effects import Effect, Evidence, close_task
from triage.ledger.taskfiles import get_task
from triage.ledger.tasks import (
    TaskChange,
    TaskPlan,
    cancel_task,
    change_task,
    plan_task,
    record_progress,
)
from triage.milestones import Milestone, Step
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["任务"])

Reader = Annotated[Caller, Depends(needs(Action.READ_LISTS))]
Planner = Annotated[Caller, Depends(needs(Action.PLAN_TASKS))]
TaskId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="任务的编号")]


@router.post(
    "/tasks",
    status_code=201,
    response_model=TaskOut,
    responses={404: {"model": ErrorOut, "description": "没有这个责任单位或台账条目"}},
    openapi_extra={"x-body": "TaskIn"},
)
def post_task(caller: Planner, service: ServiceHere, response: Response, body: OneBody) -> Any:
    """安排一项任务：针对一条或几条台账，时间节点从完成时限倒排。"""
    given = read_as(body, TaskIn)
    plan = TaskPlan(
        title=given.title,
        department=given.department,
        assisting=tuple(given.assisting),
        person=given.person,
        deadline=given.deadline,
        entries=tuple(given.entries),
        measures=tuple(given.measures),
        steps=_read_steps(given.steps),
        milestones=_read_milestones(given.milestones),
        problem=given.problem_id,
    )
    with service.store.writing() as session:
        task = plan_task(session, plan, caller=caller, now=read_clock())
    response.headers["Location"] = f"/v1/tasks/{task.id}"
    return task


@router.get("/tasks/{task_id}", response_model=TaskFileOut)
def get_one_task(caller: Reader, service: ServiceHere, task_id: TaskId) -> Any:
    """一项任务的全部：时间节点、进展、效果。"""
    with service.store.reading() as session:
        return get_task(session, task_id, caller=caller)


@router.patch("/tasks/{task_id}", response_model=TaskOut, openapi_extra={"x-body": "TaskChangeIn"})
def patch_task(caller: Planner, service: ServiceHere, task_id: TaskId, body: OneBody) -> Any:
    """调整一项任务；改时限或责任单位要说明原因。"""
    given = read_as(body, TaskChangeIn)
    change = TaskChange(
        title=given.title,
        department=given.department,
        assisting=None if given.assisting is None else tuple(given.assisting),
        person=given.person,
        deadline=given.deadline,
        entries=None if given.entries is None else tuple(given.entries),
        measures=None if given.measures is None else tuple(given.measures),
        steps=_read_steps(given.steps),
        milestones=_read_milestones(given.milestones),
    )
    with service.store.writing() as session:
        return change_task(
            session,
            task_id,
            change,
            caller=caller,
            version=given.version,
            now=read_clock(),
            note=given.note,
        )


@router.post(
    "/tasks/{task_id}/progress", response_model=TaskOut, openapi_extra={"x-body": "ProgressIn"}
)
def post_progress(caller: Planner, service: ServiceHere, task_id: TaskId, body: OneBody) -> Any:
    """登记进展，或一个时间节点完成；配合单位也可以登记。"""
    given = read_as(body, ProgressIn)
    with service.store.writing() as session:
        return record_progress(session, task_id, caller=caller, now=read_clock(), **dict(given))


@router.post("/tasks/{task_id}/close", response_model=TaskOut, openapi_extra={"x-body": "EffectIn"})
def post_effect(caller: Planner, service: ServiceHere, task_id: TaskId, body: OneBody) -> Any:
    """以效果完成任务：有什么变化、什么佐证、反映人怎么看。"""
    given = read_as(body, EffectIn)
    effect = Effect(
        change=given.change,
        evidence=tuple(Evidence(one.note, one.attachment) for one in given.evidence),
        ground=given.ground,
    )
    with service.store.writing() as session:
        return close_task(
            session, task_id, effect, caller=caller, version=given.version, now=read_clock()
        )


@router.post(
    "/tasks/{task_id}/cancel", response_model=TaskOut, openapi_extra={"x-body": "CancelIn"}
)
def post_cancel(caller: Planner, service: ServiceHere, task_id: TaskId, body: OneBody) -> Any:
    """取消任务，说明原因；各条台账照旧办理。"""
    given = read_as(body, CancelIn)
    with service.store.writing() as session:
        return cancel_task(session, task_id, caller=caller, now=read_clock(), **dict(given))


def _read_steps(steps: list[StepIn]) -> tuple[Step, ...]:
    return tuple(Step(step.name, step.days) for step in steps)


def _read_milestones(milestones: list[MilestoneIn]) -> tuple[Milestone, ...]:
    return tuple(Milestone(one.name, one.due) for one in milestones)
