"""The work beside the requests: messages go out by themselves, duties are done at their time."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from receiver_factories import Receiver, free_port, run_receiver
from service_factories import TINY_MODEL, add_webhook, load_tiny_desk
from sqlalchemy import select

from api.background import worker
from api.background.worker import DUTIES, KEPT, Duty, do_duty, forget_old_deliveries, working
from api.service import open_service, read_clock
from api.settings import Settings
from triage.errors import InvalidInput
from triage.ledger.departments import sync_departments
from triage.ledger.outbox import enqueue_trial
from triage.ledger.records import record_batch
from triage.ledger.store import Store, open_store
from triage.ledger.tables import DeliveryRow


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(_env_file=None, database_url=store_url, webhook_timeout_s=1)


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox is looked at ten times a second, not once."""
    monkeypatch.setattr(worker, "_LOOK_S", 0.1)


def take_in(store: Store, *ids: str) -> None:
    pairs = [(make_submission(id=key), make_suggestion()) for key in ids]
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)
        record_batch(session, pairs, now=read_clock())


def wait_until(condition: threading.Event, seconds: float = 60) -> None:
    assert condition.wait(seconds)


def test_messages_go_out_by_themselves_and_a_receiver_that_hangs_holds_up_nobody(
    store: Store, settings: Settings
) -> None:
    with run_receiver() as good, run_receiver(Receiver(free_port(), hangs=30)) as bad:
        for receiver in (bad, good):
            add_webhook(store, receiver.url)
        with working(settings, store, duties=()):
            take_in(store, "L-1")
            good.wait_for(1)
            take_in(store, "L-2", "L-3")
            good.wait_for(3)
        assert bad.seen
        assert len({message.key for message in good.seen}) == len(good.seen) == 3


def test_two_workers_at_once_send_each_message_once(store: Store, settings: Settings) -> None:
    with run_receiver() as receiver:
        add_webhook(store, receiver.url)
        take_in(store, *(f"L-{number}" for number in range(60)))
        with working(settings, store, duties=()), working(settings, store, duties=()):
            receiver.wait_for(60)
    assert len(receiver.seen) == 60


def test_a_worker_that_ends_gives_the_rest_to_the_next(store: Store, settings: Settings) -> None:
    with run_receiver(Receiver(free_port(), hangs=0.2)) as receiver:
        add_webhook(store, receiver.url)
        take_in(store, *(f"L-{number}" for number in range(40)))
        with working(settings, store, duties=()):
            receiver.wait_for(2)
        assert len(receiver.taken) < 40
        receiver.hangs = 0
        with working(settings, store, duties=()):
            receiver.wait_for(40)
    assert len(receiver.seen) == 40


def test_a_duty_is_done_when_its_time_comes_by_one_process_alone(
    store: Store, settings: Settings
) -> None:
    done = threading.Event()
    times: list[datetime] = []

    def work(given: Store, now: datetime) -> None:
        assert given is store
        times.append(now)
        done.set()

    duty = Duty("test_duty", lambda _: True, work)

    def run(now: datetime) -> AbstractContextManager[None]:
        return working(settings, store, duties=(duty,), clock=lambda: now)

    with run(NOW), run(NOW + timedelta(minutes=1)):
        wait_until(done)
        time.sleep(1)
    assert len(times) == 1
    with run(NOW + timedelta(minutes=4)):
        time.sleep(1.5)
    assert len(times) == 1  # a restart does not do it again
    done.clear()
    with run(NOW + timedelta(minutes=5)):
        wait_until(done)
    assert times[1:] == [NOW + timedelta(minutes=5)]


def test_a_duty_that_fails_costs_its_turn_and_its_words_reach_no_log(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_store: Store, _now: datetime) -> None:
        raise ValueError("13800138000")

    do_duty(Duty("bad", lambda _: True, fail), store, read_clock())
    told = capsys.readouterr()
    assert "ValueError" in told.out + told.err
    assert "13800138000" not in told.out + told.err


def test_a_duty_may_say_what_is_wrong_in_our_own_words(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_store: Store, _now: datetime) -> None:
        raise InvalidInput("请改正")

    do_duty(Duty("bad", lambda _: True, fail), store, read_clock())
    told = capsys.readouterr()
    assert "请改正" in told.out + told.err


def test_duties_have_names_of_their_own_and_fall_on_minutes_that_five_divides() -> None:
    assert len({duty.name for duty in DUTIES}) == len(DUTIES)
    week = [datetime(2025, 3, 3) + timedelta(minutes=minute) for minute in range(7 * 24 * 60)]
    for duty in DUTIES:
        moments = [moment for moment in week if duty.when(moment)]
        assert moments, duty.name
        assert all(moment.minute % 5 == 0 for moment in moments), duty.name


def test_every_duty_can_be_done_on_an_empty_database(store: Store) -> None:
    for duty in DUTIES:
        duty.run(store, read_clock())


def test_what_was_delivered_long_ago_is_forgotten(store: Store) -> None:
    webhook_id = add_webhook(store, "http://10.0.0.1/")
    now = read_clock()
    with store.writing() as session:
        for _ in range(2):
            enqueue_trial(session, webhook_id, now=now)
        old, new = session.scalars(select(DeliveryRow).order_by(DeliveryRow.id))
        old.delivered_at = now - KEPT - timedelta(seconds=1)
        new.delivered_at = now - KEPT
        kept = new.id
    forget_old_deliveries(store, now)
    with store.reading() as session:
        assert session.scalars(select(DeliveryRow.id)).all() == [kept]


@pytest.fixture
def town(tmp_path: Path) -> Settings:
    """Settings of a town whose database, departments and keys are in place."""
    settings = Settings(
        _env_file=None, database_url=f"sqlite:///{tmp_path / 'town.db'}", model_dir=TINY_MODEL
    )
    open_service(settings, desk=load_tiny_desk()).close()
    return settings


def test_the_worker_command_sends_and_ends_when_told(town: Settings) -> None:
    service = open_service(town, desk=load_tiny_desk())
    environment = {**os.environ, "TRIAGE_DATABASE_URL": town.database_url}
    command = [sys.executable, "-m", "api.cli", "worker"]
    with (
        run_receiver() as receiver,
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        greeting = process.stderr.readline()
        try:
            assert "后台工作已启动" in greeting
            webhook_id = add_webhook(service.store, receiver.url)
            with service.store.writing() as session:
                enqueue_trial(session, webhook_id, now=read_clock())
            receiver.wait_for(1)
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(timeout=60) == 0, rest
    service.close()


def test_a_worker_whose_database_is_gone_says_so_and_keeps_trying(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None, database_url="sqlite://")
    broken = open_store(f"sqlite:///{tmp_path / 'no' / 'folder.db'}")
    with working(settings, broken, duties=()):
        time.sleep(0.5)
        assert any(thread.name == "outbox" for thread in threading.enumerate())
    broken.close()
    # The log goes to stdout until some service of this process has set it up, then to stderr.
    assert "work_failed" in "".join(capsys.readouterr())
