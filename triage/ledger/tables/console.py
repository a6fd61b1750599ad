"""What the console keeps for those who work at it: saved views, and files brought in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from triage.ledger.states import ImportState
from triage.ledger.tables.base import SERIAL, Row


class ViewRow(Row):
    """A saved view (常用视图): filters, columns and order of a page under a name of one's own."""

    __tablename__ = "view"
    __table_args__ = (UniqueConstraint("login", "page", "name"),)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    login: Mapped[str]
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ImportRow(Row):
    """A file of submissions brought in from the console (批量导入), row by row, resumable.

    `content` is the file until the last row is in, then None. `done` counts the rows gone through,
    of which `taken` are new, `standing` were there already and `refused` had an error; `errors`
    holds their row numbers and messages, never their words. `content` is sealed under `key_id`.
    `rate` is how many rows a second went through of late.
    """

    __tablename__ = "import"
    __table_args__ = (Index("ix_import_who", "who", "id"), Index("ix_import_state", "state", "id"))

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    who: Mapped[str]
    file_name: Mapped[str]
    state: Mapped[ImportState]
    mapping: Mapped[dict[str, Any]]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(index=True)
    total: Mapped[int]
    done: Mapped[int]
    taken: Mapped[int]
    standing: Mapped[int]
    refused: Mapped[int]
    errors: Mapped[list[dict[str, Any]]]
    rate: Mapped[float | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportedRow(Row):
    """Which submissions a file brought, so that they can be taken back together."""

    __tablename__ = "imported"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), primary_key=True)
    submission_id: Mapped[str] = mapped_column(
        ForeignKey("submission.id"), primary_key=True, index=True
    )
