"""PostgreSQL by psycopg: connections that write, and others that only read."""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from psycopg import Cursor
from psycopg.pq import ExecStatus
from sqlalchemy import URL, Dialect, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

_IDLE_S = 5  # since a connection was used, from which on it is asked whether it still stands
_UNSAID = (None,) * 5  # of the seven values that DB-API 2 gives of a column


def open_postgres(
    place: URL, *, spell: Callable[[Any], str], patience_s: float
) -> tuple[Engine, Engine]:
    """Who writes to the database at `place`, and who reads it; `spell` writes their JSON.

    The reader's statements each stand alone, so that no BEGIN and COMMIT travel there and back
    beside them; who needs one picture for several says BEGIN first.
    """
    connect = partial(_connect, place, spell, patience_s)
    return connect(), connect(options=" -c default_transaction_read_only=on", autocommit=True)


class PlainCursor(Cursor[Any]):
    """A cursor that describes its columns by plain tuples.

    psycopg makes an object for each, anew with each statement: for an entry, whose row is wide,
    that takes longer than to find it. SQLAlchemy looks at the name and the type alone.
    """

    __slots__ = ()

    @property
    def description(self) -> Any:
        found = self.pgresult
        if found is None or found.status != ExecStatus.TUPLES_OK:
            return super().description
        return [
            ((found.fname(column) or b"").decode(), found.ftype(column), *_UNSAID)
            for column in range(found.nfields)
        ]


def _connect(
    place: URL,
    spell: Callable[[Any], str],
    patience_s: float,
    *,
    options: str = "",
    autocommit: bool = False,
) -> Engine:
    engine = create_engine(
        place.set(drivername="postgresql+psycopg"),
        json_serializer=spell,
        hide_parameters=True,  # an error that is logged must not quote a submission
        max_overflow=5,  # beside the five that are kept
        pool_timeout=patience_s,
        pool_use_lifo=True,  # … and those not needed lie idle
        connect_args={
            "autocommit": autocommit,
            "connect_timeout": patience_s,
            "cursor_factory": PlainCursor,
            "options": f"-c timezone=UTC -c lock_timeout={patience_s}s{options}",
        },
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_check_idle, engine.dialect))
    return engine


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
