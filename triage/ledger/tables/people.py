"""Who may do what, and whose data is kept: users, sessions, keys, submitters, accusations."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.tables.base import SERIAL, Row

# Of an id that is more than plain letters and digits, which no word of a text can be held against.
# Spelt out in the statements too, else no database sees that the partial index fits.
ODD_ID = {
    "sqlite": "submission_id GLOB '*[^A-Za-z0-9_-]*'",
    "postgresql": "submission_id ~ '[^A-Za-z0-9_-]'",
}


class ApiKeyRow(Row):
    """A key by which another system speaks to the service; only its digest is kept."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    scopes: Mapped[list[str]]
    department: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class UserRow(Row):
    """A person who signs in (用户); `role` is one of triage.roles, `department` a code.

    `password_hash` is argon2's; empty until the person has set a password by an invitation.
    """

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    department: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    password_hash: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class SessionRow(Row):
    """A signed-in browser; of its token and its CSRF token only digests are kept."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    token_digest: Mapped[str] = mapped_column(unique=True)
    csrf_digest: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class InvitationRow(Row):
    """A one-time link by which a person sets a password; for the first one `user_id` is None."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AttemptRow(Row):
    """A failed sign-in or look-up, for lock-outs and rate limits that all workers share.

    `subject` is a keyed digest of the login, tracking code or address.
    """

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_kind_subject_at", "kind", "subject", "at"),)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    at: Mapped[datetime]


class SubmitterRow(Row):
    """Who reported (反映人): name, phone, ID number and address sealed under `key_id`.

    `person` is a keyed digest of ID number or phone, by which the same person is known again;
    `phone_tail` one of the code and the last four digits, for the citizen's look-up.
    """

    __tablename__ = "submitter"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(index=True)
    person: Mapped[str | None] = mapped_column(index=True)
    phone_tail: Mapped[str | None]


class AccusationRow(Row):
    """An accusation (检举控告): every word of it sealed, for discipline officers alone (Art. 30).

    `state` is "waiting" (the machine was in doubt), "held" (confirmed) or "released" (it was none).
    """

    __tablename__ = "accusation"
    __table_args__ = (
        Index(
            "ix_accusation_odd",
            "submission_id",
            sqlite_where=text(ODD_ID["sqlite"]),
            postgresql_where=text(ODD_ID["postgresql"]),
        ),
    )

    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    received_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class SealedWorkRow(Row):
    """The words of one row of another table (`source`, `row_id`), taken out of it because its entry
    turned out to be about an accusation (Art. 30)."""

    __tablename__ = "sealed_work"

    source: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=False)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(index=True)
