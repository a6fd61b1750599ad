"""More time: asked for with reasons, granted or refused, never beyond the rule; and pauses."""

from datetime import timedelta
from typing import Any

import pytest
from ledger_factories import NOW
from workflow_factories import CLERK, HOUSING_OFFICER, REPLY, SUPERVISOR, file_departments, give
from workflow_factories import lead_to as lead

from triage.errors import AccessDenied, Conflict, InvalidInput
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.due import list_overdue
from triage.ledger.gathering import list_standstills
from triage.ledger.history import EntryFile, get_entry_file
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.timetables import change_time_settings
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.workflow import Command

DAY = timedelta(days=1)
ADMIN = Caller("gao", ROLE_ACTIONS[Role.ADMIN])
ASKED: dict[str, Any] = {"amount": 5, "unit": "day", "note": "维修基金表决需要时间"}
RULEBOOK = {
    "name": "town",
    "title": "本地办法",
    "source": "本地办法第九条",
    "rules": [
        {
            "name": "通用",
            "within": "15 day",
            "accept": "1 day",
            "object": "2 day",
            "extension": "10 day",
            "extensions": 1,
            "pauses": ["补充材料"],
        }
    ],
}


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)
    with store.writing() as session:
        change_time_settings(session, {"rulebook": RULEBOOK}, caller=ADMIN, now=NOW)


def lead_to(store: Store, state: EntryState) -> StoredEntry:
    return lead(store, state)


def read(store: Store, entry: StoredEntry) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry.id, caller=CLERK)


def test_an_extension_that_is_granted_moves_the_deadline(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = entry.deadline_at
    assert before is not None
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    assert (entry.deadline_at, entry.extensions) == (before, 0)
    entry = give(store, entry, Command.GRANT_EXTENSION, SUPERVISOR, note="同意")
    assert (entry.deadline_at, entry.extensions) == (before + 5 * DAY, 1)
    (extension,) = read(store, entry).extensions
    assert (extension.amount, extension.reason, extension.who) == (5, ASKED["note"], "li")
    assert (extension.granted, extension.decided_by, extension.decided_note) == (
        True,
        "sun",
        "同意",
    )


def test_less_than_was_asked_for_may_be_granted_and_more_may_not(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = entry.deadline_at
    assert before is not None
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    with pytest.raises(InvalidInput) as caught:
        give(store, entry, Command.GRANT_EXTENSION, SUPERVISOR, amount=6)
    assert caught.value.field == "amount"
    entry = give(store, entry, Command.GRANT_EXTENSION, SUPERVISOR, amount=2)
    assert entry.deadline_at == before + 2 * DAY


def test_an_extension_that_is_refused_changes_nothing_but_the_record(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    refused = give(store, entry, Command.REFUSE_EXTENSION, SUPERVISOR, note="材料已齐，请按时办")
    assert (refused.deadline_at, refused.extensions) == (entry.deadline_at, 0)
    (extension,) = read(store, entry).extensions
    assert (extension.granted, extension.decided_note) == (False, "材料已齐，请按时办")
    again = give(store, refused, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    assert len(read(store, again).extensions) == 2


def test_one_request_waits_at_a_time(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    with pytest.raises(Conflict, match="等审批"):
        give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)


def test_a_request_lapses_with_the_reply_and_does_not_bar_the_next_one(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, **REPLY)
    (lapsed,) = read(store, entry).extensions
    assert (lapsed.granted, lapsed.decided_by) == (False, "li")
    assert "失效" in (lapsed.decided_note or "")
    entry = give(store, entry, Command.REOPEN, CLERK, note="仍有异响")
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    assert [one.granted for one in read(store, entry).extensions] == [False, None]


@pytest.mark.parametrize("command", [Command.GRANT_EXTENSION, Command.REFUSE_EXTENSION])
def test_nothing_is_ruled_on_where_nobody_asked(store: Store, command: Command) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(Conflict, match="没有等审批"):
        give(store, entry, command, SUPERVISOR, note="x")


def test_the_legal_maximum_holds_when_asking(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(InvalidInput, match="至多") as caught:
        give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED | {"amount": 11})
    assert caught.value.field == "amount"
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    entry = give(store, entry, Command.GRANT_EXTENSION, SUPERVISOR)
    with pytest.raises(Conflict, match="至多延期 1 次"):
        give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)


def test_who_asks_does_not_grant(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    for caller in (HOUSING_OFFICER, CLERK):
        with pytest.raises(AccessDenied, match="批准延期"):
            give(store, entry, Command.GRANT_EXTENSION, caller)


def test_the_clock_pauses_only_on_a_ground_of_the_rule_and_gives_the_time_back(
    store: Store,
) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = entry.deadline_at
    assert before is not None
    with pytest.raises(InvalidInput, match="补充材料") as caught:
        give(store, entry, Command.PAUSE, HOUSING_OFFICER, ground="人手不够")
    assert caught.value.field == "ground"
    entry = give(store, entry, Command.PAUSE, HOUSING_OFFICER, ground="补充材料", now=NOW + 2 * DAY)
    assert (entry.paused_at, entry.pause_ground) == (NOW + 2 * DAY, "补充材料")
    with pytest.raises(Conflict, match="先恢复计时"):
        give(store, entry, Command.REPLY, HOUSING_OFFICER, **REPLY)
    entry = give(store, entry, Command.RESUME, HOUSING_OFFICER, now=NOW + 5 * DAY)
    assert (entry.paused_at, entry.deadline_at) == (None, before + 3 * DAY)
    assert [action.command for action in read(store, entry).actions[-2:]] == ["pause", "resume"]


def test_a_clock_that_stood_still_runs_again_when_the_entry_is_returned(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = entry.deadline_at
    assert before is not None
    entry = give(store, entry, Command.PAUSE, HOUSING_OFFICER, ground="补充材料")
    entry = give(store, entry, Command.RETURN, HOUSING_OFFICER, note="属城管", now=NOW + DAY)
    assert (entry.paused_at, entry.pause_ground) == (None, None)
    assert entry.deadline_at == before + DAY
    with store.reading() as session:
        late = list_overdue(session, caller=SUPERVISOR, now=before + 2 * DAY).lines
        (stood,) = list_standstills(session, since=NOW)
    assert [line.entry.id for line in late] == [entry.id]
    assert stood.until == NOW + DAY
    entry = give(store, entry, Command.OVERRULE, CLERK, note="属住建", now=NOW + 2 * DAY)
    assert entry.deadline_at == before + DAY


def test_an_extension_asked_for_while_the_clock_stands_adds_to_what_is_given_back(
    store: Store,
) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = entry.deadline_at
    assert before is not None
    entry = give(store, entry, Command.PAUSE, HOUSING_OFFICER, ground="补充材料", now=NOW + DAY)
    late = before + 3 * DAY  # it is not, as its clock stands
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, now=late, **ASKED)
    entry = give(store, entry, Command.GRANT_EXTENSION, SUPERVISOR, now=late)
    assert entry.deadline_at == before + 5 * DAY
    entry = give(store, entry, Command.RESUME, HOUSING_OFFICER, now=NOW + 21 * DAY)
    assert entry.deadline_at == before + 25 * DAY


def test_what_one_department_asked_for_lapses_when_a_correction_gives_it_to_another(
    store: Store,
) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **ASKED)
    with store.writing() as session:
        record_decision(
            session, entry.submission_id, Decision(lead="城管局"), caller=CLERK, now=NOW + DAY
        )
    (asked,) = read(store, entry).extensions
    assert (asked.granted, asked.decided_by, asked.decided_at) == (False, CLERK.who, NOW + DAY)
