"""Work that is asked for at the same time, done together.

Several submissions are read and recorded for little more than one takes. So a request waits for
the one before it, and then takes along all that have come meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[_Told]):
    """What one is told (one value), or why there is nothing to tell."""

    told: tuple[_Told, ...] = ()
    error: Exception | None = None


@dataclass(slots=True)
class _Request(Generic[_Asked, _Told]):
    """What a thread asks, and what became of it; it is woken when that stands, or when the turn is
    its own."""

    asked: _Asked
    outcome: _Outcome[_Told] | None = None
    woken: Event = field(default_factory=Event)


@dataclass(slots=True)
class Turns(Generic[_Asked, _Told]):
    """Takes what many threads ask to `work`, as many at a time as are waiting, `most` at most.

    `settle` is what has to be waited for before anybody is told: the next turn begins meanwhile.
    """

    work: Callable[[list[_Asked]], Sequence[_Told]]
    most: int
    settle: Callable[[], None] | None = None
    _waiting: list[_Request[_Asked, _Told]] = field(default_factory=list)
    _working: bool = False  # whether one of the threads is at work
    _lock: Lock = field(default_factory=Lock)  # around these two

    def ask(self, one: _Asked) -> _Told:
        """What `work` makes of it; raises what that raises for this one alone, or `settle`."""
        mine: _Request[_Asked, _Told] = _Request(one)
        with self._lock:
            self._waiting.append(mine)
            waits, self._working = self._working, True
        if waits:
            mine.woken.wait()
        outcome = mine.outcome or self._take_turn()
        if outcome.error is not None:
            raise outcome.error
        (told,) = outcome.told
        return told

    def _take_turn(self) -> _Outcome[_Told]:
        """Work for those who wait, hand over to the next of them, and tell all; what is told the
        first, who is this thread."""
        with self._lock:
            batch = self._waiting[: self.most]
            del self._waiting[: self.most]
        try:
            outcomes = self._work([each.asked for each in batch])
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].woken.set()
                else:
                    self._working = False
        try:
            if self.settle is not None:
                self.settle()
        except Exception as error:
            outcomes = [_Outcome(error=error)] * len(batch)
        # Each by itself: if they had to pass one lock, the next turn would wait until all are past.
        for each, outcome in zip(batch, outcomes, strict=True):
            each.outcome = outcome
            each.woken.set()
        return outcomes[0]

    def _work(self, batch: list[_Asked]) -> list[_Outcome[_Told]]:
        try:
            return [_Outcome((told,)) for told in self.work(batch)]
        except Exception as error:
            if len(batch) == 1:
                return [_Outcome(error=error)]
            # One that is stumbled over must not cost the others.
            return [outcome for one in batch for outcome in self._work([one])]
