"""Accusations whose id is more than plain letters and digits stand in an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_accusation_odd",
        "accusation",
        ["submission_id"],
        sqlite_where=sa.text("submission_id GLOB '*[^A-Za-z0-9_-]*'"),
        postgresql_where=sa.text("submission_id ~ '[^A-Za-z0-9_-]'"),
    )
