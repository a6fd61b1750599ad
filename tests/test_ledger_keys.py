from datetime import timedelta

import pytest
from ledger_factories import DEPARTMENTS, NOW
from sqlalchemy import text

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.keys import (
    check_key,
    create_key,
    key_caller,
    list_keys,
    needs_touch,
    revoke_key,
    touch_key,
)
from triage.ledger.store import Store
from triage.roles import ROLE_ACTIONS, Action, Caller, Role


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def test_a_key_opens_what_its_scopes_say_and_nothing_else(store: Store) -> None:
    with store.writing() as session:
        plain, made = create_key(session, name="热线", scopes=["submit", "read"], now=NOW)
    with store.reading() as session:
        key = check_key(session, plain)
        caller = key_caller(session, key)
    assert key == made
    caller.require(Action.SUBMIT)
    with pytest.raises(AccessDenied, match="查看复核队列"):
        caller.require(Action.READ_REVIEW)
    assert caller.who == f"key:{key.id}"
    assert not caller.may_see_confidential


def test_only_discipline_may_see_accusations_and_admin_may_not(store: Store) -> None:
    with store.writing() as session:
        _, admin = create_key(session, name="a", scopes=["admin"], now=NOW)
        _, officer = create_key(session, name="b", scopes=["discipline"], now=NOW)
        sees = [key_caller(session, key).may_see_confidential for key in (admin, officer)]
    assert sees == [False, True]


def test_the_text_of_a_key_stands_nowhere_in_the_database(store: Store) -> None:
    with store.writing() as session:
        plain, key = create_key(session, name="热线", scopes=["read"], now=NOW)
        other, _ = create_key(session, name="热线", scopes=["read"], now=NOW)
    with store.reading() as session:
        rows = session.execute(text("SELECT * FROM api_key")).all()
        log = session.execute(text("SELECT * FROM event")).all()
    secret = plain.split("_", 2)[2]
    assert len(secret) >= 43  # 256 bits
    assert secret not in f"{rows} {log}"
    assert plain != other
    assert plain.split("_", 2)[1] == key.prefix


def test_a_wrong_key_is_denied_like_an_unknown_or_revoked_one(store: Store) -> None:
    with store.writing() as session:
        plain, _ = create_key(session, name="热线", scopes=["read"], now=NOW)
        dead, key = create_key(session, name="旧", scopes=["read"], now=NOW)
        revoke_key(session, key.id, now=NOW)
    kind, prefix, secret = plain.split("_", 2)
    flipped = secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB")
    wrong = [
        "",
        "_",
        "x",
        prefix,
        f"{kind}_{prefix}",
        f"{kind}_{prefix}_",
        f"{kind}_{prefix}_{flipped}",
        f"xxx_{prefix}_{secret}",
        plain + "A",
        plain.upper(),
        f"{kind}_000000000000_{secret}",
        f"{kind}_\x00_\ud800",
        "密钥_😀_",
        dead,
    ]
    messages = set()
    with store.reading() as session:
        for text_ in wrong:
            with pytest.raises(AccessDenied) as caught:
                check_key(session, text_)
            messages.add(caught.value.message)
    assert len(messages) == 1


def test_a_key_of_one_department_names_it_by_code(store: Store) -> None:
    with store.writing() as session:
        _, key = create_key(session, name="住建", scopes=["read"], department="住建局", now=NOW)
        assert key.department == "zhujian"
        assert key_caller(session, key).reach == {"zhujian"}
        with pytest.raises(NotFound):
            create_key(session, name="x", scopes=["read"], department="没有", now=NOW)


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "write"]])
def test_unknown_scopes_are_refused(store: Store, scopes: list[str]) -> None:
    with store.writing() as session, pytest.raises(InvalidInput) as caught:
        create_key(session, name="x", scopes=scopes, now=NOW)
    assert caught.value.field == "scopes"


def test_a_key_needs_a_name(store: Store) -> None:
    with store.writing() as session, pytest.raises(InvalidInput) as caught:
        create_key(session, name=" ", scopes=["read"], now=NOW)
    assert caught.value.field == "name"


def test_use_is_noted_at_most_once_an_hour(store: Store) -> None:
    with store.writing() as session:
        plain, key = create_key(session, name="热线", scopes=["read"], now=NOW)
    noted = []
    for minutes in (0, 59, 60):
        now = NOW + timedelta(minutes=minutes)
        with store.writing() as session:
            key = check_key(session, plain)
            wanted = needs_touch(key, now=now)
            touch_key(session, key, now=now)
        with store.reading() as session:
            assert (check_key(session, plain).last_used_at == now) == wanted
        noted.append(wanted)
    assert noted == [True, False, True]


def test_revoking_is_for_good_and_told_once(store: Store) -> None:
    with store.writing() as session:
        _, first = create_key(session, name="甲", scopes=["read"], now=NOW)
        create_key(session, name="乙", scopes=["read"], now=NOW)
        revoke_key(session, first.id, now=NOW)
        again = revoke_key(session, first.id, now=NOW + timedelta(days=1))
        assert again.revoked_at == NOW
        assert [(key.name, key.revoked_at) for key in list_keys(session)] == [
            ("甲", NOW),
            ("乙", None),
        ]
        with pytest.raises(NotFound):
            revoke_key(session, 10**6, now=NOW)
    with store.reading() as session:
        kinds = session.scalars(text("SELECT kind FROM event ORDER BY id")).all()
    assert kinds == ["key.created", "key.created", "key.revoked"]


def test_discipline_officers_manage_the_keys_that_open_accusations_and_no_others(
    store: Store,
) -> None:
    officer = Caller("jiwei", ROLE_ACTIONS[Role.DISCIPLINE])
    with store.writing() as session:
        _, plain = create_key(session, name="热线", scopes=["submit"], now=NOW)
        _, sealed = create_key(
            session, name="纪委系统", scopes=["discipline"], now=NOW, caller=officer
        )
        assert [key.name for key in list_keys(session, caller=officer)] == ["纪委系统"]
        with pytest.raises(NotFound, match=str(plain.id)):
            revoke_key(session, plain.id, now=NOW, caller=officer)
        assert revoke_key(session, sealed.id, now=NOW, caller=officer).revoked_at == NOW
        with pytest.raises(AccessDenied):
            list_keys(session, caller=Caller("li", ROLE_ACTIONS[Role.OFFICER]))
