import csv
import errno
import io
import json
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import openpyxl
import pytest
from cli_factories import own_town

from api.cli.main import run
from api.cli.town import _tell_misspelt
from api.faults import name_fault
from triage.desk import Desk
from triage.submissions import Submission
from triage.suggestions import Suggestion

__all__ = ["own_town"]
ROOT = Path(__file__).parent.parent
TINY = str(ROOT / "models" / "tiny")
MESSAGES = [
    {"id": "1", "title": "路灯不亮", "content": "建设路的路灯坏了半个月，晚上一片漆黑。"},
    {"id": "2", "title": "拖欠工资", "content": "老板欠我们三个月工资，一直不给。"},
    {"id": "3", "title": "咨询社保", "content": "请问灵活就业人员怎么补缴养老保险？"},
]


def write_lines(path: Path, *lines: object) -> Path:
    text = "\n".join(
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    )
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def classify(*arguments: object) -> int:
    return run(["classify", *map(str, arguments), "--model", TINY])


# --- classify -----------------------------------------------------------------------------------


def test_each_line_in_gives_one_line_out_in_the_published_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify(write_lines(tmp_path / "in.jsonl", *MESSAGES)) == 0
    lines = read_lines(capsys.readouterr().out)
    assert [line["id"] for line in lines] == ["1", "2", "3"]
    for line in lines:
        assert {"level1", "level2", "level3", "confidence", "alternatives"} <= line["domain"].keys()
        assert {"level1", "level2", "level3", "confidence"} <= line["domain"]["alternatives"][
            0
        ].keys()
        assert line["urgency"]["level"] in (1, 2, 3, 4)
        assert {"name", "confidence", "reasons"} <= line["urgency"].keys()
        assert {"name", "confidence"} <= line["nature"].keys()
        assert isinstance(line["flags"], list)
        assert {"text", "division", "candidates"} <= line["place"].keys()
        assert {"lead", "assisting", "reasons"} <= line["department"].keys()
        assert isinstance(line["needs_review"], bool)
        assert all(
            span.keys() == {"field", "start", "end", "text", "weight"} for span in line["evidence"]
        )
        assert isinstance(line["model"], str)


def test_a_bad_row_keeps_its_place_and_is_reported_and_put_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_lines(tmp_path / "in.jsonl", MESSAGES[0], {"id": "x"}, "not json", *MESSAGES[1:])
    assert classify(source, "-o", tmp_path / "out.jsonl") == 3
    lines = read_lines((tmp_path / "out.jsonl").read_text("utf-8"))
    assert [line["id"] for line in lines] == ["1", "x", None, "2", "3"]
    assert [line["row"] for line in lines if "error" in line] == [2, 3]
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 行有误" in said.err
    assert "第 2 行：标题和内容都为空" in said.err
    aside = list(
        csv.reader(io.StringIO((tmp_path / "out.jsonl.errors.csv").read_text("utf-8-sig")))
    )
    assert [row[0] for row in aside] == ["行号", "2", "3"]
    assert classify(write_lines(source, *MESSAGES), "-o", tmp_path / "out.jsonl") == 0
    assert not (tmp_path / "out.jsonl.errors.csv").exists()


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_a_table_has_chinese_columns_and_a_row_for_each_row(tmp_path: Path, name: str) -> None:
    source = write_lines(tmp_path / "in.jsonl", MESSAGES[0], {"id": "x"}, MESSAGES[1])
    assert classify(source, "-o", tmp_path / name) == 3
    if name == "out.csv":
        rows = list(csv.reader(io.StringIO((tmp_path / name).read_text("utf-8-sig"))))
    else:
        sheet = openpyxl.load_workbook(tmp_path / name).active
        rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    header, first, bad, last = rows
    assert header[:4] == ["编号", "标题", "内容", "一级领域"]
    assert header[-1] == "错误"
    assert [first[0], bad[0], last[0]] == ["1", "x", "2"]
    assert first[header.index("紧急程度")] in ("特急", "紧急", "较急", "一般")
    assert "都为空" in bad[-1]


def test_a_spreadsheet_in_gbk_with_its_own_columns_goes_straight_in(tmp_path: Path) -> None:
    text = "某县汇总表,,\n留言编号,诉求,来源\n7,建设路路灯不亮,省平台转\n"
    (tmp_path / "in.csv").write_bytes(text.encode("gb18030"))
    arguments = ("in.csv", "-o", "out.jsonl", "--column", "content=诉求")
    assert classify(*arguments) == 0
    (line,) = read_lines((tmp_path / "out.jsonl").read_text("utf-8"))
    assert line["id"] == "7"


