"""Routes by which submissions come in and are looked up again."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from api.auth import needs
from api.bodies import OneBody, mend_text, read_as, read_body, read_json
from api.errors import error_body, status_of
from api.intake import Taken, take_in, take_in_batch
from api.plainroute import PlainRoute
from api.schemas.repeats import AcceptedOut, RepeatOut, Suggested, add_repeats
from api.schemas.submissions import (
    AlarmIn,
    BatchOut,
    Destination,
    EntryOut,
    FileOut,
    ReasonIn,
    RowOut,
    SubmissionOut,
    SubmitterOut,
    TextIn,
    read_row,
    read_submission,
)
from api.service import Service, ServiceHere, read_clock
from api.slashes import SubmissionId
from triage.errors import InvalidInput
from triage.ledger.discipline import alarm_brought
from triage.ledger.queries import get_submission
from triage.ledger.records import Filed
from triage.ledger.repeatlist import RepeatLine, find_lines, list_first_repeats
from triage.ledger.repeats import find_repeats
from triage.ledger.states import SubmissionStatus
from triage.ledger.submitters import unmask
from triage.ledger.tracking import reissue_code
from triage.ledger.views import StoredSubmission
from triage.repeats import read_wording
from triage.roles import Action, Caller
from triage.submitters import Submitter
from triage.tracking import make_code

router = APIRouter(prefix="/v1", tags=["来件"], route_class=PlainRoute)
_CONFIDENTIAL = "这件来件涉及检举控告，已转入纪检台账，只有纪检人员可以查看"


async def _batch_body(request: Request, service: ServiceHere) -> bytes:
    return await read_body(request, limit=service.settings.max_batch_bytes)


class CodeOut(BaseModel):
    """补发的查询码。"""

    tracking_code: str = Field(description="查询码，与回执上原来的相同")


Sender = Annotated[Caller, Depends(needs(Action.SUBMIT))]
BatchBody = Annotated[bytes, Depends(_batch_body)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="幂等键：同键同内容重发，只入库一次"),
]


@router.post(
    "/submissions",
    status_code=201,
    response_model=AcceptedOut,
    responses={200: {"model": AcceptedOut, "description": "此前已有同样的来件，答现在的样子"}},
    openapi_extra={"x-body": "SubmissionIn"},
)
def post_submission(
    caller: Sender,
    service: ServiceHere,
    body: OneBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """报送一件来件：标注、入库，有把握的直接进主办单位台账，没把握的等人工复核。"""
    submission = read_submission(read_json(body), now=read_clock())
    taken = take_in(service, submission, source=caller.who, idempotency_key=idempotency_key)
    # Spelt here, once: FastAPI would check again what was put together from checked parts.
    return Response(
        _accepted_out(taken, caller, service).model_dump_json(),
        status_code=201 if taken.created else 200,
        headers={"Location": f"/v1/submissions/{quote(taken.file.submission.id, safe='')}"},
        media_type="application/json",
    )


@router.post(
    "/submissions:batch",
    response_model=BatchOut,
    response_model_exclude_none=True,
    openapi_extra={"x-body": "BatchIn"},
)
def post_batch(caller: Sender, service: ServiceHere, body: BatchBody) -> BatchOut:
    """报送一批来件：每件各有结果，分段入库；中途断线时已入库的不丢，整批重发也无害。"""
    now = read_clock()
    rows = _read_rows(read_json(body), service)
    submissions = [read_row(row, now=now) for row in rows]
    filed = take_in_batch(service, submissions, source=caller.who, now=now)
    told = [
        _row_out(index, row, outcome, caller, service)
        for index, (row, outcome) in enumerate(zip(rows, filed, strict=True))
    ]
    statuses = [row.status for row in told]
    created, existing = statuses.count(201), statuses.count(200)
    return BatchOut(
        created=created,
        existing=existing,
        failed=len(told) - created - existing,
        rows=told,
    )


@router.get("/submissions/{submission_id}", response_model=FileOut)
def get_one(
    caller: Annotated[Caller, Depends(needs(Action.READ))],
    service: ServiceHere,
    submission_id: SubmissionId,
) -> Any:
    """一件来件的全部：原文、系统建议、台账条目、历次认定、反映人（遮盖）。"""
    with service.store.reading() as session:
        return get_submission(
            session,
            submission_id,
            may_see_confidential=False,
            reach=caller.reach,
        )


@router.post(
    "/submissions/{submission_id}/submitter",
    response_model=SubmitterOut,
    openapi_extra={"x-body": "ReasonIn"},
)
def post_unmask(
    caller: Annotated[Caller, Depends(needs(Action.UNMASK))],
    service: ServiceHere,
    submission_id: SubmissionId,
    body: OneBody,
) -> Any:
    """查看反映人的姓名、电话、证件号、住址；须说明理由，谁、何时、为何查看记入日志。"""
    reason = read_as(body, ReasonIn).reason
    caller.require(Action.READ)
    with service.store.writing() as session:
        get_submission(session, submission_id, may_see_confidential=False, reach=caller.reach)
        submitter = unmask(session, submission_id, caller=caller, reason=reason, now=read_clock())
    return submitter or Submitter()


@router.post(
    "/submissions/{submission_id}/tracking",
    response_model=CodeOut,
    openapi_extra={"x-body": "ReasonIn"},
)
def post_reissue(
    caller: Sender, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> CodeOut:
    """补发查询码给丢了回执的反映人；核对身份后再告诉本人。须说明理由，记入日志；承办单位不能补发。"""
    reason = read_as(body, ReasonIn).reason
    caller.require(Action.READ)
    with service.store.writing() as session:
        get_submission(session, submission_id, may_see_confidential=False, reach=caller.reach)
        code = reissue_code(session, submission_id, caller=caller, reason=reason, now=read_clock())
    return CodeOut(tracking_code=code)


@router.post(
    "/submissions/{submission_id}/alarm",
    status_code=204,
    response_class=Response,
    openapi_extra={"x-body": "AlarmIn"},
)
def post_alarm(
    caller: Sender, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> None:
    """本人报送的一件已封存：记下已转紧急热线；先拨电话，再记。只有纪检员看得到，重复提交无害。"""
    given = read_as(body, AlarmIn)
    with service.store.writing() as session:
        alarm_brought(
            session,
            submission_id,
            caller=caller,
            now=read_clock(),
            line=given.to,
            note=given.note,
        )


@router.post("/suggest", response_model=Suggested, openapi_extra={"x-body": "TextIn"})
def post_suggest(
    caller: Annotated[Caller, Depends(needs(Action.SUGGEST))], service: ServiceHere, body: OneBody
) -> Response:
    """只看标注，不入库：领域、紧急程度、性质、标签、地点、责任单位，各有依据；可能与哪些来件重复。"""
    submission = read_submission(read_json(body), now=read_clock(), schema=TextIn)
    suggestion = service.suggesting.ask(submission)
    lines: tuple[RepeatLine, ...] = ()
    if not suggestion.confidential and caller.may(Action.READ):
        wording = read_wording(submission.title, submission.content, submission.place)
        with service.store.looking() as connection:
            found = find_repeats(connection, wording)
        if found:
            with service.store.reading() as session:
                lines = find_lines(session, found, caller=caller)
    told = add_repeats(suggestion, lines, content=submission.content)
    return Response(to_json(told), media_type="application/json")


def _read_rows(sent: Any, service: Service) -> list[Any]:
    """The rows of a batch. Raises InvalidInput where the body is no batch or a too long one."""
    if not isinstance(sent, dict) or not isinstance(sent.get("submissions"), list):
        raise InvalidInput('请求体应形如 {"submissions": [来件, …]}，请改正', field="submissions")
    rows: list[Any] = sent["submissions"]
    most = service.settings.max_batch_rows
    if not 1 <= len(rows) <= most:
        raise InvalidInput(
            f"一批应有 1 到 {most} 件，收到 {len(rows)} 件，请分批报送", field="submissions"
        )
    return rows


def _find_code(submission: StoredSubmission, caller: Caller, service: Service) -> str | None:
    """The tracking code for the receipt: for whoever brought the submission, and nobody else."""
    ring = service.store.ring
    if ring is None or submission.source != caller.who:
        return None
    return make_code(ring, submission.id)


def _destination(submission: StoredSubmission) -> Destination:
    if submission.confidential:  # handed in, but nobody here sees what becomes of it (Art. 30)
        return Destination.DISCIPLINE
    waits = submission.status is SubmissionStatus.REVIEW
    return Destination.REVIEW if waits else Destination.LEDGER


def _accepted_out(taken: Taken, caller: Caller, service: Service) -> AcceptedOut:
    """The answer to one submission, with what it probably repeats (not for an accusation)."""
    file = taken.file
    hidden = file.submission.confidential
    shown = not hidden and bool(file.entries)
    return AcceptedOut(
        submission=SubmissionOut.model_validate(file.submission),
        destination=_destination(file.submission),
        suggestion=None if hidden else file.suggestion,
        entry=EntryOut.model_validate(file.entries[-1]) if shown else None,
        tracking_code=_find_code(file.submission, caller, service),
        notice=_CONFIDENTIAL if hidden else None,
        repeats=[RepeatOut.model_validate(line) for line in _list_repeats(taken, caller, service)],
    )


def _list_repeats(taken: Taken, caller: Caller, service: Service) -> tuple[RepeatLine, ...]:
    submission = taken.file.submission
    if submission.confidential or not caller.may(Action.READ):
        return ()
    if taken.created and (caller.reach is None or not taken.repeats):
        return taken.repeats
    with service.store.reading() as session:
        return list_first_repeats(session, submission.id, caller=caller)


def _row_out(index: int, row: Any, filed: Filed, caller: Caller, service: Service) -> RowOut:
    if filed.error is not None:
        sent_id = row.get("id") if isinstance(row, dict) else None
        status, _ = status_of(filed.error)
        return RowOut(
            index=index,
            id=mend_text(sent_id) if isinstance(sent_id, str) else None,
            status=status,
            **error_body(filed.error),
        )
    assert filed.submission is not None  # noqa: S101 - it stands wherever there is no error
    stored = filed.submission
    return RowOut(
        index=index,
        id=stored.id,
        status=201 if filed.created else 200,
        destination=_destination(stored),
        entry=EntryOut.model_validate(filed.entry) if filed.entry else None,
        tracking_code=_find_code(stored, caller, service),
    )
