"""Repeats over HTTP: seen as one comes in or types, marked, merged, called none."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_factories import RunningService, make_body, run_service

from api.service import read_clock
from triage.ledger.records import open_entry, record_submission, record_suggestion
from triage.submissions import Submission

LIFT = "幸福里小区三号楼的电梯从周三停到现在，物业说维修基金没有批下来，老人下不了楼，请尽快修好。"
CHANGED = LIFT.replace("三号楼", "5栋").replace("请尽快", "盼")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("repeats")) as running:
        yield running


@pytest.fixture(scope="module")
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "suggest", "review") as client:
        yield client


def file_one(running: RunningService, name: str, content: str) -> None:
    """A submission with an entry, as if the machine had been sure."""
    submission = Submission(id=name, title="电梯停运", content=content)
    suggestion = running.service.desk.suggest(submission)
    suggestion = replace(
        suggestion,
        needs_review=False,
        confidential=False,
        department=replace(suggestion.department, lead="住建局"),
    )
    now = read_clock()
    with running.service.store.writing() as session:
        record_submission(session, submission, now=now)
        record_suggestion(session, submission, suggestion, now=now)
        assert open_entry(session, submission, suggestion, now=now) is not None


@pytest.fixture(scope="module")
def pair(running: RunningService) -> tuple[str, str]:
    file_one(running, "R-1", LIFT)
    file_one(running, "R-2", CHANGED)
    return "R-1", "R-2"


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_files_a_letter_is_told_what_it_repeats(
    running: RunningService, clerk: httpx.Client
) -> None:
    first = make_body(
        id="P-1", content="东湖公园北门的公厕停水两个星期了，臭得没法进，游客意见很大。"
    )
    again = first | {"id": "P-2", "content": "您好！" + str(first["content"])}
    assert clerk.post("/v1/submissions", json=first).json()["repeats"] == []
    (told,) = clerk.post("/v1/submissions", json=again).json()["repeats"]
    assert (told["other"]["id"], told["kind_name"], told["state"]) == (
        "P-1",
        "联名或群发",
        "suspected",
    )
    assert clerk.post("/v1/submissions", json=again).json()["repeats"] == [told]  # sent again
    with running.client("submit") as sender:
        body = first | {"id": "P-3"}
        assert sender.post("/v1/submissions", json=body).json()["repeats"] == []


def test_the_same_person_again_is_told_apart(clerk: httpx.Client) -> None:
    wang = {"name": "王某", "phone": "13800000001"}
    body = make_body(
        id="W-1", content="柳河镇前营村的自来水发黄，烧开了也有怪味，请派人来查。", submitter=wang
    )
    clerk.post("/v1/submissions", json=body)
    (told,) = clerk.post("/v1/submissions", json=body | {"id": "W-2"}).json()["repeats"]
    assert told["kind_name"] == "重复信访"


def test_who_types_a_letter_sees_what_it_repeats_with_the_words_marked(
    running: RunningService, clerk: httpx.Client, pair: tuple[str, str]
) -> None:
    typed = {"content": LIFT.replace("老人下不了楼", "孩子上学都晚了")}
    told = clerk.post("/v1/suggest", json=typed).json()["repeats"]
    assert {one["other"]["id"] for one in told} == set(pair)
    pieces = told[0]["differences"]
    assert {"where": "one", "text": "孩子上学都晚了"}.items() <= merge_words(pieces, "one").items()
    with running.client("suggest") as stranger:
        assert stranger.post("/v1/suggest", json=typed).json()["repeats"] == []


def merge_words(pieces: list[dict[str, str]], where: str) -> dict[str, str]:
    """What only one side has, in a row."""
    return {"where": where, "text": "".join(p["text"] for p in pieces if p["where"] == where)}


@pytest.mark.usefixtures("pair")
def test_a_submission_shows_its_repeats_with_the_words_marked(clerk: httpx.Client) -> None:
    told = get(clerk, "/v1/submissions/R-2/repeats")
    (line,) = told["lines"]
    assert (line["other"]["id"], line["state_name"]) == ("R-1", "疑似重复")
    assert line["entries"][0]["submission_id"] == "R-1"
    whole = "".join(p["text"] for p in line["differences"] if p["where"] != "other")
    assert whole == CHANGED
    assert told["next"] is None
    pairs = get(clerk, "/v1/repeats", limit=200)["lines"]
    assert ("R-2", "R-1") in {(one["submission"]["id"], one["other"]["id"]) for one in pairs}


def test_a_pair_is_merged_or_called_none(running: RunningService, clerk: httpx.Client) -> None:
    for name in ("M-1", "M-2", "M-3"):
        file_one(running, name, LIFT.replace("幸福里", "东方红"))
    merged = clerk.post(
        "/v1/submissions/M-2/repeats:merge",
        json={"other": "M-1", "version": 1, "note": "同一部电梯"},
    )
    assert (merged.status_code, merged.json()["state"]) == (200, "merged")
    again = clerk.post("/v1/submissions/M-2/repeats:merge", json={"other": "M-1", "version": 1})
    assert again.status_code == 409
    for _ in range(2):
        no = clerk.post("/v1/submissions/M-3/repeats:dismiss", json={"other": "M-1"})
        assert (no.status_code, no.content) == (204, b"")
    lines = get(clerk, "/v1/submissions/M-3/repeats")["lines"]
    assert [line["other"]["id"] for line in lines] == ["M-2"]
    lines = get(clerk, "/v1/submissions/M-3/repeats", state="dismissed")["lines"]
    assert [line["other"]["id"] for line in lines] == ["M-1"]


@pytest.mark.usefixtures("pair")
def test_what_is_not_there_is_said_in_chinese(clerk: httpx.Client) -> None:
    assert clerk.get("/v1/submissions/nothing/repeats").status_code == 404
    answer = clerk.post("/v1/submissions/R-1/repeats:dismiss", json={"other": "nothing"})
    assert (answer.status_code, answer.json()["field"]) == (404, "other")
    answer = clerk.post("/v1/submissions/R-1/repeats:merge", json={"other": "R-2"})
    assert (answer.status_code, answer.json()["field"]) == (422, "version")
    answer = clerk.post("/v1/submissions/R-1/repeats:merge", json={"other": "R-1", "version": 1})
    assert answer.json()["detail"] == "这是同一件来件，请填写另一件的编号"


def test_an_accusation_is_told_nothing_about_and_nobody_is_told_of_it(
    tmp_path: Path,
) -> None:
    accusing = "实名举报幸福里社区居委会主任收受物业公司红包、虚报维修基金二十万元，请纪委查处。"
    with run_service(tmp_path) as running, running.client("submit", "suggest", "review") as clerk:
        sealed = clerk.post("/v1/submissions", json=make_body(id="X-1", content=accusing)).json()
        assert sealed["submission"]["confidential"], "the words must be an accusation"
        assert sealed["repeats"] == []
        assert clerk.post("/v1/suggest", json={"content": accusing}).json()["repeats"] == []
        assert clerk.get("/v1/submissions/X-1/repeats").status_code == 404
        assert get(clerk, "/v1/repeats")["lines"] == []
