"""How well replies are written, by whatever is asked: the assessments of each one, added up.

The marks are advice (see `triage.replies`); whoever reads them sees how many replies they are of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.orm import Session

from triage.ledger.selection import By, Selection, Table, group_rows, select_entries
from triage.ledger.tables import EntryRow, ReplyRow
from triage.rates import Rate
from triage.replies import ASPECTS
from triage.roles import Caller


@dataclass(frozen=True, slots=True)
class Writing:
    """How some replies are written: `perfunctory` of those assessed, and of each aspect the sum of
    their marks, from 0 to 2 for each reply. `replies` counts those not assessed too."""

    replies: int
    perfunctory: Rate
    sums: tuple[float, ...]

    @property
    def marks(self) -> dict[str, float | None]:
        """The mean mark of each aspect; None where nothing was assessed."""
        assessed = self.perfunctory.denominator
        return {
            aspect: round(total / assessed, 2) if assessed else None
            for aspect, total in zip(ASPECTS, self.sums, strict=True)
        }


def measure_writing(
    session: Session,
    selection: Selection,
    *,
    caller: Caller,
    by: By | None = None,
    level: int = 1,
) -> Table[Writing]:
    """How the replies to the selected entries are written, each reply counted. Raises as
    `select_entries` does."""
    quality = ReplyRow.quality
    marks = [quality[aspect].as_float() for aspect in ASPECTS]
    query = (
        select_entries(session, selection, caller=caller, by=by, level=level)
        .join(ReplyRow, ReplyRow.entry_id == EntryRow.id)
        .add_columns(
            func.count(),
            func.count().filter(quality["perfunctory"].as_boolean()),
            func.count(marks[0]),
            *(func.coalesce(func.sum(mark), 0.0) for mark in marks),
        )
    )
    rows = [
        (row[0], Writing(row[1], Rate(row[2], row[3]), tuple(map(float, row[4:]))))
        for row in session.execute(query)
    ]
    return group_rows(session, rows, by=by, level=level, add=_add)


def _add(parts: Sequence[Writing]) -> Writing:
    return Writing(
        sum(part.replies for part in parts),
        sum((part.perfunctory for part in parts), Rate(0, 0)),
        tuple(sum(part.sums[at] for part in parts) for at in range(len(ASPECTS))),
    )
