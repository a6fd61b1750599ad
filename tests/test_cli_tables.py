"""Catalogue, directory and taxonomy out as spreadsheets and back, by the command line."""

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from cli_factories import own_town

from api.cli.main import run
from triage.departments import load_departments
from triage.ledger.store import open_store
from triage.ledger.townsettings import TownSetting, change_setting
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.text import decode_bytes

__all__ = ["own_town"]
ROOT = Path(__file__).parent.parent


def test_a_catalogue_that_is_brought_in_makes_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "new"))
    assert run(["catalogue", "export", "a.csv"]) == 0
    assert "不存在" in capsys.readouterr().err
    assert run(["catalogue", "import", "a.csv"]) == 0
    assert "不存在" not in capsys.readouterr().err
    assert (tmp_path / "new" / "dispatch.toml").is_file()


def test_the_catalogue_comes_back_from_its_spreadsheet_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["catalogue", "export", "a.xlsx"]) == 0
    assert run(["catalogue", "import", "a.xlsx"]) == 0
    assert (tmp_path / "town" / "dispatch.toml").is_file()
    assert run(["catalogue", "export", "b.csv"]) == 0
    assert run(["catalogue", "import", "b.csv"]) == 0
    assert run(["catalogue", "export", "c.csv"]) == 0
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes()
    assert "条规则" in capsys.readouterr().out


def test_a_broken_catalogue_leaves_the_rules_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["catalogue", "export", "a.csv"]) == 0
    lines = decode_bytes((tmp_path / "a.csv").read_bytes()).splitlines()
    (tmp_path / "b.csv").write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    assert run(["catalogue", "import", "b.csv"]) == 1
    assert "完全相同" in capsys.readouterr().err
    assert not (tmp_path / "town" / "dispatch.toml").exists()


def test_the_departments_come_back_from_their_spreadsheet_and_may_be_given_up(
    own_town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = own_town / "town"
    shipped = load_departments((ROOT / "triage/data/departments.toml").read_bytes())
    assert run(["departments", "export", "units.xlsx"]) == 0
    assert run(["departments", "import", "units.xlsx"]) == 0
    own = town / "departments.toml"
    assert list(load_departments(own.read_bytes())) == list(shipped)

    book = openpyxl.load_workbook("units.xlsx")
    sheet = book.active
    (row,) = (cells[0].row for cells in sheet.iter_rows() if cells[1].value == "海关")
    sheet.delete_rows(row)
    sheet.append(["new-area", "开发区", "安平经济开发区管委会", "属地政府", "", "开发区各项事务"])
    book.save("units.xlsx")
    before = own.read_bytes()
    assert run(["departments", "import", "units.xlsx"]) == 1
    assert "单位目录中没有“海关”" in capsys.readouterr().err
    assert own.read_bytes() == before

    assert run(["catalogue", "export", "rules.csv"]) == 0
    text = Path("rules.csv").read_text("utf-8")
    text = re.sub(r"(?<=[,、])海关、|、海关(?=[,、])|(?<=,)海关(?=,)", "", text)
    Path("rules.csv").write_text(text, encoding="utf-8")
    assert run(["catalogue", "import", "rules.csv"]) == 0
    assert run(["departments", "import", "units.xlsx"]) == 0
    names = [each.name for each in load_departments(own.read_bytes())]
    assert "海关" not in names
    assert names[-1] == "开发区"


def test_an_import_that_the_console_overrules_says_so(
    own_town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["catalogue", "export", "rules.csv"]) == 0
    assert run(["catalogue", "import", "rules.csv"]) == 0
    assert run(["db", "upgrade"]) == 0
    assert run(["catalogue", "import", "rules.csv"]) == 0
    assert "工作台" not in capsys.readouterr().err
    store = open_store(f"sqlite:///{own_town}/town.db")
    admin = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
    with closing(store), store.writing() as session:
        change_setting(
            session,
            TownSetting.CATALOGUE,
            {"columns": [], "rows": []},
            caller=admin,
            version="",
            now=datetime.now(UTC),
            payload={},
        )
    assert run(["catalogue", "import", "rules.csv"]) == 0
    assert "以工作台的为准" in capsys.readouterr().err


def test_who_has_just_written_a_directory_gets_the_rules_to_fit_them_to_it(
    own_town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_town / "town" / "departments.toml").write_text(
        'departments = [{code="env", name="环保局", full_name="安平县环境保护局", '
        'kind="government", duties="环境保护"}]',
        encoding="utf-8",
    )
    assert run(["catalogue", "export", "rules.csv"]) == 0
    assert run(["catalogue", "import", "rules.csv"]) == 1
    said = capsys.readouterr().err
    assert "单位目录中没有“纪委监委”" in said
    assert "……等共 " in said
    assert not (own_town / "town" / "dispatch.toml").exists()


def test_a_taxonomy_of_ones_own_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["taxonomy", "check", str(ROOT / "triage/data/taxonomies/letters.csv")]) == 0
    assert "517" in capsys.readouterr().out


def test_a_taxonomy_is_written_as_a_spreadsheet_and_read_from_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["taxonomy", "export", "hotline.xlsx", "--name", "db44t2479"]) == 0
    assert run(["taxonomy", "check", "hotline.xlsx"]) == 0
    assert "一级 14 类、二级 99 类、三级 515 类" in capsys.readouterr().out
    assert run(["taxonomy", "export", "a.csv", "--name", "nothing"]) == 1
    assert "letters、db44t2479" in capsys.readouterr().err
