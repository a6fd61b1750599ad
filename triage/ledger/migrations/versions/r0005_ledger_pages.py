"""The indexes of the ledger run as its pages do: most urgent first, among equals the newest.

A page is one walk along them then, instead of one for each level.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PAGE: tuple[Any, ...] = (
    "urgency",
    sa.column("opened_at").desc(),
    sa.column("id").desc(),
    "confidential",
)


def upgrade() -> None:
    for name, first in (
        ("ix_entry_ledger", ("lead_department",)),
        ("ix_entry_ledger_state", ("lead_department", "state")),
    ):
        op.drop_index(name, "entry")
        op.create_index(name, "entry", [*first, *_PAGE])
