"""What was written of an entry before it turned out to be about an accusation goes under the seal.

Actions and decisions can still only be added, but for their words, and these only while their entry
is hidden. What had been forwarded to the discipline side is hidden from now on, and sealed when the
service starts.

Submissions say how many approved of them where they were told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = {"action": ("note", "data"), "decision": ("reason",)}
_FIXED = {
    "action": (*("id", "entry_id", "command", "who", "from_state", "to_state", "version", "at"),),
    "decision": (
        *("id", "submission_id", "entry_id", "suggestion_id", "who", "kind", "payload"),
        "decided_at",
    ),
}


def upgrade() -> None:
    op.create_table(
        "sealed_work",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("row_id", _SERIAL, nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name="fk_sealed_work_submission_id",
        ),
        sa.PrimaryKeyConstraint("source", "row_id", name="pk_sealed_work"),
    )
    op.create_index("ix_sealed_work_key_id", "sealed_work", ["key_id"])
    op.create_index("ix_sealed_work_submission_id", "sealed_work", ["submission_id"])
    op.add_column("submission", sa.Column("likes", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_open_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF EXISTS (SELECT FROM entry WHERE id = OLD.entry_id AND confidential) "
            "THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in _WORDS:
        _let_words_go(table)
    op.execute(
        "UPDATE entry SET confidential = true, version = version + 1 "
        "WHERE forwarded_to = 'discipline' AND state = 'forwarded' AND NOT confidential"
    )


def _let_words_go(table: str) -> None:
    words, fixed = ", ".join(_WORDS[table]), ", ".join(_FIXED[table])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OF {fixed} OR DELETE OR TRUNCATE "
            f"ON {table} EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_words_stay BEFORE UPDATE OF {words} "
            f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_open_change()"
        )
        return
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"DROP TRIGGER {table}_no_update")
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {fixed} ON {table} {refusal}")
    hidden = "EXISTS (SELECT 1 FROM entry WHERE id = OLD.entry_id AND confidential)"
    op.execute(
        f"CREATE TRIGGER {table}_words_stay BEFORE UPDATE OF {words} ON {table} "
        f"WHEN NOT {hidden} {refusal}"
    )
