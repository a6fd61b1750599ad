"""The one way in which the work on an entry goes on: a command, checked, carried out, remembered.

Who decides on a submission that has no entry yet goes by `triage.ledger.decisions`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, Conflict, InvalidInput
from triage.ledger import answers, assignments, evidence, extensions, matters, urgings
from triage.ledger.accusations import put_away
from triage.ledger.events import record_events
from triage.ledger.outbox import HEARD, IS_HEARD
from triage.ledger.sight import is_visible, unknown_entry
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.steps import Done, Step, append_action
from triage.ledger.tables import EntryRow, SubmissionRow
from triage.ledger.views import StoredEntry, entry_view
from triage.ledger.withholding import withhold_named
from triage.roles import Caller
from triage.transitions import AT_WORK, DISCIPLINE, FIELD_NAMES, Transition
from triage.workflow import COMMAND_NAMES, Command, get_transition

MAX_NOTE = 2_000
# On the table itself, put together once: an object of the session takes twice as long to read and
# six times as long to write back.
_ENTRIES = EntryRow.metadata.tables[EntryRow.__tablename__]
_LOCKED = (
    select(_ENTRIES, IS_HEARD)
    .where(_ENTRIES.c.id.in_((bindparam("entry"), bindparam("also"))))
    .order_by(_ENTRIES.c.id)
    .with_for_update(key_share=True)
)
_COLUMNS = (*_ENTRIES.c.keys(), HEARD)
_LOCK = Spelt(_LOCKED)
_FROM_MACHINE = {Command.REPLY: ("quality",)}  # what no caller types, so not in the table


def _withdraw(step: Step) -> Done:
    matters.check_alone(step)
    return assignments.withdraw(step)


def _progress(_step: Step) -> Done:
    """The words are the whole of it."""
    return Done()


STEPS: Mapping[Command, Callable[..., Done]] = {
    Command.ASSIGN: assignments.assign,
    Command.REASSIGN: assignments.reassign,
    Command.RECALL: assignments.recall,
    Command.OVERRULE: assignments.overrule,
    Command.ACCEPT: assignments.accept,
    Command.RETURN: assignments.send_back,
    Command.DELEGATE: assignments.delegate,
    Command.PROGRESS: _progress,
    Command.ATTACH: evidence.attach,
    Command.REQUEST_EXTENSION: extensions.request_extension,
    Command.GRANT_EXTENSION: extensions.grant_extension,
    Command.REFUSE_EXTENSION: extensions.refuse_extension,
    Command.PAUSE: extensions.pause,
    Command.RESUME: extensions.resume,
    Command.REPLY: answers.reply,
    Command.DECLINE: assignments.decline,
    Command.FORWARD: assignments.forward,
    Command.ALARM: assignments.alarm,
    Command.SPLIT: matters.split,
    Command.MERGE: matters.merge,
    Command.EVALUATE: answers.evaluate,
    Command.CLOSE: answers.close,
    Command.REOPEN: answers.reopen,
    Command.URGE: urgings.urge,
    Command.WITHDRAW: _withdraw,
}


def run_command(
    session: Session,
    entry_id: int,
    command: Command,
    *,
    caller: Caller,
    version: int,
    now: datetime,
    note: str = "",
    **data: Any,
) -> StoredEntry:
    """Carry out one command of `triage.transitions`; the entry as it then stands.

    `version` is that of the entry the caller looked at; `note` says why, `data` holds what the
    table says the command needs and takes. Leaves one action in the history and one event
    `entry.<command>`. What is forwarded to the discipline side goes under the seal, the whole
    submission, and the entry given back is the last that anyone here sees of it. Raises NotFound
    for an entry the caller may not know of, AccessDenied where the right or the reach lacks,
    Conflict where somebody changed the entry since or its state does not allow the command,
    InvalidInput where something is missing, too much or wrong.
    """
    accuses = command is Command.FORWARD and data.get("to") == DISCIPLINE
    if accuses:
        _lock_submission(session, entry_id)
    entry = _lock_entry(session, entry_id, also=data.get("into"))
    if entry is None or not is_visible(session, entry, caller=caller):
        raise unknown_entry(entry_id)
    if version != entry.version:
        raise Conflict("该条目刚被他人改过，请刷新后再办理", field="version")
    transition = get_transition(command, state=entry.state)
    caller.require(transition.action)
    if not transition.assisting and not caller.reaches(entry.lead_department):
        raise AccessDenied(f"协办单位只能记录进展和附证据，{COMMAND_NAMES[command]}请联系主办单位")
    given = {name: value for name, value in data.items() if value is not None}
    _check_fields(transition, given | ({"note": note} if note.strip() else {}))
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"理由或说明不能超过 {MAX_NOTE} 字，请缩短", field="note")

    stood, before = dict(vars(entry)), entry.state
    step = Step(session, entry, caller, now, note.strip())
    done = STEPS[command](step, **given)
    entry.state = done.turn or transition.after or before
    entry.version += 1
    if before in AT_WORK and entry.state not in AT_WORK:
        extensions.lapse_request(step)
    session.flush()
    changed = {name: value for name, value in vars(entry).items() if value != stood[name]}
    change = _spell_change(tuple(changed))
    change.run(connection_of(session), changed | {"entry": entry.id})
    append_action(
        session,
        entry,
        command,
        who=caller.who,
        note=step.note,
        data=done.data,
        before=before,
        now=now,
    )
    parts = [part.matter for part in given.get("parts", ())]
    withhold_named(session, step.note, given, parts, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": f"entry.{command}",
        "submission_id": entry.submission_id,
        "entry_id": entry.id,
        "payload": {"from": before, "to": entry.state, "version": entry.version} | done.codes,
    }
    record_events(session, [happened, *done.events], now=now)
    if accuses:
        submission = session.get_one(SubmissionRow, entry.submission_id)
        put_away(session, submission, who=caller.who, reason=step.note, now=now)
        entry = session.get_one(EntryRow, entry.id)  # as the seal leaves it
    return entry_view(entry)


def _lock_submission(session: Session, entry_id: int) -> None:
    """Before the entry, as who decides on the submission does: else the two could lock up."""
    of_entry = select(EntryRow.submission_id).where(EntryRow.id == entry_id).scalar_subquery()
    session.execute(
        select(SubmissionRow.id).where(SubmissionRow.id == of_entry).with_for_update(key_share=True)
    )


def _lock_entry(session: Session, entry_id: int, *, also: int | None) -> EntryRow | None:
    """The entry, nobody else's until the transaction ends; with it `also`, in order of id, so that
    two that merge crosswise wait for each other instead of locking up.

    The row is the caller's to write back: the session knows nothing of it. It holds the columns
    as an `EntryRow` does, but is none: that would take three times as long to make and to read.
    """
    session.flush()
    session.expire_all()  # what of them it knows from before the lock
    told = {"entry": entry_id, "also": also or entry_id}
    for row in _LOCK.rows(connection_of(session), told):
        columns = dict(zip(_COLUMNS, row, strict=True))
        if columns["id"] == entry_id:
            session.info[HEARD] = columns.pop(HEARD)
            return cast(EntryRow, SimpleNamespace(**columns))
    return None


@lru_cache(maxsize=256)
def _spell_change(names: tuple[str, ...]) -> Spelt:
    """What sets these columns of an entry: each command changes the same ones again and again."""
    return Spelt(update(_ENTRIES).where(_ENTRIES.c.id == bindparam("entry")), names)


def _check_fields(transition: Transition, given: Mapping[str, Any]) -> None:
    name = COMMAND_NAMES[transition.command]
    for field in transition.needs:
        if field not in given:
            raise InvalidInput(f"{name}须填写{FIELD_NAMES[field]}，请补上", field=field)
    known = {*transition.needs, *transition.takes, *_FROM_MACHINE.get(transition.command, ())}
    for field in given:
        if field not in known:
            raise InvalidInput(f"{name}用不到{FIELD_NAMES.get(field, field)}，请删去", field=field)
