"""What is read of submissions to group them and to count a common problem.

Nothing of a confidential submission is read (Art. 30). What a department was given of it goes
before what the machine suggested.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, select
from sqlalchemy.orm import Session, aliased

from triage.ledger.departments import find_codes
from triage.ledger.paging import in_chunks
from triage.ledger.states import EntryState
from triage.ledger.tables import EntryRow, MemberRow, SubmissionRow, SubmitterRow, SuggestionRow
from triage.traces import Told

_PIECE = 2_000  # submissions fetched at a time while the whole ledger is read
_SAID = aliased(SuggestionRow)
_LATEST = (
    select(func.max(_SAID.id)).where(_SAID.submission_id == SubmissionRow.id).scalar_subquery()
)
_DIVISION = SuggestionRow.payload["place"]["division"].as_string()
_DOMAIN = SuggestionRow.payload["domain"]


def _select_facts() -> Select[Any]:
    entry = aliased(EntryRow)
    first = (
        select(func.min(entry.id))
        .where(entry.submission_id == SubmissionRow.id, entry.confidential.is_(False))
        .where(entry.state != EntryState.DECLINED)
        .scalar_subquery()
    )
    return (
        select(
            MemberRow.problem_id,
            SubmissionRow.id,
            SubmissionRow.received_at,
            SubmissionRow.recorded_at,
            SubmissionRow.likes,
            SubmissionRow.urgency.label("suggested_urgency"),
            SuggestionRow.domain_code.label("suggested_code"),
            # Of what stands in an entry the suggestion need not be opened.
            case((EntryRow.id.is_(None), _DOMAIN)).label("suggested_domain"),
            case((EntryRow.id.is_(None), _DIVISION)).label("suggested_division"),
            SuggestionRow.lead,
            EntryRow.domain_code,
            EntryRow.domain,
            EntryRow.division,
            EntryRow.lead_department,
            EntryRow.urgency,
            SubmitterRow.person,
        )
        .join(SubmissionRow, SubmissionRow.id == MemberRow.submission_id)
        .outerjoin(SuggestionRow, SuggestionRow.id == _LATEST)
        .outerjoin(EntryRow, EntryRow.id == first)
        .outerjoin(SubmitterRow, SubmitterRow.submission_id == SubmissionRow.id)
        .where(SubmissionRow.confidential.is_(False))
        .where(MemberRow.problem_id.in_(bindparam("ids", expanding=True)))
    )


_FACTS = _select_facts()  # building it takes longer than carrying it out


def _select_tolds() -> Select[Any]:
    return (
        select(
            SubmissionRow.id,
            SubmissionRow.title,
            SubmissionRow.content,
            SubmissionRow.place,
            SubmissionRow.received_at,
            SubmissionRow.recorded_at,
            SuggestionRow.domain_code,
            SuggestionRow.payload["place"]["text"].as_string().label("phrase"),
            _DIVISION.label("division"),
        )
        .outerjoin(
            SuggestionRow,
            and_(SuggestionRow.submission_id == SubmissionRow.id, SuggestionRow.id == _LATEST),
        )
        .where(SubmissionRow.confidential.is_(False))
    )


_TOLDS_BY_ID = _select_tolds().where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Fact:
    """What counts of one member: when it was received, where it belongs, who reported it.

    `domain` is the path, `department` a code, `person` a digest; each is None where not known.
    """

    submission_id: str
    at: datetime
    domain_code: str
    domain: str
    division: str | None
    department: str | None
    urgency: int
    person: str | None
    likes: int


def read_tolds(session: Session, ids: Collection[str]) -> dict[str, Told]:
    """What grouping reads of these submissions, by id; those that are confidential are left out."""
    found: dict[str, Told] = {}
    for chunk in in_chunks(sorted(ids)):
        rows = session.execute(_TOLDS_BY_ID, {"ids": chunk})
        found |= {row.id: _told(row) for row in rows}
    return found


def walk_tolds(session: Session, *, since: datetime | None) -> Iterator[Told]:
    """All that was received since then, in order of id; the words go by in pieces."""
    last = ""
    while True:
        query = _select_tolds().where(SubmissionRow.id > last).order_by(SubmissionRow.id)
        if since is not None:
            at = func.coalesce(SubmissionRow.received_at, SubmissionRow.recorded_at)
            query = query.where(at >= since)
        rows = session.execute(query.limit(_PIECE)).all()
        yield from map(_told, rows)
        if len(rows) < _PIECE:
            return
        last = rows[-1].id


def read_facts(session: Session, problem_ids: Sequence[int]) -> dict[int, list[Fact]]:
    """The members of each of these problems, the first received first."""
    codes = find_codes(session) if problem_ids else {}
    facts: defaultdict[int, list[Fact]] = defaultdict(list)
    for chunk in in_chunks(list(problem_ids)):
        for row in session.execute(_FACTS, {"ids": chunk}):
            facts[row.problem_id].append(_fact(row, codes))
    for members in facts.values():
        members.sort(key=lambda fact: (fact.at, fact.submission_id))
    return facts


def _told(row: Any) -> Told:
    return Told(
        id=row.id,
        title=row.title,
        content=row.content,
        place=row.phrase or row.place,
        division=row.division,
        domain_code=row.domain_code or "",
        received_at=row.received_at or row.recorded_at,
    )


def _fact(row: Any, codes: Mapping[str, str]) -> Fact:
    at = row.received_at or row.recorded_at
    if row.domain_code is not None:
        return Fact(
            submission_id=row.id,
            at=at,
            domain_code=row.domain_code,
            domain=row.domain,
            division=row.division,
            department=row.lead_department,
            urgency=row.urgency,
            person=row.person,
            likes=row.likes or 0,
        )
    said = row.suggested_domain or {}
    levels = [said[name] for name in ("level1", "level2", "level3") if said.get(name)]
    return Fact(
        submission_id=row.id,
        at=at,
        domain_code=row.suggested_code or "",
        domain="/".join(levels),
        division=row.suggested_division,
        department=codes.get(row.lead or ""),
        urgency=row.suggested_urgency,
        person=row.person,
        likes=row.likes or 0,
    )
