"""Work on entries over HTTP: one command at a time, by keys and by people."""

import base64
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from service_factories import NO_AUTHORITIES, RunningService, load_tiny_desk, make_body, run_service
from work_factories import file_one, give, sign_in, try_to

from api.schemas.entries import StandingOut
from triage.roles import Role

REPLY = {"text": "已责令更换曳引机，3月5日恢复运行，联系人李工。", "outcome": "solved"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def running(tmp_path: Any) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "review") as client:
        yield client


@pytest.fixture
def housing(running: RunningService) -> Iterator[httpx.Client]:
    """The system of the housing department."""
    with running.client("work", department="住建局") as client:
        yield client


def read(client: httpx.Client, entry_id: int) -> dict[str, Any]:
    answer = client.get(f"/v1/entries/{entry_id}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_departments_system_accepts_returns_and_replies_by_its_key(
    running: RunningService, housing: httpx.Client
) -> None:
    first, second = file_one(running, "A-1"), file_one(running, "A-2")
    told = give(housing, first, "accept")
    assert (told["entry"]["state"], told["entry"]["state_name"]) == ("accepted", "签收")
    assert told["entry"]["assignee"].startswith("key:")
    told = give(housing, first, "reply", **REPLY)
    assert (told["entry"]["state"], told["entry"]["outcome"]) == ("replied", "solved")
    told = give(housing, second, "return", note="属城管职责")
    assert (told["entry"]["state"], told["entry"]["returns"]) == ("returned", 1)
    file = read(housing, first)
    assert [(a["command"], a["name"]) for a in file["actions"]] == [
        ("accept", "签收"),
        ("reply", "回告"),
    ]
    assert file["replies"][0]["text"] == REPLY["text"]
    assert file["submissions"][0]["id"] == "A-1"


def test_an_entry_says_what_this_caller_may_do_with_it_now(
    running: RunningService, housing: httpx.Client, clerk: httpx.Client
) -> None:
    entry_id = file_one(running)
    offered = {one["command"]: one for one in read(housing, entry_id)["commands"]}
    assert list(offered) == ["accept", "return", "attach"]
    assert offered["return"] == {
        "command": "return",
        "name": "退回",
        "needs": ["note"],
        "takes": [],
    }
    told = give(housing, entry_id, "accept")
    assert "reply" in [one["command"] for one in told["commands"]]
    names = [one["command"] for one in read(clerk, entry_id)["commands"]]
    assert "reassign" in names
    assert "reply" not in names


def test_the_answer_to_a_command_is_spelt_as_it_is_described(
    running: RunningService, housing: httpx.Client
) -> None:
    entry_id = file_one(running)
    answer = try_to(housing, entry_id, "accept", version=1)
    described = StandingOut.model_validate_json(answer.content)
    assert described.commands
    assert answer.text == described.model_dump_json()


