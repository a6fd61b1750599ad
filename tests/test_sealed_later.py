"""A letter that is found to be an accusation late, when half of the ledger has spoken of it.

Two are sealed here. M-9 shares a common problem with others, is one entry of a task, is resent, is
told to another system; M-7 was merged into another entry. Both have a word that nobody else used.
"""

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from people_factories import person
from service_factories import RunningService, add_webhook, run_service
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from work_factories import give

from api.app import create_app
from api.reference import describe_api
from api.service import read_clock
from triage.findings import Found, Rule
from triage.ledger.findings import CLOCK_CALLER, record_findings
from triage.ledger.sealedwork import GONE
from triage.ledger.store import Store
from triage.ledger.tables import DeliveryRow, FindingRow, SubmissionRow
from triage.mentions import CUT
from triage.roles import Role

WORD = "蓝睡莲"  # of M-9 and M-7 alone, and of who spoke of them
OTHERS = (
    ("幸福里小区3栋电梯停运四天", "幸福里小区3栋电梯从周三停到现在，老人下不了楼，物业不管。"),
    ("幸福里小区电梯老是坏", "幸福里小区的电梯三天两头停运，物业说没有维修基金，请督促维修。"),
    ("请修好幸福里小区的电梯", "我住幸福里小区3栋，电梯停运，老人孩子上下楼很困难，物业推脱。"),
)
LETTER = (
    f"{WORD}茶馆旁幸福里小区电梯停运",
    f"幸福里小区电梯停运一周没人修，{WORD}茶馆的老板请物业经理吃饭，维修基金批不下来。",
)
PICTURE = b"\x89PNG\r\n\x1a\n of the tea house"
SEAL = {"nature": "检举控告", "reason": f"{WORD}茶馆请客"}


@dataclass
class Town:
    """A running service, its clerk, and the numbers of what was made."""

    running: RunningService
    clerk: httpx.Client
    entries: dict[str, int]
    problem: int
    shared: int
    alone: int

    @property
    def store(self) -> Store:
        return self.running.service.store


@pytest.fixture
def town(store_url: str, tmp_path: Path) -> Iterator[Town]:
    with (
        run_service(tmp_path, database_url=store_url) as running,
        running.client("submit", "suggest", "read", "review", "work", "admin") as clerk,
    ):
        add_webhook(running.service.store, "https://receiver.example.org/in")
        entries = {
            f"M-{number}": file_one(clerk, f"M-{number}", title, content)
            for number, (title, content) in enumerate(OTHERS)
        }
        for name in ("M-9", "M-7"):
            entries[name] = file_one(clerk, name, *LETTER, place=f"{WORD}茶馆")
        speak_of(clerk, entries)
        problem = name_problem(clerk)
        shared = plan(clerk, f"查{WORD}茶馆旁的电梯", (entries["M-0"], entries["M-9"]))
        alone = plan(clerk, "按来信逐项核实", (entries["M-9"],))
        close_task(clerk, alone, entries["M-9"])
        find_something(running.service.store, entries)
        yield Town(running, clerk, entries, problem, shared, alone)


def file_one(client: httpx.Client, name: str, title: str, content: str, **more: Any) -> int:
    body = {"id": name, "title": title, "content": content} | more
    taken = client.post("/v1/submissions", json=body)
    assert taken.status_code == 201, taken.text
    said = {"lead": "住建局", "urgency": 3, "nature": "投诉", "reason": "属房屋设施"}
    answer = client.post(f"/v1/submissions/{name}/decisions", json=said)
    assert answer.status_code == 200, answer.text
    entry_id: int = answer.json()["entry"]["id"]
    return entry_id


