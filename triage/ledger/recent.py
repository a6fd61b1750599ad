"""What came in of late, as it came, for looking at a change before it counts; and how the machine's
sureness stood against what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from triage.ledger.tables import EntryRow, SubmissionRow, SuggestionRow
from triage.roles import Action, Caller
from triage.submissions import Channel, Submission

MONTH = timedelta(days=30)
MOST = 1_000
_MOST_JUDGED = 20_000
_STEPS = (*(round(0.5 + 0.02 * step, 2) for step in range(25)), 0.99, 0.995)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """With this line so great a share goes to departments without review, and is so often right
    in its first level; `submissions` is how many those are."""

    line: float
    coverage: float
    accuracy: float | None
    submissions: int


def list_recent(session: Session, *, caller: Caller, now: datetime) -> list[Submission]:
    """The ordinary submissions of the last month, at most `MOST` and the latest of them.

    Raises AccessDenied without MANAGE_SETTINGS.
    """
    caller.require(Action.MANAGE_SETTINGS)
    query = (
        select(SubmissionRow)
        .where(SubmissionRow.recorded_at >= now - MONTH, SubmissionRow.confidential.is_(False))
        .order_by(SubmissionRow.recorded_at.desc(), SubmissionRow.id)
        .limit(MOST)
    )
    return [
        Submission(
            id=row.id,
            title=row.title,
            content=row.content,
            channel=Channel(row.channel) if row.channel else None,
            received_at=row.received_at,
            place=row.place,
        )
        for row in session.scalars(query)
    ]


def draw_curve(
    session: Session, *, caller: Caller, now: datetime, window: timedelta = timedelta(days=90)
) -> tuple[CurvePoint, ...]:
    """What each line would have meant of late: of the latest suggestion of each submission the
    surety of its first level, against the first level that the entry has today.

    One that nobody looked at counts as right, so read the accuracy as an upper bound where few
    were reviewed. Raises AccessDenied without MANAGE_SETTINGS.
    """
    caller.require(Action.MANAGE_SETTINGS)
    latest = (
        select(func.max(SuggestionRow.id))
        .join(SubmissionRow, SubmissionRow.id == SuggestionRow.submission_id)
        .where(SubmissionRow.recorded_at >= now - window, SubmissionRow.confidential.is_(False))
        .group_by(SuggestionRow.submission_id)
        .order_by(func.max(SuggestionRow.id).desc())
        .limit(_MOST_JUDGED)
    )
    query = (
        select(SuggestionRow.payload, EntryRow.domain)
        .join(EntryRow, EntryRow.submission_id == SuggestionRow.submission_id)
        .where(SuggestionRow.id.in_(latest), EntryRow.matter == "")
    )
    judged = [
        (said["domain"]["level1_confidence"], domain.split("/")[0] == said["domain"]["level1"])
        for said, domain in session.execute(query)
        if said
    ]
    return measure_curve(judged)


def measure_curve(judged: Sequence[tuple[float, bool]]) -> tuple[CurvePoint, ...]:
    """(surety, right or not) of many, at a few lines. () where there are none."""
    points = []
    for line in _STEPS if judged else ():
        kept = [right for surety, right in judged if surety >= line]
        accuracy = round(sum(kept) / len(kept), 4) if kept else None
        points.append(CurvePoint(line, round(len(kept) / len(judged), 4), accuracy, len(kept)))
    return tuple(points)
