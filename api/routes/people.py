"""Routes by which people come in and go out: sign in, set a password by a link, see who one is."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import (
    SignedInHere,
    Visitor,
    VisitorHere,
    drop_session_cookie,
    set_session_cookie,
)
from api.bodies import OneBody, read_as
from api.routes.signin import Entrance, accept, change_password, sign_in
from api.schemas.people import (
    AcceptIn,
    InvitedPersonOut,
    LinkIn,
    MeOut,
    PasswordIn,
    SignInIn,
)
from api.schemas.submissions import ErrorOut
from api.service import ServiceHere, read_clock
from triage.ledger.invitations import get_invitation
from triage.ledger.sessions import SignedIn, end_session
from triage.roles import ROLE_ACTIONS, Action

router = APIRouter(prefix="/v1", tags=["登录"])
_Answers = dict[int | str, dict[str, Any]]
_REFUSALS: _Answers = {
    401: {"model": ErrorOut, "description": "登录名或密码不对"},
    429: {"model": ErrorOut, "description": "连续失败过多，按 Retry-After 等待"},
}
_NO_LINK: _Answers = {404: {"model": ErrorOut, "description": "链接无效、已用过或已过期"}}


@router.post(
    "/session", response_model=MeOut, responses=_REFUSALS, openapi_extra={"x-body": "SignInIn"}
)
def post_session(
    request: Request, response: Response, service: ServiceHere, body: OneBody
) -> MeOut:
    """用登录名和密码登录；浏览器得到会话 Cookie，答复中的 csrf 供改动性请求使用。"""
    told = read_as(body, SignInIn)
    entrance = sign_in(
        service, told.login, told.password, address=address_of(request), now=read_clock()
    )
    return let_in(request, response, entrance)


@router.delete("/session", status_code=204)
def delete_session(response: Response, service: ServiceHere, signed_in: SignedInHere) -> None:
    """退出登录。"""
    with service.store.writing() as session:
        end_session(session, signed_in, now=read_clock())
    drop_session_cookie(response)


@router.get("/me", response_model=MeOut)
def get_me(visitor: VisitorHere) -> MeOut:
    """现在是谁在用、能做什么，以及本次登录的 csrf。"""
    return _me_out(visitor)


@router.post(
    "/me/password",
    response_model=MeOut,
    responses=_REFUSALS,
    openapi_extra={"x-body": "PasswordIn"},
)
def post_password(
    request: Request,
    response: Response,
    service: ServiceHere,
    signed_in: SignedInHere,
    body: OneBody,
) -> MeOut:
    """改自己的密码；其他各处的登录随即失效，本处换一个新会话。"""
    told = read_as(body, PasswordIn)
    entrance = change_password(
        service,
        signed_in,
        told.old,
        told.password,
        address=address_of(request),
        now=read_clock(),
    )
    return let_in(request, response, entrance)


@router.post(
    "/invitations:read",
    response_model=InvitedPersonOut,
    responses=_NO_LINK,
    openapi_extra={"x-body": "LinkIn"},
)
def post_read_invitation(service: ServiceHere, body: OneBody) -> InvitedPersonOut:
    """邀请链接是给谁的；无效、用过、过期的答 404。"""
    told = read_as(body, LinkIn)
    with service.store.reading() as session:
        invitation = get_invitation(session, told.token, now=read_clock())
    user = invitation.user
    return InvitedPersonOut(
        first=user is None,
        login=None if user is None else user.login,
        name=None if user is None else user.name,
        expires_at=invitation.expires_at,
    )


@router.post(
    "/invitations:accept",
    response_model=MeOut,
    responses=_NO_LINK | {409: {"model": ErrorOut, "description": "登录名已有人使用"}},
    openapi_extra={"x-body": "AcceptIn"},
)
def post_accept_invitation(
    request: Request, response: Response, service: ServiceHere, body: OneBody
) -> MeOut:
    """用邀请链接设密码并登录；首位管理员同时填登录名和姓名。"""
    told = read_as(body, AcceptIn)
    entrance = accept(
        service,
        told.token,
        told.password,
        login=told.login,
        name=told.name,
        now=read_clock(),
    )
    return let_in(request, response, entrance)


def let_in(request: Request, response: Response, entrance: Entrance) -> MeOut:
    """The cookie set, and who is now signed in."""
    set_session_cookie(request, response, entrance.token)
    return _signed_in_out(entrance.signed_in)


def address_of(request: Request) -> str:
    """The address that the request came from, as the reverse proxy tells it."""
    return request.client.host if request.client else ""


def _me_out(visitor: Visitor) -> MeOut:
    if visitor.signed_in is not None:
        return _signed_in_out(visitor.signed_in)
    caller = visitor.caller
    return MeOut(
        who=caller.who,
        name=None,
        role=None,
        department=caller.department,
        actions=_in_order(caller.actions),
        csrf=None,
        expires_at=None,
    )


def _signed_in_out(signed_in: SignedIn) -> MeOut:
    user = signed_in.user
    return MeOut(
        who=user.login,
        name=user.name,
        role=user.role,
        department=user.department,
        actions=_in_order(ROLE_ACTIONS[user.role]),
        csrf=signed_in.csrf,
        expires_at=signed_in.expires_at,
    )


def _in_order(actions: frozenset[Action]) -> list[str]:
    return [action for action in Action if action in actions]
