"""One submission through the whole product, over real HTTP, with the model that is released."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from service_factories import TINY_MODEL, RunningService, load_tiny_desk, make_body, run_service

from triage.artefacts import MANIFEST_FILE
from triage.desk import Desk, load_desk

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
