"""Placing what came in into common problems: a moment later, while nobody waits for it.

The requests go first: where they were under way for more than half of the time, what came in
waits, but no longer than a minute; and the placing rests as long as it works. Who wants to see the
common problems does not wait for that: the first who looks places what there is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Lock

from api.background.beside import beside
from api.busy import Busy
from triage.ledger.placing import (
    find_longest_waiting,
    is_any_waiting,
    place_waiting,
    plan_placing,
)
from triage.ledger.store import Store

LONGEST = timedelta(minutes=1)  # that a submission waits while the service is busy
_BUSY = 0.5  # of the time for which the placing rested: from there on it waits
_LOOK_S = 0.5  # between two looks whether anything waits
_PAUSE_S = 15.0  # after a fault, so that the log is not flooded
_PATIENCE_S = 2.0  # how long one who looks at the problems places what waits
_ONE = Lock()  # places at a time: two of one process would only find out the same
Note = Callable[[str, Exception], None]


@contextmanager
def placing(
    store: Store, busy: Busy, *, clock: Callable[[], datetime], note_failure: Note
) -> Iterator[None]:
    """Place what waits until the end of the block; what is under way is finished first. `busy`
    tells of the requests, which go before it."""

    def look(ending: Event) -> None:
        pause = _LOOK_S
        while True:
            began, had = time.perf_counter(), busy.count_s()
            if ending.wait(pause):
                return
            ended = time.perf_counter()
            may_wait = busy.count_s() - had > _BUSY * (ended - began)
            try:
                placed = _place_in_time(store, now=clock(), may_wait=may_wait)
            except Exception as error:
                note_failure("placing", error)
                pause = _PAUSE_S
            else:
                pause = time.perf_counter() - ended if placed else _LOOK_S

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
    """Place those that have waited longest; how many.

    Where they belong is found out before the writer's turn, as far as others wait for that: on
    PostgreSQL they do not, and there it keeps two processes from finding out the same.
    """
    with _ONE:
        with store.reading() as session:
            if not is_any_waiting(session):
                return 0
            plan = plan_placing(session) if store.gate else None
        with store.writing() as session:
            return place_waiting(session, now=now, plan=plan)


def _place_in_time(store: Store, *, now: datetime, may_wait: bool) -> int:
    """Place some, unless they may wait and none has waited for long."""
    if may_wait:
        with store.reading() as session:
            since = find_longest_waiting(session)
        if since is None or now - since < LONGEST:
            return 0
    return place_some(store, now=now)
