"""Users for the tests. All are invented; their one password is hashed once, and cheaply: what
checks it does as much work as the hash says, and dozens of sign-ins need not take a tenth of a
second each. How dear a hash of the product is, tests/test_passwords.py says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import count

import httpx
from argon2 import PasswordHasher
from ledger_factories import NOW
from service_factories import RunningService

from triage.ledger.store import Store
from triage.ledger.users import User, create_user, set_password
from triage.roles import ROLE_ACTIONS, SHELL, Caller, Role

PASSWORD = "Liuhe-2025-zhen"
_numbers = count(1)


@cache
def hash_of_password() -> str:
    """What is kept of PASSWORD."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


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


def sign_in(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in; from then on the client sends its session and the token against forged requests."""
    answer = client.post("/v1/session", json={"login": login, "password": password})
    if answer.is_success:
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return answer


@contextmanager
def person(
    running: RunningService,
    role: Role,
    *,
    login: str | None = None,
    department: str | None = None,
) -> Iterator[httpx.Client]:
    """A browser in which a new user of this role has signed in."""
    login = login or f"{role}-{next(_numbers)}"
    add_person(running.service.store, login, role, department=department)
    with running.client() as client:
        assert sign_in(client, login).status_code == 200
        yield client
