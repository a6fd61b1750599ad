"""SQLite by the driver of Python: connections that write, and others that only read."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

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
