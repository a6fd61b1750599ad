"""Statistics (统计): what became of the entries of a period, by department, domain, time and so on.

Plain SQL: one pass over the entries of the period for each question, and what it gives is added up
here. Which entries count is said by `triage.ledger.selection`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    and_,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased

from triage.ledger.paging import check_time
from triage.ledger.selection import (
    By,
    Selection,
    Table,
    group_rows,
    is_postgres,
    joins_submissions,
    select_entries,
)
from triage.ledger.states import EntryState, Outcome
from triage.ledger.tables import (
    DepartmentRow,
    EntryRow,
    SubmissionRow,
    SubmitterRow,
    SuggestionRow,
)
from triage.rates import Hours, Rate, Tally, add_buckets, find_hours
from triage.roles import Caller

_APART = (EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED)


class Stage(StrEnum):
    """A stretch of the way, from one moment that is kept to another; the latest round counts."""

    DISPATCH = "dispatch"
    ACCEPT = "accept"
    CARRY_OUT = "carry_out"
    REPLY = "reply"
    EVALUATE = "evaluate"
    CLOSE = "close"
    WHOLE = "whole"


STAGE_NAMES = {
    Stage.DISPATCH: "来件入库到首次交办",
    Stage.ACCEPT: "交办到签收",
    Stage.CARRY_OUT: "签收到回告",
    Stage.REPLY: "首次交办到回告",
    Stage.EVALUATE: "回告到评价",
    Stage.CLOSE: "回告到销号",
    Stage.WHOLE: "首次交办到销号",
}
_STAGES = {
    Stage.DISPATCH: (SubmissionRow.recorded_at, EntryRow.opened_at),
    Stage.ACCEPT: (EntryRow.assigned_at, EntryRow.accepted_at),
    Stage.CARRY_OUT: (EntryRow.accepted_at, EntryRow.replied_at),
    Stage.REPLY: (EntryRow.opened_at, EntryRow.replied_at),
    Stage.EVALUATE: (EntryRow.replied_at, EntryRow.evaluated_at),
    Stage.CLOSE: (EntryRow.replied_at, EntryRow.closed_at),
    Stage.WHOLE: (EntryRow.opened_at, EntryRow.closed_at),
}


@dataclass(frozen=True, slots=True)
class Flow:
    """How many entries were opened, replied to, closed and evaluated within some time, of the
    evaluations how many said "not solved"; and how many wait now, and of these are late."""

    opened: int
    replied: int
    closed: int
    evaluated: int
    unsolved: int
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How often the machine's first choice of the lead department stood.

    `unnamed` submissions got no suggestion of a department, so it was neither right nor wrong.
    `direct` were sent without a clerk, `reviewed` looked at first.
    """

    direct: Rate
    reviewed: Rate
    unnamed: int

    @property
    def accuracy(self) -> Rate:
        """First-dispatch accuracy: of all that were given a department, how many kept it."""
        return Rate(
            self.direct.numerator + self.reviewed.numerator,
            self.direct.denominator + self.reviewed.denominator,
        )


def count_work(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    now: datetime,
    by: By | None = None,
    level: int = 1,
) -> Table[Tally]:
    """What became of the selected entries by `now`, in all and by group.

    `level` is that of the domain (1 to 3) where they are grouped by domain. Raises AccessDenied
    where the caller may not see statistics or this department, NotFound for an unknown
    department, InvalidInput for a level or time that is none.
    """
    query = select_entries(session, selection, caller=caller, by=by, level=level)
    counted = query.add_columns(*_tally_columns(now))
    rows = [
        (row[0], Tally(*(int(value or 0) for value in row[1:]))) for row in session.execute(counted)
    ]
    return group_rows(session, rows, by=by, level=level, add=_add_tallies)


