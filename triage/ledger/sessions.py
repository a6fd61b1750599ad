"""Signed-in browsers: a session stands in the database and ends when idle, old, or told to.

The browser holds a random token; only its SHA-256 is kept, for the reason given in `keys`. The
token against forged requests (CSRF) follows from the session's own, so that a page that is loaded
anew can be told it again, and nobody who lacks the one can know the other.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied
from triage.ledger.events import record_events
from triage.ledger.tables import SessionRow, UserRow
from triage.ledger.users import User, user_view

_SEEN_GRAIN = timedelta(minutes=1)  # so that reading does not mean writing
_KEPT = timedelta(days=30)
# Put together once: every request of a person asks it.
_OPEN = (
    select(SessionRow, UserRow)
    .join(UserRow, UserRow.id == SessionRow.user_id)
    .where(
        SessionRow.token_digest == bindparam("digest"),
        SessionRow.ended_at.is_(None),
        SessionRow.expires_at > bindparam("now"),
        SessionRow.seen_at > bindparam("idle_since"),
        UserRow.active,
    )
)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts without a request, and at most."""

    idle: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with an open session; `csrf` is the token that a changing request must carry."""

    session_id: int
    user: User
    csrf: str
    seen_at: datetime
    expires_at: datetime


def open_session(
    session: Session, user: User, *, rules: SessionRules, now: datetime
) -> tuple[str, SignedIn]:
    """A new session of this user: its token, which is shown this once, and its record.

    Raises AccessDenied where the user has been switched off meanwhile.
    """
    row = session.get(UserRow, user.id, with_for_update=True)
    if row is None or not row.active:
        raise AccessDenied("账号已停用，请联系管理员")
    row.last_login_at = now
    token = secrets.token_urlsafe(32)
    opened = SessionRow(
        token_digest=_digest(token),
        csrf_digest=_digest(_csrf_of(token)),
        user_id=user.id,
        created_at=now,
        seen_at=now,
        expires_at=now + rules.most,
    )
    session.add(opened)
    session.flush()
    _record(session, "session.opened", opened, who=row.login, now=now)
    drop_old_sessions(session, before=now - _KEPT)
    return token, _view(opened, row, token)


def check_session(session: Session, token: str, *, rules: SessionRules, now: datetime) -> SignedIn:
    """Who has this session. Raises AccessDenied, the same for unknown, ended, idle and too old."""
    told = {"digest": _digest(token), "now": now, "idle_since": now - rules.idle}
    found = session.execute(_OPEN, told).one_or_none()
    if found is None:
        raise AccessDenied("登录已过期，请重新登录")
    return _view(*found, token)


def needs_touch(signed_in: SignedIn, *, now: datetime) -> bool:
    """Whether it was last seen so long ago that it is worth a write."""
    return now - signed_in.seen_at >= _SEEN_GRAIN


def touch_session(session: Session, signed_in: SignedIn, *, now: datetime) -> None:
    """Note that the session is in use."""
    session.execute(
        update(SessionRow).where(SessionRow.id == signed_in.session_id).values(seen_at=now)
    )


def end_session(session: Session, signed_in: SignedIn, *, now: datetime) -> None:
    """Sign out; doing it again changes nothing."""
    row = session.get(SessionRow, signed_in.session_id)
    if row is not None and row.ended_at is None:
        row.ended_at = now
        session.flush()
        _record(session, "session.ended", row, who=signed_in.user.login, now=now)


def drop_old_sessions(session: Session, *, before: datetime) -> None:
    """Delete those that ended or ran out before this moment; the event log remembers them."""
    session.execute(
        delete(SessionRow).where(or_(SessionRow.expires_at < before, SessionRow.ended_at < before))
    )


def is_csrf(signed_in: SignedIn, told: str) -> bool:
    """Whether the request comes from a page that was told this session's token."""
    return secrets.compare_digest(signed_in.csrf.encode(), told.encode(errors="surrogatepass"))


def _csrf_of(token: str) -> str:
    return _digest(f"csrf {token}")


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def _view(row: SessionRow, user: UserRow, token: str) -> SignedIn:
    return SignedIn(row.id, user_view(user), _csrf_of(token), row.seen_at, row.expires_at)


def _record(session: Session, kind: str, row: SessionRow, *, who: str, now: datetime) -> None:
    payload = {"session": row.id, "user": row.user_id}
    record_events(session, [{"actor": who, "kind": kind, "payload": payload}], now=now)
