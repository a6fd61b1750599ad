"""Files of submissions brought in over HTTP: upload, columns, preview, progress, errors, undo."""

import base64
import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from people_factories import person
from service_factories import RunningService, run_service

from api.background.importing import importing, work_on_imports
from triage.ledger.tables import ImportRow
from triage.roles import Role

HEADER = ("工单号", "诉求人", "电话", "诉求内容", "来源", "登记时间")
TEXTS = (
    "幸福里小区3栋电梯停运四天，物业不修，老人下不了楼。",
    "人民路路灯坏了半个月，晚上看不清路，请尽快修好。",
    "工地夜间施工噪声扰民，孩子睡不着。",
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path, batch_chunk=2) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with person(running, Role.CLERK) as client:
        yield client


def make_csv(*rows: tuple[Any, ...], header: tuple[str, ...] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows((header, *rows))
    return text.getvalue().encode("gb18030")


def make_rows(count: int) -> list[tuple[Any, ...]]:
    return [
        (f"G-{n}", "张三", "13800000000", f"{TEXTS[n % 3]}第{n}次反映。", "电话", "2025-03-01")
        for n in range(count)
    ]


def upload(client: httpx.Client, content: bytes, **changes: Any) -> Any:
    body = {"file_name": "三月.csv", "content": base64.b64encode(content).decode()}
    answer = client.post("/v1/imports", json=body | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def look(client: httpx.Client, path: str) -> Any:
    answer = client.get(f"/v1/imports/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.post(f"/v1/imports/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_file_of_another_encoding_is_read_looked_at_and_brought_in(
    running: RunningService, clerk: httpx.Client
) -> None:
    rows = make_rows(5)
    rows[3] = ("G-3", "", "", "", "电话", "")
    told = upload(clerk, make_csv(*rows))
    assert told["columns"] == {
        "id": "工单号",
        "name": "诉求人",
        "phone": "电话",
        "content": "诉求内容",
        "channel": "来源",
        "received_at": "登记时间",
    }
    assert (told["total"], told["state_name"]) == (5, "待开始")
    shown = look(clerk, f"{told['id']}/preview")["rows"]
    assert [row["row"] for row in shown] == [2, 3, 4, 5, 6]
    assert shown[0]["domain"]
    assert shown[0]["submitter"].startswith("张")
    assert "13800000000" not in str(shown)
    assert "都为空" in shown[3]["error"]

    do(clerk, f"{told['id']}/start")
    assert work_on_imports(running.service) == 5
    done = look(clerk, str(told["id"]))
    assert (done["state"], done["done"], done["taken"], done["refused"]) == ("done", 5, 4, 1)
    assert done["rate"] > 0
    file = clerk.get("/v1/submissions/G-0").json()
    assert file["submission"]["channel"] == "来电"
    assert file["submitter"]["name"].startswith("张")
    assert clerk.get(f"/v1/imports/{told['id']}/preview").status_code == 409

    errors = clerk.get(f"/v1/imports/{told['id']}/errors.csv")
    assert errors.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(errors.content.decode("utf-8-sig"))))
    assert (lines[0], lines[1][:2]) == (["行号", "字段", "原因"], ["5", "诉求内容"])
    book = openpyxl.load_workbook(
        io.BytesIO(clerk.get(f"/v1/imports/{told['id']}/errors.xlsx").content)
    )
    assert [cell.value for cell in next(iter(book.worksheets[0].rows))] == lines[0]


def test_columns_that_are_not_known_are_chosen_by_hand(clerk: httpx.Client) -> None:
    told = upload(clerk, make_csv(("路灯不亮", "x"), header=("群众心声", "其他栏")))
    assert (told["columns"], told["total"]) == ({}, 0)
    assert told["headers"] == ["群众心声", "其他栏"]
    refused = clerk.post(f"/v1/imports/{told['id']}/start")
    assert (refused.status_code, refused.json()["field"]) == (422, "columns")
    answer = clerk.put(
        f"/v1/imports/{told['id']}/columns", json={"columns": {"content": "群众心声"}}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["total"], answer.json()["headers"]) == (1, ["群众心声", "其他栏"])
    (row,) = look(clerk, f"{told['id']}/preview")["rows"]
    assert row["excerpt"] == "路灯不亮"
    wrong = clerk.put(f"/v1/imports/{told['id']}/columns", json={"columns": {"content": "没有"}})
    assert wrong.status_code == 400


def make_lines(*records: object) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def test_json_lines_are_brought_in_by_their_keys(
    running: RunningService, clerk: httpx.Client
) -> None:
    lines = make_lines(
        {"工单号": "J-1", "内容": TEXTS[0], "诉求人": "张三", "经办": "李四"},
        {"id": "J-2", "content": TEXTS[1]},
    )
    told = upload(clerk, lines, file_name="三月.jsonl")
    assert told["columns"] == {"id": "工单号", "content": "内容", "name": "诉求人"}
    assert told["headers"] == ["工单号", "内容", "诉求人", "经办", "id", "content"]
    do(clerk, f"{told['id']}/start")
    work_on_imports(running.service)
    assert look(clerk, str(told["id"]))["taken"] == 2
    assert clerk.get("/v1/submissions/J-1").json()["submitter"]["name"] == "张某"
    assert clerk.get("/v1/submissions/J-2").json()["submission"]["content"] == TEXTS[1]


def test_keys_of_json_lines_that_are_not_known_are_chosen_by_hand(
    running: RunningService, clerk: httpx.Client
) -> None:
    lines = make_lines({"心声": TEXTS[0], "题": "电梯"}, {"心声": TEXTS[1]})
    told = upload(clerk, lines, file_name="三月.jsonl")
    assert (told["columns"], told["headers"]) == ({}, ["心声", "题"])
    path = f"/v1/imports/{told['id']}"
    wrong = clerk.put(f"{path}/columns", json={"columns": {"content": "没有"}})
    assert (wrong.status_code, "心声、题" in wrong.json()["detail"]) == (400, True)
    answer = clerk.put(f"{path}/columns", json={"columns": {"content": "心声"}})
    assert (answer.json()["columns"], answer.json()["total"]) == ({"content": "心声"}, 2)
    do(clerk, f"{told['id']}/start")
    work_on_imports(running.service)
    again = look(clerk, str(told["id"]))
    assert (again["taken"], again["refused"]) == (2, 0)  # called by the file and the row


def test_lines_that_are_no_json_at_all_are_refused_at_once(clerk: httpx.Client) -> None:
    body = {"file_name": "三月.jsonl", "content": base64.b64encode("{一\n{二".encode()).decode()}
    answer = clerk.post("/v1/imports", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_file")
    assert "每行一个 JSON 对象" in answer.json()["detail"]


def test_a_column_that_was_left_out_is_not_guessed_again(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = upload(clerk, make_csv(*make_rows(1)))
    columns = {"content": "诉求内容"}
    clerk.put(f"/v1/imports/{told['id']}/columns", json={"columns": columns})
    told = look(clerk, str(told["id"]))
    assert told["columns"] == columns
    do(clerk, f"{told['id']}/start")
    work_on_imports(running.service)
    assert clerk.get("/v1/submissions/G-0").status_code == 404


def test_a_file_that_was_left_half_way_goes_on_where_it_stopped(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = upload(clerk, make_csv(*make_rows(7)))
    do(clerk, f"{told['id']}/start")
    answers = iter([False, False, False, True, True, True])
    assert work_on_imports(running.service, stopping=lambda: next(answers)) == 4
    half = look(clerk, str(told["id"]))
    assert (half["state"], half["done"], half["taken"]) == ("running", 4, 4)
    assert half["remaining_s"] is not None
    assert work_on_imports(running.service) == 3
    done = look(clerk, str(told["id"]))
    assert (done["state"], done["done"], done["taken"]) == ("done", 7, 7)


def test_a_fault_nobody_thought_of_is_told_and_not_tried_for_ever(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = upload(clerk, make_csv(*make_rows(2)))
    do(clerk, f"{told['id']}/start")
    with running.service.store.writing() as session:
        row = session.get_one(ImportRow, told["id"])
        row.mapping = {name: value for name, value in row.mapping.items() if name != "digest"}
    with pytest.raises(KeyError):
        work_on_imports(running.service)
    failed = look(clerk, str(told["id"]))
    assert (failed["state"], failed["done"]) == ("failed", 0)
    assert "KeyError" in failed["failure"]
    assert work_on_imports(running.service) == 0


def test_the_same_file_again_changes_nothing_and_needs_no_ids(
    running: RunningService, clerk: httpx.Client
) -> None:
    content = make_csv(*((n, text) for n, text in enumerate(TEXTS)), header=("序号", "内容"))
    for taken, standing in ((3, 0), (0, 3)):
        told = upload(clerk, content)
        do(clerk, f"{told['id']}/start")
        work_on_imports(running.service)
        done = look(clerk, str(told["id"]))
        assert (done["taken"], done["standing"]) == (taken, standing)


def test_a_file_is_undone_but_for_what_somebody_has_decided(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = upload(clerk, make_csv(*make_rows(4)))
    do(clerk, f"{told['id']}/start")
    work_on_imports(running.service)
    decided = clerk.post(
        "/v1/submissions/G-1/decisions", json={"lead": "住建局", "urgency": 3, "nature": "投诉"}
    )
    assert decided.status_code == 200, decided.text
    undone = do(clerk, f"{told['id']}/undo")
    assert (undone["gone"], undone["after"]) == (3, None)
    assert undone["stayed"] == [
        {"submission_id": "G-1", "reason": "decided", "reason_name": "已有人认定或办理"}
    ]
    assert undone["standing"]["state_name"] == "已撤销"
    assert clerk.get("/v1/submissions/G-0").status_code == 404
    assert clerk.get("/v1/submissions/G-1").status_code == 200
    assert clerk.post(f"/v1/imports/{told['id']}/start").status_code == 409


def test_a_file_that_is_none_is_refused_and_another_ones_is_not_there(
    running: RunningService, clerk: httpx.Client
) -> None:
    bodies = [
        {"file_name": "x.csv", "content": "不是base64"},
        {"file_name": "x.csv", "content": ""},
        {"file_name": "x.xlsx", "content": base64.b64encode(b"PK\x03\x04xx").decode()},
    ]
    for body in bodies:
        assert clerk.post("/v1/imports", json=body).status_code in (400, 422)
    told = upload(clerk, make_csv(*make_rows(1)))
    with person(running, Role.CLERK) as other:
        assert other.get(f"/v1/imports/{told['id']}").status_code == 404
        assert other.get("/v1/imports").json()["lines"] == []
    page = clerk.get("/v1/imports").json()
    assert [line["id"] for line in page["lines"]] == [told["id"]]
    assert clerk.delete(f"/v1/imports/{told['id']}").status_code == 204
    assert clerk.get("/v1/imports").json()["lines"] == []


def test_the_worker_brings_in_what_was_started_and_ends_when_told(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = upload(clerk, make_csv(*make_rows(3)))
    with importing(running.service.store, lambda: running.service):
        do(clerk, f"{told['id']}/start")
        until = time.monotonic() + 60
        while look(clerk, str(told["id"]))["state"] != "done" and time.monotonic() < until:
            time.sleep(0.1)
    assert look(clerk, str(told["id"]))["taken"] == 3
    assert "importer" not in {thread.name for thread in threading.enumerate()}


def make_book(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_remarks_on_a_workbook_are_in_the_words_of_the_interface(clerk: httpx.Client) -> None:
    header = ["编号", "内容", "身份证号"]
    row = [123456789012345678, TEXTS[0], 110101199003077777]
    told = upload(clerk, make_book(一月=[header, row], 二月=[header, row]), file_name="a.xlsx")
    assert any("未读取：二月（可用 sheet 指定）" in note for note in told["notes"])
    assert any("编号一列有 1 行（第 2 行）" in note for note in told["notes"])
    assert any("证件号一列有 1 行（第 2 行）" in note for note in told["notes"])
    assert "--" not in "".join(told["notes"])


def test_a_workbook_whose_first_sheet_is_empty_names_the_other(clerk: httpx.Client) -> None:
    header = ["编号", "内容"]
    content = make_book(一月=[header], 二月=[header, ["1", TEXTS[0]]])
    body = {"file_name": "a.xlsx", "content": base64.b64encode(content).decode()}
    answer = clerk.post("/v1/imports", json=body)
    assert answer.status_code == 400
    assert "有内容的是“二月”" in answer.json()["detail"]
    assert "--" not in answer.json()["detail"]
