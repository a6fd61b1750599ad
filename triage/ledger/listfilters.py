"""What of a list (清单) is asked for, as conditions that every list shares.

The lists hold ordinary matters alone: an accusation (Art. 30) is in none of them, for nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from triage.errors import InvalidInput
from triage.ledger.departments import get_department
from triage.ledger.events import record_events
from triage.ledger.paging import check_time
from triage.ledger.tables import EntryRow
from triage.privacy import mask
from triage.roles import Action, Caller
from triage.suggestions import URGENCY_NAMES

EXCERPT = 120  # characters of a text that a line shows
LOOKED_AT = EXCERPT + 64  # masked before it is cut, so that no half of a number is left standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What lines are asked for; what is None asks nothing.

    `department` is a code or name; `division` and `domain` are codes, of a higher level too;
    `since` counts, `until` no longer.
    """

    department: str | None = None
    division: str | None = None
    domain: str | None = None
    urgency: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asks_for_matter(self) -> bool:
        """Whether only what belongs to certain entries is asked for."""
        return any(asked is not None for asked in (self.division, self.domain, self.urgency))


def open_list(session: Session, wanted: ListFilter, *, caller: Caller) -> frozenset[str] | None:
    """The departments (codes) whose lines this caller gets; None: all.

    Raises AccessDenied without READ_LISTS or for a department out of reach, NotFound for one that
    is unknown, InvalidInput for an urgency that is none.
    """
    caller.require(Action.READ_LISTS)
    if wanted.urgency is not None and wanted.urgency not in URGENCY_NAMES:
        raise InvalidInput("紧急程度应为 1（特急）至 4（一般），请改正", field="urgency")
    if wanted.department is None:
        return caller.reach
    code = get_department(session, wanted.department).code
    caller.require_reach(code)
    return frozenset({code})


def record_export(
    session: Session, name: str, wanted: ListFilter, *, caller: Caller, rows: int, now: datetime
) -> None:
    """Tell the event log that a list ("problems", …) was taken out, by whom and how much of it."""
    payload = {
        "list": name,
        "rows": rows,
        "department": wanted.department and get_department(session, wanted.department).code,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
    }
    happened = {"actor": caller.who, "kind": "list.exported", "payload": payload}
    record_events(session, [happened], now=now)


def within(
    column: InstrumentedAttribute[Any], departments: frozenset[str] | None
) -> list[ColumnElement[bool]]:
    """That the department in `column` is one of these; nothing where all are."""
    if departments is None:
        return []
    if len(departments) == 1:
        return [column == next(iter(departments))]
    return [column.in_(departments)]


def about(wanted: ListFilter) -> list[ColumnElement[bool]]:
    """The conditions on the entry itself."""
    where: list[ColumnElement[bool]] = [EntryRow.confidential.is_(False)]
    if wanted.division is not None:
        where.append(begins(EntryRow.division, stem(wanted.division)))
    if wanted.domain is not None:
        where.append(begins(EntryRow.domain_code, wanted.domain))
    if wanted.urgency is not None:
        where.append(EntryRow.urgency == wanted.urgency)
    return where


def during(column: InstrumentedAttribute[Any], wanted: ListFilter) -> list[ColumnElement[bool]]:
    """That the time in `column` lies in the period. Raises InvalidInput for one without a zone."""
    where = []
    if wanted.since is not None:
        where.append(column >= check_time(wanted.since, "since"))
    if wanted.until is not None:
        where.append(column < check_time(wanted.until, "until"))
    return where


def show(text: str | None, *, most: int | None = None) -> str:
    """A text as a list shows it: personal data masked, then cut to `most` characters."""
    return mask(text or "")[:most]


def begins(column: InstrumentedAttribute[Any], start: str) -> ColumnElement[bool]:
    """That a code is this one or lies below it. LIKE, not substr: of LIKE PostgreSQL can tell how
    many rows will answer, and so walks no whole index in order for a code that few rows have."""
    return column.startswith(start, autoescape=True)


def stem(code: str) -> str:
    """The digits that a province, city or county shares with all below it (GB/T 2260)."""
    while len(code) in (4, 6) and code.endswith("00"):
        code = code[:-2]
    return code
