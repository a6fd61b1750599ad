"""`triage regroup`: the common problems of the town's own ledger clustered anew, from the shell."""

from contextlib import closing
from pathlib import Path

import pytest
from ledger_factories import NOW
from problem_factories import LIFT, file_matter, members_of, read_problem
from sqlalchemy import text
from workflow_factories import file_departments

from api.background import regroup as regrouping
from api.background.regroup import regroup_problems
from api.background.worker import DUTIES
from api.cli.main import run
from triage.errors import Conflict
from triage.ledger.store import Store, open_store, upgrade
from triage.sealing import open_key_ring


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the town's database, which the command reads from its settings."""
    monkeypatch.chdir(tmp_path)
    address = f"sqlite:///{tmp_path / 'town.db'}"
    monkeypatch.setenv("TRIAGE_DATABASE_URL", address)
    return address


def open_town(url: str, folder: Path) -> Store:
    store = open_store(url, ring=open_key_ring(folder / "town.key", used=()))
    upgrade(store)
    return store


def test_what_came_in_without_traces_is_grouped_and_the_person_is_told(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_town(url, tmp_path)) as store:
        file_departments(store)
        file_matter(store, LIFT, 3, prefix="A")
        with store.writing() as session:  # as an older version has left it
            for table in ("trace", "problem_member"):
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - the names are ours
    assert run(["regroup", "--all"]) == 0
    told = capsys.readouterr().out
    assert "读了 3 件来件，归成 1 个共性问题；3 件换了归属" in told
    with closing(open_town(url, tmp_path)) as store:
        members = members_of(store)
        assert set(members) == {"A-0", "A-1", "A-2"}
        assert read_problem(store, members["A-0"]).size == 3
    assert run(["regroup", "--days", "1"]) == 0
    assert "读了 0 件来件" in capsys.readouterr().out


def test_it_is_done_every_night_and_never_twice_at_once(url: str, tmp_path: Path) -> None:
    assert [duty.run for duty in DUTIES].count(regroup_problems) == 1
    with (
        closing(open_town(url, tmp_path)) as store,
        regrouping._GROUPING,
        pytest.raises(Conflict),
    ):
        regroup_problems(store, NOW)
