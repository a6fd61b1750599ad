"""What comes in: taken once however often it is sent, its words where they belong.

The words of an accusation never stand in the open: they go under the seal as they come in (Art.
30), and so does who told them. A row that cannot be taken is found before anything is written, so
it never costs the others. Nothing commits.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidSubmission, TriageError
from triage.ledger.accusations import hide_hash, seal_submissions
from triage.ledger.adding import Adding
from triage.ledger.events import record_events
from triage.ledger.paging import in_chunks
from triage.ledger.statements import connection_of
from triage.ledger.states import SubmissionStatus
from triage.ledger.store import find_ring, get_ring
from triage.ledger.submitters import find_submitter, record_submitters
from triage.ledger.tables import SubmissionRow, storable, to_utc
from triage.ledger.views import StoredSubmission, submission_view
from triage.submissions import Channel, Submission
from triage.submitters import Submitter
from triage.suggestions import Suggestion
from triage.tracking import digest_code, make_code

_Values = dict[str, Any]
_TABLE = SubmissionRow.metadata.tables[SubmissionRow.__tablename__]
_ADD = Adding(_TABLE, tuple(_TABLE.c.keys()), unless_there=True, returning=("id",))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission that `source` sends, with what the machine says of it, if that is known.

    The suggestion gives it its place in the review queue and says whether it is an accusation;
    `assigned` says that an entry is opened for it in the same breath.
    """

    submission: Submission
    suggestion: Suggestion | None = None
    assigned: bool = False
    confidential: bool = False
    source: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class _Coming:
    """One submission on its way in: as it was sent, what the machine says of it, its row, and the
    plain hash of its content."""

    submission: Submission
    suggestion: Suggestion | None
    row: _Values
    content_hash: str


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
    gives the one that stands. The words of a `confidential` one go under the seal instead.
    Raises Conflict where the content differs, or names a submitter other than the one that stands;
    InvalidSubmission where the id or a time cannot be stored, KeyUnavailable where it must be
    sealed and cannot.
    """
    arrival = Arrival(
        submission, confidential=confidential, source=source, idempotency_key=idempotency_key
    )
    (outcome,) = record_arrivals(session, [arrival], now=now)
    if isinstance(outcome, TriageError):
        raise outcome
    return outcome


def record_arrivals(
    session: Session, arrivals: Sequence[Arrival], *, now: datetime
) -> list[tuple[StoredSubmission, bool] | TriageError]:
    """As `record_submission`, for many: for each, in order, its outcome or its error.

    Of rows with the same id in one batch the first is taken; the others count as resends.
    """
    sent = [_try_read(session, arrival, now=now) for arrival in arrivals]
    keyed = [_find_by_key(session, one) for one in sent]
    first: dict[str, _Coming] = {}
    for one, there in zip(sent, keyed, strict=True):
        if isinstance(one, _Coming) and there is None:
            first.setdefault(one.row["id"], one)
    created = _insert_new(session, list(first.values()), now=now)
    standing = {
        row.id: row
        for ids in in_chunks([key for key in first if key not in created])
        for row in session.scalars(select(SubmissionRow).where(SubmissionRow.id.in_(ids)))
    }
    outcomes: list[tuple[StoredSubmission, bool] | TriageError] = []
    for one, there in zip(sent, keyed, strict=True):
        if isinstance(one, TriageError):
            outcomes.append(one)
            continue
        name = one.row["id"]
        if there is None and name in created:
            outcomes.append(_compare_sent(one, first[name]))
            continue
        there = there or standing.get(name) or _find_by_key(session, one)
        if there is None:
            raise RuntimeError("a submission was refused by a row that cannot be found")
        outcomes.append(_compare(session, one, there))
    return outcomes


def _compare_sent(coming: _Coming, first: _Coming) -> tuple[StoredSubmission, bool] | TriageError:
    """The outcome where this call has created the one of that id, `first`."""
    if coming.content_hash != first.content_hash:
        return _id_conflict(first.row["id"])
    told = coming.submission.submitter
    if told is not None and told != first.submission.submitter:
        return _submitter_conflict(first.row["id"])
    return _created_view(first.row), coming is first


def _compare(
    session: Session, coming: _Coming, there: SubmissionRow
) -> tuple[StoredSubmission, bool] | TriageError:
    """The outcome where one stands already, by the id or by the key."""
    if _has_content(session, there, coming.content_hash):
        try:
            if _has_submitter(session, there.id, coming.submission.submitter):
                return submission_view(there), False
        except TriageError as error:  # what is sealed cannot be read: no other row pays for it
            return error
        return _submitter_conflict(there.id)
    key = coming.row["idempotency_key"]
    if key is not None and there.idempotency_key == storable(key):
        return Conflict(
            "该幂等键已用于另一件内容不同的来件，请为新来件换一个幂等键", field="idempotency_key"
        )
    return _id_conflict(coming.row["id"])


def _try_read(session: Session, arrival: Arrival, *, now: datetime) -> _Coming | TriageError:
    try:
        return _read_coming(session, arrival, now=now)
    except TriageError as error:
        return error


def _read_coming(session: Session, arrival: Arrival, *, now: datetime) -> _Coming:
    submission, suggestion = arrival.submission, arrival.suggestion
    confidential = suggestion.confidential if suggestion else arrival.confidential
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
    content_hash = hashlib.sha256(spelt.encode()).hexdigest()
    ring = find_ring(session)
    row = told | {
        "id": submission.id,
        "likes": submission.likes,  # they grow; the same letter sent again with more is no other
        "recorded_at": to_utc(now),
        "source": arrival.source,
        "idempotency_key": arrival.idempotency_key,
        "content_hash": content_hash,
        "status": SubmissionStatus.ASSIGNED if arrival.assigned else SubmissionStatus.REVIEW,
        "confidential": confidential,
        "urgency": 1,
        "confidence": 0.0,
        "tracking_digest": ring and digest_code(make_code(ring, submission.id)),
    }
    if confidential:
        row |= {"title": "", "content": "", "place": None, "likes": None}
        row["status"] = SubmissionStatus.SEALED
        row["content_hash"] = hide_hash(session, content_hash)
    elif suggestion is not None:
        row |= {
            "urgency": suggestion.urgency.level,
            "confidence": suggestion.domain.confidence,
        }
    return _Coming(submission, suggestion, row, content_hash)


def _insert_new(session: Session, arrivals: list[_Coming], *, now: datetime) -> set[str]:
    """The ids of those that were not there yet. In order of id, so that two batches that share ids
    wait for each other instead of locking crosswise."""
    if not arrivals:
        return set()
    arrivals = sorted(arrivals, key=lambda coming: coming.submission.id)
    added = _ADD.run(connection_of(session), [coming.row for coming in arrivals])
    created = {submission_id for (submission_id,) in added}
    fresh = [coming for coming in arrivals if coming.submission.id in created]
    hidden = [one for one in fresh if one.row["confidential"]]
    told = [(one.submission, one.content_hash, one.suggestion) for one in hidden]
    seal_submissions(session, told, now=now)
    _insert_submitters(session, fresh)
    record_events(session, [_happened(coming) for coming in fresh], now=now)
    return created


def _insert_submitters(session: Session, fresh: list[_Coming]) -> None:
    told = [
        (coming.submission.id, coming.submission.submitter, coming.row["confidential"])
        for coming in fresh
        if coming.submission.submitter is not None
    ]
    if told:
        ring = get_ring(session)
        codes = {submission_id: make_code(ring, submission_id) for submission_id, _, _ in told}
        record_submitters(session, told, codes=codes)


def _happened(coming: _Coming) -> dict[str, Any]:
    row = coming.row
    event = {"actor": row["source"], "submission_id": row["id"]}
    if row["confidential"]:
        return event | {"kind": "accusation.recorded"}
    payload = {"content_hash": row["content_hash"]}
    return event | {"kind": "submission.recorded", "payload": payload}


def _has_content(session: Session, standing: SubmissionRow, content_hash: str) -> bool:
    """Whether what stands has the content with this plain hash."""
    if standing.confidential:
        content_hash = hide_hash(session, content_hash)
    return standing.content_hash == content_hash


def _has_submitter(session: Session, submission_id: str, told: Submitter | None) -> bool:
    """Whether what is told of the submitter, if anything, is what stands already.

    Raises KeyUnavailable where that cannot be unsealed.
    """
    if told is None:
        return True
    return find_submitter(session, submission_id) == told


def _find_by_key(session: Session, sent: _Coming | TriageError) -> SubmissionRow | None:
    """What stands under the same idempotency key of the same source."""
    if isinstance(sent, TriageError) or sent.row["idempotency_key"] is None:
        return None
    row = sent.row
    return session.scalar(
        select(SubmissionRow).where(
            SubmissionRow.source == row["source"],
            SubmissionRow.idempotency_key == row["idempotency_key"],
        )
    )


def _created_view(row: _Values) -> StoredSubmission:
    channel = row["channel"] and Channel(row["channel"])
    named = {field.name: row[field.name] for field in fields(StoredSubmission)}
    return StoredSubmission(**named | {"channel": channel})


def _id_conflict(submission_id: str) -> Conflict:
    return Conflict(
        f"编号 {submission_id} 已用于另一件内容不同的来件，请换一个编号后再提交", field="id"
    )


def _submitter_conflict(submission_id: str) -> Conflict:
    """What stands is not changed by a resend, and what is told is never dropped without a word."""
    return Conflict(
        f"编号 {submission_id} 的来件已经登记，这次报送的反映人与登记的不同，没有改动。请核对；"
        "另一人反映的，或要补充、更正反映人的，请换一个编号另报，系统会提示与原件重复",
        field="submitter",
    )
