"""Reads for the review queue: whole submissions to decide on, and how the machine did that day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from triage.calendar import CHINA_TIME
from triage.errors import AccessDenied
from triage.ledger.paging import Page
from triage.ledger.queries import list_review
from triage.ledger.states import RepeatState, SubmissionStatus
from triage.ledger.tables import DecisionRow, RepeatRow, SubmissionRow
from triage.ledger.views import ReviewLine
from triage.roles import Action, Caller

MOST_LINES = 50  # each with all of its words
MOST_READ = 5_000  # corrections of a day of which it is looked up what they changed
_PARTS = {
    "domain": ("domain_code",),
    "department": ("lead_department", "assisting"),
    "urgency": ("urgency",),
    "nature": ("nature",),
    "division": ("division",),
}


@dataclass(frozen=True, slots=True)
class LikelyRepeat:
    """An earlier submission that this one probably repeats; `kind` is one of triage.repeats'."""

    submission_id: str
    title: str
    kind: str
    similarity: float
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """One submission in the review queue with all that a clerk reads before deciding."""

    line: ReviewLine
    content: str
    repeats: tuple[LikelyRepeat, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were decided on: as suggested, or otherwise."""

    decided: int
    confirmed: int
    corrected: int


@dataclass(frozen=True, slots=True)
class ReviewDay:
    """A day at the review queue: of all, of this caller, what was corrected, what still waits."""

    since: datetime
    everyone: Tally
    mine: Tally
    corrected: dict[str, int]
    waiting: int


def list_review_sheets(
    session: Session,
    *,
    caller: Caller,
    urgency: int | None = None,
    limit: int = 10,
    cursor: str | None = None,
) -> Page[ReviewSheet]:
    """One page of the review queue, each submission whole: the most urgent first, among equals the
    least sure. Raises AccessDenied, InvalidInput for a limit or cursor that is none."""
    _require_queue(caller)
    page = list_review(
        session,
        may_see_confidential=False,
        urgency=urgency,
        limit=min(limit, MOST_LINES),
        cursor=cursor,
    )
    ids = [line.submission_id for line in page.lines]
    query = select(SubmissionRow.id, SubmissionRow.content).where(SubmissionRow.id.in_(ids))
    contents = dict(session.execute(query).all())
    repeats = _find_repeats(session, ids)
    return Page(
        tuple(
            ReviewSheet(
                line,
                contents[line.submission_id],
                tuple(repeats.get(line.submission_id, ())),
            )
            for line in page.lines
        ),
        page.next,
    )


def count_review_day(session: Session, *, caller: Caller, now: datetime) -> ReviewDay:
    """How often the machine was right since midnight in China. Raises AccessDenied."""
    _require_queue(caller)
    since = now.astimezone(CHINA_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (DecisionRow.decided_at >= since, SubmissionRow.confidential.is_(False))
    counted = (
        select(DecisionRow.who, DecisionRow.kind, func.count())
        .join(SubmissionRow, SubmissionRow.id == DecisionRow.submission_id)
        .where(*today)
        .group_by(DecisionRow.who, DecisionRow.kind)
    )
    everyone: Counter[str] = Counter()
    mine: Counter[str] = Counter()
    for who, kind, count in session.execute(counted):
        everyone[kind] += count
        if who == caller.who:
            mine[kind] += count
    changed = (
        select(DecisionRow.payload)
        .join(SubmissionRow, SubmissionRow.id == DecisionRow.submission_id)
        .where(*today, DecisionRow.kind == "corrected")
        .limit(MOST_READ)
    )
    corrected: Counter[str] = Counter()
    for payload in session.scalars(changed):
        corrected.update(_parts_changed(payload))
    waiting = select(func.count()).where(
        SubmissionRow.status == literal_column(f"'{SubmissionStatus.REVIEW}'"),
        SubmissionRow.confidential.is_(False),
    )
    return ReviewDay(
        since,
        _tally(everyone),
        _tally(mine),
        {part: corrected[part] for part in _PARTS},
        session.scalar(waiting) or 0,
    )


def _require_queue(caller: Caller) -> None:
    caller.require(Action.READ_REVIEW)
    if caller.reach is not None:
        raise AccessDenied("复核队列只供受理处查看，您只能查看本单位及下属单位的台账")


def _tally(counts: Counter[str]) -> Tally:
    return Tally(counts.total(), counts["confirmed"], counts["corrected"])


def _parts_changed(payload: dict[str, Any]) -> list[str]:
    before, after = payload["before"], payload["after"]
    return [
        part
        for part, columns in _PARTS.items()
        if any(before.get(column) != after.get(column) for column in columns)
    ]


def _find_repeats(session: Session, ids: Sequence[str]) -> dict[str, list[LikelyRepeat]]:
    query = (
        select(RepeatRow, SubmissionRow.title, SubmissionRow.recorded_at)
        .join(SubmissionRow, SubmissionRow.id == RepeatRow.earlier_id)
        .where(
            RepeatRow.submission_id.in_(ids),
            RepeatRow.state == RepeatState.SUSPECTED,
            SubmissionRow.confidential.is_(False),
        )
        .order_by(RepeatRow.similarity.desc(), RepeatRow.id)
    )
    found: dict[str, list[LikelyRepeat]] = {}
    for row, title, recorded_at in session.execute(query):
        found.setdefault(row.submission_id, []).append(
            LikelyRepeat(row.earlier_id, title, row.kind, row.similarity, recorded_at)
        )
    return found
