"""What a citizen sees of the own submission by its tracking code (查询码), and says of a reply."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, Conflict, NotFound
from triage.ledger.commands import run_command
from triage.ledger.delays import find_grounds, find_longer, find_pause
from triage.ledger.events import record_events
from triage.ledger.states import EntryState, Outcome
from triage.ledger.store import find_ring, get_ring
from triage.ledger.submitters import check_reason, digest_tail
from triage.ledger.tables import (
    DepartmentRow,
    EntryRow,
    EvaluationRow,
    ReplyRow,
    SubmissionRow,
    SubmitterRow,
)
from triage.privacy import mask
from triage.roles import Action, Caller
from triage.submitters import read_tail
from triage.tracking import (
    SEALED_WORDS,
    WAITING_WORDS,
    digest_code,
    make_code,
    read_code,
    tell,
    tell_delay,
)
from triage.workflow import CITIZEN, Command

_CALLER = Caller(CITIZEN, frozenset({Action.EVALUATE}))
_RATED = (EntryState.REPLIED, EntryState.EVALUATED, EntryState.CLOSED)


@dataclass(frozen=True, slots=True)
class TrackedMatter:
    """One matter of a submission as its submitter sees it; `progress` says in words where it is.

    `number` names it when it is rated. `delay` says why it takes longer than it first should.
    `reply` is the latest one, `ground` the law or policy that it rests on; `may_rate` is true where
    it has not been rated by this submitter yet.
    """

    number: int
    matter: str
    department: str
    progress: str
    opened_at: datetime
    deadline_at: datetime | None
    delay: str | None
    reply: str | None
    ground: str | None
    outcome: Outcome | None
    replied_at: datetime | None
    may_rate: bool


@dataclass(frozen=True, slots=True)
class Tracked:
    """A submission as its submitter sees it: nothing of its words, nothing of other reporters."""

    recorded_at: datetime
    progress: str
    matters: tuple[TrackedMatter, ...]


def find_code(session: Session, submission_id: str) -> str | None:
    """The code that the receipt of this submission shows; None where the store has no keys."""
    ring = find_ring(session)
    return None if ring is None else make_code(ring, submission_id)


def reissue_code(
    session: Session, submission_id: str, *, caller: Caller, reason: str, now: datetime
) -> str:
    """The code once more, for a submitter who has lost the receipt; that it was told, to whom and
    why goes on record.

    Whether the caller may know of the submission at all was asked before. Nobody of a department:
    with the code they could rate their own reply. Raises AccessDenied, InvalidInput without a
    reason, KeyUnavailable.
    """
    caller.require(Action.SUBMIT)
    caller.require(Action.UNMASK)
    if caller.reach is not None:
        raise AccessDenied("查询码只由受理处补发，请反映人带证件到受理处，或拨打受理电话")
    happened = {
        "actor": caller.who,
        "kind": "tracking.reissued",
        "submission_id": submission_id,
        "payload": {"reason": mask(check_reason(reason))},
    }
    record_events(session, [happened], now=now)
    return make_code(get_ring(session), submission_id)


def find_tracked(session: Session, code: str, tail: str) -> Tracked | None:
    """The submission with this code and these last four digits of the submitter's phone, or None.

    Where no phone or ID number was left, the code alone is enough. Raises KeyUnavailable.
    """
    submission = _find(session, code, tail)
    if submission is None:
        return None
    if submission.confidential:
        return Tracked(submission.recorded_at, SEALED_WORDS, ())
    entries = session.scalars(
        select(EntryRow).where(EntryRow.submission_id == submission.id).order_by(EntryRow.id)
    )
    matters = tuple(_matter(session, entry) for entry in entries)
    progress = matters[0].progress if len(matters) == 1 else f"共 {len(matters)} 个事项，分别办理"
    return Tracked(submission.recorded_at, progress if matters else WAITING_WORDS, matters)


def rate_tracked(
    session: Session,
    code: str,
    tail: str,
    *,
    number: int,
    solved: bool,
    satisfaction: int,
    comment: str,
    now: datetime,
) -> Tracked | None:
    """Record what the submitter thinks of a reply; the submission as it then stands, or None where
    code and digits do not fit. "Not solved" sends the matter back to work.

    Raises NotFound for a matter that is not of this submission, Conflict where there is no reply
    yet or it has been rated, InvalidInput for a satisfaction that is none.
    """
    submission = _find(session, code, tail)
    if submission is None:
        return None
    entry = session.get(EntryRow, number)
    if entry is None or entry.submission_id != submission.id or submission.confidential:
        raise NotFound("没有这个事项，请刷新查询结果后再评价", field="number")
    standing = _follow(session, entry)
    if not _may_rate(session, entry, standing, _find_reply(session, standing)):
        raise Conflict("还没有新的答复可以评价，或已经评价过了，请刷新查询结果")
    run_command(
        session,
        standing.id,
        Command.EVALUATE,
        caller=_CALLER,
        version=standing.version,
        now=now,
        solved=solved,
        satisfaction=satisfaction,
        comment=comment or None,
        submission_id=submission.id,
    )
    return find_tracked(session, code, tail)


def _find(session: Session, code: str, tail: str) -> SubmissionRow | None:
    read = read_code(code)
    if read is None:
        return None
    submission = session.scalar(
        select(SubmissionRow).where(SubmissionRow.tracking_digest == digest_code(read))
    )
    if submission is None:
        return None
    submitter = session.get(SubmitterRow, submission.id)
    if submitter is None or submitter.phone_tail is None:
        return submission
    told = digest_tail(session, read, read_tail(tail) or "-") or ""
    return submission if secrets.compare_digest(submitter.phone_tail, told) else None


def _matter(session: Session, entry: EntryRow) -> TrackedMatter:
    standing = _follow(session, entry)
    department = session.get_one(DepartmentRow, standing.lead_department)
    reply = _find_reply(session, standing)
    return TrackedMatter(
        number=entry.id,
        matter=entry.matter,
        department=department.full_name,
        progress=tell(standing.state, department=department.name, ground=standing.ground),
        opened_at=entry.opened_at,
        deadline_at=standing.deadline_at,
        delay=_tell_delay(session, standing),
        reply=None if reply is None else reply.text,
        ground=None if reply is None else find_grounds(session, [standing]).get(standing.id),
        outcome=None if reply is None else reply.outcome,
        replied_at=None if reply is None else reply.at,
        may_rate=_may_rate(session, entry, standing, reply),
    )


def _follow(session: Session, entry: EntryRow) -> EntryRow:
    """The entry that answers for this one: itself, or the one that it was merged into."""
    seen = {entry.id}
    while entry.merged_into is not None and entry.merged_into not in seen:
        entry = session.get_one(EntryRow, entry.merged_into)
        seen.add(entry.id)
    return entry


def _find_reply(session: Session, entry: EntryRow) -> ReplyRow | None:
    query = select(ReplyRow).where(ReplyRow.entry_id == entry.id).order_by(ReplyRow.id.desc())
    return session.scalar(query.limit(1))


def _tell_delay(session: Session, entry: EntryRow) -> str | None:
    longer = find_longer(session, entry)
    return tell_delay(
        longer=longer.span if longer else None,
        reason=longer.reason if longer else None,
        pause_ground=find_pause(entry),
    )


def _may_rate(
    session: Session, entry: EntryRow, standing: EntryRow, reply: ReplyRow | None
) -> bool:
    if reply is None or standing.outcome is None or standing.state not in _RATED:
        return False
    rated = select(EvaluationRow.id).where(
        EvaluationRow.entry_id == standing.id,
        EvaluationRow.submission_id == entry.submission_id,
        EvaluationRow.source == "citizen",
        EvaluationRow.at >= reply.at,
    )
    return session.scalar(rated.limit(1)) is None
