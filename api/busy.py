"""For how long requests have been under way, so that what can wait leaves them the processor."""

from time import perf_counter


class Busy:
    """Begun and ended on the event loop alone; any thread may ask."""

    def __init__(self) -> None:
        self._under_way = 0
        self._since = self._seconds = 0.0

    def begin(self) -> None:
        """A request has come in."""
        if not self._under_way:
            self._since = perf_counter()
        self._under_way += 1

    def end(self) -> None:
        """It is answered."""
        self._under_way -= 1
        if not self._under_way:
            self._seconds += perf_counter() - self._since

    def count_s(self) -> float:
        """Seconds so far during which any request was under way."""
        return self._seconds + (perf_counter() - self._since if self._under_way else 0.0)
