"""Receivers, what is written for them, and how it fares."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ledger_factories import NOW, make_submission, make_suggestion

from triage.ledger.outbox import (
    Attempt,
    Parcel,
    Result,
    claim_due,
    settle,
)
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.webhooks import (
    DeliveryState,
    Webhook,
    create_webhook,
    list_deliveries,
)
from triage.roles import ROLE_ACTIONS, Caller, Role

ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
LEASE = timedelta(minutes=5)


def add_webhook(store: Store, **changes: Any) -> Webhook:
    told = {
        "name": "住建系统",
        "url": "http://10.1.2.3/hook",
        "kinds": ["*"],
        "department": None,
    } | changes
    with store.writing() as session:
        return create_webhook(session, caller=ADMIN, now=NOW, **told)[1]


def take_in(store: Store, *ids: str, **suggested: Any) -> None:
    with store.writing() as session:
        record_batch(
            session,
            [(make_submission(id=key), make_suggestion(**suggested)) for key in ids or ("L-1",)],
            now=NOW,
        )


def claim(store: Store, webhook: Webhook, *, after: timedelta = timedelta(0)) -> tuple[Parcel, ...]:
    with store.writing() as session:
        return claim_due(session, webhook.id, now=NOW + after, lease=LEASE, limit=20)


def note(
    store: Store,
    webhook: Webhook,
    result: Result,
    parcels: Sequence[Parcel],
    *,
    untried: Sequence[Parcel] = (),
    after: timedelta = timedelta(0),
) -> None:
    attempts = [Attempt(parcel, result, 500, "答复 500") for parcel in parcels]
    with store.writing() as session:
        settle(session, webhook.id, attempts, untried=untried, now=NOW + after)


def states(store: Store, webhook: Webhook) -> list[DeliveryState]:
    with store.reading() as session:
        page = list_deliveries(session, webhook.id, caller=ADMIN)
    return [delivery.state for delivery in page.lines]
