import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from service_factories import NO_AUTHORITIES, RunningService, load_tiny_desk, make_body, run_service

from api.service import read_clock
from triage.ledger.records import open_entry, record_submission, record_suggestion
from triage.submissions import Channel, Submission
from triage.suggestions import Suggestion


@pytest.fixture
def running(tmp_path: Any) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "suggest", "read", "review") as client:
        yield client


def record_as(running: RunningService, submission: Submission, **changes: Any) -> Suggestion:
    """Record a submission as if the machine had said this of it."""
    suggestion = replace(running.service.desk.suggest(submission), **changes)
    with running.service.store.writing() as session:
        record_submission(session, submission, now=read_clock())
        record_suggestion(session, submission, suggestion, now=read_clock())
        open_entry(session, submission, suggestion, now=read_clock())
    return suggestion


def test_a_submission_comes_out_labelled_and_stands_in_a_ledger_or_in_review(
    clerk: httpx.Client,
) -> None:
    answer = clerk.post("/v1/submissions", json=make_body())
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/submissions/WX-1"
    taken = answer.json()
    assert taken["submission"]["content"] == make_body()["content"]
    assert taken["submission"]["received_at"] == "2025-03-01T09:30:00+08:00"
    assert taken["suggestion"]["id"] == "WX-1"
    assert taken["suggestion"]["urgency"]["level"] in (1, 2, 3, 4)
    if taken["destination"] == "ledger":
        ledger = clerk.get(f"/v1/ledgers/{taken['entry']['lead_department']}").json()
        assert [line["entry"] for line in ledger["lines"]] == [taken["entry"]]
        assert ledger["lines"][0]["title"] == "3栋电梯停运四天"
    else:
        queue = clerk.get("/v1/review").json()
        assert [line["submission_id"] for line in queue["lines"]] == ["WX-1"]


def test_a_number_in_chinese_leads_to_the_submission_too(clerk: httpx.Client) -> None:
    answer = clerk.post("/v1/submissions", json=make_body(id="信访〔2025〕7号"))
    assert answer.status_code == 201
    found = clerk.get(answer.headers["location"])
    assert found.json()["submission"]["id"] == "信访〔2025〕7号"


@pytest.mark.parametrize("number", ["信/2025/7", "/", "a/../b", "50%2F7", "7//"])
def test_a_number_with_slashes_leads_to_the_submission_too(
    clerk: httpx.Client, number: str
) -> None:
    answer = clerk.post("/v1/submissions", json=make_body(id=number))
    assert answer.status_code == 201
    told = clerk.get(answer.headers["location"])
    assert told.json()["submission"]["id"] == number
    address = f"/v1/submissions/{quote(number, safe='')}"
    repeats = clerk.get(f"{address}/repeats")
    assert repeats.status_code == 200, repeats.text
    said = {"lead": "住建局", "urgency": 3, "nature": "投诉"}
    decided = clerk.post(f"{address}/decisions", json=said)
    assert decided.json()["entry"]["submission_id"] == number
    assert clerk.get(f"{address}%2F").status_code == 404


def test_what_is_sure_goes_to_the_ledger_of_the_lead_department(
    running: RunningService, clerk: httpx.Client
) -> None:
    submission = Submission(
        id="A-1", title="电梯停运", content="电梯停运四天", channel=Channel.CALL
    )
    suggestion = running.service.desk.suggest(submission)
    sure = {
        "needs_review": False,
        "confidential": False,
        "department": replace(suggestion.department, lead="住建局"),
    }
    record_as(running, submission, **sure)
    ledger = clerk.get("/v1/ledgers/住建局").json()
    assert [line["entry"]["submission_id"] for line in ledger["lines"]] == ["A-1"]
    assert ledger["lines"][0]["entry"]["state_name"] == "交办"
    counts = {one["name"]: one["total"] for one in clerk.get("/v1/departments").json()}
    assert counts["住建局"] == 1
    assert sum(counts.values()) == 1
    assert clerk.get("/v1/ledgers/housing").json() == ledger


