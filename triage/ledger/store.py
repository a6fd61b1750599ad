"""The database: opened by its URL, brought up to date, and spoken to in whole transactions."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    URL,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    QueuePool,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from triage.errors import KeyUnavailable, StoreUnavailable
from triage.ledger.chain import EVENTS, append_events
from triage.ledger.outbox import enqueue
from triage.ledger.syncing import Syncs
from triage.ledger.tables import Row, storable
from triage.sealing import KeyRing

RING = "ring"  # the name in `session.info` of the keys that open what is sealed
TRACES = "traces"  # and that of what `triage.ledger.candidates` keeps in memory
PATIENCE_S = 15  # how long a writer waits for another before it gives up
_BUSY = f"数据库连不上或被占用超过 {PATIENCE_S} 秒，请稍后重试；若一直如此，请管理员检查数据库"
_IDLE_S = 5  # since a connection was used, from which on it is asked whether it still stands
_FULL = 2  # as SQLite numbers it: waits for the disk within every commit
_MIGRATIONS = Path(__file__).parent / "migrations"
_SPELLER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_UPGRADE_LOCK = 0x7472696167650001  # "triage", 1: any number that no other program locks


@dataclass(frozen=True, slots=True)
class Store:
    """An open database: one pool of connections, used in two ways. Give it back with `close()`.

    `ring` holds the keys of what is sealed in it; without one (None) nothing is sealed or opened.
    `gate` lets the writers of this process in one after the other, where the database takes but one
    at a time: SQLite lets those that wait sleep and try again, and the unlucky sleep for seconds.
    `syncs` waits for the disk after a commit, where the database leaves that to us.
    `traces` is what this process remembers of earlier submissions.
    """

    writer: Engine
    reader: Engine
    ring: KeyRing | None = None
    gate: "Lock | None" = None
    syncs: Syncs | None = None
    traces: dict[str, Any] = field(default_factory=dict, repr=False)

    @contextmanager
    def writing(self, *, settled: bool = True) -> Iterator[Session]:
        """One transaction that writes: committed at the end of the block, undone on any error.

        The events recorded in it are told to the outbox and chained to the log right before the
        commit. Where it need not be `settled` yet, nobody may be told of it before `settle`. Raises
        StoreUnavailable where the database cannot be reached or stays locked.
        """
        with (
            _unavailable(),
            _in_turn(self.gate),
            _open_session(
                self.writer, {EVENTS: [], RING: self.ring, TRACES: self.traces}
            ) as session,
            session.begin(),
        ):
            yield session
            session.flush()
            enqueue(session, session.info[EVENTS])
            append_events(session)
        if settled:
            self.settle()

    def settle(self) -> None:
        """Return once no power cut can take back what was committed so far."""
        if self.syncs is not None:
            self.syncs.wait()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that may write nothing and sees one steady picture, so that a page and
        its counts never contradict each other.

        Raises StoreUnavailable where the database cannot be reached.
        """
        info = {RING: self.ring, TRACES: self.traces}
        with _unavailable(), _open_session(self.reader, info) as session:
            yield session
            # Not rolled back: with that PostgreSQL's driver drops all statements it has prepared.
            session.commit()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """As `reading`, for statements on the tables alone, which need no session: that costs as
        much as two of them."""
        with _unavailable(), self.reader.connect() as connection, connection.begin():
            yield connection

    def check(self) -> None:
        """Nothing, where the database answers. Raises StoreUnavailable."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.writer.dispose()
        self.reader.dispose()


def open_store(url: str, *, ring: KeyRing | None = None) -> Store:
    """The store at `url`: `sqlite:////path/to/file.db`, `sqlite://` (in memory, one user at a
    time) or `postgresql://user@host/name`; `ring` seals and opens what is secret in it.

    Nothing is read or made yet; run `upgrade` before the first use. Raises StoreUnavailable where
    the URL is not understood or its driver is not installed.
    """
    try:
        place = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable(
            "数据库地址无法识别，请写成 sqlite:////目录/文件.db 或 postgresql://用户@主机/库名"
        ) from error
    kind = place.get_backend_name()
    try:
        if kind == "sqlite":
            return replace(_open_sqlite(place), ring=ring)
        if kind in ("postgresql", "postgres"):
            return replace(_open_postgres(place), ring=ring)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreUnavailable(
            "缺少 PostgreSQL 驱动，请执行 pip install 'minsheng-triage[postgres]' 后重试"
        ) from error
    raise StoreUnavailable(f"不支持 {kind} 数据库，请改用 SQLite 或 PostgreSQL")


def upgrade(store: Store) -> None:
    """Bring the tables up to date; harmless when they are, and when two processes do it at once.

    Raises StoreUnavailable where the database cannot be reached, stays locked, or was made by a
    newer version than this one.
    """
    with _unavailable(), store.writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:lock)")
            connection.execute(lock, {"lock": _UPGRADE_LOCK})
        if _is_current(connection):
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreUnavailable(
                "数据库是由更新版本的程序建立的，请先升级本程序再启动"
            ) from error


def _is_current(connection: Connection) -> bool:
    """Whether the newest revision is in place: asked without alembic, which takes long to import,
    by the numbers that begin the names of its files."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    newest = max(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("r*.py"))
    held: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return held == newest


