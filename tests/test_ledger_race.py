"""Eight at once on the same entries: nothing is lost, and who comes second hears it plainly."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ledger_factories import MINUTE, NOW
from workflow_factories import CLERK, HOUSING_OFFICER, file_departments, lead_to, open_one

from triage.errors import Conflict, TriageError
from triage.ledger.chain import verify_chain
from triage.ledger.commands import run_command
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.history import EntryFile, get_entry_file
from triage.ledger.looking import change_thresholds, load_thresholds
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.workflow import Command

THREADS = 8
STEPS_EACH = 12


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def read(store: Store, entry_id: int) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry_id, caller=CLERK)


def run_at_once(*works: Callable[[], object]) -> list[object]:
    """What each gave, or the error that it ended in; all begin at the same moment."""
    gate = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[number] = work()
        except TriageError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "they wait for each other for ever"
    return results


def give_at(
    store: Store, entry_id: int, command: Command, caller: Caller, version: int, **data: Any
) -> object:
    with store.writing() as session:
        return run_command(
            session, entry_id, command, caller=caller, version=version, now=NOW + MINUTE, **data
        )


def test_of_eight_who_looked_at_the_same_version_one_acts_and_seven_are_told(store: Store) -> None:
    entry = open_one(store)
    officer = HOUSING_OFFICER
    results = run_at_once(
        *[
            lambda: give_at(store, entry.id, Command.ACCEPT, officer, 1),
            lambda: give_at(store, entry.id, Command.RETURN, officer, 1, note="不归我们"),
            lambda: give_at(store, entry.id, Command.RECALL, CLERK, 1),
            lambda: give_at(store, entry.id, Command.WITHDRAW, CLERK, 1, note="撤回"),
        ]
        * (THREADS // 4)
    )
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == THREADS - 1
    assert {error.message for error in refused} == {"该条目刚被他人改过，请刷新后再办理"}
    file = read(store, entry.id)
    assert (file.entry.version, len(file.actions)) == (2, 1)


def test_eight_clients_on_the_same_entries_lose_no_step(store: Store) -> None:
    ids = [lead_to(store, EntryState.ACCEPTED, f"L-{number}").id for number in range(3)]
    conflicts: Counter[str] = Counter()

    def work(name: str) -> None:
        for step in range(STEPS_EACH):
            entry_id = ids[step % len(ids)]
            while True:
                version = read(store, entry_id).entry.version
                try:
                    note = f"{name} 第 {step} 步"
                    give_at(store, entry_id, Command.PROGRESS, HOUSING_OFFICER, version, note=note)
                    break
                except Conflict as error:
                    conflicts[error.message] += 1

    results = run_at_once(*[lambda name=f"甲{n}": work(name) for n in range(THREADS)])  # type: ignore[misc]
    assert results == [None] * THREADS
    files = [read(store, entry_id) for entry_id in ids]
    notes = [action.note for file in files for action in file.actions if action.note]
    assert sorted(notes) == sorted(
        f"甲{n} 第 {step} 步" for n in range(THREADS) for step in range(STEPS_EACH)
    )
    for file in files:
        versions = [action.version for action in file.actions]
        assert versions == list(range(2, file.entry.version + 1))  # each step saw the one before
    assert set(conflicts) <= {"该条目刚被他人改过，请刷新后再办理"}
    with store.reading() as session:
        assert verify_chain(session).broken is None


def test_two_that_merge_into_each_other_do_not_lock_up_and_one_is_refused(store: Store) -> None:
    for number in range(6):
        first = open_one(store, f"A-{number}")
        second = open_one(store, f"B-{number}")
        results = run_at_once(
            lambda: give_at(store, first.id, Command.MERGE, CLERK, 1, into=second.id),  # noqa: B023 - done before the next turn
            lambda: give_at(store, second.id, Command.MERGE, CLERK, 1, into=first.id),  # noqa: B023 - done before the next turn
        )
        assert sum(isinstance(result, Conflict) for result in results) == 1
        states = {read(store, entry.id).entry.state for entry in (first, second)}
        assert states == {EntryState.MERGED, EntryState.ASSIGNED}


def test_a_correction_and_a_command_at_once_are_both_kept_or_one_is_refused(store: Store) -> None:
    def correct(submission_id: str) -> object:
        with store.writing() as session:
            decision = Decision(urgency=1)
            return record_decision(session, submission_id, decision, caller=CLERK, now=NOW + MINUTE)

    for number in range(6):
        entry = open_one(store, f"L-{number}")
        corrected, accepted = run_at_once(
            lambda: correct(f"L-{number}"),  # noqa: B023 - done before the next turn
            lambda: give_at(store, entry.id, Command.ACCEPT, HOUSING_OFFICER, 1),  # noqa: B023 - done before the next turn
        )
        file = read(store, entry.id)
        assert not isinstance(corrected, TriageError)
        assert file.entry.urgency == 1
        if isinstance(accepted, Conflict):
            assert (file.entry.version, file.entry.state) == (2, EntryState.ASSIGNED)
        else:
            assert (file.entry.version, file.entry.state) == (3, EntryState.ACCEPTED)


def test_of_those_who_change_different_settings_at_once_none_is_lost(store: Store) -> None:
    admin = Caller("gao", ROLE_ACTIONS[Role.ADMIN])

    def change(name: str, value: int) -> None:
        with store.writing() as session:
            change_thresholds(session, {name: value}, caller=admin, now=NOW)

    names = ("handovers", "pauses", "crowded_teams", "extension_requests")
    for value in range(3, 11):
        run_at_once(*(partial(change, name, value) for name in names))
        with store.reading() as session:
            told = load_thresholds(session).as_dict()
        assert [told[name] for name in names] == [value] * len(names)
