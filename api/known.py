"""Keys that were checked a moment ago, so that a busy system does not cost a look-up each time."""

import hashlib
from dataclasses import dataclass, field
from time import monotonic

from triage.roles import Caller

TRUSTED_S = 1.0  # a key revoked by another process is refused after a second at the latest
_MOST = 1_000  # keys kept; a town has a few dozen


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """Who calls with which key, for a second. A key is known by its digest only.

    Who revokes a key in this process calls `forget`, and it is refused at once.
    """

    _callers: dict[bytes, tuple[Caller, float]] = field(default_factory=dict)

    def find(self, plain: str) -> Caller | None:
        """Who calls with this key, if it was good a moment ago."""
        caller, checked_at = self._callers.get(_digest(plain), (None, 0.0))
        return caller if monotonic() - checked_at < TRUSTED_S else None

    def note(self, plain: str, caller: Caller, *, checked_at: float) -> None:
        """This key was found good at that moment of `monotonic`, which lies before the look-up."""
        if len(self._callers) >= _MOST:
            self._callers.clear()
        self._callers[_digest(plain)] = (caller, checked_at)

    def forget(self) -> None:
        """Look every key up again."""
        self._callers.clear()


def _digest(plain: str) -> bytes:
    return hashlib.blake2s(plain.encode(errors="surrogatepass")).digest()
