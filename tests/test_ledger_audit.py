from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion

from triage.errors import AccessDenied, InvalidInput
from triage.ledger.audit import StoredEvent, list_events
from triage.ledger.departments import sync_departments
from triage.ledger.events import record_events
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.roles import ROLE_ACTIONS, Action, Caller, Role

SUPERVISOR = Caller("zhou", ROLE_ACTIONS[Role.SUPERVISOR])
BOTH = Caller("both", frozenset({Action.READ_AUDIT, Action.READ_ACCUSATIONS}))


@pytest.fixture(autouse=True)
def log(store: Store) -> None:
    """Five ordinary events, one a minute."""
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)
    for minute, (actor, kind) in enumerate(
        [("li", "entry.accept"), ("wang", "entry.reply"), ("li", "entryway"), ("li", "key.created")]
    ):
        with store.writing() as session:
            record_events(
                session,
                [{"actor": actor, "kind": kind, "entry_id": 7, "payload": {"n": minute}}],
                now=NOW + timedelta(minutes=minute),
            )


def kinds(store: Store, caller: Caller = SUPERVISOR, **wanted: object) -> list[str]:
    with store.reading() as session:
        return [e.kind for e in list_events(session, caller=caller, **wanted).lines]  # type: ignore[arg-type]


def test_the_log_reads_newest_first(store: Store) -> None:
    assert kinds(store) == ["key.created", "entryway", "entry.reply", "entry.accept"]
    with store.reading() as session:
        newest = list_events(session, caller=SUPERVISOR, limit=1).lines[0]
    assert replace(newest, id=0, hash="") == StoredEvent(
        0, NOW + timedelta(minutes=3), "li", None, "key.created", None, 7, {"n": 3}, ""
    )
    assert len(newest.hash) == 64


def test_pages_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    seen, cursor = [], None
    with store.reading() as session:
        while True:
            page = list_events(session, caller=SUPERVISOR, limit=3, cursor=cursor)
            seen += [event.kind for event in page.lines]
            cursor = page.next
            if cursor is None:
                break
    assert seen == kinds(store)


def test_the_log_is_filtered_by_each_of_its_columns(store: Store) -> None:
    assert kinds(store, kind="entry") == ["entry.reply", "entry.accept"]
    assert kinds(store, kind="entry.reply") == ["entry.reply"]
    assert kinds(store, kind="entr%") == []
    assert kinds(store, actor="wang") == ["entry.reply"]
    assert kinds(store, entry_id=8) == []
    assert kinds(store, submission_id="L-1") == []
    minute = timedelta(minutes=1)
    assert kinds(store, since=NOW + minute, until=NOW + 3 * minute) == ["entryway", "entry.reply"]


def test_who_may_not_read_the_log_is_refused(store: Store) -> None:
    for role in (Role.CLERK, Role.OFFICER, Role.DISCIPLINE):
        with store.reading() as session, pytest.raises(AccessDenied):
            list_events(session, caller=Caller("x", ROLE_ACTIONS[role]))


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"cursor": "x"}, {"since": datetime(2025, 3, 1)}, {"limit": 201}]
)
def test_a_wrong_page_is_explained(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        kinds(store, **wrong)


def test_what_was_done_with_an_accusation_does_not_exist_for_others(store: Store) -> None:
    with store.writing() as session:
        record_batch(
            session,
            [
                (make_submission(id="open"), make_suggestion()),
                (make_submission(id="hidden"), make_suggestion(confidential=True)),
            ],
            now=NOW,
        )
        record_events(session, [{"actor": "ji", "kind": "accusation.seen"}], now=NOW)
    shown = kinds(store, since=NOW, kind="submission")
    assert shown == ["submission.recorded"]
    assert kinds(store, submission_id="open") != []
    assert kinds(store, submission_id="hidden") == []
    assert kinds(store, kind="accusation") == []
    assert kinds(store, BOTH, submission_id="hidden") != []
    assert kinds(store, BOTH, kind="accusation")[0] == "accusation.seen"
