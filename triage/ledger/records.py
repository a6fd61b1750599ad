"""Writes: what was told, what was suggested, and the entry that follows.

Each function has a form for one and a form for thousands; both are the same path. None commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from triage.errors import TriageError
from triage.ledger.accusations import add_suggestions, put_away
from triage.ledger.adding import Adding
from triage.ledger.arrivals import Arrival, record_arrivals, record_submission
from triage.ledger.clock import columns_at
from triage.ledger.departments import CODES, read_codes
from triage.ledger.events import record_events
from triage.ledger.outbox import HEARD, IS_HEARD
from triage.ledger.paging import in_chunks
from triage.ledger.placing import await_placing
from triage.ledger.repeatlist import RepeatLine, list_new_repeats
from triage.ledger.repeats import Likely, record_repeats
from triage.ledger.spelt import Spelt
from triage.ledger.statements import connection_of
from triage.ledger.states import EntryState, SubmissionStatus
from triage.ledger.tables import EntryRow, SubmissionRow, SuggestionRow, to_utc
from triage.ledger.timetables import WORDS, load_timetable, read_timetable
from triage.ledger.views import StoredEntry, StoredSubmission
from triage.submissions import Submission
from triage.suggestions import Suggestion
from triage.timetable import Timetable

__all__ = [
    "Filed",
    "Sent",
    "insert_entries",
    "open_entries",
    "open_entry",
    "record_batch",
    "record_sent",
    "record_submission",
    "record_suggestion",
    "record_suggestions",
]

_Values = dict[str, Any]
_Placed = tuple[Submission, Suggestion, str | None]  # with the department that leads, if any
_SUGGESTIONS = SuggestionRow.metadata.tables[SuggestionRow.__tablename__]
_ENTRIES = EntryRow.metadata.tables[EntryRow.__tablename__]
# Who leads, by when it is due, and whether anybody else is told: what every entry asks.
_STANDING = Spelt(select(CODES, *WORDS, IS_HEARD))
_ADD_SUGGESTIONS = Adding(
    _SUGGESTIONS, tuple(column.name for column in _SUGGESTIONS.c if column.name != "id")
)


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one row of a batch.

    `error` says why it was not taken; else `submission` stands, `created` by this batch or before
    it, `entry` is the entry that this batch opened for it (None: it waits in review), and `repeats`
    what it probably repeats, as one sees it who reaches every department; `record_batch` does not
    say that.
    """

    id: str
    submission: StoredSubmission | None = None
    created: bool = False
    entry: StoredEntry | None = None
    error: TriageError | None = None
    repeats: tuple[RepeatLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission with its suggestion, and who sent it under which idempotency key, if any."""

    submission: Submission
    suggestion: Suggestion
    source: str = ""
    idempotency_key: str | None = None


def record_batch(
    session: Session,
    pairs: Sequence[tuple[Submission, Suggestion]],
    *,
    now: datetime,
    source: str = "",
    taxonomy: str = "letters",
) -> list[Filed]:
    """Take in many submissions of one source with their suggestions; as `record_sent`."""
    sent = [Sent(told, said, source) for told, said in pairs]
    return _record(session, sent, now=now, taxonomy=taxonomy)[0]


def record_sent(
    session: Session, sent: Sequence[Sent], *, now: datetime, taxonomy: str = "letters"
) -> list[Filed]:
    """Take in many submissions; one outcome for each, in the same order."""
    filed, found = _record(session, sent, now=now, taxonomy=taxonomy)
    lines = list_new_repeats(session, found, now=now)
    return [
        replace(one, repeats=lines[one.id]) if one.created and one.id in lines else one
        for one in filed
    ]


def _record(
    session: Session, sent: Sequence[Sent], *, now: datetime, taxonomy: str
) -> tuple[list[Filed], dict[str, list[Likely]]]:
    """The outcomes, and what the submissions (by id) repeat that were created."""
    leads, timetable = _find_leads(session, [one.suggestion for one in sent])
    arrivals = [
        Arrival(
            one.submission,
            one.suggestion,
            assigned=lead is not None,
            source=one.source,
            idempotency_key=one.idempotency_key,
        )
        for one, lead in zip(sent, leads, strict=True)
    ]
    recorded = record_arrivals(session, arrivals, now=now)
    fresh = [
        (one.submission, one.suggestion, lead)
        for one, lead, outcome in zip(sent, leads, recorded, strict=True)
        if not isinstance(outcome, TriageError) and outcome[1]
    ]
    entries, found = _follow_up(session, fresh, timetable, now=now, taxonomy=taxonomy)
    filed = []
    for one, outcome in zip(sent, recorded, strict=True):
        if isinstance(outcome, TriageError):
            filed.append(Filed(one.submission.id, error=outcome))
            continue
        stored, created = outcome
        filed.append(Filed(stored.id, stored, created, entries.get(stored.id) if created else None))
    return filed, found


def _follow_up(
    session: Session,
    fresh: Sequence[_Placed],
    timetable: Timetable | None,
    *,
    now: datetime,
    taxonomy: str,
) -> tuple[dict[str, StoredEntry], dict[str, list[Likely]]]:
    """What follows where submissions were created, each to be led by a department or none: their
    suggestions, their entries, and what they repeat (both given by submission id)."""
    shown = [(told, said) for told, said, _ in fresh if not said.confidential]
    _insert_suggestions(session, shown, now=now)
    entries = _open_entries(session, fresh, timetable, now=now, taxonomy=taxonomy)
    found = record_repeats(session, [told for told, _ in shown], now=now)
    await_placing(session, [told.id for told, _ in shown])
    return entries, found


def record_suggestion(
    session: Session, submission: Submission, suggestion: Suggestion, *, now: datetime
) -> None:
    """Append what the machine said; it gives the submission its place in the review queue.

    A confidential suggestion makes the submission an accusation, whose suggestions stand under the
    seal with its words; none makes it public again.
    """
    record_suggestions(session, [(submission, suggestion)], now=now)


def record_suggestions(
    session: Session, pairs: Sequence[tuple[Submission, Suggestion]], *, now: datetime
) -> None:
    """As `record_suggestion`, for many."""
    told = {submission.id: suggestion for submission, suggestion in pairs}
    hidden = set()
    for ids in in_chunks(list(told)):
        for row in session.scalars(select(SubmissionRow).where(SubmissionRow.id.in_(ids))):
            suggestion = told[row.id]
            if suggestion.confidential and not row.confidential:
                put_away(session, row, who=f"model:{suggestion.model}", now=now)
            if row.confidential:
                hidden.add(row.id)
    _add_suggestions(session, pairs, hidden=hidden, now=now)
    record_repeats(session, [told for told, _ in pairs if told.id not in hidden], now=now)
    await_placing(session, [told.id for told, _ in pairs if told.id not in hidden])


def _add_suggestions(
    session: Session,
    pairs: Sequence[tuple[Submission, Suggestion]],
    *,
    hidden: Collection[str],
    now: datetime,
) -> None:
    """Each where it belongs: those of `hidden` under the seal, the others in the open."""
    add_suggestions(session, [(told.id, said) for told, said in pairs if told.id in hidden])
    pairs = [pair for pair in pairs if pair[0].id not in hidden]
    if not pairs:
        return
    _insert_suggestions(session, pairs, now=now)
    session.execute(
        update(SubmissionRow),
        [
            {
                "id": submission.id,
                "urgency": suggestion.urgency.level,
                "confidence": suggestion.domain.confidence,
            }
            for submission, suggestion in pairs
        ],
    )


def _insert_suggestions(
    session: Session, pairs: Sequence[tuple[Submission, Suggestion]], *, now: datetime
) -> None:
    rows = [
        {
            "submission_id": submission.id,
            "payload": suggestion.as_dict(),
            "domain_code": suggestion.domain.code,
            "confidence": suggestion.domain.confidence,
            "urgency": suggestion.urgency.level,
            "nature": suggestion.nature.name,
            "lead": suggestion.department.lead,
            "needs_review": suggestion.needs_review,
            "confidential": suggestion.confidential,
            "model": suggestion.model,
            "created_at": now,
        }
        for submission, suggestion in pairs
    ]
    _ADD_SUGGESTIONS.run(connection_of(session), rows)


def open_entry(
    session: Session,
    submission: Submission,
    suggestion: Suggestion,
    *,
    now: datetime,
    taxonomy: str = "letters",
) -> StoredEntry | None:
    """The entry in the lead department's ledger, or None: the submission waits for a clerk.

    It waits where the suggestion needs review, names no lead, or names one that the department
    table does not know; an accusation gets none at all. Call it once for a submission, when it was
    created.
    """
    return open_entries(session, [(submission, suggestion)], now=now, taxonomy=taxonomy).get(
        submission.id
    )


def open_entries(
    session: Session,
    pairs: Sequence[tuple[Submission, Suggestion]],
    *,
    now: datetime,
    taxonomy: str = "letters",
) -> dict[str, StoredEntry]:
    """As `open_entry`, for many: the entries that were opened, by submission id."""
    leads, timetable = _find_leads(session, [said for _, said in pairs])
    placed = [(told, said, lead) for (told, said), lead in zip(pairs, leads, strict=True)]
    ids = [told.id for told, _, lead in placed if lead is not None]
    _set(session, ids, status=SubmissionStatus.ASSIGNED)
    return _open_entries(session, placed, timetable, now=now, taxonomy=taxonomy)


def _find_leads(
    session: Session, said: Sequence[Suggestion]
) -> tuple[list[str | None], Timetable | None]:
    """For each the code of the department that gets an entry at once, None where it waits; and by
    what their time runs, where any gets one."""
    leads = [None if one.confidential or one.needs_review else one.department.lead for one in said]
    if not any(leads):
        return [None] * len(leads), None
    ((codes, *times, heard),) = _STANDING.rows(connection_of(session), {})
    session.info[HEARD] = heard
    code_of = read_codes(codes)
    return [code_of.get(lead or "") for lead in leads], read_timetable(*times)


def _open_entries(
    session: Session,
    placed: Sequence[_Placed],
    timetable: Timetable | None,
    *,
    now: datetime,
    taxonomy: str,
) -> dict[str, StoredEntry]:
    values: list[_Values] = []
    models: dict[str, str] = {}
    for submission, suggestion, lead in placed:
        if lead is None:
            continue
        domain = suggestion.domain
        models[submission.id] = suggestion.model
        values.append(
            {
                "submission_id": submission.id,
                "lead_department": lead,
                "assisting": list(suggestion.department.assisting),
                "state": EntryState.ASSIGNED,
                "urgency": suggestion.urgency.level,
                "taxonomy": taxonomy,
                "domain_code": domain.code,
                "domain": "/".join((domain.level1, domain.level2, domain.level3)),
                "nature": suggestion.nature.name,
                "division": suggestion.place.division,
                "confidential": False,
            }
        )
    entries = _insert_entries(session, values, timetable, now=now)
    record_events(
        session,
        [
            {
                "actor": f"model:{models[key]}",
                "kind": "entry.opened",
                "submission_id": key,
                "entry_id": entry.id,
                "payload": {"lead": entry.lead_department, "urgency": entry.urgency},
            }
            for key, entry in entries.items()
        ],
        now=now,
    )
    return entries


def insert_entries(
    session: Session, values: Sequence[_Values], *, now: datetime
) -> dict[str, StoredEntry]:
    """New entries from their columns, by submission id; their submissions count as assigned."""
    entries = _insert_entries(session, values, None, now=now)
    _set(session, list(entries), status=SubmissionStatus.ASSIGNED)
    return entries


def _insert_entries(
    session: Session, values: Sequence[_Values], timetable: Timetable | None, *, now: datetime
) -> dict[str, StoredEntry]:
    """`timetable`: by what their time runs, where that is known already."""
    if not values:
        return {}
    timetable = timetable or load_timetable(session)
    rows = [
        row
        | {
            "version": 1,
            "opened_at": to_utc(now),
            "assigned_at": to_utc(now),
            "closed_at": None,
            "outcome": None,
        }
        | columns_at(
            timetable,
            urgency=row["urgency"],
            nature=row["nature"],
            domain_code=row["domain_code"],
            started_at=to_utc(now),
        )
        for row in values
    ]
    adding = Adding(_ENTRIES, tuple(rows[0]), returning=("submission_id", "id"))
    ids: dict[str, int] = dict(adding.run(connection_of(session), rows))
    return {
        row["submission_id"]: StoredEntry(
            **{name: value for name, value in row.items() if name in StoredEntry.__slots__}
            | {"id": ids[row["submission_id"]], "assisting": tuple(row["assisting"])}
        )
        for row in rows
    }


def _set(session: Session, ids: list[str], **values: Any) -> None:
    for chunk in in_chunks(ids):
        session.execute(update(SubmissionRow).where(SubmissionRow.id.in_(chunk)).values(**values))
