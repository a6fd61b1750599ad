import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger_factories import NOW, make_submission

from api.cli.main import run
from api.service import open_service, open_town_store
from api.settings import Settings
from triage.errors import KeyUnavailable
from triage.ledger.chain import verify_chain
from triage.ledger.records import record_submission
from triage.ledger.resealing import list_key_ids, rotate_key
from triage.ledger.submitters import unmask
from triage.ledger.tables import EventRow
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.submitters import Submitter

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
SUBMITTER = Submitter("王小明", "13812345678")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    url = f"sqlite:///{tmp_path / 'town' / 'triage.db'}"
    monkeypatch.setenv("TRIAGE_DATABASE_URL", url)
    monkeypatch.setenv("TRIAGE_KEY_FILE", str(tmp_path / "keys" / "town.key"))
    monkeypatch.chdir(tmp_path)
    return Settings(_env_file=None)


def test_rotating_seals_everything_anew_while_the_service_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    running = open_town_store(settings)
    with running.writing() as session:
        for number in range(3):
            told = make_submission(id=f"L-{number}", submitter=SUBMITTER)
            record_submission(session, told, now=NOW)
    assert run(["keys", "rotate"]) == 0
    assert "重新加密 3 项" in capsys.readouterr().out
    assert run(["keys", "rotate"]) == 0
    with running.writing() as session:
        (key_id,) = list_key_ids(session)
        assert unmask(session, "L-1", caller=CLERK, reason="核实", now=NOW) == SUBMITTER
        assert running.ring is not None
        assert running.ring.current == key_id
    with running.reading() as session:
        rotated = [event for event in session.query(EventRow) if event.kind == "keyring.rotated"]
        assert [event.actor for event in rotated] == ["cli", "cli"]
        assert rotated[-1].payload == {"key": key_id}
        assert verify_chain(session).broken is None
    running.close()


def test_of_two_rotations_at_once_neither_key_is_lost(settings: Settings) -> None:
    running = open_town_store(settings)
    before = settings.find_key_file().read_bytes()
    with ThreadPoolExecutor(1) as pool:
        with running.writing() as session:
            other = pool.submit(run, ["keys", "rotate"])
            with pytest.raises(TimeoutError):
                other.result(timeout=1.5)
            assert settings.find_key_file().read_bytes() == before
            ours = rotate_key(session, who="wang", now=NOW)
        assert other.result(timeout=30) == 0
    running.close()
    kept = json.loads(settings.find_key_file().read_bytes())
    assert ours in kept["seals"]
    assert len(kept["seals"]) == 3


def test_a_lost_key_file_is_told_in_chinese_and_not_made_anew(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_town_store(settings)
    with store.writing() as session:
        record_submission(session, make_submission(submitter=SUBMITTER), now=NOW)
    store.close()
    key_file = settings.find_key_file()
    key_file.unlink()
    assert run(["keys", "rotate"]) == 1
    assert "备份" in capsys.readouterr().err
    with pytest.raises(KeyUnavailable):
        open_service(settings)
    assert not key_file.exists()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////var/lib/triage/town.db", "/var/lib/triage/town.key"),
        ("sqlite:///data/triage.db?timeout=5", "data/triage.key"),
        ("sqlite://", "data/triage.key"),
        ("postgresql://triage@db/triage", "data/triage.key"),
    ],
)
def test_without_a_setting_the_key_file_lies_beside_the_database(url: str, place: str) -> None:
    assert Settings(_env_file=None, database_url=url).find_key_file() == Path(place)
