"""What submissions share, and what the console keeps for those who work at it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_problems()
    _add_console()
    _add_task_problem()
    _add_waiting_indexes()
    _refuse_changes("problem_correction")


def _add_problems() -> None:
    op.create_table(
        "problem",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("merged_into", _SERIAL, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("reporters", sa.Integer(), nullable=False),
        sa.Column("heat", sa.Double(), nullable=False),
        sa.Column("domain_code", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("divisions", sa.JSON(), nullable=False),
        sa.Column("departments", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["problem.id"],
            name="fk_problem_merged_into",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_problem"),
    )
    op.create_index("ix_problem_heat", "problem", ["state", "heat", "id"])
    op.create_index("ix_problem_merged_into", "problem", ["merged_into"])
    op.create_index("ix_problem_seen", "problem", ["state", "last_seen", "id"])
    op.create_index("ix_problem_theme", "problem", ["theme", "id"])
    op.create_table(
        "fingerprint",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_fingerprint_submission_id",
        ),
        sa.PrimaryKeyConstraint("key", "submission_id", name="pk_fingerprint"),
    )
    op.create_index("ix_fingerprint_submission_id", "fingerprint", ["submission_id"])
    op.create_table(
        "repeat",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("earlier_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["earlier_id"],
            ["submission.id"],
            name="fk_repeat_earlier_id",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_repeat_submission_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_repeat"),
        sa.UniqueConstraint(
            "submission_id",
            "earlier_id",
            name="uq_repeat_submission_id_earlier_id",
        ),
    )
    op.create_index("ix_repeat_earlier_id", "repeat", ["earlier_id"])
    op.create_index("ix_repeat_state", "repeat", ["state", "id"])
    op.create_table(
        "trace",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_trace_submission_id",
        ),
        sa.PrimaryKeyConstraint("key", "submission_id", name="pk_trace"),
    )
    op.create_index("ix_trace_submission_id", "trace", ["submission_id"])
    op.create_table(
        "problem_member",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("problem_id", _SERIAL, nullable=False),
        sa.Column("likeness", sa.Double(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"],
            ["problem.id"],
            name="fk_problem_member_problem_id",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_problem_member_submission_id",
        ),
        sa.PrimaryKeyConstraint("submission_id", name="pk_problem_member"),
    )
    op.create_index("ix_problem_member_problem_id", "problem_member", ["problem_id"])
    op.create_table(
        "problem_correction",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("problem_id", _SERIAL, nullable=False),
        sa.Column("other_id", _SERIAL, nullable=True),
        sa.Column("submission_ids", sa.JSON(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["problem.id"],
            name="fk_problem_correction_other_id",
        ),
        sa.ForeignKeyConstraint(
            ["problem_id"],
            ["problem.id"],
            name="fk_problem_correction_problem_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_problem_correction"),
    )
    op.create_index("ix_problem_correction_problem_id", "problem_correction", ["problem_id"])


def _add_console() -> None:
    op.create_table(
        "view",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_view"),
        sa.UniqueConstraint(
            "login",
            "page",
            "name",
            name="uq_view_login_page_name",
        ),
    )
    op.create_table(
        "import",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("standing", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_import"),
    )
    op.create_index("ix_import_key_id", "import", ["key_id"])
    op.create_index("ix_import_state", "import", ["state", "id"])
    op.create_index("ix_import_who", "import", ["who", "id"])
    op.create_table(
        "imported",
        sa.Column("import_id", _SERIAL, nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import.id"],
            name="fk_imported_import_id",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_imported_submission_id",
        ),
        sa.PrimaryKeyConstraint("import_id", "submission_id", name="pk_imported"),
    )
    op.create_index("ix_imported_submission_id", "imported", ["submission_id"])


def _add_task_problem() -> None:
    """Added in place: SQLite would otherwise copy a table that others refer to."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE task ADD COLUMN problem_id INTEGER REFERENCES problem (id)")
    else:
        op.add_column("task", sa.Column("problem_id", _SERIAL, nullable=True))
        op.create_foreign_key("fk_task_problem_id", "task", "problem", ["problem_id"], ["id"])
    op.create_index("ix_task_problem_id", "task", ["problem_id"])


def _add_waiting_indexes() -> None:
    """What waits is looked up whenever somebody opens the console."""
    for name, table, columns, where in (
        ("ix_entry_open", "entry", ["state", "opened_at", "id"], "closed_at IS NULL"),
        ("ix_extension_unruled", "extension", ["id"], "granted IS NULL"),
    ):
        condition = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
