"""A new key in the ring: on record, and all that was sealed before sealed anew."""

from ledger_factories import NOW, make_submission

from triage.ledger.records import record_submission
from triage.ledger.resealing import list_key_ids, reseal, rotate_key
from triage.ledger.store import Store, get_ring
from triage.ledger.tables import EventRow
from triage.submitters import Submitter


def test_a_rotation_is_on_record_and_what_is_sealed_follows(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(submitter=Submitter("王小明")), now=NOW)
        (before,) = list_key_ids(session)
    with store.writing() as session:
        key_id = rotate_key(session, who="zhao", now=NOW)
        assert get_ring(session).current == key_id != before
        assert reseal(session) == 1
    with store.reading() as session:
        assert list_key_ids(session) == {key_id}
        (rotated,) = [event for event in session.query(EventRow) if event.kind == "keyring.rotated"]
    assert (rotated.actor, rotated.payload) == ("zhao", {"key": key_id})
