import re
import sqlite3
from pathlib import Path

import pytest

from api.cli.main import run


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a town's database in which two keys were made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path / 'town.db'}")
    for name in ("热线", "网站"):
        assert run(["keys", "create", name, "--scope", "read"]) == 0
    return tmp_path / "town.db"


def change(database: Path, *statements: str) -> None:
    with sqlite3.connect(database) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_sound_log_is_told_with_the_link_to_note(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["audit", "verify"]) == 0
    told = capsys.readouterr()
    assert "共 2 条，链条完整" in told.err
    assert re.fullmatch(r"2:[0-9a-f]{64}\n", told.out)
    assert run(["audit", "verify", "--anchor", told.out]) == 0


def test_an_event_changed_behind_the_triggers_is_named(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(database, "DROP TRIGGER event_no_update", "UPDATE event SET actor = 'x' WHERE id = 2")
    capsys.readouterr()
    assert run(["audit", "verify"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "第 2 号事件" in told.err
    assert "曾被改写" in told.err
    assert "此前 1 条完好" in told.err


def test_a_log_cut_off_at_its_end_does_not_match_what_was_noted(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    run(["audit", "verify"])
    noted = capsys.readouterr().out.strip()
    change(database, "DROP TRIGGER event_no_delete", "DELETE FROM event WHERE id = 2")
    assert run(["audit", "verify"]) == 0
    capsys.readouterr()
    assert run(["audit", "verify", "--anchor", noted]) == 1
    assert "已不存在" in capsys.readouterr().err


@pytest.mark.parametrize("anchor", ["", "2", "2:abc", "x:" + "0" * 64])
def test_an_anchor_that_is_none_is_explained(
    anchor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "verify", "--anchor", anchor]) == 1
    assert "编号:哈希" in capsys.readouterr().err
