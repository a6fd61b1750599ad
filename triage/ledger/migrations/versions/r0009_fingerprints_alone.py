"""Fingerprints are kept without being held against the submissions, on SQLite in one tree less."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_fingerprint_submission_id", "fingerprint", type_="foreignkey")
        return
    op.drop_index("ix_fingerprint_submission_id", "fingerprint")
    op.rename_table("fingerprint", "fingerprint_before")
    op.create_table(
        "fingerprint",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "submission_id", name="pk_fingerprint"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO fingerprint (key, submission_id) "
        "SELECT key, submission_id FROM fingerprint_before ORDER BY key, submission_id"
    )
    op.drop_table("fingerprint_before")
    op.create_index("ix_fingerprint_submission_id", "fingerprint", ["submission_id"])
