"""The sealed ledger of accusations (检举控告, Art. 30): how words get into it, and out of it.

Every word of an accusation, what the machine made of it and what was decided stand in one sealed
value of `accusation`. Its row in `submission` keeps its number, its channel and its times; it has
no suggestion, no decision and no entry of its own. Who may open it is asked in `discipline`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, literal_column, select, update
from sqlalchemy.orm import Session

from triage.ledger.adding import Adding
from triage.ledger.departments import AFTER, BETWEEN
from triage.ledger.events import record_events
from triage.ledger.matters import free_merged
from triage.ledger.mentions import forget_mentions
from triage.ledger.problems import forget_submission
from triage.ledger.sealedwork import (
    list_unsealed,
    put_mentions_away,
    put_work_away,
)
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.states import SubmissionStatus
from triage.ledger.store import get_ring
from triage.ledger.submitters import hide_person
from triage.ledger.tables import (
    AccusationRow,
    DepartmentRow,
    EntryRow,
    SettingRow,
    SubmissionRow,
    SuggestionRow,
    storable,
)
from triage.ledger.withholding import wait_for_writers, withhold_number
from triage.sealing import Sealed
from triage.submissions import Submission
from triage.suggestions import Suggestion

WAITING, HELD, RELEASED = "waiting", "held", "released"
_Named = tuple[tuple[str, str], ...]
_SEALED_WHOLLY = "accusations-sealed-wholly"  # a setting of no town: what it says was done once
_HANDLERS = ("纪律检查", "监察")  # in the full names of those whom accusations are addressed to
_ACCUSATIONS = AccusationRow.metadata.tables[AccusationRow.__tablename__]
_ADD = Adding(_ACCUSATIONS, tuple(_ACCUSATIONS.c.keys()))
_NAMES = Spelt(
    select(
        func.aggregate_strings(
            DepartmentRow.code.concat(BETWEEN)
            .concat(DepartmentRow.name.concat(BETWEEN))
            .concat(DepartmentRow.full_name.concat(BETWEEN))
            .concat(cast(DepartmentRow.aliases, Text)),
            AFTER,
        )
    )
)


@dataclass(frozen=True, slots=True, repr=False)
class SealedFile:
    """What is sealed of one accusation.

    `content_hash` is the plain one. `suggestions` are all that the machine said, `accused` the
    codes of the departments that the words name or a discipline officer has named, `notes` who did
    what, when and why. `likes` come back with the words.
    """

    title: str
    content: str
    place: str | None
    content_hash: str
    suggestions: tuple[dict[str, Any], ...] = ()
    accused: tuple[str, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()
    likes: int | None = None


def seal_submissions(
    session: Session,
    told: Sequence[tuple[Submission, str, Suggestion | None]],
    *,
    now: datetime,
) -> None:
    """Keep the words, the plain content hash, and what the machine said, of accusations that have
    just been recorded without them."""
    if not told:
        return
    named = _list_names(session)
    rows = []
    for submission, content_hash, suggestion in told:
        file = SealedFile(
            title=storable(submission.title),
            content=storable(submission.content),
            place=None if submission.place is None else storable(submission.place),
            content_hash=content_hash,
            suggestions=() if suggestion is None else (suggestion.as_dict(),),
            likes=submission.likes,
        )
        file = replace(file, accused=_find_accused(file, named))
        rows.append(_new_row(session, submission.id, file, now=now))
    _ADD.run(connection_of(session), rows)


def add_suggestions(session: Session, pairs: Iterable[tuple[str, Suggestion]]) -> None:
    """Keep what the machine said of accusations (by submission id) that are recorded already."""
    for submission_id, suggestion in pairs:
        row = session.get_one(AccusationRow, submission_id)
        file = open_file(session, row)
        suggestions = (*file.suggestions, suggestion.as_dict())
        reseal_file(session, row, replace(file, suggestions=suggestions))


def put_away(
    session: Session,
    submission: SubmissionRow,
    *,
    who: str,
    now: datetime,
    reason: str = "",
    alarm: str = "",
) -> None:
    """Turn a submission that stands open into an accusation: its words, all suggestions and all
    that was written while it was worked on move under the seal, and whatever entries it has
    disappear from ordinary sight. `alarm` is the emergency line that was told of it."""
    suggestions = session.scalars(
        select(SuggestionRow)
        .where(SuggestionRow.submission_id == submission.id)
        .order_by(SuggestionRow.id)
    ).all()
    told = SealedFile(
        submission.title,
        submission.content,
        submission.place,
        submission.content_hash,
        likes=submission.likes,
    )
    file = replace(
        told,
        suggestions=tuple(suggestion.payload for suggestion in suggestions),
        accused=_find_accused(told, _list_names(session)),
        notes=(make_note("put_away", who=who, reason=reason, now=now),),
    )
    if alarm:
        told_line = make_note("alarm", who=who, reason=f"已转{alarm}", now=now)
        file = replace(file, notes=(*file.notes, told_line))
    row = session.get(AccusationRow, submission.id)
    if row is None:
        session.add(AccusationRow(**_new_row(session, submission.id, file, now=now)))
    else:  # it was one before and had been released
        former = open_file(session, row)
        # Whom an officer had named is not forgotten: one of theirs must not read what is said.
        accused = tuple(dict.fromkeys((*former.accused, *file.accused)))
        notes = (*former.notes, *file.notes)
        reseal_file(session, row, replace(file, accused=accused, notes=notes))
        row.state, row.decided_by, row.decided_at = WAITING, None, None
    for suggestion in suggestions:
        suggestion.payload, suggestion.confidential = {}, True
        suggestion.domain_code = suggestion.nature = ""
        suggestion.lead = None
    submission.title = submission.content = ""
    submission.place = submission.likes = None
    submission.content_hash = hide_hash(session, submission.content_hash)
    submission.confidential = True
    submission.status = SubmissionStatus.SEALED
    submission.urgency, submission.confidence = 1, 0.0
    session.flush()
    hide_person(session, submission.id)
    free_merged(session, submission.id, who=who, now=now)
    session.execute(
        update(EntryRow)
        .where(EntryRow.submission_id == submission.id)
        .values(confidential=True, version=EntryRow.version + 1)
    )
    _put_rest_away(session, submission, told, now=now)  # from here on it waits for its turn
    forget_submission(session, submission.id, now=now)
    happened = {"actor": who, "kind": "accusation.recorded", "submission_id": submission.id}
    told_events = [happened, happened | {"kind": "accusation.alarm"}] if alarm else [happened]
    record_events(session, told_events, now=now)


def put_away_unsealed(session: Session, *, now: datetime) -> int:
    """Seal what a database of an older version has kept in the open: accusations, and the work on
    those that had an entry; of how many.

    Those in review stand in its index; the hidden entries are found by one walk, at the start.
    """
    waiting = select(SubmissionRow.id).where(
        SubmissionRow.status == literal_column(f"'{SubmissionStatus.REVIEW}'"),
        SubmissionRow.confidential,
    )
    ids = {*session.scalars(waiting), *list_unsealed(session)}
    for submission_id in sorted(ids):
        row = session.get_one(SubmissionRow, submission_id)
        if row.status is SubmissionStatus.SEALED:
            put_work_away(session, submission_id)
        else:
            put_away(session, row, who="upgrade", now=now)
    _put_older_rest_away(session, now=now)
    return len(ids)


def _put_rest_away(
    session: Session, submission: SubmissionRow, file: SealedFile, *, now: datetime
) -> None:
    """What was done on it goes under the seal, and what speaks of it beside; its entries are hidden
    already."""
    letter = "\n".join((file.title, file.content, file.place or ""))
    put_mentions_away(session, submission.id, letter=letter)
    put_work_away(session, submission.id)
    wait_for_writers(session)
    withhold_number(session, submission.id, since=submission.recorded_at, now=now)
    forget_mentions(session, submission.id, letter=letter)


def _put_older_rest_away(session: Session, *, now: datetime) -> None:
    """Seal, once for each database, what older versions had left of accusations beside them. What
    came in as one has never been spoken of."""
    if session.get(SettingRow, _SEALED_WHOLLY) is not None:
        return
    sealed = select(AccusationRow).where(AccusationRow.state != RELEASED)
    rows = session.scalars(sealed.order_by(AccusationRow.submission_id)).all()
    for row in rows:
        file = open_file(session, row)
        if any(note["kind"] == "put_away" for note in file.notes):
            submission = session.get_one(SubmissionRow, row.submission_id)
            _put_rest_away(session, submission, file, now=now)
    if rows:
        told = {"name": _SEALED_WHOLLY, "value": {}, "changed_by": "upgrade", "changed_at": now}
        session.add(SettingRow(**told))
        session.flush()


def hide_hash(session: Session, content_hash: str) -> str:
    """The content hash as an accusation keeps it: keyed, so that nobody can try out guesses."""
    return get_ring(session).digest(content_hash, purpose="content")


def open_file(session: Session, row: AccusationRow) -> SealedFile:
    """What is sealed in the row. Raises KeyUnavailable."""
    sealed = Sealed(row.key_id, row.sealed)
    told = json.loads(get_ring(session).unseal(sealed, about=_about(row.submission_id)))
    for name in ("suggestions", "accused", "notes"):
        told[name] = tuple(told[name])
    return SealedFile(**told)


def reseal_file(session: Session, row: AccusationRow, file: SealedFile) -> None:
    """Put `file` in the place of what was sealed in the row."""
    row.key_id, row.sealed = _seal(session, row.submission_id, file)
    session.flush()


def make_note(kind: str, *, who: str, reason: str, now: datetime) -> dict[str, Any]:
    """A line of the sealed record: who did what, when and why."""
    return {"kind": kind, "who": who, "reason": reason, "at": now.isoformat()}


def _new_row(
    session: Session, submission_id: str, file: SealedFile, *, now: datetime
) -> dict[str, Any]:
    key_id, sealed = _seal(session, submission_id, file)
    return {
        "submission_id": submission_id,
        "sealed": sealed,
        "key_id": key_id,
        "state": WAITING,
        "received_at": now,
        "decided_by": None,
        "decided_at": None,
    }


def _seal(session: Session, submission_id: str, file: SealedFile) -> Sealed:
    told = {name: getattr(file, name) for name in file.__slots__}
    return get_ring(session).seal(json.dumps(told).encode(), about=_about(submission_id))


def _about(submission_id: str) -> str:
    return f"accusation:{submission_id}"


def _list_names(session: Session) -> _Named:
    """What each department that may be accused is called, with its code."""
    ((words,),) = _NAMES.rows(connection_of(session), {})
    return _read_names(words or "")


@lru_cache(maxsize=4)
def _read_names(words: str) -> _Named:
    """What the words say; kept, as they are the same from one accusation to the next."""
    return tuple(
        (called, code)
        for code, name, full_name, aliases in (
            told.split(BETWEEN) for told in words.split(AFTER) if told
        )
        if not any(handler in full_name for handler in _HANDLERS)
        for called in (name, full_name, *json.loads(aliases))
    )


def _find_accused(file: SealedFile, named: _Named) -> tuple[str, ...]:
    """The departments that the words name. Too many bar an officer too many, too few let the
    accused read what is said of them: so a mere mention counts."""
    text = f"{file.title}\n{file.content}\n{file.place or ''}"
    return tuple(dict.fromkeys([code for name, code in named if name in text]))
