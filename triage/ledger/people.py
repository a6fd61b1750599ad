"""Whom one may put in charge, and what people are called: logins and names, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.ledger.departments import find_reach, get_department
from triage.ledger.tables import UserRow
from triage.roles import ROLE_ACTIONS, Action, Caller

_WORKERS = tuple(role for role, actions in ROLE_ACTIONS.items() if Action.WORK in actions)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may have a matter in hand (承办人)."""

    login: str
    name: str


def list_people(
    session: Session, *, caller: Caller, department: str | None = None
) -> tuple[Person, ...]:
    """Those who work for this department (code or name) and all below it, in order of login.

    Without a department, all within the caller's reach. Who may no longer sign in is left out.
    Raises AccessDenied without PLAN_TASKS or for a department out of reach, NotFound for an unknown
    one.
    """
    caller.require(Action.PLAN_TASKS)
    reach = caller.reach
    if department is not None:
        code = get_department(session, department).code
        caller.require_reach(code)
        reach = find_reach(session, code)
    query = (
        select(UserRow.login, UserRow.name)
        .where(UserRow.active, UserRow.role.in_(_WORKERS))
        .order_by(UserRow.login)
    )
    if reach is not None:
        query = query.where(UserRow.department.in_(sorted(reach)))
    return tuple(Person(login, name) for login, name in session.execute(query))


def name_people(session: Session, logins: Iterable[str | None]) -> dict[str, str]:
    """Login to name, of those among these who are users; who acted by a key or a clock is none."""
    wanted = {login for login in logins if login}
    if not wanted:
        return {}
    named = select(UserRow.login, UserRow.name).where(UserRow.login.in_(wanted))
    return dict(session.execute(named).all())
