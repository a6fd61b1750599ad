"""The database: opened by its URL, brought up to date, and spoken to in whole transactions."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from triage.errors import KeyUnavailable, StoreUnavailable
from triage.ledger.chain import EVENTS, append_events
from triage.ledger.locks import Work, take_lock
from triage.ledger.outbox import enqueue
from triage.ledger.refusals import find_reason
from triage.ledger.sqlite import is_in_memory, open_sqlite
from triage.ledger.syncing import Syncs
from triage.ledger.tables import storable
from triage.sealing import KeyRing

RING = "ring"  # the name in `session.info` of the keys that open what is sealed
TRACES = "traces"  # and that of what `triage.ledger.candidates` keeps in memory
PATIENCE_S = 15  # how long a writer waits for another before it gives up
_BUSY = f"数据库连不上或被占用超过 {PATIENCE_S} 秒，请稍后重试；若一直如此，请管理员检查数据库"
_REFUSED = "数据库连不上：{}。请稍后重试；若一直如此，请管理员核对数据库和 TRIAGE_DATABASE_URL"
_NO_ADDRESS = (
    "数据库地址无法识别，请写成 sqlite:////目录/文件.db 或 postgresql://用户:密码@主机:端口/库名；"
    "密码里的 @ : / # 写成 %40 %3A %2F %23"
)
_NO_DATABASE = "数据库文件打不开：它不是数据库或已损坏，请管理员核对 TRIAGE_DATABASE_URL 或恢复备份"
_BEGIN_READING = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_MIGRATIONS = Path(__file__).parent / "migrations"
_SPELLER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Store:
    """An open database: connections of `writer` and others of `reader`, which may not write. Give
    them back with `close()`.

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
            _unavailable(self.writer),
            _in_turn(self.gate),
            self.writer.begin() as connection,
            _open_session(
                connection, {EVENTS: [], RING: self.ring, TRACES: self.traces}
            ) as session,
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
        with _unavailable(self.reader), _open_session(self.reader, info) as session:
            if self.reader is not self.writer:  # who writes has begun by itself
                driver: Any = session.connection().connection.driver_connection
                driver.execute(
                    _BEGIN_READING[self.reader.dialect.name]
                )  # told directly: at a twentieth of the cost
            yield session
            # Not rolled back: with that PostgreSQL's driver drops all statements it has prepared.
            session.commit()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """As `reading`, for statements on the tables alone, each of which stands for itself: no
        session, no BEGIN and no COMMIT, which cost as much as three of them."""
        with _unavailable(self.reader), self.reader.connect() as connection, connection.begin():
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
    except (ArgumentError, ValueError):  # a port that is no number, as where a password holds a “:”
        raise StoreUnavailable(_NO_ADDRESS) from None  # it quotes the password
    kind = place.get_backend_name()
    try:
        if kind == "sqlite":
            engines = open_sqlite(place, spell=_to_json, patience_s=PATIENCE_S)
            syncs = None if is_in_memory(place) else Syncs(Path(f"{place.database}-wal"))
            return Store(*engines, ring=ring, gate=Lock(), syncs=syncs)
        if kind in ("postgresql", "postgres"):
            from triage.ledger.postgres import open_postgres  # its driver is an extra

            engines = open_postgres(place, spell=_to_json, patience_s=PATIENCE_S)
            return Store(*engines, ring=ring)
    except ArgumentError:
        raise StoreUnavailable(_NO_ADDRESS) from None
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
    with _unavailable(store.writer), store.writer.begin() as connection:
        take_lock(connection, Work.UPGRADE)
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


def _open_session(bind: Engine | Connection, info: dict[str, Any]) -> Session:
    return Session(bind, info=info, expire_on_commit=False)


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
def _unavailable(engine: Engine) -> Iterator[None]:
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, driver.OperationalError) as error:
        reason = find_reason(error)
        raise StoreUnavailable(_REFUSED.format(reason) if reason else _BUSY) from error
    except (DatabaseError, driver.DatabaseError) as error:
        if (reason := find_reason(error)) is not None:
            raise StoreUnavailable(_REFUSED.format(reason)) from error
        if type(getattr(error, "orig", error)) is not driver.DatabaseError:
            raise
        raise StoreUnavailable(_NO_DATABASE) from error  # none of its kinds: not even a database


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


def _to_json(value: Any) -> str:
    return storable(_SPELLER.encode(value))