def speak_of(client: httpx.Client, entries: dict[str, int]) -> None:
    """What was written of the two where others may read it."""
    give(client, entries["M-9"], "accept", note=f"去过{WORD}茶馆")
    content = base64.b64encode(PICTURE).decode()
    give(client, entries["M-9"], "attach", name=f"{WORD}.png", content=content)
    said = {"other": "M-9", "note": f"不是{WORD}那一件"}
    for name in ("M-1", "M-7"):
        answer = client.post(f"/v1/submissions/{name}/repeats:dismiss", json=said)
        assert answer.is_success, answer.text
    give(client, entries["M-7"], "merge", into=entries["M-0"], note=f"都说{WORD}茶馆")


def name_problem(client: httpx.Client) -> int:
    problem = wait_for_problem(client)
    address = f"/v1/problems/{problem['id']}"
    said = {"kind": "rename", "name": f"{WORD}茶馆旁电梯停运", "note": f"{WORD}茶馆一带"}
    answer = client.post(f"{address}/corrections", json=said | {"version": problem["version"]})
    assert answer.status_code == 200, answer.text
    said = {"kind": "add", "submissions": ["M-9"], "version": problem["version"] + 1}
    assert client.post(f"{address}/corrections", json=said).is_success
    number: int = problem["id"]
    return number


def wait_for_problem(client: httpx.Client) -> dict[str, Any]:
    for _ in range(100):
        lines = client.get("/v1/problems").json()["lines"]
        if lines and lines[0]["size"] == 5:
            problem: dict[str, Any] = lines[0]
            return problem
        time.sleep(0.1)
    raise AssertionError("the five have not come to one problem")


def plan(client: httpx.Client, title: str, entries: tuple[int, ...]) -> int:
    year = read_clock().year + 5
    task = {
        "title": title,
        "department": "住建局",
        "person": "李明",
        "deadline": f"{year}-12-31",
        "entries": list(entries),
        "measures": ["逐台检测电梯", f"走访{WORD}茶馆"],
        "milestones": [{"name": f"走访{WORD}", "due": f"{year}-12-01"}],
    }
    answer = client.post("/v1/tasks", json=task)
    assert answer.status_code == 201, answer.text
    planned = answer.json()
    milestone = planned["milestones"][0]["id"]
    said = {"note": f"{WORD}茶馆已走访", "milestone": milestone, "done": True, "version": 1}
    answer = client.post(f"/v1/tasks/{planned['id']}/progress", json=said)
    assert answer.status_code == 200, answer.text
    number: int = planned["id"]
    return number


def close_task(client: httpx.Client, task: int, entry: int) -> None:
    (kept,) = client.get(f"/v1/entries/{entry}").json()["attachments"]
    effect = {
        "version": 2,
        "change": "已全部核实",
        "evidence": [{"note": "照片", "attachment": kept["id"]}],
        "ground": f"{WORD}茶馆老板不愿评价",
    }
    answer = client.post(f"/v1/tasks/{task}/close", json=effect)
    assert answer.status_code == 200, answer.text


def find_something(store: Store, entries: dict[str, int]) -> None:
    found = [
        Found(Rule.EMPTY_REPLY, "reply:1", "housing", {"reasons": [WORD]}, entries["M-9"]),
        Found(
            Rule.INVENTED,
            f"copies:{entries['M-9']}",
            "housing",
            {"entries": [entries["M-9"], entries["M-0"]], "copies": 2},
        ),
        Found(
            Rule.COPIED_REPLY,
            "reply:2",
            "housing",
            {"reply": 2, "copies_reply": 1, "copies_entry": entries["M-9"], "similarity": 0.9},
            entries["M-0"],
        ),
    ]
    with store.writing() as session:
        record_findings(session, found, caller=CLOCK_CALLER, now=read_clock())


def seal(town: Town) -> None:
    with town.store.writing() as session:  # one of what is told has arrived already
        first = select(DeliveryRow.id).order_by(DeliveryRow.id.desc()).limit(1).scalar_subquery()
        sent = update(DeliveryRow).where(DeliveryRow.id == first)
        session.execute(sent.values(delivered_at=read_clock()))
    for name in ("M-9", "M-7"):
        answer = town.clerk.post(f"/v1/submissions/{name}/decisions", json=SEAL)
        assert answer.json()["entry"] is None, answer.text