def count_flow(
    session: Session, *, since: datetime, until: datetime, caller: Caller, now: datetime
) -> Flow:
    """What happened in a stretch of time, each step at its own moment. Raises as `count_work`."""
    start, end, moment = (check_time(one, "since") for one in (since, until, now))
    query = select_entries(session, Selection(), caller=caller, by=None, level=1, grouped=False)

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column >= start, column < end)

    outcome, closed = EntryRow.outcome, within(EntryRow.closed_at)
    on_the_line = EntryRow.state.not_in(_APART)
    waiting = and_(
        on_the_line,
        EntryRow.replied_at.is_(None),
        EntryRow.closed_at.is_(None),
        EntryRow.paused_at.is_(None),
    )
    counted = query.with_only_columns(
        func.count().filter(within(EntryRow.opened_at)),
        func.count().filter(within(EntryRow.replied_at)),
        func.count().filter(closed, on_the_line, outcome.is_not(None)),
        func.count().filter(within(EntryRow.evaluated_at)),
        func.count().filter(within(EntryRow.evaluated_at), EntryRow.solved.is_(False)),
        func.count().filter(waiting),
        func.count().filter(waiting, EntryRow.deadline_at < moment),
    )
    return Flow(*session.execute(counted).one())


def measure_stages(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    by: By | None = None,
    level: int = 1,
) -> Table[dict[Stage, Hours]]:
    """How long each stage took the selected entries, by the latest round of each. Raises as
    `count_work` does."""
    query = select_entries(session, selection, caller=caller, by=by, level=level)
    joined = joins_submissions(selection, by=by)
    rows: list[tuple[Any, tuple[Stage, dict[int, int]]]] = []
    for stage, (start, end) in _STAGES.items():
        bucket = _bucket(session, start, end)
        counted = query.add_columns(bucket, func.count()).where(end >= start).group_by(bucket)
        if stage is Stage.DISPATCH and not joined:
            counted = counted.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        histograms: defaultdict[Any, dict[int, int]] = defaultdict(dict)
        for key, place, count in session.execute(counted):
            histograms[key][place] = count
        rows += [(key, (stage, histogram)) for key, histogram in histograms.items()]
    return group_rows(session, rows, by=by, level=level, add=_add_stages)


def measure_dispatch(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    by: By | None = None,
    level: int = 1,
) -> Table[Dispatch]:
    """How often clerks and departments left the machine's first choice as it was.

    Of each submission its first suggestion and its first entry are compared: a corrected, returned
    or reassigned one has another lead department now. Raises as `count_work` does.
    """
    first = SuggestionRow
    stands = DepartmentRow.code.is_not(None)
    query = select_entries(session, selection, caller=caller, by=by, level=level)
    counted = (
        query.add_columns(
            func.count().filter(stands, ~first.needs_review),
            func.count().filter(first.lead.is_not(None), ~first.needs_review),
            func.count().filter(stands, first.needs_review),
            func.count().filter(first.lead.is_not(None), first.needs_review),
            func.count().filter(first.lead.is_(None)),
        )
        .join(first, first.submission_id == EntryRow.submission_id)
        .outerjoin(
            DepartmentRow,
            (DepartmentRow.code == EntryRow.lead_department) & (DepartmentRow.name == first.lead),
        )
        .where(~_has_earlier(SuggestionRow), ~_has_earlier(EntryRow))
    )
    rows = [
        (row[0], Dispatch(Rate(row[1], row[2]), Rate(row[3], row[4]), row[5]))
        for row in session.execute(counted)
    ]
    return group_rows(session, rows, by=by, level=level, add=_add_dispatches)


