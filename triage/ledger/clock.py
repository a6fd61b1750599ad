"""The clock of an entry: set when it is opened or assigned, and moved by what happens to it.

These functions change the deadline columns of a row and nothing else; the command that calls them
counts the version and appends the action and the event. Whatever sets the clock anew also forgets
what was reminded of.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from triage.calendar import Calendar, Moment, Span, Unit, day_of, read_span
from triage.deadlines import Rule, Rulebook, Start, Terms, set_terms
from triage.errors import Conflict, InvalidInput
from triage.ledger.tables import EntryRow
from triage.ledger.timetables import load_timetable
from triage.timetable import Timetable


def deadline_columns(
    session: Session, *, urgency: int, nature: str, domain_code: str, started_at: datetime
) -> dict[str, Any]:
    """The deadline columns of an entry whose clock begins at this moment: opened or reopened."""
    return columns_at(
        load_timetable(session),
        urgency=urgency,
        nature=nature,
        domain_code=domain_code,
        started_at=started_at,
    )


def columns_at(
    timetable: Timetable, *, urgency: int, nature: str, domain_code: str, started_at: datetime
) -> dict[str, Any]:
    """As `deadline_columns`, for those who set many clocks and have read the timetable."""
    rule = timetable.rulebook.choose(urgency=urgency, nature=nature, domain_code=domain_code)
    return _columns(set_terms(rule, assigned_at=started_at, calendar=timetable.calendar))


def restart_clock(session: Session, entry: EntryRow, *, now: datetime) -> None:
    """Everything anew from now: the entry was reopened."""
    columns = deadline_columns(
        session,
        urgency=entry.urgency,
        nature=entry.nature,
        domain_code=entry.domain_code,
        started_at=now,
    )
    _set(entry, columns | {"paused_at": None, "pause_ground": None})


def start_clock(session: Session, entry: EntryRow, *, now: datetime) -> None:
    """The entry was just assigned, or, where `accepted_at` is set, signed for.

    Assigned: a department must sign for it anew, or say that it is another's; the time to reply
    runs on, unless the rule counts it from the assignment; a clock that stood still runs again.
    Signed for: where the rule counts from then, the time to reply begins.
    """
    timetable = load_timetable(session)
    calendar = timetable.calendar
    rule = rule_of(entry, timetable.rulebook)
    if entry.accepted_at is not None:
        if rule.starts is Start.ACCEPTED and rule.within is not None:
            _run(entry, now, rule.within, calendar=calendar)
        return
    if entry.paused_at is not None:
        _resume(entry, now=now, calendar=calendar)
    columns = _columns(
        set_terms(rule, assigned_at=now, opened_at=entry.opened_at, calendar=calendar)
    )
    if rule.starts is Start.OPENED and entry.deadline_at is not None:
        for kept in ("deadline_at", "runs_from", "runs_for"):
            columns.pop(kept)
        columns["provisional"] = columns["provisional"] or entry.provisional
    _set(entry, columns)


def take_earlier_clock(entry: EntryRow, other: EntryRow) -> None:
    """Of two entries that become one, the clock that ends first holds: nobody waits longer."""
    if other.deadline_at is None or (
        entry.deadline_at is not None and entry.deadline_at <= other.deadline_at
    ):
        return
    for name in ("deadline_at", "runs_from", "runs_for", "rule", "provisional"):
        setattr(entry, name, getattr(other, name))
    entry.reminded = None


def rerule_clock(session: Session, entry: EntryRow, *, now: datetime) -> None:
    """Its urgency, nature or domain was corrected: another rule may hold now.

    The times count from where they began before. Where the new deadline would have passed already
    while the old one had not, it counts from now: nobody is late for what was not yet known. An
    extension granted under the old rule lapses. A department that was overruled stays so.
    """
    timetable = load_timetable(session)
    rule = timetable.rulebook.choose(
        urgency=entry.urgency, nature=entry.nature, domain_code=entry.domain_code
    )
    if rule.name == entry.rule:
        return
    began = entry.assigned_at or entry.opened_at
    first = entry.runs_from if _starts(entry, timetable.rulebook) is Start.OPENED else None
    terms = set_terms(
        rule,
        assigned_at=began,
        opened_at=first or entry.opened_at,
        accepted_at=entry.accepted_at,
        calendar=timetable.calendar,
    )
    was_late = entry.deadline_at is not None and entry.deadline_at < now
    if terms.deadline_at is not None and terms.deadline_at < now and not was_late:
        terms = set_terms(rule, assigned_at=now, accepted_at=now, calendar=timetable.calendar)
    columns = _columns(terms)
    if is_overruled(entry):
        columns.pop("return_by")
    _set(entry, columns)


def is_overruled(entry: EntryRow) -> bool:
    """Whether a clerk has overruled the return of an entry: its time to object ended with the
    assignment itself, and no other begins (Art. 23)."""
    began, ended = entry.assigned_at, entry.return_by
    return began is not None and ended is not None and ended <= began


def pause_clock(session: Session, entry: EntryRow, *, ground: str, now: datetime) -> None:
    """The clock stands still, on a ground that its rule names.

    Raises Conflict where the rule names none, where there is no clock to stop or it is late,
    InvalidInput for another ground.
    """
    rulebook = load_timetable(session).rulebook
    grounds = rule_of(entry, rulebook).pauses
    if not grounds:
        raise Conflict(
            f"“{rulebook.title}”没有列明停表的事由，不能停表；时间不够的，请在到期前申请延期",
            field="command",
        )
    if ground not in grounds:
        raise InvalidInput(
            f"按“{entry.rule}”的规定只能因 {'、'.join(grounds)} 停表，请改选或继续办理",
            field="ground",
        )
    if entry.paused_at is not None:
        raise Conflict("该条目已经停表，无须再停", field="command")
    if entry.deadline_at is None:
        raise Conflict("该条目没有办理时限，无须停表", field="command")
    if entry.deadline_at < now:
        raise Conflict("该条目已超过办理时限，不能再停表，请尽快办结", field="command")
    entry.paused_at = now
    entry.pause_ground = ground


def resume_clock(session: Session, entry: EntryRow, *, now: datetime) -> None:
    """The clock runs again; the time that it stood is given back: hours to the second, days by the
    day. Raises Conflict where it runs."""
    if entry.paused_at is None:
        raise Conflict("该条目没有停表，无须恢复", field="command")
    _resume(entry, now=now, calendar=load_timetable(session).calendar)


def check_extension(
    session: Session,
    entry: EntryRow,
    *,
    amount: int,
    unit: str,
    asked_at: datetime,
) -> Moment:
    """Where the deadline would lie after this extension; nothing changes.

    Raises InvalidInput for a unit or amount beyond what the rule allows (Art. 34: once, at most 30
    days), Conflict where there is no more to be had or it was asked too late.
    """
    timetable = load_timetable(session)
    rule = rule_of(entry, timetable.rulebook)
    runs_from, runs_for = _extended(entry, rule, amount=amount, unit=unit, asked_at=asked_at)
    return timetable.calendar.advance(runs_from, runs_for)


def extend(
    session: Session,
    entry: EntryRow,
    *,
    amount: int,
    unit: str,
    asked_at: datetime,
) -> datetime:
    """Move the deadline by a granted extension, count it, and give the new deadline.

    Raises as `check_extension`.
    """
    timetable = load_timetable(session)
    rule = rule_of(entry, timetable.rulebook)
    runs_from, runs_for = _extended(entry, rule, amount=amount, unit=unit, asked_at=asked_at)
    entry.extensions += 1
    return _run(entry, runs_from, runs_for, calendar=timetable.calendar).at


def rule_of(entry: EntryRow, rulebook: Rulebook) -> Rule:
    """The rule in force for an entry; where the town has dropped it, the one that now fits."""
    return rulebook.find(entry.rule) or rulebook.choose(
        urgency=entry.urgency, nature=entry.nature, domain_code=entry.domain_code
    )


def _extended(
    entry: EntryRow, rule: Rule, *, amount: int, unit: str, asked_at: datetime
) -> tuple[datetime, Span]:
    most = rule.extension
    if most is None:
        raise Conflict(f"按“{rule.name}”的规定不能延期，请按时办结", field="command")
    if entry.deadline_at is None or entry.runs_from is None or entry.runs_for is None:
        raise Conflict("该条目没有办理时限，无须延期", field="command")
    if entry.extensions >= rule.extensions:
        raise Conflict(
            f"按规定至多延期 {rule.extensions} 次，已经用完，请尽快办结", field="command"
        )
    if entry.deadline_at < min(asked_at, entry.paused_at or asked_at):
        raise Conflict("延期应在到期前申请，该条目已经超期，请尽快办结", field="command")
    if unit != most.unit:
        raise InvalidInput(f"延期的单位应为 {most.unit}，请改正", field="unit")
    if not 1 <= amount <= most.amount:
        raise InvalidInput(f"按规定至多延长{most.name}，请改短", field="amount")
    span = read_span(entry.runs_for)
    if span.unit is most.unit:
        return entry.runs_from, Span(span.amount + amount, span.unit)
    return entry.deadline_at, Span(amount, most.unit)


def _resume(entry: EntryRow, *, now: datetime, calendar: Calendar) -> None:
    paused_at, deadline_at, runs_from = entry.paused_at, entry.deadline_at, entry.runs_from
    entry.paused_at = entry.pause_ground = None
    if paused_at is None or deadline_at is None or runs_from is None or entry.runs_for is None:
        return
    span = read_span(entry.runs_for)
    if span.unit is Unit.HOUR:
        _run(entry, runs_from + (now - paused_at), span, calendar=calendar)
    elif span.unit is Unit.WORKDAY:
        # A working day on which it stopped was begun, and so is one on which it goes on. Where it
        # did both on days that are free, none was: else each weekend would give a day away.
        left = calendar.count_working(day_of(paused_at), day_of(deadline_at))
        begun = any(calendar.is_working(day_of(moment)) for moment in (paused_at, now))
        eve = now - timedelta(days=1)
        _run(entry, eve, Span(max(1, left + begun), Unit.WORKDAY), calendar=calendar)
    else:
        stood = timedelta(days=(day_of(now) - day_of(paused_at)).days)
        _run(entry, runs_from + stood, span, calendar=calendar)


def _run(entry: EntryRow, since: datetime, span: Span, *, calendar: Calendar) -> Moment:
    end = calendar.advance(since, span)
    entry.runs_from, entry.runs_for = since.astimezone(UTC), str(span)
    entry.deadline_at, entry.provisional = end.at, end.provisional
    entry.reminded = None
    return end


def _starts(entry: EntryRow, rulebook: Rulebook) -> Start:
    rule = rulebook.find(entry.rule)
    return rule.starts if rule else Start.OPENED


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "deadline_at": terms.deadline_at,
        "accept_by": terms.accept_by,
        "return_by": terms.return_by,
        "rule": terms.rule,
        "runs_from": terms.runs_from,
        "runs_for": str(terms.runs_for) if terms.runs_for else None,
        "provisional": terms.provisional,
        "reminded": None,
    }


def _set(entry: EntryRow, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(entry, name, value)
