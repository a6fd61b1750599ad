"""Tracking codes (查询码): what a submitter types to see the state of the own submission.

A code is made from the submission's number and the town's secret digest key: nobody guesses one
(80 bits), the database keeps only its digest, and a receipt can be printed again.
"""

import base64
import hashlib

from triage.sealing import KeyRing
from triage.text import clean_text

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none looks like another
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_LETTERS = str.maketrans(_BASE32, _LETTERS)
_MISREAD = str.maketrans("OIL", "011")
_LENGTH = 16
_GROUP = 4


def make_code(ring: KeyRing, submission_id: str) -> str:
    """The code of this submission, always the same: XXXX-XXXX-XXXX-XXXX."""
    digest = bytes.fromhex(ring.digest(submission_id, purpose="tracking"))
    letters = base64.b32encode(digest).decode().translate(_TO_LETTERS)[:_LENGTH]
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def read_code(text: str) -> str | None:
    """The code that somebody typed, blanks, dashes, case and misread letters aside; None: it is
    none."""
    typed = "".join(char for char in clean_text(text).upper() if char.isalnum())
    letters = typed.translate(_MISREAD)
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        return None
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def digest_code(code: str) -> str:
    """What the database keeps of a code."""
    return hashlib.sha256(code.encode()).hexdigest()