def rows_with(store: Store, *words: str) -> list[str]:
    """The tables, columns and values in which any of the words stands, however it is spelt."""
    found = []
    spelt = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    with store.reading() as session:
        for table in SubmissionRow.metadata.sorted_tables:
            for row in session.execute(text(f'SELECT * FROM "{table.name}"')).mappings():  # noqa: S608
                for column, value in row.items():
                    told = value if isinstance(value, str) else repr(value)
                    if isinstance(value, (bytes, memoryview)):
                        told = bytes(value).decode(errors="replace")
                    if any(form in told for form in spelt):
                        found.append(f"{table.name}.{column}: {told[:200]}")
    return found


def test_not_a_word_of_it_stays_in_any_table(town: Town) -> None:
    before = rows_with(town.store, WORD)
    assert len({line.partition(":")[0] for line in before}) > 15
    assert rows_with(town.store, PICTURE.decode(errors="replace"))
    seal(town)
    left = rows_with(town.store, WORD, PICTURE.decode(errors="replace"))
    assert left == [], "\n".join(left)


def test_its_number_stays_only_where_nobody_reads_it(town: Town) -> None:
    seal(town)
    named = {line.partition(":")[0] for line in rows_with(town.store, "M-9")}
    assert named == {
        "submission.id",
        "entry.submission_id",
        "suggestion.submission_id",
        "decision.submission_id",
        "event.submission_id",  # shown to discipline officers alone
        "event.payload",
        "problem_correction.submission_ids",  # counted, and read by the next clustering
        "accusation.submission_id",
        "sealed_work.submission_id",
    }
    with town.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(DeliveryRow)) > 0
        told = session.execute(select(FindingRow.rule, FindingRow.evidence)).all()
    assert dict(told) == {
        Rule.EMPTY_REPLY: {},
        Rule.INVENTED: {"entries": [town.entries["M-0"]], "copies": 2},
        Rule.COPIED_REPLY: {"reply": 2, "similarity": 0.9},
    }


def test_no_page_shows_a_word_or_the_number_of_it_to_anybody(town: Town) -> None:
    seal(town)
    paths = list_paths(town)
    assert len(paths) > 60
    with person(town.running, Role.SUPERVISOR) as supervisor:
        for client in (town.clerk, supervisor):
            answers = {path: client.get(path) for path in paths}
            assert sum(answer.is_success for answer in answers.values()) > 30
            for path, answer in answers.items():
                assert answer.status_code < 500, (path, answer.text)
                told = read_all(answer).replace(path, "")
                assert not [word for word in (WORD, "M-9", "M-7") if word in told], (path, told)


def list_paths(town: Town) -> list[str]:
    """Every page that can be read, of everything that there is; the accusations' own are closed."""
    app = create_app(town.running.service.settings, desk=town.running.service.desk)
    app.state.service.close()
    paths = []
    for path, operations in describe_api(app)["paths"].items():
        if "get" not in operations or path.startswith(("/v1/accusations", "/v1/oidc")):
            continue
        numbers = list(town.entries.values()) if "{entry_id}" in path else [1, 2]
        filled = path.replace("{department}", "housing").replace("{submission_id}", "M-0")
        named = [re.sub(r"\{\w+\}", str(number), filled) for number in numbers]
        paths += dict.fromkeys(named)
    return paths


def read_all(answer: httpx.Response) -> str:
    """Head and body; a workbook or document is unpacked."""
    body = answer.text
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            body = "".join(book.read(name).decode(errors="replace") for name in book.namelist())
    return f"{answer.headers}{body}"


def read_tasks(town: Town) -> list[Any]:
    """All that is told of the two tasks, without their versions."""
    return [town.clerk.get(f"/v1/tasks/{number}").json() for number in (town.shared, town.alone)]