def test_standard_input_is_read_where_the_file_is_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.dumps(MESSAGES[0]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert classify("-") == 0
    (line,) = read_lines(capsys.readouterr().out)
    assert line["id"] == "1"


@pytest.mark.slow
def test_a_large_file_done_by_several_processes_is_the_same_as_by_one(tmp_path: Path) -> None:
    many = [
        MESSAGES[n % 3] | {"id": str(n)} if n % 7 else {"id": str(n), "title": ""}
        for n in range(2_500)
    ]
    write_lines(tmp_path / "in.jsonl", *many)
    assert classify("in.jsonl", "-o", "one.jsonl", "--workers", 1) == 3
    assert classify("in.jsonl", "-o", "two.jsonl", "--workers", 2) == 3
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
@pytest.mark.parametrize("output", ["out.jsonl", "out.csv", "out.xlsx", None])
def test_bytes_that_are_no_text_cost_their_own_row_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, output: str | None
) -> None:
    lines = {
        "in.csv": ["编号,标题,内容", "1,路灯,坏了", "2,停水,水\x81停了", "3,停电,没电"],
        "in.jsonl": [
            '{"id":"1","title":"路灯"}',
            '{"id":"2\\ud800","title":""}',
            '{"id":"3","title":"停电"}',
        ],
    }[name]
    data = "\n".join(lines).encode().replace("\x81".encode(), b"\xff")
    (tmp_path / name).write_bytes(data)
    assert classify(tmp_path / name, *(("-o", tmp_path / output) if output else ())) == 3
    assert "1 行有误" in capsys.readouterr().err
    side = tmp_path / f"{output or name}.errors.csv"
    (bad,) = csv.DictReader(io.StringIO(side.read_text(encoding="utf-8-sig")))
    assert bad["编号"].startswith("2")
    assert bad["原始内容"]


@pytest.mark.parametrize("output", ["", "out.csv"])
def test_a_row_that_trips_the_analysis_is_told_with_its_number_and_all_that_it_held(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
) -> None:
    suggest = Desk.suggest_many

    def stumble(desk: Desk, submissions: Sequence[Submission]) -> list[Suggestion]:
        if any(submission.id == "2" for submission in submissions):
            raise ZeroDivisionError
        return suggest(desk, submissions)

    monkeypatch.setattr(Desk, "suggest_many", stumble)
    source = tmp_path / "in.csv"
    source.write_text("一月来件\n编号,标题,内容\n1,路灯,坏了\n2,停水,三天\n3,停电,没电\n", "utf-8")
    assert classify(source, *(("-o", tmp_path / output) if output else ())) == 3
    said = capsys.readouterr()
    assert "第 4 行：分析时出错" in said.err
    side = tmp_path / f"{output or source.name}.errors.csv"
    (bad,) = csv.DictReader(io.StringIO(side.read_text(encoding="utf-8-sig")))
    assert (bad["行号"], bad["编号"]) == ("4", "2")
    assert json.loads(bad["原始内容"]) == {"id": "2", "title": "停水", "content": "三天"}
    if not output:
        assert read_lines(said.out)[1]["row"] == 4


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["classify", "no.csv"], 1, "找不到文件"),
        (["classify", "empty.csv"], 1, "空文件"),
        (["classify", "head.csv"], 1, "没有来件"),
        (["classify", "good.csv", "-o", "good.csv"], 1, "不能与来源文件相同"),
        (["classify", "good.csv", "-o", ""], 1, "写明结果文件的名称"),
        (["classify", "good.csv", "-o", "o.csv", "--errors", "good.csv"], 1, "不能与来源文件相同"),
        (["classify", "good.csv", "-o", "o.csv", "--errors", "o.csv"], 1, "不能与结果文件相同"),
        (["classify", "good.csv", "-o", "o.csv", "--errors", "no/e.csv"], 1, "已有文件夹"),
        (["classify", "o.csv.errors.csv", "-o", "o.csv"], 1, "不能与来源文件相同"),
        (["classify", "o.part.csv", "-o", "o.csv"], 1, "不能与来源文件相同"),
        (["redact", "o.part.csv", "-o", "o.csv"], 1, "不能与来源文件相同"),
        (["replies", "o.part.csv", "-o", "o.csv"], 1, "不能与来源文件相同"),
        (["problems", "o.part.csv", "-o", "o.csv"], 1, "不能与来源文件相同"),
        (["problems", "good.csv", "-o", "o.json", "--errors", "good.csv"], 1, "不能与来源文件相同"),
        (["problems", "good.csv", "-o", "o.json", "--errors", "o.json"], 1, "不能与结果文件相同"),
        (["classify", "good.csv", "-o", "out.docx"], 1, "不支持输出"),
        (["classify", "good.csv", "--column", "content"], 2, "--column"),
        (["classify", "good.csv", "--column", "=题"], 2, "--column"),
        (["problems", "good.csv", "--column", "content"], 2, "--column"),
        (["replies", "good.csv", "--column", "content"], 2, "--column"),
        (["lists", "import", "good.csv", "--column", "content"], 2, "--column"),
        (["classify", "good.csv", "--column", "colour=红"], 1, "没有字段"),
        (["classify", "good.csv", "--model", "nowhere"], 1, "模型"),
        (["classify"], 2, "用法有误"),
        (["classify", "good.csv", "--no-such"], 2, "没有选项 --no-such"),
        (["classify", "good.csv", "--workers", "0"], 2, "--workers 不能小于 1"),
        (["classify", "good.csv", "--workers", "65"], 2, "--workers 不能大于 64"),
        (["classify", "good.csv", "--workers", "two"], 2, "--workers 应是整数"),
        (["classify", "good.csv", "-o"], 2, "选项 -o 后面要写上值"),
        (["classify", "good.csv", "o.csv"], 2, "多出了参数 o.csv"),
        (["classfy", "good.csv"], 2, "没有命令 classfy，是不是 classify"),
        (["keys", "no"], 2, "没有命令 no"),
        (["keys", "revoke", "abc"], 2, "编号 应是整数"),
        (["keys", "create", "x"], 2, "缺少 --scope"),
        (["serve", "--port", "99999"], 2, "--port 不能大于 65535"),
        (["reports", "write", "yearly", "-o", "a.docx"], 2, "KIND 应为 daily、weekly、bulletin"),
        (["reports", "write", "daily", "-o", "a.docx", "--day", "3月"], 2, "2025-03-31"),
        (["reports", "template", "daily", "no/a.docx"], 1, "没有这个文件或文件夹"),
        (["deadlines", "check", "."], 1, "这是文件夹"),
        (["taxonomy", "check", "no.csv"], 1, "没有这个文件或文件夹"),
        (["catalogue", "import", "no.csv"], 1, "没有这个文件或文件夹"),
        (["taxonomy", "check", "good.csv"], 1, "缺少列"),
        (["keys", "create", "x", "--scope", "fly"], 1, "权限只能从"),
        (["keys", "revoke", "99"], 1, "没有编号为 99 的密钥"),
        (["catalogue", "import", "good.csv"], 1, "缺少列"),
    ],
)
def test_what_cannot_be_done_is_one_chinese_line_and_an_exit_code(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    word: str,
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "town.db").touch()  # a database that is there, so that none is told to be made
    (tmp_path / "head.csv").write_text("编号,标题\n", encoding="utf-8")
    sources = [tmp_path / name for name in ("good.csv", "o.part.csv", "o.csv.errors.csv")]
    for source in sources:
        source.write_text("编号,标题\n1,题\n", encoding="utf-8")
    assert run(arguments) == code
    assert {source.read_text(encoding="utf-8") for source in sources} == {"编号,标题\n1,题\n"}
    said = capsys.readouterr()
    assert said.out == ""
    assert word in said.err
    assert said.err.count("\n") == 1
    for english in ("Invalid", "Missing", "No such", "Input", "must", "Got"):
        assert english not in said.err


