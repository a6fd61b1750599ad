"""`triage users`: for whoever runs the server."""

from pathlib import Path

import pytest

from api.cli.main import run
from api.service import read_clock
from triage.departments import Department
from triage.ledger.departments import sync_departments
from triage.ledger.invitations import get_invitation
from triage.ledger.store import open_store, upgrade


@pytest.fixture(autouse=True)
def own_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of the test's own, with one department."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/town.db"
    monkeypatch.setenv("TRIAGE_DATABASE_URL", url)
    store = open_store(url)
    upgrade(store)
    with store.writing() as session:
        sync_departments(session, [Department("zhujian", "住建局", "住建局", "party", (), "住房")])
    store.close()


def find_invited(link: str, folder: Path) -> str:
    """The login of the person whom the link lets in."""
    address, _, token = link.strip().partition("#invitation=")
    assert address == "http://127.0.0.1:8000/account"
    store = open_store(f"sqlite:///{folder}/town.db")
    with store.reading() as session:
        user = get_invitation(session, token, now=read_clock()).user
    store.close()
    assert user is not None
    return user.login


def test_users_are_made_listed_changed_and_invited_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ["users", "create", "Li.Si", "--name", "李四", "--role", "officer"]
    assert run([*create, "--department", "住建局"]) == 0
    assert find_invited(capsys.readouterr().out, tmp_path) == "li.si"
    assert run(["users", "invite", "li.si"]) == 0
    assert find_invited(capsys.readouterr().out, tmp_path) == "li.si"
    assert run(["users", "change", "li.si", "--name", "李小四", "--inactive"]) == 0
    assert "李小四，承办人，zhujian，已停用" in capsys.readouterr().out
    assert run(["users", "list"]) == 0
    said = capsys.readouterr().out
    for word in ("li.si", "李小四", "承办人", "zhujian", "从未", "已停用"):
        assert word in said


def test_the_shell_sets_up_discipline_officers(capsys: pytest.CaptureFixture[str]) -> None:
    for login in ("ji1", "ji2"):
        assert run(["users", "create", login, "--name", "纪", "--role", "discipline"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["invite", "nobody"], 1, "没有登录名为 nobody"),
        (["change", "nobody", "--active"], 1, "没有登录名为 nobody"),
        (["create", "x", "--name", "李", "--role", "clerk"], 1, "登录名"),
        (["create", "li", "--name", "李", "--role", "officer"], 1, "选择单位"),
        (["create", "li", "--name", "李", "--role", "king"], 2, "用法有误"),
    ],
)
def test_what_cannot_be_done_is_one_chinese_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, word: str
) -> None:
    assert run(["users", *arguments]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert word in said.err
