"""Who may do what, walked: every role and every scope of a key against every route and command.

`ROUTES` is said a second time here on purpose: a route that somebody adds, or opens wider than was
meant, fails until it is declared. docs/roles.md holds the same matrix for people.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from people_factories import person
from service_factories import RunningService, load_tiny_desk, make_body, run_service
from sqlalchemy import text

from api.app import create_app
from api.auth import Needs, find_caller, find_signed_in, find_visitor
from api.settings import Settings
from triage.ledger.states import EntryState
from triage.roles import (
    ACTION_NAMES,
    ROLE_ACTIONS,
    ROLE_NAMES,
    SCOPE_ACTIONS,
    Action,
    Role,
    Scope,
)
from triage.workflow import ON_SUBMISSIONS, TRANSITIONS, Command, find_transition

ROLES_PAGE = Path(__file__).parent.parent / "docs" / "roles.md"
JSON = {"Content-Type": "application/json"}
ANYBODY = "anybody"  # no key and no session: says nothing of any person or submission
CALLER = "caller"  # any valid key or open session
PERSON = "person"  # any open session, no key
LINK = "link"  # whoever holds the secret that the body carries: link, tracking code, password

Guard = str | tuple[Action, ...]
USERS = (Action.MANAGE_USERS, Action.MANAGE_DISCIPLINE)
ROUTES: dict[str, Guard] = {
    # signs of life and pages
    "GET /": ANYBODY,
    "GET /account": ANYBODY,
    "GET /citizen": ANYBODY,
    "GET /docs": ANYBODY,
    "GET /openapi.json": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    # coming in
    "POST /v1/session": LINK,
    "DELETE /v1/session": PERSON,
    "GET /v1/me": CALLER,
    "POST /v1/me/password": PERSON,
    "POST /v1/invitations:read": LINK,
    "POST /v1/invitations:accept": LINK,
    "GET /v1/oidc": ANYBODY,
    "GET /v1/oidc/start": ANYBODY,
    "GET /v1/oidc/callback": LINK,
    # users and keys
    "GET /v1/users": USERS,
    "POST /v1/users": USERS,
    "GET /v1/users/{user_id}": USERS,
    "PATCH /v1/users/{user_id}": USERS,
    "POST /v1/users/{user_id}/invitation": USERS,
    "GET /v1/keys": (Action.MANAGE_KEYS, Action.MANAGE_DISCIPLINE),
    "POST /v1/keys": (Action.MANAGE_KEYS, Action.MANAGE_DISCIPLINE),
    "DELETE /v1/keys/{key_id}": (Action.MANAGE_KEYS, Action.MANAGE_DISCIPLINE),
    # the first page and the review queue
    "GET /v1/home": CALLER,
    "GET /v1/reviews": (Action.READ_REVIEW,),
    "GET /v1/reviews/today": (Action.READ_REVIEW,),
    # the ledger page
    "GET /v1/ledger": (Action.READ_LISTS,),
    "GET /v1/ledger.xlsx": (Action.READ_LISTS,),
    "POST /v1/entries:batch": (Action.READ,),  # and what the command needs
    "GET /v1/entries/{entry_id}/similar": (Action.READ,),
    # saved views
    "GET /v1/views": PERSON,
    "PUT /v1/views": PERSON,
    "DELETE /v1/views/{view_id}": PERSON,
    # files of submissions brought in
    "POST /v1/imports": (Action.SUBMIT,),
    "GET /v1/imports": (Action.SUBMIT,),
    "GET /v1/imports/{import_id}": (Action.SUBMIT,),
    "DELETE /v1/imports/{import_id}": (Action.SUBMIT,),
    "PUT /v1/imports/{import_id}/columns": (Action.SUBMIT,),
    "GET /v1/imports/{import_id}/preview": (Action.SUBMIT,),
    "POST /v1/imports/{import_id}/start": (Action.SUBMIT,),
    "POST /v1/imports/{import_id}/pause": (Action.SUBMIT,),
    "POST /v1/imports/{import_id}/undo": (Action.SUBMIT,),
    "GET /v1/imports/{import_id}/errors.{kind}": (Action.SUBMIT,),
    "POST /v1/ocr": (Action.SUBMIT,),
    # the map
    "GET /v1/map": (Action.READ_STATISTICS,),
    "GET /v1/map/shapes": CALLER,
    # the words of the desk
    "GET /v1/taxonomy": CALLER,
    "GET /v1/directory": CALLER,
    "GET /v1/people": (Action.PLAN_TASKS,),
    "GET /v1/divisions": CALLER,
    "GET /v1/divisions/{division}": CALLER,
    "GET /v1/words": CALLER,
    "POST /v1/dispatch": (Action.SUGGEST,),
    "POST /v1/privacy:find": (Action.SUGGEST,),
    # submissions and ledgers
    "POST /v1/submissions": (Action.SUBMIT,),
    "POST /v1/submissions:batch": (Action.SUBMIT,),
    "POST /v1/suggest": (Action.SUGGEST,),
    "GET /v1/submissions/{submission_id}": (Action.READ,),
    "POST /v1/submissions/{submission_id}/submitter": (Action.UNMASK,),
    "POST /v1/submissions/{submission_id}/alarm": (Action.SUBMIT,),
    "POST /v1/submissions/{submission_id}/tracking": (Action.SUBMIT,),  # and UNMASK
    "POST /v1/submissions/{submission_id}/decisions": (Action.DECIDE,),
    "GET /v1/submissions/{submission_id}/repeats": (Action.READ,),
    "POST /v1/submissions/{submission_id}/repeats:merge": (Action.ASSIGN,),
    "POST /v1/submissions/{submission_id}/repeats:dismiss": (Action.ASSIGN,),
    "GET /v1/repeats": (Action.ASSIGN,),
    "GET /v1/departments": (Action.READ,),
    "GET /v1/ledgers/{department}": (Action.READ,),
    "GET /v1/review": (Action.READ_REVIEW,),
    "GET /v1/entries/{entry_id}": (Action.READ,),
    "GET /v1/entries/{entry_id}/attachments/{attachment_id}": (Action.READ,),
    "POST /v1/entries/{entry_id}/{command}": (Action.READ,),  # and what the command needs
    # deadlines
    "GET /v1/deadlines/due": (Action.READ,),
    "GET /v1/deadlines/overdue": (Action.READ,),
    "GET /v1/deadlines/unaccepted": (Action.READ,),
    "GET /v1/deadlines/presets": CALLER,
    "GET /v1/deadlines/settings": CALLER,
    "GET /v1/deadlines/preview": CALLER,
    "PATCH /v1/deadlines/settings": (Action.MANAGE_SETTINGS,),
    "GET /v1/holidays": CALLER,
    "PUT /v1/holidays": (Action.MANAGE_SETTINGS,),
    "DELETE /v1/holidays/{day}": (Action.MANAGE_SETTINGS,),
    # lists and tasks
    "GET /v1/lists/problems": (Action.READ_LISTS,),
    "GET /v1/lists/tasks": (Action.READ_LISTS,),
    "GET /v1/lists/effects": (Action.READ_LISTS,),
    "GET /v1/lists/supervision": (Action.READ_LISTS,),
    "GET /v1/lists/problems.xlsx": (Action.READ_LISTS,),
    "GET /v1/lists/tasks.xlsx": (Action.READ_LISTS,),
    "GET /v1/lists/effects.xlsx": (Action.READ_LISTS,),
    "GET /v1/lists/supervision.xlsx": (Action.READ_LISTS,),
    "POST /v1/lists/problems/import": (Action.IMPORT_LISTS,),
    "POST /v1/tasks": (Action.PLAN_TASKS,),
    "GET /v1/tasks/{task_id}": (Action.READ_LISTS,),
    "PATCH /v1/tasks/{task_id}": (Action.PLAN_TASKS,),
    "POST /v1/tasks/{task_id}/progress": (Action.PLAN_TASKS,),
    "POST /v1/tasks/{task_id}/close": (Action.PLAN_TASKS,),
    "POST /v1/tasks/{task_id}/cancel": (Action.PLAN_TASKS,),
    # accusations (Art. 30)
    "GET /v1/accusations": (Action.READ_ACCUSATIONS,),
    "GET /v1/accusations/{submission_id}": (Action.READ_ACCUSATIONS,),
    "GET /v1/accusations/{submission_id}/attachments/{attachment_id}": (Action.READ_ACCUSATIONS,),
    "POST /v1/accusations/{submission_id}/alarm": (Action.DECIDE_ACCUSATIONS,),
    "POST /v1/accusations/{submission_id}/hold": (Action.DECIDE_ACCUSATIONS,),
    "POST /v1/accusations/{submission_id}/release": (Action.DECIDE_ACCUSATIONS,),
    "POST /v1/accusations/{submission_id}/submitter": (Action.UNMASK,),
    # the citizen
    "POST /v1/tracking": LINK,
    "POST /v1/tracking/ratings": LINK,
    # other systems
    "GET /v1/webhooks": (Action.MANAGE_WEBHOOKS,),
    "POST /v1/webhooks": (Action.MANAGE_WEBHOOKS,),
    "PATCH /v1/webhooks/{webhook_id}": (Action.MANAGE_WEBHOOKS,),
    "POST /v1/webhooks/{webhook_id}/secret": (Action.MANAGE_WEBHOOKS,),
    "POST /v1/webhooks/{webhook_id}/trial": (Action.MANAGE_WEBHOOKS,),
    "GET /v1/webhooks/{webhook_id}/deliveries": (Action.MANAGE_WEBHOOKS,),
    "POST /v1/webhooks/{webhook_id}/resend": (Action.MANAGE_WEBHOOKS,),
    "POST /v1/deliveries/{delivery_id}/resend": (Action.MANAGE_WEBHOOKS,),
    # common problems
    "GET /v1/problems": (Action.READ_PROBLEMS,),
    "POST /v1/problems:regroup": (Action.CORRECT_PROBLEMS,),
    "GET /v1/problems/{problem_id}": (Action.READ_PROBLEMS,),
    "GET /v1/problems/{problem_id}/members": (Action.READ_PROBLEMS,),
    "POST /v1/problems/{problem_id}/corrections": (Action.CORRECT_PROBLEMS,),
    "POST /v1/problems/{problem_id}/tasks:suggest": (Action.PLAN_TASKS,),
    "GET /v1/themes": (Action.READ_PROBLEMS,),
    "GET /v1/emerging": (Action.READ_PROBLEMS,),
    # findings
    "POST /v1/findings:run": (Action.DECIDE_FINDINGS,),
    "GET /v1/findings/thresholds": CALLER,
    "PATCH /v1/findings/thresholds": (Action.MANAGE_SETTINGS,),
    "GET /v1/findings/{finding_id}": (Action.DECIDE_FINDINGS,),
    "POST /v1/findings/{finding_id}/decision": (Action.DECIDE_FINDINGS,),
    # statistics
    "GET /v1/statistics.xlsx": (Action.READ_STATISTICS,),
    "GET /v1/statistics/hours.xlsx": (Action.READ_STATISTICS,),
    "GET /v1/statistics/dispatch.xlsx": (Action.READ_STATISTICS,),
    "GET /v1/statistics/replies.xlsx": (Action.READ_STATISTICS,),
    "GET /v1/statistics": (Action.READ_STATISTICS,),
    "GET /v1/statistics/hours": (Action.READ_STATISTICS,),
    "GET /v1/statistics/dispatch": (Action.READ_STATISTICS,),
    "GET /v1/statistics/replies": (Action.READ_STATISTICS,),
    "GET /v1/reports/{report}.xlsx": (Action.WRITE_REPORTS,),
    "GET /v1/reports/{report}": (Action.WRITE_REPORTS,),
    "POST /v1/reports/{report}": (Action.WRITE_REPORTS,),
    "GET /v1/reports/{report}/template": (Action.WRITE_REPORTS,),
    # city tools that speak Open311
    "GET /open311/v2/services.{format}": (Action.READ, Action.SUBMIT),
    "POST /open311/v2/requests.{format}": (Action.SUBMIT,),
    "GET /open311/v2/requests.{format}": (Action.READ, Action.SUBMIT),
    "GET /open311/v2/requests/{service_request_id}.{format}": (Action.READ, Action.SUBMIT),
    # the town's desk
    "GET /v1/town/{table}": (Action.MANAGE_SETTINGS,),
    "GET /v1/town/{table}.xlsx": (Action.MANAGE_SETTINGS,),
    "POST /v1/town/{table}:read": (Action.MANAGE_SETTINGS,),
    "POST /v1/town/{table}:try": (Action.MANAGE_SETTINGS,),
    "PUT /v1/town/{table}": (Action.MANAGE_SETTINGS,),
    "DELETE /v1/town/{table}": (Action.MANAGE_SETTINGS,),
    "GET /v1/review-line": (Action.MANAGE_SETTINGS,),
    "POST /v1/review-line:try": (Action.MANAGE_SETTINGS,),
    "PUT /v1/review-line": (Action.MANAGE_SETTINGS,),
    "DELETE /v1/review-line": (Action.MANAGE_SETTINGS,),
    "GET /v1/models": (Action.MANAGE_SETTINGS,),
    "GET /v1/models/{folder}/card": (Action.MANAGE_SETTINGS,),
    "POST /v1/models:try": (Action.MANAGE_SETTINGS,),
    "PUT /v1/models": (Action.MANAGE_SETTINGS,),
    "DELETE /v1/models": (Action.MANAGE_SETTINGS,),
    # the event log
    "GET /v1/audit/verification": (Action.READ_AUDIT,),
    "GET /v1/audit": (Action.READ_AUDIT,),
    # a reply looked at before it is sent
    "POST /v1/replies:assess": (Action.SUGGEST,),
}


def find_routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Every route of the service, those of included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from find_routes(route.original_router.routes)
        else:
            assert route.path == "/static", f"what is {route}?"


def find_guard(route: APIRoute) -> Guard:
    """What the route asks of its caller, as its dependencies say."""

    def walk(dependant: Any) -> Iterator[Any]:
        yield dependant.call
        for inner in dependant.dependencies:
            yield from walk(inner)

    calls = list(walk(route.dependant))
    needed = [call.actions for call in calls if isinstance(call, Needs)]
    assert len(needed) <= 1, route.path
    if needed:
        return needed[0]
    if find_signed_in in calls:
        return PERSON
    return CALLER if find_caller in calls or find_visitor in calls else ANYBODY


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("matrix")
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder / 'x.db'}")
    app = create_app(settings, desk=load_tiny_desk())
    app.state.service.close()
    return app


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("roles"), run_worker=False) as running:
        yield running


@pytest.fixture(scope="module")
def people(running: RunningService) -> Iterator[dict[Role, httpx.Client]]:
    """One signed-in person of each role; the officer is of the department that leads."""
    with ExitStack() as stack:
        yield {
            role: stack.enter_context(
                person(running, role, department="housing" if role is Role.OFFICER else None)
            )
            for role in Role
        }


def test_every_route_is_declared_and_asks_for_what_is_declared(app: FastAPI) -> None:
    found = {
        f"{method} {route.path}": find_guard(route)
        for route in find_routes(app.routes)
        for method in route.methods
    }
    declared = {route: ANYBODY if guard == LINK else guard for route, guard in ROUTES.items()}
    assert found == declared


def call(client: httpx.Client, route: str) -> httpx.Response:
    """The route asked of things that are not there, with a body that is none: what is refused for
    want of a right is refused before either is looked at."""
    method, path = route.split(" ")
    for name, value in {
        "command": "accept",
        "day": "2025-03-01",
        "division": "430102",
        "folder": "nothing",
        "format": "json",
        "kind": "csv",
        "report": "daily",
        "table": "departments",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"\{(submission_id|service_request_id|department)\}", "nothing", path)
    path = re.sub(r"\{\w+_id\}", "999999999", path)
    assert "{" not in path, f"say how to call {route}"
    body: dict[str, Any] = {}
    if path.startswith("/open311/"):  # a form, in which the key may stand too
        body = {"data": {"service_code": "nothing"}} if method == "POST" else {}
    elif method != "GET":
        body = {"content": b"{", "headers": JSON}
    return client.request(method, path, **body)


def check(client: httpx.Client, route: str, *, allowed: bool, who: str) -> None:
    answer = call(client, route)
    told = f"{who}: {route} answered {answer.status_code}"
    assert answer.status_code < 500, told
    if allowed:
        assert answer.status_code not in (401, 403), told
    else:
        assert answer.status_code == 403, told


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_the_routes_of_its_actions_and_no_other(
    people: dict[Role, httpx.Client], role: Role
) -> None:
    for route, guard in ROUTES.items():
        if route == "DELETE /v1/session":  # signing out is tested with the session
            continue
        allowed = isinstance(guard, str) or not ROLE_ACTIONS[role].isdisjoint(guard)
        check(people[role], route, allowed=allowed, who=role)


@pytest.mark.slow
@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_the_routes_of_its_scope_and_no_other(
    running: RunningService, scope: Scope
) -> None:
    with running.client(scope) as system:
        for route, guard in ROUTES.items():
            if isinstance(guard, str):
                allowed = guard != PERSON
            else:
                allowed = not SCOPE_ACTIONS[scope].isdisjoint(guard)
            check(system, route, allowed=allowed, who=scope)


def test_without_key_or_session_only_what_is_declared_open_answers(
    running: RunningService,
) -> None:
    with running.client() as stranger:
        for route, guard in ROUTES.items():
            answer = call(stranger, route)
            if guard in (ANYBODY, LINK):
                assert answer.status_code not in (401, 403), route
            else:
                # GeoReport v2 answers 403 where no key is given
                assert answer.status_code == (403 if "/open311/" in route else 401), route


@pytest.mark.slow
@pytest.mark.parametrize("command", [one for one in Command if one not in ON_SUBMISSIONS])
def test_a_role_gives_the_commands_of_its_actions_and_no_other(
    running: RunningService, people: dict[Role, httpx.Client], command: Command
) -> None:
    for row in TRANSITIONS:
        if row.command is not command:
            continue
        for state in row.before:
            entry_id = open_entry(running)
            for role, client in people.items():
                version = stand(running, entry_id, state)
                answer = client.post(f"/v1/entries/{entry_id}/{command}", json={"version": version})
                told = f"{role}: {command} in {state} answered {answer.text}"
                allowed = row.action in ROLE_ACTIONS[role]
                if allowed:
                    assert answer.status_code in (200, 409, 422), told
                else:
                    assert answer.status_code == 403, told


def test_every_command_is_in_the_table() -> None:
    given = {row.command for row in TRANSITIONS}
    assert given >= set(Command) - ON_SUBMISSIONS
    assert find_transition(Command.ACCEPT, state=EntryState.ASSIGNED) is not None


def open_entry(running: RunningService) -> int:
    """The number of an entry in the ledger of the officer's department."""
    with running.service.store.reading() as session:
        number = session.scalar(text("SELECT count(*) FROM submission"))
    with running.client("submit", "review") as clerk:
        body = make_body(id=f"matrix-{number}")
        assert clerk.post("/v1/submissions", json=body).status_code == 201
        decision = {
            "lead": "住建局",
            "urgency": 3,
            "nature": "投诉",
            "version": 0,
        }
        answer = clerk.get(f"/v1/submissions/{body['id']}").json()
        if answer["entries"]:
            decision["version"] = answer["entries"][-1]["version"]
        decided = clerk.post(f"/v1/submissions/{body['id']}/decisions", json=decision)
        assert decided.status_code == 200, decided.text
    entry: int = decided.json()["entry"]["id"]
    return entry


