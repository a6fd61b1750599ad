"""What discipline officers do with accusations (检举控告): list, read, hold, release.

Each look is an event. An officer who belongs to an accused department or to one below it, or who is
named in the words, is barred (Art. 28, 30): for such a one the accusation does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from triage.errors import Conflict, NotFound
from triage.ledger.accusations import (
    HELD,
    RELEASED,
    SealedFile,
    make_note,
    open_file,
    reseal_file,
)
from triage.ledger.assignments import check_line
from triage.ledger.departments import get_department
from triage.ledger.events import record_events
from triage.ledger.placing import await_placing
from triage.ledger.repeats import record_repeats_again
from triage.ledger.sealedwork import SealedWork, bring_work_back, find_sealed_file, read_work
from triage.ledger.states import SubmissionStatus
from triage.ledger.steps import check_words
from triage.ledger.submitters import check_reason, find_masked, show_person, unmask
from triage.ledger.tables import (
    AccusationRow,
    DepartmentRow,
    EntryRow,
    SubmissionRow,
    SuggestionRow,
    UserRow,
)
from triage.ledger.views import StoredSubmission, submission_view
from triage.roles import Action, Caller
from triage.submissions import Channel
from triage.submitters import Submitter

MAX_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class AccusationLine:
    """One accusation in the list, without a word of it; `state` is "waiting", "held" or
    "released", `urgency` what the machine last said (1 特急 to 4 一般, None: nothing)."""

    submission_id: str
    state: str
    urgency: int | None
    received_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Accusation:
    """One accusation (检举控告), opened: `accused` are codes of departments, `work` is what was
    done before it was sealed, the submitter is masked."""

    line: AccusationLine
    title: str
    content: str
    channel: Channel | None
    place: str | None
    sent_at: datetime | None
    suggestion: dict[str, Any] | None
    accused: tuple[str, ...]
    notes: tuple[dict[str, Any], ...]
    work: tuple[SealedWork, ...]
    submitter: Submitter | None


def read_accusation(
    session: Session, submission_id: str, *, caller: Caller, now: datetime
) -> Accusation:
    """The accusation, opened; that this officer has read it goes on record.

    Raises AccessDenied, KeyUnavailable, and NotFound where there is none or the officer is barred.
    """
    caller.require(Action.READ_ACCUSATIONS)
    row, file = _get(session, submission_id, caller=caller)
    _record(session, "accusation.seen", submission_id, caller=caller, now=now)
    return _view(session, row, file)


def read_sealed_file(
    session: Session, submission_id: str, attachment_id: int, *, caller: Caller, now: datetime
) -> tuple[str, bytes]:
    """Name and content of a file that was kept with an entry before it was sealed; that this
    officer has opened it goes on record. Raises as `read_accusation`, NotFound for no such file."""
    caller.require(Action.READ_ACCUSATIONS)
    _get(session, submission_id, caller=caller)
    found = find_sealed_file(session, submission_id, attachment_id)
    if found is None:
        raise NotFound(
            f"这一件没有编号为 {attachment_id} 的附件，请核对编号", field="attachment_id"
        )
    _record(session, "accusation.seen", submission_id, caller=caller, now=now)
    return found


def unmask_accuser(
    session: Session, submission_id: str, *, caller: Caller, reason: str, now: datetime
) -> Submitter | None:
    """Who made the accusation, in full (None: nobody knows); goes on record with the reason.

    Raises as `read_accusation`, and InvalidInput without a reason.
    """
    caller.require(Action.READ_ACCUSATIONS)
    _get(session, submission_id, caller=caller)
    return unmask(session, submission_id, caller=caller, reason=reason, now=now)


def hold_accusation(
    session: Session,
    submission_id: str,
    *,
    caller: Caller,
    now: datetime,
    reason: str,
    accused: Sequence[str] | None = None,
) -> Accusation:
    """Confirm that it is an accusation; `accused` (codes or names of departments) takes the place
    of those that the words name, None leaves them.

    Held again it only changes these. Raises as `read_accusation`, Conflict where it was released,
    NotFound for an unknown department, InvalidInput without a reason.
    """
    caller.require(Action.DECIDE_ACCUSATIONS)
    row, file = _get(session, submission_id, caller=caller, lock=True)
    if row.state == RELEASED:
        raise Conflict("这一件已认定不属检举控告并放行，不能再留置；如有不同意见请受理员重新认定")
    if accused is not None:
        file = replace(file, accused=tuple(get_department(session, key).code for key in accused))
    file = _decide(session, row, file, HELD, caller=caller, reason=reason, now=now)
    return _view(session, row, file)


def alarm_accusation(
    session: Session, submission_id: str, *, caller: Caller, now: datetime, line: str, note: str
) -> Accusation:
    """Keep on record that an emergency line was told of it at once (国办函〔2025〕66号): it has no
    entry on which that could stand. Whether it is an accusation is another question.

    Raises as `read_accusation`, InvalidInput for another line or too long a note.
    """
    caller.require(Action.DECIDE_ACCUSATIONS)
    row, file = _get(session, submission_id, caller=caller, lock=True)
    told = _tell_line(line, note)
    return _view(session, row, _note_alarm(session, row, file, told, caller=caller, now=now))


def alarm_brought(
    session: Session, submission_id: str, *, caller: Caller, now: datetime, line: str, note: str
) -> None:
    """Keep on record under the seal that whoever brought a submission has told an emergency line of
    it: it may have gone under the seal as it came in, before anybody could say so elsewhere.

    Nothing of it is given back, and for all but who brought it it does not exist. Said again it
    changes nothing. Raises AccessDenied, NotFound, Conflict where it is under no seal, InvalidInput
    for another line or too long a note.
    """
    caller.require(Action.SUBMIT)
    told = _tell_line(line, note)
    submission = session.get(SubmissionRow, submission_id)
    if submission is None or submission.source != caller.who:
        raise NotFound(f"没有您报送的、编号为 {submission_id} 的来件，请核对编号", field="id")
    row = session.get(AccusationRow, submission_id, with_for_update=True)
    if row is None or row.state == RELEASED:
        raise Conflict("这一件没有封存，请在复核页或台账条目上转紧急热线")
    file = open_file(session, row)
    if (caller.who, told) not in [(kept["who"], kept["reason"]) for kept in file.notes]:
        _note_alarm(session, row, file, told, caller=caller, now=now)


def _tell_line(line: str, note: str) -> str:
    told = f"已转{check_line(line, field='to')}"
    if note.strip():
        told = f"{told}：{check_words(note, 'note', what='说明', most=MAX_NOTE)}"
    return told


def _note_alarm(
    session: Session,
    row: AccusationRow,
    file: SealedFile,
    told: str,
    *,
    caller: Caller,
    now: datetime,
) -> SealedFile:
    kept = make_note("alarm", who=caller.who, reason=told, now=now)
    file = replace(file, notes=(*file.notes, kept))
    reseal_file(session, row, file)
    _record(session, "accusation.alarm", row.submission_id, caller=caller, now=now)
    return file


def release_accusation(
    session: Session, submission_id: str, *, caller: Caller, now: datetime, reason: str
) -> StoredSubmission:
    """Say that it is no accusation: its words and its last suggestion stand in the open again, and
    it waits in the review queue, or goes on in the ledger where it had been.

    Raises as `read_accusation`, Conflict where it was released before, InvalidInput without a
    reason.
    """
    caller.require(Action.DECIDE_ACCUSATIONS)
    row, file = _get(session, submission_id, caller=caller, lock=True)
    if row.state == RELEASED:
        raise Conflict("这一件已经放行，不必重复操作")
    _decide(session, row, file, RELEASED, caller=caller, reason=reason, now=now)
    submission = session.get_one(SubmissionRow, submission_id)
    submission.title, submission.content, submission.place = file.title, file.content, file.place
    submission.content_hash, submission.likes = file.content_hash, file.likes
    submission.confidential = False
    bring_work_back(session, submission_id)  # while its entries are hidden: see the migration
    entries = session.execute(
        update(EntryRow)
        .where(EntryRow.submission_id == submission_id)
        .values(confidential=False, version=EntryRow.version + 1)
        .returning(EntryRow.id)
    ).all()
    submission.status = SubmissionStatus.ASSIGNED if entries else SubmissionStatus.REVIEW
    if file.suggestions:
        _show_suggestion(session, submission, file.suggestions[-1], now=now)
    session.flush()
    show_person(session, submission_id)
    await_placing(session, [submission_id])
    record_repeats_again(session, submission_id, now=now)
    return submission_view(submission)


class Bar:
    """Whether an officer is barred from an accusation."""

    def __init__(self, session: Session, caller: Caller) -> None:
        self._own = _find_above(session, caller.department)
        self._name = session.scalar(select(UserRow.name).where(UserRow.login == caller.who))

    def holds(self, file: SealedFile) -> bool:
        name = (self._name or "").strip()
        named = len(name) > 1 and name in f"{file.title}\n{file.content}"
        return named or not self._own.isdisjoint(file.accused)


def _find_above(session: Session, department: str | None) -> frozenset[str]:
    """The codes of this department and of all above it."""
    found: set[str] = set()
    while department is not None and department not in found:
        found.add(department)
        above = select(DepartmentRow.parent).where(DepartmentRow.code == department)
        department = session.scalar(above)
    return frozenset(found)


def _get(
    session: Session, submission_id: str, *, caller: Caller, lock: bool = False
) -> tuple[AccusationRow, SealedFile]:
    row = session.get(AccusationRow, submission_id, with_for_update=lock or None)
    if row is not None:
        file = open_file(session, row)
        if not Bar(session, caller).holds(file):
            return row, file
    raise NotFound(f"没有编号为 {submission_id} 的检举控告，请核对编号", field="id")


def _decide(
    session: Session,
    row: AccusationRow,
    file: SealedFile,
    state: str,
    *,
    caller: Caller,
    reason: str,
    now: datetime,
) -> SealedFile:
    note = make_note(state, who=caller.who, reason=check_reason(reason), now=now)
    file = replace(file, notes=(*file.notes, note))
    row.state, row.decided_by, row.decided_at = state, caller.who, now
    reseal_file(session, row, file)
    _record(session, f"accusation.{state}", row.submission_id, caller=caller, now=now)
    return file


def _show_suggestion(
    session: Session, submission: SubmissionRow, payload: dict[str, Any], *, now: datetime
) -> None:
    """The suggestion in the open again, as it was made; a clerk decides what it comes to."""
    domain = payload["domain"]
    session.execute(
        insert(SuggestionRow).values(
            submission_id=submission.id,
            payload=payload,
            domain_code=domain["code"],
            confidence=domain["confidence"],
            urgency=payload["urgency"]["level"],
            nature=payload["nature"]["name"],
            lead=payload["department"]["lead"],
            needs_review=True,
            confidential=False,
            model=payload["model"],
            created_at=now,
        )
    )
    submission.urgency = payload["urgency"]["level"]
    submission.confidence = domain["confidence"]


def _record(
    session: Session, kind: str, submission_id: str, *, caller: Caller, now: datetime
) -> None:
    event = {"actor": caller.who, "kind": kind, "submission_id": submission_id}
    record_events(session, [event], now=now)


def line_view(row: AccusationRow, file: SealedFile) -> AccusationLine:
    """The line of a row whose file is open."""
    return AccusationLine(
        submission_id=row.submission_id,
        state=row.state,
        urgency=file.suggestions[-1]["urgency"]["level"] if file.suggestions else None,
        received_at=row.received_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _view(session: Session, row: AccusationRow, file: SealedFile) -> Accusation:
    submission = session.get_one(SubmissionRow, row.submission_id)
    return Accusation(
        line=line_view(row, file),
        title=file.title,
        content=file.content,
        channel=Channel(submission.channel) if submission.channel else None,
        place=file.place,
        sent_at=submission.received_at,
        suggestion=file.suggestions[-1] if file.suggestions else None,
        accused=file.accused,
        notes=file.notes,
        work=read_work(session, row.submission_id),
        submitter=find_masked(session, row.submission_id),
    )
