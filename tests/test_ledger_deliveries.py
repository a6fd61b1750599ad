"""How messages to other systems are claimed, delivered, tried again and given up."""

from datetime import timedelta

import pytest
from ledger_factories import DEPARTMENTS, NOW
from outbox_factories import ADMIN, LEASE, add_webhook, claim, note, states, take_in
from sqlalchemy import update

from triage.ledger.departments import sync_departments
from triage.ledger.outbox import (
    BACK_OFF,
    HOLD,
    Result,
    claim_due,
    find_due_webhooks,
    forget_delivered,
)
from triage.ledger.store import Store
from triage.ledger.tables import DeliveryRow
from triage.ledger.webhooks import (
    DeliveryState,
    change_webhook,
    list_deliveries,
    list_webhooks,
    resend,
    resend_dead,
)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def test_a_claimed_message_is_nobody_elses_until_the_lease_is_over(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store)
    (first,) = claim(store, webhook)
    assert claim(store, webhook, after=LEASE - timedelta(seconds=1)) == ()
    (again,) = claim(store, webhook, after=LEASE)
    assert again.key == first.key


def test_two_senders_at_once_share_what_is_due(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, *(f"L-{number}" for number in range(6)))
    with store.writing() as session:
        first = claim_due(session, webhook.id, now=NOW, lease=LEASE, limit=4)
        if store.writer.dialect.name == "postgresql":  # SQLite lets the second wait
            with store.writing() as other:
                second = claim_due(other, webhook.id, now=NOW, lease=LEASE, limit=4)
    if store.writer.dialect.name == "sqlite":
        second = claim(store, webhook)
    keys = [parcel.key for parcel in (*first, *second)]
    assert len(keys) == len(set(keys)) == 6


