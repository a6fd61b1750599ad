"""Time: asked for, granted or refused, and stopped on a ground (Art. 34)."""

from sqlalchemy import insert, select, update

from triage.errors import Conflict, InvalidInput
from triage.ledger.clock import check_extension, extend, pause_clock, resume_clock
from triage.ledger.steps import Done, Step
from triage.ledger.tables import ExtensionRow


def request_extension(step: Step, *, amount: int, unit: str) -> Done:
    """Asked for with reasons; one at a time, and never more than the rule in force allows.

    Raises Conflict where one waits already or the rule allows no more, InvalidInput for an amount
    or unit beyond it.
    """
    if _find_waiting(step) is not None:
        raise Conflict("该条目已有一份延期申请在等审批，请等批复后再办")
    check_extension(step.session, step.entry, amount=amount, unit=unit, asked_at=step.now)
    values = {
        "entry_id": step.entry.id,
        "amount": amount,
        "unit": unit,
        "reason": step.note,
        "who": step.caller.who,
        "at": step.now,
    }
    number = step.session.scalar(insert(ExtensionRow).returning(ExtensionRow.id), values)
    told = {"extension": number, "amount": amount, "unit": unit}
    return Done(told, told)


def grant_extension(step: Step, *, amount: int | None = None) -> Done:
    """Granted, whole or in part; what was asked for in time may be granted later."""
    asked = _decide(step, granted=True)
    if amount is not None and not 1 <= amount <= asked.amount:
        raise InvalidInput(
            f"申请的是 {asked.amount}，批准的应在 1 与它之间，请改正", field="amount"
        )
    given = asked.amount if amount is None else amount
    until = extend(step.session, step.entry, amount=given, unit=asked.unit, asked_at=asked.at)
    told = {
        "extension": asked.id,
        "amount": given,
        "unit": asked.unit,
        "deadline_at": until.isoformat(),
    }
    return Done(told, told | {"extensions": step.entry.extensions})


def refuse_extension(step: Step) -> Done:
    """Refused with reasons; the deadline stays."""
    asked = _decide(step, granted=False)
    return Done({"extension": asked.id}, {"extension": asked.id})


def lapse_request(step: Step) -> None:
    """What nobody has ruled on lapses when the entry leaves the hands of who asked: the next one
    may ask anew."""
    step.session.execute(
        update(ExtensionRow)
        .where(ExtensionRow.entry_id == step.entry.id, ExtensionRow.granted.is_(None))
        .values(
            granted=False,
            decided_by=step.caller.who,
            decided_note="条目已转入下一步，申请自动失效",
            decided_at=step.now,
        )
    )


def pause(step: Step, *, ground: str) -> Done:
    """The clock stands still on a ground that its rule names."""
    pause_clock(step.session, step.entry, ground=ground, now=step.now)
    return Done({"ground": ground})


def resume(step: Step) -> Done:
    """The clock runs again, and the time that it stood is given back."""
    before = step.entry.pause_ground
    resume_clock(step.session, step.entry, now=step.now)
    return Done({"ground": before})


def _decide(step: Step, *, granted: bool) -> ExtensionRow:
    asked = _find_waiting(step)
    if asked is None:
        raise Conflict("该条目没有等审批的延期申请，请刷新后查看")
    asked.granted = granted
    asked.decided_by = step.caller.who
    asked.decided_note = step.note
    asked.decided_at = step.now
    return asked


def _find_waiting(step: Step) -> ExtensionRow | None:
    return step.session.scalar(
        select(ExtensionRow).where(
            ExtensionRow.entry_id == step.entry.id, ExtensionRow.granted.is_(None)
        )
    )
