"""What is written for other systems, in which transaction, and for whom."""

import pytest
from ledger_factories import CITY, DEPARTMENTS, HOUSING, NOW, make_submission, make_suggestion
from outbox_factories import ADMIN, CLERK, add_webhook, claim, note, states, take_in
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from triage.errors import NotFound
from triage.ledger.commands import run_command
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.departments import sync_departments
from triage.ledger.events import record_events
from triage.ledger.outbox import (
    BACK_OFF,
    Result,
)
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.tables import DeliveryRow, DepartmentRow, EntryRow, SubmissionRow
from triage.ledger.webhooks import (
    DeliveryState,
    change_webhook,
    list_webhooks,
    resend,
)
from triage.workflow import Command


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


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
