"""What SQLite has committed, brought to the disk once for all who wait for that.

Left to itself SQLite goes to the disk within every commit, and the next writer waits for that too:
a disk that takes 5 ms allows 200 commits a second, whatever the processor could do. Here a writer
commits to the log (WAL), lets the next one in, and only then waits for the disk, together with all
who have committed meanwhile. Nobody is told of a commit that a power cut could take back.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock


@dataclass(slots=True)
class Syncs:
    """Brings the log at `path` to the disk, for many threads."""

    path: Path
    _committed: int = 0  # commits that were counted …
    _synced: int = 0  # … and of these, how many are on the disk
    _count: Lock = field(default_factory=Lock)
    _turn: Lock = field(default_factory=Lock)  # held by whoever waits for the disk for all

    def wait(self) -> None:
        """Return once the disk has what this thread has just committed. Raises OSError."""
        with self._count:
            self._committed += 1
            mine = self._committed
        with self._turn:
            if self._synced >= mine:
                return
            committed = self._committed
            self._sync()
            self._synced = committed

    def _sync(self) -> None:
        try:
            log = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:  # gone over into the database, which SQLite waits for itself
            return
        try:
            os.fsync(log)
        finally:
            os.close(log)
