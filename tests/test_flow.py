"""One submission through the whole product, over real HTTP, with the model that is released."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from service_factories import TINY_MODEL, RunningService, load_tiny_desk, make_body, run_service
from work_factories import give, sign_in, try_to

from triage.artefacts import MANIFEST_FILE
from triage.desk import Desk, load_desk
from triage.ledger.chain import verify_chain
from triage.roles import Role

RELEASED = TINY_MODEL.with_name("default")
CONTENTS = {
    "WX-1": make_body()["content"],
    "WX-2": "家里煤气泄漏，请派人来看看。",
    "WX-3": "请问新生儿医保怎么办理，需要带什么材料？",
    "WX-4": "My neighbour plays loud music every night and nobody helps us.",
    "WX-5": "楼下烧烤店每天营业到凌晨，油烟呛人，投诉多次没人管。",
}
ACCUSATION = "我们村支书贪污低保款，把自己的亲戚都报成低保户，请上级调查处理。"


@cache
def load_best_desk() -> Desk:
    """The released model where it is there, else the tiny one."""
    return load_desk(RELEASED) if (RELEASED / MANIFEST_FILE).is_file() else load_tiny_desk()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path, desk=load_best_desk()) as running:
        yield running


def list_ledgers(client: Any) -> dict[str, list[str]]:
    """The ids of the submissions in each department's ledger."""
    return {
        department["name"]: [
            line["entry"]["submission_id"]
            for line in client.get(f"/v1/ledgers/{department['name']}").json()["lines"]
        ]
        for department in client.get("/v1/departments").json()
        if department["total"]
    }


def test_what_is_handed_in_comes_out_labelled_and_stands_in_exactly_one_place(
    running: RunningService,
) -> None:
    with running.client("submit", "read", "review") as clerk:
        expected: dict[str, list[str]] = {}
        waiting = []
        for submission_id, content in CONTENTS.items():
            answer = clerk.post(
                "/v1/submissions", json={"id": submission_id, "title": "", "content": content}
            )
            assert answer.status_code == 201, answer.text
            taken = answer.json()
            suggestion = taken["suggestion"]
            assert suggestion["model"] == running.service.desk.model
            assert suggestion["domain"]["level1"]
            assert suggestion["urgency"]["name"] in ("特急", "紧急", "较急", "一般")
            assert taken["destination"] == ("review" if suggestion["needs_review"] else "ledger")
            if suggestion["needs_review"]:
                assert suggestion["review_reasons"]
                waiting.append(submission_id)
            else:
                lead = suggestion["department"]["lead"]
                expected.setdefault(lead, []).append(submission_id)
        review = clerk.get("/v1/review").json()["lines"]
        assert sorted(line["submission_id"] for line in review) == sorted(waiting)
        ledgers = list_ledgers(clerk)
        assert {name: sorted(ids) for name, ids in ledgers.items()} == expected
        assert "WX-4" in waiting  # not in Chinese: no ledger without a clerk
        gas = clerk.get("/v1/submissions/WX-2").json()["suggestion"]
        assert gas["urgency"]["level"] <= 2
        assert "燃气" in gas["urgency"]["reasons"][0]


def test_an_accusation_reaches_the_discipline_officer_and_nobody_else(
    running: RunningService,
) -> None:
    body = {"id": "J-1", "title": "", "content": ACCUSATION}
    with running.client("submit", "read", "review") as clerk:
        taken = clerk.post("/v1/submissions", json=body).json()
        assert taken["destination"] == "discipline"
        assert taken["suggestion"] is None
        assert clerk.get("/v1/submissions/J-1").status_code == 404
        assert clerk.get("/v1/review").json()["lines"] == []
        assert list_ledgers(clerk) == {}
    with running.client("read", "review", "discipline") as officer:
        lines = officer.get("/v1/accusations").json()["lines"]
        assert [line["submission_id"] for line in lines] == ["J-1"]
        assert officer.get("/v1/accusations/J-1").json()["content"] == ACCUSATION
        assert officer.get("/v1/review").json()["lines"] == []


