"""How the like was answered: closed entries of the same domain whose words are most alike, with
the reply they got, for the one who writes the next (答复参考)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from triage.ledger.listfilters import EXCERPT, show, within
from triage.ledger.sight import get_visible
from triage.ledger.states import Outcome
from triage.ledger.tables import DepartmentRow, EntryRow, ReplyRow, SubmissionRow
from triage.likeness import measure_alike
from triage.privacy import mask
from triage.roles import Caller

LOOKED_AT = 200  # of the latest that were answered
FEW = 5
_READ = 1_000  # characters of a text that are compared
_LEVEL2 = 4  # digits of a domain code that name its second level


@dataclass(frozen=True, slots=True)
class SimilarEntry:
    """An entry that was answered, and how; personal data in title, excerpt and reply is masked.

    `likeness` runs from 0 to 1; `solved` and `satisfaction` are of its latest evaluation.
    """

    entry_id: int
    submission_id: str
    title: str
    excerpt: str
    domain: str
    department_name: str
    outcome: Outcome
    reply: str
    replied_at: datetime
    solved: bool | None
    satisfaction: int | None
    likeness: float


def list_similar(session: Session, entry_id: int, *, caller: Caller) -> tuple[SimilarEntry, ...]:
    """The few answered entries within reach that are most like this one; those of its own domain
    first, and where there are few of these, of the heading above it.

    One whose reporters said that it is not solved is no example. Raises NotFound for an entry that
    the caller may not know of.
    """
    entry = get_visible(session, entry_id, caller=caller)
    submission = session.get_one(SubmissionRow, entry.submission_id)
    text = f"{submission.title}\n{submission.content}"
    found = _rank(session, entry, text, EntryRow.domain_code == entry.domain_code, caller=caller)
    if len(found) < FEW:
        heading = EntryRow.domain_code.startswith(entry.domain_code[:_LEVEL2], autoescape=True)
        beside = heading & (EntryRow.domain_code != entry.domain_code)
        found += _rank(session, entry, text, beside, caller=caller)
    return tuple(found[:FEW])


def _rank(
    session: Session,
    entry: EntryRow,
    text: str,
    of_domain: ColumnElement[bool],
    *,
    caller: Caller,
) -> list[SimilarEntry]:
    query = (
        select(
            EntryRow.id,
            SubmissionRow.title,
            func.substr(SubmissionRow.content, 1, _READ).label("content"),
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .where(
            of_domain,
            EntryRow.id != entry.id,
            EntryRow.confidential.is_(False),
            EntryRow.replied_at.is_not(None),
            EntryRow.solved.is_not(False),
            *within(EntryRow.lead_department, caller.reach),
        )
        .order_by(EntryRow.opened_at.desc(), EntryRow.id.desc())
        .limit(LOOKED_AT)
    )
    rows = session.execute(query).all()
    likeness = measure_alike(text[:_READ], [f"{row.title}\n{row.content}" for row in rows])
    best = sorted(zip(likeness, rows, strict=True), key=lambda one: (-one[0], one[1].id))[:FEW]
    alike = {row.id: share for share, row in best if share > 0}
    lines = _read_lines(session, list(alike), alike)
    return [lines[entry_id] for entry_id in alike if entry_id in lines]


def _read_lines(
    session: Session, ids: Sequence[int], alike: dict[int, float]
) -> dict[int, SimilarEntry]:
    latest = (
        select(func.max(ReplyRow.id)).where(ReplyRow.entry_id.in_(ids)).group_by(ReplyRow.entry_id)
    )
    query = (
        select(EntryRow, SubmissionRow.title, SubmissionRow.content, DepartmentRow.name, ReplyRow)
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .join(DepartmentRow, DepartmentRow.code == EntryRow.lead_department)
        .join(ReplyRow, ReplyRow.entry_id == EntryRow.id)
        .where(ReplyRow.id.in_(latest))
    )
    return {
        entry.id: SimilarEntry(
            entry_id=entry.id,
            submission_id=entry.submission_id,
            title=show(title),
            excerpt=show(content[: EXCERPT + 64], most=EXCERPT),
            domain=entry.domain,
            department_name=name,
            outcome=reply.outcome,
            reply=mask(reply.text),
            replied_at=reply.at,
            solved=entry.solved,
            satisfaction=entry.satisfaction,
            likeness=alike[entry.id],
        )
        for entry, title, content, name, reply in session.execute(query)
    }
