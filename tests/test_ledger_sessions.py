from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledger_factories import MINUTE, NOW
from people_factories import add_person, caller_as, hash_of_password
from sqlalchemy import text

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.invitations import (
    accept_invitation,
    get_invitation,
    invite_first_admin,
    invite_user,
)
from triage.ledger.sessions import (
    SessionRules,
    SignedIn,
    check_session,
    end_session,
    is_csrf,
    needs_touch,
    open_session,
    touch_session,
)
from triage.ledger.store import Store
from triage.ledger.users import UserChange, change_user, find_user, set_password
from triage.passwords import hash_password
from triage.roles import SHELL, Role

RULES = SessionRules(idle=timedelta(minutes=30), most=timedelta(hours=10))
ADMIN = caller_as(Role.ADMIN)


def sign_in(store: Store, login: str = "wang", *, minutes: float = 0) -> tuple[str, SignedIn]:
    with store.writing() as session:
        found = find_user(session, login)
        assert found is not None
        return open_session(session, found[0], rules=RULES, now=NOW + minutes * MINUTE)


def check(store: Store, token: str, *, minutes: float = 0) -> SignedIn:
    now = NOW + minutes * MINUTE
    with store.writing() as session:
        signed_in = check_session(session, token, rules=RULES, now=now)
        if needs_touch(signed_in, now=now):
            touch_session(session, signed_in, now=now)
    return signed_in


def test_a_session_tells_who_signed_in_until_it_ends(store: Store) -> None:
    user = add_person(store, "wang", Role.CLERK)
    token, opened = sign_in(store)
    signed_in = check(store, token, minutes=5)
    assert signed_in == opened
    assert (signed_in.user.id, signed_in.user.last_login_at) == (user.id, NOW)
    with store.writing() as session:
        end_session(session, signed_in, now=NOW)
        end_session(session, signed_in, now=NOW)
    with pytest.raises(AccessDenied, match="请重新登录"):
        check(store, token)
    with store.reading() as session:
        kinds = session.scalars(text("SELECT kind FROM event ORDER BY id")).all()
    assert kinds[-2:] == ["session.opened", "session.ended"]


def test_a_session_ends_when_idle_and_when_old_however_busy(store: Store) -> None:
    add_person(store, "wang", Role.CLERK)
    idle, _ = sign_in(store)
    with pytest.raises(AccessDenied):
        check(store, idle, minutes=30)
    busy, _ = sign_in(store)
    for minutes in range(0, 600, 20):
        check(store, busy, minutes=minutes)
    with pytest.raises(AccessDenied):
        check(store, busy, minutes=600)


def test_no_token_stands_in_the_database_and_no_guess_opens(store: Store) -> None:
    add_person(store, "wang", Role.CLERK)
    token, signed_in = sign_in(store)
    with store.reading() as session:
        rows = str(session.execute(text("SELECT * FROM session")).all())
    assert token not in rows
    assert signed_in.csrf not in rows
    for wrong in ("", token[:-1], token.swapcase(), signed_in.csrf, "\ud800", "令牌\x00"):
        with pytest.raises(AccessDenied):
            check(store, wrong)
    assert is_csrf(signed_in, signed_in.csrf)
    for wrong in ("", token, "\ud800", check(store, sign_in(store)[0]).csrf):
        assert not is_csrf(signed_in, wrong)


def test_who_is_switched_off_or_sets_a_new_password_is_signed_out_everywhere(store: Store) -> None:
    user = add_person(store, "wang", Role.CLERK)
    add_person(store, "root", Role.ADMIN)
    one, _ = sign_in(store)
    with store.writing() as session:
        set_password(session, user.id, hash_of_password(), now=NOW)
    with pytest.raises(AccessDenied):
        check(store, one)
    two, _ = sign_in(store)
    with store.writing() as session:
        change_user(session, user.id, UserChange(active=False), caller=ADMIN, now=NOW)
    with pytest.raises(AccessDenied):
        check(store, two)
    with pytest.raises(AccessDenied, match="停用"):
        sign_in(store)
    with store.writing() as session:
        change_user(session, user.id, UserChange(active=True), caller=ADMIN, now=NOW)
    with pytest.raises(AccessDenied):
        check(store, two)


