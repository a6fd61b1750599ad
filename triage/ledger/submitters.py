"""Who reported (反映人), sealed; shown masked, or in full for a reason that goes on record."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from triage.errors import InvalidInput
from triage.ledger.events import record_events
from triage.ledger.store import get_ring
from triage.ledger.tables import SubmitterRow, storable
from triage.privacy import mask
from triage.roles import Action, Caller
from triage.sealing import Sealed
from triage.submitters import Submitter

MAX_REASON = 200


def record_submitters(
    session: Session, told: Sequence[tuple[str, Submitter, bool]], *, codes: dict[str, str]
) -> None:
    """Keep, under the seal, who reported: (submission id, submitter, whether it is an accusation).

    `codes` are the tracking codes by submission id. The person behind an accusation is linked to no
    other submission.
    """
    if not told:
        return
    ring = get_ring(session)
    rows = []
    for submission_id, submitter, confidential in told:
        plain = json.dumps(asdict(submitter)).encode()
        key_id, sealed = ring.seal(plain, about=_about(submission_id))
        rows.append(
            {
                "submission_id": submission_id,
                "sealed": sealed,
                "key_id": key_id,
                "person": None if confidential else _person(session, submitter),
                "phone_tail": digest_tail(session, codes[submission_id], submitter.tail),
            }
        )
    session.execute(insert(SubmitterRow), rows)


def find_masked(session: Session, submission_id: str) -> Submitter | None:
    """The submitter as lists may show it, or None where nothing is known. Raises KeyUnavailable."""
    submitter = find_submitter(session, submission_id)
    return submitter and submitter.masked()


def unmask(
    session: Session, submission_id: str, *, caller: Caller, reason: str, now: datetime
) -> Submitter | None:
    """The submitter in full; that this caller has looked, and why, goes on record.

    Whether the caller may know of the submission at all was asked before. Raises AccessDenied,
    InvalidInput without a reason, KeyUnavailable.
    """
    caller.require(Action.UNMASK)
    happened = {
        "actor": caller.who,
        "kind": "submitter.seen",
        "submission_id": submission_id,
        "payload": {"reason": mask(check_reason(reason))},
    }
    record_events(session, [happened], now=now)
    return find_submitter(session, submission_id)


def check_reason(reason: str) -> str:
    """The reason itself, if it is one that can be kept. Raises InvalidInput."""
    reason = storable(reason).strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise InvalidInput(f"请写明理由，1 到 {MAX_REASON} 字", field="reason")
    return reason


def digest_tail(session: Session, code: str, tail: str | None) -> str | None:
    """What the look-up by tracking code and last four digits compares; None without such digits."""
    return tail and get_ring(session).digest(f"{code}:{tail}", purpose="phone_tail")


def hide_person(session: Session, submission_id: str) -> None:
    """Unlink a submission that has become an accusation from the others of the same person."""
    session.execute(
        update(SubmitterRow).where(SubmitterRow.submission_id == submission_id).values(person=None)
    )


def show_person(session: Session, submission_id: str) -> None:
    """Link it again, now that it is none."""
    submitter = find_submitter(session, submission_id)
    if submitter is not None:
        row = session.get_one(SubmitterRow, submission_id)
        row.person = _person(session, submitter)
        session.flush()


def find_submitter(session: Session, submission_id: str) -> Submitter | None:
    """The submitter as told, or None where none was; whoever shows it goes through `unmask`.

    Raises KeyUnavailable.
    """
    row = session.get(SubmitterRow, submission_id)
    if row is None:
        return None
    sealed = Sealed(row.key_id, row.sealed)
    plain = get_ring(session).unseal(sealed, about=_about(submission_id))
    return Submitter(**json.loads(plain))


def _person(session: Session, submitter: Submitter) -> str | None:
    identity = submitter.identity
    return identity and get_ring(session).digest(identity, purpose="person")


def _about(submission_id: str) -> str:
    return f"submitter:{submission_id}"
