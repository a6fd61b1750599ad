from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from ledger_factories import CITY, DEPARTMENTS, DISCIPLINE, HOUSING, NOW
from people_factories import add_person, caller_as
from sqlalchemy import text

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.store import Store
from triage.ledger.users import (
    UserChange,
    change_user,
    create_user,
    find_user,
    get_user,
    has_admin,
    list_users,
    user_caller,
)
from triage.roles import ROLE_ACTIONS, SHELL, Action, Role

ADMIN = caller_as(Role.ADMIN)
MONITOR = caller_as(Role.DISCIPLINE)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def create(store: Store, **changes: Any) -> Any:
    told = {"login": "wang", "name": "王五", "role": Role.CLERK, "caller": ADMIN} | changes
    with store.writing() as session:
        return create_user(session, now=NOW, **told)


def change(store: Store, user_id: int, *, caller: Any = ADMIN, **changes: Any) -> Any:
    with store.writing() as session:
        return change_user(session, user_id, UserChange(**changes), caller=caller, now=NOW)


@pytest.mark.parametrize("role", list(Role))
def test_a_user_may_do_what_the_role_says(store: Store, role: Role) -> None:
    user = create(store, role=role, department="住建局", caller=SHELL)
    with store.reading() as session:
        caller = user_caller(session, user)
    assert (caller.who, caller.actions) == ("wang", ROLE_ACTIONS[role])
    assert (caller.department, caller.reach) == ("zhujian", {"zhujian"})


