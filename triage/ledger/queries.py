"""Reads: one submission, the ledgers, the review queue. They give values, never rows.

Confidential submissions (检举控告, Art. 30) do not exist for a reader who may not see them: not in
lines, counts or errors. `may_see_confidential` has no default, so that nobody forgets to say.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, defer

from triage.errors import NotFound
from triage.ledger.departments import CODE_BY_KEY, department_view, find_names, get_department
from triage.ledger.paging import (
    Page,
    check_limit,
    check_time,
    read_cursor,
    read_time,
    write_cursor,
)
from triage.ledger.people import name_people
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.states import EntryState, Outcome, SubmissionStatus
from triage.ledger.submitters import find_masked
from triage.ledger.tables import (
    DecisionRow,
    DepartmentRow,
    EntryRow,
    SubmissionRow,
    SuggestionRow,
    UtcTime,
    Words,
)
from triage.ledger.views import (
    ENTRY_COLUMNS,
    DepartmentCounts,
    LedgerLine,
    ReviewLine,
    StoredEntry,
    SubmissionFile,
    decision_view,
    entry_view,
    submission_view,
)
from triage.roles import Caller
from triage.submissions import Channel
from triage.suggestions import URGENCY_NAMES

EXCERPT = 120  # characters of the content that a list shows
_ENTRIES: Any = EntryRow.__table__
_SUBMISSIONS: Any = SubmissionRow.__table__
_ENTRY_FIELDS = tuple(column.name for column in ENTRY_COLUMNS)
_TIMES = tuple(column.name for column in ENTRY_COLUMNS if isinstance(column.type, UtcTime))
_TRUTHS = tuple(column.name for column in ENTRY_COLUMNS if isinstance(column.type, Boolean))


def get_submission(
    session: Session,
    submission_id: str,
    *,
    may_see_confidential: bool,
    reach: frozenset[str] | None = None,
) -> SubmissionFile:
    """All that is known of one submission.

    With a `reach` (codes) only the entries that departments within it lead or assist, and what was
    decided of these. Raises NotFound where there is none, or none that this reader may know of.
    """
    row = session.get(SubmissionRow, submission_id)
    entries: Sequence[EntryRow] = ()
    if row is not None:
        entries = session.scalars(
            select(EntryRow).where(EntryRow.submission_id == row.id).order_by(EntryRow.id)
        ).all()
    if reach is not None:
        names = find_names(session, reach)
        entries = [
            entry
            for entry in entries
            if entry.lead_department in reach or not names.isdisjoint(entry.assisting)
        ]
    if (
        row is None
        or (row.confidential and not may_see_confidential)
        or (reach is not None and not entries)
    ):
        raise NotFound(f"没有编号为 {submission_id} 的来件，请核对编号", field="id")
    decided = select(DecisionRow).where(DecisionRow.submission_id == row.id)
    if reach is not None:
        decided = decided.where(DecisionRow.entry_id.in_([entry.id for entry in entries]))
    decisions = session.scalars(decided.order_by(DecisionRow.id)).all()
    return SubmissionFile(
        submission=submission_view(row),
        suggestion=_latest_suggestions(session, [row.id]).get(row.id),
        entries=tuple(entry_view(entry) for entry in entries),
        decisions=tuple(map(decision_view, decisions)),
        submitter=find_masked(session, row.id),
        people=name_people(session, [decision.who for decision in decisions]),
    )


def list_departments(
    session: Session, *, may_see_confidential: bool, reach: frozenset[str] | None = None
) -> tuple[DepartmentCounts, ...]:
    """Every department in order of code, with the counts of its ledger; or those in `reach`."""
    departments = select(DepartmentRow).order_by(DepartmentRow.code)
    counted = select(
        EntryRow.lead_department, EntryRow.state, EntryRow.urgency, func.count()
    ).group_by(EntryRow.lead_department, EntryRow.state, EntryRow.urgency)
    if reach is not None:
        departments = departments.where(DepartmentRow.code.in_(reach))
        counted = counted.where(EntryRow.lead_department.in_(reach))
    if not may_see_confidential:
        counted = counted.where(EntryRow.confidential.is_(False))
    by_urgency: defaultdict[str, Counter[int]] = defaultdict(Counter)
    by_state: defaultdict[str, Counter[EntryState]] = defaultdict(Counter)
    for code, state, urgency, count in session.execute(counted):
        by_urgency[code][urgency] += count
        by_state[code][state] += count
    return tuple(
        DepartmentCounts(
            department=department_view(row),
            total=by_urgency[row.code].total(),
            by_urgency={level: by_urgency[row.code][level] for level in URGENCY_NAMES},
            by_state=dict(by_state[row.code]),
        )
        for row in session.scalars(departments)
    )


def list_ledger(
    held: Session | Connection,
    department: str,
    *,
    may_see_confidential: bool,
    caller: Caller | None = None,
    state: EntryState | None = None,
    urgency: int | None = None,
    domain: str | None = None,
    nature: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[LedgerLine]:
    """One page of a department's ledger: most urgent first, among equals the newest first.

    `department` is a code or name; `domain` a domain code or the code of a level above it; `since`
    counts, `until` no longer. Raises NotFound for an unknown department, AccessDenied for one out
    of the reach of `caller`, InvalidInput for a limit, cursor or time that is none.
    """
    check_limit(limit)
    connection = connection_of(held)
    given: dict[str, Any] = {
        "state": state,
        "domain": domain,
        "nature": nature,
        "since": check_time(since, "since") if since else None,
        "until": check_time(until, "until") if until else None,
        "public": None if may_see_confidential else False,
    }
    given = {name: value for name, value in given.items() if value is not None}
    given["key"] = department

    lines: list[LedgerLine] = []
    for walk in _plan_walks(urgency, cursor):
        if len(lines) <= limit:
            lines += _ledger_lines(connection, given | walk | {"most": limit + 1 - len(lines)})
    # Found together with the lines, where there are any: most often that is one statement less.
    code = lines[0].entry.lead_department if lines else get_department(connection, department).code
    if caller is not None:
        caller.require_reach(code)
    if len(lines) <= limit:
        return Page(tuple(lines), None)
    last = lines[limit - 1].entry
    turn = write_cursor(last.urgency, last.opened_at.isoformat(), last.id)
    return Page(tuple(lines[:limit]), turn)


def list_review(
    session: Session,
    *,
    may_see_confidential: bool,
    urgency: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ReviewLine]:
    """One page of the review queue: most urgent first, among equals the least sure first.

    Raises InvalidInput for a limit or cursor that is none.
    """
    place_in_queue = tuple_(SubmissionRow.urgency, SubmissionRow.confidence, SubmissionRow.id)
    query = (
        select(SubmissionRow, func.substr(SubmissionRow.content, 1, EXCERPT))
        .options(defer(SubmissionRow.content))
        # Spelt out in the statement, else no database sees that the partial index fits.
        .where(SubmissionRow.status == literal_column(f"'{SubmissionStatus.REVIEW}'"))
        .order_by(*place_in_queue)
        .limit(check_limit(limit) + 1)
    )
    if not may_see_confidential:
        query = query.where(SubmissionRow.confidential.is_(False))
    if urgency is not None:
        query = query.where(SubmissionRow.urgency == urgency)
    if cursor is not None:
        query = query.where(place_in_queue > read_cursor(cursor, int, float, str))
    found = session.execute(query).all()
    suggestions = _latest_suggestions(session, [row.id for row, _ in found[:limit]])
    lines = tuple(
        ReviewLine(
            submission_id=row.id,
            title=row.title,
            excerpt=excerpt,
            channel=Channel(row.channel) if row.channel else None,
            place=row.place,
            received_at=row.received_at,
            recorded_at=row.recorded_at,
            urgency=row.urgency,
            confidence=row.confidence,
            confidential=row.confidential,
            suggestion=suggestions.get(row.id),
        )
        for row, excerpt in found[:limit]
    )
    if len(found) <= limit:
        return Page(lines, None)
    last = lines[-1]
    return Page(lines, write_cursor(last.urgency, last.confidence, last.submission_id))


def _plan_walks(urgency: int | None, cursor: str | None) -> list[dict[str, Any]]:
    """The walks along the index of the ledger, by their parameters: one for a first page; for a
    further one the rest of the level of the line before it, and the levels beyond."""
    if cursor is None:
        return [{} if urgency is None else {"urgency": urgency}]
    level, opened_at, entry_id = read_cursor(cursor, int, read_time, int)
    walks: list[dict[str, Any]] = []
    if urgency in (None, level):
        walks.append({"urgency": level, "after_time": opened_at, "after_id": entry_id})
    if urgency is None:
        walks.append({"beyond": level})
    elif urgency > level:
        walks.append({"urgency": urgency})
    return walks


def _ledger_lines(connection: Connection, told: dict[str, Any]) -> list[LedgerLine]:
    on_postgres = connection.dialect.name == "postgresql"
    query = _lines_query(frozenset(told), on_postgres=on_postgres)
    ((found,),) = query.rows(connection, told)
    return [_read_line(line) for line in found.split("\n")] if found else []


@lru_cache(maxsize=4096)
def _read_line(line: str) -> LedgerLine:
    """A line as the database spells it. The first pages are asked for again and again, so a line
    once read is kept; what was spelt is itself the key, so it can never be out of date."""
    *told, title, excerpt, channel, place, received_at = json.loads(line)
    values = dict(zip(_ENTRY_FIELDS, told, strict=True))
    for name in _TIMES:
        values[name] = _as_time(values[name])
    for name in _TRUTHS:
        values[name] = values[name] if values[name] is None else bool(values[name])
    values["assisting"] = tuple(json.loads(values["assisting"]))
    values["state"] = EntryState(values["state"])
    values["outcome"] = values["outcome"] and Outcome(values["outcome"])
    return LedgerLine(
        entry=StoredEntry(**values),
        title=title,
        excerpt=excerpt,
        channel=channel and Channel(channel),
        place=place,
        received_at=_as_time(received_at),
    )


def _as_time(value: str | None) -> datetime | None:
    """A time as SQLite keeps it, in UTC, or as PostgreSQL spells it, with its zone."""
    if value is None:
        return None
    told = datetime.fromisoformat(value)
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)


@cache
def _lines_query(told: frozenset[str], *, on_postgres: bool) -> Spelt:
    """The lines by these parameters as one text, each a JSON array, in which no line break stands:
    forty values apiece take the database and its driver twice as long to hand over. Both databases
    join in the order of the inner statement, which has a limit. Kept, since building and spelling
    such a statement takes longer than carrying it out."""
    entry, submission = _ENTRIES.c, _SUBMISSIONS.c
    conditions = {
        "urgency": entry.urgency == bindparam("urgency"),
        "beyond": entry.urgency > bindparam("beyond"),
        "state": entry.state == bindparam("state"),
        "domain": func.substr(entry.domain_code, 1, func.length(bindparam("domain")), type_=Words())
        == bindparam("domain"),
        "nature": entry.nature == bindparam("nature"),
        "since": entry.opened_at >= bindparam("since"),
        "until": entry.opened_at < bindparam("until"),
        "public": entry.confidential == bindparam("public"),
        "after_id": tuple_(entry.opened_at, entry.id)
        < tuple_(
            bindparam("after_time", type_=UtcTime()), bindparam("after_id", type_=entry.id.type)
        ),
    }
    columns = (
        *(entry[name] for name in _ENTRY_FIELDS),
        submission.title,
        func.substr(submission.content, 1, EXCERPT),
        submission.channel,
        submission.place,
        submission.received_at,
    )
    spell = func.json_build_array if on_postgres else func.json_array
    # A list goes in as it is kept, in words: so it does on SQLite in any case.
    told_each = [cast(each, Text) if isinstance(each.type, JSON) else each for each in columns]
    lines = (
        select(cast(spell(*told_each), Text).label("line"))
        .join_from(_ENTRIES, _SUBMISSIONS, submission.id == entry.submission_id)
        .where(
            entry.lead_department == CODE_BY_KEY,
            *(condition for name, condition in conditions.items() if name in told),
        )
        .order_by(entry.urgency, entry.opened_at.desc(), entry.id.desc())
        .limit(bindparam("most"))
        .subquery("lines")
    )
    join = func.string_agg if on_postgres else func.group_concat
    return Spelt(select(join(lines.c.line, "\n", type_=Text)))


def _latest_suggestions(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    query = (
        select(SuggestionRow.submission_id, SuggestionRow.payload)
        .where(SuggestionRow.submission_id.in_(ids))
        .order_by(SuggestionRow.id)
    )
    return dict(session.execute(query).all())