def test_of_what_it_shares_with_others_only_what_speaks_of_it_goes(town: Town) -> None:
    address = f"/v1/tasks/{town.shared}"
    plain = {"note": "物业已报价，下周维修", "version": 2}
    assert town.clerk.post(f"{address}/progress", json=plain).is_success
    seal(town)
    shared, alone = (told["task"] | told for told in read_tasks(town))
    assert (shared["title"], shared["measures"]) == (GONE, [])
    assert shared["entries"] == [town.entries["M-0"]]
    assert [step["note"] for step in shared["history"]] == ["", "", plain["note"]]
    assert (alone["title"], alone["state"], alone["entries"]) == (GONE, "done", [])
    assert alone["effect"]["change"] == GONE
    assert shared["history"][0]["data"]["entries"] == [town.entries["M-0"]]
    file = town.clerk.get(f"/v1/problems/{town.problem}").json()
    problem = file["problem"] | file
    assert problem["size"] == 3
    assert "幸福里" in problem["name"]
    assert [one["note"] for one in problem["corrections"]] == ["", ""]
    merged = town.clerk.get(f"/v1/entries/{town.entries['M-0']}").json()["actions"]
    assert [(step["command"], step["note"], step["data"]) for step in merged] == [("merge", "", {})]


def test_what_is_released_brings_its_words_back_unless_they_were_written_anew(town: Town) -> None:
    before = read_tasks(town)
    seal(town)
    anew = {"title": "修电梯", "version": 2}
    assert town.clerk.patch(f"/v1/tasks/{town.shared}", json=anew).is_success
    with person(town.running, Role.DISCIPLINE) as officer:
        for name in ("M-9", "M-7"):
            answer = officer.post(f"/v1/accusations/{name}/release", json={"reason": "查无此事"})
            assert answer.is_success, answer.text
    shared, alone = read_tasks(town)
    assert alone == before[1]
    assert (shared["task"]["title"], shared["task"]["measures"]) == ("修电梯", [])
    assert shared["task"]["milestones"] == before[0]["task"]["milestones"]
    assert shared["history"][:2] == before[0]["history"]
    merged = town.clerk.get(f"/v1/entries/{town.entries['M-0']}").json()["actions"]
    assert merged[0]["note"] == f"都说{WORD}茶馆"


def write_later(town: Town, supervisor: httpx.Client) -> None:
    """What people go on to write of a letter that is under the seal, wherever they can, each time
    with a telephone."""
    said = f"同来件M-9。也同条目{town.entries['M-9']}。反映人电话13900000007。"
    clerk, first = town.clerk, town.entries["M-0"]
    decided = {"urgency": 3, "reason": said, "entry": first}
    assert clerk.post("/v1/submissions/M-0/decisions", json=decided).is_success
    split = {"parts": [{"matter": said, "lead": "住建局"}], "matter": said}
    give(clerk, first, "split", note=said, **split)
    give(clerk, first, "accept", note=said)
    content = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    give(clerk, first, "attach", name="同M-9。.png", content=content, note=said)
    give(clerk, first, "request-extension", amount=3, unit="day", note=said)
    give(supervisor, first, "refuse-extension", note=said)
    give(clerk, first, "reply", text=f"{said}已修好。", outcome="not_supported", ground=said)
    give(clerk, first, "evaluate", solved=True, satisfaction=5, comment=said)
    give(clerk, first, "close", ground=said)
    given = {"note": said, "version": 2, "title": said, "measures": [said]}
    address = f"/v1/tasks/{town.shared}"
    assert clerk.patch(address, json=given).is_success
    entry = town.entries["M-1"]
    task = {"title": said, "department": "住建局", "person": "李明", "entries": [entry]}
    year = read_clock().year + 5
    steps = [{"name": "同M-9", "due": f"{year}-12-01"}]
    task |= {"deadline": f"{year}-12-31", "measures": [said], "milestones": steps}
    planned = clerk.post("/v1/tasks", json=task).json()
    done = {"note": said, "milestone": planned["milestones"][0]["id"], "done": True, "version": 1}
    assert clerk.post(f"/v1/tasks/{planned['id']}/progress", json=done).is_success
    effect = {"version": 2, "change": said, "evidence": [{"note": said}], "ground": said}
    assert clerk.post(f"/v1/tasks/{planned['id']}/close", json=effect).is_success
    address = f"/v1/problems/{town.problem}"
    version = clerk.get(address).json()["problem"]["version"]
    named = {"kind": "rename", "name": "同M-9的电梯", "note": said, "version": version}
    assert clerk.post(f"{address}/corrections", json=named).is_success
    other = {"other": "M-1", "note": said}
    assert clerk.post("/v1/submissions/M-2/repeats:dismiss", json=other).is_success
    verdict = {"verdict": "dismissed", "note": said}
    (finding,) = find_open(supervisor)
    assert supervisor.post(f"/v1/findings/{finding}/decision", json=verdict).is_success
    table = (
        f"编号,反映问题,责任单位,状态,办理结果,办理情况\nI-1,路灯不亮,住建局,已办结,解决,{said}\n"
    )
    content = base64.b64encode(table.encode()).decode()
    book = {"name": "旧账", "file_name": "旧账.csv", "content": content}
    answer = clerk.post("/v1/lists/problems/import", json=book)
    assert answer.json()["created"] == 1, answer.text


