"""Steps that decide which department has an entry: assign, accept, return and what lies between."""

from collections.abc import Sequence

from sqlalchemy import select

from triage.errors import Conflict, InvalidInput
from triage.ledger.clock import resume_clock, start_clock
from triage.ledger.states import EntryState
from triage.ledger.steps import Done, Step, check_words, find_assisting, find_lead
from triage.ledger.tables import ActionRow, EntryRow
from triage.transitions import EMERGENCY_LINES, FORWARD_BODIES
from triage.workflow import Command, may_return

MAX_NAME = 100
MAX_GROUND = 500


def assign(step: Step, *, lead: str, assisting: Sequence[str] | None = None) -> Done:
    """To a department. What was returned goes to another one: the same again is to overrule."""
    code = find_lead(step.session, lead)
    if code == step.entry.lead_department and _is_returned(step):
        raise Conflict("仍交原单位请用“驳回退件”并说明理由", field="lead")
    return _send(step, code, assisting)


def reassign(step: Step, *, lead: str, assisting: Sequence[str] | None = None) -> Done:
    """To another department, which signs for it anew; the officer of the old one is cleared."""
    code = find_lead(step.session, lead)
    if code == step.entry.lead_department:
        raise Conflict("该条目已在这个单位的台账上，请选择另一个单位", field="lead")
    return _send(step, code, assisting)


def recall(step: Step) -> Done:
    """Back to the clerk, because nobody has signed for it."""
    leave_department(step.entry)
    return Done(codes={"lead": step.entry.lead_department})


def overrule(step: Step) -> Done:
    """Back to the department that returned it, which may not return it again (Art. 23)."""
    if not _is_returned(step):
        raise Conflict("该条目是收回的，不是单位退回的，请重新交办", field="command")
    entry = step.entry
    entry.assigned_at = step.now
    start_clock(step.session, entry, now=step.now)
    entry.return_by = step.now
    lead = {"lead": entry.lead_department}
    return Done(lead, lead)


def accept(step: Step, *, assignee: str | None = None) -> Done:
    """Signed for; the officer in charge is the one named, else who signs."""
    entry = step.entry
    entry.accepted_at = step.now
    entry.assignee = _name(assignee or step.caller.who)
    start_clock(step.session, entry, now=step.now)
    return Done({"assignee": entry.assignee})


def send_back(step: Step) -> Done:
    """Returned with reasons within the time to object; it waits for a clerk (Art. 23). A clock that
    stood still runs again: there is no ground for that without a department."""
    entry = step.entry
    if not may_return(entry, now=step.now):
        raise Conflict("已过退回异议期，或受理处已驳回过退件，请办理；确需改派请与受理处商定")
    if entry.paused_at is not None:
        resume_clock(step.session, entry, now=step.now)
    leave_department(entry)
    entry.returns += 1
    return Done(codes={"lead": entry.lead_department, "returns": entry.returns})


def delegate(step: Step, *, assignee: str) -> Done:
    """To another officer of the same department."""
    before = step.entry.assignee
    step.entry.assignee = _name(assignee)
    return Done({"assignee": step.entry.assignee, "before": before})


def decline(step: Step, *, ground: str) -> Done:
    """Not taken up, on a legal ground that the reporters are told (Art. 23, 31, 35-36)."""
    step.entry.ground = check_words(ground, "ground", what="不予受理的法定依据", most=MAX_GROUND)
    step.entry.closed_at = step.now
    return Done({"ground": step.entry.ground})


def forward(step: Step, *, to: str) -> Done:
    """To a body outside the line (Art. 22, 31)."""
    if to not in FORWARD_BODIES:
        bodies = "、".join(f"{code}（{name}）" for code, name in FORWARD_BODIES.items())
        raise InvalidInput(f"转往何处应为 {bodies} 之一，请改正", field="to")
    step.entry.forwarded_to = to
    step.entry.closed_at = step.now
    return Done({"to": to}, {"forwarded_to": to})


def alarm(step: Step, *, to: str) -> Done:
    """Told to an emergency line at once; the entry goes on (国办函〔2025〕66号)."""
    check_line(to, field="to")
    if step.entry.urgency != 1:
        raise Conflict("只有特急的来件才转紧急热线，请先把紧急程度更正为特急", field="to")
    step.entry.forwarded_to = to
    return Done({"to": to}, {"forwarded_to": to})


def check_line(line: str, *, field: str) -> str:
    """The emergency line with whose it is, as one reads it. Raises InvalidInput for another one."""
    names = {number: f"{number}（{name}）" for number, name in EMERGENCY_LINES.items()}
    if line not in names:
        raise InvalidInput(f"紧急热线应为 {'、'.join(names.values())} 之一，请改正", field=field)
    return names[line]


def withdraw(step: Step) -> Done:
    """Taken back by the reporter or entered by mistake; struck off without an outcome."""
    step.entry.ground = check_words(step.note, "note", what="撤回的理由", most=MAX_GROUND)
    step.entry.closed_at = step.now
    return Done()


def leave_department(entry: EntryRow) -> None:
    """Nobody of the department is in charge any longer, and no time to sign or object runs."""
    entry.assignee = None
    entry.accepted_at = None
    entry.accept_by = None
    entry.return_by = None


def _send(step: Step, code: str, assisting: Sequence[str] | None) -> Done:
    entry = step.entry
    before = entry.lead_department
    leave_department(entry)
    entry.lead_department = code
    entry.assigned_at = step.now
    helpers = tuple(entry.assisting if assisting is None else assisting)
    entry.assisting = find_assisting(step.session, helpers, lead=code)
    start_clock(step.session, entry, now=step.now)
    if code == before and _was_overruled(step):
        entry.return_by = step.now
    data = {"before": before, "lead": code, "assisting": entry.assisting}
    return Done(data, {"before": before, "lead": code})


def _is_returned(step: Step) -> bool:
    """Whether the department returned it; else it was taken back because nobody had signed."""
    last = (
        select(ActionRow.command)
        .where(
            ActionRow.entry_id == step.entry.id,
            ActionRow.to_state == EntryState.RETURNED,
            ActionRow.from_state != EntryState.RETURNED,
        )
        .order_by(ActionRow.id.desc())
        .limit(1)
    )
    return step.session.scalar(last) == Command.RETURN


def _was_overruled(step: Step) -> bool:
    """Whether its department was told that it may not return the entry (Art. 23), and has it still,
    or again because nobody had signed for it."""
    steps = (
        select(ActionRow.command, ActionRow.data)
        .where(
            ActionRow.entry_id == step.entry.id,
            ActionRow.command.in_((Command.OVERRULE, Command.ASSIGN, Command.REASSIGN)),
        )
        .order_by(ActionRow.id.desc())
    )
    lead = step.entry.lead_department
    for command, told in step.session.execute(steps):
        if command == Command.OVERRULE:
            return bool(told.get("lead") == lead)
        if told.get("before") != lead:  # another had it in between
            return False
    return False


def _name(login: str) -> str:
    return check_words(login, "assignee", what="承办人", most=MAX_NAME)
