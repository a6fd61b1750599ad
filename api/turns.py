"""Suggestions that are asked for at the same time, worked on together.

The machine reads several submissions for little more than it takes to read one. So a request waits
for the one before it, and then takes along all that have come meanwhile.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from triage.desk import CHUNK, Desk
from triage.submissions import Submission
from triage.suggestions import Suggestion

_Waiting = tuple[Submission, Future[Suggestion]]


@dataclass(frozen=True, slots=True)
class Turns:
    """Takes submissions from many threads to the desk, as many at a time as are waiting."""

    desk: Desk
    _waiting: list[_Waiting] = field(default_factory=list)
    _list: Lock = field(default_factory=Lock)  # around the list of those who wait
    _turn: Lock = field(default_factory=Lock)  # held by whoever is at the desk

    def suggest(self, submission: Submission) -> Suggestion:
        """As `Desk.suggest`, and raises what that raises for this submission alone."""
        told: Future[Suggestion] = Future()
        with self._list:
            self._waiting.append((submission, told))
        with self._turn:
            while not told.done():
                with self._list:
                    batch = self._waiting[:CHUNK]
                    del self._waiting[:CHUNK]
                self._work(batch)
        return told.result()

    def _work(self, batch: list[_Waiting]) -> None:
        try:
            suggestions = self.desk.suggest_many([submission for submission, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:  # one at which the machine stumbles must not cost the others
                self._work([one])
            return
        for (_, told), suggestion in zip(batch, suggestions, strict=True):
            told.set_result(suggestion)
