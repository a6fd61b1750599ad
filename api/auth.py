"""Who calls: an API key in `Authorization: Bearer …`, and whether it may do this."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import NotSignedIn
from api.service import ServiceHere, read_clock
from triage.errors import AccessDenied
from triage.ledger.keys import ApiKey, Scope, check_key, needs_touch, touch_key

_bearer = HTTPBearer(
    auto_error=False, scheme_name="密钥", description="接口密钥，由管理员用 triage keys create 发放"
)


def find_key(
    service: ServiceHere,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> ApiKey:
    """The caller's key. Raises NotSignedIn where there is none that is valid."""
    if credentials is None:
        raise NotSignedIn("缺少密钥，请加请求头 Authorization: Bearer 密钥；没有密钥请向管理员申请")
    try:
        with service.store.reading() as session:
            key = check_key(session, credentials.credentials)
    except AccessDenied as error:
        raise NotSignedIn(error.message) from None
    now = read_clock()
    if needs_touch(key, now=now):
        with service.store.writing() as session:
            touch_key(session, key, now=now)
    return key


KeyHere = Annotated[ApiKey, Depends(find_key)]


def _needs(scope: Scope) -> Callable[[ApiKey], ApiKey]:
    """A dependency: the caller's key, if it has this scope. Raises AccessDenied."""

    def key_with_scope(key: KeyHere) -> ApiKey:
        key.require(scope)
        return key

    return key_with_scope


SubmitKey = Annotated[ApiKey, Depends(_needs(Scope.SUBMIT))]
SuggestKey = Annotated[ApiKey, Depends(_needs(Scope.SUGGEST))]
ReadKey = Annotated[ApiKey, Depends(_needs(Scope.READ))]
ReviewKey = Annotated[ApiKey, Depends(_needs(Scope.REVIEW))]
