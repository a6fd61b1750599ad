"""A lock that goes to whoever has waited longest."""

from collections import deque
from threading import Lock


class FairLock:
    """Held by one thread at a time, in the order in which they came.

    Python's own goes to whoever asks first when it is free: a thread that gives it back and asks
    again most often has it back before those who wait are awake.
    """

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()  # around these two

    def __enter__(self) -> None:
        with self._lock:
            if not self._held:
                self._held = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()  # given back by whoever leaves before

    def __exit__(self, *_raised: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
