"""What submissions share: repeats, common problems, and what persons said of both.

Fingerprints and traces are indexes of words that many processes search at once, so they are rows.
Nothing of a confidential submission stands here (Art. 30).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.states import ProblemState, RepeatState
from triage.ledger.tables.base import SERIAL, Row


class FingerprintRow(Row):
    """One band of the MinHash of a submission's words; near copies share at least one `key`.

    Two dozen come with each submission: to hold them against it would cost as much as to write
    them. They are written with it and go with it (`triage.ledger.problems`), and are read joined to
    it.
    """

    __tablename__ = "fingerprint"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    submission_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class RepeatRow(Row):
    """A submission that is probably the same as an earlier one (重复信访、联名).

    `kind` is one of triage.repeats'; `similarity` runs from 0 to 1. A clerk's "no" stays: the pair
    is not shown again.
    """

    __tablename__ = "repeat"
    __table_args__ = (
        UniqueConstraint("submission_id", "earlier_id"),
        Index("ix_repeat_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    earlier_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    kind: Mapped[str]
    similarity: Mapped[float]
    state: Mapped[RepeatState]
    found_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_note: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class TraceRow(Row):
    """One thing that says which concrete matter a submission is about, hashed: a name, a rare term.

    A new submission finds those of the same matter by the keys they share.
    """

    __tablename__ = "trace"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    submission_id: Mapped[str] = mapped_column(
        ForeignKey("submission.id"), primary_key=True, index=True
    )


class UnplacedRow(Row):
    """A submission that still waits to be held against the others: which common problem is it of?

    Gone as soon as that is done, a moment after it came in.
    """

    __tablename__ = "unplaced"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), unique=True)


class ProblemRow(Row):
    """A common problem (共性问题): one concrete matter that several submissions report.

    The columns are what lists filter and sort by, counted from the members whenever they change;
    `figures` holds the rest (the parts of the heat, trend, urgency mix, words, examples). `theme`
    is the key of the theme above it. A problem that a person called none is `dismissed`; one joined
    into another points at it, so that old links still lead somewhere. `named_by` is who renamed it.
    """

    __tablename__ = "problem"
    __table_args__ = (
        Index("ix_problem_heat", "state", "heat", "id"),
        Index("ix_problem_theme", "theme", "id"),
        Index("ix_problem_seen", "state", "last_seen", "id"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    named_by: Mapped[str | None]
    state: Mapped[ProblemState]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("problem.id"), index=True)
    version: Mapped[int]
    size: Mapped[int]
    reporters: Mapped[int]
    heat: Mapped[float]
    domain_code: Mapped[str]
    theme: Mapped[str]
    divisions: Mapped[list[str]]
    departments: Mapped[list[str]]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class MemberRow(Row):
    """Which problem a submission belongs to; `placed_by` is "machine" or the login of a person.

    A person's placing stands against any later clustering.
    """

    __tablename__ = "problem_member"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    problem_id: Mapped[int] = mapped_column(ForeignKey("problem.id"), index=True)
    likeness: Mapped[float]
    placed_by: Mapped[str]
    at: Mapped[datetime]


class CorrectionRow(Row):
    """What a person put right in the problems (人工更正): split, merge, move, rename, dismiss.

    Only ever added; a re-clustering reads them all again.
    """

    __tablename__ = "problem_correction"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    kind: Mapped[str]
    problem_id: Mapped[int] = mapped_column(ForeignKey("problem.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("problem.id"))
    submission_ids: Mapped[list[str]]
    payload: Mapped[dict[str, Any]]
    who: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]
