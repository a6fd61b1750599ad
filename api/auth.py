"""Who calls, and whether they may do this: a system by its key, a person by a session.

A key comes in `Authorization: Bearer …`. A session comes as a cookie, which a browser sends along
whatever page asks; so a request that changes something must also carry the session's own token in
`X-CSRF-Token`, which only a page of this service can know.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from api.errors import NotSignedIn
from api.service import Service, read_clock
from api.settings import Settings
from triage.errors import AccessDenied, StoreUnavailable
from triage.ledger import sessions
from triage.ledger.keys import check_key, key_caller, needs_touch, touch_key
from triage.ledger.sessions import SessionRules, SignedIn, check_session, is_csrf, touch_session
from triage.ledger.users import user_caller
from triage.roles import Action, Caller

SESSION_COOKIE = "triage_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_bearer = HTTPBearer(
    auto_error=False, scheme_name="密钥", description="接口密钥，由管理员用 triage keys create 发放"
)
_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="会话",
    description=f"登录后由浏览器自动带上；改动性请求另须带请求头 {CSRF_HEADER}",
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands behind a request; `signed_in` is None for a system with a key."""

    caller: Caller
    signed_in: SignedIn | None = None


async def find_visitor(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    token: Annotated[str | None, Security(_cookie)],
) -> Visitor:
    """Who calls. Raises NotSignedIn where there is neither a valid key nor an open session,
    AccessDenied where a page of another service may have sent the request."""
    service: Service = request.app.state.service
    if credentials is not None:
        caller = service.keys.find(credentials.credentials)
        if caller is None:
            caller = await run_in_threadpool(_read_key, service, credentials.credentials)
        return Visitor(caller)
    if token is None:
        raise NotSignedIn(
            "请先登录；由系统调用时请加请求头 Authorization: Bearer 密钥，没有密钥请向管理员申请"
        )
    visitor = await run_in_threadpool(_read_session, service, token)
    if request.method not in _SAFE:
        assert visitor.signed_in is not None  # noqa: S101 - it comes from a session
        if not is_csrf(visitor.signed_in, request.headers.get(CSRF_HEADER, "")):
            raise AccessDenied(
                f"请求没有带上本次登录的 {CSRF_HEADER}（见 GET /v1/me），请刷新页面后重试"
            )
    return visitor


VisitorHere = Annotated[Visitor, Depends(find_visitor)]


async def find_caller(visitor: VisitorHere) -> Caller:
    """Who calls and what they may do. Raises as `find_visitor`."""
    return visitor.caller


async def find_signed_in(visitor: VisitorHere) -> SignedIn:
    """The person who calls. Raises AccessDenied for a key."""
    if visitor.signed_in is None:
        raise AccessDenied("这一项只供登录的用户使用，请改用浏览器登录后办理")
    return visitor.signed_in


CallerHere = Annotated[Caller, Depends(find_caller)]
SignedInHere = Annotated[SignedIn, Depends(find_signed_in)]


def needs(*actions: Action) -> "Needs":
    """A dependency: the caller, who may do this, or one of these. Raises NotSignedIn or
    AccessDenied."""
    return Needs(actions)


@dataclass(frozen=True, slots=True)
class Needs:
    """What `needs` gives; the matrix of roles reads off it what a route asks for."""

    actions: tuple[Action, ...]

    async def __call__(self, visitor: VisitorHere) -> Caller:
        caller = visitor.caller
        if not any(caller.may(action) for action in self.actions):
            caller.require(self.actions[0])
        return caller


def session_rules(settings: Settings) -> SessionRules:
    """How long sessions last here."""
    return SessionRules(
        idle=timedelta(minutes=settings.session_idle_minutes),
        most=timedelta(hours=settings.session_hours),
    )


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its session, for as long as it stays open; scripts cannot read it."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or _is_public_https(request),
    )


def drop_session_cookie(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")


def _is_public_https(request: Request) -> bool:
    public_url = request.app.state.service.settings.public_url
    return public_url is not None and public_url.startswith("https:")


def _read_key(service: Service, plain: str) -> Caller:
    checked_at = monotonic()
    try:
        with service.store.reading() as session:
            key = check_key(session, plain)
            caller = key_caller(session, key)
    except AccessDenied as error:
        raise NotSignedIn(error.message) from None
    now = read_clock()
    if needs_touch(key, now=now):
        _note_use(service, partial(touch_key, key=key, now=now))
    service.keys.note(plain, caller, checked_at=checked_at)
    return caller


def _read_session(service: Service, token: str) -> Visitor:
    now = read_clock()
    rules = session_rules(service.settings)
    try:
        with service.store.reading() as session:
            signed_in = check_session(session, token, rules=rules, now=now)
            caller = user_caller(session, signed_in.user)
    except AccessDenied as error:
        raise NotSignedIn(error.message) from None
    if sessions.needs_touch(signed_in, now=now):
        _note_use(service, partial(touch_session, signed_in=signed_in, now=now))
    return Visitor(caller, signed_in)


def _note_use(service: Service, touch: Callable[[Session], None]) -> None:
    """Write down that a key or session is in use. Where nobody can write at the moment, that is no
    reason not to read."""
    with suppress(StoreUnavailable), service.store.writing(settled=False) as session:
        touch(session)
