"""Words of what can only be added go under the seal, and come back, in tasks and corrections too.

The database now looks whether they stand under the seal, not whether their entry is hidden: of what
is written beside an accusation the entry is not.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WORDS = {
    "action": ("note", "data"),
    "decision": ("reason",),
    "task_action": ("note", "data"),
    "problem_correction": ("note",),
}
_FIXED = {
    "task_action": ("id", "task_id", "command", "who", "version", "at"),
    "problem_correction": (
        *("id", "kind", "problem_id", "other_id", "submission_ids", "payload", "who", "at"),
    ),
}
_SEALED = "EXISTS (SELECT 1 FROM sealed_work WHERE row_id = OLD.id AND source = '%s')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_unsealed_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF EXISTS (SELECT FROM sealed_work "
            "WHERE source = TG_TABLE_NAME AND row_id = OLD.id) THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in _WORDS:
        _let_words_go(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_open_change()")


def _let_words_go(table: str) -> None:
    words, fixed = ", ".join(_WORDS[table]), ", ".join(_FIXED.get(table, ()))
    if op.get_bind().dialect.name == "postgresql":
        if fixed:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OF {fixed} OR DELETE "
                f"OR TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_words_stay ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_words_stay BEFORE UPDATE OF {words} "
            f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_unsealed_change()"
        )
        return
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if fixed:
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {fixed} ON {table} {refusal}"
        )
    else:
        op.execute(f"DROP TRIGGER {table}_words_stay")
    op.execute(
        f"CREATE TRIGGER {table}_words_stay BEFORE UPDATE OF {words} ON {table} "
        f"WHEN NOT {_SEALED % table} {refusal}"
    )
