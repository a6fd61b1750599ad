"""A few threads that carry out many small jobs."""

import asyncio
import threading
from functools import partial
from threading import Barrier

import pytest

from api.hands import Hands


def run_all(hands: Hands, *calls: partial[object]) -> list[object]:
    async def gather() -> list[object]:
        return await asyncio.gather(*map(hands.run, calls), return_exceptions=True)

    return asyncio.run(gather())


def test_each_job_gets_its_own_answer_and_its_own_error() -> None:
    answers = run_all(Hands(2), partial(int, "1"), partial(int, "one"), partial(int, "3"))
    assert (answers[0], answers[2]) == (1, 3)
    assert isinstance(answers[1], ValueError)


def test_as_many_as_there_are_hands_work_at_once_and_never_on_the_loop() -> None:
    together = Barrier(3, timeout=30)

    def meet() -> str:
        together.wait()
        return threading.current_thread().name

    names = run_all(Hands(3), partial(meet), partial(meet), partial(meet))
    assert names == ["hand", "hand", "hand"]


def test_hands_serve_one_loop_after_the_other() -> None:
    hands = Hands(1)
    assert [run_all(hands, partial(int, text)) for text in "12"] == [[1], [2]]


def test_who_gives_up_waiting_leaves_the_hands_free_for_others() -> None:
    hands, free = Hands(1), threading.Event()

    async def give_up() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hands.run(partial(free.wait, 30)), timeout=0.01)
        free.set()
        return await hands.run(partial(int, "7"))

    assert asyncio.run(give_up()) == 7