def _open_session(engine: Engine, info: dict[str, Any]) -> Session:
    return Session(engine, info=info, expire_on_commit=False)


@contextmanager
def _in_turn(gate: "Lock | None") -> Iterator[None]:
    if gate is None:
        yield
        return
    if not gate.acquire(timeout=PATIENCE_S):
        raise StoreUnavailable(_BUSY)
    try:
        yield
    finally:
        gate.release()


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError) as error:
        raise StoreUnavailable(_BUSY) from error


def get_ring(session: Session) -> KeyRing:
    """The keys of what is sealed in this session's database. Raises KeyUnavailable where the store
    was opened without any."""
    ring = find_ring(session)
    if ring is None:
        raise KeyUnavailable("没有装载密钥文件，不能加密保存，请用 TRIAGE_KEY_FILE 指明密钥文件")
    return ring


def find_ring(session: Session) -> KeyRing | None:
    """As `get_ring`, or None."""
    ring: KeyRing | None = session.info.get(RING)
    return ring


def connection_of(held: Session | Connection) -> Connection:
    """The connection of a session; or that which `Store.looking` gave, as it is."""
    return held.connection() if isinstance(held, Session) else held


def upsert(session: Session, table: type[Row]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT, which each database spells in a module of its own."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def among(column: Any, name: str, *, on_postgres: bool) -> ColumnElement[bool]:
    """That a column is one of the list which the parameter `name` holds: one and the same statement
    however long the list, so that neither we nor the database put it together anew each time."""
    found: ColumnElement[bool]
    if on_postgres:
        found = column == any_(bindparam(name, type_=ARRAY(column.type)))
    else:
        each = func.json_each(bindparam(name, type_=JSON)).table_valued("value")
        found = column.in_(select(each.c.value))
    return found


def _to_json(value: Any) -> str:
    return storable(_SPELLER.encode(value))


def _open_postgres(place: URL) -> Store:
    engine = create_engine(
        place.set(drivername="postgresql+psycopg"),
        json_serializer=_to_json,
        hide_parameters=True,  # an error that is logged must not quote a submission
        pool_timeout=PATIENCE_S,
        pool_use_lifo=True,  # … and those not needed lie idle
        connect_args={
            "connect_timeout": PATIENCE_S,
            "options": f"-c timezone=UTC -c lock_timeout={PATIENCE_S}s",
        },
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_check_idle, engine.dialect))
    reader = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    return Store(engine, reader)


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _check_idle(dialect: Dialect, connection: Any, record: Any, _fairy: Any) -> None:
    """Ask a connection that has lain idle whether it still stands; one just used most likely does,
    and to ask takes as long as a small statement."""
    if monotonic() - record.info.get("used", monotonic()) < _IDLE_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool opens another


def _open_sqlite(place: URL) -> Store:
    in_memory = place.database in (None, "", ":memory:")
    # A writer takes its lock at once: one that reads first and writes later would fail without
    # waiting as soon as another has written in between.
    writer = _connect_sqlite(place, begin="BEGIN IMMEDIATE", in_memory=in_memory)
    # Connections of their own, so that those who read keep what they have read of the file, and
    # none is told with each turn whether it may write now.
    reader = writer
    if not in_memory:
        reader = _connect_sqlite(place, begin="BEGIN", in_memory=False)
        event.listen(reader, "connect", _forbid_writing)
    return Store(
        writer,
        reader,
        gate=Lock(),
        syncs=None if in_memory else Syncs(Path(f"{place.database}-wal")),
    )


def _connect_sqlite(place: URL, *, begin: str, in_memory: bool) -> Engine:
    engine = create_engine(
        place,
        json_serializer=_to_json,
        hide_parameters=True,  # an error that is logged must not quote a submission
        poolclass=QueuePool,
        # A database in memory lives in its one connection, which all threads take in turn.
        pool_size=1 if in_memory else 5,
        max_overflow=0 if in_memory else 20,
        pool_timeout=PATIENCE_S,
        pool_use_lifo=True,
        connect_args={"check_same_thread": False, "timeout": PATIENCE_S},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    # Not by the event: where anybody listens to one of the engine's own, each statement asks for
    # all of them, which costs it a fifth.
    engine.dialect.do_begin = partial(_begin_sqlite, begin)  # type: ignore[method-assign]
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
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


def _begin_sqlite(begin: str, connection: Any) -> None:
    connection.dbapi_connection.execute(begin)  # told directly: at a twentieth of the cost
