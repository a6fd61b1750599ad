"""What came in is placed into common problems by the worker, or by the first who looks at them."""

import time

import pytest
from ledger_factories import NOW
from problem_factories import LIFT, members_of, suggest_for, tell

from api.background.placing import LONGEST, place_all, placing
from api.busy import Busy
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
    with placing(store, Busy(), clock=lambda: NOW, note_failure=fail):
        end = time.monotonic() + 30
        while len(members_of(store)) < 20:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert len(set(members_of(store).values())) == 1


def test_while_the_service_is_busy_what_came_in_waits_a_minute_at_most(store: Store) -> None:
    take_in(store, 4)
    busy, now = Busy(), [NOW + LONGEST / 2]
    busy.begin()
    with placing(store, busy, clock=lambda: now[0], note_failure=fail):
        time.sleep(1.5)
        assert members_of(store) == {}
        now[0] = NOW + LONGEST
        end = time.monotonic() + 30
        while len(members_of(store)) < 4:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_what_is_under_way_counts_once_however_many_there_are() -> None:
    busy = Busy()
    assert busy.count_s() == 0
    began = time.perf_counter()
    for step in (busy.begin, busy.begin, busy.end):
        step()
        time.sleep(0.05)
    busy.end()
    counted = busy.count_s()
    assert 0.15 <= counted <= time.perf_counter() - began
    time.sleep(0.05)
    assert busy.count_s() == counted


def test_who_looks_at_the_problems_places_what_waits_as_far_as_patience_goes(store: Store) -> None:
    take_in(store, 40)
    assert not place_all(store, now=NOW, patience_s=0)
    assert len(members_of(store)) == AT_ONCE
    assert place_all(store, now=NOW)
    assert len(members_of(store)) == 40


def test_a_fault_is_told_and_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, Exception]] = []
    monkeypatch.setattr("api.background.placing._PAUSE_S", 0.1)
    with placing(store, Busy(), clock=lambda: 1 / 0, note_failure=lambda *what: told.append(what)):
        end = time.monotonic() + 30
        while len(told) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert {(what, type(error)) for what, error in told} == {("placing", ZeroDivisionError)}
