"""Routes of repeats: what a submission is probably the same as; merged, or called none."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.auth import needs
from api.bodies import OneBody, read_as
from api.filters import UNLESS_BLANK
from api.routes.ledgers import Cursor, Limit
from api.schemas.repeats import (
    RepeatDismissIn,
    RepeatMergeIn,
    RepeatPageOut,
    RepeatsOut,
    mark,
)
from api.schemas.submissions import EntryOut
from api.service import ServiceHere, read_clock
from api.slashes import SubmissionId
from triage.ledger.repeatdecisions import dismiss_repeat, merge_repeat
from triage.ledger.repeatlist import list_all_repeats, list_in_other_words, list_repeats
from triage.ledger.states import RepeatState
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["重复来件"])

Reader = Annotated[Caller, Depends(needs(Action.READ))]
Assigner = Annotated[Caller, Depends(needs(Action.ASSIGN))]


@router.get("/submissions/{submission_id}/repeats", response_model=RepeatsOut)
def get_repeats(
    caller: Reader,
    service: ServiceHere,
    submission_id: SubmissionId,
    state: Annotated[
        RepeatState | None, Query(description="只看这一种；缺省看疑似和已并件的"), UNLESS_BLANK
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Any:
    """一件来件与哪些来件疑似重复，不同的字词已标出；认定“不是重复”的不再列出。"""
    with service.store.reading() as session:
        page = list_repeats(
            session, submission_id, caller=caller, state=state, limit=limit, cursor=cursor
        )
        others = (
            list_in_other_words(session, submission_id, caller=caller)
            if cursor is None and state is None
            else ()
        )
    lines = [mark(line, line.submission.content if line.submission else "") for line in page.lines]
    return {"lines": lines, "in_other_words": others, "next": page.next}


@router.post(
    "/submissions/{submission_id}/repeats:merge",
    response_model=EntryOut,
    openapi_extra={"x-body": "RepeatMergeIn"},
)
def post_repeat_merge(
    caller: Assigner, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> Any:
    """并件：本件的条目并入另一件的条目，反映人各得答复；答本件条目此后的样子。"""
    given = read_as(body, RepeatMergeIn)
    with service.store.writing() as session:
        return merge_repeat(
            session,
            submission_id,
            given.other,
            caller=caller,
            version=given.version,
            now=read_clock(),
            note=given.note,
            entry_id=given.entry,
            into=given.into,
        )


@router.post(
    "/submissions/{submission_id}/repeats:dismiss",
    status_code=204,
    response_class=Response,
    openapi_extra={"x-body": "RepeatDismissIn"},
)
def post_repeat_dismissal(
    caller: Assigner, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> None:
    """认定不是同一事项，以后不再提示这一对；重复提交无害。"""
    given = read_as(body, RepeatDismissIn)
    with service.store.writing() as session:
        dismiss_repeat(
            session,
            submission_id,
            given.other,
            caller=caller,
            now=read_clock(),
            note=given.note,
        )


@router.get("/repeats", response_model=RepeatPageOut)
def get_all_repeats(
    caller: Assigner,
    service: ServiceHere,
    state: Annotated[RepeatState, Query(description="只看这一种")] = RepeatState.SUSPECTED,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """全部疑似重复的来件，一对一行，供受理员逐对认定。"""
    with service.store.reading() as session:
        return list_all_repeats(session, caller=caller, state=state, limit=limit, cursor=cursor)
