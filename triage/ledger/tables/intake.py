"""What comes in and what is made of it: departments, submissions, suggestions, decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.states import SubmissionStatus
from triage.ledger.tables.base import SERIAL, Row


class DepartmentRow(Row):
    """A responsible department (责任单位), as the catalogue has it; never deleted, only retired.

    `parent` is the department above it: an officer sees the own one and all below it.
    """

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    full_name: Mapped[str]
    kind: Mapped[str]
    aliases: Mapped[list[str]]
    active: Mapped[bool]
    parent: Mapped[str | None] = mapped_column(ForeignKey("department.code"))


class SubmissionRow(Row):
    """A submission (来件). `id` is the sender's; `source` is who sent it ("" = this desk itself).

    `urgency` and `confidence` order the review queue. One without a suggestion yet stands at 1 and
    0.0: unread is not harmless. Of a confidential one title, content and place are empty here: its
    words stand sealed in `accusation`. `tracking_digest` is the SHA-256 of the citizen's code.
    """

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency"),
        UniqueConstraint("source", "idempotency_key"),
        Index("uq_submission_tracking_digest", "tracking_digest", unique=True),
        # Statistics read these without the words that stand beside them.
        Index("ix_submission_channel", "id", "channel", "recorded_at"),
        Index(
            "ix_submission_review",
            "urgency",
            "confidence",
            "id",
            sqlite_where=text("status = 'review'"),
            postgresql_where=text("status = 'review'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    content: Mapped[str]
    channel: Mapped[str | None]
    place: Mapped[str | None]
    received_at: Mapped[datetime | None]
    likes: Mapped[int | None]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str]
    idempotency_key: Mapped[str | None]
    content_hash: Mapped[str]
    status: Mapped[SubmissionStatus]
    confidential: Mapped[bool]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    confidence: Mapped[float]
    tracking_digest: Mapped[str | None]


class SuggestionRow(Row):
    """What the machine suggested (系统建议); what one filters by stands in columns too."""

    __tablename__ = "suggestion"
    __table_args__ = (
        Index("ix_suggestion_dispatch", "submission_id", "id", "lead", "needs_review"),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    payload: Mapped[dict[str, Any]]
    domain_code: Mapped[str]
    confidence: Mapped[float]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    nature: Mapped[str]
    lead: Mapped[str | None]
    needs_review: Mapped[bool]
    confidential: Mapped[bool]
    model: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)


class DecisionRow(Row):
    """What a clerk decided (经办人认定), with what stood before and what stands since."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey("suggestion.id"))
    who: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    payload: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime] = mapped_column(index=True)
