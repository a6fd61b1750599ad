import base64
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from service_factories import RunningService, run_service

from api.cli.main import run
from triage.ledger.tables import ActionRow, DecisionRow, EntryRow, EventRow, ReplyRow, SubmissionRow

HEADER = (
    "序号",
    "反映问题",
    "责任单位",
    "紧急程度",
    "交办时间",
    "办理时限",
    "状态",
    "办理结果",
    "办理情况",
    "备注",
)
LIFT = "幸福里小区3栋电梯停运四天，物业不修，老人下不了楼。"
NOISE = "工地夜间施工噪声扰民，影响孩子睡觉，请处理。"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("review", "read") as client:
        yield client


def make_row(**changes: Any) -> list[Any]:
    row = dict.fromkeys(HEADER, "")
    row |= {"序号": 1, "反映问题": LIFT, "责任单位": "住建局"} | changes
    return list(row.values())


def make_book(*rows: Sequence[Any], header: Sequence[Any] = HEADER) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (header, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def send(client: httpx.Client, file: bytes, **changes: Any) -> httpx.Response:
    body: dict[str, Any] = {"name": "2024年台账", "content": base64.b64encode(file).decode()}
    return client.post("/v1/lists/problems/import", json=body | changes)


def entry_of(running: RunningService, submission_id: str) -> EntryRow:
    with running.service.store.reading() as session:
        entry = session.query(EntryRow).filter_by(submission_id=submission_id).one()
        session.expunge(entry)
        return entry


def test_each_row_becomes_a_submission_and_an_entry_as_it_stood(
    running: RunningService, clerk: httpx.Client
) -> None:
    book = make_book(
        make_row(
            责任单位="住房和城乡建设局、城管局",
            紧急程度="紧急",
            交办时间="2024-03-01",
            办理时限="2024-03-20",
            状态="已办结",
            办理结果="已解决",
            办理情况="已更换曳引机，恢复运行。",
        ),
        make_row(序号=2, 反映问题=NOISE, 责任单位="城管局", 状态="办理中"),
    )
    answer = send(clerk, book)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["created"], told["existing"], told["failed"]) == (2, 0, 0)
    assert told["columns"]["content"] == "反映问题"
    assert told["others"] == ["备注"]
    assert [row["id"] for row in told["rows"]] == ["2024年台账-1", "2024年台账-2"]
    assert {row["destination"] for row in told["rows"]} == {"ledger"}

    done = entry_of(running, "2024年台账-1")
    assert (done.state, done.outcome, done.urgency) == ("closed", "solved", 2)
    assert (done.lead_department, done.assisting) == ("housing", ["城管局"])
    assert done.opened_at == datetime(2024, 2, 29, 16, tzinfo=UTC)
    assert done.deadline_at == datetime(2024, 3, 20, 15, 59, 59, tzinfo=UTC)
    assert done.closed_at is not None
    assert done.ground == "导入前已销号"
    open_one = entry_of(running, "2024年台账-2")
    assert (open_one.state, open_one.closed_at) == ("accepted", None)
    with running.service.store.reading() as session:
        (reply,) = session.query(ReplyRow).all()
        assert (reply.entry_id, reply.text) == (done.id, "已更换曳引机，恢复运行。")
        assert session.query(DecisionRow).count() == 2
        actions = session.query(ActionRow).filter_by(command="register").all()
        assert [action.note for action in actions] == [
            "由“2024年台账”第 2 行导入",
            "由“2024年台账”第 3 行导入",
        ]
        events = session.query(EventRow).filter_by(kind="entry.imported").all()
        assert LIFT not in str([event.payload for event in events])
    listed = clerk.get("/v1/lists/problems").json()["lines"]
    assert len(listed) == 2
    assert clerk.get(f"/v1/entries/{done.id}").status_code == 200


