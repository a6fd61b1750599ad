"""What a clerk makes of a repeat: merged with the one it repeats, or called none for good."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.commands import MAX_NOTE, run_command
from triage.ledger.events import record_events
from triage.ledger.repeatlist import get_seen, load_seen
from triage.ledger.repeats import Likely, add_repeat, are_pair, settle_repeats
from triage.ledger.states import EntryState, RepeatState
from triage.ledger.tables import EntryRow, RepeatRow, SubmissionRow
from triage.ledger.views import StoredEntry
from triage.ledger.withholding import withhold_named
from triage.repeats import RepeatKind, judge_repeat, read_wording
from triage.roles import Action, Caller
from triage.workflow import Command


def merge_repeat(
    session: Session,
    submission_id: str,
    other_id: str,
    *,
    caller: Caller,
    version: int,
    now: datetime,
    note: str = "",
    entry_id: int | None = None,
    into: int | None = None,
) -> StoredEntry:
    """Merge the entry of one submission into that of the other, which it repeats; the merged one.

    `version` is that of the entry to be merged. `entry_id` and `into` say which of several, where
    a submission was split. Where the other was itself merged, its host takes this one too. Goes
    the way of the command merge and raises what that raises; NotFound for a submission this caller
    may not know of, Conflict where one of the two has no entry yet, or several.
    """
    caller.require(Action.ASSIGN)
    _check_pair(session, submission_id, other_id, caller=caller)
    entry = _get_entry(session, submission_id, entry_id, caller=caller, field="entry")
    host = _get_entry(session, other_id, into, caller=caller, field="into")
    if host.state is EntryState.MERGED and host.merged_into not in (None, entry.id):
        host_id = host.merged_into
    else:
        host_id = host.id
    if not _stands(session, submission_id, other_id):
        _add_pair(session, submission_id, other_id, now=now)
    merged = run_command(
        session,
        entry.id,
        Command.MERGE,
        caller=caller,
        version=version,
        now=now,
        note=note,
        into=host_id,
    )
    settle_repeats(
        session,
        submission_id,
        other_id,
        state=RepeatState.MERGED,
        who=caller.who,
        note=note.strip(),
        now=now,
    )
    withhold_named(session, note, who=caller.who, now=now)
    return merged


def dismiss_repeat(
    session: Session,
    submission_id: str,
    other_id: str,
    *,
    caller: Caller,
    now: datetime,
    note: str = "",
) -> None:
    """Remember that two submissions are not the same matter: the pair is not shown again.

    Said again it changes nothing. Raises NotFound for a submission this caller may not know of,
    Conflict where they were merged, InvalidInput for too long a note.
    """
    caller.require(Action.ASSIGN)
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"理由或说明不能超过 {MAX_NOTE} 字，请缩短", field="note")
    _check_pair(session, submission_id, other_id, caller=caller)
    if not _stands(session, submission_id, other_id):
        _add_pair(session, submission_id, other_id, now=now)
    row = session.scalars(
        select(RepeatRow)
        .where(are_pair(submission_id, other_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None or row.state is RepeatState.DISMISSED:
        return
    if row.state is RepeatState.MERGED and _is_merged(session, submission_id, other_id):
        raise Conflict("这两件已经并件，要分开办理请先把并入的条目重办（拆出）", field="other")
    settle_repeats(
        session,
        submission_id,
        other_id,
        state=RepeatState.DISMISSED,
        who=caller.who,
        note=note,
        now=now,
    )
    withhold_named(session, note, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": "repeat.dismissed",
        "submission_id": submission_id,
        "payload": {"other": other_id},
    }
    record_events(session, [happened], now=now)


def _check_pair(session: Session, submission_id: str, other_id: str, *, caller: Caller) -> None:
    get_seen(session, submission_id, caller=caller)
    if submission_id == other_id:
        raise InvalidInput("这是同一件来件，请填写另一件的编号", field="other")
    try:
        get_seen(session, other_id, caller=caller)
    except NotFound as error:
        raise NotFound(error.message, field="other") from None


def _get_entry(
    session: Session, submission_id: str, entry_id: int | None, *, caller: Caller, field: str
) -> StoredEntry:
    """The one entry of a submission, or the one of several that was named."""
    _, entries = load_seen(session, [submission_id], caller=caller)[submission_id]
    if entry_id is not None:
        entries = tuple(entry for entry in entries if entry.id == entry_id)
        if not entries:
            raise NotFound(f"该来件没有编号为 {entry_id} 的台账条目，请核对编号", field=field)
    if not entries:
        raise Conflict(f"来件 {submission_id} 还没有交办，请先复核确认，再并件", field=field)
    if len(entries) > 1:
        raise Conflict(
            f"来件 {submission_id} 已拆分为 {len(entries)} 个事项，请指明台账条目编号", field=field
        )
    return entries[0]


def _stands(session: Session, one: str, other: str) -> bool:
    return session.scalar(select(RepeatRow.id).where(are_pair(one, other)).limit(1)) is not None


def _is_merged(session: Session, one: str, other: str) -> bool:
    """Whether an entry of either is merged still: it may have been split off again."""
    query = select(EntryRow.id).where(
        EntryRow.submission_id.in_((one, other)), EntryRow.state == EntryState.MERGED
    )
    return session.scalar(query.limit(1)) is not None


def _add_pair(session: Session, one: str, other: str, *, now: datetime) -> None:
    """Write down a pair that a person has seen: the one that came later repeats the earlier one."""
    rows: Sequence[SubmissionRow] = session.scalars(
        select(SubmissionRow).where(SubmissionRow.id.in_((one, other)))
    ).all()
    earlier, later = sorted(rows, key=lambda row: (row.recorded_at, row.id))
    mine, theirs = (read_wording(row.title, row.content, row.place) for row in (later, earlier))
    judged = judge_repeat(mine, theirs, same_person=False) or (RepeatKind.SAME_MATTER, 0.0)
    add_repeat(session, later.id, earlier.id, Likely(earlier.id, *judged), now=now)