def test_a_port_that_is_taken_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["serve", "--port", port, "--host", "127.0.0.1"]) == 1
    said = capsys.readouterr().err
    assert "地址已被占用" in said
    assert "Address" not in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv"), "没有这个文件"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有权限"),
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘已满"),
        (OSError(errno.ENOTTY, "Inappropriate ioctl for device"), f"系统错误 {errno.ENOTTY}"),
        (OSError("strange"), "没有说明原因"),
        (socket.gaierror(-2, "Name or service not known"), "找不到这个主机名"),
        (OSError(socket.EAI_NONAME, "Name or service not known"), "找不到这个主机名"),
    ],
)
def test_a_fault_of_the_system_has_a_chinese_name(error: OSError, words: str) -> None:
    assert words in name_fault(error)


@pytest.mark.parametrize("command", [["classify"], ["problems"]])
def test_a_data_folder_that_is_not_there_is_told_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    source = str(write_lines(tmp_path / "in.jsonl", *MESSAGES))
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "nowhere"))
    assert run([*command, source, "--model", TINY]) == 0
    said = capsys.readouterr().err
    assert said.count("TRIAGE_DATA_DIR") == 1
    assert f"{tmp_path / 'nowhere'} 不存在" in said
    monkeypatch.setenv("TRIAGE_DATA_DIR", source)
    assert run([*command, source, "--model", TINY]) == 1
    assert "不是文件夹" in capsys.readouterr().err


def test_a_setting_that_cannot_be_understood_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIAGE_PORT", "abc")
    assert run(["db", "upgrade"]) == 1
    assert "TRIAGE_PORT 的值有误（监听端口" in capsys.readouterr().err


