"""Writes: what was told, what was suggested, and the entry that follows.

Each function has a form for one and a form for thousands; both are the same path. None commits.
A row that cannot be taken is found before anything is written, so it never costs the others.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidSubmission, TriageError
from triage.ledger.departments import find_codes
from triage.ledger.events import record_events
from triage.ledger.states import EntryState, SubmissionStatus
from triage.ledger.store import upsert
from triage.ledger.tables import EntryRow, SubmissionRow, SuggestionRow, storable, to_utc
from triage.ledger.views import StoredEntry, StoredSubmission, submission_view
from triage.submissions import Channel, Submission
from triage.suggestions import Suggestion

_CHUNK = 500  # rows looked up by one statement
_T = TypeVar("_T")
_Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one row of a batch.

    `error` says why it was not taken; else `submission` stands, `created` by this batch or before
    it, and `entry` is the entry that this batch opened for it (None: it waits in review).
    """

    id: str
    submission: StoredSubmission | None = None
    created: bool = False
    entry: StoredEntry | None = None
    error: TriageError | None = None


def record_batch(
    session: Session,
    pairs: Sequence[tuple[Submission, Suggestion]],
    *,
    now: datetime,
    source: str = "",
    taxonomy: str = "letters",
) -> list[Filed]:
    """Take in many submissions with their suggestions; one outcome for each, in the same order."""
    recorded = record_submissions(
        session, [submission for submission, _ in pairs], now=now, source=source
    )
    fresh = [
        pair
        for pair, outcome in zip(pairs, recorded, strict=True)
        if not isinstance(outcome, TriageError) and outcome[1]
    ]
    record_suggestions(session, fresh, now=now)
    entries = open_entries(session, fresh, now=now, taxonomy=taxonomy)
    confidential = {submission.id for submission, suggestion in fresh if suggestion.confidential}
    filed = []
    for (submission, _), outcome in zip(pairs, recorded, strict=True):
        if isinstance(outcome, TriageError):
            filed.append(Filed(submission.id, error=outcome))
            continue
        stored, created = outcome
        entry = entries.get(stored.id) if created else None
        if created:
            stored = replace(
                stored,
                status=SubmissionStatus.ASSIGNED if entry else SubmissionStatus.REVIEW,
                confidential=stored.id in confidential,
            )
        filed.append(Filed(submission.id, stored, created, entry))
    return filed


def record_submission(
    session: Session,
    submission: Submission,
    *,
    now: datetime,
    idempotency_key: str | None = None,
    source: str = "",
    confidential: bool = False,
) -> tuple[StoredSubmission, bool]:
    """The submission as it stands, and whether this call created it.

    A resend (the same id, or the same idempotency key of the same `source`, with the same content)
    gives the one that stands. Raises Conflict where the content differs, InvalidSubmission where
    the id or a time cannot be stored.
    """
    row = _submission_values(
        submission,
        now=now,
        source=source,
        idempotency_key=idempotency_key,
        confidential=confidential,
    )
    standing = _find_by_idempotency_key(session, source, idempotency_key)
    if standing is None:
        if row["id"] in _insert_new(session, [row]):
            return _created_view(row), True
        standing = session.get(SubmissionRow, row["id"])
    if standing is None:  # another request used the key a moment ago
        standing = _find_by_idempotency_key(session, source, idempotency_key)
    if standing is None:
        raise RuntimeError("a submission was refused by a row that cannot be found")
    if standing.content_hash == row["content_hash"]:
        return submission_view(standing), False
    if idempotency_key is not None and standing.idempotency_key == storable(idempotency_key):
        raise Conflict(
            "该幂等键已用于另一件内容不同的来件，请为新来件换一个幂等键", field="idempotency_key"
        )
    raise _id_conflict(row["id"])


def record_submissions(
    session: Session, submissions: Sequence[Submission], *, now: datetime, source: str = ""
) -> list[tuple[StoredSubmission, bool] | TriageError]:
    """As `record_submission`, for many: for each, in order, its outcome or its error.

    Of rows with the same id in one batch the first is taken; the others count as resends.
    """
    sent: list[_Values | TriageError] = []
    first: dict[str, _Values] = {}
    for submission in submissions:
        try:
            row = _submission_values(submission, now=now, source=source)
        except InvalidSubmission as error:
            sent.append(error)
        else:
            first.setdefault(row["id"], row)
            sent.append(row)
    created = _insert_new(session, list(first.values()))
    standing = {
        row.id: row
        for ids in _chunks([key for key in first if key not in created])
        for row in session.scalars(select(SubmissionRow).where(SubmissionRow.id.in_(ids)))
    }
    outcomes: list[tuple[StoredSubmission, bool] | TriageError] = []
    for values in sent:
        if isinstance(values, TriageError):
            outcomes.append(values)
            continue
        there = standing.get(values["id"])
        holder = first[values["id"]]
        if values["content_hash"] != (there.content_hash if there else holder["content_hash"]):
            outcomes.append(_id_conflict(values["id"]))
        elif there:
            outcomes.append((submission_view(there), False))
        else:
            outcomes.append((_created_view(holder), values is holder))
    return outcomes


