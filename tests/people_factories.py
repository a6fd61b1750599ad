"""Users for the tests. All are invented; their one password is hashed once."""

from datetime import datetime
from functools import cache

from ledger_factories import NOW

from triage.ledger.store import Store
from triage.ledger.users import User, create_user, set_password
from triage.passwords import hash_password
from triage.roles import ROLE_ACTIONS, Action, Caller, Role

PASSWORD = "Liuhe-2025-zhen"
# The shell of the server: may do what an administrator may, and manage discipline officers.
SHELL = Caller("cli", ROLE_ACTIONS[Role.ADMIN] | {Action.MANAGE_DISCIPLINE})


@cache
def hash_of_password() -> str:
    """What is kept of PASSWORD."""
    return hash_password(PASSWORD)


def add_person(
    store: Store,
    login: str,
    role: Role,
    *,
    department: str | None = None,
    with_password: bool = True,
    now: datetime = NOW,
) -> User:
    """A user who can sign in with PASSWORD at once."""
    with store.writing() as session:
        user = create_user(
            session,
            login=login,
            name=f"测试{login}",
            role=role,
            department=department,
            caller=SHELL,
            now=now,
        )
        if with_password:
            set_password(session, user.id, hash_of_password(), now=now)
    return user


def caller_as(role: Role, *, who: str = "") -> Caller:
    """Who calls with this role, in no department."""
    return Caller(who or role.value, ROLE_ACTIONS[role])