def count_repeats(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    by: By | None = None,
    level: int = 1,
) -> Table[Rate]:
    """How many of the entries whose submitter is known were not that person's first of the period
    in the same domain (重复件). Raises as `count_work` does."""
    turn = func.row_number().over(
        partition_by=(SubmitterRow.person, EntryRow.domain_code),
        order_by=(EntryRow.opened_at, EntryRow.id),
    )
    each = (
        select_entries(session, selection, caller=caller, by=by, level=level, grouped=False)
        .add_columns(turn.label("turn"))
        .join(SubmitterRow, SubmitterRow.submission_id == EntryRow.submission_id)
        .where(SubmitterRow.person.is_not(None))
        .subquery()
    )
    key, turns = each.columns
    counted = select(key, func.count().filter(turns > 1), func.count()).group_by(key)
    rows = [(key, Rate(again, known)) for key, again, known in session.execute(counted)]
    return group_rows(session, rows, by=by, level=level, add=_add_rates)


def _tally_columns(now: datetime) -> list[ColumnElement[Any]]:
    """The columns of `Tally`, in its order."""
    moment = check_time(now, "now")
    state, outcome = EntryRow.state, EntryRow.outcome
    withdrawn = and_(EntryRow.closed_at.is_not(None), outcome.is_(None))
    on_the_line = and_(state.not_in(_APART), ~withdrawn)
    stopped = and_(EntryRow.paused_at.is_not(None), EntryRow.paused_at < EntryRow.deadline_at)
    due = and_(on_the_line, EntryRow.deadline_at <= moment, func.coalesce(~stopped, True))
    closed = EntryRow.closed_at.is_not(None)
    conditions = [
        *(state == apart for apart in _APART),
        withdrawn & state.not_in(_APART),
        due,
        due & EntryRow.replied_at.is_not(None),
        due & (EntryRow.replied_at <= EntryRow.deadline_at),
        *(due & closed & (outcome == kind) for kind in Outcome),
        EntryRow.replied_at.is_not(None),
        closed & outcome.is_not(None) & state.not_in(_APART),
        EntryRow.satisfaction.is_not(None),
        EntryRow.solved & EntryRow.satisfaction.is_not(None),
        *(EntryRow.satisfaction == level for level in range(1, 6)),
        EntryRow.returns > 0,
    ]
    return [
        func.count(),
        *(func.count().filter(condition) for condition in conditions),
        func.sum(EntryRow.returns),
        func.sum(EntryRow.extensions),
        func.sum(EntryRow.urges),
        func.sum(EntryRow.reopenings),
    ]


def _has_earlier(row: Any) -> ColumnElement[bool]:
    """Whether the same submission has an earlier row of this table."""
    other = aliased(row)
    return (
        select(other.id).where(other.submission_id == row.submission_id, other.id < row.id).exists()
    )


def _bucket(session: Session, start: Any, end: Any) -> ColumnElement[int]:
    """The place of a duration in a histogram, as `triage.rates.bucket_hours` reads it."""
    if is_postgres(session):
        seconds = cast(func.date_part("epoch", end - start, type_=Float()), Integer)
    else:
        days = func.julianday(end, type_=Float()) - func.julianday(start, type_=Float())
        seconds = cast(func.round(days * 86_400), Integer)
    # Whole numbers throughout: the two databases round halves differently.
    fine = (seconds + 180) // 360
    coarse = 240 + (seconds - 86_400 + 1_800) // 3_600
    return case((seconds < 86_400, fine), else_=coarse)


def _add_tallies(parts: Sequence[Tally]) -> Tally:
    return sum(parts, Tally())


def _add_stages(parts: Sequence[tuple[Stage, dict[int, int]]]) -> dict[Stage, Hours]:
    return {
        stage: find_hours(add_buckets(buckets for other, buckets in parts if other is stage))
        for stage in Stage
    }


def _add_rates(parts: Iterable[Rate]) -> Rate:
    return sum(parts, Rate(0, 0))


def _add_dispatches(parts: Sequence[Dispatch]) -> Dispatch:
    return Dispatch(
        direct=_add_rates(part.direct for part in parts),
        reviewed=_add_rates(part.reviewed for part in parts),
        unnamed=sum(part.unnamed for part in parts),
    )
