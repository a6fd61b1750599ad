"""SQLite files that are ready for use: migrated once for all tests of a process, then copied."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from triage.ledger.store import open_store, upgrade


def migrate(url: str) -> None:
    """All tables, in the database at `url`."""
    store = open_store(url)
    upgrade(store)
    store.close()


def write_migrated(path: Path) -> Path:
    """A database with all tables and no rows, in a new file at `path`."""
    path.write_bytes(_migrated())
    return path


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()