def stand(running: RunningService, entry_id: int, state: EntryState) -> int:
    """Put the entry into a state, behind the workflow's back; its version."""
    with running.service.store.writing() as session:
        told = {"state": state.value, "id": entry_id}
        session.execute(text("UPDATE entry SET state = :state WHERE id = :id"), told)
        version: int = session.scalar(text("SELECT version FROM entry WHERE id = :id"), told)
    return version


def render_matrix(columns: dict[Any, str], rights: Any) -> str:
    """Actions down, roles or scopes across, as docs/roles.md has it."""
    lines = [
        f"| 能做的事 | 代码 | {' | '.join(columns.values())} |",
        f"|---|---|{':-:|' * len(columns)}",
    ]
    for action in Action:
        marks = ["✓" if action in rights[column] else "" for column in columns]
        lines.append(f"| {ACTION_NAMES[action]} | `{action}` | {' | '.join(marks)} |")
    return "\n".join(lines)


def test_the_matrix_in_the_docs_is_the_one_in_force() -> None:
    page = ROLES_PAGE.read_text(encoding="utf-8")
    assert render_matrix(ROLE_NAMES, ROLE_ACTIONS) in page
    assert render_matrix({scope: f"`{scope}`" for scope in Scope}, SCOPE_ACTIONS) in page


def test_nobody_but_discipline_officers_reads_accusations() -> None:
    for action in (Action.READ_ACCUSATIONS, Action.DECIDE_ACCUSATIONS, Action.MANAGE_DISCIPLINE):
        assert [role for role in Role if action in ROLE_ACTIONS[role]] == [Role.DISCIPLINE]
    assert not ROLE_ACTIONS[Role.DISCIPLINE] & {Action.READ, Action.READ_LISTS, Action.READ_AUDIT}
