"""Who calls: an API key in `Authorization: Bearer …`, and whether it may do this."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import NotSignedIn
from api.service import Service, ServiceHere, read_clock
from triage.errors import AccessDenied
from triage.ledger.keys import check_key, key_caller, needs_touch, touch_key
from triage.roles import Action, Caller

_bearer = HTTPBearer(
    auto_error=False, scheme_name="密钥", description="接口密钥，由管理员用 triage keys create 发放"
)


def find_caller(
    service: ServiceHere,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    """Who calls. Raises NotSignedIn where there is no key, or none that is valid."""
    if credentials is None:
        raise NotSignedIn("缺少密钥，请加请求头 Authorization: Bearer 密钥；没有密钥请向管理员申请")
    return _read_key(service, credentials.credentials)


CallerHere = Annotated[Caller, Depends(find_caller)]


def needs(action: Action) -> "Needs":
    """A dependency: the caller, who may do this. Raises NotSignedIn or AccessDenied."""
    return Needs(action)


@dataclass(frozen=True, slots=True)
class Needs:
    """What `needs` gives; the matrix of roles reads off it what a route asks for."""

    action: Action

    def __call__(self, caller: CallerHere) -> Caller:
        caller.require(self.action)
        return caller


def _read_key(service: Service, plain: str) -> Caller:
    try:
        with service.store.reading() as session:
            key = check_key(session, plain)
            caller = key_caller(session, key)
    except AccessDenied as error:
        raise NotSignedIn(error.message) from None
    now = read_clock()
    if needs_touch(key, now=now):
        with service.store.writing() as session:
            touch_key(session, key, now=now)
    return caller
