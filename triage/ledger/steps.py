"""What every step of the workflow is given, and what it leaves behind."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from triage.errors import InvalidInput, NotFound
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.states import EntryState
from triage.ledger.tables import ActionRow, DepartmentRow, EntryRow
from triage.roles import Caller
from triage.workflow import Command

# Every command adds one. Its number is not asked for (`inline`): that would take PostgreSQL and its
# driver a quarter of the insert.
_ACTIONS = ActionRow.metadata.tables[ActionRow.__tablename__]
_ADD_ACTION = Spelt(insert(_ACTIONS).inline(), _ACTIONS.c.keys()[1:])  # all but its number


@dataclass(frozen=True, slots=True)
class Step:
    """A step that may be taken: the locked entry, who takes it, when, and with what words."""

    session: Session
    entry: EntryRow
    caller: Caller
    now: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a step did besides changing the entry.

    `data` goes into its history; `codes` into its event, so it holds codes and numbers only.
    `turn` is the state where it is not the one that the table names first; `events` are further
    events.
    """

    data: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Any] = field(default_factory=dict)
    turn: EntryState | None = None
    events: tuple[dict[str, Any], ...] = ()


def find_lead(session: Session, key: str) -> str:
    """The code of the active department with this code or name. Raises NotFound."""
    code = session.scalar(
        select(DepartmentRow.code)
        .where(DepartmentRow.active, or_(DepartmentRow.code == key, DepartmentRow.name == key))
        .limit(1)
    )
    if code is None:
        raise NotFound(f"没有“{key}”这个责任单位，请从名录中选择", field="lead")
    return code


def find_assisting(session: Session, keys: tuple[str, ...], *, lead: str) -> list[str]:
    """The names of the departments that assist `lead` (code), given by code or name.

    Raises NotFound for one that is unknown or retired; the lead itself is left out.
    """
    known = session.execute(
        select(DepartmentRow.code, DepartmentRow.name).where(
            DepartmentRow.active,
            or_(DepartmentRow.code.in_(keys), DepartmentRow.name.in_(keys)),
        )
    ).all()
    names = {key: name for code, name in known for key in (code, name)}
    codes = {name: code for code, name in known}
    for key in keys:
        if key not in names:
            raise NotFound(f"没有“{key}”这个责任单位，请从名录中选择", field="assisting")
    chosen = dict.fromkeys(names[key] for key in keys)
    return [name for name in chosen if codes[name] != lead]


def check_words(value: str, field: str, *, what: str, most: int) -> str:
    """The words without blanks around them. Raises InvalidInput where none are left or too many."""
    words = value.strip()
    if not words:
        raise InvalidInput(f"请填写{what}", field=field)
    if len(words) > most:
        raise InvalidInput(f"{what}共 {len(words)} 字，超过上限 {most} 字，请缩短", field=field)
    return words


def append_action(
    session: Session,
    entry: EntryRow,
    command: Command,
    *,
    who: str,
    note: str,
    data: dict[str, Any],
    before: EntryState,
    now: datetime,
) -> None:
    """Add a step to the history of an entry that stands as the step left it."""
    action = {
        "entry_id": entry.id,
        "command": command,
        "who": who,
        "note": note,
        "data": data,
        "from_state": before,
        "to_state": entry.state,
        "version": entry.version,
        "at": now,
    }
    _ADD_ACTION.run(connection_of(session), action)
