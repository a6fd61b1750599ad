"""Calls handed to threads: each comes back to whoever asked, and nobody who asks later waits for
ever."""

import asyncio
from threading import Event, current_thread
from typing import Any

import pytest

from api.threads import Threads


def test_each_gets_what_its_call_gives_or_raises() -> None:
    def refuse() -> None:
        raise KeyError("closed")

    async def ask() -> list[Any]:
        threads = Threads(2)
        calls = [lambda n=n: n for n in range(50)]
        return await asyncio.gather(
            *(threads.run(call) for call in (*calls, refuse)), return_exceptions=True
        )

    *told, error = asyncio.run(ask())
    assert told == list(range(50))
    assert isinstance(error, KeyError)


def test_there_are_as_many_threads_as_there_is_work_at_the_same_time_and_no_more_than_may_be() -> (
    None
):
    threads, here, gone = Threads(2), Event(), Event()

    def name() -> str:
        return str(current_thread().ident)

    def wait() -> str:
        here.set()
        assert gone.wait(60)
        return name()

    async def ask() -> tuple[set[str], list[str]]:
        alone = {await threads.run(name) for _ in range(20)}
        slow = asyncio.create_task(threads.run(wait))
        while not here.is_set():
            await asyncio.sleep(0)
        beside = [await threads.run(name) for _ in range(3)]
        gone.set()
        return alone, [await slow, *beside]

    alone, (slow, *beside) = asyncio.run(ask())
    assert alone == {slow}
    assert len(set(beside)) == 1
    assert slow not in beside


def test_who_no_longer_waits_and_a_loop_that_has_ended_keep_nobody_from_asking() -> None:
    threads, gone = Threads(1), Event()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(lambda: gone.wait(60)), 0.01)

    async def leave_again() -> None:
        await leave()
        gone.set()
        assert await threads.run(lambda: "there") == "there"

    asyncio.run(leave())
    asyncio.run(leave_again())
    assert asyncio.run(threads.run(lambda: "there")) == "there"