def find_open(supervisor: httpx.Client) -> list[int]:
    lines = supervisor.get("/v1/lists/supervision?rule=copied_reply").json()["lines"]
    return [line["id"] for line in lines]


def test_its_number_written_afterwards_shows_nowhere_and_comes_back(town: Town) -> None:
    seal(town)
    before = {line.partition(":")[0] for line in rows_with(town.store, "M-9")}
    with person(town.running, Role.SUPERVISOR) as supervisor:
        write_later(town, supervisor)
        after = {line.partition(":")[0] for line in rows_with(town.store, "M-9", "13900000007")}
        assert after == before
        told = "".join(rows_with(town.store, f"条目{town.entries['M-9']}"))
        assert told == ""
        for path in list_paths(town):
            for client in (town.clerk, supervisor):
                shown = read_all(client.get(path)).replace(path, "")
                assert "M-9" not in shown, (path, shown)
    with town.store.reading() as session:
        named = text("SELECT count(*) FROM event WHERE kind = 'accusation.named'")
        assert (session.scalar(named) or 0) >= 15
    with person(town.running, Role.DISCIPLINE) as officer:
        answer = officer.post("/v1/accusations/M-9/release", json={"reason": "查无此事"})
        assert answer.is_success, answer.text
    file = town.clerk.get(f"/v1/entries/{town.entries['M-0']}").json()
    assert [reply["text"] for reply in file["replies"]] == [
        f"同来件M-9。也同条目{town.entries['M-9']}。反映人电话13900000007。已修好。"
    ]
    assert CUT not in json.dumps(file, ensure_ascii=False)
    assert CUT not in json.dumps(read_tasks(town), ensure_ascii=False)


def test_what_is_added_only_gives_up_words_to_the_seal_alone(town: Town) -> None:
    for change in (
        "UPDATE task_action SET note = 'x'",
        "UPDATE problem_correction SET note = 'x'",
        "UPDATE action SET note = 'x'",
        "UPDATE decision SET reason = 'x'",
    ):
        with pytest.raises(DBAPIError, match="append-only"), town.store.writing() as session:
            session.execute(text(change))
    seal(town)
    for change in (
        "UPDATE task_action SET who = 'x'",
        "DELETE FROM problem_correction",
        "UPDATE problem_correction SET kind = 'merge'",
    ):
        with pytest.raises(DBAPIError, match="append-only"), town.store.writing() as session:
            session.execute(text(change))
