"""Placing what came in into common problems: a moment later, while nobody waits for it.

It works no longer than it rests, so that on a busy day the requests go first; what waits then is
placed when they leave room. Who wants to see the common problems does not wait for that: the first
who looks places what there is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event

from api.background.beside import beside
from triage.ledger.placing import is_any_waiting, place_waiting
from triage.ledger.store import Store

_LOOK_S = 0.5  # between two looks whether anything waits
_PAUSE_S = 15.0  # after a fault, so that the log is not flooded
_PATIENCE_S = 2.0  # how long one who looks at the problems places what waits
Note = Callable[[str, Exception], None]


@contextmanager
def placing(store: Store, *, clock: Callable[[], datetime], note_failure: Note) -> Iterator[None]:
    """Place what waits until the end of the block; what is under way is finished first."""

    def look(ending: Event) -> None:
        pause = _LOOK_S
        while not ending.wait(pause):
            began = time.perf_counter()
            try:
                placed = place_some(store, now=clock())
            except Exception as error:
                note_failure("placing", error)
                pause = _PAUSE_S
            else:
                pause = time.perf_counter() - began if placed else _LOOK_S

    with beside("placer", look):
        yield


def place_all(store: Store, *, now: datetime, patience_s: float = _PATIENCE_S) -> bool:
    """Place what waits, for so many seconds at most; True where nothing is left."""
    end = time.monotonic() + patience_s
    while place_some(store, now=now):
        if time.monotonic() > end:
            return False
    return True


def place_some(store: Store, *, now: datetime) -> int:
    """Place those that have waited longest; how many."""
    with store.reading() as session:
        if not is_any_waiting(session):
            return 0
    with store.writing() as session:
        return place_waiting(session, now=now)