def test_an_officer_reaches_the_own_department_and_all_below_it(store: Store) -> None:
    tree = (
        HOUSING,
        replace(CITY, parent="zhujian"),
        replace(DISCIPLINE, code="zhan", name="维修站", parent="chengguan"),
    )
    with store.writing() as session:
        sync_departments(session, tree)
    reaches = {}
    for number, department in enumerate((None, "住建局", "城管局", "维修站")):
        user = create(store, login=f"u{number}", department=department)
        with store.reading() as session:
            reaches[department] = user_caller(session, user).reach
    assert reaches == {
        None: None,
        "住建局": {"zhujian", "chengguan", "zhan"},
        "城管局": {"chengguan", "zhan"},
        "维修站": {"zhan"},
    }


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"login": "w"}, InvalidInput, "login"),
        ({"login": "王五"}, InvalidInput, "login"),
        ({"login": "key:1"}, InvalidInput, "login"),
        ({"login": "citizen"}, InvalidInput, "login"),
        ({"login": "machine"}, InvalidInput, "login"),
        ({"login": "a" * 65}, InvalidInput, "login"),
        ({"login": "a\x00b"}, InvalidInput, "login"),
        ({"name": "  "}, InvalidInput, "name"),
        ({"name": "长" * 51}, InvalidInput, "name"),
        ({"role": Role.OFFICER}, InvalidInput, "department"),
        ({"department": "龙宫"}, NotFound, "department"),
        ({"login": " ZHAO "}, Conflict, "login"),
    ],
)
def test_what_cannot_be_a_user_is_told_by_field(
    store: Store, changes: dict[str, Any], error: type[Exception], field: str
) -> None:
    create(store, login="zhao")
    with pytest.raises(error) as caught:
        create(store, **changes)
    assert getattr(caught.value, "field", None) == field
    with store.reading() as session:
        assert [user.login for user in list_users(session, caller=ADMIN).lines] == ["zhao"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_but_an_administrator_manages_ordinary_users(store: Store, role: Role) -> None:
    user = create(store)
    other = caller_as(role)
    with pytest.raises(AccessDenied):
        create(store, login="zhao", caller=other)
    with pytest.raises((AccessDenied, NotFound)):
        change(store, user.id, active=False, caller=other)


def test_discipline_officers_manage_their_own_once_there_is_one(store: Store) -> None:
    create(store, login="first", role=Role.DISCIPLINE)
    first = add_person(store, "second", Role.DISCIPLINE)
    clerk = create(store)
    for refused in (
        lambda: create(store, login="spy", role=Role.DISCIPLINE),
        lambda: change(store, first.id, active=False),
        lambda: change(store, first.id, role=Role.CLERK),
        lambda: change(store, clerk.id, role=Role.DISCIPLINE),
    ):
        with pytest.raises(AccessDenied, match="纪检员自己管理"):
            refused()
    change(store, first.id, active=False, caller=MONITOR)
    with pytest.raises(AccessDenied):  # one who has left still counts
        create(store, login="spy", role=Role.DISCIPLINE)
    create(store, login="third", role=Role.DISCIPLINE, caller=MONITOR)
    create(store, login="fourth", role=Role.DISCIPLINE, caller=SHELL)


def test_discipline_officers_see_their_own_accounts_only(store: Store) -> None:
    clerk = create(store)
    own = create(store, login="ji", role=Role.DISCIPLINE)
    with store.reading() as session:
        assert list_users(session, caller=MONITOR).lines == (own,)
        assert get_user(session, own.id, caller=MONITOR) == own
        with pytest.raises(NotFound):
            get_user(session, clerk.id, caller=MONITOR)
        for role in (Role.CLERK, Role.OFFICER, Role.SUPERVISOR):
            with pytest.raises(AccessDenied):
                list_users(session, caller=caller_as(role))


def test_a_change_says_only_what_is_different(store: Store) -> None:
    user = create(store, department="住建局")
    assert change(store, user.id) == user
    moved = change(store, user.id, role=Role.OFFICER, name="王小五")
    assert moved == replace(user, role=Role.OFFICER, name="王小五")
    with pytest.raises(InvalidInput):
        change(store, user.id, department="")
    assert change(store, user.id, role=Role.CLERK, department="").department is None
    with store.reading() as session:
        kinds = session.scalars(text("SELECT kind FROM event ORDER BY id")).all()
        assert kinds == ["user.created", "user.changed", "user.changed"]
        assert "王" not in str(session.execute(text("SELECT * FROM event")).all())


def test_the_last_administrator_stays(store: Store) -> None:
    one = add_person(store, "one", Role.ADMIN)
    add_person(store, "two", Role.ADMIN, with_password=False)
    for changes in ({"active": False}, {"role": Role.CLERK}):
        with pytest.raises(Conflict, match="没有管理员"):
            change(store, one.id, **changes)
    three = add_person(store, "three", Role.ADMIN)
    change(store, one.id, active=False)
    with pytest.raises(Conflict):
        change(store, three.id, active=False)
    with store.reading() as session:
        assert has_admin(session)


def test_two_administrators_who_dismiss_each_other_at_once_leave_one(store: Store) -> None:
    ids = [add_person(store, f"admin{number}", Role.ADMIN).id for number in range(4)]

    def dismiss(user_id: int) -> bool:
        try:
            change(store, user_id, active=False)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(dismiss, ids)) == [False, True, True, True]


def test_users_are_found_by_login_whatever_the_case_and_listed_page_by_page(store: Store) -> None:
    for number in range(5):
        create(store, login=f"user{number}", department="住建局" if number % 2 else None)
    change(store, create(store, login="gone").id, active=False)
    with store.reading() as session:
        found = find_user(session, " USER3 ")
        assert found is not None
        assert (found[0].login, found[1]) == ("user3", "")
        assert find_user(session, "nobody\x00") is None
        first = list_users(session, caller=ADMIN, limit=4)
        rest = list_users(session, caller=ADMIN, limit=4, cursor=first.next)
        logins = [user.login for user in first.lines + rest.lines]
        assert logins == ["gone", "user0", "user1", "user2", "user3", "user4"]
        assert rest.next is None
        housing = list_users(session, caller=ADMIN, department="住建局", role=Role.CLERK)
        assert [user.login for user in housing.lines] == ["user1", "user3"]
        assert len(list_users(session, caller=ADMIN, active=False).lines) == 1


def test_the_shell_may_do_what_an_administrator_may_and_manage_discipline() -> None:
    assert SHELL.may(Action.MANAGE_DISCIPLINE)
    assert not SHELL.may_see_confidential
