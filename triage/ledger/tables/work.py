"""The work on an entry: where it stands, what was done, answered, asked and thought of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.states import EntryState, Outcome
from triage.ledger.tables.base import SERIAL, Row

# Spelt out in the statements too, else no database sees that the partial index fits.
_RUNNING = "replied_at IS NULL AND closed_at IS NULL AND deadline_at IS NOT NULL"
_PROVISIONAL = "provisional"
_OPEN = "closed_at IS NULL"
_UNRULED = "granted IS NULL"
_UNACCEPTED = "state = 'assigned' AND accept_by IS NOT NULL"


class EntryRow(Row):
    """An entry (台账条目) in the ledger of its lead department.

    `domain` is the path as it was called when the entry was made, so that a ledger still reads
    right after the town has changed its taxonomy. `version` counts changes: who changes an entry
    says which version was read. The ledger indexes end in `confidential` so that counting never
    leaves the index.

    `matter` says which of several matters of one submission this is. `assignee` is the login of the
    officer in charge. `rule` names the deadline rule in force; the deadline lies `runs_for` (a span
    as triage.calendar spells it) after `runs_from`, and is `provisional` where that falls on days
    not yet known to be worked or free. The clock stops at `replied_at` and stands still since
    `paused_at`. `accept_by` and `return_by` are the last moments to sign for it and to object.
    `reminded` is what the department was last reminded of since the clock was set. `ground` is that
    of a refusal, or of closing without an evaluation. `returns`, `extensions`, `urges` and
    `reopenings` count; `solved` and `satisfaction` (5 very satisfied … 1 very dissatisfied) are
    those of the latest evaluation.
    """

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 1 AND 4", name="urgency"),
        Index(
            "ix_entry_due",
            "deadline_at",
            "id",
            sqlite_where=text(_RUNNING),
            postgresql_where=text(_RUNNING),
        ),
        Index(
            "ix_entry_due_department",
            "lead_department",
            "deadline_at",
            "id",
            sqlite_where=text(_RUNNING),
            postgresql_where=text(_RUNNING),
        ),
        Index(
            "ix_entry_unaccepted",
            "accept_by",
            "id",
            sqlite_where=text(_UNACCEPTED),
            postgresql_where=text(_UNACCEPTED),
        ),
        Index(
            "ix_entry_unaccepted_department",
            "lead_department",
            "accept_by",
            "id",
            sqlite_where=text(_UNACCEPTED),
            postgresql_where=text(_UNACCEPTED),
        ),
        Index(
            "ix_entry_provisional",
            "id",
            sqlite_where=text(_PROVISIONAL),
            postgresql_where=text(_PROVISIONAL),
        ),
        Index("ix_entry_opened", "opened_at", "id"),
        Index("ix_entry_urgency", "urgency", "opened_at", "id"),
        Index(
            "ix_entry_open",
            "state",
            "opened_at",
            "id",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    lead_department: Mapped[str] = mapped_column(ForeignKey("department.code"))
    assisting: Mapped[list[str]]
    state: Mapped[EntryState]
    urgency: Mapped[int] = mapped_column(SmallInteger)
    taxonomy: Mapped[str]
    domain_code: Mapped[str]
    domain: Mapped[str]
    nature: Mapped[str]
    division: Mapped[str | None]
    confidential: Mapped[bool]
    version: Mapped[int]
    opened_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    matter: Mapped[str] = mapped_column(default="", server_default="")
    assignee: Mapped[str | None]
    assigned_at: Mapped[datetime | None]
    accept_by: Mapped[datetime | None]
    return_by: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    evaluated_at: Mapped[datetime | None]
    rule: Mapped[str | None]
    runs_from: Mapped[datetime | None]
    runs_for: Mapped[str | None]
    provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    reminded: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    pause_ground: Mapped[str | None]
    returns: Mapped[int] = mapped_column(default=0, server_default="0")
    extensions: Mapped[int] = mapped_column(default=0, server_default="0")
    urges: Mapped[int] = mapped_column(default=0, server_default="0")
    reopenings: Mapped[int] = mapped_column(default=0, server_default="0")
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), index=True)
    forwarded_to: Mapped[str | None]
    ground: Mapped[str | None]
    solved: Mapped[bool | None]
    satisfaction: Mapped[int | None] = mapped_column(SmallInteger)


# As a page of the ledger runs, so that it is one walk: most urgent first, among equals the newest.
_PAGE = (EntryRow.urgency, EntryRow.opened_at.desc(), EntryRow.id.desc(), EntryRow.confidential)
Index("ix_entry_ledger", EntryRow.lead_department, *_PAGE)
Index("ix_entry_ledger_state", EntryRow.lead_department, EntryRow.state, *_PAGE)


class ActionRow(Row):
    """One step in the history of an entry (经办记录): who, when, what, why. Only ever added.

    `command` is one of triage.workflow's; `note` holds the reason in the words of who acted; `data`
    what the step was given. `who` is a login, "key:<id>", "citizen" or "clock".
    """

    __tablename__ = "action"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    command: Mapped[str]
    who: Mapped[str]
    note: Mapped[str]
    data: Mapped[dict[str, Any]]
    from_state: Mapped[EntryState]
    to_state: Mapped[EntryState]
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)


class AttachmentRow(Row):
    """A file kept with an entry as evidence (附件): a photograph, a receipt, a record."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    who: Mapped[str]
    at: Mapped[datetime]


class ReplyRow(Row):
    """A reply (回告) to all who reported the matter; `outcome` is what it says was reached."""

    __tablename__ = "reply"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    text: Mapped[str]
    outcome: Mapped[Outcome]
    quality: Mapped[dict[str, Any] | None]
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class EvaluationRow(Row):
    """What a reporter said of a reply (评价), by the tracking page or a call back.

    `source` is "citizen" or "callback"; `satisfaction` runs from 5 very satisfied to 1.
    """

    __tablename__ = "evaluation"
    __table_args__ = (CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    source: Mapped[str]
    solved: Mapped[bool]
    satisfaction: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]


class ExtensionRow(Row):
    """A request for more time (延期申请); `granted` is None while nobody has decided."""

    __tablename__ = "extension"
    __table_args__ = (
        Index(
            "ix_extension_unruled",
            "id",
            sqlite_where=text(_UNRULED),
            postgresql_where=text(_UNRULED),
        ),
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    amount: Mapped[int]
    unit: Mapped[str]
    reason: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
    granted: Mapped[bool | None]
    decided_by: Mapped[str | None]
    decided_note: Mapped[str | None]
    decided_at: Mapped[datetime | None]
