from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledger_factories import MINUTE, NOW
from sqlalchemy import text

from triage.errors import TooManyAttempts
from triage.ledger.attempts import (
    Limit,
    begin_attempt,
    drop_old_attempts,
    forget_attempts,
    forgive,
)
from triage.ledger.store import Store

THREE = Limit("sign-in", most=3, window=15 * MINUTE)
TEN = Limit("address", most=10, window=15 * MINUTE)


def guess(store: Store, login: str, *, minutes: float = 0) -> tuple[int, ...]:
    with store.writing() as session:
        tries = [(THREE, login), (TEN, "192.0.2.1")]
        return begin_attempt(session, tries, now=NOW + minutes * MINUTE)


def test_after_so_many_failures_one_waits_until_the_first_is_old_enough(store: Store) -> None:
    for minute in range(3):
        guess(store, "wang", minutes=minute)
    with pytest.raises(TooManyAttempts, match="请 12 分钟后再试") as caught:
        guess(store, "wang", minutes=3)
    assert caught.value.wait == 12 * MINUTE
    guess(store, "zhao", minutes=3)
    guess(store, "wang", minutes=15)
    with pytest.raises(TooManyAttempts):
        guess(store, "wang", minutes=15.5)


def test_what_was_refused_does_not_count(store: Store) -> None:
    for _ in range(3):
        guess(store, "wang")
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            guess(store, "wang", minutes=1)
    guess(store, "zhao", minutes=1)
    guess(store, "wang", minutes=15)


def test_one_address_that_tries_many_logins_is_stopped_too(store: Store) -> None:
    for number in range(10):
        guess(store, f"user{number}")
    with pytest.raises(TooManyAttempts):
        guess(store, "another")


def test_a_right_one_is_taken_back_and_a_lock_can_be_lifted(store: Store) -> None:
    for _ in range(12):
        right = guess(store, "wang")
        with store.writing() as session:
            forgive(session, right)
    for _ in range(3):
        guess(store, "wang")
    with store.writing() as session:
        forget_attempts(session, "sign-in", "wang")
    guess(store, "wang")


def test_guesses_sent_at_once_are_counted_one_by_one(store: Store) -> None:
    def dare(_number: int) -> bool:
        try:
            guess(store, "wang")
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(dare, range(24))) == 3


def test_no_login_or_address_stands_in_the_table(store: Store) -> None:
    guess(store, "wang")
    with store.writing() as session:
        rows = str(session.execute(text("SELECT * FROM attempt")).all())
        assert "wang" not in rows
        assert "192.0.2" not in rows
        drop_old_attempts(session, before=NOW + timedelta(days=1))
        assert session.scalar(text("SELECT count(*) FROM attempt")) == 0
