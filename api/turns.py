"""Work that is asked for at the same time, done together.

Several submissions are read and recorded for little more than one takes. So a request waits for
the one before it, and then takes along all that have come meanwhile.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class _Request(Generic[_Asked, _Told]):
    """What a thread asks, and will be told; it is woken when it is told, or when the turn is its
    own."""

    asked: _Asked
    told: Future[_Told] = field(default_factory=Future)
    woken: Event = field(default_factory=Event)


@dataclass(slots=True)
class Turns(Generic[_Asked, _Told]):
    """Takes what many threads ask to `work`, as many at a time as are waiting, `most` at most."""

    work: Callable[[list[_Asked]], Sequence[_Told]]
    most: int
    _waiting: list[_Request[_Asked, _Told]] = field(default_factory=list)
    _working: bool = False  # whether one of the threads is at work
    _lock: Lock = field(default_factory=Lock)  # around these two

    def ask(self, one: _Asked) -> _Told:
        """What `work` makes of it; raises what that raises for this one alone."""
        mine: _Request[_Asked, _Told] = _Request(one)
        with self._lock:
            self._waiting.append(mine)
            waits, self._working = self._working, True
        if waits:
            mine.woken.wait()
        if not mine.told.done():
            self._take_turn()
        return mine.told.result()

    def _take_turn(self) -> None:
        """Work for those who wait, the first of whom is this thread, and hand over to the next."""
        with self._lock:
            batch = self._waiting[: self.most]
            del self._waiting[: self.most]
        try:
            self._work(batch)
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].woken.set()
                else:
                    self._working = False
        # Each by itself: if they had to pass one lock, the next turn would wait until all are past.
        for each in batch:
            each.woken.set()

    def _work(self, batch: list[_Request[_Asked, _Told]]) -> None:
        try:
            done = self.work([each.asked for each in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].told.set_exception(error)
                return
            for each in batch:  # one that is stumbled over must not cost the others
                self._work([each])
            return
        for each, made in zip(batch, done, strict=True):
            each.told.set_result(made)