def test_the_longest_due_goes_first_and_only_as_many_as_asked(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2", "L-3")
    with store.writing() as session:
        parcels = claim_due(session, webhook.id, now=NOW, lease=LEASE, limit=2)
    assert [parcel.body["data"]["entry"]["submission_id"] for parcel in parcels] == ["L-1", "L-2"]


def test_only_active_receivers_with_something_due_are_found(store: Store) -> None:
    busy, idle = add_webhook(store), add_webhook(store)
    add_webhook(store, kinds=["decision.*"])
    take_in(store)
    with store.writing() as session:
        change_webhook(session, idle.id, caller=ADMIN, active=False, now=NOW)
    with store.reading() as session:
        assert find_due_webhooks(session, now=NOW) == (busy.id,)
        assert find_due_webhooks(session, now=NOW - timedelta(seconds=1)) == ()


def test_a_delivered_message_is_never_claimed_again(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store)
    note(store, webhook, Result.DELIVERED, claim(store, webhook))
    assert claim(store, webhook, after=timedelta(days=30)) == ()
    assert states(store, webhook) == [DeliveryState.DELIVERED]


def test_a_refused_message_waits_longer_each_time_and_is_dead_in_the_end(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store)
    after = timedelta(0)
    for delay in BACK_OFF:
        note(store, webhook, Result.REFUSED, claim(store, webhook, after=after), after=after)
        assert claim(store, webhook, after=after + delay - timedelta(seconds=1)) == ()
        after += delay
    assert states(store, webhook) == [DeliveryState.WAITING]
    note(store, webhook, Result.REFUSED, claim(store, webhook, after=after), after=after)
    assert states(store, webhook) == [DeliveryState.DEAD]
    assert claim(store, webhook, after=timedelta(days=99)) == ()
    with store.reading() as session:
        (delivery,) = list_deliveries(session, webhook.id, caller=ADMIN).lines
        (health,) = list_webhooks(session, caller=ADMIN)
    assert (delivery.attempts, delivery.last_status) == (len(BACK_OFF) + 1, 500)
    assert delivery.last_error == "答复 500"
    assert (health.waiting, health.dead) == (0, 1)


def test_a_refused_message_holds_up_no_other(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2")
    bad, good = claim(store, webhook)
    note(store, webhook, Result.REFUSED, [bad], untried=[good])
    assert [parcel.key for parcel in claim(store, webhook)] == [good.key]


def test_while_a_receiver_cannot_be_reached_all_that_waits_for_it_is_left_alone(
    store: Store,
) -> None:
    webhook, other = add_webhook(store), add_webhook(store)
    take_in(store, "L-1", "L-2", "L-3")
    with store.writing() as session:
        tried, untried = claim_due(session, webhook.id, now=NOW, lease=LEASE, limit=2)
    note(store, webhook, Result.UNREACHABLE, [tried], untried=[untried])
    assert claim(store, webhook, after=BACK_OFF[0] - timedelta(seconds=1)) == ()
    assert len(claim(store, other)) == 3
    back = claim(store, webhook, after=BACK_OFF[0])
    assert [parcel.attempts for parcel in back] == [1, 0, 0]


def test_one_message_that_nobody_can_take_stops_the_others_for_a_minute_at_most(
    store: Store,
) -> None:
    webhook = add_webhook(store)
    take_in(store)
    after = timedelta(0)
    for delay in BACK_OFF[:4]:
        note(store, webhook, Result.UNREACHABLE, claim(store, webhook, after=after), after=after)
        after += delay
    take_in(store, "L-2")
    other, first = claim(store, webhook, after=after)
    note(store, webhook, Result.UNREACHABLE, [first], untried=[other], after=after)
    assert claim(store, webhook, after=after + HOLD - timedelta(seconds=1)) == ()
    (other,) = claim(store, webhook, after=after + HOLD)
    assert other.body["data"]["entry"]["submission_id"] == "L-2"


def test_a_sender_that_was_too_slow_does_not_undo_a_delivery(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store)
    slow = claim(store, webhook)
    note(store, webhook, Result.DELIVERED, claim(store, webhook, after=LEASE), after=LEASE)
    note(store, webhook, Result.UNREACHABLE, slow, after=LEASE)
    assert states(store, webhook) == [DeliveryState.DELIVERED]


def test_dead_and_delivered_messages_are_sent_again_under_their_old_key(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2", "L-3")
    parcels = claim(store, webhook)
    note(store, webhook, Result.DELIVERED, parcels[:1])
    with store.writing() as session:
        session.execute(
            update(DeliveryRow).where(DeliveryRow.delivered_at.is_(None)).values(dead_at=NOW)
        )
    with store.writing() as session:
        again = resend(session, parcels[0].id, caller=ADMIN, now=NOW)
        assert resend_dead(session, webhook.id, caller=ADMIN, now=NOW) == 2
    assert (again.state, again.attempts) == (DeliveryState.WAITING, 0)
    assert {p.key for p in claim(store, webhook)} == {p.key for p in parcels}


def test_the_list_of_messages_comes_in_pages_and_by_state(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2", "L-3")
    note(store, webhook, Result.DELIVERED, claim(store, webhook)[:1])
    with store.reading() as session:
        first = list_deliveries(session, webhook.id, caller=ADMIN, limit=2)
        last = list_deliveries(session, webhook.id, caller=ADMIN, limit=2, cursor=first.next)
        delivered = list_deliveries(
            session, webhook.id, caller=ADMIN, state=DeliveryState.DELIVERED
        )
        dead = list_deliveries(session, webhook.id, caller=ADMIN, state=DeliveryState.DEAD)
    ids = [delivery.id for page in (first, last) for delivery in page.lines]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), last.next) == (3, None)
    assert [delivery.id for delivery in delivered.lines] == ids[2:]
    assert dead.lines == ()


def test_old_deliveries_are_forgotten_and_nothing_else(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2")
    note(store, webhook, Result.DELIVERED, claim(store, webhook)[:1])
    with store.writing() as session:
        assert forget_delivered(session, before=NOW) == 0
        assert forget_delivered(session, before=NOW + timedelta(seconds=1)) == 1
    assert states(store, webhook) == [DeliveryState.WAITING]
