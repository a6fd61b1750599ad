"""Suggestions that are asked for at the same time, worked on together.

The machine reads several submissions for little more than it takes to read one. So a request waits
for the one before it, and then takes along all that have come meanwhile.
"""

from dataclasses import dataclass, field
from threading import Lock

from triage.desk import CHUNK, Desk
from triage.submissions import Submission
from triage.suggestions import Suggestion


@dataclass(slots=True)
class _Ticket:
    submission: Submission
    suggestion: Suggestion | None = None
    failure: Exception | None = None

    @property
    def waits(self) -> bool:
        return self.suggestion is None and self.failure is None


@dataclass(frozen=True, slots=True)
class Turns:
    """Takes submissions from many threads to the desk, as many at a time as are waiting."""

    desk: Desk
    _waiting: list[_Ticket] = field(default_factory=list)
    _list: Lock = field(default_factory=Lock)  # around the list of those who wait
    _turn: Lock = field(default_factory=Lock)  # held by whoever is at the desk

    def suggest(self, submission: Submission) -> Suggestion:
        """As `Desk.suggest`, and raises what that raises for this submission alone."""
        ticket = _Ticket(submission)
        with self._list:
            self._waiting.append(ticket)
        with self._turn:
            while ticket.waits:
                with self._list:
                    batch = self._waiting[:CHUNK]
                    del self._waiting[:CHUNK]
                self._work(batch)
        if ticket.failure is not None:
            raise ticket.failure
        assert ticket.suggestion is not None  # noqa: S101 - it has one or the other
        return ticket.suggestion

    def _work(self, batch: list[_Ticket]) -> None:
        try:
            told = self.desk.suggest_many([ticket.submission for ticket in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].failure = error
                return
            for ticket in batch:  # one at which the machine stumbles must not cost the others
                self._work([ticket])
            return
        for ticket, suggestion in zip(batch, told, strict=True):
            ticket.suggestion = suggestion
