"""Work that is asked for at the same time, done together.

Several submissions are read, or recorded, for little more than one takes. So a request waits for
the one before it, and then takes along all that have come meanwhile.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class Turns(Generic[_Asked, _Told]):
    """Takes what many threads ask to `work`, as many at a time as are waiting, `most` at most."""

    work: Callable[[list[_Asked]], Sequence[_Told]]
    most: int
    _waiting: list[tuple[_Asked, Future[_Told]]] = field(default_factory=list)
    _list: Lock = field(default_factory=Lock)  # around the list of those who wait
    _turn: Lock = field(default_factory=Lock)  # held by whoever is at work

    def ask(self, one: _Asked) -> _Told:
        """What `work` makes of it; raises what that raises for this one alone."""
        told: Future[_Told] = Future()
        with self._list:
            self._waiting.append((one, told))
        with self._turn:
            while not told.done():
                with self._list:
                    batch = self._waiting[: self.most]
                    del self._waiting[: self.most]
                self._work(batch)
        return told.result()

    def _work(self, batch: list[tuple[_Asked, Future[_Told]]]) -> None:
        try:
            done = self.work([one for one, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for each in batch:  # one that is stumbled over must not cost the others
                self._work([each])
            return
        for (_, told), made in zip(batch, done, strict=True):
            told.set_result(made)