def test_sending_the_same_again_changes_nothing_and_gives_what_stands(
    clerk: httpx.Client,
) -> None:
    first = clerk.post("/v1/submissions", json=make_body())
    again = clerk.post("/v1/submissions", json=make_body())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_an_idempotency_key_covers_a_resend_under_another_id(clerk: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    clerk.post("/v1/submissions", json=make_body(), headers=key)
    again = clerk.post("/v1/submissions", json=make_body(id="WX-2"), headers=key)
    assert again.status_code == 200
    assert again.json()["submission"]["id"] == "WX-1"
    other = clerk.post("/v1/submissions", json=make_body(id="WX-3", content="另一件"), headers=key)
    assert other.status_code == 409
    assert "幂等键" in other.json()["detail"]
    assert clerk.get("/v1/submissions/WX-3").status_code == 404


def test_the_same_id_with_other_content_is_a_conflict(clerk: httpx.Client) -> None:
    clerk.post("/v1/submissions", json=make_body())
    answer = clerk.post("/v1/submissions", json=make_body(content="完全不同的内容"))
    assert answer.status_code == 409
    assert answer.json()["error"] == "conflict"
    assert answer.json()["field"] == "id"


def test_a_resend_that_names_another_submitter_is_a_conflict_and_drops_nothing(
    clerk: httpx.Client,
) -> None:
    told = {"name": "张三", "phone": "13800000000"}
    body = make_body(submitter=told)
    assert clerk.post("/v1/submissions", json=body).status_code == 201
    assert clerk.post("/v1/submissions", json=body).status_code == 200
    assert clerk.post("/v1/submissions", json=make_body()).status_code == 200
    blanks = make_body(submitter={"name": " 张三 ", "phone": "13800000000 "})
    assert clerk.post("/v1/submissions", json=blanks).status_code == 200
    for other in ({"name": "李四"}, told | {"phone": "13900000000"}):
        answer = clerk.post("/v1/submissions", json=make_body(submitter=other))
        assert answer.status_code == 409
        assert answer.json()["field"] == "submitter"
        assert "请换一个编号" in answer.json()["detail"]
        assert "李四" not in answer.text


def test_a_submitter_told_only_with_the_resend_is_a_conflict_too(clerk: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    clerk.post("/v1/submissions", json=make_body(), headers=key)
    late = make_body(submitter={"name": "张三"})
    assert clerk.post("/v1/submissions", json=late).json()["field"] == "submitter"
    under_key = clerk.post("/v1/submissions", json=late | {"id": "WX-2"}, headers=key)
    assert (under_key.status_code, under_key.json()["field"]) == (409, "submitter")


def test_rows_of_one_batch_that_differ_in_the_submitter_alone_are_no_resends(
    clerk: httpx.Client,
) -> None:
    first, other = ({"name": "张三"}, {"name": "李四"})
    rows = [make_body(submitter=first), make_body(), make_body(submitter=other)]
    for expected in ([201, 200, 409], [200, 200, 409]):
        told = clerk.post("/v1/submissions:batch", json={"submissions": rows}).json()
        assert [row["status"] for row in told["rows"]] == expected
        assert told["rows"][2]["field"] == "submitter"


@pytest.mark.parametrize("half", [r"\ud800", r"\udbff", r"\ude00x"])
def test_half_a_character_in_a_number_is_refused_and_meets_no_other(
    clerk: httpx.Client, half: str
) -> None:
    row = json.dumps(make_body(id="S-")).replace("S-", f"S-{half}")
    sent = {"headers": {"Content-Type": "application/json"}}
    answer = clerk.post("/v1/submissions", content=row, **sent)
    assert (answer.status_code, answer.json()["field"]) == (422, "id")
    assert "无法保存的字符" in answer.json()["detail"]
    batch = f'{{"submissions": [{row}, {json.dumps(make_body(id="S-1"))}]}}'
    told = clerk.post("/v1/submissions:batch", content=batch, **sent).json()
    assert [row["status"] for row in told["rows"]] == [422, 201]
    assert told["rows"][0]["field"] == "id"


def test_twenty_senders_of_the_same_submission_at_once_make_one(
    running: RunningService, clerk: httpx.Client
) -> None:
    statuses = []

    def send() -> None:
        with httpx.Client(
            base_url=running.url, headers=clerk.headers, trust_env=False, verify=NO_AUTHORITIES
        ) as client:
            statuses.append(client.post("/v1/submissions", json=make_body()).status_code)

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 19 + [201]


def test_an_empty_channel_or_time_counts_as_not_given(clerk: httpx.Client) -> None:
    body = make_body(channel="", received_at="", place=None)
    taken = clerk.post("/v1/submissions", json=body).json()["submission"]
    assert (taken["channel"], taken["received_at"], taken["place"]) == (None, None, None)


def test_a_time_without_zone_is_china_time(clerk: httpx.Client) -> None:
    taken = clerk.post("/v1/submissions", json=make_body(received_at="2025-03-01 09:30")).json()
    assert taken["submission"]["received_at"] == "2025-03-01T09:30:00+08:00"
    other = make_body(id="WX-2", received_at="2025-03-01T01:30:00Z")
    taken = clerk.post("/v1/submissions", json=other).json()
    assert taken["submission"]["received_at"] == "2025-03-01T09:30:00+08:00"


def test_suggest_stores_nothing_and_needs_no_id(clerk: httpx.Client) -> None:
    answer = clerk.post("/v1/suggest", json={"content": "楼下烧烤店油烟呛人，投诉多次没人管"})
    assert answer.status_code == 200
    suggestion = answer.json()
    assert len(suggestion["domain"]["alternatives"]) == 3
    assert suggestion["model"]
    assert clerk.get(f"/v1/submissions/{suggestion['id']}").status_code == 404
    assert clerk.get("/v1/review").json()["lines"] == []


def test_the_evidence_points_into_the_text_as_it_was_sent(clerk: httpx.Client) -> None:
    sent = {"title": "😀電梯停运", "content": "　　幸福里小区３栋电梯\n停运四天，物业不管。"}
    for span in clerk.post("/v1/suggest", json=sent).json()["evidence"]:
        assert sent[span["field"]][span["start"] : span["end"]] == span["text"]


def test_an_accusation_does_not_exist_for_a_key_without_the_discipline_scope(
    running: RunningService, clerk: httpx.Client
) -> None:
    submission = Submission(id="J-1", title="反映问题", content="反映某局长收受礼金")
    record_as(running, submission, confidential=True, needs_review=True)
    assert clerk.get("/v1/submissions/J-1").status_code == 404
    assert clerk.get("/v1/review").json()["lines"] == []
    unknown = clerk.get("/v1/submissions/J-2").json()
    assert clerk.get("/v1/submissions/J-1").json() == {
        **unknown,
        "detail": unknown["detail"].replace("J-2", "J-1"),
    }
    with running.client("read", "review", "discipline") as officer:
        assert officer.get("/v1/submissions/J-1").status_code == 404
        assert officer.get("/v1/review").json()["lines"] == []
        assert officer.get("/v1/accusations/J-1").json()["content"] == "反映某局长收受礼金"


def test_who_hands_in_an_accusation_does_not_see_what_becomes_of_it(
    running: RunningService, clerk: httpx.Client
) -> None:
    body = make_body(id="J-1", content="反映某局长收受礼金", received_at=None)
    submission = Submission(
        id="J-1",
        title=body["title"],
        content=body["content"],
        channel=Channel.WECHAT,
        place=body["place"],
    )
    record_as(running, submission, confidential=True, needs_review=True)
    again = clerk.post("/v1/submissions", json=body)
    assert again.status_code == 200
    assert again.json()["destination"] == "discipline"
    assert again.json()["suggestion"] is None
    assert again.json()["entry"] is None
    row = clerk.post("/v1/submissions:batch", json={"submissions": [body]}).json()["rows"][0]
    assert row == {"index": 0, "id": "J-1", "status": 200, "destination": "discipline"}


def test_a_key_of_one_department_sees_that_ledger_and_nothing_else(
    running: RunningService,
) -> None:
    desk = load_tiny_desk()
    for name, lead in (("A-1", "住建局"), ("A-2", "教育局")):
        submission = Submission(id=name, title="来件", content=f"请{lead}处理")
        department = replace(desk.suggest(submission).department, lead=lead)
        record_as(
            running, submission, department=department, needs_review=False, confidential=False
        )
    with running.client("read", "review", department="住建局") as officer:
        assert len(officer.get("/v1/ledgers/住建局").json()["lines"]) == 1
        assert officer.get("/v1/submissions/A-1").status_code == 200
        assert officer.get("/v1/submissions/A-2").status_code == 404
        assert officer.get("/v1/ledgers/教育局").status_code == 403
        assert officer.get("/v1/review").status_code == 403
        assert [one["name"] for one in officer.get("/v1/departments").json()] == ["住建局"]


def test_a_ledger_comes_in_pages_that_neither_skip_nor_repeat(
    running: RunningService, clerk: httpx.Client
) -> None:
    desk = load_tiny_desk()
    for number in range(7):
        submission = Submission(id=f"A-{number}", title="来件", content=f"第{number}件")
        suggestion = desk.suggest(submission)
        record_as(
            running,
            submission,
            department=replace(suggestion.department, lead="住建局"),
            urgency=replace(suggestion.urgency, level=number % 4 + 1),
            needs_review=False,
            confidential=False,
        )
    seen = []
    cursor: str | None = ""
    while cursor is not None:
        page = clerk.get(f"/v1/ledgers/住建局?limit=3{cursor and f'&cursor={cursor}'}").json()
        seen += [line["entry"] for line in page["lines"]]
        cursor = page["next"]
    assert sorted(entry["submission_id"] for entry in seen) == [f"A-{n}" for n in range(7)]
    assert [entry["urgency"] for entry in seen] == sorted(entry["urgency"] for entry in seen)
    urgent = clerk.get("/v1/ledgers/住建局?urgency=1").json()["lines"]
    assert {line["entry"]["submission_id"] for line in urgent} == {"A-0", "A-4"}
    assert clerk.get("/v1/ledgers/住建局?since=2099-01-01").json()["lines"] == []
    assert len(clerk.get("/v1/ledgers/住建局?state=assigned&until=2099-01-01").json()["lines"]) == 7


FILTERS = ("state", "urgency", "domain", "nature", "since", "until", "cursor")
FURTHER = ("department", "division", "standing", "channel", "assignee", "outcome", "q")


@pytest.mark.parametrize(
    ("address", "names"),
    [("/v1/ledgers/住建局", FILTERS), ("/v1/ledger", FILTERS + FURTHER)],
)
def test_an_empty_filter_asks_for_nothing_and_an_unknown_value_is_refused(
    running: RunningService, clerk: httpx.Client, address: str, names: tuple[str, ...]
) -> None:
    submission = Submission(id="A-1", title="电梯停运", content="电梯停运四天")
    department = running.service.desk.suggest(submission).department
    sure = {"needs_review": False, "confidential": False}
    sure["department"] = replace(department, lead="住建局")
    record_as(running, submission, **sure)
    for name in names:
        answer = clerk.get(address, params={name: ""})
        assert (answer.status_code, len(answer.json()["lines"])) == (200, 1), name
    for name, wrong, allowed in (("nature", "xx", "投诉"), ("state", "xx", "assigned")):
        answer = clerk.get(address, params={name: wrong})
        assert (answer.status_code, answer.json()["field"].split(".")[0]) == (422, name)
        assert allowed in answer.json()["detail"]
    assert clerk.get(address, params={"urgency": "9"}).status_code == 422


def test_what_does_not_exist_is_named_as_it_was_asked_for(clerk: httpx.Client) -> None:
    for spelt in ("a%2Fb", "a%2fb"):
        answer = clerk.get(f"/v1/ledgers/{spelt}")
        assert answer.status_code == 404
        assert "a/b" in answer.json()["detail"]
    for address in ("/v1/imports/1%2F2", "/v1/models/a%2Fb/card", "/v1/entries/a%2Fb"):
        assert "\ufdd0" not in clerk.get(address).text


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_signs_of_life_are_given_without_a_body_too(running: RunningService, address: str) -> None:
    with running.client() as client:
        answer = client.head(address)
        assert (answer.status_code, answer.content) == (200, b"")
        assert client.post(address).status_code == 405
