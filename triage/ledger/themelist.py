"""What is common across districts, what is new, and what comes back every year, out of the ledger.

Days are those of China. Whoever has a reach gets what is counted within it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Text, cast, func, select
from sqlalchemy.orm import Session

from triage.bursts import Burst, Season, Series, find_bursts, find_seasons
from triage.calendar import day_of
from triage.ledger.problemlist import reaches_entry, seen_by
from triage.ledger.selection import is_postgres
from triage.ledger.states import ProblemState
from triage.ledger.tables import EntryRow, MemberRow, ProblemRow, SubmissionRow, SubmitterRow
from triage.ledger.taskfiles import own_names
from triage.roles import Action, Caller
from triage.themes import Theme, ThemeCount, Themed, count_themes

MOST_THEMED = 50_000  # problems that themes are counted from, the hottest
_PAST = timedelta(days=548)  # a year for the months, half a year for what is usual
_YEARS = 6  # of records for what comes back every year
_EARLY = 0.01  # share of the records that may lie before the day from which they are whole


class Kind(StrEnum):
    """Of what things the bursts are looked for."""

    PROBLEM = "problem"
    THEME = "theme"
    DOMAIN = "domain"


KIND_NAMES = {Kind.PROBLEM: "共性问题", Kind.THEME: "主题", Kind.DOMAIN: "领域"}


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """A theme, and the names of its problems (by id) that are shown with it."""

    count: ThemeCount
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Emerging:
    """What grows faster than its past, and its name."""

    kind: Kind
    name: str
    burst: Burst


@dataclass(frozen=True, slots=True)
class Returning:
    """What comes back in a month every year, and its name."""

    kind: Kind
    name: str
    season: Season


def list_themes(session: Session, *, caller: Caller, size: int = 2) -> tuple[ThemeLine, ...]:
    """All themes of the problems that stand and have so many members, those in most divisions
    first. Raises AccessDenied."""
    caller.require(Action.READ_PROBLEMS)
    query = (
        select(
            ProblemRow.id,
            ProblemRow.name,
            ProblemRow.theme,
            ProblemRow.figures["theme"].as_string().label("theme_name"),
            ProblemRow.figures["divisions"].as_json().label("divisions"),
            ProblemRow.size,
            ProblemRow.reporters,
            ProblemRow.heat,
        )
        .where(ProblemRow.state == ProblemState.OPEN, ProblemRow.size >= size)
        .order_by(ProblemRow.heat.desc(), ProblemRow.id.desc())
        .limit(MOST_THEMED)
    )
    own = None if caller.reach is None else _count_within(session, caller)
    names: dict[str, str] = {}
    themed = []
    for row in session.execute(query):
        counted = (row.size, row.reporters, row.divisions or {})
        if own is not None and row.id not in own:
            continue
        within = counted if own is None else own[row.id]
        names[str(row.id)] = row.name
        themed.append(
            Themed(
                problem_id=str(row.id),
                theme=Theme(row.theme, row.theme_name or row.theme),
                size=within[0],
                reporters=within[1],
                heat=row.heat,
                divisions=within[2],
            )
        )
    return tuple(
        ThemeLine(count, {one: names[one] for one in count.problems})
        for count in count_themes(themed)
    )


def list_emerging(
    session: Session, *, caller: Caller, now: datetime, kinds: tuple[Kind, ...] = tuple(Kind)
) -> tuple[Emerging, ...]:
    """What has grown in the last seven days beyond its past, least likely by chance first.

    Each kind is tested by itself, with its own false-alarm rate. Raises AccessDenied.
    """
    caller.require(Action.READ_PROBLEMS)
    today = day_of(now)
    found = []
    for kind in kinds:
        names, days = _count_days(session, kind, caller=caller, since=now - _PAST)
        first = _first_whole(days, today=today)
        if first is not None:
            series = [Series(key, counts) for key, counts in sorted(days.items())]
            bursts = find_bursts(series, first=first, today=today)
            found += [Emerging(kind, names[burst.key], burst) for burst in bursts]
    return tuple(sorted(found, key=lambda one: (one.burst.chance, one.kind, one.burst.key)))


def list_seasons(session: Session, *, caller: Caller, now: datetime) -> tuple[Returning, ...]:
    """What comes back in the same month of every whole year on record, the next due first. Raises
    AccessDenied."""
    caller.require(Action.READ_PROBLEMS)
    today = day_of(now)
    since = datetime(today.year - _YEARS, 1, 1, tzinfo=now.tzinfo)
    found = []
    for kind in (Kind.THEME, Kind.DOMAIN):
        names, days = _count_days(session, kind, caller=caller, since=since)
        first = _first_whole(days, today=today)
        if first is not None:
            series = [Series(key, counts) for key, counts in sorted(days.items())]
            seasons = find_seasons(series, first=first, today=today)
            found += [Returning(kind, names[season.key], season) for season in seasons]
    return tuple(
        sorted(found, key=lambda one: (one.season.next_start, one.season.chance, one.season.key))
    )


def _count_within(session: Session, caller: Caller) -> dict[int, tuple[int, int, dict[str, int]]]:
    """(members, reporters, members by division) of each problem within the caller's reach."""
    person = func.coalesce(SubmitterRow.person, MemberRow.submission_id)
    sums = (
        select(MemberRow.problem_id, func.count(), func.count(person.distinct()))
        .outerjoin(SubmitterRow, SubmitterRow.submission_id == MemberRow.submission_id)
        .where(seen_by(session, caller))
        .group_by(MemberRow.problem_id)
    )
    divisions: defaultdict[int, dict[str, int]] = defaultdict(dict)
    counted = (
        select(
            MemberRow.problem_id,
            EntryRow.division,
            func.count(MemberRow.submission_id.distinct()),
        )
        .join(EntryRow, EntryRow.submission_id == MemberRow.submission_id)
        .where(EntryRow.confidential.is_(False), EntryRow.division.is_not(None))
        .where(reaches_entry(EntryRow, caller, own_names(session, caller)))
        .group_by(MemberRow.problem_id, EntryRow.division)
    )
    for problem_id, division, count in session.execute(counted):
        divisions[problem_id][str(division)] = count
    return {
        problem_id: (size, reporters, divisions[problem_id])
        for problem_id, size, reporters in session.execute(sums)
    }


