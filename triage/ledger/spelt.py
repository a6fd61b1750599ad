"""Statements that are spelt once and then handed to the driver as they are.

For what nearly every request asks. SQLAlchemy holds statement, parameters and result against each
other anew each time: that takes ten times as long as SQLite takes to answer, and as long as the way
to PostgreSQL and back. They are written like all others, on the tables, and mean the same on both;
only who listens to the engine's statements does not hear of them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.dml import UpdateBase

_CURSOR = "spelt"  # the name in a connection's `info` of its one cursor for all these statements
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A statement in the words of one database: what its parameters are called, in the order in
    which it takes them, what makes a value fit, those that are always the same, and what reads a
    column."""

    sql: str
    parameters: tuple[tuple[str, _Process | None], ...]
    fixed: Mapping[str, Any]
    by_place: bool
    columns: tuple[tuple[int, _Process], ...]

    def fit(self, told: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them. Raises KeyError where one is missing."""
        if self.fixed:
            told = {**self.fixed, **told}
        if self.by_place:
            return [
                told[name] if process is None else process(told[name])
                for name, process in self.parameters
            ]
        return {
            name: told[name] if process is None else process(told[name])
            for name, process in self.parameters
        }


class Spelt:
    """A statement whose words stay the same whatever its parameters are.

    `names`: the columns that an INSERT or UPDATE sets, where it does not say; each by the parameter
    of the same name. A column that is not named stays as the database has it by default; what the
    tables would fill in by themselves in Python is not.
    """

    def __init__(
        self, statement: Select[*tuple[Any, ...]] | UpdateBase, names: Collection[str] = ()
    ) -> None:
        self._statement = statement
        self._names = list(names)
        self._spellings: dict[str, _Spelling] = {}

    def run(self, connection: Connection, told: Mapping[str, Any]) -> None:
        """Carry it out with these parameters. Raises as the driver does, of which `Store` makes
        StoreUnavailable where that is what it means."""
        self._execute(connection, told)

    def rows(self, connection: Connection, told: Mapping[str, Any]) -> list[list[Any]]:
        """The rows that it finds, each with the values of its columns. Raises as `run`."""
        cursor, spelling = self._execute(connection, told)
        rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for place, read in spelling.columns:
                row[place] = read(row[place])
        return rows

    def _execute(self, connection: Connection, told: Mapping[str, Any]) -> tuple[Any, _Spelling]:
        spelling = self._spellings.get(connection.dialect.name)
        if spelling is None:  # two threads at once would find the same
            spelling = _spell(self._statement, self._names, connection.dialect)
            self._spellings[connection.dialect.name] = spelling
        cursor = cursor_of(connection)
        cursor.execute(spelling.sql, spelling.fit(told))
        return cursor, spelling


def cursor_of(connection: Connection) -> Any:
    """The driver's cursor for what is handed to it as it is, within the connection's transaction;
    always the same, as a new one each time costs PostgreSQL's driver a quarter of the call."""
    info = connection.info
    cursor = info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.driver_connection
        cursor = info[_CURSOR] = driver.cursor()
    return cursor


def _spell(
    statement: Select[*tuple[Any, ...]] | UpdateBase, names: Collection[str], dialect: Dialect
) -> _Spelling:
    spelt: Any = statement.compile(
        dialect=dialect,
        column_keys=list(names) or None,
        compile_kwargs={"render_postcompile": True},
    )
    sql, parameters = str(spelt), {name: each for each, name in spelt.bind_names.items()}
    order = spelt.positiontup or [name for name in parameters if f"%({name})s" in sql]
    kinds = {name: parameters[name].type.dialect_impl(dialect) for name in order}
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    readers = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
    return _Spelling(
        sql=sql,
        parameters=tuple((name, kinds[name].bind_processor(dialect)) for name in order),
        fixed={name: each.value for name, each in parameters.items() if not each.required},
        by_place=spelt.positional,
        columns=tuple((place, read) for place, read in enumerate(readers) if read is not None),
    )
