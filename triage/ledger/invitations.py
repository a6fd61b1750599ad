"""One-time links (邀请) by which a person sets a password: a new user, one who forgot it, and at
the first start the first administrator. No password is ever made up or sent by the product.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from triage.errors import Conflict, NotFound
from triage.ledger.events import record_events
from triage.ledger.tables import InvitationRow, UserRow
from triage.ledger.users import (
    User,
    add_user,
    check_manages,
    has_admin,
    set_password,
    user_view,
    void_invitations,
)
from triage.roles import Caller, Role

_LASTS = timedelta(days=7)
_FIRST_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that can still be used; `user` is None for that of the first administrator."""

    id: int
    user: User | None
    expires_at: datetime


def invite_user(
    session: Session, user_id: int, *, caller: Caller, now: datetime
) -> tuple[str, Invitation]:
    """A new link for this user: its token, which is shown this once, and its record.

    Links sent before open nothing any more. Raises AccessDenied, NotFound, and Conflict for a user
    who is switched off.
    """
    row = check_manages(session, user_id, caller=caller)
    if not row.active:
        raise Conflict(f"用户 {row.login} 已停用，请先启用再发邀请")
    token, invitation = _invite(session, row, lasts=_LASTS, now=now)
    _record(session, invitation, "user.invited", who=caller.who, now=now)
    return token, invitation


def invite_first_admin(session: Session, *, now: datetime) -> tuple[str, Invitation] | None:
    """A link by which the first administrator makes the own account; None where there is one."""
    if has_admin(session):
        return None
    token, invitation = _invite(session, None, lasts=_FIRST_LASTS, now=now)
    _record(session, invitation, "user.invited", who="cli", now=now)
    return token, invitation


def get_invitation(session: Session, token: str, *, now: datetime) -> Invitation:
    """The link with this token. Raises NotFound, the same for unknown, used and too old."""
    row = session.scalar(
        select(InvitationRow).where(
            InvitationRow.digest == _digest(token),
            InvitationRow.used_at.is_(None),
            InvitationRow.expires_at > now,
        )
    )
    user = None if row is None or row.user_id is None else session.get(UserRow, row.user_id)
    if row is None or (row.user_id is None and has_admin(session)) or (user and not user.active):
        raise NotFound("邀请链接无效、已用过或已过期，请向管理员要一个新的", field="token")
    return _view(row, user)


def accept_invitation(
    session: Session,
    token: str,
    *,
    password_hash: str,
    now: datetime,
    login: str = "",
    name: str = "",
) -> User:
    """The user, with the password set. The first administrator also chooses `login` and `name`.

    Raises NotFound as `get_invitation` does, also for the second of two who use one link at once;
    InvalidInput or Conflict for a login or name that cannot be had.
    """
    invitation = get_invitation(session, token, now=now)
    used = session.scalar(
        update(InvitationRow)
        .where(InvitationRow.id == invitation.id, InvitationRow.used_at.is_(None))
        .values(used_at=now)
        .returning(InvitationRow.id)
    )
    if used is None:
        raise NotFound("邀请链接已用过，请直接登录，或向管理员要一个新的", field="token")
    if invitation.user is not None:
        user_id = invitation.user.id
    else:
        user_id = add_user(
            session, login=login, name=name, role=Role.ADMIN, department=None, now=now
        ).id
        created = {"user": user_id, "role": Role.ADMIN, "department": None, "active": True}
        event = {"actor": "invitation", "kind": "user.created", "payload": created}
        record_events(session, [event], now=now)
    set_password(session, user_id, password_hash, now=now)
    row = session.get(UserRow, user_id)
    assert row is not None  # noqa: S101 - it stands a line above
    return user_view(row)


def _invite(
    session: Session, user: UserRow | None, *, lasts: timedelta, now: datetime
) -> tuple[str, Invitation]:
    user_id = None if user is None else user.id
    void_invitations(session, user_id, now=now)
    token = secrets.token_urlsafe(32)
    row = InvitationRow(digest=_digest(token), user_id=user_id, expires_at=now + lasts)
    session.add(row)
    session.flush()
    return token, _view(row, user)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _view(row: InvitationRow, user: UserRow | None) -> Invitation:
    return Invitation(row.id, None if user is None else user_view(user), row.expires_at)


def _record(
    session: Session, invitation: Invitation, kind: str, *, who: str, now: datetime
) -> None:
    user_id = None if invitation.user is None else invitation.user.id
    payload = {"invitation": invitation.id, "user": user_id}
    record_events(session, [{"actor": who, "kind": kind, "payload": payload}], now=now)
