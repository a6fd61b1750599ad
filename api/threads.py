"""Threads for what would hold up the event loop.

FastAPI hands such calls over by anyio, which is made for much more: to there and back takes it
longer than to find the route, look at the key and send the answer.
"""

from asyncio import Future, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

_Told = TypeVar("_Told")


class Threads:
    """Up to `most` threads, begun as they are needed and kept; who comes while all are at work
    waits. They end with the process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._begun = self._under_way = 0
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()

    async def run(self, call: Callable[[], _Told]) -> _Told:
        """What the call gives, or raises, in one of the threads. A caller who no longer waits does
        not stop it."""
        answer: Future[tuple[Any, BaseException | None]] = get_running_loop().create_future()
        self._under_way += 1
        if self._begun < min(self._under_way, self._most):
            self._begun += 1
            Thread(target=self._work, name="request", daemon=True).start()
        self._calls.put((call, answer))
        told, error = await answer
        if error is not None:
            raise error
        return told  # type: ignore[no-any-return]

    def _work(self) -> None:
        while True:
            self._carry_out(*self._calls.get())

    def _carry_out(self, call: Callable[[], Any], answer: Future[Any]) -> None:
        told, error = None, None
        try:
            told = call()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the event loop has ended, and with it whoever waited
            answer.get_loop().call_soon_threadsafe(self._tell, answer, (told, error))

    def _tell(self, answer: Future[Any], outcome: tuple[Any, BaseException | None]) -> None:
        self._under_way -= 1
        if not answer.done():
            answer.set_result(outcome)
