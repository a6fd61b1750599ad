"""Rows that are added many at a time, by one statement for as many as come.

As `triage.ledger.spelt`, the statement is handed to the driver as it is. SQLAlchemy puts one of
several rows together anew each time; and drivers that are given row after row give nothing back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from triage.ledger.spelt import cursor_of

_PIECE = 100  # rows in one statement: no database takes values without end


@dataclass(frozen=True, slots=True)
class Adding:
    """An INSERT into `table` that sets the columns `names`.

    `unless_there` leaves out rows that stand already; `returning` names the columns that are given
    back of each row added. Columns that are not named stay as the table has them by default.
    """

    table: Table
    names: tuple[str, ...]
    unless_there: bool = False
    returning: tuple[str, ...] = ()

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Add the rows, each with a value for every name; what is asked back of those added.

        Raises what the driver raises, of which `Store` makes StoreUnavailable where it is that.
        """
        cursor = cursor_of(connection)
        writers = _list_writers(self, connection.dialect)
        found: list[Any] = []
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            values = [
                row[name] if write is None else write(row[name])
                for row in piece
                for name, write in writers
            ]
            cursor.execute(_spell(self, len(piece), connection.dialect), values)
            if self.returning:
                found += cursor.fetchall()
        return found


@lru_cache(maxsize=64)
def _list_writers(adding: Adding, dialect: Dialect) -> list[tuple[str, Any]]:
    """The names, each with what makes of a value what the driver takes; None: the value itself."""
    kinds = [(name, adding.table.c[name].type.dialect_impl(dialect)) for name in adding.names]
    return [(name, kind.bind_processor(dialect)) for name, kind in kinds]


@lru_cache(maxsize=512)
def _spell(adding: Adding, count: int, dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    place = "?" if dialect.positional else "%s"
    row = f"({', '.join([place] * len(adding.names))})"
    spelt = [
        f"INSERT INTO {quote(adding.table.name)} ({', '.join(map(quote, adding.names))})",
        f"VALUES {', '.join([row] * count)}",
    ]
    if adding.unless_there:
        spelt.append("ON CONFLICT DO NOTHING")
    if adding.returning:
        spelt.append(f"RETURNING {', '.join(map(quote, adding.returning))}")
    return " ".join(spelt)
