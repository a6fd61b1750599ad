"""The departments that ledgers belong to, kept in step with the town's catalogue."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache

from sqlalchemy import Connection, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from triage.departments import Department
from triage.errors import NotFound
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of, holds, upsert
from triage.ledger.tables import DepartmentRow, EntryRow, TaskRow
from triage.ledger.views import StoredDepartment


def _select_reach() -> Select[str]:
    below = select(DepartmentRow.code).where(DepartmentRow.code == bindparam("department"))
    tree = below.cte(recursive=True)
    tree = tree.union(select(DepartmentRow.code).join(tree, DepartmentRow.parent == tree.c.code))
    return select(tree.c.code)


# As one text: the database hands over a hundred rows in ten times as long.
BETWEEN, AFTER = "\x1f", "\x1e"  # which ASCII has for that, and no name
CODES = (
    select(
        func.aggregate_strings(DepartmentRow.name.concat(BETWEEN).concat(DepartmentRow.code), AFTER)
    )
    .where(DepartmentRow.active)
    .scalar_subquery()
)
"""What `read_codes` reads, within another statement."""
_CODES = Spelt(select(CODES))
_REACH = _select_reach()  # every request asks it: putting it together takes longer than its answer
_BY_KEY = (
    select(*(DepartmentRow.__table__.c[field.name] for field in fields(StoredDepartment)))
    .where(or_(DepartmentRow.code == bindparam("key"), DepartmentRow.name == bindparam("key")))
    .order_by(DepartmentRow.active.desc(), DepartmentRow.code)
    .limit(1)
)
CODE_BY_KEY = _BY_KEY.with_only_columns(DepartmentRow.code).scalar_subquery()
"""The code of the department that `get_department` finds, within another statement."""


def sync_departments(session: Session, departments: Iterable[Department]) -> None:
    """Make the table say what the catalogue says.

    A department that the catalogue has dropped is retired: its ledger stays, it takes nothing new.
    One that it calls otherwise goes on assisting under its new name.
    """
    departments = tuple(departments)
    called = dict(session.execute(select(DepartmentRow.code, DepartmentRow.name)).all())
    renamed = {
        before: one.name
        for one in departments
        if (before := called.get(one.code, one.name)) != one.name
    }
    rows = [
        {
            "code": department.code,
            "name": department.name,
            "full_name": department.full_name,
            "kind": department.kind,
            "aliases": list(department.aliases),
            "active": True,
        }
        for department in sorted(departments, key=lambda department: department.code)
    ]
    codes = [row["code"] for row in rows]
    session.execute(
        update(DepartmentRow).where(DepartmentRow.code.not_in(codes)).values(active=False)
    )
    if rows:
        statement = upsert(session, DepartmentRow)
        told = {name: statement.excluded[name] for name in rows[0] if name != "code"}
        session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=told), rows)
        # Afterwards, when every one that may be named as a parent stands.
        session.execute(
            update(DepartmentRow),
            [{"code": one.code, "parent": one.parent} for one in departments],
        )
    if renamed:
        _rename_assisting(session, renamed)


def _rename_assisting(session: Session, renamed: Mapping[str, str]) -> None:
    """Entries and tasks name those that assist, who would see nothing of them any more."""
    for table in (EntryRow, TaskRow):
        held = (
            select(table.id, table.assisting)
            .where(or_(*(holds(table.assisting, name) for name in renamed)))
            .order_by(table.id)
            .with_for_update(key_share=True)
        )
        rows = [
            {
                "id": row_id,
                "assisting": list(dict.fromkeys(renamed.get(name, name) for name in names)),
            }
            for row_id, names in session.execute(held)
        ]
        if rows:
            session.execute(update(table), rows)


def find_codes(session: Session) -> Mapping[str, str]:
    """The code of each active department, by the name that suggestions call it."""
    ((words,),) = _CODES.rows(connection_of(session), {})
    return read_codes(words)


@lru_cache(maxsize=4)
def read_codes(words: str | None) -> Mapping[str, str]:
    """`find_codes`, of what `CODES` gave; kept, as it is the same from one time to the next."""
    pairs = (pair.partition(BETWEEN) for pair in (words or "").split(AFTER) if pair)
    return {name: code for name, _, code in pairs}


def find_names(session: Session, codes: Collection[str]) -> frozenset[str]:
    """What the departments with these codes are called: entries name those that assist."""
    query = select(DepartmentRow.name).where(DepartmentRow.code.in_(codes))
    return frozenset(session.scalars(query))


def find_reach(session: Session, department: str | None) -> frozenset[str] | None:
    """The codes of this department (code) and of all below it, retired ones too; None for None,
    who reaches every department."""
    if department is None:
        return None
    return frozenset(session.scalars(_REACH, {"department": department}))


def list_directory(session: Session) -> tuple[tuple[StoredDepartment, str | None], ...]:
    """Every department, retired ones too, in order of code, each with the code of the one above."""
    rows = session.scalars(select(DepartmentRow).order_by(DepartmentRow.code))
    return tuple((department_view(row), row.parent) for row in rows)


def get_department(held: Session | Connection, key: str) -> StoredDepartment:
    """The department with this code or name, retired or not. Raises NotFound."""
    row = connection_of(held).execute(_BY_KEY, {"key": key}).first()
    if row is None:
        raise NotFound(f"没有“{key}”这个责任单位，请核对责任单位名录", field="department")
    return StoredDepartment(*row)


def department_view(row: DepartmentRow) -> StoredDepartment:
    """The row as a value."""
    return StoredDepartment(row.code, row.name, row.full_name, row.kind, row.active)
