"""A submission is placed into a common problem a moment after it came in; until then it waits."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unplaced",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_unplaced_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unplaced"),
        sa.UniqueConstraint("submission_id", name="uq_unplaced_submission_id"),
    )
