"""Statements that either database understands, and the connection that carries them."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    String,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from triage.ledger.tables import Row


def connection_of(held: Session | Connection) -> Connection:
    """The connection of a session, asked for past the mapper; or that which `Store.looking` gave,
    as it is."""
    if isinstance(held, Connection):
        return held
    return held.bind if isinstance(held.bind, Connection) else held.connection()


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


def holds(column: Any, value: str, *, whole: bool = True) -> ColumnElement[bool]:
    """That a list of strings in JSON holds this one, or one that begins with it."""
    spelt = f'"{value}"' if whole else f'"{value}'
    return cast(column, String).contains(spelt, autoescape=True)
