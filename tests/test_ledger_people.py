from dataclasses import replace
from typing import Any

import pytest
from ledger_factories import CITY, DEPARTMENTS, HOUSING, NOW
from people_factories import add_person, caller_as

from triage.errors import AccessDenied, NotFound
from triage.ledger.departments import find_reach, sync_departments
from triage.ledger.people import Person, list_people, name_people
from triage.ledger.store import Store
from triage.ledger.users import UserChange, change_user
from triage.roles import SHELL, Role

CLERK = caller_as(Role.CLERK)


@pytest.fixture(autouse=True)
def people(store: Store) -> None:
    """Two officers of housing, one of whom has gone; one each of the station below it, and of
    another department; and some who carry nothing out."""
    tree = (HOUSING, replace(CITY, parent="zhujian"), *DEPARTMENTS[2:])
    with store.writing() as session:
        sync_departments(session, tree)
    add_person(store, "li", Role.OFFICER, department="zhujian")
    gone = add_person(store, "zhou", Role.OFFICER, department="zhujian")
    add_person(store, "sun", Role.OFFICER, department="chengguan")
    add_person(store, "wu", Role.OFFICER, department=DEPARTMENTS[2].code)
    add_person(store, "zheng", Role.SUPERVISOR, department="zhujian")
    add_person(store, "feng", Role.DISCIPLINE, department="zhujian")
    with store.writing() as session:
        change_user(session, gone.id, UserChange(active=False), caller=SHELL, now=NOW)


def find(store: Store, **asked: Any) -> list[str]:
    with store.reading() as session:
        return [person.login for person in list_people(session, **{"caller": CLERK} | asked)]


def test_a_department_is_worked_for_by_its_own_officers_and_those_below(store: Store) -> None:
    assert find(store, department="zhujian") == find(store, department="住建局") == ["li", "sun"]
    assert find(store, department="chengguan") == ["sun"]


def test_without_a_department_everybody_within_reach_is_named(store: Store) -> None:
    assert find(store) == ["li", "sun", "wu"]
    with store.reading() as session:
        reach = find_reach(session, "chengguan")
    officer = replace(caller_as(Role.OFFICER), department="chengguan", reach=reach)
    assert find(store, caller=officer) == ["sun"]
    with pytest.raises(AccessDenied):
        find(store, caller=officer, department="zhujian")


def test_a_person_is_a_login_and_a_name(store: Store) -> None:
    with store.reading() as session:
        assert list_people(session, caller=CLERK, department="chengguan") == (
            Person("sun", "测试sun"),
        )


def test_who_plans_no_tasks_is_told_nobody(store: Store) -> None:
    for role in (Role.ADMIN, Role.DISCIPLINE):
        with pytest.raises(AccessDenied):
            find(store, caller=caller_as(role))
    with pytest.raises(NotFound):
        find(store, department="没有的局")


def test_who_acted_is_called_by_name_and_a_key_by_nothing(store: Store) -> None:
    with store.reading() as session:
        assert name_people(session, ["li", "zhou", "key:3", None, ""]) == {
            "li": "测试li",
            "zhou": "测试zhou",
        }
        assert name_people(session, [None]) == {}
