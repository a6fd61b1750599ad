from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from ledger_factories import make_suggestion
from service_factories import RunningService, make_body, run_service
from sqlalchemy import select

from api.service import read_clock
from triage.ledger.commands import run_command
from triage.ledger.records import record_batch
from triage.ledger.tables import AttemptRow, EntryRow
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.submissions import Submission
from triage.submitters import Submitter
from triage.tracking import make_code
from triage.workflow import Command

OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER])
SUBMITTER = {"name": "王小明", "phone": "13812345678", "address": "幸福里小区3栋1704室"}


@pytest.fixture
def running(tmp_path: Any) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def citizen(running: RunningService) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


def file_away(running: RunningService, submission_id: str = "L-1") -> str:
    """The tracking code of a submission in the ledger of the housing department."""
    told = Submission(submission_id, "电梯停运", "电梯停运四天", submitter=Submitter(**SUBMITTER))
    with running.service.store.writing() as session:
        suggestion = make_suggestion(lead="住建局")
        record_batch(session, [(told, suggestion)], now=read_clock())
    assert running.service.store.ring is not None
    return make_code(running.service.store.ring, submission_id)


def answer(running: RunningService) -> int:
    for command, data in (
        (Command.ACCEPT, {}),
        (Command.REPLY, {"text": "今日已修好。", "outcome": "solved"}),
    ):
        with running.service.store.writing() as session:
            entry = session.scalars(select(EntryRow)).one()
            stored = run_command(
                session,
                entry.id,
                command,
                caller=OFFICER,
                version=entry.version,
                now=read_clock(),
                **data,
            )
    return stored.id


def test_the_receipts_code_opens_the_state_and_the_reply(
    running: RunningService, citizen: httpx.Client
) -> None:
    with running.client("submit") as clerk:
        taken = clerk.post("/v1/submissions", json=make_body(submitter=SUBMITTER)).json()
        assert "王小明" not in str(taken)
        again = clerk.post("/v1/submissions", json=make_body(submitter=SUBMITTER)).json()
        batch = [make_body(id="WX-2", submitter=SUBMITTER), make_body(submitter=SUBMITTER)]
        rows = clerk.post("/v1/submissions:batch", json={"submissions": batch}).json()["rows"]
    code = taken["tracking_code"]
    assert again["tracking_code"] == rows[1]["tracking_code"] == code != rows[0]["tracking_code"]
    for known in (code, rows[0]["tracking_code"]):
        answer = citizen.post("/v1/tracking", json={"code": known, "tail": "5678"})
        assert answer.status_code == 200
        assert answer.json()["progress"]
        assert "电梯" not in answer.text
    with running.client("submit") as other:
        taken = other.post("/v1/submissions", json=make_body(submitter=SUBMITTER)).json()
        assert taken["tracking_code"] is None


def test_a_citizen_rates_the_reply_and_says_that_it_is_not_solved(
    running: RunningService, citizen: httpx.Client
) -> None:
    code = file_away(running)
    number = answer(running)
    who = {"code": code, "tail": "5678"}
    (matter,) = citizen.post("/v1/tracking", json=who).json()["matters"]
    assert (matter["number"], matter["reply"], matter["may_rate"]) == (number, "今日已修好。", True)
    rating = who | {"number": number, "solved": False, "satisfaction": 1, "comment": "又停了"}
    rated = citizen.post("/v1/tracking/ratings", json=rating)
    assert rated.status_code == 200
    assert rated.json()["progress"] == "住建局正在重新办理"
    again = citizen.post("/v1/tracking/ratings", json=rating)
    assert (again.status_code, again.json()["error"]) == (409, "conflict")
    wrong = citizen.post("/v1/tracking/ratings", json=rating | {"tail": "0000"})
    assert wrong.status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"solved": "yes"}, {"satisfaction": 0}, {"number": 2**63}, {"comment": "长" * 2001}, {"x": 1}],
)
def test_a_rating_that_is_none_is_refused_by_field(
    citizen: httpx.Client, change: dict[str, Any]
) -> None:
    rating = {"code": "a", "tail": "5678", "number": 1, "solved": True, "satisfaction": 5}
    refused = citizen.post("/v1/tracking/ratings", json=rating | change)
    assert (refused.status_code, refused.json()["field"]) == (422, next(iter(change)))


def test_unknown_codes_and_wrong_digits_are_refused_alike(
    running: RunningService, citizen: httpx.Client
) -> None:
    code = file_away(running)
    told = [
        citizen.post("/v1/tracking", json={"code": typed, "tail": tail})
        for typed, tail in ((code, "0000"), ("0000-0000-0000-0000", "5678"), ("无", ""))
    ]
    assert {one.status_code for one in told} == {404}
    assert len({one.text for one in told}) == 1


def test_guessing_the_digits_of_a_code_is_stopped_for_an_hour(
    running: RunningService, citizen: httpx.Client
) -> None:
    code, other = file_away(running), file_away(running, "L-2")
    for tail in range(5):
        guess = citizen.post("/v1/tracking", json={"code": code, "tail": f"{tail:04}"})
        assert guess.status_code == 404
    stopped = citizen.post("/v1/tracking", json={"code": code.lower(), "tail": "5678"})
    assert (stopped.status_code, stopped.json()["error"]) == (429, "too_many_attempts")
    assert 3000 < int(stopped.headers["retry-after"]) <= 3600
    assert citizen.post("/v1/tracking", json={"code": other, "tail": "5678"}).status_code == 200
    with running.service.store.reading() as session:
        kept = session.scalars(select(AttemptRow.subject)).all()
    assert len(kept) == 10
    assert not any(code in subject or "127.0.0.1" in subject for subject in kept)


def test_one_address_that_tries_many_codes_is_stopped(
    running: RunningService, citizen: httpx.Client
) -> None:
    code = file_away(running)
    statuses = [
        citizen.post("/v1/tracking", json={"code": f"{n:016}", "tail": "1"}).status_code
        for n in range(51)
    ]
    assert statuses == [404] * 50 + [429]
    assert citizen.post("/v1/tracking", json={"code": code, "tail": "5678"}).status_code == 429


def test_the_submitter_is_masked_until_somebody_gives_a_reason(running: RunningService) -> None:
    file_away(running)
    where = "/v1/submissions/L-1/submitter"
    with running.client("read") as system:
        masked = system.get("/v1/submissions/L-1").json()["submitter"]
        assert masked == {
            "name": "王某某",
            "phone": "*********78",
            "id_number": "",
            "address": "***",
        }
        assert system.post(where, json={"reason": "核实"}).status_code == 403


@pytest.mark.parametrize(
    ("submitter", "field"),
    [
        ({"name": "长" * 51}, "submitter.name"),
        ({"phone": 13812345678}, "submitter.phone"),
        ({"mobile": "138"}, "submitter.mobile"),
        ("王小明", "submitter"),
    ],
)
def test_a_submitter_that_cannot_be_kept_is_refused_by_field(
    running: RunningService, submitter: Any, field: str
) -> None:
    with running.client("submit") as clerk:
        refused = clerk.post("/v1/submissions", json=make_body(submitter=submitter))
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_a_submission_without_a_submitter_stays_as_simple_as_it_was(
    running: RunningService,
) -> None:
    with running.client("submit", "read") as clerk:
        for number, submitter in enumerate((None, {}, {"name": " "})):
            body = make_body(id=f"WX-{number}", submitter=submitter)
            assert clerk.post("/v1/submissions", json=body).status_code == 201
            assert clerk.get(f"/v1/submissions/WX-{number}").json()["submitter"] is None
