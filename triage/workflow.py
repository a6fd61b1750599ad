"""The way of an entry from letter to closed: who may do what, when, and what follows.

Everything that moves an entry stands in `TRANSITIONS`. The ledger asks it before each step, the API
what to offer, and the diagram and the table in docs/workflow.md are drawn from it.
"""

from datetime import datetime
from functools import lru_cache
from typing import Protocol

from triage.errors import Conflict
from triage.ledger.states import STATE_NAMES, EntryState, Outcome
from triage.roles import ACTION_NAMES, Action, Caller
from triage.transitions import COMMAND_NAMES, OFF_THE_LINE, TRANSITIONS, Command, Transition

__all__ = [
    "CITIZEN",
    "CLOCK",
    "COMMAND_NAMES",
    "ON_SUBMISSIONS",
    "TRANSITIONS",
    "Command",
    "Transition",
    "find_transition",
    "get_transition",
    "list_commands",
    "may_return",
    "render_diagram",
    "render_table",
    "reopens",
]

CITIZEN = "citizen"  # who acts, where it is the citizen by the tracking code, or the clock
CLOCK = "clock"
ON_SUBMISSIONS = frozenset({Command.REGISTER, Command.CONFIRM, Command.CORRECT})
"""Given to a submission (by `api/submissions.py` and `record_decision`), not to an entry."""

_BY_STATE = {
    (transition.command, state): transition
    for transition in TRANSITIONS
    for state in transition.before
}
_IN_STATE = {
    state: tuple(
        row
        for command in Command
        if (row := _BY_STATE.get((command, state))) and command not in ON_SUBMISSIONS
    )
    for state in EntryState
}
"""What can be given to an entry in each state at all."""


class Standing(Protocol):
    """What the table asks of an entry."""

    @property
    def state(self) -> EntryState: ...
    @property
    def lead_department(self) -> str: ...
    @property
    def urgency(self) -> int: ...
    @property
    def return_by(self) -> datetime | None: ...
    @property
    def paused_at(self) -> datetime | None: ...


def find_transition(command: Command, *, state: EntryState) -> Transition | None:
    """The row for this command in this state, if there is one."""
    return _BY_STATE.get((command, state))


def get_transition(command: Command, *, state: EntryState) -> Transition:
    """The row for this command in this state. Raises Conflict, naming what may be done instead."""
    if command in ON_SUBMISSIONS:
        raise Conflict("登记、确认和更正请在来件上办理", field="command")
    transition = find_transition(command, state=state)
    if transition is None:
        others = [COMMAND_NAMES[row.command] for row in _IN_STATE[state]]
        raise Conflict(
            f"该条目现为“{STATE_NAMES[state]}”，不能{COMMAND_NAMES[command]}，"
            f"请先看看这时可以办的：{'、'.join(others)}",
            field="command",
        )
    return transition


def list_commands(entry: Standing, *, caller: Caller, now: datetime) -> tuple[Command, ...]:
    """The commands that this caller may give for an entry that he or she can see, in their order.

    Who reaches only an assisting department may add to the record and no more. What the entry
    itself rules out is left out: to return it too late, to reply while its clock stands.
    """
    return _list_commands(
        entry.state,
        caller.actions,
        leads=caller.reaches(entry.lead_department),
        may_return=may_return(entry, now=now),
        paused=entry.paused_at is not None,
        most_urgent=entry.urgency == 1,
    )


def may_return(entry: Standing, *, now: datetime) -> bool:
    """Whether the department may still object to being the one (Art. 23: 5 working days)."""
    return entry.return_by is None or now <= entry.return_by


def reopens(*, solved: bool, outcome: Outcome, reopenings: int) -> bool:
    """Whether what a reporter says of the reply sends the entry back to work.

    "Not solved" always does so where the reply claims that it is solved. Where it explains why law
    or policy allows no more, it does once: after a second such answer the way is a review (Art. 35)
    or the supervisor's own reopening, not the same department again and again.
    """
    return not solved and (outcome is Outcome.SOLVED or reopenings == 0)


def render_diagram() -> str:
    """The table as a mermaid state diagram; steps that leave the state as it is are left out."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value} : {name}" for state, name in STATE_NAMES.items()]
    arrows: dict[tuple[str, str], list[str]] = {}
    for transition in TRANSITIONS:
        name = COMMAND_NAMES[transition.command]
        for before in transition.before or (None,):
            start = before.value if before else "[*]"
            if transition.after is not None:
                arrows.setdefault((start, transition.after.value), []).append(name)
            if transition.turn is not None:
                when, state = transition.turn
                arrows.setdefault((start, state.value), []).append(f"{name}（{when}）")
    lines += [
        f"    {start} --> {end} : {'、'.join(names)}" for (start, end), names in arrows.items()
    ]
    lines += [f"    {state.value} --> [*]" for state in OFF_THE_LINE]
    return "\n".join(lines) + "\n"


def render_table() -> str:
    """The table in markdown, one line for each row."""
    lines = ["| 动作 | 何时 | 之后 | 权限 | 须填 | 可填 | 作用 |", "|---|---|---|---|---|---|---|"]
    for row in TRANSITIONS:
        after = STATE_NAMES[row.after] if row.after else "不变"
        if row.turn is not None:
            after += f"；{row.turn[0]}：{STATE_NAMES[row.turn[1]]}"
        cells = (
            f"`{row.command}` {COMMAND_NAMES[row.command]}",
            "、".join(STATE_NAMES[state] for state in row.before) or "—",
            after,
            f"`{row.action}` {ACTION_NAMES[row.action]}"
            + ("（协办也可）" if row.assisting else ""),
            "、".join(f"`{field}`" for field in row.needs),
            "、".join(f"`{field}`" for field in row.takes),
            row.effect,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1024)
def _list_commands(
    state: EntryState,
    actions: frozenset[Action],
    *,
    leads: bool,
    may_return: bool,
    paused: bool,
    most_urgent: bool,
) -> tuple[Command, ...]:
    ruled_out = {
        Command.RETURN: not may_return,
        Command.PAUSE: paused,
        Command.REPLY: paused,
        Command.RESUME: not paused,
        Command.ALARM: not most_urgent,
    }
    return tuple(
        row.command
        for row in _IN_STATE[state]
        if row.action in actions
        and (leads or row.assisting)
        and not ruled_out.get(row.command, False)
    )
