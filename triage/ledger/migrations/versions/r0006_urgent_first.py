"""The whole ledger is looked through by urgency, a walk along an index for each level."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_entry_urgency", "entry", ["urgency", "opened_at", "id"])
