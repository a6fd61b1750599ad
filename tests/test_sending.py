"""Messages on their way to a real receiver that fails, hangs, and comes back."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from receiver_factories import Receiver, free_port, run_receiver

from api.background.sending import GROUP, open_line, send_due
from triage.errors import AccessDenied
from triage.ledger.departments import sync_departments
from triage.ledger.outbox import BACK_OFF, HOLD, Attempt, Parcel, Result
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.webhooks import (
    DeliveryState,
    StoredDelivery,
    create_webhook,
    list_deliveries,
    resend_dead,
)
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.signing import new_secret

ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
TIMEOUT_S = 0.4


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


class Town:
    """A town with one receiver, and a clock that the test turns."""

    def __init__(self, store: Store, url: str) -> None:
        self.store = store
        self.now = NOW
        with store.writing() as session:
            self.secret, webhook = create_webhook(
                session, caller=ADMIN, name="a", url=url, kinds=["*"], now=NOW
            )
        self.webhook_id = webhook.id

    def take_in(self, *ids: str) -> None:
        pairs = [(make_submission(id=key), make_suggestion()) for key in ids]
        with self.store.writing() as session:
            record_batch(session, pairs, now=self.now)

    def send(self, *, after: timedelta = timedelta(0)) -> int:
        self.now += after
        return send_due(self.store, self.webhook_id, timeout_s=TIMEOUT_S, clock=self.read_clock)

    def read_clock(self) -> datetime:
        return self.now

    def deliveries(self) -> list[StoredDelivery]:
        """The oldest first."""
        with self.store.reading() as session:
            page = list_deliveries(session, self.webhook_id, caller=ADMIN, limit=200)
        return list(reversed(page.lines))

    def states(self) -> list[DeliveryState]:
        return [delivery.state for delivery in self.deliveries()]


def send_one(receiver: Receiver, **changes: Any) -> Attempt:
    told = {"url": receiver.url, "secret": new_secret(), "timeout_s": TIMEOUT_S} | changes
    parcel = Parcel(1, "msg_1", {"type": "webhook.trial"}, 0)
    with open_line(**told) as line:
        return line.send(parcel, now=NOW)


def test_a_message_arrives_signed_with_its_key_and_can_be_verified(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    town.take_in("L-1")
    assert town.send() == 1
    (message,) = receiver.taken
    message.verify(town.secret, now=NOW)
    with pytest.raises(AccessDenied):
        message.verify(new_secret(), now=NOW)
    assert message.path == "/hook?from=triage"
    assert message.headers["content-type"].startswith("application/json")
    assert message.headers["user-agent"].startswith("minsheng-triage/")
    assert message.body["type"] == "entry.opened"
    (delivery,) = town.deliveries()
    assert (delivery.state, delivery.key) == (DeliveryState.DELIVERED, message.key)
    assert (delivery.last_status, delivery.attempts) == (200, 1)
    assert town.send(after=timedelta(days=1)) == 0


def test_more_messages_than_one_group_go_out_in_order_over_few_connections(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    ids = [f"L-{number:03}" for number in range(2 * GROUP + 5)]
    town.take_in(*ids)
    assert town.send() == len(ids)
    came = [message.body["data"]["entry"]["submission_id"] for message in receiver.taken]
    assert came == ids


def test_a_receiver_that_ends_each_connection_unsaid_gets_all_at_once_and_in_order(
    store: Store, receiver: Receiver
) -> None:
    receiver.ends = True
    town = Town(store, receiver.url)
    ids = [f"L-{number}" for number in range(5)]
    town.take_in(*ids)
    assert town.send() == len(ids)
    came = [message.body["data"]["entry"]["submission_id"] for message in receiver.seen]
    assert came == ids
    assert {delivery.attempts for delivery in town.deliveries()} == {1}


def test_a_receiver_that_fails_is_tried_again_later_with_the_same_key(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    town.take_in("L-1")
    receiver.status = 500
    assert town.send() == 0
    assert town.send() == 0  # not yet
    assert len(receiver.seen) == 1
    receiver.status = 204
    assert town.send(after=BACK_OFF[0]) == 1
    first, second = receiver.seen
    assert first.key == second.key
    assert first.raw == second.raw
    (delivery,) = town.deliveries()
    assert (delivery.attempts, delivery.last_error) == (2, "")


def test_a_receiver_that_hangs_costs_the_time_limit_and_no_more(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    town.take_in(*(f"L-{number}" for number in range(10)))
    receiver.hangs = 30
    began = time.monotonic()
    assert town.send() == 0
    assert time.monotonic() - began < receiver.hangs / 2
    assert len(receiver.seen) == 2  # not one after the other all ten
    assert [delivery.attempts for delivery in town.deliveries()] == [1, 1] + 8 * [0]
    assert "没有答复" in town.deliveries()[0].last_error
    receiver.hangs = 0
    assert town.send(after=HOLD) == 10


def test_a_receiver_that_answers_drop_by_drop_is_cut_off(receiver: Receiver) -> None:
    receiver.drips = True
    receiver.headers = {"X-Padding": 600 * "x"}  # so that the last drop falls after half a minute
    began = time.monotonic()
    attempt = send_one(receiver)
    assert time.monotonic() - began < 15
    assert (attempt.result, attempt.status) == (Result.UNREACHABLE, None)
    assert "0.4 秒内没有答复" in attempt.error


def test_a_receiver_that_is_gone_gets_everything_once_it_comes_back(store: Store) -> None:
    receiver = Receiver(free_port())
    town = Town(store, receiver.url)
    town.take_in("L-1", "L-2")
    assert town.send() == 0
    town.take_in("L-3")
    assert "没有在这个端口接收" in town.deliveries()[0].last_error
    with run_receiver(receiver):
        assert town.send(after=HOLD) == 3
    town.take_in("L-4")
    assert town.send() == 0
    with run_receiver(receiver):
        assert town.send(after=HOLD) == 1
    assert town.states() == 4 * [DeliveryState.DELIVERED]
    assert len({message.key for message in receiver.taken}) == 4


def test_a_message_that_the_receiver_will_not_have_holds_up_no_other(
    store: Store, receiver: Receiver
) -> None:
    def refuse_one(message: Any) -> int:
        return 422 if message.body["data"]["entry"]["submission_id"] == "L-2" else 200

    town = Town(store, receiver.url)
    receiver.status = refuse_one
    town.take_in("L-1", "L-2", "L-3")
    assert town.send() == 2
    assert town.states() == [
        DeliveryState.DELIVERED,
        DeliveryState.WAITING,
        DeliveryState.DELIVERED,
    ]
    assert town.deliveries()[1].last_error == "对方不接受这一条（422）"


def test_one_message_that_the_receiver_stumbles_over_holds_up_no_other(
    store: Store, receiver: Receiver
) -> None:
    def stumble(message: Any) -> int:
        return 500 if message.body["data"]["entry"]["submission_id"] == "L-1" else 200

    town = Town(store, receiver.url)
    receiver.status = stumble
    town.take_in("L-1", "L-2", "L-3")
    assert town.send() == 2


def test_what_never_arrives_is_dead_in_the_end_and_can_be_sent_again(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    town.take_in("L-1")
    receiver.status = 400
    town.send()
    for delay in BACK_OFF:
        town.send(after=delay)
    assert town.states() == [DeliveryState.DEAD]
    assert len(receiver.seen) == len(BACK_OFF) + 1
    town.send(after=timedelta(days=9))
    assert len(receiver.seen) == len(BACK_OFF) + 1
    receiver.status = 200
    with store.writing() as session:
        assert resend_dead(session, town.webhook_id, caller=ADMIN, now=town.now) == 1
    assert town.send() == 1
    assert len({message.key for message in receiver.seen}) == 1


def test_a_sender_that_dies_on_the_way_leaves_the_message_to_the_next(
    store: Store, receiver: Receiver
) -> None:
    class Killed(BaseException):
        pass

    def stop_clock() -> datetime:
        calls.append(1)
        if len(calls) == 2:  # the first claims, the second is the first attempt's
            raise Killed
        return town.now

    calls: list[int] = []
    town = Town(store, receiver.url)
    town.take_in("L-1")
    with pytest.raises(Killed):
        send_due(store, town.webhook_id, timeout_s=TIMEOUT_S, clock=stop_clock)
    assert town.send() == 0  # still leased
    assert town.send(after=timedelta(seconds=GROUP * TIMEOUT_S + 5)) == 1
    assert len(receiver.taken) == 1


def test_a_sender_that_is_told_to_stop_gives_back_what_it_has_not_tried(
    store: Store, receiver: Receiver
) -> None:
    town = Town(store, receiver.url)
    town.take_in("L-1", "L-2", "L-3")
    took = send_due(
        store,
        town.webhook_id,
        timeout_s=TIMEOUT_S,
        clock=town.read_clock,
        stopping=lambda: len(receiver.taken) == 1,
    )
    assert took == 1
    assert town.send() == 2
    assert len(receiver.taken) == 3


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result.DELIVERED),
        (299, Result.DELIVERED),
        (302, Result.REFUSED),
        (404, Result.REFUSED),
        (410, Result.REFUSED),
        (429, Result.UNREACHABLE),
        (500, Result.UNREACHABLE),
        (503, Result.UNREACHABLE),
    ],
)
def test_the_status_says_what_became_of_it(receiver: Receiver, status: int, result: Result) -> None:
    receiver.status = status
    attempt = send_one(receiver)
    assert (attempt.result, attempt.status) == (result, status)


def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    with run_receiver() as elsewhere:
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
        assert send_one(receiver).result is Result.REFUSED
        assert elsewhere.seen == []


def test_a_receiver_that_hangs_up_is_told_apart_from_one_that_answers(receiver: Receiver) -> None:
    receiver.drops = True
    attempt = send_one(receiver)
    assert (attempt.result, attempt.error) == (
        Result.UNREACHABLE,
        "连接中断，没有收到完整的答复",
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/", "找不到这台主机"),
        (f"http://{'a' * 70}.example/", "找不到这台主机"),
    ],
)
def test_a_host_that_cannot_be_found_is_named_so(receiver: Receiver, url: str, reason: str) -> None:
    attempt = send_one(receiver, url=url)
    assert attempt.result is Result.UNREACHABLE
    assert reason in attempt.error


def test_a_port_that_speaks_no_tls_is_named_so(receiver: Receiver) -> None:
    attempt = send_one(receiver, url=receiver.url.replace("http:", "https:"))
    assert (attempt.result, attempt.error) == (Result.UNREACHABLE, "加密连接建立不了")