def _count_days(
    session: Session, kind: Kind, *, caller: Caller, since: datetime
) -> tuple[dict[str, str], dict[str, Counter[date]]]:
    """The names by key, and how many were received on each day since then."""
    at = func.coalesce(SubmissionRow.received_at, SubmissionRow.recorded_at)
    day = _day_in_china(session, at)
    if kind is Kind.DOMAIN:
        query = (
            select(EntryRow.domain_code, func.max(EntryRow.domain), day, func.count())
            .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
            .where(EntryRow.confidential.is_(False), at >= since)
            .where(reaches_entry(EntryRow, caller, own_names(session, caller)))
            .group_by(EntryRow.domain_code, day)
        )
    else:
        query = (
            select(ProblemRow.id, func.max(ProblemRow.name), day, func.count())
            .join(MemberRow, MemberRow.problem_id == ProblemRow.id)
            .join(SubmissionRow, SubmissionRow.id == MemberRow.submission_id)
            .where(ProblemRow.state == ProblemState.OPEN, at >= since, seen_by(session, caller))
            .group_by(ProblemRow.id, day)
        )
        if kind is Kind.THEME:
            named = ProblemRow.figures["theme"].as_string()
            query = query.with_only_columns(
                ProblemRow.theme, func.max(named), day, func.count()
            ).group_by(None)
            query = query.group_by(ProblemRow.theme, day)
    names: dict[str, str] = {}
    days: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for key, name, spelt, count in session.execute(query):
        names[str(key)] = name or str(key)
        days[str(key)][date.fromisoformat(spelt)] += count
    return names, days


def _first_whole(days: Mapping[str, Counter[date]], *, today: date) -> date | None:
    """The day from which the records are whole: but a hundredth lies before it, so that one letter
    of long ago does not make a quiet past."""
    totals: Counter[date] = Counter()
    for counts in days.values():
        totals.update(counts)
    early = _EARLY * sum(totals.values())
    passed = 0
    for day in sorted(totals):
        passed += totals[day]
        if passed > early and day < today:
            return day
    return None


def _day_in_china(session: Session, at: Any) -> Any:
    if is_postgres(session):
        return cast(cast(func.timezone("Asia/Shanghai", at), Date), Text)
    return func.date(at, "+8 hours", type_=Text())
