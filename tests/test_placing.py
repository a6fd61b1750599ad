"""What came in is placed into common problems by the worker, or by the first who looks at them."""

import time

import pytest
from ledger_factories import NOW
from problem_factories import LIFT, members_of, suggest_for, tell

from api.background.placing import place_all, placing
from triage.ledger.placing import AT_ONCE
from triage.ledger.records import record_batch
from triage.ledger.store import Store


def take_in(store: Store, count: int) -> None:
    told = [tell(LIFT, number, f"A-{number}") for number in range(count)]
    with store.writing() as session:
        record_batch(session, [(one, suggest_for(one)) for one in told], now=NOW)


def fail(what: str, error: Exception) -> None:
    raise AssertionError(what) from error


def test_what_waits_is_placed_beside_the_requests(store: Store) -> None:
    take_in(store, 20)
    with placing(store, clock=lambda: NOW, note_failure=fail):
        end = time.monotonic() + 30
        while len(members_of(store)) < 20:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert len(set(members_of(store).values())) == 1


def test_who_looks_at_the_problems_places_what_waits_as_far_as_patience_goes(store: Store) -> None:
    take_in(store, 40)
    assert not place_all(store, now=NOW, patience_s=0)
    assert len(members_of(store)) == AT_ONCE
    assert place_all(store, now=NOW)
    assert len(members_of(store)) == 40


def test_a_fault_is_told_and_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, Exception]] = []
    monkeypatch.setattr("api.background.placing._PAUSE_S", 0.1)
    with placing(store, clock=lambda: 1 / 0, note_failure=lambda *what: told.append(what)):
        end = time.monotonic() + 30
        while len(told) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert {(what, type(error)) for what, error in told} == {("placing", ZeroDivisionError)}
