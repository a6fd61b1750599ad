"""How much lies in each division: entries, open ones, late ones, and common problems.

Accusations take no part (Art. 30); whoever has a reach counts within it only, and no problems,
which are made of what others reach too.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from triage.ledger.departments import get_department
from triage.ledger.due import RUNNING
from triage.ledger.listfilters import ListFilter, about, during, within
from triage.ledger.states import ProblemState
from triage.ledger.tables import EntryRow, ProblemRow
from triage.roles import Action, Caller

MOST_PROBLEMS = 5_000  # the hottest


@dataclass(frozen=True, slots=True)
class MapCounts:
    """Counts by division code ("" where none is known); `problems` None: not for this caller."""

    entries: Counter[str]
    open: Counter[str]
    overdue: Counter[str]
    problems: Counter[str] | None


def count_by_division(
    session: Session, wanted: ListFilter, *, caller: Caller, now: datetime
) -> MapCounts:
    """What the filter asks for, by division. Raises AccessDenied without READ_STATISTICS or for a
    department out of reach, NotFound, InvalidInput."""
    caller.require(Action.READ_STATISTICS)
    overdue = and_(*RUNNING, EntryRow.paused_at.is_(None), EntryRow.deadline_at < now)
    query = (
        select(
            EntryRow.division,
            func.count(),
            func.sum(case((EntryRow.closed_at.is_(None), 1), else_=0)),
            func.sum(case((overdue, 1), else_=0)),
        )
        .where(
            *within(EntryRow.lead_department, _departments(session, wanted, caller)),
            *about(wanted),
            *during(EntryRow.opened_at, wanted),
        )
        .group_by(EntryRow.division)
    )
    counts = MapCounts(Counter(), Counter(), Counter(), None)
    for division, entries, still_open, late_ones in session.execute(query):
        code = division or ""
        counts.entries[code] += entries
        counts.open[code] += still_open
        counts.overdue[code] += late_ones
    problems = _count_problems(session, wanted) if _sees_problems(caller) else None
    return MapCounts(counts.entries, counts.open, counts.overdue, problems)


def _departments(session: Session, wanted: ListFilter, caller: Caller) -> frozenset[str] | None:
    if wanted.department is None:
        return caller.reach
    code = get_department(session, wanted.department).code
    caller.require_reach(code)
    return frozenset({code})


def _sees_problems(caller: Caller) -> bool:
    return caller.may(Action.READ_PROBLEMS) and caller.reach is None


def _count_problems(session: Session, wanted: ListFilter) -> Counter[str]:
    """A problem counts in every division that it touches."""
    query = (
        select(ProblemRow.divisions)
        .where(ProblemRow.state == ProblemState.OPEN)
        .order_by(ProblemRow.heat.desc(), ProblemRow.id)
        .limit(MOST_PROBLEMS)
    )
    if wanted.domain is not None:
        query = query.where(ProblemRow.domain_code.startswith(wanted.domain, autoescape=True))
    if wanted.since is not None:
        query = query.where(ProblemRow.last_seen >= wanted.since)
    found: Counter[str] = Counter()
    for divisions in session.scalars(query):
        found.update(set(divisions))
    return found
