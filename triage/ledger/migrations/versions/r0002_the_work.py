"""What the work itself needs: the steps, deadlines, replies, people, lists, the outbox.

Columns are added in place: SQLite would otherwise copy a table that others refer to.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from triage.ledger.chain import link_events
from triage.ledger.tables import EventRow

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_tables()
    _add_reference("department", sa.Column("parent", sa.Text()), "department.code")
    _add_reference("entry", sa.Column("merged_into", _SERIAL), "entry.id")
    _add_columns()
    _add_indexes()
    _refuse_changes("action")
    _refuse_changes("task_action")
    _chain_events()


def _chain_events() -> None:
    """Link what happened before the log was chained; its triggers stand aside for that."""
    connection = op.get_bind()
    on_postgres = connection.dialect.name == "postgresql"
    if on_postgres:
        op.execute("ALTER TABLE event DISABLE TRIGGER event_append_only")
    else:
        op.execute("DROP TRIGGER event_no_update")
    event = EventRow.__table__
    rows = connection.execute(sa.select(event).order_by(event.c.id)).mappings().all()
    linked = link_events([dict(row) for row in rows])
    if linked:
        connection.execute(
            sa.update(EventRow)
            .where(event.c.id == sa.bindparam("of"))
            .values(previous_hash=sa.bindparam("before"), hash=sa.bindparam("now")),
            [
                {"of": row["id"], "before": row["previous_hash"], "now": row["hash"]}
                for row in linked
            ],
        )
    if on_postgres:
        op.execute("ALTER TABLE event ENABLE TRIGGER event_append_only")
    else:
        op.execute(
            "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
            "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )


def _add_reference(table: str, column: sa.Column[Any], target: str) -> None:
    """A nullable column that refers to `target` ("table.column")."""
    other, key = target.split(".")
    if op.get_bind().dialect.name == "sqlite":
        kind = column.type.compile(op.get_bind().dialect)
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column.name} {kind} REFERENCES {other} ({key})"
        )
        return
    op.add_column(table, column)
    op.create_foreign_key(f"fk_{table}_{column.name}", table, other, [column.name], [key])


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


def _add_columns() -> None:
    for column in (
        sa.Column("matter", sa.Text(), server_default="", nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("runs_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("runs_for", sa.Text(), nullable=True),
        sa.Column("provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reminded", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_ground", sa.Text(), nullable=True),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("extensions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("urges", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopenings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("forwarded_to", sa.Text(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=True),
    ):
        op.add_column("entry", column)
    op.add_column("submission", sa.Column("tracking_digest", sa.Text()))


def _add_indexes() -> None:
    op.drop_index("ix_entry_deadline", "entry")
    running = sa.text("replied_at IS NULL AND closed_at IS NULL AND deadline_at IS NOT NULL")
    unaccepted = sa.text("state = 'assigned' AND accept_by IS NOT NULL")
    op.create_index(
        "ix_entry_due",
        "entry",
        ["deadline_at", "id"],
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index(
        "ix_entry_due_department",
        "entry",
        ["lead_department", "deadline_at", "id"],
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("ix_entry_merged_into", "entry", ["merged_into"])
    op.create_index("ix_entry_opened", "entry", ["opened_at", "id"])
    op.create_index(
        "ix_entry_provisional",
        "entry",
        ["id"],
        sqlite_where=sa.text("provisional"),
        postgresql_where=sa.text("provisional"),
    )
    op.create_index(
        "ix_entry_unaccepted",
        "entry",
        ["accept_by", "id"],
        sqlite_where=unaccepted,
        postgresql_where=unaccepted,
    )
    op.create_index(
        "ix_entry_unaccepted_department",
        "entry",
        ["lead_department", "accept_by", "id"],
        sqlite_where=unaccepted,
        postgresql_where=unaccepted,
    )
    op.create_index("uq_submission_tracking_digest", "submission", ["tracking_digest"], unique=True)
    op.create_index("ix_submission_channel", "submission", ["id", "channel", "recorded_at"])
    op.drop_index("ix_suggestion_submission_id", "suggestion")
    op.create_index(
        "ix_suggestion_dispatch", "suggestion", ["submission_id", "id", "lead", "needs_review"]
    )


def _add_tables() -> None:
    unsent = sa.text("delivered_at IS NULL AND dead_at IS NULL")
    op.create_table(
        "attempt",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_kind_subject_at", "attempt", ["kind", "subject", "at"])
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_holiday"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "accusation",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_accusation_submission_id"
        ),
        sa.PrimaryKeyConstraint("submission_id", name="pk_accusation"),
    )
    op.create_index("ix_accusation_key_id", "accusation", ["key_id"])
    op.create_index("ix_accusation_state", "accusation", ["state"])
    op.create_table(
        "submitter",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("phone_tail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_submitter_submission_id"
        ),
        sa.PrimaryKeyConstraint("submission_id", name="pk_submitter"),
    )
    op.create_index("ix_submitter_key_id", "submitter", ["key_id"])
    op.create_index("ix_submitter_person", "submitter", ["person"])
    op.create_table(
        "task",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("assisting", sa.JSON(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_task_department"),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_deadline", "task", ["deadline_at", "id"])
    op.create_index("ix_task_department", "task", ["department", "state", "deadline_at", "id"])
    op.create_table(
        "user",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_user_department"),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("login", name="uq_user_login"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_webhook_department"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_table(
        "action",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("from_state", sa.String(32), nullable=False),
        sa.Column("to_state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_action_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
    )
    op.create_index("ix_action_at", "action", ["at"])
    op.create_index("ix_action_entry_id", "action", ["entry_id"])
    op.create_table(
        "attachment",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_attachment_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_entry_id", "attachment", ["entry_id"])
    op.create_table(
        "delivery",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("webhook_id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_delivery_webhook_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_delivery_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("key", name="uq_delivery_key"),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["webhook_id", "next_at", "id"],
        sqlite_where=unsent,
        postgresql_where=unsent,
    )
    dead = sa.text("dead_at IS NOT NULL")
    op.create_index(
        "ix_delivery_dead",
        "delivery",
        ["webhook_id", "id"],
        sqlite_where=dead,
        postgresql_where=dead,
    )
    op.create_index("ix_delivery_webhook", "delivery", ["webhook_id", "id"])
    op.create_index("ix_delivery_entry_id", "delivery", ["entry_id"])
    op.create_table(
        "effect",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("task_id", _SERIAL, nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("evaluation", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_effect_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_effect"),
    )
    op.create_index("ix_effect_at", "effect", ["at"])
    op.create_index("ix_effect_task_id", "effect", ["task_id"])
    op.create_table(
        "evaluation",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name="ck_evaluation_satisfaction"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_evaluation_entry_id"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_evaluation_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation"),
    )
    op.create_index("ix_evaluation_entry_id", "evaluation", ["entry_id"])
    op.create_index("ix_evaluation_submission_id", "evaluation", ["submission_id"])
    op.create_table(
        "extension",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_extension_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
    )
    op.create_index("ix_extension_entry_id", "extension", ["entry_id"])
    op.create_table(
        "finding",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_finding_department"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_finding_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
    )
    op.create_index("ix_finding_entry_id", "finding", ["entry_id"])
    op.create_index("ix_finding_state", "finding", ["state", "department", "id"])
    op.create_index("uq_finding_rule_subject", "finding", ["rule", "subject"], unique=True)
    op.create_table(
        "invitation",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", _SERIAL, nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_invitation_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("digest", name="uq_invitation_digest"),
    )
    op.create_index("ix_invitation_user_id", "invitation", ["user_id"])
    op.create_table(
        "milestone",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("task_id", _SERIAL, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_milestone_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_milestone"),
    )
    op.create_index("ix_milestone_task_id", "milestone", ["task_id"])
    op.create_table(
        "reply",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_reply_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reply"),
    )
    op.create_index("ix_reply_at", "reply", ["at"])
    op.create_index("ix_reply_entry_id", "reply", ["entry_id"])
    op.create_table(
        "session",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("csrf_digest", sa.Text(), nullable=False),
        sa.Column("user_id", _SERIAL, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_session_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("token_digest", name="uq_session_token_digest"),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_table(
        "task_entry",
        sa.Column("task_id", _SERIAL, nullable=False),
        sa.Column("entry_id", _SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_task_entry_entry_id"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_entry_task_id"),
        sa.PrimaryKeyConstraint("task_id", "entry_id", name="pk_task_entry"),
    )
    op.create_index("ix_task_entry_entry_id", "task_entry", ["entry_id"])
    op.create_table(
        "task_action",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("task_id", _SERIAL, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_action_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_task_action"),
    )
    op.create_index("ix_task_action_task_id", "task_action", ["task_id"])
