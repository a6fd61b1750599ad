import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from api.cli.main import run

ROWS = [
    {
        "id": "1",
        "title": "路灯不亮",
        "content": "建设路的路灯坏了半个月，请尽快修复。",
        "reply": "经市政所3月2日现场核查，建设路12盏路灯因电缆被挖断不亮，已于3月3日全部修复亮灯。",
        "received_at": "2025-03-01 09:00",
        "replied_at": "2025-03-04 09:00",
    },
    {
        "id": "2",
        "title": "拖欠工资",
        "content": "老板欠三个月工资。",
        "reply": "已转相关部门处理。",
    },
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, rows: list[dict[str, object]]) -> str:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(lines + "\n", encoding="utf-8")
    return str(path)


def test_each_reply_gets_its_line_in_order(folder: Path) -> None:
    source = write(folder / "in.jsonl", ROWS)
    assert run(["replies", source, "-o", "out.jsonl"]) == 0
    first, second = map(json.loads, (folder / "out.jsonl").read_text("utf-8").splitlines())
    wanted = {"id", "relevance", "completeness", "grounds", "action", "score", "perfunctory"}
    assert wanted | {"reasons"} <= set(first)
    assert (first["id"], second["id"]) == ("1", "2")
    assert (first["perfunctory"], second["perfunctory"]) == (False, True)
    assert first["days"] == 3.0
    assert all(isinstance(reason["says"], str) for reason in first["reasons"])


def test_a_table_comes_out_with_chinese_columns(folder: Path) -> None:
    source = write(folder / "in.jsonl", ROWS)
    assert run(["replies", source, "-o", "out.csv"]) == 0
    with (folder / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["编号"] == "1"
    assert (first["疑似敷衍"], second["疑似敷衍"]) == ("", "是")
    assert float(first["总分"]) > float(second["总分"])
    assert run(["replies", source, "-o", "out.xlsx"]) == 0
    assert openpyxl.load_workbook(folder / "out.xlsx").active.max_row == 3


def test_a_workbook_with_the_towns_own_headers_is_read(folder: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["编号", "标题", "内容", "答复意见", "受理时间"])
    book.active.append(["7", "路灯不亮", "请修复路灯", "已修复。", "2025/3/1 9:00"])
    book.save(folder / "in.xlsx")
    assert run(["replies", "in.xlsx", "-o", "out.jsonl"]) == 1  # no column that is known as reply
    command = ["replies", "in.xlsx", "-o", "out.jsonl", "--column", "reply=答复意见"]
    assert run(command) == 0
    assert json.loads((folder / "out.jsonl").read_text("utf-8"))["id"] == "7"


def test_rows_that_cannot_be_read_keep_their_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, object]] = [
        {"id": "1", "reply": "已办。"},
        dict(ROWS[0]),
        {**ROWS[1], "replied_at": "gestern"},
        {**ROWS[1], "reply": ["x"]},
    ]
    assert run(["replies", write(folder / "in.jsonl", rows), "-o", "out.jsonl"]) == 3
    lines = list(map(json.loads, (folder / "out.jsonl").read_text("utf-8").splitlines()))
    assert [line.get("field") for line in lines] == ["content", None, "replied_at", "reply"]
    assert "3 行有误" in capsys.readouterr().err


def test_standard_input_and_output_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    assert run(["replies", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.jsonl"], 1, "找不到文件"),
        (["in.jsonl", "-o", "in.jsonl"], 1, "不能与来源文件相同"),
        (["in.jsonl", "--column", "reply"], 2, "字段=列名"),
        (["in.jsonl", "--model", "nowhere"], 1, "模型目录"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    folder: Path, arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "in.jsonl", ROWS)
    assert run(["replies", *arguments]) == code
    assert says in capsys.readouterr().err
