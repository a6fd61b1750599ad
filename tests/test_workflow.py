"""The table itself: nothing is missing, nobody is stuck, and the page in docs/ says the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triage.errors import Conflict
from triage.ledger.commands import STEPS
from triage.ledger.states import EntryState, Outcome
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.transitions import COMMAND_NAMES, FIELD_NAMES, OFF_THE_LINE, TRANSITIONS, Command
from triage.workflow import (
    ON_SUBMISSIONS,
    find_transition,
    get_transition,
    list_commands,
    render_diagram,
    render_table,
    reopens,
)

NOW = datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
PAGE = (Path(__file__).parent.parent / "docs" / "workflow.md").read_text(encoding="utf-8")


@dataclass
class Entry:
    state: EntryState
    lead_department: str = "zhujian"
    urgency: int = 3
    return_by: datetime | None = None
    paused_at: datetime | None = None


def list_for(role: Role, state: EntryState, **changes: object) -> tuple[Command, ...]:
    caller = Caller("someone", ROLE_ACTIONS[role])
    return list_commands(Entry(state, **changes), caller=caller, now=NOW)  # type: ignore[arg-type]


def test_every_command_has_a_name_a_row_and_a_step_that_carries_it_out() -> None:
    assert set(COMMAND_NAMES) == set(Command)
    assert {row.command for row in TRANSITIONS} == set(Command)
    assert set(STEPS) == set(Command) - ON_SUBMISSIONS


def test_no_two_rows_say_different_things_of_the_same_step() -> None:
    steps = [(row.command, state) for row in TRANSITIONS for state in row.before]
    assert len(steps) == len(set(steps))


def test_every_field_of_the_table_has_a_name_that_people_read() -> None:
    assert {field for row in TRANSITIONS for field in (*row.needs, *row.takes)} == set(FIELD_NAMES)


def test_every_right_in_the_table_is_one_that_some_role_has() -> None:
    given = frozenset().union(*ROLE_ACTIONS.values())
    assert {row.action for row in TRANSITIONS} <= given


def test_every_state_is_reached_and_every_state_leads_on_to_closed() -> None:
    ways: dict[EntryState | None, set[EntryState]] = {}
    for row in TRANSITIONS:
        ends = {end for end in (row.after, row.turn and row.turn[1]) if end is not None}
        for state in row.before or (None,):
            ways.setdefault(state, set()).update(ends)

    def reach(start: EntryState | None) -> set[EntryState]:
        seen: set[EntryState] = set()
        ahead = set(ways.get(start, ()))
        while ahead:
            state = ahead.pop()
            seen.add(state)
            ahead |= ways.get(state, set()) - seen
        return seen

    assert reach(None) == set(EntryState)
    for state in EntryState:
        assert EntryState.CLOSED in reach(state) | {state}


def test_only_a_reply_leads_to_an_evaluation_and_only_these_lead_to_an_outcome() -> None:
    for row in TRANSITIONS:
        if row.after is EntryState.EVALUATED:
            assert set(row.before) == {EntryState.REPLIED, EntryState.EVALUATED}
        if row.command is Command.CLOSE:
            assert set(row.before) <= {EntryState.REPLIED, EntryState.EVALUATED}
            if EntryState.REPLIED in row.before:
                assert "ground" in row.needs


def test_what_left_the_line_comes_back_by_reopening_alone() -> None:
    for state in OFF_THE_LINE:
        commands = [c for c in Command if (row := find_transition(c, state=state)) and row.after]
        assert commands == [Command.REOPEN]


def test_a_step_that_the_state_forbids_is_refused_with_what_can_be_done_instead() -> None:
    with pytest.raises(Conflict, match=r"现为“回告”，不能签收.*评价、销号、重办") as caught:
        get_transition(Command.ACCEPT, state=EntryState.REPLIED)
    assert caught.value.field == "command"


@pytest.mark.parametrize("command", sorted(ON_SUBMISSIONS))
def test_what_is_decided_of_a_submission_is_not_given_to_an_entry(command: Command) -> None:
    with pytest.raises(Conflict, match="请在来件上办理"):
        get_transition(command, state=EntryState.REGISTERED)


def test_each_role_is_offered_what_it_may_do_and_nothing_else() -> None:
    assert list_for(Role.OFFICER, EntryState.ASSIGNED) == (
        Command.ACCEPT,
        Command.RETURN,
        Command.ATTACH,
    )
    assert list_for(Role.CLERK, EntryState.EVALUATED) == (
        Command.EVALUATE,
        Command.CLOSE,
        Command.REOPEN,
    )
    assert list_for(Role.SUPERVISOR, EntryState.ACCEPTED) == (
        Command.GRANT_EXTENSION,
        Command.REFUSE_EXTENSION,
        Command.URGE,
    )
    for state in EntryState:
        assert list_for(Role.ADMIN, state) == ()
        assert list_for(Role.DISCIPLINE, state) == ()


def test_an_assisting_department_is_offered_to_add_to_the_record_and_no_more() -> None:
    helper = Caller("zhao", ROLE_ACTIONS[Role.OFFICER], "chengguan", frozenset({"chengguan"}))
    entry = Entry(EntryState.ACCEPTED)
    assert list_commands(entry, caller=helper, now=NOW) == (Command.PROGRESS, Command.ATTACH)


def test_returning_is_offered_until_the_time_to_object_is_over() -> None:
    for late, offered in ((timedelta(0), True), (timedelta(seconds=1), False)):
        commands = list_for(Role.OFFICER, EntryState.ASSIGNED, return_by=NOW - late)
        assert (Command.RETURN in commands) is offered


def test_a_clock_that_stands_can_be_resumed_and_nothing_is_replied_meanwhile() -> None:
    running = list_for(Role.OFFICER, EntryState.ACCEPTED)
    standing = list_for(Role.OFFICER, EntryState.ACCEPTED, paused_at=NOW)
    assert set(running) - set(standing) == {Command.PAUSE, Command.REPLY}
    assert set(standing) - set(running) == {Command.RESUME}


def test_an_emergency_line_is_offered_for_the_most_urgent_alone() -> None:
    for urgency, offered in ((1, True), (2, False)):
        commands = list_for(Role.CLERK, EntryState.ASSIGNED, urgency=urgency)
        assert (Command.ALARM in commands) is offered


@pytest.mark.parametrize(
    ("solved", "outcome", "reopenings", "expected"),
    [
        (True, Outcome.SOLVED, 0, False),
        (False, Outcome.SOLVED, 0, True),
        (False, Outcome.SOLVED, 3, True),
        (False, Outcome.EXPLAINED, 0, True),
        (False, Outcome.EXPLAINED, 1, False),
        (False, Outcome.NOT_SUPPORTED, 1, False),
        (True, Outcome.NOT_SUPPORTED, 0, False),
    ],
)
def test_not_solved_reopens_always_what_claims_to_be_solved_and_once_what_explains(
    solved: bool, outcome: Outcome, reopenings: int, expected: bool
) -> None:
    assert reopens(solved=solved, outcome=outcome, reopenings=reopenings) is expected


def test_the_diagram_in_the_docs_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{render_diagram()}```" in PAGE


def test_the_commands_in_the_docs_are_those_of_the_table() -> None:
    assert render_table() in PAGE


@pytest.mark.parametrize("field", sorted(FIELD_NAMES))
def test_every_field_is_explained_in_the_docs(field: str) -> None:
    assert f"| `{field}` |" in PAGE
