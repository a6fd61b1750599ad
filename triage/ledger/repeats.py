"""Fingerprints of what came in, and what a new submission probably repeats (重复来件).

The fingerprints are rows, so that any number of processes search them at once and a restart loses
nothing. Of near-equal letters a key remembers the first few: a campaign of thousands costs each of
them the same few look-ups. Nothing of an accusation stands here (Art. 30). None commits.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from triage.copies import measure_share
from triage.ledger.adding import Adding
from triage.ledger.paging import in_chunks
from triage.ledger.spelt import Spelt, cursor_of
from triage.ledger.statements import among, connection_of
from triage.ledger.states import RepeatState
from triage.ledger.tables import FingerprintRow, RepeatRow, SubmissionRow, SubmitterRow
from triage.repeats import (
    COMPARED,
    KEPT,
    RepeatKind,
    Wording,
    is_told_again,
    judge_repeat,
    list_fingerprint,
    list_fingerprints,
    read_wording,
)
from triage.submissions import Submission
from triage.submitters import Submitter

MOST = 3  # earlier submissions that one is said to repeat
_BY_PERSON = 10  # earlier submissions of the same person that are compared, the latest
_OF_PERSON = 200  # … found among so many: a hotline's own number stands on thousands

# On the tables themselves, and put together once, as every submission comes through here: that
# costs more than the look-up does. For PostgreSQL two arrays instead of two dozen rows.
_FINGERPRINTS = FingerprintRow.metadata.tables[FingerprintRow.__tablename__].c
_ADD_REPEATS = Adding(
    RepeatRow.metadata.tables[RepeatRow.__tablename__],
    ("submission_id", "earlier_id", "kind", "similarity", "state", "found_at"),
    unless_there=True,
)
_ADD_ARRAYS = (
    "INSERT INTO fingerprint (key, submission_id)"
    " SELECT * FROM unnest(%s::bigint[], %s::text[]) ON CONFLICT DO NOTHING"
)
_ADD_ROWS = "INSERT OR IGNORE INTO fingerprint (key, submission_id) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Likely:
    """An earlier submission that one probably repeats, and the share of their words that agree."""

    submission_id: str
    kind: RepeatKind
    similarity: float


@dataclass(frozen=True, slots=True)
class _Known:
    """A submission to compare with; `order` grows with the time it came in."""

    id: str
    wording: Wording
    person: str | None
    order: tuple[Any, ...]


def record_repeats(
    session: Session, submissions: Sequence[Submission], *, now: datetime
) -> dict[str, list[Likely]]:
    """Keep the fingerprints of submissions that have just been recorded, and for each at most
    `MOST` earlier ones that it probably repeats, those among the others included, the likeliest
    first; given are those (by id) that repeat any.

    Accusations do not belong here. Called again for the same ones it changes nothing.
    """
    read = cache(read_wording)  # of a mass letter the words are read once
    wordings = {one.id: read(one.title, one.content, one.place) for one in submissions}
    keys = dict(zip(wordings, list_fingerprints([*wordings.values()]), strict=True))
    met = _find_met(session, keys.values())
    for name in {name for same in met.values() for name in same} & wordings.keys():
        del wordings[name]  # it came before
    if not wordings:
        return {}
    people = _find_people(session, [one.id for one in submissions if one.submitter is not None])
    of_people = _find_of_people(session, set(people.values()))
    shared = {name: _rank(keys[name], met) for name in wordings}
    known = _load_known(
        session,
        {other for ranked in shared.values() for other in ranked}.union(*of_people.values())
        - wordings.keys(),
        read=read,
    )
    fingerprints: list[tuple[int, str]] = []
    repeats: dict[str, list[Likely]] = {}
    for number, (name, wording) in enumerate(wordings.items()):
        person = people.get(name)
        own = _Known(name, wording, person, (1, number))
        ranked = _rank(keys[name], met) if number else shared[name]
        candidates = {*ranked, *of_people.get(person or "", ())} - {name}
        if found := _choose(own, [known[other] for other in candidates if other in known]):
            repeats[name] = found
        known[name] = own
        if person:
            of_people[person] = [*of_people.get(person, ()), name][-_BY_PERSON:]
        for key in keys[name]:
            same = met.setdefault(key, [])
            if len(same) < KEPT and name not in same:
                same.append(name)
                fingerprints.append((key, name))
    _insert_fingerprints(session, fingerprints)
    _insert_repeats(session, repeats, now=now)
    return repeats


def record_repeats_again(session: Session, submission_id: str, *, now: datetime) -> None:
    """As `record_repeats`, for one that stood under the seal and has turned out to be none."""
    row = session.get_one(SubmissionRow, submission_id)
    # Who it was is looked up by the id.
    told = Submission(row.id, row.title, row.content, place=row.place, submitter=Submitter())
    record_repeats(session, [told], now=now)


def find_repeats(connection: Connection, wording: Wording, *, most: int = MOST) -> list[Likely]:
    """What a text that is not recorded probably repeats, the likeliest first; nobody is known to
    have sent it."""
    keys = list_fingerprint(wording)
    if not keys:
        return []
    found = _NEAR[connection.dialect.name].rows(connection, {"keys": list(keys)})
    known = _read_known(found, read=cache(read_wording))
    return _choose(_Known("", wording, None, (1, 0)), list(known.values()), most=most)


def settle_repeats(
    session: Session,
    one: str,
    other: str,
    *,
    state: RepeatState,
    who: str,
    note: str,
    now: datetime,
) -> bool:
    """Remember what a person made of two submissions (ids), whichever came first; whether a pair
    of them stands."""
    told = {"state": state, "decided_by": who, "decided_note": note, "decided_at": now}
    changed = session.scalars(
        update(RepeatRow).where(are_pair(one, other)).values(told).returning(RepeatRow.id)
    ).all()
    return bool(changed)


def add_repeat(
    session: Session,
    submission_id: str,
    earlier_id: str,
    likely: Likely,
    *,
    now: datetime,
) -> None:
    """Add a pair that a person has seen and the machine had not written down."""
    session.execute(
        insert(RepeatRow).values(
            submission_id=submission_id,
            earlier_id=earlier_id,
            kind=likely.kind,
            similarity=likely.similarity,
            state=RepeatState.SUSPECTED,
            found_at=now,
        )
    )


def are_pair(one: str, other: Any) -> Any:
    """That a row of `repeat` is about these two (ids, or a column of such)."""
    return or_(
        and_(RepeatRow.submission_id == one, RepeatRow.earlier_id == other),
        and_(RepeatRow.submission_id == other, RepeatRow.earlier_id == one),
    )


def _rank(keys: Sequence[int], met: Mapping[int, Sequence[str]]) -> list[str]:
    """Those that share most keys. Among equals those that came first, as their keys were kept
    first: all copies of a letter then point at the same few."""
    shared = Counter(chain.from_iterable([met[key] for key in keys if key in met]))
    return [name for name, _ in shared.most_common(COMPARED)]


def _choose(own: _Known, candidates: Iterable[_Known], *, most: int = MOST) -> list[Likely]:
    """Of the candidates those that `own` repeats: what the same person sent first, then what is
    most alike, then what came first."""
    ranked = sorted(
        (
            own.person is None or own.person != other.person,
            -measure_share(own.wording.runs, other.wording.runs),
            other.order,
            other,
        )
        for other in candidates
    )
    found: list[Likely] = []
    for stranger, _, _, other in ranked:
        judged = judge_repeat(own.wording, other.wording, same_person=not stranger)
        if judged is None and not stranger:
            judged = is_told_again(own.wording, other.wording)
        if judged is not None:
            found.append(Likely(other.id, *judged))
            if len(found) == most:
                break
    return found


def _find_met(session: Session, keys: Iterable[Sequence[int]]) -> dict[int, list[str]]:
    """The submissions that each of these keys remembers."""
    wanted = {key for own in keys for key in own}
    if not wanted:
        return {}
    connection = connection_of(session)
    met: defaultdict[int, list[str]] = defaultdict(list)
    asked = _MET[connection.dialect.name]
    for key, name in asked.rows(connection, {"keys": sorted(wanted)}):
        met[key].append(name)
    return dict(met)


def _find_people(session: Session, submission_ids: list[str]) -> dict[str, str]:
    """Who sent each, as a keyed digest, where that is known."""
    people: dict[str, str] = {}
    for ids in in_chunks(submission_ids):
        query = select(SubmitterRow.submission_id, SubmitterRow.person).where(
            SubmitterRow.submission_id.in_(ids), SubmitterRow.person.is_not(None)
        )
        people.update((name, person) for name, person in session.execute(query) if person)
    return people


def _find_of_people(session: Session, people: Collection[str]) -> dict[str, list[str]]:
    """The latest submissions of each of these persons."""
    found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for some in in_chunks(sorted(people)):
        first = (
            select(SubmitterRow.person, SubmitterRow.submission_id)
            .where(SubmitterRow.person.in_(some))
            .limit(_OF_PERSON * len(some))
            .subquery()
        )
        query = select(first.c.person, SubmissionRow.recorded_at, SubmissionRow.id).join(
            SubmissionRow, SubmissionRow.id == first.c.submission_id
        )
        for person, recorded_at, name in session.execute(query):
            found[person].append((recorded_at, name))
    return {
        person: [name for _, name in sorted(told)[-_BY_PERSON:]] for person, told in found.items()
    }


def _load_known(
    session: Session, submission_ids: Iterable[str], *, read: Callable[..., Wording]
) -> dict[str, _Known]:
    """The words of these submissions, but for what has become an accusation."""
    ids = sorted(submission_ids)
    if not ids:
        return {}
    connection = connection_of(session)
    found = _KNOWN[connection.dialect.name].rows(connection, {"ids": ids})
    return _read_known(found, read=read)


def _read_known(rows: Iterable[Any], *, read: Callable[..., Wording]) -> dict[str, _Known]:
    return {
        name: _Known(name, read(title, content, place), person, (0, recorded_at, name))
        for name, title, content, place, recorded_at, person in rows
    }


_SELECT_KNOWN = (
    select(
        SubmissionRow.id,
        SubmissionRow.title,
        SubmissionRow.content,
        SubmissionRow.place,
        SubmissionRow.recorded_at,
        SubmitterRow.person,
    )
    .outerjoin(SubmitterRow, SubmitterRow.submission_id == SubmissionRow.id)
    .where(SubmissionRow.confidential.is_(False))
)


def _is_met(*, on_postgres: bool) -> ColumnElement[bool]:
    return among(_FINGERPRINTS.key, "keys", on_postgres=on_postgres)


def _select_near(*, on_postgres: bool) -> Select[*tuple[Any, ...]]:
    """As `_rank` has it, and the words at once: what a text that is not recorded asks."""
    met = (
        select(_FINGERPRINTS.submission_id)
        .where(_is_met(on_postgres=on_postgres))
        .group_by(_FINGERPRINTS.submission_id)
        .order_by(func.count().desc(), _FINGERPRINTS.submission_id)
        .limit(COMPARED)
    )
    return _SELECT_KNOWN.where(SubmissionRow.id.in_(met))


def _select_met(*, on_postgres: bool) -> Select[*tuple[Any, ...]]:
    met = select(_FINGERPRINTS.key, _FINGERPRINTS.submission_id)
    return met.where(_is_met(on_postgres=on_postgres))


def _select_known(*, on_postgres: bool) -> Select[*tuple[Any, ...]]:
    return _SELECT_KNOWN.where(among(SubmissionRow.id, "ids", on_postgres=on_postgres))


_MET, _KNOWN, _NEAR = (
    {
        kind: Spelt(select_these(on_postgres=kind == "postgresql"))
        for kind in ("postgresql", "sqlite")
    }
    for select_these in (_select_met, _select_known, _select_near)
)


def _insert_fingerprints(session: Session, rows: Sequence[tuple[int, str]]) -> None:
    if not rows:
        return
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        keys, names = zip(*rows, strict=True)
        cursor_of(connection).execute(_ADD_ARRAYS, (list(keys), list(names)))
    else:
        cursor_of(connection).executemany(_ADD_ROWS, rows)


def _insert_repeats(
    session: Session, repeats: Mapping[str, Sequence[Likely]], *, now: datetime
) -> None:
    rows = [
        {
            "submission_id": name,
            "earlier_id": likely.submission_id,
            "kind": likely.kind,
            "similarity": likely.similarity,
            "state": RepeatState.SUSPECTED,
            "found_at": now,
        }
        for name, found in repeats.items()
        for likely in found
    ]
    _ADD_REPEATS.run(connection_of(session), rows)
