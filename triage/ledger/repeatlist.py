"""What a clerk sees of repeats and makes of them: the same submission again, merged or no.

Two submissions are a pair whichever came first. What a caller may not know of is in no line: an
accusation (Art. 30), or a submission none of whose entries is within reach.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.commands import MAX_NOTE, run_command
from triage.ledger.departments import find_names
from triage.ledger.events import record_events
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.repeats import Likely, add_repeat, are_pair, find_repeats, settle_repeats
from triage.ledger.states import EntryState, RepeatState
from triage.ledger.tables import EntryRow, MemberRow, RepeatRow, SubmissionRow
from triage.ledger.views import StoredEntry, StoredSubmission, entry_view, submission_view
from triage.repeats import RepeatKind, Wording, judge_repeat, read_wording
from triage.roles import Action, Caller
from triage.workflow import Command

MOST_OTHERS = 20  # told in other words: submissions of the same common problem that are shown
_STEP = 200  # rows looked through at a time, of which a caller may see but some


@dataclass(frozen=True, slots=True)
class RepeatLine:
    """A submission that is probably the same as another one (`other`).

    `entries` are those of the other that this caller may see. Who is asked about a text that is
    not recorded, or about another member of the same problem, finds no `state` yet: nobody has
    written the pair down.
    """

    other: StoredSubmission
    kind: RepeatKind
    similarity: float | None
    entries: tuple[StoredEntry, ...]
    submission: StoredSubmission | None = None
    state: RepeatState | None = None
    found_at: datetime | None = None
    decided_by: str | None = None
    decided_note: str | None = None
    decided_at: datetime | None = None


def list_repeats(
    session: Session,
    submission_id: str,
    *,
    caller: Caller,
    state: RepeatState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[RepeatLine]:
    """One page of what a submission is probably the same as, the latest found first.

    Without a `state` those called no repeat (dismissed) are left out. Raises NotFound for a
    submission this caller may not know of, InvalidInput for a limit or cursor that is none.
    """
    caller.require(Action.READ)
    _get_visible(session, submission_id, caller=caller)
    query = select(RepeatRow).where(
        or_(RepeatRow.submission_id == submission_id, RepeatRow.earlier_id == submission_id)
    )
    return _read_page(session, query, caller, state, limit, cursor, about=submission_id)


def list_first_repeats(
    session: Session, submission_id: str, *, caller: Caller
) -> tuple[RepeatLine, ...]:
    """The earlier submissions that one which has just come in probably repeats, the likeliest
    first, as far as this caller may know of them; nothing for who may not read the ledger."""
    if not caller.may(Action.READ):
        return ()
    rows = session.scalars(
        select(RepeatRow)
        .where(
            RepeatRow.submission_id == submission_id,
            RepeatRow.state != RepeatState.DISMISSED,
        )
        .order_by(RepeatRow.id)
    ).all()
    ids = {name for row in rows for name in (row.submission_id, row.earlier_id)}
    seen = _load_seen(session, ids, caller=caller)
    return tuple(
        _line(row, seen, about=submission_id)
        for row in rows
        if row.submission_id in seen and row.earlier_id in seen
    )


def list_all_repeats(
    session: Session,
    *,
    caller: Caller,
    state: RepeatState | None = RepeatState.SUSPECTED,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[RepeatLine]:
    """One page of all pairs, the latest found first; each with both submissions.

    Raises InvalidInput for a limit or cursor that is none.
    """
    caller.require(Action.READ)
    query = select(RepeatRow)
    if caller.reach is not None:
        led = select(EntryRow.submission_id).where(EntryRow.lead_department.in_(caller.reach))
        query = query.where(RepeatRow.submission_id.in_(led))
    return _read_page(session, query, caller, state, limit, cursor, about=None)


def list_in_other_words(
    session: Session, submission_id: str, *, caller: Caller
) -> tuple[RepeatLine, ...]:
    """The latest others of the common problem that a submission belongs to, which tell the same
    matter in other words; without those that are a pair with it already, as repeat or as none.

    Raises NotFound for a submission this caller may not know of.
    """
    caller.require(Action.READ)
    _get_visible(session, submission_id, caller=caller)
    mine = select(MemberRow.problem_id).where(MemberRow.submission_id == submission_id)
    paired = select(RepeatRow.id).where(are_pair(submission_id, MemberRow.submission_id))
    query = (
        select(MemberRow.submission_id)
        .join(SubmissionRow, SubmissionRow.id == MemberRow.submission_id)
        .where(
            MemberRow.problem_id == mine.scalar_subquery(),
            MemberRow.submission_id != submission_id,
            ~paired.exists(),
        )
        .order_by(SubmissionRow.recorded_at.desc(), SubmissionRow.id)
        .limit(_STEP)
    )
    ids = list(session.scalars(query))
    seen = _load_seen(session, ids, caller=caller)
    return tuple(
        RepeatLine(seen[name][0], RepeatKind.SAME_MATTER, None, seen[name][1])
        for name in ids
        if name in seen
    )[:MOST_OTHERS]


def find_lines(session: Session, wording: Wording, *, caller: Caller) -> tuple[RepeatLine, ...]:
    """What a text that is not recorded probably repeats, as far as this caller may know of it.

    Nothing for a caller who may not read the ledger.
    """
    if not caller.may(Action.READ):
        return ()
    found = find_repeats(session, wording)
    seen = _load_seen(session, [likely.submission_id for likely in found], caller=caller)
    return tuple(
        RepeatLine(other, likely.kind, likely.similarity, entries)
        for likely in found
        if likely.submission_id in seen
        for other, entries in [seen[likely.submission_id]]
    )


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
    happened = {
        "actor": caller.who,
        "kind": "repeat.dismissed",
        "submission_id": submission_id,
        "payload": {"other": other_id},
    }
    record_events(session, [happened], now=now)


def _read_page(
    session: Session,
    query: Select[RepeatRow],
    caller: Caller,
    state: RepeatState | None,
    limit: int,
    cursor: str | None,
    *,
    about: str | None,
) -> Page[RepeatLine]:
    """Rows are looked through until the page is full: whether a caller may see one is not in it."""
    check_limit(limit)
    if state is None:
        query = query.where(RepeatRow.state != RepeatState.DISMISSED)
    else:
        query = query.where(RepeatRow.state == state)
    query = query.order_by(RepeatRow.id.desc()).limit(_STEP)
    (after,) = read_cursor(cursor, int) if cursor is not None else (None,)
    lines: list[tuple[int, RepeatLine]] = []
    while True:
        rows = session.scalars(query if after is None else query.where(RepeatRow.id < after)).all()
        ids = {name for row in rows for name in (row.submission_id, row.earlier_id)}
        seen = _load_seen(session, ids, caller=caller)
        for row in rows:
            if row.submission_id in seen and row.earlier_id in seen:
                lines.append((row.id, _line(row, seen, about=about)))
        if len(lines) > limit or len(rows) < _STEP:
            break
        after = rows[-1].id
    more = len(lines) > limit
    return Page(
        tuple(line for _, line in lines[:limit]),
        write_cursor(lines[limit - 1][0]) if more else None,
    )


def _line(
    row: RepeatRow,
    seen: dict[str, tuple[StoredSubmission, tuple[StoredEntry, ...]]],
    *,
    about: str | None,
) -> RepeatLine:
    one, other = row.submission_id, row.earlier_id
    if about == other:
        one, other = other, one
    return RepeatLine(
        other=seen[other][0],
        kind=RepeatKind(row.kind),
        similarity=row.similarity,
        entries=seen[other][1],
        submission=seen[one][0],
        state=row.state,
        found_at=row.found_at,
        decided_by=row.decided_by,
        decided_note=row.decided_note,
        decided_at=row.decided_at,
    )


def _load_seen(
    session: Session, submission_ids: Collection[str], *, caller: Caller
) -> dict[str, tuple[StoredSubmission, tuple[StoredEntry, ...]]]:
    """Those of these submissions that the caller may know of, each with the entries within reach;
    two or three statements, however many there are."""
    if not submission_ids:
        return {}
    entries: defaultdict[str, list[StoredEntry]] = defaultdict(list)
    query = (
        select(EntryRow)
        .where(EntryRow.submission_id.in_(submission_ids), EntryRow.confidential.is_(False))
        .order_by(EntryRow.id)
    )
    names = None if caller.reach is None else find_names(session, caller.reach)
    for row in session.scalars(query):
        if (
            names is None
            or caller.reaches(row.lead_department)
            or not names.isdisjoint(row.assisting)
        ):
            entries[row.submission_id].append(entry_view(row))
    rows = session.scalars(
        select(SubmissionRow).where(
            SubmissionRow.id.in_(submission_ids), SubmissionRow.confidential.is_(False)
        )
    )
    return {
        row.id: (submission_view(row), tuple(entries[row.id]))
        for row in rows
        if names is None or row.id in entries
    }


def _get_visible(session: Session, submission_id: str, *, caller: Caller) -> StoredSubmission:
    seen = _load_seen(session, [submission_id], caller=caller)
    if submission_id not in seen:
        raise NotFound(f"没有编号为 {submission_id} 的来件，请核对编号", field="id")
    return seen[submission_id][0]


def _check_pair(session: Session, submission_id: str, other_id: str, *, caller: Caller) -> None:
    _get_visible(session, submission_id, caller=caller)
    if submission_id == other_id:
        raise InvalidInput("这是同一件来件，请填写另一件的编号", field="other")
    try:
        _get_visible(session, other_id, caller=caller)
    except NotFound as error:
        raise NotFound(error.message, field="other") from None


def _get_entry(
    session: Session, submission_id: str, entry_id: int | None, *, caller: Caller, field: str
) -> StoredEntry:
    """The one entry of a submission, or the one of several that was named."""
    _, entries = _load_seen(session, [submission_id], caller=caller)[submission_id]
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
