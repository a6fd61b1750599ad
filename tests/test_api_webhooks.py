"""How an administrator manages receivers, and a department's system answers what it was told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ledger_factories import make_submission, make_suggestion
from receiver_factories import Receiver, run_receiver
from service_factories import RunningService, run_service

from api.background.sending import send_due
from api.service import read_clock
from triage.ledger.records import record_batch
from triage.ledger.webhooks import KINDS
from triage.signing import new_secret


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def admin(service: RunningService) -> Iterator[httpx.Client]:
    with service.client("admin") as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


def add(admin: httpx.Client, url: str, **changes: Any) -> dict[str, Any]:
    told = {"name": "住建局工单系统", "url": url, "kinds": ["*"]} | changes
    answer = admin.post("/v1/webhooks", json=told)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def open_entry(service: RunningService, *, key: str = "L-1") -> int:
    with service.service.store.writing() as session:
        (filed,) = record_batch(
            session, [(make_submission(id=key), make_suggestion())], now=read_clock()
        )
    assert filed.entry is not None
    return filed.entry.id


def send(service: RunningService, webhook_id: int) -> int:
    return send_due(service.service.store, webhook_id, timeout_s=2)


def test_a_receiver_is_made_changed_and_listed_and_its_secret_is_shown_once(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    made = add(admin, receiver.url, department="住建局")
    assert made["secret"].startswith("whsec_")
    assert made["webhook"]["department"]
    webhook_id = made["webhook"]["id"]
    listed = admin.get("/v1/webhooks")
    assert [line["webhook"] for line in listed.json()] == [made["webhook"]]
    assert made["secret"] not in listed.text
    changed = admin.patch(f"/v1/webhooks/{webhook_id}", json={"active": False}).json()
    assert changed == made["webhook"] | {"active": False}
    open_entry(service)
    assert admin.get("/v1/webhooks").json()[0]["waiting"] == 0


def test_a_trial_message_shows_whether_the_receiver_takes_it(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    made = add(admin, receiver.url)
    webhook_id = made["webhook"]["id"]
    assert admin.post(f"/v1/webhooks/{webhook_id}/trial").status_code == 202
    assert send(service, webhook_id) == 1
    (message,) = receiver.taken
    message.verify(made["secret"], now=read_clock())
    (line,) = admin.get(f"/v1/webhooks/{webhook_id}/deliveries").json()["lines"]
    assert (line["state"], line["key"], line["last_status"]) == ("delivered", message.key, 200)


def test_a_new_secret_signs_from_now_on(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url)["webhook"]["id"]
    secret = admin.post(f"/v1/webhooks/{webhook_id}/secret").json()["secret"]
    open_entry(service)
    send(service, webhook_id)
    receiver.taken[0].verify(secret, now=read_clock())


def test_what_did_not_arrive_is_seen_and_sent_again(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url)["webhook"]["id"]
    receiver.status = 400
    open_entry(service)
    send(service, webhook_id)
    (health,) = admin.get("/v1/webhooks").json()
    assert (health["waiting"], health["dead"]) == (1, 0)
    assert health["last_error"] == "对方不接受这一条（400）"
    waiting = admin.get(f"/v1/webhooks/{webhook_id}/deliveries", params={"state": "waiting"})
    (line,) = waiting.json()["lines"]
    receiver.status = 200
    again = admin.post(f"/v1/deliveries/{line['id']}/resend").json()
    assert (again["state"], again["key"]) == ("waiting", line["key"])
    assert send(service, webhook_id) == 1
    assert admin.post(f"/v1/webhooks/{webhook_id}/resend").json() == {"resent": 0}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/webhooks"),
        ("POST", "/v1/webhooks"),
        ("PATCH", "/v1/webhooks/1"),
        ("POST", "/v1/webhooks/1/secret"),
        ("POST", "/v1/webhooks/1/trial"),
        ("GET", "/v1/webhooks/1/deliveries"),
        ("POST", "/v1/webhooks/1/resend"),
        ("POST", "/v1/deliveries/1/resend"),
    ],
)
def test_only_who_manages_webhooks_comes_near_them(
    service: RunningService, method: str, path: str
) -> None:
    scopes = ("submit", "suggest", "read", "review", "work", "discipline")
    with service.client(*scopes) as other, service.client() as stranger:
        assert other.request(method, path, json={}).status_code == 403
        assert stranger.request(method, path, json={}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"url": "gopher://a"}, 422, "url"),
        ({"kinds": ["entry.nothing"]}, 422, "kinds"),
        ({"kinds": []}, 422, "kinds"),
        ({"name": ""}, 422, "name"),
        ({"department": "没有的局"}, 404, "department"),
        ({"more": 1}, 422, "more"),
    ],
    ids=str,
)
def test_a_receiver_that_could_never_work_is_refused_with_the_field(
    admin: httpx.Client, body: dict[str, Any], status: int, field: str
) -> None:
    told = {"name": "a", "url": "http://10.0.0.1/", "kinds": ["*"]} | body
    answer = admin.post("/v1/webhooks", json=told)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


@pytest.mark.parametrize("number", ["99", "9223372036854775807"])
def test_one_that_is_not_there_is_not_found(admin: httpx.Client, number: str) -> None:
    assert admin.get(f"/v1/webhooks/{number}/deliveries").status_code == 404
    assert admin.post(f"/v1/webhooks/{number}/trial").status_code == 404
    assert admin.post(f"/v1/deliveries/{number}/resend").status_code == 404
    assert admin.get(f"/v1/webhooks/{number}0000000000/deliveries").status_code in (404, 422)


def test_a_departments_system_is_told_of_an_entry_and_answers_with_its_key(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url, department="住建局", kinds=["entry.*"])["webhook"]["id"]
    with service.client("work", department="住建局") as system:
        open_entry(service)
        send(service, webhook_id)
        entry = receiver.taken[-1].body["data"]["entry"]
        whole = system.get(f"/v1/entries/{entry['id']}").json()
        assert "电梯" in str(whole)
        accepted = system.post(
            f"/v1/entries/{entry['id']}/accept", json={"version": entry["version"]}
        )
        assert accepted.status_code == 200, accepted.text
        send(service, webhook_id)
        told = receiver.taken[-1].body
        assert told["type"] == "entry.accept"
        assert told["data"]["step"] == {"from": "assigned", "to": "accepted", "version": 2}
        replied = system.post(
            f"/v1/entries/{entry['id']}/reply",
            json={
                "version": told["data"]["entry"]["version"],
                "text": "已责令物业公司更换曳引机，3月5日恢复运行。",
                "outcome": "solved",
            },
        )
        assert replied.status_code == 200, replied.text
        send(service, webhook_id)
        told = receiver.taken[-1].body
        assert (told["type"], told["data"]["entry"]["state"]) == ("entry.reply", "replied")
        assert "曳引机" not in str([message.body for message in receiver.taken])


def test_a_departments_system_may_say_that_an_entry_is_not_its_own(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url, department="住建局")["webhook"]["id"]
    with service.client("work", department="住建局") as system:
        entry_id = open_entry(service)
        returned = system.post(
            f"/v1/entries/{entry_id}/return", json={"version": 1, "note": "属于市场监管部门"}
        )
        assert returned.status_code == 200, returned.text
    send(service, webhook_id)
    told = receiver.taken[-1].body
    assert (told["type"], told["data"]["step"]["to"]) == ("entry.return", "returned")
    assert "市场监管" not in str(told)


def test_messages_in_the_wrong_hands_can_be_told_by_their_signature(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url)["webhook"]["id"]
    open_entry(service)
    send(service, webhook_id)
    with pytest.raises(Exception, match="签名不对"):
        receiver.taken[0].verify(new_secret(), now=read_clock())


DOCS = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")


def read_example(language: str) -> str:
    (example,) = re.findall(rf"```{language}\n(.*?)```", DOCS, flags=re.DOTALL)
    assert isinstance(example, str)
    return example


def test_the_way_to_verify_that_the_docs_show_is_right(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    made = add(admin, receiver.url)
    open_entry(service)
    send(service, made["webhook"]["id"])
    (message,) = receiver.taken
    shown: dict[str, Any] = {}
    exec(read_example("python"), shown)  # noqa: S102 - it is our own page
    is_genuine = shown["is_genuine"]
    assert is_genuine(made["secret"], message.headers, message.raw)
    assert not is_genuine(made["secret"], message.headers, message.raw + b" ")
    assert not is_genuine(new_secret(), message.headers, message.raw)
    old = message.headers | {"webhook-timestamp": "1740792600"}
    assert not is_genuine(made["secret"], old, message.raw)


def test_the_message_that_the_docs_show_has_the_fields_of_a_real_one(
    service: RunningService, admin: httpx.Client, receiver: Receiver
) -> None:
    webhook_id = add(admin, receiver.url)["webhook"]["id"]
    entry_id = open_entry(service)
    with service.client("work", department="住建局") as system:
        accepted = system.post(f"/v1/entries/{entry_id}/accept", json={"version": 1})
        assert accepted.status_code == 200, accepted.text
    send(service, webhook_id)
    real, shown = receiver.taken[-1].body, json.loads(read_example("json"))
    assert real.keys() == shown.keys()
    assert real["data"]["step"] == shown["data"]["step"]
    assert real["data"]["entry"].keys() == shown["data"]["entry"].keys()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "*" not in kind])
def test_every_kind_of_event_is_documented(kind: str) -> None:
    workflow = (Path(__file__).parent.parent / "docs" / "workflow.md").read_text(encoding="utf-8")
    command = kind.removeprefix("entry.")
    assert f"`{kind}`" in DOCS or f"`{command}`" in workflow
