"""The people who sign in (用户): who they are, what role they have, and who may change that.

Accounts of discipline officers are their own affair: an administrator makes the first one, and from
then on only a discipline officer makes, changes or invites another, so that nobody comes to see
accusations by way of the user list (Art. 30). On the server itself `triage users` can do both.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.departments import find_reach, get_department
from triage.ledger.events import record_events
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.tables import InvitationRow, SessionRow, UserRow
from triage.roles import ACTION_NAMES, ROLE_ACTIONS, ROLE_NAMES, Action, Caller, Role

MAX_NAME = 50
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_OTHERS = frozenset(
    {"citizen", "clock", "cli", "demo", "model", "key", "invitation", "machine", "upgrade"}
)  # actors who are no users; who "machine" has placed in a problem may be placed elsewhere again


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in; `department` is a code, `has_password` whether one was ever set."""

    id: int
    login: str
    name: str
    role: Role
    department: str | None
    active: bool
    has_password: bool
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to be different about a user; None leaves as it is, `department` "" is none."""

    name: str | None = None
    role: Role | None = None
    department: str | None = None
    active: bool | None = None


def create_user(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    department: str | None = None,
    caller: Caller,
    now: datetime,
) -> User:
    """A new user, who has no password yet: invite them. `department` is a code or name.

    Raises AccessDenied, Conflict for a login that is taken, InvalidInput for a login or name that
    is none or an officer without department, NotFound for an unknown department.
    """
    _check_right(session, role, caller=caller)
    row = add_user(session, login=login, name=name, role=role, department=department, now=now)
    _record(session, row, "user.created", who=caller.who, now=now)
    return user_view(row)


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    department: str | None,
    now: datetime,
    password_hash: str = "",
) -> UserRow:
    """The row of a new user, whoever asked. Raises as `create_user`, but for the right to do it."""
    row = UserRow(
        login=check_login(login),
        name=_check_name(name),
        role=role,
        department=get_department(session, department).code if department else None,
        password_hash=password_hash,
        active=True,
        created_at=now,
    )
    _check_department(row)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict(f"登录名 {row.login} 已有人使用，请换一个", field="login") from None
    return row


def change_user(
    session: Session, user_id: int, change: UserChange, *, caller: Caller, now: datetime
) -> User:
    """The user as changed. One who is no longer active is signed out everywhere at once.

    Raises AccessDenied, NotFound, InvalidInput, and Conflict where no administrator would be left.
    """
    _lock_admins(session)
    had_admin = has_admin(session)
    row = _get_row(session, user_id, caller=caller, lock=True)
    before = (row.role, row.department, row.active, row.name)
    if change.role is not None and change.role is not Role(row.role):
        _check_right(session, change.role, caller=caller)
        row.role = change.role
    if change.name is not None:
        row.name = _check_name(change.name)
    if change.department is not None:
        known = change.department and get_department(session, change.department).code
        row.department = known or None
    if change.active is not None:
        row.active = change.active
    _check_department(row)
    if before == (row.role, row.department, row.active, row.name):
        return user_view(row)
    session.flush()
    if had_admin and not has_admin(session):
        raise Conflict("这样就没有管理员了，请先另设一名管理员并设好密码")
    if not row.active:
        end_user_sessions(session, row.id, now=now)
        void_invitations(session, row.id, now=now)
    _record(session, row, "user.changed", who=caller.who, now=now)
    return user_view(row)


def set_password(session: Session, user_id: int, password_hash: str, *, now: datetime) -> None:
    """Keep a new password (as `triage.passwords.hash_password` gives it); all sessions end."""
    row = session.get(UserRow, user_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这个用户，请核对用户列表", field="id")
    row.password_hash = password_hash
    session.flush()
    end_user_sessions(session, user_id, now=now)
    _record(session, row, "user.password_set", who=row.login, now=now)


def get_user(session: Session, user_id: int, *, caller: Caller) -> User:
    """The user with this id. Raises AccessDenied, or NotFound where the caller manages no such."""
    return user_view(_get_row(session, user_id, caller=caller))


def find_user(session: Session, login: str) -> tuple[User, str] | None:
    """The user with this login and what is kept of the password; only for signing in."""
    row = session.scalar(select(UserRow).where(UserRow.login == login.strip().lower()))
    return None if row is None else (user_view(row), row.password_hash)


def list_users(
    session: Session,
    *,
    caller: Caller,
    role: Role | None = None,
    department: str | None = None,
    active: bool | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[User]:
    """One page of the users whom the caller may manage, in order of login.

    Raises AccessDenied, InvalidInput for a limit or cursor that is none, NotFound for an unknown
    department.
    """
    query = select(UserRow).order_by(UserRow.login).limit(check_limit(limit) + 1)
    if not caller.may(Action.MANAGE_USERS):
        caller.require(Action.MANAGE_DISCIPLINE)
        query = query.where(UserRow.role == Role.DISCIPLINE)
    if role is not None:
        query = query.where(UserRow.role == role)
    if department is not None:
        query = query.where(UserRow.department == get_department(session, department).code)
    if active is not None:
        query = query.where(UserRow.active.is_(active))
    if cursor is not None:
        query = query.where(UserRow.login > read_cursor(cursor, str)[0])
    users = tuple(user_view(row) for row in session.scalars(query))
    if len(users) <= limit:
        return Page(users, None)
    return Page(users[:limit], write_cursor(users[limit - 1].login))


def has_admin(session: Session) -> bool:
    """Whether somebody can sign in who may manage users."""
    query = select(UserRow.id).where(
        UserRow.role == Role.ADMIN, UserRow.active, UserRow.password_hash != ""
    )
    return session.scalar(query.limit(1)) is not None


def user_caller(session: Session, user: User) -> Caller:
    """Who calls as this user, and what the role and department let them do."""
    return Caller(
        who=user.login,
        actions=ROLE_ACTIONS[user.role],
        department=user.department,
        reach=find_reach(session, user.department),
    )


def check_manages(session: Session, user_id: int, *, caller: Caller) -> UserRow:
    """The row, locked, of a user whom the caller may change. Raises AccessDenied or NotFound."""
    return _get_row(session, user_id, caller=caller, lock=True)


def end_user_sessions(session: Session, user_id: int, *, now: datetime) -> None:
    """Sign the user out everywhere."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None))
        .values(ended_at=now)
    )


