"""Work that goes on in a thread of its own beside the requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def beside(name: str, work: Callable[[Event], None]) -> Iterator[None]:
    """`work` in a thread of that name until the end of the block, which it is told by the event;
    what is under way is finished first."""
    ending = Event()
    thread = Thread(target=work, args=(ending,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
