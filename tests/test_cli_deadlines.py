"""`triage deadlines`: which rules there are, which hold, and is a file of one's own sound?"""

from pathlib import Path

import pytest

from api.cli.main import run

OWN = """
[[rulebooks]]
name = "anping"
title = "安平县"
source = "安平县办法"
rules = [
  { name = "感谢", natures = ["感谢"] },
  { name = "其他", within = "3 workday", accept = "1 workday", extension = "3 workday" },
]
"""


@pytest.fixture(autouse=True)
def own_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, database and data folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path / 'town.db'}")
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path))
    file = tmp_path / "deadlines.toml"
    file.write_text(OWN, encoding="utf-8")
    return file


def test_the_rules_are_shown_and_a_chosen_set_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deadlines", "show"]) == 0
    shown = capsys.readouterr().out
    assert "beijing\t北京接诉即办（四级响应）（现行）" in shown
    assert "anping\t安平县\n" in shown
    assert run(["deadlines", "use", "anping"]) == 0
    assert "已采用“安平县”" in capsys.readouterr().out
    assert run(["deadlines", "show"]) == 0
    shown = capsys.readouterr().out
    assert "anping\t安平县（现行）" in shown
    assert "其他\t办结 3个工作日，签收 1个工作日，延期至多 3个工作日" in shown
    assert "感谢\t不计时" in shown


def test_a_set_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deadlines", "use", "shanghai"]) == 1
    assert "可选 xinfang、beijing、sichuan、shandong、anping" in capsys.readouterr().err


def test_a_file_of_ones_own_is_checked(own_town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deadlines", "check", str(own_town)]) == 0
    assert "安平县（anping）：安平县办法" in capsys.readouterr().out
    own_town.write_text(OWN.replace('"3 workday", accept', '"3 天", accept'), encoding="utf-8")
    assert run(["deadlines", "check", str(own_town)]) == 1
    assert "第 2 条（其他）的 within" in capsys.readouterr().err
    assert run(["deadlines", "check", "没有.toml"]) == 1
    assert "打不开" in capsys.readouterr().err
