"""Words looked for in submissions: in title, text and place, as they stand.

No index finds a part of a Chinese word on every database. So whoever looks through few entries has
their words read one after the other; whoever looks through many has the submissions read once, in
the order in which they lie, which is ten times as quick as from entry to entry.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from triage.errors import InvalidInput
from triage.ledger.selection import is_postgres
from triage.ledger.statements import among
from triage.ledger.tables import EntryRow, SubmissionRow

MAX_WORDS = 50  # characters that are searched for
MOST_FOUND = 10_000  # submissions; more are common enough to come across, entry by entry
_PARTS = 5  # words searched for at once
_FEW = 10_000  # entries that are read one after the other
_DIGITS = 18  # of the longest number that any database can hold, and one less
_FOUND = "found"  # the name in `session.info` of what this transaction has looked for


def keep_found(session: Session, query: Select[Any], words: str) -> Select[Any]:
    """Of `query`, which is of entries, those whose submission has all these words, whose number is
    the only word, or whose submission's id is.

    Raises InvalidInput for a search that is too long.
    """
    if len(words) > MAX_WORDS:
        raise InvalidInput(f"查找的文字不能超过 {MAX_WORDS} 字，请缩短", field="q")
    parts = tuple(words.split()[:_PARTS])
    if not parts:
        return query
    found = None
    if _count(session, query, most=_FEW + 1) > _FEW:
        found = _find_submissions(session, parts)
    if found is None:
        told = aliased(SubmissionRow)  # the query may have joined them for reasons of its own
        read = query.join(told, told.id == EntryRow.submission_id)
        return read.where(or_(_has(session, told, parts), *_named(parts)))
    is_found = among(EntryRow.submission_id, "found", on_postgres=is_postgres(session))
    return query.where(or_(is_found, *_named(parts))).params(found=found)


def _count(session: Session, query: Select[Any], *, most: int) -> int:
    some = query.with_only_columns(literal(1)).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _find_submissions(session: Session, parts: tuple[str, ...]) -> list[str] | None:
    """The ids of all that have the words, or None where these are too many; read once in a
    transaction, which asks for a page and then how many there are."""
    kept = session.info.setdefault(_FOUND, {})
    if parts not in kept:
        query = select(SubmissionRow.id).where(_has(session, SubmissionRow, parts))
        found = session.scalars(query.limit(MOST_FOUND + 1)).all()
        kept[parts] = list(found) if len(found) <= MOST_FOUND else None
    ids: list[str] | None = kept[parts]
    return ids


def _has(session: Session, told: type[SubmissionRow], parts: Sequence[str]) -> ColumnElement[bool]:
    """That every word stands in title, text or place, or that the only one is the id.

    Each database is asked in the way that is quickest for it with Chinese text.
    """

    def stands(place: Any, word: str) -> ColumnElement[bool]:
        if is_postgres(session):
            found: ColumnElement[bool] = place.contains(word, autoescape=True)
            return found
        return func.instr(place, word) > 0

    places = (told.title, told.content, told.place)
    said = and_(*(or_(*(stands(place, word) for place in places)) for word in parts))
    return said if len(parts) > 1 else or_(said, told.id == parts[0])


def _named(parts: Sequence[str]) -> list[ColumnElement[bool]]:
    """That the only word is the number of the entry, where it may be one."""
    (word, *more) = parts
    is_number = not more and word.isascii() and word.isdigit() and len(word) < _DIGITS
    return [EntryRow.id == int(word)] if is_number else []