def test_two_officers_at_once_the_second_gets_a_clear_conflict(
    running: RunningService, housing: httpx.Client
) -> None:
    entry_id = file_one(running)
    statuses: list[int] = []
    details: set[str] = set()

    def accept() -> None:
        with httpx.Client(
            base_url=running.url, headers=housing.headers, trust_env=False, verify=NO_AUTHORITIES
        ) as own:
            answer = try_to(own, entry_id, "accept", version=1)
            statuses.append(answer.status_code)
            if answer.status_code == 409:
                details.add(answer.json()["detail"])

    threads = [threading.Thread(target=accept) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    assert details == {"该条目刚被他人改过，请刷新后再办理"}
    assert len(read(housing, entry_id)["actions"]) == 1


def test_an_officer_sees_the_own_departments_entries_and_no_others(
    running: RunningService, clerk: httpx.Client
) -> None:
    own, others = file_one(running, "A-1"), file_one(running, "A-2", lead="城管局")
    helped = file_one(running, "A-3", lead="城管局", assisting=("住建局",))
    with sign_in(running, "li", Role.OFFICER, department="housing") as officer:
        assert read(officer, own)["entry"]["lead_department"] == "housing"
        hidden = officer.get(f"/v1/entries/{others}")
        unknown = officer.get("/v1/entries/999")
        assert (hidden.status_code, unknown.status_code) == (404, 404)
        assert hidden.json()["detail"].replace(str(others), "999") == unknown.json()["detail"]
        command = officer.post(f"/v1/entries/{others}/accept", json={"version": 1})
        assert command.json() == hidden.json()
        give(clerk, helped, "reassign", lead="住建局", assisting=["城管局"], note="主办有误")
        give(clerk, helped, "reassign", lead="城管局", assisting=["住建局"], note="又改回")
    with running.client("work", department="城管局") as city:
        give(city, helped, "accept")
    with running.client("work", department="住建局") as helper:
        give(helper, helped, "progress", note="已派人协助")
        refused = try_to(helper, helped, "reply", **REPLY)
        assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")
        assert "协办单位" in refused.json()["detail"]


def test_a_supervisor_urges_and_grants_and_the_deadline_moves(running: RunningService) -> None:
    entry_id = file_one(running, urgency=4)
    with (
        sign_in(running, "li", Role.OFFICER, department="housing") as officer,
        sign_in(running, "sun", Role.SUPERVISOR) as supervisor,
    ):
        told = give(officer, entry_id, "accept")["entry"]
        assert told["deadline_at"] is not None
        given = {"level": "listed", "person": "副县长", "by": "2099-03-01", "note": "群众反复来电"}
        assert give(supervisor, entry_id, "urge", **given)["entry"]["urges"] == 1
        answer = try_to(supervisor, entry_id, "urge", level="loud", note="快办")
        assert (answer.status_code, answer.json()["field"]) == (422, "level")
        assert try_to(officer, entry_id, "urge", note="x").status_code == 403


def test_evidence_goes_in_as_base64_and_comes_out_as_a_download(
    running: RunningService, housing: httpx.Client
) -> None:
    entry_id = file_one(running)
    big = PNG + bytes(3_000_000)  # more than other commands may send
    body = {"name": "现场 电梯.png", "content": base64.b64encode(big).decode()}
    give(housing, entry_id, "attach", **body)
    (kept,) = read(housing, entry_id)["attachments"]
    assert (kept["name"], kept["size"]) == ("现场 电梯.png", len(big))
    answer = housing.get(f"/v1/entries/{entry_id}/attachments/{kept['id']}")
    assert answer.content == big
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7%8E")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert housing.get(f"/v1/entries/{entry_id}/attachments/999").status_code == 404
    with running.client("work", department="城管局") as other:
        assert other.get(f"/v1/entries/{entry_id}/attachments/{kept['id']}").status_code == 404
    broken = try_to(housing, entry_id, "attach", name="图.png", content="不是base64")
    assert (broken.status_code, broken.json()["field"]) == (422, "content")
    large = try_to(housing, entry_id, "progress", note="长" * 400_000)
    assert large.status_code == 413


@pytest.mark.parametrize(
    ("command", "body", "status", "field"),
    [
        ("reply", {"text": "好", "outcome": "closed"}, 422, "outcome"),
        ("reply", {"outcome": "solved"}, 422, "text"),
        ("reply", {"text": "好", "outcome": "solved", "mood": 1}, 422, "mood"),
        ("delegate", {"assignee": "wu", "outcome": "solved"}, 422, "outcome"),
        ("accept", {}, 409, "command"),
        ("register", {}, 409, "command"),
        ("dance", {}, 422, "command"),
    ],
)
def test_what_cannot_be_taken_is_named_and_explained(
    running: RunningService,
    housing: httpx.Client,
    command: str,
    body: dict[str, Any],
    status: int,
    field: str,
) -> None:
    entry_id = file_one(running)
    give(housing, entry_id, "accept")
    answer = try_to(housing, entry_id, command, **body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert "请" in answer.json()["detail"]


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63), str(2**200)])
def test_a_number_that_no_entry_can_have_is_refused(housing: httpx.Client, number: str) -> None:
    assert housing.get(f"/v1/entries/{number}").status_code == 422
    answer = housing.post(f"/v1/entries/{number}/accept", json={"version": 1})
    assert answer.status_code == 422


def test_a_version_that_is_missing_or_absurd_does_no_harm(
    running: RunningService, housing: httpx.Client
) -> None:
    entry_id = file_one(running)
    assert housing.post(f"/v1/entries/{entry_id}/accept", json={}).json()["field"] == "version"
    for version in (-1, 0, 2**80):
        assert try_to(housing, entry_id, "accept", version=version).status_code == 409


def test_one_letter_with_two_matters_becomes_two_entries(
    running: RunningService, clerk: httpx.Client
) -> None:
    entry_id = file_one(running)
    domain = next(iter(load_tiny_desk().taxonomy))
    part = {"matter": "门口占道", "lead": "城管局", "domain": domain.code, "nature": "投诉"}
    give(clerk, entry_id, "split", matter="电梯停运", parts=[part])
    (other,) = read(clerk, entry_id)["others"]
    told = read(clerk, other)["entry"]
    assert (told["matter"], told["domain_code"]) == ("门口占道", domain.code)
    wrong = try_to(clerk, entry_id, "split", parts=[part | {"domain": "nonsense"}])
    assert (wrong.status_code, wrong.json()["field"]) == (404, "domain")
    decided = clerk.post("/v1/submissions/A-1/decisions", json={"entry": other, "urgency": 1})
    assert decided.json()["entry"]["id"] == other
    assert read(clerk, entry_id)["entry"]["urgency"] == 3