def test_a_letter_goes_all_the_way_until_it_is_struck_off(store_url: str, tmp_path: Path) -> None:
    """Taken in, decided, returned, accepted, extended, answered, not solved, answered, closed."""
    with (
        run_service(tmp_path, desk=load_best_desk(), database_url=store_url) as running,
        ExitStack() as people,
    ):
        clerk, city, housing, supervisor = (
            people.enter_context(sign_in(running, login, role, department=department))
            for login, role, department in (
                ("wang", Role.CLERK, None),
                ("zhao", Role.OFFICER, "city-management"),
                ("li", Role.OFFICER, "housing"),
                ("sun", Role.SUPERVISOR, None),
            )
        )
        citizen = people.enter_context(running.client())

        # Taken in, with a receipt; the clerk corrects what the machine suggested.
        body = make_body(id="L-1", submitter={"name": "张三", "phone": "13800000000"})
        taken = clerk.post("/v1/submissions", json=body)
        assert taken.status_code == 201, taken.text
        receipt = {"code": taken.json()["tracking_code"], "tail": "0000"}
        version = taken.json()["entry"]["version"] if taken.json()["entry"] else 0
        decision = {"lead": "城管局", "assisting": [], "urgency": 3, "version": version}
        decided = clerk.post("/v1/submissions/L-1/decisions", json=decision)
        assert decided.status_code == 200, decided.text
        entry = decided.json()["entry"]["id"]
        first_deadline = decided.json()["entry"]["deadline_at"]

        # The wrong department objects; the clerk agrees and assigns it to the right one.
        assert housing.get(f"/v1/entries/{entry}").status_code == 404
        told = give(city, entry, "return", note="电梯由住建部门管")
        assert (told["entry"]["state"], told["entry"]["returns"]) == ("returned", 1)
        told = give(clerk, entry, "assign", lead="住建局", assisting=["城管局"])
        assert told["entry"]["deadline_at"] == first_deadline  # the citizen waits all the while
        assert told["entry"]["assignee"] is None

        # Signed for and carried out; more time is asked for and granted; the supervisor urges.
        give(housing, entry, "accept")
        give(housing, entry, "progress", note="已约谈物业")
        photo = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9)).decode()
        give(city, entry, "attach", name="现场.png", content=photo)
        give(housing, entry, "request-extension", amount=2, unit="day", note="等配件")
        told = give(supervisor, entry, "grant-extension", note="同意")
        assert told["entry"]["deadline_at"] > first_deadline
        give(supervisor, entry, "urge", note="群众反复来电，请抓紧")

        # Replied: the clock stops, the citizen sees it and says that it is not solved.
        told = give(housing, entry, "reply", text="已更换曳引机，电梯恢复运行。", outcome="solved")
        assert told["entry"]["replied_at"] is not None
        seen = citizen.post("/v1/tracking", json=receipt).json()["matters"][0]
        assert (seen["reply"], seen["may_rate"]) == ("已更换曳引机，电梯恢复运行。", True)
        rating = {"number": seen["number"], "solved": False, "satisfaction": 1}
        answer = citizen.post("/v1/tracking/ratings", json=receipt | rating)
        assert answer.status_code == 200, answer.text
        told = clerk.get(f"/v1/entries/{entry}").json()
        assert (told["entry"]["state"], told["entry"]["reopenings"]) == ("reopened", 1)
        assert try_to(clerk, entry, "close", ground="已办").status_code == 409

        # Replied again, evaluated, and only then struck off the list.
        give(
            housing,
            entry,
            "reply",
            text="已换门机，试运行三天正常，李工每日巡检。",
            outcome="solved",
        )
        rating |= {"solved": True, "satisfaction": 4}
        assert citizen.post("/v1/tracking/ratings", json=receipt | rating).status_code == 200
        told = give(clerk, entry, "close")
        assert (told["entry"]["state"], told["entry"]["outcome"]) == ("closed", "solved")

        # The history says who did what and why; the log says the same and cannot be bent.
        file = supervisor.get(f"/v1/entries/{entry}").json()
        assert [(step["who"], step["command"]) for step in file["actions"]] == [
            ("zhao", "return"),
            ("wang", "assign"),
            ("li", "accept"),
            ("li", "progress"),
            ("zhao", "attach"),
            ("li", "request-extension"),
            ("sun", "grant-extension"),
            ("sun", "urge"),
            ("li", "reply"),
            ("citizen", "evaluate"),
            ("li", "reply"),
            ("citizen", "evaluate"),
            ("wang", "close"),
        ]
        assert file["decisions"][0]["after"]["lead_department"] == "city-management"
        assert [one["solved"] for one in file["evaluations"]] == [False, True]
        assert len(file["replies"]) == 2
        with running.service.store.reading() as session:
            report = verify_chain(session)
        assert report.broken is None
        assert report.sound > len(file["actions"])
