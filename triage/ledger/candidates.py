"""The index of traces: which earlier submissions may be about the same concrete matter.

Of a large problem the traces of some members stand for all: so no key that belongs to one problem
alone is ever shared by very many, and those that are tell nothing apart. What a submission is held
against is read anew from its words; what was read lately is kept in memory.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from triage.candidates import MOST_CANDIDATES, choose_candidates
from triage.ledger.paging import in_chunks
from triage.ledger.problemfacts import read_tolds
from triage.ledger.statements import among
from triage.ledger.store import TRACES
from triage.ledger.tables import MemberRow, SubmissionRow, TraceRow
from triage.traces import Trace, read_traces

MOST_TRACED = 60  # members of one problem whose traces are kept
MOST_SHARERS = 400  # submissions with the same key; what more of them share tells nothing apart
_LOOKED_UP = 300  # sharers of the keys of one submission, those of its rarest keys first
_KEPT = 4_096  # traces in memory, of some 10 kB each
_KEYS = 5_000  # looked up by one statement

# On the tables themselves, as every submission comes through here: the mapped classes cost more
# than the look-up does.
_TRACES = TraceRow.metadata.tables[TraceRow.__tablename__]
_MEMBERS = MemberRow.metadata.tables[MemberRow.__tablename__]
_SUBMISSIONS = SubmissionRow.metadata.tables[SubmissionRow.__tablename__]
_COUNT_SHARERS = {
    "postgresql": text(
        "SELECT key, (SELECT count(*) FROM (SELECT 1 FROM trace WHERE trace.key = wanted.key"
        " LIMIT :most) AS few) FROM unnest(CAST(:keys AS bigint[])) AS wanted (key)"
    ),
    "sqlite": text(
        "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM trace WHERE key = value LIMIT :most))"
        " FROM json_each(:keys)"
    ),
}
_SHARERS = select(_TRACES.c.key, _TRACES.c.submission_id, _MEMBERS.c.problem_id).outerjoin(
    _MEMBERS, _MEMBERS.c.submission_id == _TRACES.c.submission_id
)
_STANDING = (
    select(_SUBMISSIONS.c.id, _SUBMISSIONS.c.recorded_at, _MEMBERS.c.problem_id)
    .outerjoin(_MEMBERS, _MEMBERS.c.submission_id == _SUBMISSIONS.c.id)
    .where(_SUBMISSIONS.c.confidential.is_(False))
)
_FIND_SHARERS, _FIND_STANDING, _FORGET = (
    {
        kind: statement.where(among(column, name, on_postgres=kind == "postgresql"))
        for kind in ("postgresql", "sqlite")
    }
    for statement, column, name in (
        (_SHARERS, _TRACES.c.key, "keys"),
        (_STANDING, _SUBMISSIONS.c.id, "ids"),
        (delete(_TRACES), _TRACES.c.submission_id, "ids"),
    )
)
# For PostgreSQL two arrays instead of three dozen rows.
_ADD_ARRAYS = text(
    "INSERT INTO trace (key, submission_id)"
    " SELECT * FROM unnest(CAST(:keys AS bigint[]), CAST(:ids AS text[])) ON CONFLICT DO NOTHING"
)
_ADD_ROWS = "INSERT OR IGNORE INTO trace (key, submission_id) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Standing:
    """A submission in the open: when it was recorded, and the problem that it belongs to."""

    recorded_at: datetime
    problem_id: int | None


def record_traces(session: Session, traces: Mapping[str, Trace]) -> None:
    """Keep the keys by which these submissions (ids) are found; harmless when they are kept."""
    rows = [
        (key, submission_id)
        for submission_id, trace in sorted(traces.items())
        for key in sorted(set(trace.keys))
    ]
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        keys, ids = zip(*rows, strict=True)
        session.connection().execute(_ADD_ARRAYS, {"keys": list(keys), "ids": list(ids)})
        return
    session.connection().exec_driver_sql(_ADD_ROWS, rows)


def forget_traces(session: Session, ids: Sequence[str]) -> None:
    """Take these submissions (ids) out of the index."""
    for chunk in in_chunks(list(ids)):
        _execute(session, _FORGET, {"ids": chunk})


def find_candidates(session: Session, traces: Mapping[str, Trace]) -> dict[str, list[str]]:
    """For each of these submissions others than these that share keys with it: those that share
    most and what is rarest first, and of one problem a few, so that copies hide nobody.

    A key that very many share is passed over, so that a look-up costs the same in any ledger.
    """
    counts = _count_sharers(session, {key for trace in traces.values() for key in trace.keys})
    rare = {one: list(_choose_keys(trace, counts)) for one, trace in traces.items()}
    sharers: defaultdict[int, list[str]] = defaultdict(list)
    problem_of: dict[str, int] = {}
    for chunk in in_chunks(sorted({key for keys in rare.values() for key in keys})):
        for key, other, problem_id in _execute(session, _FIND_SHARERS, {"keys": chunk}).all():
            if other not in traces:
                sharers[key].append(other)
                if problem_id is not None:
                    problem_of[other] = problem_id
    return {
        one: choose_candidates([sharers[key] for key in keys], problem_of)
        for one, keys in rare.items()
    }


def find_standing(session: Session, ids: Iterable[str]) -> dict[str, Standing]:
    """What stands in the open of these submissions, by id."""
    found: dict[str, Standing] = {}
    for chunk in in_chunks(sorted(set(ids))):
        rows = _execute(session, _FIND_STANDING, {"ids": chunk})
        found |= {one: Standing(recorded_at, problem) for one, recorded_at, problem in rows}
    return found


def recall_traces(
    session: Session, standing: Mapping[str, Standing], *, new: Mapping[str, Trace]
) -> dict[str, Trace]:
    """The traces of all that stand in the open; those that are `new`, or were told or read lately,
    are not read again. One id may come to stand for other words, recorded later."""
    kept: dict[str, tuple[datetime, Trace]] = session.info.setdefault(TRACES, {})
    found: dict[str, Trace] = {}
    for one, told in standing.items():
        recorded_at, trace = kept.pop(one, (None, None))
        if trace is not None and recorded_at == told.recorded_at:
            found[one] = trace
    unknown = read_tolds(session, standing.keys() - found.keys() - new.keys())
    found |= {trace.id: trace for trace in read_traces(list(unknown.values()))}
    found |= {one: trace for one, trace in new.items() if one in standing}
    kept |= {one: (standing[one].recorded_at, trace) for one, trace in found.items()}
    for one in list(kept)[: max(0, len(kept) - _KEPT)]:
        kept.pop(one, None)
    return found


class Fellows:
    """Those of one batch that came before, found by the keys they share."""

    def __init__(self) -> None:
        self._sharers: defaultdict[int, list[str]] = defaultdict(list)

    def add(self, submission_id: str, trace: Trace) -> None:
        """From now on it can be found; of many that share a key the latest are."""
        for key in trace.keys:
            sharers = self._sharers[key]
            sharers.append(submission_id)
            del sharers[:-MOST_CANDIDATES]

    def find(self, trace: Trace) -> list[str]:
        """Those that share keys with it, those that share most first."""
        counts = Counter(one for key in trace.keys for one in self._sharers.get(key, ()))
        return [one for one, _ in counts.most_common(MOST_CANDIDATES)]


def _count_sharers(session: Session, keys: Iterable[int]) -> dict[int, int]:
    """How many share each of these keys, counted to one more than `MOST_SHARERS`."""
    on_postgres = session.get_bind().dialect.name == "postgresql"
    wanted = sorted(keys)
    counts: dict[int, int] = {}
    for start in range(0, len(wanted), _KEYS):
        some = wanted[start : start + _KEYS]
        told = {"keys": some if on_postgres else json.dumps(some), "most": MOST_SHARERS + 1}
        counts |= dict(_execute(session, _COUNT_SHARERS, told).all())
    return counts


def _choose_keys(trace: Trace, counts: Mapping[int, int]) -> Iterator[int]:
    """The keys of a trace that are worth looking up, the rarest first."""
    looked_up = 0
    for sharers, key in sorted((counts.get(key, 0), key) for key in set(trace.keys)):
        looked_up += sharers
        if sharers > MOST_SHARERS or looked_up > _LOOKED_UP:
            return
        if sharers:
            yield key


def _execute(session: Session, statements: Mapping[str, Any], told: Mapping[str, Any]) -> Any:
    """The rows of a statement as the database at hand spells it."""
    return session.connection().execute(statements[session.get_bind().dialect.name], told)
