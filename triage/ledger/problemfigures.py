"""The columns and figures of a common problem, counted from its members whenever they change.

`figures` of a `ProblemRow` holds the rest of what is counted:

    heat         {"total", "parts": [{"name", "points", "says"}]} as triage.heat gives it
    weeks        {Monday: submissions received in that week}, the last `MOST_WEEKS`
    urgencies    {level: members}
    divisions, departments, domains   {code: members}, most first
    domain       the path of the domain of most members
    theme        the name of the theme
    words        what holds the members together
    examples     ids of representative members
    counted      the size at which all this was counted
    written      the size at which name, theme, words and examples were written
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.calendar import day_of
from triage.heat import measure_heat
from triage.ledger.paging import in_chunks
from triage.ledger.problemfacts import Fact, read_facts, read_tolds
from triage.ledger.states import ProblemState
from triage.ledger.tables import ProblemRow
from triage.naming import describe_problem
from triage.themes import find_theme, name_by_domain
from triage.traces import Told

MOST_WEEKS = 104
NOBODY_LEFT = "（已无来件）"
_READ = 40  # members whose words are read for the name: the first and the last half of these
_EXACT = 40  # members up to which every new one has all counted anew
_GROWTH = 1.1  # beyond them, how much larger a problem must be than when it was last counted
_REWRITE = 1.5  # how much larger than when its name was written
_LEVELS = 3


def recount_problems(
    session: Session, ids: Iterable[int], *, now: datetime, rewrite: bool = False
) -> dict[int, int]:
    """Count these problems from their members; how large each of them is. With `rewrite` their
    names and words are written anew too, else only where they have grown much. A name that a person
    gave stays."""
    sizes: dict[int, int] = {}
    for chunk in in_chunks(sorted(set(ids))):
        rows = session.scalars(select(ProblemRow).where(ProblemRow.id.in_(chunk))).all()
        _recount(session, rows, now=now, rewrite=rewrite)
        sizes |= {row.id: row.size for row in rows}
    return sizes


def count_joined(
    session: Session, joined: Iterable[tuple[int, datetime | None]], *, now: datetime
) -> dict[int, int]:
    """Count problems that submissions have joined: (problem, when that one was received). How large
    each of them now is.

    A large problem that grew by little gets its size and when it was last seen; the rest follows
    when it has grown by a tenth, or in the night.
    """
    times: defaultdict[int, list[datetime | None]] = defaultdict(list)
    for problem_id, at in joined:
        times[problem_id].append(at)
    sizes: dict[int, int] = {}
    for chunk in in_chunks(sorted(times)):
        exact: list[ProblemRow] = []
        for row in session.scalars(select(ProblemRow).where(ProblemRow.id.in_(chunk))):
            size = sizes[row.id] = row.size + len(times[row.id])
            if size <= _EXACT or size >= _GROWTH * row.figures.get("counted", 0):
                exact.append(row)
            else:
                seen = [row.last_seen, *(at for at in times[row.id] if at is not None)]
                row.size, row.last_seen, row.updated_at = size, max(seen), now
        _recount(session, exact, now=now, rewrite=False)
    return sizes


def _recount(session: Session, rows: Sequence[ProblemRow], *, now: datetime, rewrite: bool) -> None:
    facts = read_facts(session, [row.id for row in rows])
    stale = [
        row.id
        for row in rows
        if facts.get(row.id)
        and (rewrite or len(facts[row.id]) >= _REWRITE * row.figures.get("written", 0))
    ]
    told = _read_members(session, {problem_id: facts[problem_id] for problem_id in stale})
    for row in rows:
        members = facts.get(row.id, [])
        counted = _count(row, members, told.get(row.id, ()), now=now, rewrite=rewrite)
        for name, value in counted.items():
            setattr(row, name, value)
    session.flush()


def _read_members(session: Session, facts: dict[int, list[Fact]]) -> dict[int, list[Told]]:
    """What some of the members of each problem told."""
    chosen = {problem_id: _pick(members) for problem_id, members in facts.items()}
    tolds = read_tolds(session, {one for ids in chosen.values() for one in ids})
    return {
        problem_id: [tolds[key] for key in ids if key in tolds]
        for problem_id, ids in chosen.items()
    }


def _pick(members: Sequence[Fact]) -> list[str]:
    half = _READ // 2
    picked = members if len(members) <= _READ else [*members[:half], *members[-half:]]
    return [fact.submission_id for fact in picked]


def _count(
    row: ProblemRow, facts: Sequence[Fact], told: Sequence[Told], *, now: datetime, rewrite: bool
) -> dict[str, Any]:
    if not facts:
        return _emptied(row, now=now, forget=rewrite)
    domains = Counter(fact.domain_code for fact in facts)
    code = domains.most_common(1)[0][0]
    path = next(fact.domain for fact in facts if fact.domain_code == code)
    divisions = Counter(fact.division for fact in facts if fact.division)
    departments = Counter(fact.department for fact in facts if fact.department)
    urgencies = Counter(fact.urgency for fact in facts)
    known = {fact.person for fact in facts if fact.person}
    reporters = len(known) + sum(not fact.person for fact in facts)
    heat = measure_heat(
        reporters=reporters,
        times=[fact.at for fact in facts],
        urgencies=[fact.urgency for fact in facts],
        likes=sum(fact.likes for fact in facts),
        now=now,
    )
    weeks = Counter(_monday(day_of(fact.at)).isoformat() for fact in facts)
    figures = row.figures | {
        "heat": heat.as_dict(),
        "weeks": dict(sorted(weeks.items())[-MOST_WEEKS:]),
        "urgencies": {str(level): urgencies[level] for level in sorted(urgencies)},
        "divisions": _in_order(divisions),
        "departments": _in_order(departments),
        "domains": _in_order(domains),
        "domain": path,
        "counted": len(facts),
    }
    values: dict[str, Any] = {
        "state": _state(row, len(facts)),
        "size": len(facts),
        "reporters": reporters,
        "heat": heat.total,
        "domain_code": code,
        "divisions": list(_in_order(divisions)),
        "departments": list(_in_order(departments)),
        "first_seen": min(fact.at for fact in facts),
        "last_seen": max(fact.at for fact in facts),
        "updated_at": now,
    }
    if told:
        values |= _write(row, told, code, path)
        figures |= values.pop("figures") | {"written": len(facts)}
    return values | {"figures": figures}


def _write(row: ProblemRow, told: Sequence[Told], code: str, path: str) -> dict[str, Any]:
    """What is written from the words of members: name, theme, words, examples."""
    levels = [*path.split("/"), "", "", ""][:_LEVELS]
    found = find_theme(told)
    theme = found or name_by_domain(domain_code=code, domain_path=(levels[0], levels[1], levels[2]))
    description = describe_problem(told, domain=path.rpartition("/")[2], theme=found)
    written: dict[str, Any] = {"theme": theme.key}
    if row.named_by is None:
        written["name"] = description.name
    return written | {
        "figures": {
            "theme": theme.name,
            "words": list(description.words),
            "examples": list(description.examples),
        }
    }


def _emptied(row: ProblemRow, *, now: datetime, forget: bool) -> dict[str, Any]:
    """Nothing of those who left stays, least of all their words."""
    values: dict[str, Any] = {
        "state": _state(row, 0),
        "size": 0,
        "reporters": 0,
        "heat": 0.0,
        "divisions": [],
        "departments": [],
        "figures": {},
        "updated_at": now,
    }
    if forget or row.named_by is None:
        values |= {"name": NOBODY_LEFT, "named_by": None}
    return values


def _state(row: ProblemRow, size: int) -> ProblemState:
    """One member alone shares nothing with anybody; what a person said of a problem stands."""
    if row.state in (ProblemState.DISMISSED, ProblemState.MERGED):
        return row.state
    return ProblemState.OPEN if size > 1 else ProblemState.EMPTY


def _in_order(counts: "Counter[str]") -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
