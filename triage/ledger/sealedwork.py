"""What was written while an entry was worked on, before it turned out to be about an accusation.

It leaves the ordinary tables for sealed values of `sealed_work` in the transaction that hides the
entry (Art. 30), one for each row, so that a file of ten megabytes is opened alone. The row itself
stays with its number and times, and gets its words back when a discipline officer releases it. So
it is with what was written beside it (`triage.ledger.mentions`), which somebody may write anew;
what only names it by a number keeps its other sentences.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from triage.ledger.mentions import find_mentions, find_named, find_numbers
from triage.ledger.store import get_ring
from triage.ledger.tables import (
    ActionRow,
    AttachmentRow,
    CorrectionRow,
    DecisionRow,
    EffectRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    FindingRow,
    MilestoneRow,
    RepeatRow,
    ReplyRow,
    SealedWorkRow,
    SubmissionRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.mentions import Numbers
from triage.sealing import Sealed


@dataclass(frozen=True, slots=True)
class _Place:
    """A table that words are taken out of: by column what stands there afterwards, or what makes
    it of them, and the further columns that say what they were about."""

    table: type[Any]
    blank: dict[str, Any]
    beside: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return str(self.table.__tablename__)

    def blanks(self, words: dict[str, Any]) -> dict[str, Any]:
        """What stands in the place of these words."""
        return {
            name: blank(words[name]) if callable(blank) else blank
            for name, blank in self.blank.items()
        }


GONE = "文字已撤下，请重新填写"  # says nothing of why


_PLACES = (
    _Place(EntryRow, {"matter": "", "ground": None}),
    _Place(DecisionRow, {"reason": ""}, ("entry_id", "kind", "who", "decided_at")),
    _Place(ActionRow, {"note": "", "data": {}}, ("entry_id", "command", "who", "at")),
    _Place(
        ExtensionRow,
        {"reason": "", "decided_note": None},
        ("entry_id", "who", "at", "granted", "decided_by"),
    ),
    _Place(ReplyRow, {"text": "", "quality": None}, ("entry_id", "outcome", "who", "at")),
    _Place(
        EvaluationRow,
        {"comment": ""},
        ("entry_id", "solved", "satisfaction", "source", "who", "at"),
    ),
    _Place(
        AttachmentRow,
        {"name": "", "sha256": "", "content": b""},
        ("entry_id", "size", "who", "at"),
    ),
    _Place(FindingRow, {"evidence": {}, "decided_note": None}),
)
# Beside it, and open: what others read on in must still have a name and its numbers.
_BESIDE = (
    _Place(TaskRow, {"title": GONE, "measures": []}),
    _Place(MilestoneRow, {"name": "时间节点", "note": ""}),
    _Place(TaskActionRow, {"note": "", "data": {}}),
    _Place(
        EffectRow,
        {"change": GONE, "evidence": [], "evaluation": lambda told: told | {"ground": ""}},
    ),
    _Place(CorrectionRow, {"note": ""}),
    _Place(RepeatRow, {"decided_note": None}),
)
_BY_SOURCE = {place.source: place for place in (*_PLACES, *_BESIDE)}
# Beside the words that are sealed of a row: the numbers that are cut out of it, by submission, and
# whether the row is work on a submission under the seal itself, and shows nothing at all.
_CUT, _WHOLE = "cut", "whole"
_UNTOLD = ("content", "sha256", "data", "quality", _CUT, _WHOLE)  # of no use to who reads of it
_SAID = ("ground", "matter", "to")  # but these, of what a step was given
_READ = ("decision", "action", "extension", "reply", "evaluation", "attachment")


@dataclass(frozen=True, slots=True, repr=False)
class SealedWork:
    """One thing done or said before the seal: `kind` is "decision", "action", "extension", "reply",
    "evaluation" or "attachment", `id` that of its row, `told` its words and what they belong to."""

    kind: str
    id: int
    entry_id: int
    who: str
    at: datetime
    told: dict[str, Any]


def put_work_away(session: Session, submission_id: str) -> bool:
    """Move all words of the work on this submission under the seal; whether there was any left.

    Its entries must be hidden already: until then the database lets no word of the history go.
    """
    entries = select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    moved = False
    for place in _PLACES:
        sealed = exists().where(
            SealedWorkRow.source == place.source, SealedWorkRow.row_id == place.table.id
        )
        ids = session.scalars(
            select(place.table.id)
            .where(_of(place, submission_id, entries), ~sealed)
            .order_by(place.table.id)
        ).all()
        for row_id in ids:  # one by one: files are large
            _put_away(session, place, row_id, submission_id)
            moved = True
        for row_id in session.scalars(
            select(SealedWorkRow.row_id).where(
                SealedWorkRow.source == place.source,
                SealedWorkRow.row_id.in_(
                    select(place.table.id).where(_of(place, submission_id, entries))
                ),
                SealedWorkRow.submission_id != submission_id,
            )
        ).all():
            _put_rest_away(session, place, row_id, submission_id)
    session.flush()
    return moved


def put_mentions_away(session: Session, submission_id: str, *, letter: str) -> None:
    """Move the words that speak of this submission beside it under the seal; `letter` is all that
    it told. What is sealed already stays with the submission that it was sealed for. Before its own
    work is put away, which says what it was merged into."""
    for table, row_id in list(find_mentions(session, submission_id, letter=letter)):
        place = _BY_SOURCE[table.__tablename__]
        if session.get(SealedWorkRow, (place.source, row_id)) is None:
            _put_away(session, place, row_id, submission_id)
        else:
            _put_rest_away(session, place, row_id, submission_id)
    session.flush()


def put_numbers_away(session: Session, submission_id: str, *, since: datetime) -> None:
    """Cut out of what others wrote since then the sentences that name this submission, or one of
    its entries, by the number. After all else has been put away: that shows nothing any more."""
    numbers = find_numbers(session, submission_id)
    for table, row_id in list(find_named(session, numbers, since=since)):
        place = _BY_SOURCE[table.__tablename__]
        row = session.get(SealedWorkRow, (place.source, row_id))
        if row is None:
            _put_away(session, place, row_id, submission_id, numbers=numbers)
            continue
        words, stood = _open(session, row), _find_words(session, place, row_id)
        assert stood is not None  # noqa: S101 - its number was read in this transaction
        if _CUT in words and not words.get(_WHOLE):
            left = [_left(place, words, personal=personal) for personal in (True, False)]
            words |= {
                name: said
                for name, said in stood.items()
                if all(said != one[name] for one in left)  # written anew
            }
            words[_CUT][submission_id] = list(numbers.entries)
        else:  # written anew, so that what was there before will not come back
            words = stood | {_CUT: {submission_id: list(numbers.entries)}}
            row.submission_id = submission_id
        _seal(session, row, words)
        _write(session, place, row_id, numbers.cut(stood))


def _put_away(
    session: Session,
    place: _Place,
    row_id: int,
    submission_id: str,
    *,
    numbers: Numbers | None = None,
) -> None:
    """Seal the words of a row; with `numbers` those sentences alone go that name one of them."""
    words = _find_words(session, place, row_id)
    assert words is not None  # noqa: S101 - its number was read in this transaction
    if numbers is not None:
        words[_CUT] = {submission_id: list(numbers.entries)}
    row = SealedWorkRow(source=place.source, row_id=row_id, submission_id=submission_id)
    _seal(session, row, words)
    session.add(row)
    session.flush()  # the database lets words go only where they stand under the seal
    _write(session, place, row_id, _left(place, words))


def _put_rest_away(session: Session, place: _Place, row_id: int, submission_id: str) -> None:
    """Of a row out of which only numbers had been cut, all goes: it is work on this submission."""
    row = session.get_one(SealedWorkRow, (place.source, row_id))
    words = _open(session, row)
    if _CUT in words and not words.get(_WHOLE):
        row.submission_id = submission_id
        _seal(session, row, words | {_WHOLE: True})
        _write(session, place, row_id, place.blanks(words))


def bring_work_back(session: Session, submission_id: str) -> None:
    """Put every word back into the row that it was taken out of; its entries are hidden still. A
    row beside it that has been written anew since, or has gone, stays so, and one that another
    submission under the seal has to do with stays sealed, for that one."""
    for row in _list_rows(session, submission_id):
        keeper = _find_keeper(session, row)
        if keeper is not None:
            row.submission_id = keeper
            continue
        place, words = _BY_SOURCE[row.source], _open(session, row)
        stood = _find_words(session, place, row.row_id)
        stands = stood in (_left(place, words), _left(place, words, personal=False))
        others = _find_sealed(session, words.pop(_CUT, {}), but=submission_id)
        words.pop(_WHOLE, None)
        if others:  # it names them as well
            words[_CUT] = others
            row.submission_id = min(others)
            _seal(session, row, words)
        if stands:
            _write(session, place, row.row_id, _left(place, words) if others else words)
    session.flush()
    session.execute(delete(SealedWorkRow).where(SealedWorkRow.submission_id == submission_id))


def _find_sealed(
    session: Session, numbers: dict[str, list[int]], *, but: str
) -> dict[str, list[int]]:
    """Those of these submissions that are under the seal, but for the one."""
    sealed = select(SubmissionRow.id).where(
        SubmissionRow.id.in_([one for one in numbers if one != but]), SubmissionRow.confidential
    )
    return {one: numbers[one] for one in session.scalars(sealed)}


def _left(place: _Place, words: dict[str, Any], *, personal: bool = True) -> dict[str, Any]:
    """What stands in the row while these words are under the seal; an older version had left the
    `personal` numbers."""
    if _CUT not in words or words.get(_WHOLE):
        return place.blanks(words)
    left = {name: words[name] for name in place.blank}
    for submission_id, entries in words[_CUT].items():
        left = Numbers(submission_id, tuple(entries)).cut(left, personal=personal)
    return left


def _find_keeper(session: Session, row: SealedWorkRow) -> str | None:
    """Another submission under the seal whose entry the row belongs to, too."""
    table = _BY_SOURCE[row.source].table
    if table is ActionRow:
        entries = select(ActionRow.entry_id).where(ActionRow.id == row.row_id)
    elif table in (TaskRow, MilestoneRow, TaskActionRow, EffectRow):
        task = table.id if table is TaskRow else table.task_id
        entries = (
            select(TaskEntryRow.entry_id)
            .join(table, task == TaskEntryRow.task_id)
            .where(table.id == row.row_id)
        )
    else:
        return None
    others = select(EntryRow.submission_id).where(
        EntryRow.id.in_(entries),
        EntryRow.confidential,
        EntryRow.submission_id != row.submission_id,
    )
    return session.scalar(others.order_by(EntryRow.id).limit(1))


def read_work(session: Session, submission_id: str) -> tuple[SealedWork, ...]:
    """All that was done and said before the seal, in order of time; of files their names."""
    found = [
        _read(session, row) for row in _list_rows(session, submission_id) if row.source in _READ
    ]
    return tuple(sorted(found, key=lambda work: (work.at, work.kind, work.id)))


def find_sealed_file(
    session: Session, submission_id: str, attachment_id: int
) -> tuple[str, bytes] | None:
    """The name and the content of a file that was kept with an entry before the seal, or None."""
    row = session.get(SealedWorkRow, (AttachmentRow.__tablename__, attachment_id))
    if row is None or row.submission_id != submission_id:
        return None
    words = _open(session, row)
    return words["name"], words["content"]


def list_unsealed(session: Session) -> tuple[str, ...]:
    """The submissions with an entry that is hidden while its words still stand in the open, as an
    older version has left them."""
    sealed = exists().where(
        SealedWorkRow.source == EntryRow.__tablename__, SealedWorkRow.row_id == EntryRow.id
    )
    query = select(EntryRow.submission_id).where(EntryRow.confidential, ~sealed).distinct()
    return tuple(session.scalars(query.order_by(EntryRow.submission_id)))


def about_work(row: SealedWorkRow) -> str:
    """What the seal of this row is about."""
    return _about(row.source, row.row_id)


def _about(source: str, row_id: int) -> str:
    return f"work:{source}:{row_id}"


def _of(place: _Place, submission_id: str, entries: Any) -> ColumnElement[bool]:
    table = place.table
    if table is EntryRow or table is DecisionRow:
        return table.submission_id == submission_id  # type: ignore[no-any-return]
    if table is EvaluationRow:  # what the same person said of the entry that it was merged into too
        return or_(table.entry_id.in_(entries), table.submission_id == submission_id)
    return table.entry_id.in_(entries)  # type: ignore[no-any-return]


def _find_words(session: Session, place: _Place, row_id: int) -> dict[str, Any] | None:
    """What stands in the columns that words are taken out of; None where the row has gone."""
    columns = [getattr(place.table, name) for name in place.blank]
    row = session.execute(select(*columns).where(place.table.id == row_id)).one_or_none()
    return None if row is None else dict(zip(place.blank, row, strict=True))


def _write(session: Session, place: _Place, row_id: int, words: dict[str, Any]) -> None:
    session.execute(update(place.table).where(place.table.id == row_id).values(**words))


def _list_rows(session: Session, submission_id: str) -> Iterator[SealedWorkRow]:
    keys = session.execute(
        select(SealedWorkRow.source, SealedWorkRow.row_id).where(
            SealedWorkRow.submission_id == submission_id
        )
    ).all()
    for source, row_id in keys:  # one by one: files are large
        yield session.get_one(SealedWorkRow, (source, row_id))


def _read(session: Session, row: SealedWorkRow) -> SealedWork:
    place = _BY_SOURCE[row.source]
    columns = [getattr(place.table, name) for name in place.beside]
    beside = dict(
        zip(
            place.beside,
            session.execute(select(*columns).where(place.table.id == row.row_id)).one(),
            strict=True,
        )
    )
    words = _open(session, row)
    given = words.get("data", {})
    words |= {name: given[name] for name in _SAID if name in given}
    words = {name: value for name, value in words.items() if name not in _UNTOLD and value}
    return SealedWork(
        kind=row.source,
        id=row.row_id,
        entry_id=beside.pop("entry_id"),
        who=beside.pop("who"),
        at=beside.pop("decided_at", None) or beside.pop("at"),
        told=beside | words,
    )


def _open(session: Session, row: SealedWorkRow) -> dict[str, Any]:
    plain = get_ring(session).unseal(Sealed(row.key_id, row.sealed), about=about_work(row))
    words: dict[str, Any] = json.loads(plain)
    for name, blank in _BY_SOURCE[row.source].blank.items():
        if isinstance(blank, bytes):
            words[name] = base64.b64decode(words[name])
    return words


def _seal(session: Session, row: SealedWorkRow, words: dict[str, Any]) -> None:
    row.key_id, row.sealed = get_ring(session).seal(_pack(words), about=about_work(row))


def _pack(words: dict[str, Any]) -> bytes:
    told = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in words.items()
    }
    return json.dumps(told).encode()
