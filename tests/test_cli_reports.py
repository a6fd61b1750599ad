from pathlib import Path

import pytest
from docx import Document

from api.cli.main import run


@pytest.fixture(autouse=True)
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database and a place for the town's own data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path / 'town.db'}")
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    return tmp_path


def read_words(path: Path) -> str:
    return "\n".join(paragraph.text for paragraph in Document(str(path)).paragraphs)


def test_a_report_is_written_to_a_file(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["reports", "write", "weekly", "-o", "周总结.docx", "--day", "2025-03-01"]
    assert run([*arguments, "--unit", "安平县信访局"]) == 0
    words = read_words(town / "周总结.docx")
    assert "2025年2月24日至2025年3月2日" in words
    assert "安平县信访局" in words
    assert "2025年2月24日" in capsys.readouterr().err


def test_a_template_that_was_taken_out_and_changed_is_used(town: Path) -> None:
    assert run(["reports", "template", "daily", "模板.docx"]) == 0
    document = Document(str(town / "模板.docx"))
    document.paragraphs[0].text = "安平县{{ title }}"
    document.save(str(town / "own" / "report-daily.docx"))
    assert run(["reports", "write", "daily", "-o", "日.docx"]) == 0
    assert read_words(town / "日.docx").startswith("安平县日汇报")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["write", "daily", "-o", "日.pdf"], 1, ".docx"),
        (["write", "daily", "-o", "没有/日.docx"], 1, "写不了"),
        (["write", "yearly", "-o", "年.docx"], 2, "用法有误"),
        (["write", "daily", "-o", "日.docx", "--day", "昨天"], 2, "用法有误"),
    ],
)
def test_what_cannot_be_written_is_said(
    arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reports", *arguments]) == code
    assert told in capsys.readouterr().err
