"""One submission with several matters, one matter with several reporters: split and merge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from triage.classifiers import ACCUSATION
from triage.errors import Conflict, InvalidInput
from triage.ledger.clock import rerule_clock, restart_clock, take_earlier_clock
from triage.ledger.events import record_events
from triage.ledger.repeats import settle_repeats
from triage.ledger.sight import is_visible, unknown_entry
from triage.ledger.states import STATE_NAMES, EntryState, RepeatState
from triage.ledger.steps import Done, Step, append_action, check_words, find_assisting, find_lead
from triage.ledger.tables import EntryRow
from triage.suggestions import NATURES, URGENCY_NAMES
from triage.taxonomy import Domain
from triage.transitions import OFF_THE_LINE
from triage.workflow import Command

MAX_PARTS = 20
MAX_MATTER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A matter to be split off: what it is and whose. What is None stays as in the whole.

    `lead` and `assisting` are codes or names of departments.
    """

    matter: str
    lead: str
    assisting: tuple[str, ...] = ()
    domain: Domain | None = None
    urgency: int | None = None
    nature: str | None = None


def list_reporters(session: Session, entry_id: int) -> tuple[str, ...]:
    """The ids of the submissions that an entry answers: its own, and those of all merged in.

    One that has turned out to be an accusation since is not among them (Art. 30).
    """
    query = (
        select(EntryRow.submission_id)
        .where(
            or_(EntryRow.id == entry_id, EntryRow.merged_into == entry_id),
            EntryRow.confidential.is_(False),
        )
        .order_by(EntryRow.id != entry_id, EntryRow.id)
    )
    return tuple(dict.fromkeys(session.scalars(query)))


def tell_reply(
    entry: EntryRow, reporters: Sequence[str], *, who: str
) -> tuple[dict[str, Any], ...]:
    """The events that tell each of these reporters (submission ids) of the reply that stands."""
    return tuple(
        {
            "actor": who,
            "kind": "submission.replied",
            "submission_id": submission_id,
            "entry_id": entry.id,
            "payload": {"outcome": entry.outcome},
        }
        for submission_id in reporters
    )


