"""Many threads at one desk: each gets its own answer, and one that fails costs no other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from time import monotonic, sleep

import pytest

from api.turns import Turns
from tests.ledger_factories import make_submission
from tests.service_factories import load_tiny_desk
from triage.desk import Desk
from triage.submissions import Submission
from triage.suggestions import Suggestion


def make_many(count: int) -> list[Submission]:
    return [make_submission(id=f"T-{n}", title=f"{n}号楼电梯停运") for n in range(count)]


def test_each_of_many_threads_gets_the_suggestion_for_its_own_submission() -> None:
    desk = load_tiny_desk()
    submissions = make_many(200)
    turns = Turns(desk.suggest_many, 64)
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(turns.ask, submissions))
    assert told == desk.suggest_many(submissions)


class SlowDesk:
    """Counts how many come at a time, and lets the first wait until the others are there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sizes: list[int] = []
        self.others_are_there = Event()

    def suggest_many(self, submissions: list[Submission]) -> list[Suggestion]:
        self.sizes.append(len(submissions))
        self.others_are_there.wait(60)
        if any(submission.title == "坏" for submission in submissions):
            raise ValueError("坏")
        return list(self.desk.suggest_many(submissions))


def test_those_who_come_meanwhile_are_worked_on_together_and_one_that_fails_costs_no_other() -> (
    None
):
    desk = SlowDesk(load_tiny_desk())
    turns = Turns(desk.suggest_many, 64)
    submissions = make_many(9)
    submissions[4] = replace(submissions[4], title="坏")
    with ThreadPoolExecutor(9) as pool:
        waiting = [pool.submit(turns.ask, submission) for submission in submissions]
        while len(turns._waiting) < 8:
            assert not any(each.done() for each in waiting)
        desk.others_are_there.set()
        for number, each in enumerate(waiting):
            if number == 4:
                with pytest.raises(ValueError, match="坏"):
                    each.result()
            else:
                assert each.result().id == f"T-{number}"
    assert desk.sizes[:2] == [1, 8]


def test_the_next_turn_begins_while_the_one_before_waits_to_tell() -> None:
    settled, turns_taken = Event(), []

    def work(asked: list[int]) -> list[int]:
        turns_taken.append(list(asked))
        return [-one for one in asked]

    turns = Turns(work, 64, settle=lambda: assert_set(settled))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(turns.ask, 1)
        wait_until(lambda: turns_taken == [[1]])
        second = pool.submit(turns.ask, 2)
        wait_until(lambda: turns_taken == [[1], [2]])
        assert not first.done()
        assert not second.done()
        settled.set()
        assert (first.result(10), second.result(10)) == (-1, -2)


def test_where_it_cannot_be_settled_nobody_is_told_that_it_was_done() -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    turns = Turns(lambda asked: asked, 64, settle=fail)
    for number in range(2):
        with pytest.raises(OSError, match="full"):
            turns.ask(number)


def assert_set(event: Event) -> None:
    assert event.wait(10)


def wait_until(true: Callable[[], bool]) -> None:
    began = monotonic()
    while not true():
        assert monotonic() - began < 10
        sleep(0.005)
