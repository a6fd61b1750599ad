"""People who work over HTTP, and entries for them, for the tests of the running service."""

from dataclasses import replace
from typing import Any

import httpx
from people_factories import PASSWORD, add_person
from service_factories import NO_AUTHORITIES, RunningService

from api.service import read_clock
from triage.ledger.records import open_entry, record_submission, record_suggestion
from triage.roles import Role
from triage.submissions import Submission


def sign_in(
    running: RunningService, login: str, role: Role, *, department: str | None = None
) -> httpx.Client:
    """A new person of this role, signed in by the browser's way."""
    add_person(running.service.store, login, role, department=department, now=read_clock())
    with running.client() as door:
        answer = door.post("/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return httpx.Client(
            base_url=running.url,
            cookies=dict(door.cookies),
            headers={"X-CSRF-Token": answer.json()["csrf"]},
            timeout=60,
            trust_env=False,
            verify=NO_AUTHORITIES,
        )


def file_one(
    running: RunningService,
    submission_id: str = "A-1",
    *,
    lead: str = "住建局",
    assisting: tuple[str, ...] = (),
    urgency: int = 3,
) -> int:
    """The number of a new entry, as if the machine had been sure of this department."""
    submission = Submission(id=submission_id, title="电梯停运", content="3栋电梯停运四天。")
    suggestion = running.service.desk.suggest(submission)
    suggestion = replace(
        suggestion,
        needs_review=False,
        confidential=False,
        department=replace(suggestion.department, lead=lead, assisting=assisting),
        urgency=replace(suggestion.urgency, level=urgency),
    )
    now = read_clock()
    with running.service.store.writing() as session:
        record_submission(session, submission, now=now)
        record_suggestion(session, submission, suggestion, now=now)
        entry = open_entry(session, submission, suggestion, now=now)
    assert entry is not None
    return entry.id


def give(client: httpx.Client, entry_id: int, command: str, **body: Any) -> dict[str, Any]:
    """The answer to a command given by who has just looked; it must succeed."""
    answer = try_to(client, entry_id, command, **body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def try_to(client: httpx.Client, entry_id: int, command: str, **body: Any) -> httpx.Response:
    """As `give`, whatever comes of it."""
    if "version" not in body:
        body["version"] = client.get(f"/v1/entries/{entry_id}").json()["entry"]["version"]
    return client.post(f"/v1/entries/{entry_id}/{command}", json=body)
