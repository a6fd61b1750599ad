"""What can go wrong, as one tree.

    TriageError
    ├── InvalidInput            a person or a system sent something that cannot be taken
    │   ├── InvalidSubmission   one field of one submission is missing, too long or of a wrong kind
    │   └── InvalidFile         a file cannot be read, or lacks a column that is needed
    ├── InvalidData             data of the town (taxonomy, catalogue, divisions) breaks its schema
    ├── InvalidArtefact         a model file is missing, altered, or made by other library versions
    ├── NotFound                no such submission, entry, department
    ├── Conflict                the same id or idempotency key was used with other content
    ├── AccessDenied            the caller lacks the right
    │   └── TooManyAttempts     too many failed sign-ins or look-ups: wait
    ├── KeyUnavailable          a sealed value cannot be opened, or the key file cannot be used
    └── StoreUnavailable        the database cannot be reached or is locked for too long

The core knows no HTTP: `api/errors.py` holds the one table from class to status.
Every message is Chinese, is shown to clerks as it stands, and says what to do next.
"""

import math
from datetime import timedelta


class TriageError(Exception):
    """Root of all errors this product raises on purpose.

    `message` is the Chinese sentence a clerk reads; `field` names the input field it is about,
    where there is one.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(TriageError):
    """What was sent cannot be taken as it is."""


class InvalidSubmission(InvalidInput):
    """A field of a submission is missing, too long or of a wrong kind."""


class InvalidFile(InvalidInput):
    """A file cannot be read, or lacks a column that is needed."""


class InvalidData(TriageError):
    """Data of the town (taxonomy, dispatch catalogue, divisions) breaks its schema."""


class InvalidArtefact(TriageError):
    """A model file is missing, altered, or made by other library versions than those here."""


class NotFound(TriageError):
    """No such submission, entry or department (or none that the caller may know of)."""


class Conflict(TriageError):
    """The same id or idempotency key was used before with other content."""


class AccessDenied(TriageError):
    """The caller is unknown, or lacks the right to do this."""


class TooManyAttempts(AccessDenied):
    """Too many failed sign-ins or look-ups; the next may be made after `wait`."""

    def __init__(self, *, wait: timedelta) -> None:
        minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
        super().__init__(f"失败次数过多，为安全起见暂停受理，请 {minutes} 分钟后再试")
        self.wait = wait


class KeyUnavailable(TriageError):
    """The key file is missing, broken or open to others, or a sealed value does not open."""


class StoreUnavailable(TriageError):
    """The database cannot be reached, or stayed locked longer than the time limit."""