def test_every_reporter_of_a_merged_matter_sees_the_reply_and_rates_it_alone(
    running: RunningService, clerk: httpx.Client, housing: httpx.Client
) -> None:
    codes = {}
    for name, phone in (("A-1", "13800000001"), ("A-2", "13800000002")):
        body = make_body(id=name, submitter={"phone": phone})
        codes[name] = clerk.post("/v1/submissions", json=body).json()["tracking_code"]
        decision = clerk.post(f"/v1/submissions/{name}/decisions", json={"lead": "住建局"})
        assert decision.status_code == 200, decision.text
    first, second = (
        clerk.get(f"/v1/submissions/{name}").json()["entries"][0]["id"] for name in codes
    )
    give(clerk, second, "merge", into=first, note="同一部电梯")
    give(housing, first, "accept")
    give(housing, first, "reply", **REPLY)
    with running.client() as citizen:
        for name, tail, solved in (("A-1", "0001", True), ("A-2", "0002", False)):
            receipt = {"code": codes[name], "tail": tail}
            (matter,) = citizen.post("/v1/tracking", json=receipt).json()["matters"]
            assert (matter["reply"], matter["may_rate"]) == (REPLY["text"], True)
            rating = {"number": matter["number"], "solved": solved, "satisfaction": 3}
            assert citizen.post("/v1/tracking/ratings", json=receipt | rating).status_code == 200
    file = read(clerk, first)
    assert [(said["submission_id"], said["solved"]) for said in file["evaluations"]] == [
        ("A-1", True),
        ("A-2", False),
    ]
    assert file["entry"]["state"] == "reopened"


def test_an_emergency_in_review_is_forwarded_by_one_request(clerk: httpx.Client) -> None:
    body = make_body(title="救命", content="有人要跳楼，在楼顶。", place=None)
    assert clerk.post("/v1/submissions", json=body).json()["destination"] == "review"
    told = {"alarm": "110", "lead": "住建局", "version": 0}
    answer = clerk.post("/v1/submissions/WX-1/decisions", json=told | {"alarm": "999"})
    assert (answer.status_code, answer.json()["field"]) == (422, "alarm")
    answer = clerk.post("/v1/submissions/WX-1/decisions", json=told)
    assert answer.status_code == 200, answer.text
    entry = answer.json()["entry"]
    assert (entry["urgency"], entry["forwarded_to"], entry["state"]) == (1, "110", "assigned")
    file = read(clerk, entry["id"])
    assert [action["command"] for action in file["actions"]] == ["alarm"]
    assert [decision["reason"] for decision in file["decisions"]] == ["特急，立即转110（公安）"]


def test_a_clerk_decides_what_the_machine_left_to_review(clerk: httpx.Client) -> None:
    body = make_body(content="My neighbour plays loud music every night.", title="")
    assert clerk.post("/v1/submissions", json=body).json()["destination"] == "review"
    given = {"lead": "住建局", "urgency": 4, "nature": "投诉", "reason": "外文来件", "version": 0}
    answer = clerk.post("/v1/submissions/WX-1/decisions", json=given)
    assert answer.status_code == 200, answer.text
    entry = answer.json()["entry"]
    assert (entry["lead_department"], entry["urgency"], entry["state"]) == (
        "housing",
        4,
        "assigned",
    )
    assert clerk.get("/v1/review").json()["lines"] == []
    again = clerk.post("/v1/submissions/WX-1/decisions", json=given)
    assert (again.status_code, again.json()["field"]) == (409, "version")
    file = read(clerk, entry["id"])
    assert [(one["kind"], one["reason"]) for one in file["decisions"]] == [
        ("corrected", "外文来件")
    ]


def test_what_a_clerk_calls_an_accusation_is_gone_from_the_clerks_sight(
    running: RunningService, clerk: httpx.Client
) -> None:
    entry_id = file_one(running)
    answer = clerk.post("/v1/submissions/A-1/decisions", json={"nature": "检举控告"})
    assert answer.json() == {
        "entry": None,
        "notice": "这件来件已转入纪检台账，只有纪检人员可以查看",
    }
    assert clerk.get(f"/v1/entries/{entry_id}").status_code == 404
    assert clerk.post("/v1/submissions/A-1/decisions", json={}).status_code == 404
    assert try_to(clerk, entry_id, "withdraw", version=1, note="x").status_code == 404


@pytest.mark.parametrize(
    ("scopes", "status"), [((), 401), (("submit",), 403), (("admin",), 403), (("discipline",), 403)]
)
def test_who_may_read_no_ledger_reads_no_entry(
    running: RunningService, scopes: tuple[str, ...], status: int
) -> None:
    entry_id = file_one(running)
    with running.client(*scopes) as client:
        assert client.get(f"/v1/entries/{entry_id}").status_code == status
        assert client.get("/v1/entries/999").status_code == status
        decision = client.post("/v1/submissions/A-1/decisions", json={})
        assert decision.status_code == status
