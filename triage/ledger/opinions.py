"""What those who reported think: of each entry, submission by submission, the latest evaluation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from triage.ledger.tables import EntryRow, EvaluationRow
from triage.rates import SATISFIED


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one reporter said last; `satisfaction` runs from 5 very satisfied to 1."""

    solved: bool
    satisfaction: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Opinions:
    """How many reported, how many of them evaluated, found it solved, are satisfied."""

    reporters: int
    evaluated: int
    solved: int
    satisfied: int


def find_opinions(
    session: Session, entries: Sequence[int]
) -> defaultdict[int, dict[str, Opinion | None]]:
    """For each entry the submissions that it answers, merged ones too, each with its opinion or
    None."""
    joined = or_(EntryRow.id.in_(entries), EntryRow.merged_into.in_(entries))
    ordinary = EntryRow.confidential.is_(False)
    main = func.coalesce(EntryRow.merged_into, EntryRow.id)
    found: defaultdict[int, dict[str, Opinion | None]] = defaultdict(dict)
    for entry_id, submission_id in session.execute(
        select(main, EntryRow.submission_id).where(joined, ordinary).order_by(EntryRow.id)
    ):
        found[entry_id][submission_id] = None
    for entry_id, submission_id, solved, satisfaction, at in session.execute(
        select(
            main,
            EvaluationRow.submission_id,
            EvaluationRow.solved,
            EvaluationRow.satisfaction,
            EvaluationRow.at,
        )
        .join(EntryRow, EntryRow.id == EvaluationRow.entry_id)
        .where(joined, ordinary)
        .order_by(EvaluationRow.id)
    ):
        found[entry_id][submission_id] = Opinion(solved, satisfaction, at)
    return found


def count_opinions(opinions: Iterable[Opinion | None]) -> Opinions:
    """The counts of one opinion for each reporter."""
    told = list(opinions)
    said = [opinion for opinion in told if opinion is not None]
    return Opinions(
        reporters=len(told),
        evaluated=len(said),
        solved=sum(opinion.solved for opinion in said),
        satisfied=sum(opinion.satisfaction in SATISFIED for opinion in said),
    )
