"""Routes by which users and keys are managed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from api.auth import needs
from api.bodies import OneBody, read_as
from api.console import link_to
from api.schemas.people import (
    InvitationOut,
    InvitedOut,
    KeyIn,
    KeyOut,
    NewKeyOut,
    UserChangeIn,
    UserIn,
    UserOut,
    UserPageOut,
)
from api.schemas.submissions import ErrorOut
from api.service import Service, ServiceHere, read_clock
from triage.ledger.invitations import Invitation, invite_user
from triage.ledger.keys import create_key, list_keys, revoke_key
from triage.ledger.paging import MAX_PAGE
from triage.ledger.users import change_user, create_user, get_user, list_users
from triage.roles import Action, Caller, Role

router = APIRouter(prefix="/v1", tags=["用户与密钥"])
_NO_DEPARTMENT: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "没有这个责任单位"}
}
Manager = Annotated[Caller, Depends(needs(Action.MANAGE_USERS, Action.MANAGE_DISCIPLINE))]
KeyManager = Annotated[Caller, Depends(needs(Action.MANAGE_KEYS, Action.MANAGE_DISCIPLINE))]
Number = Annotated[int, Path(ge=1, lt=2**63, description="编号")]


@router.get("/users", response_model=UserPageOut)
def get_users(
    caller: Manager,
    service: ServiceHere,
    role: Annotated[Role | None, Query(description="只看一种角色")] = None,
    department: Annotated[str | None, Query(description="只看一个责任单位（代码或名称）")] = None,
    active: Annotated[bool | None, Query(description="true 只看在用的，false 只看停用的")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页几条")] = 50,
    cursor: Annotated[str | None, Query(description="上一页答复中的 next；不填为第一页")] = None,
) -> Any:
    """用户名录，一次一页；纪检员只看得到纪检员的账号。"""
    with service.store.reading() as session:
        return list_users(
            session,
            caller=caller,
            role=role,
            department=department,
            active=active,
            limit=limit,
            cursor=cursor,
        )


@router.post(
    "/users",
    status_code=201,
    response_model=InvitedOut,
    responses=_NO_DEPARTMENT | {409: {"model": ErrorOut, "description": "登录名已有人使用"}},
    openapi_extra={"x-body": "UserIn"},
)
def post_user(request: Request, caller: Manager, service: ServiceHere, body: OneBody) -> Any:
    """开通一位用户，并得到给他设密码用的一次性链接。"""
    told = read_as(body, UserIn)
    now = read_clock()
    with service.store.writing() as session:
        user = create_user(
            session,
            login=told.login,
            name=told.name,
            role=told.role,
            department=told.department,
            caller=caller,
            now=now,
        )
        token, invitation = invite_user(session, user.id, caller=caller, now=now)
    return {"user": user, "invitation": _invitation_out(request, service, token, invitation)}


@router.get("/users/{user_id}", response_model=UserOut)
def get_one_user(caller: Manager, service: ServiceHere, user_id: Number) -> Any:
    """一位用户。"""
    with service.store.reading() as session:
        return get_user(session, user_id, caller=caller)


@router.patch("/users/{user_id}", response_model=UserOut, openapi_extra={"x-body": "UserChangeIn"})
def patch_user(caller: Manager, service: ServiceHere, user_id: Number, body: OneBody) -> Any:
    """改姓名、角色、单位，或停用、启用；停用立即退出登录。"""
    change = read_as(body, UserChangeIn).read()
    with service.store.writing() as session:
        return change_user(session, user_id, change, caller=caller, now=read_clock())


@router.post(
    "/users/{user_id}/invitation",
    status_code=201,
    response_model=InvitationOut,
    responses={409: {"model": ErrorOut, "description": "用户已停用"}},
)
def post_invitation(
    request: Request, caller: Manager, service: ServiceHere, user_id: Number
) -> Any:
    """重发邀请链接：忘记密码或链接过期时用；此前的链接随即失效。"""
    with service.store.writing() as session:
        token, invitation = invite_user(session, user_id, caller=caller, now=read_clock())
    return _invitation_out(request, service, token, invitation)


@router.get("/keys", response_model=list[KeyOut])
def get_keys(caller: KeyManager, service: ServiceHere) -> Any:
    """所有接口密钥（不含密钥本身），吊销了的也在内；纪检员只看得到能看检举控告的。"""
    with service.store.reading() as session:
        return [KeyOut.of(key) for key in list_keys(session, caller=caller)]


@router.post(
    "/keys",
    status_code=201,
    response_model=NewKeyOut,
    responses=_NO_DEPARTMENT,
    openapi_extra={"x-body": "KeyIn"},
)
def post_key(caller: KeyManager, service: ServiceHere, body: OneBody) -> Any:
    """新建一个接口密钥；密钥只显示这一次。有 discipline 权限的只能由纪检员新建。"""
    told = read_as(body, KeyIn)
    with service.store.writing() as session:
        secret, key = create_key(
            session,
            name=told.name,
            scopes=told.scopes,
            department=told.department,
            caller=caller,
            now=read_clock(),
        )
    return NewKeyOut(secret=secret, key=KeyOut.of(key))


@router.delete("/keys/{key_id}", response_model=KeyOut)
def delete_key(caller: KeyManager, service: ServiceHere, key_id: Number) -> Any:
    """吊销一个密钥，一秒内在各进程生效，不能恢复。"""
    with service.store.writing() as session:
        revoked = revoke_key(session, key_id, caller=caller, now=read_clock())
    service.keys.forget()
    return KeyOut.of(revoked)


def _invitation_out(
    request: Request, service: Service, token: str, invitation: Invitation
) -> InvitationOut:
    base = service.settings.public_url or str(request.base_url)
    return InvitationOut(link=link_to(base, token), expires_at=invitation.expires_at)
