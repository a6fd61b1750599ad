"""A lock that goes to whoever has waited longest."""

import threading
import time

import pytest

from api.fairlock import FairLock


def test_those_who_wait_have_it_in_the_order_in_which_they_came() -> None:
    lock, order = FairLock(), []

    def take(number: int) -> None:
        with lock:
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    with lock:
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(lock._waiting) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def test_who_gives_it_back_and_asks_again_comes_after_those_who_waited() -> None:
    lock, order = FairLock(), []

    def take() -> None:
        with lock:
            order.append("waited")

    thread = threading.Thread(target=take)
    with lock:
        thread.start()
        while not lock._waiting:
            time.sleep(0.001)
    with lock:
        order.append("again")
    thread.join(10)
    assert order == ["waited", "again"]


def test_one_at_a_time_and_an_error_gives_it_back() -> None:
    lock, inside, most = FairLock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock:
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    with pytest.raises(ZeroDivisionError), lock:
        _ = 1 / 0
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == 1
    with lock:
        assert inside == 0
