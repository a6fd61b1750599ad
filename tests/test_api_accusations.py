"""Work that turns out to be about an accusation, over HTTP: a receipt for the clerk, all of it for
the discipline officer, nothing for anybody else and nothing in the files of the service."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from people_factories import person
from service_factories import RunningService, run_service
from work_factories import file_one, give, try_to

from triage.roles import Role

SAID = "秦守财收了柏林墙纸厂的红包"
RECEIPT = {
    "entry": None,
    "commands": [],
    "notice": "这件来件已转入纪检台账，只有纪检人员可以查看",
}
PICTURE = b"\x89PNG\r\n\x1a\nred-envelope-of-qin"


def work_on(running: RunningService, submission_id: str) -> int:
    """An entry that the housing department has worked on, with these words in what it wrote."""
    entry_id = file_one(running, submission_id)
    with running.client("work", department="住建局") as housing:
        give(housing, entry_id, "accept")
        give(housing, entry_id, "progress", note=SAID)
        content = base64.b64encode(PICTURE).decode()
        give(housing, entry_id, "attach", name=f"{SAID}.png", content=content)
    return entry_id


def forward(client: httpx.Client, entry_id: int) -> dict[str, Any]:
    return give(client, entry_id, "forward", to="discipline", note=SAID)


def test_who_forwards_to_the_discipline_side_gets_a_receipt_and_no_more(tmp_path: Path) -> None:
    with run_service(tmp_path) as running, running.client("submit", "review") as clerk:
        entry_id = work_on(running, "A-1")
        assert forward(clerk, entry_id) == RECEIPT
        for path in (f"/v1/entries/{entry_id}", "/v1/submissions/A-1"):
            assert clerk.get(path).status_code == 404
        again = try_to(clerk, entry_id, "reopen", version=6, note="拿回来")
        assert again.status_code == 404
        assert "A-1" not in clerk.get("/v1/lists/problems").text
    database = (tmp_path / "service.db").read_bytes()
    for word in ("秦守财", "柏林墙纸", "红包"):
        assert word.encode() not in database
        assert word.encode("unicode_escape") not in database
    assert b"red-envelope-of-qin" not in database


def test_of_several_forwarded_at_once_each_is_told_without_a_word_of_it(tmp_path: Path) -> None:
    with run_service(tmp_path) as running, running.client("submit", "review") as clerk:
        ids = [work_on(running, name) for name in ("A-1", "A-2")]
        picked = [{"id": entry_id, "version": 4} for entry_id in ids]
        body = {"command": "forward", "entries": picked, "to": "discipline", "note": SAID}
        told = clerk.post("/v1/entries:batch", json=body).json()
        assert (told["done"], [one["entry"] for one in told["entries"]]) == (2, [None, None])
        assert clerk.get(f"/v1/entries/{ids[1]}").status_code == 404


def test_the_discipline_officer_reads_what_was_done_and_takes_the_file_along(
    tmp_path: Path,
) -> None:
    with run_service(tmp_path) as running, running.client("submit", "review") as clerk:
        entry_id = work_on(running, "A-1")
        forward(clerk, entry_id)
        with person(running, Role.DISCIPLINE) as officer:
            opened = officer.get("/v1/accusations/A-1").json()
            assert opened["notes"][0]["reason"] == SAID
            steps = [work["told"] for work in opened["work"] if work["kind"] == "action"]
            assert [step["command"] for step in steps] == [
                "accept",
                "progress",
                "attach",
                "forward",
            ]
            assert steps[1]["note"] == SAID
            (kept,) = (work for work in opened["work"] if work["kind"] == "attachment")
            assert kept["told"] == {"name": f"{SAID}.png", "size": len(PICTURE)}
            path = f"/v1/accusations/A-1/attachments/{kept['id']}"
            answer = officer.get(path)
            assert (answer.content, answer.headers["Content-Type"]) == (
                PICTURE,
                "application/octet-stream",
            )
            assert officer.get(f"{path}9").status_code == 404
        assert clerk.get(path).status_code == 403


def test_the_other_matters_of_a_sealed_letter_go_on_registered_anew_in_other_words(
    tmp_path: Path,
) -> None:
    with run_service(tmp_path) as running, running.client("submit", "review") as clerk:
        entry_id = work_on(running, "A-1")
        parts = [{"matter": "楼道灯不亮", "lead": "城管局"}]
        give(clerk, entry_id, "split", parts=parts)
        rest = {
            "id": "A-2",
            "title": "楼道灯不亮",
            "content": "幸福里小区3栋的楼道灯坏了半个月，请派人修理。",
            "submitter": {"name": "孙小红", "phone": "13812345678"},
        }
        code = clerk.post("/v1/submissions", json=rest).json()["tracking_code"]
        assert clerk.post("/v1/submissions/A-2/decisions", json={"lead": "城管局"}).is_success
        forward(clerk, entry_id)

        file = clerk.get("/v1/submissions/A-2").json()
        assert file["entries"][0]["state"] == "assigned"
        assert clerk.get("/v1/submissions/A-2/repeats").json()["lines"] == []
        with running.client("read", department="城管局") as city:
            entry = city.get(f"/v1/entries/{file['entries'][0]['id']}")
            ledger = city.get("/v1/ledger")
        assert [line["entry"]["submission_id"] for line in ledger.json()["lines"]] == ["A-2"]
        assert "A-1" not in entry.text + ledger.text
        tracked = clerk.post("/v1/tracking", json={"code": code, "tail": "5678"}).json()
        assert tracked["matters"][0]["department"] == "城市管理和综合执法局"


def test_who_brought_an_emergency_that_was_sealed_at_once_may_say_who_was_called(
    store_url: str, tmp_path: Path
) -> None:
    body = {
        "id": "A-1",
        "title": "举报所长秦守财",
        "content": "实名举报派出所所长秦守财收受贿赂，他正带人持刀打我，救命！",
    }
    called = {"to": "110", "note": "值班员李工已派警"}
    with (
        run_service(tmp_path, database_url=store_url) as running,
        running.client("submit", "read", "review") as clerk,
        running.client("submit", "read", "review") as other,
    ):
        taken = clerk.post("/v1/submissions", json=body)
        assert (taken.status_code, taken.json()["destination"]) == (201, "discipline")
        address = "/v1/submissions/A-1"
        for _ in range(2):  # sent again, it is kept once
            told = clerk.post(f"{address}/alarm", json=called)
            assert (told.status_code, told.content) == (204, b"")
        unknown = other.post("/v1/submissions/A-2/alarm", json=called)
        hidden = other.post(f"{address}/alarm", json=called)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text == unknown.text.replace("A-2", "A-1")
        assert clerk.post(f"{address}/alarm", json={"to": "12345"}).status_code == 422
        assert clerk.get(address).status_code == 404
        with person(running, Role.DISCIPLINE) as officer:
            opened = officer.get("/v1/accusations/A-1").json()
            notes = [(one["kind"], one["reason"]) for one in opened["notes"]]
            assert notes == [("alarm", "已转110（公安）：值班员李工已派警")]
            reason = {"reason": "不属检举控告"}
            assert officer.post("/v1/accusations/A-1/release", json=reason).is_success
        answer = clerk.post(f"{address}/alarm", json=called)
        assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


def test_of_those_that_wait_the_officer_sees_the_urgent_first_page_by_page(
    store_url: str, tmp_path: Path
) -> None:
    calm = "实名举报住建局科长秦守财收受贿赂红包三万元，请纪委查处。"
    danger = "实名举报派出所所长秦守财收受贿赂，他正带人持刀打我，救命！"
    with (
        run_service(tmp_path, database_url=store_url) as running,
        running.client("submit", "read", "review") as clerk,
    ):
        for number, words in enumerate((calm, danger, calm), start=1):
            body = {"id": f"A-{number}", "title": "举报秦守财", "content": f"{words}（{number}）"}
            taken = clerk.post("/v1/submissions", json=body).json()
            assert taken["destination"] == "discipline"
        assert clerk.get("/v1/accusations", params={"state": "waiting"}).status_code == 403

        with person(running, Role.DISCIPLINE) as officer:

            def ask(**query: Any) -> httpx.Response:
                return officer.get("/v1/accusations", params=query)

            told = ask(state="waiting").json()["lines"]
            assert [line["submission_id"] for line in told] == ["A-2", "A-3", "A-1"]
            assert told[0]["urgency"] <= 2 < told[1]["urgency"] == told[2]["urgency"]
            assert {"title", "content"}.isdisjoint(told[0])
            assert [line["submission_id"] for line in ask().json()["lines"]] == [
                "A-3",
                "A-2",
                "A-1",
            ]

            seen, turn = [], {}
            for _ in range(3):
                page = ask(state="waiting", limit=1, **turn).json()
                seen += [line["submission_id"] for line in page["lines"]]
                turn = {"cursor": page["next"]}
            assert (seen, turn) == (["A-2", "A-3", "A-1"], {"cursor": None})
            other = ask(state="waiting", cursor=ask(limit=1).json()["next"])
            assert (other.status_code, other.json()["field"]) == (422, "cursor")
            opened = officer.get("/v1/accusations/A-2").json()
            assert opened["urgency"] == opened["suggestion"]["urgency"]["level"]

            assert officer.post("/v1/accusations/A-2/hold", json={"reason": "属实"}).is_success
            told = ask(state="waiting").json()["lines"]
            assert [line["submission_id"] for line in told] == ["A-3", "A-1"]


@pytest.mark.parametrize("accused", ["住建局"])
def test_an_officer_of_the_accused_department_gets_no_file_either(
    tmp_path: Path, accused: str
) -> None:
    with run_service(tmp_path) as running, running.client("submit", "review") as clerk:
        entry_id = work_on(running, "A-1")
        forward(clerk, entry_id)
        with running.client("discipline") as officer:
            naming = {"reason": "线索具体", "accused": [accused]}
            opened = officer.post("/v1/accusations/A-1/hold", json=naming).json()
        (kept,) = (work for work in opened["work"] if work["kind"] == "attachment")
        with running.client("discipline", department=accused) as barred:
            answer = barred.get(f"/v1/accusations/A-1/attachments/{kept['id']}")
            assert answer.status_code == 404
