"""Taking in: suggest, record, dispatch; one submission, or thousands that cannot cost each other.

The machine reads outside the transaction, so that the database is held for milliseconds only.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from api.errors import InternalError
from api.logs import describe
from api.recording import Brought
from api.service import Service
from triage.errors import Conflict, StoreUnavailable, TriageError
from triage.ledger.queries import get_submission
from triage.ledger.records import Filed, record_batch
from triage.ledger.repeatlist import RepeatLine
from triage.ledger.views import SubmissionFile
from triage.submissions import Submission
from triage.suggestions import Suggestion

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """One submission as it now stands, whether this call brought it, and if so, what it was found
    to repeat, as one sees it who reaches every department."""

    file: SubmissionFile
    created: bool
    repeats: tuple[RepeatLine, ...] = ()


def take_in(
    service: Service,
    submission: Submission,
    *,
    source: str,
    idempotency_key: str | None,
) -> Taken:
    """Suggest, record, and open the entry in the lead department's ledger, or leave it to review.

    Sent again it changes nothing and gives what stands. Raises Conflict where the id or the key
    was used for other content.
    """
    suggestion, filed = service.taking.ask(Brought(submission, source, idempotency_key))
    if filed.error is not None:
        raise filed.error
    if not filed.created:
        with service.store.reading() as session:
            return Taken(get_submission(session, filed.id, may_see_confidential=True), False)
    assert filed.submission is not None  # noqa: S101 - it was created
    file = SubmissionFile(
        submission=filed.submission,
        suggestion=None if suggestion.confidential else suggestion.as_dict(),
        entries=(filed.entry,) if filed.entry else (),
        decisions=(),
        submitter=submission.submitter and submission.submitter.masked(),
        people={},
    )
    return Taken(file, True, filed.repeats)


def take_in_batch(
    service: Service,
    rows: Sequence[Submission | TriageError],
    *,
    source: str,
    now: datetime,
) -> list[Filed]:
    """One outcome for each row, in order; `rows` holds an error where a row was no submission.

    Committed chunk by chunk: what is reported as taken stays, whatever happens after. Where the
    database fails, the rows not yet taken carry that error and may be sent again.
    """
    outcomes: list[Filed] = []
    first: dict[str, int] = {}
    failure: StoreUnavailable | None = None
    for start, chunk in _chunks(rows, service.settings.batch_chunk):
        if failure is None:
            try:
                filed = _take_in_chunk(service, chunk, source=source, now=now)
            except StoreUnavailable as error:
                failure = error
        if failure is not None:
            filed = [_refused(row, failure) for row in chunk]
        for index, outcome in enumerate(filed, start=start):
            if outcome.id in first and _is_same_id(outcome):
                outcome = Filed(outcome.id, error=_same_id(outcome.id, first[outcome.id]))
            first.setdefault(outcome.id, index)
            outcomes.append(outcome)
    return outcomes


def suggest_each(service: Service, submissions: list[Submission]) -> list[Suggestion | TriageError]:
    """A suggestion for each; one that the machine stumbles over has an error in its place."""
    try:
        return list(service.desk.suggest_many(submissions))
    except Exception:
        return [_suggest_one(service, submission) for submission in submissions]


def _take_in_chunk(
    service: Service,
    chunk: Sequence[Submission | TriageError],
    *,
    source: str,
    now: datetime,
) -> list[Filed]:
    good = [row for row in chunk if isinstance(row, Submission)]
    suggestions = suggest_each(service, good)
    pairs = [
        (submission, suggestion)
        for submission, suggestion in zip(good, suggestions, strict=True)
        if isinstance(suggestion, Suggestion)
    ]
    with service.store.writing() as session:
        recorded = iter(record_batch(session, pairs, now=now, source=source))
    suggested = iter(suggestions)
    filed = []
    for row in chunk:
        result = row if isinstance(row, TriageError) else next(suggested)
        filed.append(_refused(row, result) if isinstance(result, TriageError) else next(recorded))
    return filed


def _suggest_one(service: Service, submission: Submission) -> Suggestion | TriageError:
    try:
        return service.desk.suggest(submission)
    except TriageError as error:
        return error
    except Exception as error:
        failure = InternalError(secrets.token_hex(4))
        log.error("suggestion_failed", number=failure.number, **describe(error))
        return failure


def _refused(row: Submission | TriageError, error: TriageError) -> Filed:
    if isinstance(row, TriageError):
        return Filed("", error=row)
    return Filed(row.id, error=error)


def _is_same_id(outcome: Filed) -> bool:
    return bool(outcome.id) and isinstance(outcome.error, Conflict) and outcome.error.field == "id"


def _same_id(submission_id: str, index: int) -> Conflict:
    return Conflict(
        f"编号 {submission_id} 与本批第 {index + 1} 件相同而内容不同，请换一个编号后重发这一件",
        field="id",
    )


def _chunks(
    rows: Sequence[Submission | TriageError], size: int
) -> Iterator[tuple[int, Sequence[Submission | TriageError]]]:
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size]