def test_the_same_list_again_changes_nothing(running: RunningService, clerk: httpx.Client) -> None:
    book = make_book(make_row(), make_row(序号=2, 反映问题=NOISE))
    send(clerk, book)
    before = entry_of(running, "2024年台账-1")
    again = send(clerk, book).json()
    assert (again["created"], again["existing"], again["failed"]) == (0, 2, 0)
    assert entry_of(running, "2024年台账-1").version == before.version
    other = send(clerk, make_book(make_row(反映问题=NOISE))).json()
    assert other["rows"][0]["error"] == "conflict"


def test_a_row_that_cannot_be_taken_costs_no_other(
    running: RunningService, clerk: httpx.Client
) -> None:
    wrong = [
        ({"责任单位": "没有这个局"}, "lead"),
        ({"紧急程度": "十万火急"}, "urgency"),
        ({"状态": "不清楚"}, "state"),
        ({"状态": "已办结"}, "outcome"),
        ({"办理结果": "差不多"}, "outcome"),
        ({"交办时间": "2099-01-01"}, "opened_at"),
        ({"交办时间": "0001-01-01"}, "opened_at"),
        ({"办理时限": "尽快"}, "deadline_at"),
    ]
    rows = [make_row(序号=n, **changes) for n, (changes, _) in enumerate(wrong, start=1)]
    told = send(clerk, make_book(*rows, make_row(序号=99))).json()
    assert (told["created"], told["failed"]) == (1, len(wrong))
    assert [row.get("field") for row in told["rows"]] == [*(field for _, field in wrong), None]
    assert [row["row"] for row in told["rows"]] == list(range(2, len(wrong) + 3))
    with running.service.store.reading() as session:
        assert session.query(SubmissionRow).count() == 1


def test_a_trial_run_stores_nothing_and_shows_what_is_wrong(
    running: RunningService, clerk: httpx.Client
) -> None:
    told = send(clerk, make_book(make_row(), make_row(责任单位="没有这个局")), check=True).json()
    assert (told["created"], told["existing"], told["failed"]) == (0, 1, 1)
    with running.service.store.reading() as session:
        assert session.query(SubmissionRow).count() == 0


def test_columns_of_other_names_are_mapped_and_others_may_be_left_out(
    running: RunningService, clerk: httpx.Client
) -> None:
    header = ["工单编号", "主要诉求", "包案单位", "状态"]
    book = make_book(["X-7", LIFT, "住建局", "随便写的"], header=header)
    columns = {"content": "主要诉求", "lead": "包案单位", "state": ""}
    told = send(clerk, book, columns=columns).json()
    assert told["rows"][0]["id"] == "X-7"
    assert entry_of(running, "X-7").lead_department == "housing"
    missing = send(clerk, book, columns={"lead": "没有这一列"})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_file")
    unknown = send(clerk, book, columns={"nonsense": "状态"})
    assert "没有字段" in unknown.json()["detail"]


def test_closed_rows_without_an_outcome_get_the_one_that_the_clerk_names(
    running: RunningService, clerk: httpx.Client
) -> None:
    send(clerk, make_book(make_row(状态="已销号")), outcome="explained")
    assert entry_of(running, "2024年台账-1").outcome == "explained"


def test_what_names_no_department_goes_the_way_of_any_other(clerk: httpx.Client) -> None:
    told = send(clerk, make_book(make_row(责任单位="", 反映问题="请问"))).json()
    assert told["rows"][0]["destination"] == "review"
    queue = clerk.get("/v1/review").json()["lines"]
    assert [line["submission_id"] for line in queue] == ["2024年台账-1"]


def test_an_accusation_in_a_list_goes_to_the_discipline_side(
    running: RunningService, clerk: httpx.Client
) -> None:
    header = [*HEADER[:3], "诉求性质"]
    told = send(clerk, make_book([1, "某局长收礼", "住建局", "检举控告"], header=header)).json()
    assert told["rows"][0]["destination"] == "discipline"
    assert "entry" not in told["rows"][0]
    assert clerk.get("/v1/lists/problems").json()["lines"] == []
    with running.service.store.reading() as session:
        assert session.query(SubmissionRow).one().content == ""


