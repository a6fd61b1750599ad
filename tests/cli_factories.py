"""Where the command line is tried: a town of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, database and data folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path}/town.db")
    (tmp_path / "town").mkdir()
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "town"))
    return tmp_path
