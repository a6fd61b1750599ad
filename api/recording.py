"""Recording what came in at the same time in one transaction: each costs a fraction."""

from collections.abc import Sequence
from datetime import datetime

from triage.errors import StoreUnavailable
from triage.ledger.records import Filed, Sent, record_sent
from triage.ledger.store import Store

MOST = 32  # submissions in one transaction, for which the others who write wait


def record_together(store: Store, sent: Sequence[Sent], *, now: datetime) -> list[Filed]:
    """One outcome for each, in order; where the database fails, all carry that error."""
    try:
        with store.writing() as session:
            return record_sent(session, sent, now=now)
    except StoreUnavailable as error:
        return [Filed(one.submission.id, error=error) for one in sent]