def test_an_exported_list_can_be_read_in_again(clerk: httpx.Client) -> None:
    send(clerk, make_book(make_row(交办时间="2024-03-01", 状态="办理中")))
    content = clerk.get("/v1/lists/problems.xlsx").content
    told = send(clerk, content, check=True).json()
    assert (told["existing"], told["failed"]) == (1, 0), told
    assert told["rows"][0]["id"] == "2024年台账-1"
    assert {"id", "content", "lead", "assisting", "domain", "urgency", "state"} <= set(
        told["columns"]
    )


def test_a_csv_in_the_encoding_of_old_offices_is_read(
    running: RunningService, clerk: httpx.Client
) -> None:
    text = f"编号,问题,牵头单位,配合单位\nG-1,{LIFT},住建局,城管局、公安局\n"
    told = send(clerk, text.encode("gb18030"), file_name="台账.csv").json()
    assert told["created"] == 1
    assert entry_of(running, "G-1").assisting == ["城管局", "公安局"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"content": "不是base64"}, 422, "invalid_input"),
        ({"content": ""}, 400, "invalid_file"),
        ({"name": " "}, 422, "invalid_input"),
        ({"sheet": "没有这张表"}, 400, "invalid_file"),
        ({"sheet": "a\x00"}, 400, "invalid_file"),
        ({"file_name": "a.\x00"}, 200, None),
        ({"outcome": "done"}, 422, "invalid_input"),
    ],
)
def test_what_is_no_list_is_explained(
    clerk: httpx.Client, changes: dict[str, Any], status: int, error: str
) -> None:
    answer = send(clerk, make_book(make_row()), **changes)
    assert (answer.status_code, answer.json().get("error")) == (status, error)


def test_a_list_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    with run_service(tmp_path, max_batch_rows=1) as running, running.client("review") as clerk:
        answer = send(clerk, make_book(make_row(), make_row(序号=2)))
        assert (answer.status_code, answer.json()["field"]) == (422, "content")


def test_lists_are_brought_in_by_those_who_may(running: RunningService) -> None:
    with running.client("read", "submit") as reader:
        assert send(reader, make_book(make_row())).status_code == 403
    with running.client() as nobody:
        assert send(nobody, make_book(make_row())).status_code == 401


def test_the_command_brings_a_list_in_and_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path}/town.db")
    tiny = Path(__file__).parent.parent / "models" / "tiny"
    monkeypatch.setenv("TRIAGE_MODEL_DIR", str(tiny))
    path = tmp_path / "台账.xlsx"
    path.write_bytes(make_book(make_row(), make_row(序号=2, 责任单位="没有这个局")))
    assert run(["lists", "import", str(path), "--check"]) == 3
    assert "可以导入 1 行，有误 1 行" in capsys.readouterr().out
    assert run(["lists", "import", str(path)]) == 3
    told = capsys.readouterr()
    assert "新导入 1 行，此前已有 0 行，有误 1 行" in told.out
    assert "第 3 行：责任单位“没有这个局”" in told.err
    assert run(["lists", "import", str(path), "--column", "lead="]) == 0
    assert run(["lists", "import", str(path), "--outcome", "done"]) == 1


def test_a_list_whose_columns_are_unknown_is_checked_by_telling_them(clerk: httpx.Client) -> None:
    header = ("序号", "来办的事", "谁来办")
    content = make_book((1, LIFT, "住建局"), header=header)
    told = send(clerk, content, check=True).json()
    assert (told["columns"], told["others"]) == ({}, list(header))
    assert told["notes"] == ["没有认出标题列或内容列，请指明"]
    refused = send(clerk, content)
    assert refused.status_code == 400
    assert '"columns": {"content": "诉求内容"}' in refused.json()["detail"]
    assert "--column" not in refused.json()["detail"]
    columns = {"content": "来办的事", "lead": "谁来办"}
    told = send(clerk, content, check=True, columns=columns).json()
    assert (told["existing"], told["failed"]) == (1, 0)