def test_a_setting_that_is_misspelt_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _tell_misspelt.cache_clear()
    monkeypatch.setenv("TRIAGE_DATABSE_URL", "sqlite:////srv/town.db")
    (tmp_path / ".env").write_text("TRIAGE_DATADIR=/srv/town\n", encoding="utf-8")
    monkeypatch.setenv("TRIAGE_SOMETHING_OF_ANOTHER_PROGRAM", "1")
    assert run(["db", "upgrade"]) == 0
    said = capsys.readouterr().err
    assert "没有 TRIAGE_DATABSE_URL 这项设置，是不是 TRIAGE_DATABASE_URL" in said
    assert "没有 TRIAGE_DATADIR 这项设置，是不是 TRIAGE_DATA_DIR" in said
    assert "ANOTHER" not in said
    assert run(["db", "upgrade"]) == 0
    assert "DATABSE" not in capsys.readouterr().err


def test_a_settings_file_in_gbk_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_bytes("TRIAGE_DATA_DIR=/数据\n".encode("gbk"))
    assert run(["db", "upgrade"]) == 1
    assert ".env 不是 UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_would_be_gone_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("TRIAGE_DATABASE_URL", url)
    assert run(["keys", "list"]) == 1
    assert "丢失" in capsys.readouterr().err


def test_a_database_that_is_made_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "list"]) == 0
    assert f"{tmp_path}/town.db 还没有数据库，现在新建" in capsys.readouterr().err
    assert run(["keys", "list"]) == 0
    assert "新建" not in capsys.readouterr().err


# --- the other commands -------------------------------------------------------------------------


def test_redacting_masks_texts_and_writes_no_other_column(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "编号,标题,内容,联系电话\n1,反映,请回电13912345678，谢谢,13912345678\n2,,,13912345678\n",
        encoding="utf-8",
    )
    assert run(["redact", "in.csv", "-o", "out.csv"]) == 3
    written = (tmp_path / "out.csv").read_text("utf-8-sig")
    aside = (tmp_path / "out.csv.errors.csv").read_text("utf-8-sig")
    assert "请回电" in written
    assert "13912345678" not in written + aside


def test_a_key_is_shown_once_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "upgrade"]) == 0
    capsys.readouterr()
    assert run(["keys", "create", "热线平台", "--scope", "submit", "--scope", "read"]) == 0
    plain = capsys.readouterr().out.strip()
    assert run(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "热线平台" in listed
    assert plain not in listed
    assert run(["keys", "revoke", "1"]) == 0
    assert run(["keys", "list"]) == 0
    assert "已吊销" in capsys.readouterr().out


def test_a_backup_is_whole_while_the_database_is_written_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "create", "热线平台", "--scope", "read"]) == 0
    with sqlite3.connect(tmp_path / "town.db") as writer:
        writer.execute("BEGIN IMMEDIATE")  # a service in the middle of a transaction
        writer.execute("UPDATE api_key SET name = '未提交'")
        assert run(["db", "backup", "备份.db"]) == 0
        writer.rollback()
    assert str(tmp_path / "town.key") in capsys.readouterr().err
    with sqlite3.connect(tmp_path / "备份.db") as copy:
        assert copy.execute("SELECT name FROM api_key").fetchall() == [("热线平台",)]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert (tmp_path / "备份.db").stat().st_mode & 0o077 == 0
    assert run(["db", "backup", "备份.db"]) == 1
    assert "已经存在" in capsys.readouterr().err
    assert run(["db", "backup", "town.db"]) == 1
    assert run(["keys", "list"]) == 0  # it was not written over


def test_what_is_no_database_is_not_backed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "backup", "备份.db"]) == 1
    assert "没有数据库" in capsys.readouterr().err
    (tmp_path / "town.db").write_text("编号,标题\n" * 1000, encoding="utf-8")
    assert run(["db", "backup", "备份.db"]) == 1
    assert "备份没有做成" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("备份*")) == []
    monkeypatch.setenv("TRIAGE_DATABASE_URL", "postgresql://triage@db/triage")
    assert run(["db", "backup", "备份.db"]) == 1
    assert "pg_dump" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out.strip() == version("minsheng-triage")


def test_help_loads_none_of_the_heavy_parts() -> None:
    code = (
        "import sys; from api.cli.main import run; run(['--help']);"
        "print([m for m in ('sklearn', 'pandas', 'fastapi', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_and_option_stands_in_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    manual = (ROOT / "docs" / "cli.md").read_text("utf-8")

    def walk(path: list[str]) -> None:
        run([*path, "--help"])
        text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
        if path:
            assert f"triage {' '.join(path)}" in manual
        for option in re.findall(r"--[a-z-]+", text):
            assert option == "--help" or option in manual, f"{path} {option}"
        commands = text.partition("Commands")[2]
        for command in re.findall(r"^│ ([a-z]+)", commands, flags=re.MULTILINE):
            walk([*path, command])

    walk([])
    assert manual.count("## `triage ") >= 7
