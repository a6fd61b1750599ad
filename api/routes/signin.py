"""Signing in: by password, by a one-time link, or by a provider who knows the person already.

A password is hashed outside of any transaction, and by few requests at once, since each takes
46 MiB. What failed is counted before it is looked at (see `triage.ledger.attempts`).
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.auth import session_rules
from api.errors import NotSignedIn
from api.service import Service
from triage.errors import AccessDenied, InvalidInput
from triage.ledger.attempts import Limit, begin_attempt, forget_attempts, forgive
from triage.ledger.events import record_events
from triage.ledger.invitations import accept_invitation, get_invitation
from triage.ledger.sessions import SignedIn, open_session
from triage.ledger.users import User, check_login, find_user, set_password
from triage.passwords import check_password, hash_password, is_password
from triage.roles import Role

_BY_LOGIN = "sign-in"
_BY_ADDRESS = "sign-in-address"
_ADDRESS_FACTOR = 10  # an office shares one address
_hashing = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A session that was just opened, and its token for the cookie."""

    token: str
    signed_in: SignedIn


def sign_in(
    service: Service, login: str, password: str, *, address: str, now: datetime
) -> Entrance:
    """A session for whoever has this password. Raises NotSignedIn, the same for an unknown login
    and a wrong password; TooManyAttempts; AccessDenied for one who is switched off."""
    user = _check(service, login, password, address=address, now=now)
    with service.store.writing() as session:
        return Entrance(
            *open_session(session, user, rules=session_rules(service.settings), now=now)
        )


def change_password(
    service: Service, signed_in: SignedIn, old: str, new: str, *, address: str, now: datetime
) -> Entrance:
    """The password changed, all other sessions ended, and a new one opened.

    Raises InvalidInput where the new one is too weak or the old one again, NotSignedIn where the
    old one is wrong, TooManyAttempts.
    """
    user = signed_in.user
    plain = check_password(new, login=user.login)
    if old == new:
        raise InvalidInput("新密码与原密码相同，请换一个", field="password")
    _check(service, user.login, old, address=address, now=now)
    kept = _hash(plain)
    with service.store.writing() as session:
        set_password(session, user.id, kept, now=now)
        rules = session_rules(service.settings)
        return Entrance(*open_session(session, user, rules=rules, now=now))


def accept(
    service: Service, token: str, password: str, *, login: str, name: str, now: datetime
) -> Entrance:
    """The password of an invited person set, any lock lifted, and a session opened.

    Raises NotFound for a link that opens nothing, InvalidInput or Conflict for a password, login or
    name that cannot be had.
    """
    with service.store.reading() as session:
        invited = get_invitation(session, token, now=now).user
    login = check_login(login) if invited is None else invited.login
    kept = _hash(check_password(password, login=login))
    with service.store.writing() as session:
        user = accept_invitation(
            session, token, password_hash=kept, login=login, name=name, now=now
        )
        forget_attempts(session, _BY_LOGIN, user.login)
        rules = session_rules(service.settings)
        return Entrance(*open_session(session, user, rules=rules, now=now))


def enter_known(service: Service, login: str, *, now: datetime) -> Entrance:
    """A session for a user whom a trusted provider has vouched for.

    Raises AccessDenied where there is no such user, or one who is switched off or a discipline
    officer: nobody outside vouches for these.
    """
    with service.store.writing() as session:
        found = find_user(session, login)
        if found is None:
            raise AccessDenied("您还没有本系统的账号，请管理员按统一身份的登录名开通")
        if found[0].role is Role.DISCIPLINE:
            raise AccessDenied("纪检员的账号不能用统一身份登录，请用密码登录")
        rules = session_rules(service.settings)
        return Entrance(*open_session(session, found[0], rules=rules, now=now))


def _check(service: Service, login: str, password: str, *, address: str, now: datetime) -> User:
    login = login.strip().lower()
    window = timedelta(minutes=service.settings.sign_in_lock_minutes)
    most = service.settings.sign_in_failures
    tries = [
        (Limit(_BY_LOGIN, most, window), login),
        (Limit(_BY_ADDRESS, most * _ADDRESS_FACTOR, window), address),
    ]
    with service.store.writing() as session:
        attempts = begin_attempt(session, tries, now=now)
        found = find_user(session, login)
    with _hashing:
        right = is_password(password, found[1] if found else "")
    if found is None or not right:
        if found is not None:
            _record_refusal(service, found[0], now=now)
        raise NotSignedIn(
            f"登录名或密码不对，请核对后重试；连续输错 {most} 次将暂停 "
            f"{service.settings.sign_in_lock_minutes} 分钟。忘记密码请找管理员重发邀请链接"
        )
    with service.store.writing() as session:
        forgive(session, attempts)
        forget_attempts(session, _BY_LOGIN, login)
    return found[0]


def _record_refusal(service: Service, user: User, *, now: datetime) -> None:
    event = {"actor": user.login, "kind": "session.refused", "payload": {"user": user.id}}
    with service.store.writing() as session:
        record_events(session, [event], now=now)


def _hash(plain: str) -> str:
    with _hashing:
        return hash_password(plain)
