"""What is written for other systems, in which transaction, and for whom."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from ledger_factories import CITY, DEPARTMENTS, HOUSING, NOW, make_submission, make_suggestion
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.commands import run_command
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.departments import sync_departments
from triage.ledger.events import record_events
from triage.ledger.outbox import (
    BACK_OFF,
    HOLD,
    Attempt,
    Parcel,
    Result,
    claim_due,
    find_due_webhooks,
    forget_delivered,
    matches,
    settle,
)
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.tables import DeliveryRow, DepartmentRow, EntryRow, SubmissionRow, WebhookRow
from triage.ledger.webhooks import (
    DeliveryState,
    Webhook,
    change_webhook,
    check_url,
    create_webhook,
    find_target,
    list_deliveries,
    list_webhooks,
    renew_secret,
    resend,
    resend_dead,
    try_webhook,
)
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.workflow import Command

ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
LEASE = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


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


def test_a_message_says_what_happened_and_where_the_entry_stands_in_codes_alone(
    store: Store,
) -> None:
    webhook = add_webhook(store)
    take_in(store)
    (parcel,) = claim(store, webhook)
    assert parcel.body["type"] == "entry.opened"
    assert parcel.body["timestamp"] == NOW.isoformat()
    entry = parcel.body["data"]["entry"]
    assert entry["submission_id"] == "L-1"
    assert (entry["lead_department"], entry["state"], entry["version"]) == (
        "zhujian",
        "assigned",
        1,
    )
    assert parcel.body["data"]["step"]["lead"] == "zhujian"
    assert "电梯" not in str(parcel.body)
    assert "幸福里" not in str(parcel.body)


def test_what_was_undone_is_told_to_nobody(store: Store) -> None:
    def take_in_and_fail(session: Session) -> None:
        record_batch(session, [(make_submission(), make_suggestion())], now=NOW)
        raise RuntimeError

    webhook = add_webhook(store)
    with pytest.raises(RuntimeError), store.writing() as session:
        take_in_and_fail(session)
    assert claim(store, webhook) == ()


def test_a_message_shows_the_entry_as_it_was_committed(store: Store) -> None:
    webhook = add_webhook(store)
    with store.writing() as session:
        record_batch(session, [(make_submission(), make_suggestion())], now=NOW)
        session.execute(update(EntryRow).values(urgency=1, version=2))
    (parcel,) = claim(store, webhook)
    assert parcel.body["data"]["entry"]["urgency"] == 1
    assert parcel.body["data"]["entry"]["version"] == 2


def test_every_receiver_that_asked_gets_its_own_message(store: Store) -> None:
    everything = add_webhook(store)
    decisions = add_webhook(store, kinds=["decision.*"])
    confirmed = add_webhook(store, kinds=["decision.confirmed", "entry.opened"])
    idle = add_webhook(store)
    with store.writing() as session:
        change_webhook(session, idle.id, caller=ADMIN, active=False, now=NOW)
    take_in(store)
    with store.writing() as session:
        record_decision(
            session,
            "L-1",
            Decision(lead="城管局"),
            caller=CLERK,
            now=NOW,
        )
    told = {
        webhook.id: [parcel.body["type"] for parcel in claim(store, webhook)]
        for webhook in (everything, decisions, confirmed, idle)
    }
    assert told == {
        everything.id: ["entry.opened", "decision.corrected"],
        decisions.id: ["decision.corrected"],
        confirmed.id: ["entry.opened"],
        idle.id: [],
    }
    with store.reading() as session:
        keys = session.scalars(select(DeliveryRow.key)).all()
    assert len(set(keys)) == 4


def test_events_without_an_entry_are_told_to_nobody(store: Store) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-2", lead=None)
    with store.writing() as session:
        record_events(session, [{"actor": "x", "kind": "entry.odd"}], now=NOW)
    assert claim(store, webhook) == ()


def test_a_receiver_of_one_department_hears_of_its_entries_and_of_those_below(
    store: Store,
) -> None:
    with store.writing() as session:
        session.execute(
            update(DepartmentRow)
            .where(DepartmentRow.code == HOUSING.code)
            .values(parent="chengguan")
        )
    housing = add_webhook(store, department="住建局")
    above = add_webhook(store, department="chengguan")
    other = add_webhook(store, department="jiwei")
    take_in(store)
    assert [len(claim(store, webhook)) for webhook in (housing, above, other)] == [1, 1, 0]


def test_a_receiver_of_an_assisting_department_hears_of_the_entry_too(store: Store) -> None:
    assisting = add_webhook(store, department=CITY.code)
    take_in(store)
    assert len(claim(store, assisting)) == 1


def test_the_department_that_an_entry_was_taken_from_hears_of_it_a_last_time(store: Store) -> None:
    take_in(store)
    housing = add_webhook(store, department=HOUSING.code)
    with store.writing() as session:
        entry_id = session.scalars(select(EntryRow.id)).one()
        moved = run_command(
            session,
            entry_id,
            Command.REASSIGN,
            caller=CLERK,
            version=1,
            now=NOW,
            note="属监督事项",
            lead="jiwei",
            assisting=[],
        )
        assert moved.lead_department == "jiwei"
    (parcel,) = claim(store, housing)
    assert parcel.body["type"] == "entry.reassign"
    assert parcel.body["data"]["step"]["before"] == "zhujian"
    assert parcel.body["data"]["step"]["lead"] == "jiwei"
    assert "监督事项" not in str(parcel.body)
    with store.writing() as session:
        record_decision(session, "L-1", Decision(lead="城管局"), caller=CLERK, now=NOW, version=2)
    assert claim(store, housing) == ()


def test_a_correction_tells_the_department_that_loses_the_entry_too(store: Store) -> None:
    take_in(store)
    housing = add_webhook(store, department=HOUSING.code)
    with store.writing() as session:
        record_decision(
            session, "L-1", Decision(lead="城管局", assisting=()), caller=CLERK, now=NOW
        )
    (parcel,) = claim(store, housing)
    assert parcel.body["type"] == "decision.corrected"
    assert parcel.body["data"]["step"]["before"] == "zhujian"


def test_departments_in_a_ring_do_not_hang_the_transaction(store: Store) -> None:
    with store.writing() as session:
        for code, parent in (("zhujian", "chengguan"), ("chengguan", "zhujian")):
            row = session.get(DepartmentRow, code)
            assert row is not None
            row.parent = parent
    webhook = add_webhook(store, department="jiwei")
    take_in(store)
    assert claim(store, webhook) == ()


def test_of_an_accusation_nothing_is_written(store: Store) -> None:
    webhook = add_webhook(store)
    with store.writing() as session:
        record_batch(session, [(make_submission(), make_suggestion())], now=NOW)
        session.execute(update(EntryRow).values(confidential=True))
    with store.writing() as session:
        record_batch(session, [(make_submission(id="L-2"), make_suggestion())], now=NOW)
        session.execute(
            update(SubmissionRow).where(SubmissionRow.id == "L-2").values(confidential=True)
        )
    with store.reading() as session:
        assert session.scalars(select(DeliveryRow)).all() == []
    assert claim(store, webhook) == ()


def test_what_turns_out_to_be_an_accusation_is_neither_sent_nor_shown_nor_sent_again(
    store: Store,
) -> None:
    webhook = add_webhook(store)
    take_in(store, "L-1", "L-2", "L-3")
    parcels = claim(store, webhook)
    note(store, webhook, Result.DELIVERED, parcels[:1])
    note(store, webhook, Result.REFUSED, parcels[1:])
    assert len(states(store, webhook)) == 3
    with store.writing() as session:
        session.execute(
            update(SubmissionRow).where(SubmissionRow.id != "L-3").values(confidential=True)
        )
    assert states(store, webhook) == [DeliveryState.WAITING]
    with store.reading() as session:
        assert list_webhooks(session, caller=ADMIN)[0].waiting == 1
    with pytest.raises(NotFound), store.writing() as session:
        resend(session, parcels[0].id, caller=ADMIN, now=NOW)
    left = claim(store, webhook, after=BACK_OFF[0])
    assert [parcel.body["data"]["entry"]["submission_id"] for parcel in left] == ["L-3"]


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


def test_the_secret_stands_sealed_and_opens_for_the_sender(store: Store) -> None:
    with store.writing() as session:
        secret, webhook = create_webhook(
            session, caller=ADMIN, name="a", url="https://a.example/", kinds=["*"], now=NOW
        )
    with store.reading() as session:
        assert find_target(session, webhook.id) == ("https://a.example/", secret)
        sealed = session.scalar(select(WebhookRow.secret))
    assert sealed is not None
    assert secret.encode() not in sealed
    with store.writing() as session:
        renewed = renew_secret(session, webhook.id, caller=ADMIN, now=NOW)
    with store.reading() as session:
        assert find_target(session, webhook.id)[1] == renewed != secret


def test_a_trial_message_tells_of_nothing(store: Store) -> None:
    webhook = add_webhook(store, kinds=["decision.*"])
    with store.writing() as session:
        try_webhook(session, webhook.id, caller=ADMIN, now=NOW)
    (parcel,) = claim(store, webhook)
    assert (parcel.body["type"], parcel.body["data"]) == ("webhook.trial", {})
    with store.writing() as session:
        change_webhook(session, webhook.id, caller=ADMIN, active=False, now=NOW)
    with pytest.raises(InvalidInput, match="启用"), store.writing() as session:
        try_webhook(session, webhook.id, caller=ADMIN, now=NOW)


def test_only_who_manages_webhooks_may_touch_or_see_them(store: Store) -> None:
    webhook = add_webhook(store)
    with store.writing() as session:
        for attempt in (
            lambda: list_webhooks(session, caller=CLERK),
            lambda: list_deliveries(session, webhook.id, caller=CLERK),
            lambda: change_webhook(session, webhook.id, caller=CLERK, name="b", now=NOW),
            lambda: renew_secret(session, webhook.id, caller=CLERK, now=NOW),
            lambda: try_webhook(session, webhook.id, caller=CLERK, now=NOW),
            lambda: resend_dead(session, webhook.id, caller=CLERK, now=NOW),
            lambda: resend(session, 1, caller=CLERK, now=NOW),
        ):
            with pytest.raises(AccessDenied, match="管理推送"):
                attempt()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "名" * 101},
        {"kinds": []},
        {"kinds": ["submission.recorded"]},
        {"kinds": ["entry.nothing"]},
        {"url": "ftp://a.example/"},
    ],
    ids=str,
)
def test_a_receiver_that_could_never_work_is_refused(store: Store, changes: Any) -> None:
    with pytest.raises(InvalidInput):
        add_webhook(store, **changes)


def test_a_receiver_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="单位"):
        add_webhook(store, department="没有的局")
    with pytest.raises(NotFound), store.writing() as session:
        change_webhook(session, 99, caller=ADMIN, name="b", now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example/hook",
        "file:///etc/passwd",
        "https://user:pass@a.example/",
        "https://a.example/#part",
        "https://a.example/a b",
        "https://a.example/\r\nHost: b",
        "https://住建.example/",
        "http://a.example:99999/",
        "http://[::1/",
        "http://",
        "https://a.example/" + "x" * 1000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="推送地址应形如"):
        check_url(url)


@pytest.mark.parametrize("url", ["http://10.0.0.8:8080/hook?a=b", "https://[::1]/hook"])
def test_an_address_in_the_towns_own_network_is_taken(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("wanted", "kind", "right"),
    [
        (["*"], "entry.reply", True),
        (["entry.*"], "entry.reply", True),
        (["entry.reply"], "entry.reply", True),
        (["entry.repl"], "entry.reply", False),
        (["decision.*"], "entry.reply", False),
        ([], "entry.reply", False),
    ],
)
def test_a_kind_is_asked_for_by_its_name_by_its_family_or_by_all(
    wanted: list[str], kind: str, right: bool
) -> None:
    assert matches(wanted, kind) is right