def void_invitations(session: Session, user_id: int | None, *, now: datetime) -> None:
    """Links that were sent and not used open nothing any more."""
    session.execute(
        update(InvitationRow)
        .where(InvitationRow.user_id.is_not_distinct_from(user_id), InvitationRow.used_at.is_(None))
        .values(used_at=now)
    )


def check_login(login: str) -> str:
    """The login as it is kept, in lower case. Raises InvalidInput."""
    plain = login.strip().lower()
    if not _LOGIN.fullmatch(plain) or plain in _OTHERS:
        raise InvalidInput(
            "登录名应为 2 到 64 个小写字母、数字或 . _ - @，以字母或数字开头，请改正", field="login"
        )
    return plain


def user_view(row: UserRow) -> User:
    """The row as a value."""
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        department=row.department,
        active=row.active,
        has_password=bool(row.password_hash),
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )


def _get_row(session: Session, user_id: int, *, caller: Caller, lock: bool = False) -> UserRow:
    row = session.get(UserRow, user_id, with_for_update=lock)
    if not caller.may(Action.MANAGE_USERS):
        caller.require(Action.MANAGE_DISCIPLINE)
        if row is not None and row.role != Role.DISCIPLINE:
            row = None
    if row is None:
        raise NotFound(f"没有编号为 {user_id} 的用户，请核对用户列表", field="id")
    if lock:
        _check_right(session, Role(row.role), caller=caller)
    return row


def _check_right(session: Session, role: Role, *, caller: Caller) -> None:
    """Nothing, where the caller may make or change users of this role. Raises AccessDenied."""
    if role is not Role.DISCIPLINE:
        caller.require(Action.MANAGE_USERS)
    elif not caller.may(Action.MANAGE_DISCIPLINE):
        caller.require(Action.MANAGE_USERS)
        there = select(UserRow.id).where(UserRow.role == role, UserRow.password_hash != "")
        if session.scalar(there.limit(1)) is not None:
            raise AccessDenied(
                f"{ROLE_NAMES[role]}的账号只能由纪检员自己管理，"
                f"请找有“{ACTION_NAMES[Action.MANAGE_DISCIPLINE]}”权限的人办理"
            )


def _lock_admins(session: Session) -> None:
    """Two administrators who dismiss each other at once come one after the other."""
    admins = select(UserRow).where(UserRow.role == Role.ADMIN).order_by(UserRow.id)
    session.scalars(admins.with_for_update().execution_options(populate_existing=True)).all()


def _check_department(row: UserRow) -> None:
    if row.role == Role.OFFICER and row.department is None:
        raise InvalidInput("承办人须属于一个责任单位，请选择单位", field="department")


def _check_name(name: str) -> str:
    plain = name.strip()
    if not 1 <= len(plain) <= MAX_NAME:
        raise InvalidInput(f"姓名应有 1 到 {MAX_NAME} 个字，请填写", field="name")
    return plain


def _record(session: Session, row: UserRow, kind: str, *, who: str, now: datetime) -> None:
    payload: dict[str, Any] = {
        "user": row.id,
        "role": str(row.role),
        "department": row.department,
        "active": row.active,
    }
    record_events(session, [{"actor": who, "kind": kind, "payload": payload}], now=now)