def record_suggestion(
    session: Session, submission: Submission, suggestion: Suggestion, *, now: datetime
) -> None:
    """Append what the machine said; it gives the submission its place in the review queue.

    A confidential suggestion makes the submission confidential; none makes it public again.
    """
    record_suggestions(session, [(submission, suggestion)], now=now)


def record_suggestions(
    session: Session, pairs: Sequence[tuple[Submission, Suggestion]], *, now: datetime
) -> None:
    """As `record_suggestion`, for many."""
    if not pairs:
        return
    session.execute(
        insert(SuggestionRow),
        [
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
        ],
    )
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
    hidden = [submission.id for submission, suggestion in pairs if suggestion.confidential]
    _set(session, hidden, confidential=True)


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
    table does not know. Call it once for a submission, when it was created.
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
    codes = find_codes(session) if pairs else {}
    values: dict[str, _Values] = {}
    models: dict[str, str] = {}
    for submission, suggestion in pairs:
        code = codes.get(suggestion.department.lead or "")
        if suggestion.needs_review or code is None:
            continue
        domain = suggestion.domain
        models[submission.id] = suggestion.model
        values[submission.id] = {
            "submission_id": submission.id,
            "lead_department": code,
            "assisting": list(suggestion.department.assisting),
            "state": EntryState.ASSIGNED,
            "urgency": suggestion.urgency.level,
            "taxonomy": taxonomy,
            "domain_code": domain.code,
            "domain": "/".join((domain.level1, domain.level2, domain.level3)),
            "nature": suggestion.nature.name,
            "division": suggestion.place.division,
            "confidential": suggestion.confidential,
        }
    entries = insert_entries(session, list(values.values()), now=now)
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
    if not values:
        return {}
    rows = [
        row
        | {
            "version": 1,
            "opened_at": to_utc(now),
            "deadline_at": None,
            "closed_at": None,
            "outcome": None,
        }
        for row in values
    ]
    inserted = insert(EntryRow).returning(EntryRow.submission_id, EntryRow.id)
    ids = dict(session.execute(inserted, rows).all())
    _set(session, list(ids), status=SubmissionStatus.ASSIGNED)
    return {
        row["submission_id"]: StoredEntry(
            **row | {"id": ids[row["submission_id"]], "assisting": tuple(row["assisting"])}
        )
        for row in rows
    }


def _submission_values(
    submission: Submission,
    *,
    now: datetime,
    source: str,
    idempotency_key: str | None = None,
    confidential: bool = False,
) -> _Values:
    if not submission.id.strip() or storable(submission.id) != submission.id:
        raise InvalidSubmission("编号为空或含有无法保存的字符，请换一个编号", field="id")
    try:
        received_at = submission.received_at and to_utc(submission.received_at)
    except ValueError:
        raise InvalidSubmission(
            "收件时间缺少时区或超出范围，请写成 2024-05-01T09:00:00+08:00", field="received_at"
        ) from None
    told = {
        "title": storable(submission.title),
        "content": storable(submission.content),
        "channel": submission.channel.value if submission.channel else None,
        "place": None if submission.place is None else storable(submission.place),
        "received_at": received_at,
    }
    spelt = json.dumps(list(told.values()), default=str)
    return told | {
        "id": submission.id,
        "recorded_at": to_utc(now),
        "source": source,
        "idempotency_key": idempotency_key,
        "content_hash": hashlib.sha256(spelt.encode()).hexdigest(),
        "status": SubmissionStatus.REVIEW,
        "confidential": confidential,
        "urgency": 1,
        "confidence": 0.0,
    }


def _insert_new(session: Session, rows: list[_Values]) -> set[str]:
    """The ids of those that were not there yet. In order of id, so that two batches that share ids
    wait for each other instead of locking crosswise."""
    if not rows:
        return set()
    rows = sorted(rows, key=lambda row: row["id"])
    statement = upsert(session, SubmissionRow).on_conflict_do_nothing()
    created = set(session.scalars(statement.returning(SubmissionRow.id), rows))
    record_events(
        session,
        [
            {
                "actor": row["source"],
                "kind": "submission.recorded",
                "submission_id": row["id"],
                "payload": {"content_hash": row["content_hash"]},
            }
            for row in rows
            if row["id"] in created
        ],
        now=rows[0]["recorded_at"],
    )
    return created


def _find_by_idempotency_key(
    session: Session, source: str, idempotency_key: str | None
) -> SubmissionRow | None:
    if idempotency_key is None:
        return None
    return session.scalar(
        select(SubmissionRow).where(
            SubmissionRow.source == source, SubmissionRow.idempotency_key == idempotency_key
        )
    )


def _set(session: Session, ids: list[str], **values: Any) -> None:
    for chunk in _chunks(ids):
        session.execute(update(SubmissionRow).where(SubmissionRow.id.in_(chunk)).values(**values))


def _created_view(row: _Values) -> StoredSubmission:
    channel = row["channel"] and Channel(row["channel"])
    named = {field.name: row[field.name] for field in fields(StoredSubmission)}
    return StoredSubmission(**named | {"channel": channel})


def _id_conflict(submission_id: str) -> Conflict:
    return Conflict(
        f"编号 {submission_id} 已用于另一件内容不同的来件，请换一个编号后再提交", field="id"
    )


def _chunks(items: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
