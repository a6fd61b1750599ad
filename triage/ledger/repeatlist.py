"""What a clerk sees of repeats: the submissions that are probably the same as another.

Two submissions are a pair whichever came first. What a caller may not know of is in no line: an
accusation (Art. 30), or a submission none of whose entries is within reach.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from triage.errors import NotFound
from triage.ledger.departments import find_names
from triage.ledger.paging import Page, check_limit, read_cursor, write_cursor
from triage.ledger.repeats import Likely, are_pair
from triage.ledger.spelt import Spelt
from triage.ledger.statements import among, connection_of
from triage.ledger.states import RepeatState
from triage.ledger.tables import EntryRow, MemberRow, RepeatRow, SubmissionRow, to_utc
from triage.ledger.views import StoredEntry, StoredSubmission
from triage.repeats import RepeatKind
from triage.roles import Action, Caller
from triage.submissions import Channel

# On the tables themselves: half of what a statement costs.
_SUBMISSIONS = SubmissionRow.metadata.tables[SubmissionRow.__tablename__].c
_ENTRIES = EntryRow.metadata.tables[EntryRow.__tablename__].c

_ENTRY = tuple(field.name for field in fields(StoredEntry))
_SUBMISSION = tuple(field.name for field in fields(StoredSubmission))
MOST_OTHERS = 20  # told in other words: submissions of the same common problem that are shown
_FIRST = (
    select(*RepeatRow.__table__.c)
    .where(RepeatRow.submission_id == bindparam("own"), RepeatRow.state != RepeatState.DISMISSED)
    .order_by(RepeatRow.id)
)
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
    get_seen(session, submission_id, caller=caller)
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
    rows = session.execute(_FIRST, {"own": submission_id}).all()
    ids = {name for row in rows for name in (row.submission_id, row.earlier_id)}
    seen = load_seen(session, ids, caller=caller)
    return tuple(
        _line(row, seen, about=submission_id)
        for row in rows
        if row.submission_id in seen and row.earlier_id in seen
    )


def list_new_repeats(
    session: Session, found: Mapping[str, Sequence[Likely]], *, now: datetime
) -> dict[str, tuple[RepeatLine, ...]]:
    """As `list_first_repeats`, for many whose repeats have just been `found` and recorded: what a
    caller sees of them who reaches every department."""
    ids = {likely.submission_id for likelies in found.values() for likely in likelies}
    seen = _load_open(session, ids)

    def line(likely: Likely) -> RepeatLine:
        other, entries = seen[likely.submission_id]
        state, found_at = RepeatState.SUSPECTED, to_utc(now)
        return RepeatLine(
            other, likely.kind, likely.similarity, entries, state=state, found_at=found_at
        )

    # On PostgreSQL another process may have made one an accusation since it was found.
    return {
        name: tuple(line(likely) for likely in likelies if likely.submission_id in seen)
        for name, likelies in found.items()
    }


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
    get_seen(session, submission_id, caller=caller)
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
    seen = load_seen(session, ids, caller=caller)
    return tuple(
        RepeatLine(seen[name][0], RepeatKind.SAME_MATTER, None, seen[name][1])
        for name in ids
        if name in seen
    )[:MOST_OTHERS]


def find_lines(
    session: Session, found: Sequence[Likely], *, caller: Caller
) -> tuple[RepeatLine, ...]:
    """What a text that is not recorded probably repeats (`find_repeats`), as far as this caller may
    know of it; nothing for a caller who may not read the ledger."""
    if not caller.may(Action.READ):
        return ()
    seen = load_seen(session, [likely.submission_id for likely in found], caller=caller)
    return tuple(
        RepeatLine(other, likely.kind, likely.similarity, entries)
        for likely in found
        if likely.submission_id in seen
        for other, entries in [seen[likely.submission_id]]
    )


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
        seen = load_seen(session, ids, caller=caller)
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
    row: RepeatRow | Any,
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


def load_seen(
    session: Session, submission_ids: Collection[str], *, caller: Caller
) -> dict[str, tuple[StoredSubmission, tuple[StoredEntry, ...]]]:
    """Those of these submissions that the caller may know of, each with the entries within reach;
    two or three statements, however many there are."""
    found = _load_open(session, submission_ids)
    if caller.reach is None or not found:
        return found
    names = find_names(session, caller.reach)
    seen = {}
    for name, (submission, entries) in found.items():
        within = tuple(
            entry
            for entry in entries
            if caller.reaches(entry.lead_department) or not names.isdisjoint(entry.assisting)
        )
        if within:
            seen[name] = (submission, within)
    return seen


def _load_open(
    session: Session, submission_ids: Collection[str]
) -> dict[str, tuple[StoredSubmission, tuple[StoredEntry, ...]]]:
    """Those of these submissions that are no accusation, each with its entries."""
    if not submission_ids:
        return {}
    told = {"ids": sorted(submission_ids)}
    connection = connection_of(session)
    on_postgres = connection.dialect.name == "postgresql"
    entries: defaultdict[str, list[StoredEntry]] = defaultdict(list)
    for row in _entries_query(on_postgres=on_postgres).rows(connection, told):
        entry: dict[str, Any] = dict(zip(_ENTRY, row, strict=True))
        entry["assisting"] = tuple(entry["assisting"])
        entries[entry["submission_id"]].append(StoredEntry(**entry))
    seen = {}
    for row in _submissions_query(on_postgres=on_postgres).rows(connection, told):
        submission: dict[str, Any] = dict(zip(_SUBMISSION, row, strict=True))
        submission["channel"] = submission["channel"] and Channel(submission["channel"])
        seen[submission["id"]] = (StoredSubmission(**submission), tuple(entries[submission["id"]]))
    return seen


@cache
def _entries_query(*, on_postgres: bool) -> Spelt:
    among_ids = among(_ENTRIES.submission_id, "ids", on_postgres=on_postgres)
    return Spelt(
        select(*(_ENTRIES[name] for name in _ENTRY))
        .where(among_ids, _ENTRIES.confidential.is_(False))
        .order_by(_ENTRIES.id)
    )


@cache
def _submissions_query(*, on_postgres: bool) -> Spelt:
    columns = (_SUBMISSIONS[name] for name in _SUBMISSION)
    among_ids = among(_SUBMISSIONS.id, "ids", on_postgres=on_postgres)
    return Spelt(select(*columns).where(among_ids, _SUBMISSIONS.confidential.is_(False)))


def get_seen(session: Session, submission_id: str, *, caller: Caller) -> StoredSubmission:
    """The submission, if this caller may know of it. Raises NotFound, alike for hidden ones."""
    seen = load_seen(session, [submission_id], caller=caller)
    if submission_id not in seen:
        raise NotFound(f"没有编号为 {submission_id} 的来件，请核对编号", field="id")
    return seen[submission_id][0]
