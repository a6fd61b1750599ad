"""A few threads for requests that are answered in a moment and wait for nobody.

The usual way gives each request a thread of its own, up to forty. Python runs one of them at a
time: they only take turns, and each reads the database through a connection of its own. With
sixteen callers a page of a ledger cost up to twice the processor time that it costs alone.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Hands:
    """`number` threads, started when there is first something to do."""

    def __init__(self, number: int) -> None:
        self._missing = number
        self._lock = Lock()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()

    async def run(self, call: Callable[[], _Result]) -> _Result:
        """What `call` gives, off the event loop. Raises what it raises."""
        if self._missing:
            self._start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Result] = loop.create_future()
        self._jobs.put((loop, done, call))
        return await done

    def _start(self) -> None:
        with self._lock:
            while self._missing:
                Thread(target=_work, args=(self._jobs,), name="hand", daemon=True).start()
                self._missing -= 1


def _work(jobs: SimpleQueue[_Job]) -> None:
    while True:
        _carry_out(*jobs.get())


def _carry_out(
    loop: asyncio.AbstractEventLoop, done: "asyncio.Future[Any]", call: Callable[[], Any]
) -> None:
    result, error = None, None
    try:
        result = call()
    except Exception as raised:
        error = raised
    with suppress(RuntimeError):  # the loop has ended meanwhile, and nobody waits any more
        loop.call_soon_threadsafe(_tell, done, result, error)


def _tell(done: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if done.done():  # given up meanwhile
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
