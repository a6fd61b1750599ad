"""SQLite by the driver of Python: connections that write, and others that only read."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

from triage.errors import StoreUnavailable
from triage.ledger.refusals import find_reason

_FULL = 2  # as SQLite numbers it: waits for the disk within every commit


def open_sqlite(
    place: URL, *, spell: Callable[[Any], str], patience_s: float
) -> tuple[Engine, Engine]:
    """Who writes to the file at `place`, and who reads it; `spell` writes their JSON.

    The reader's statements each stand alone; who needs one picture for several says BEGIN first. A
    database in memory lives in its one connection, so there both are the same.
    """
    connect = partial(_connect, place, spell, patience_s)
    writer = connect(pool_size=1, max_overflow=0) if is_in_memory(place) else connect()
    # A writer takes its lock at once: one that reads first and writes later would fail without
    # waiting as soon as another has written in between. Not by the event of the engine: where
    # anybody listens to one, each statement asks for all of them, which costs it a fifth.
    writer.dialect.do_begin = _begin_writing  # type: ignore[method-assign]
    if is_in_memory(place):
        return writer, writer
    # Connections of their own, so that those who read keep what they have read of the file, and
    # none is told with each turn whether it may write now.
    reader = connect()
    event.listen(reader, "connect", _forbid_writing)
    return writer, reader


def is_in_memory(place: URL) -> bool:
    """Whether there is no file."""
    return place.database in (None, "", ":memory:")


def copy_sqlite(source: Path, target: Path) -> None:
    """The database in the file `source` as of one moment, as the file `target`, readable to its
    owner alone; who works with it goes on meanwhile.

    Written beside it first, so that `target` is whole or not there. Raises OSError (`target` is
    never overwritten), or StoreUnavailable where `source` is no database or stays locked.
    """
    part = target.with_name(f"{target.name}.part")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        part.replace(target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            reason = find_reason(error) or "数据库被占用，或不是数据库"
            raise StoreUnavailable(f"备份没有做成（{reason}），请检查后再试") from error
        raise


def _connect(
    place: URL,
    spell: Callable[[Any], str],
    patience_s: float,
    *,
    pool_size: int = 5,
    max_overflow: int = 20,
) -> Engine:
    engine = create_engine(
        place,
        json_serializer=spell,
        hide_parameters=True,  # an error that is logged must not quote a submission
        poolclass=QueuePool,
        pool_size=pool_size,  # all threads take turns
        max_overflow=max_overflow,
        pool_timeout=patience_s,
        pool_use_lifo=True,
        connect_args={"check_same_thread": False, "timeout": patience_s},
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    connection.execute("PRAGMA foreign_keys = ON")
    # What is sealed later, or taken out, leaves no words in the free parts of the file.
    connection.execute("PRAGMA secure_delete = ON")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "delete":
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode == "wal" and connection.execute("PRAGMA synchronous").fetchone()[0] == _FULL:
        connection.execute("PRAGMA synchronous = NORMAL")  # `Syncs` waits for the disk


def _forbid_writing(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_writing(dbapi_connection: Any) -> None:
    dbapi_connection.dbapi_connection.execute("BEGIN IMMEDIATE")