def test_old_sessions_are_dropped(store: Store) -> None:
    add_person(store, "wang", Role.CLERK)
    sign_in(store)
    sign_in(store, minutes=60 * 24 * 40)
    with store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM session")) == 1


def test_a_link_sets_a_password_once(store: Store) -> None:
    user = add_person(store, "wang", Role.CLERK, with_password=False)
    with store.writing() as session:
        token, invitation = invite_user(session, user.id, caller=ADMIN, now=NOW)
    assert invitation.user == user
    with store.reading() as session:
        assert get_invitation(session, token, now=NOW) == invitation
        assert token not in str(session.execute(text("SELECT * FROM invitation")).all())
    with store.writing() as session:
        kept = hash_password("Other-2025-mima")
        accepted = accept_invitation(session, token, password_hash=kept, now=NOW)
    assert (accepted.id, accepted.has_password) == (user.id, True)
    with store.writing() as session, pytest.raises(NotFound, match="邀请链接"):
        accept_invitation(session, token, password_hash=kept, now=NOW)


def test_a_link_ends_after_a_week_with_the_next_one_and_with_the_account(store: Store) -> None:
    user = add_person(store, "wang", Role.CLERK, with_password=False)
    with store.writing() as session:
        old, _ = invite_user(session, user.id, caller=ADMIN, now=NOW)
        new, _ = invite_user(session, user.id, caller=ADMIN, now=NOW)
        for token, now in ((old, NOW), (new, NOW + timedelta(days=7)), ("", NOW), ("\ud800", NOW)):
            with pytest.raises(NotFound):
                get_invitation(session, token, now=now)
        get_invitation(session, new, now=NOW)
        change_user(session, user.id, UserChange(active=False), caller=ADMIN, now=NOW)
        with pytest.raises(NotFound):
            get_invitation(session, new, now=NOW)
        with pytest.raises(Conflict, match="先启用"):
            invite_user(session, user.id, caller=ADMIN, now=NOW)


def test_of_two_who_use_a_link_at_once_one_wins(store: Store) -> None:
    user = add_person(store, "wang", Role.CLERK, with_password=False)
    with store.writing() as session:
        token, _ = invite_user(session, user.id, caller=ADMIN, now=NOW)

    def accept(number: int) -> bool:
        try:
            with store.writing() as session:
                accept_invitation(session, token, password_hash=f"hash {number}", now=NOW)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, range(4))) == [False, False, False, True]


def test_an_administrator_cannot_take_over_a_discipline_officer_by_a_link(store: Store) -> None:
    user = add_person(store, "ji", Role.DISCIPLINE)
    with store.writing() as session:
        with pytest.raises(AccessDenied, match="纪检员自己管理"):
            invite_user(session, user.id, caller=ADMIN, now=NOW)
        invite_user(session, user.id, caller=caller_as(Role.DISCIPLINE), now=NOW)
        invite_user(session, user.id, caller=SHELL, now=NOW)


def test_the_first_administrator_makes_the_own_account_by_the_first_link(store: Store) -> None:
    with store.writing() as session:
        first = invite_first_admin(session, now=NOW)
        second = invite_first_admin(session, now=NOW)
    assert first is not None
    assert second is not None
    kept = hash_of_password()
    with store.writing() as session, pytest.raises(NotFound):
        accept_invitation(session, first[0], password_hash=kept, now=NOW, login="x1", name="x")
    with pytest.raises(InvalidInput), store.writing() as session:
        accept_invitation(session, second[0], password_hash=kept, now=NOW)
    with store.writing() as session:
        user = accept_invitation(
            session, second[0], password_hash=kept, now=NOW, login="Root", name="管理员"
        )
        assert (user.login, user.role, user.active) == ("root", Role.ADMIN, True)
        assert invite_first_admin(session, now=NOW) is None
        with pytest.raises(NotFound):
            get_invitation(session, second[0], now=NOW)
