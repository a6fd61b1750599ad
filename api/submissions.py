"""Routes by which submissions come in and are looked up again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from api.auth import needs
from api.bodies import OneBody, read_body, read_json
from api.errors import error_body, status_of
from api.intake import Taken, take_in, take_in_batch
from api.schemas import (
    BatchOut,
    Destination,
    EntryOut,
    FileOut,
    RowOut,
    SubmissionOut,
    TakenOut,
    TextIn,
    read_row,
    read_submission,
)
from api.service import Service, ServiceHere, read_clock
from triage.errors import InvalidInput
from triage.ledger.queries import get_submission
from triage.ledger.records import Filed
from triage.ledger.states import SubmissionStatus
from triage.ledger.views import StoredSubmission
from triage.roles import Action, Caller
from triage.suggestions import Suggestion

router = APIRouter(prefix="/v1", tags=["来件"])
_CONFIDENTIAL = "这件来件涉及检举控告，已转入纪检台账，只有纪检人员可以查看"


async def _batch_body(request: Request, service: ServiceHere) -> bytes:
    return await read_body(request, limit=service.settings.max_batch_bytes)


Sender = Annotated[Caller, Depends(needs(Action.SUBMIT))]
BatchBody = Annotated[bytes, Depends(_batch_body)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="幂等键：同键同内容重发，只入库一次"),
]


@router.post(
    "/submissions",
    status_code=201,
    response_model=TakenOut,
    responses={200: {"model": TakenOut, "description": "此前已有同样的来件，答现在的样子"}},
    openapi_extra={"x-body": "SubmissionIn"},
)
def post_submission(
    caller: Sender,
    service: ServiceHere,
    response: Response,
    body: OneBody,
    idempotency_key: IdempotencyKey = None,
) -> TakenOut:
    """报送一件来件：标注、入库，有把握的直接进主办单位台账，没把握的等人工复核。"""
    now = read_clock()
    submission = read_submission(read_json(body), now=now)
    taken = take_in(
        service, submission, source=caller.who, idempotency_key=idempotency_key, now=now
    )
    if not taken.created:
        response.status_code = 200
    response.headers["Location"] = f"/v1/submissions/{taken.file.submission.id}"
    return _taken_out(taken, caller)


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
        _row_out(index, row, outcome, caller)
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
    submission_id: str,
) -> Any:
    """一件来件的全部：原文、系统建议、台账条目、历次认定。"""
    with service.store.reading() as session:
        return get_submission(
            session,
            submission_id,
            may_see_confidential=caller.may_see_confidential,
            reach=caller.reach,
        )


@router.post("/suggest", response_model=Suggestion, openapi_extra={"x-body": "TextIn"})
def post_suggest(
    _caller: Annotated[Caller, Depends(needs(Action.SUGGEST))], service: ServiceHere, body: OneBody
) -> Suggestion:
    """只看标注，不入库：领域、紧急程度、性质、标签、地点、责任单位，各有依据。"""
    submission = read_submission(read_json(body), now=read_clock(), schema=TextIn)
    return service.desk.suggest(submission)


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


def _is_hidden(submission: StoredSubmission, caller: Caller) -> bool:
    """Whether the caller may hand it in but not see what becomes of it (Art. 30)."""
    return submission.confidential and not caller.may_see_confidential


def _destination(submission: StoredSubmission) -> Destination:
    waits = submission.status is SubmissionStatus.REVIEW
    return Destination.REVIEW if waits else Destination.LEDGER


def _taken_out(taken: Taken, caller: Caller) -> TakenOut:
    file = taken.file
    submission = SubmissionOut.model_validate(file.submission)
    if _is_hidden(file.submission, caller):
        return TakenOut(
            submission=submission,
            destination=Destination.DISCIPLINE,
            suggestion=None,
            entry=None,
            notice=_CONFIDENTIAL,
        )
    return TakenOut(
        submission=submission,
        destination=_destination(file.submission),
        suggestion=file.suggestion,
        entry=EntryOut.model_validate(file.entries[-1]) if file.entries else None,
    )


def _row_out(index: int, row: Any, filed: Filed, caller: Caller) -> RowOut:
    if filed.error is not None:
        sent_id = row.get("id") if isinstance(row, dict) else None
        status, _ = status_of(filed.error)
        return RowOut(
            index=index,
            id=sent_id if isinstance(sent_id, str) else None,
            status=status,
            **error_body(filed.error),
        )
    assert filed.submission is not None  # noqa: S101 - it stands wherever there is no error
    hidden = _is_hidden(filed.submission, caller)
    return RowOut(
        index=index,
        id=filed.submission.id,
        status=201 if filed.created else 200,
        destination=Destination.DISCIPLINE if hidden else _destination(filed.submission),
        entry=EntryOut.model_validate(filed.entry) if filed.entry and not hidden else None,
    )
