"""Reading and recording what came in at the same time together: each costs a fraction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.errors import StoreUnavailable
from triage.ledger.records import Filed, Sent, record_sent
from triage.ledger.store import Store
from triage.submissions import Submission
from triage.suggestions import Suggestion

MOST = 32  # submissions in one transaction, for which the others who write wait


@dataclass(frozen=True, slots=True)
class Brought:
    """A submission, and who brings it under which idempotency key, if any."""

    submission: Submission
    source: str
    idempotency_key: str | None


def take_together(
    suggest: Callable[[list[Submission]], Sequence[Suggestion]],
    store: Store,
    brought: Sequence[Brought],
    *,
    now: datetime,
) -> list[tuple[Suggestion, Filed]]:
    """For each, in order, what the machine says of it and what became of it; where the database
    fails, all carry that error. Nobody may be told before `store.settle()` has returned."""
    said = suggest([one.submission for one in brought])
    sent = [
        Sent(one.submission, suggestion, one.source, one.idempotency_key)
        for one, suggestion in zip(brought, said, strict=True)
    ]
    try:
        with store.writing(settled=False) as session:
            filed = record_sent(session, sent, now=now)
    except StoreUnavailable as error:
        filed = [Filed(one.submission.id, error=error) for one in sent]
    return list(zip(said, filed, strict=True))
