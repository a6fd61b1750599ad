"""Routes by which entries are worked on: one entry with its history, and one command at a time."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request, Response

from api.auth import needs
from api.bodies import OneBody, read_as, read_body
from api.plainroute import PlainRoute
from api.routes.replies import assess_reply
from api.schemas.entries import (
    MAX_NUMBER,
    CommandIn,
    DecidedOut,
    DecisionIn,
    EntryFileOut,
    PartIn,
    StandingOut,
    describe_commands,
    spell_standing,
)
from api.schemas.submissions import EntryOut
from api.service import Service, ServiceHere, read_clock
from api.slashes import SubmissionId
from triage.errors import InvalidInput, NotFound
from triage.ledger.commands import run_command
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.evidence import MAX_SIZE
from triage.ledger.history import get_attachment, get_entry_file
from triage.ledger.matters import Part
from triage.roles import Action, Caller
from triage.taxonomy import Domain
from triage.workflow import Command, list_commands

router = APIRouter(prefix="/v1", tags=["办理"], route_class=PlainRoute)
_SEALED = "这件来件已转入纪检台账，只有纪检人员可以查看"
_PLAIN = frozenset(
    # not handed on just as they come
    ("version", "assisting", "parts", "content", "note", "command", "entries")
)

Reader = Annotated[Caller, Depends(needs(Action.READ))]
Decider = Annotated[Caller, Depends(needs(Action.DECIDE))]
EntryId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="台账条目的编号")]


async def _command_body(request: Request, service: ServiceHere) -> bytes:
    """A file in base64 may be larger than what other commands say."""
    limit = service.settings.max_body_bytes
    if request.path_params.get("command") == Command.ATTACH:
        limit = max(limit, MAX_SIZE * 4 // 3 + 10_000)
    return await read_body(request, limit=limit)


@router.get("/entries/{entry_id}", response_model=EntryFileOut)
def get_entry(caller: Reader, service: ServiceHere, entry_id: EntryId) -> Any:
    """一条台账的全部，和调用者这时可以办的动作。"""
    with service.store.reading() as session:
        file = get_entry_file(session, entry_id, caller=caller)
    commands = list_commands(file.entry, caller=caller, now=read_clock())
    told = {name: getattr(file, name) for name in file.__slots__}
    return told | {"commands": describe_commands(file.entry, commands)}


@router.get(
    "/entries/{entry_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={200: {"content": {"*/*": {}}, "description": "附件的内容"}},
)
def get_file(
    caller: Reader,
    service: ServiceHere,
    entry_id: EntryId,
    attachment_id: Annotated[int, Path(ge=1, le=MAX_NUMBER, description="附件的编号")],
) -> Response:
    """一个附件的内容，供下载。"""
    with service.store.reading() as session:
        attachment, content = get_attachment(session, entry_id, attachment_id, caller=caller)
    disposition = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
    return Response(
        content,
        media_type=attachment.media_type,
        headers={"Content-Disposition": disposition},
    )


@router.post(
    "/entries/{entry_id}/{command}",
    response_model=StandingOut,
    openapi_extra={"x-body": "CommandIn"},
)
def post_command(
    caller: Reader,  # what the command needs besides stands in its row of the table
    service: ServiceHere,
    entry_id: EntryId,
    command: Annotated[Command, Path(description="动作，见文档“流程”一页的动作表")],
    body: Annotated[bytes, Depends(_command_body)],
) -> Response:
    """办一个动作：签收、退回、改派、回告、评价、销号等；答条目此后的样子。"""
    now = read_clock()
    given = read_as(body, CommandIn)
    data = read_data(given, service)
    if command is Command.REPLY and given.text:
        with service.store.reading() as session:
            file = get_entry_file(session, entry_id, caller=caller)
        # Outside the transaction that writes, so that the database is held for milliseconds only.
        data["quality"] = assess_reply(service, file, given.text, now=now)
    with service.store.writing() as session:
        entry = run_command(
            session,
            entry_id,
            command,
            caller=caller,
            version=given.version,
            now=now,
            note=given.note,
            **data,
        )
    # Spelt here, once: FastAPI would check again what was put together from checked parts.
    if entry.confidential:
        sealed = StandingOut(entry=None, commands=[], notice=_SEALED)
        return Response(sealed.model_dump_json(), media_type="application/json")
    commands = list_commands(entry, caller=caller, now=now)
    return Response(spell_standing(entry, commands), media_type="application/json")


@router.post(
    "/submissions/{submission_id}/decisions",
    response_model=DecidedOut,
    openapi_extra={"x-body": "DecisionIn"},
)
def post_decision(
    caller: Decider, service: ServiceHere, submission_id: SubmissionId, body: OneBody
) -> DecidedOut:
    """确认或更正系统建议；待复核的来件由此交办，特急的同时转紧急热线。"""
    given = read_as(body, DecisionIn)
    decision = Decision(
        lead=given.lead,
        assisting=None if given.assisting is None else tuple(given.assisting),
        domain=_find_domain(given.domain, service),
        urgency=given.urgency,
        nature=given.nature,
        division=given.division,
        reason=given.reason,
        alarm=given.alarm,
    )
    with service.store.writing() as session:
        entry = record_decision(
            session,
            submission_id,
            decision,
            caller=caller,
            now=read_clock(),
            taxonomy=service.desk.taxonomy.name,
            version=given.version,
            entry_id=given.entry,
        )
    if entry is None:
        return DecidedOut(entry=None, notice=_SEALED)
    return DecidedOut(entry=EntryOut.model_validate(entry))


def read_data(given: CommandIn, service: Service) -> dict[str, Any]:
    """What the command is given besides version and note, as the ledger takes it."""
    data = {
        name: value
        for name, value in vars(given).items()
        if value is not None and name not in _PLAIN
    }
    if given.assisting is not None:
        data["assisting"] = tuple(given.assisting)
    if given.parts is not None:
        data["parts"] = tuple(_read_part(part, service) for part in given.parts)
    if given.content is not None:
        data["content"] = _read_base64(given.content)
    return data


def _read_part(part: PartIn, service: Service) -> Part:
    return Part(
        matter=part.matter,
        lead=part.lead,
        assisting=tuple(part.assisting),
        domain=_find_domain(part.domain, service),
        urgency=part.urgency,
        nature=part.nature,
    )


def _find_domain(code: str | None, service: Service) -> Domain | None:
    if code is None:
        return None
    try:
        return service.desk.taxonomy.get(code)
    except NotFound as error:
        raise NotFound(error.message, field="domain") from None


def _read_base64(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("附件内容不是 base64 编码，请编码后再传", field="content") from None
