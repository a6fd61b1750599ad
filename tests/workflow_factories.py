"""Callers, and entries that stand where a test wants them, by the commands that lead there."""

from typing import Any

from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion

from triage.ledger.commands import run_command
from triage.ledger.departments import sync_departments
from triage.ledger.placing import place_waiting
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Action, Caller, Role
from triage.workflow import CITIZEN, Command

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
SUPERVISOR = Caller("sun", ROLE_ACTIONS[Role.SUPERVISOR])
HOUSING_OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
CITY_OFFICER = Caller("zhao", ROLE_ACTIONS[Role.OFFICER], "chengguan", frozenset({"chengguan"}))
REPORTER = Caller(CITIZEN, frozenset({Action.EVALUATE}))

REPLY = {"text": "已责令物业公司更换曳引机，3月1日恢复运行，联系人李工。", "outcome": "solved"}

# The shortest way from an entry just assigned to each state.
WAYS: dict[EntryState, tuple[tuple[Command, Caller, dict[str, Any]], ...]] = {
    EntryState.ASSIGNED: (),
    EntryState.ACCEPTED: ((Command.ACCEPT, HOUSING_OFFICER, {}),),
    EntryState.RETURNED: ((Command.RETURN, HOUSING_OFFICER, {"note": "属城管职责"}),),
    EntryState.FORWARDED: ((Command.FORWARD, CLERK, {"to": "court", "note": "已起诉"}),),
    EntryState.CLOSED: ((Command.WITHDRAW, CLERK, {"note": "反映人撤回"}),),
}
WAYS[EntryState.REPLIED] = (
    *WAYS[EntryState.ACCEPTED],
    (Command.REPLY, HOUSING_OFFICER, REPLY),
)
WAYS[EntryState.EVALUATED] = (
    *WAYS[EntryState.REPLIED],
    (Command.EVALUATE, REPORTER, {"solved": True, "satisfaction": 5}),
)
WAYS[EntryState.REOPENED] = (
    *WAYS[EntryState.REPLIED],
    (Command.REOPEN, SUPERVISOR, {"note": "回告没有说明维修结果"}),
)
WAYS[EntryState.DECLINED] = (
    *WAYS[EntryState.ACCEPTED],
    (Command.DECLINE, HOUSING_OFFICER, {"ground": "《信访工作条例》第三十一条第一项"}),
)


def file_departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def open_one(store: Store, submission_id: str = "L-1", **suggested: Any) -> StoredEntry:
    """A new entry, just assigned to the housing department, the city department assisting."""
    submission = make_submission(id=submission_id)
    suggestion = make_suggestion(id=submission_id, **suggested)
    with store.writing() as session:
        (filed,) = record_batch(session, [(submission, suggestion)], now=NOW)
        place_waiting(session, now=NOW)
    assert filed.entry is not None
    return filed.entry


def give(
    store: Store,
    entry: StoredEntry,
    command: Command,
    caller: Caller,
    *,
    now: Any = NOW + MINUTE,
    **data: Any,
) -> StoredEntry:
    """The entry after one command, given by who has read it as it stands."""
    with store.writing() as session:
        return run_command(
            session, entry.id, command, caller=caller, version=entry.version, now=now, **data
        )


def lead_to(store: Store, state: EntryState, submission_id: str = "L-1") -> StoredEntry:
    """An entry in this state."""
    entry = open_one(store, submission_id)
    if state is EntryState.MERGED:
        target = open_one(store, f"{submission_id}-other")
        return give(store, entry, Command.MERGE, CLERK, into=target.id)
    for command, caller, data in WAYS[state]:
        entry = give(store, entry, command, caller, **data)
    assert entry.state is state
    return entry