def split(step: Step, *, parts: Sequence[Part], matter: str | None = None) -> Done:
    """An entry of its own for each part, assigned at once; this one keeps the rest.

    Their clocks began when the whole was assigned: the reporter has waited since then.
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise InvalidInput(f"一次拆出 1 到 {MAX_PARTS} 个事项，请改正", field="parts")
    entry = step.entry
    if matter is not None:
        entry.matter = check_words(matter, "matter", what="留下的事项", most=MAX_MATTER)
    rows = [_make_entry(step, part) for part in parts]
    step.session.add_all(rows)
    step.session.flush()
    for row in rows:
        rerule_clock(step.session, row, now=step.now)
        append_action(
            step.session,
            row,
            Command.SPLIT,
            who=step.caller.who,
            note=step.note,
            data={"from": entry.id, "matter": row.matter, "lead": row.lead_department},
            before=EntryState.REGISTERED,
            now=step.now,
        )
    ids = [row.id for row in rows]
    opened = tuple(
        {
            "actor": step.caller.who,
            "kind": "entry.opened",
            "submission_id": row.submission_id,
            "entry_id": row.id,
            "payload": {"lead": row.lead_department, "urgency": row.urgency, "from": entry.id},
        }
        for row in rows
    )
    return Done({"into": ids, "matter": entry.matter}, {"into": ids}, events=opened)


def merge(step: Step, *, into: int) -> Done:
    """Joined to another entry about the same matter, which answers these reporters too.

    What had been merged into this one goes along. The other takes the more urgent level and the
    earlier deadline of the two; where it has been replied to, that reply is theirs too. Raises
    NotFound where there is no such entry for this caller, Conflict where it has left the line.
    """
    entry = step.entry
    other = step.session.get(EntryRow, into)
    if other is None or not is_visible(step.session, other, caller=step.caller):
        raise unknown_entry(into, field="into")
    if other.id == entry.id:
        raise InvalidInput("不能并入自己，请填写另一条目的编号", field="into")
    if other.confidential != entry.confidential:
        raise Conflict("保密的来件不能与普通来件并件，请分别办理", field="into")
    if other.state in OFF_THE_LINE:
        raise Conflict(
            f"编号 {into} 的条目已“{STATE_NAMES[other.state]}”，请先重办，或并入仍在办理的条目",
            field="into",
        )
    if other.replied_at is None:
        _hurry(step, other)
    other.version += 1
    told = list_reporters(step.session, entry.id) if other.replied_at is not None else ()
    step.session.execute(
        update(EntryRow).where(EntryRow.merged_into == entry.id).values(merged_into=other.id)
    )
    entry.merged_into = other.id
    entry.closed_at = step.now
    entry.assignee = None
    append_action(
        step.session,
        other,
        Command.MERGE,
        who=step.caller.who,
        note=step.note,
        data={"from": entry.id},
        before=other.state,
        now=step.now,
    )
    settle_repeats(
        step.session,
        entry.submission_id,
        other.submission_id,
        state=RepeatState.MERGED,
        who=step.caller.who,
        note=step.note,
        now=step.now,
    )
    events = tell_reply(other, told, who=step.caller.who)
    return Done({"into": other.id}, {"into": other.id}, events=events)


def free_merged(session: Session, submission_id: str, *, who: str, now: datetime) -> None:
    """Let those stand alone again whose matter was merged into an entry of this submission.

    For when that goes out of ordinary sight: the others still wait for their answer, and nothing
    in their history says why.
    """
    hosts = select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    freed = session.scalars(
        select(EntryRow)
        .where(EntryRow.merged_into.in_(hosts), EntryRow.submission_id != submission_id)
        .order_by(EntryRow.id)
        .with_for_update(key_share=True)
    ).all()
    for entry in freed:
        entry.state = EntryState.REOPENED
        entry.merged_into = None
        entry.closed_at = None
        entry.version += 1
        restart_clock(session, entry, now=now)
        session.flush()
        append_action(
            session,
            entry,
            Command.REOPEN,
            who=who,
            note="恢复单独办理",
            data={},
            before=EntryState.MERGED,
            now=now,
        )
    record_events(
        session,
        [
            {
                "actor": who,
                "kind": "entry.reopen",
                "submission_id": entry.submission_id,
                "entry_id": entry.id,
                "payload": {"from": "merged", "to": "reopened", "version": entry.version},
            }
            for entry in freed
        ],
        now=now,
    )


def check_alone(step: Step) -> None:
    """Nothing, where no other reporter waits for this entry. Raises Conflict."""
    others = len(list_reporters(step.session, step.entry.id)) - 1
    if others:
        raise Conflict(
            f"另有 {others} 位反映人的来件并在该条目中，请先把这些来件重办（拆出）再撤回"
        )


def _hurry(step: Step, other: EntryRow) -> None:
    """`other` gets the more urgent level and the earlier deadline of the two."""
    entry = step.entry
    if entry.urgency < other.urgency:
        other.urgency = entry.urgency
        rerule_clock(step.session, other, now=step.now)
    if entry.paused_at is None:
        take_earlier_clock(other, entry)


def _make_entry(step: Step, part: Part) -> EntryRow:
    entry = step.entry
    urgency = entry.urgency if part.urgency is None else part.urgency
    nature = entry.nature if part.nature is None else part.nature
    if urgency not in URGENCY_NAMES:
        raise InvalidInput("紧急程度应为 1（特急）至 4（一般），请重新选择", field="parts")
    if nature == ACCUSATION:
        raise InvalidInput("检举控告不能拆分，请在来件上更正诉求性质，转入纪检台账", field="parts")
    if nature not in NATURES:
        raise InvalidInput(f"诉求性质应为{'、'.join(NATURES)}之一，请重新选择", field="parts")
    lead = find_lead(step.session, part.lead)
    return EntryRow(
        submission_id=entry.submission_id,
        lead_department=lead,
        assisting=find_assisting(step.session, part.assisting, lead=lead),
        state=EntryState.ASSIGNED,
        urgency=urgency,
        taxonomy=entry.taxonomy,
        domain_code=part.domain.code if part.domain else entry.domain_code,
        domain=str(part.domain) if part.domain else entry.domain,
        nature=nature,
        division=entry.division,
        confidential=entry.confidential,
        version=1,
        opened_at=entry.opened_at,
        assigned_at=step.now,
        matter=check_words(part.matter, "parts", what="拆出的事项", most=MAX_MATTER),
    )
