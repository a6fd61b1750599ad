"""What goes on beside the requests: sending what the outbox holds, placing what came in, and the
duties of the clock.

One thread looks each second for what is due and hands each receiver to a pool, so that one that
hangs holds up nobody else. The duties are huey's: its queue lies beside the database, so that of
several processes one alone does a duty when its time comes.
"""

import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Event, Lock, Thread
from typing import Any

import structlog
from huey import Huey, MemoryHuey, PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from api.background.clockwork import (
    give_back_unaccepted,
    look_for_all_findings,
    recount_deadlines,
    remind_departments,
)
from api.background.importing import importing
from api.background.placing import placing
from api.background.regroup import regroup_problems
from api.background.sending import send_due
from api.busy import Busy
from api.logs import describe
from api.service import Service, furnish, open_town_store, read_clock
from api.settings import Settings
from triage.errors import TriageError
from triage.ledger.attempts import drop_old_attempts
from triage.ledger.outbox import find_due_webhooks, forget_delivered
from triage.ledger.store import Store

KEPT = timedelta(days=30)  # how long a delivered message can still be looked at and sent again
_LOOK_S = 1.0  # between two looks at the outbox
_PAUSE_S = 15.0  # after a fault of ours, so that the log is not flooded
_SLOT_MIN = 5  # minutes in which a duty is done once, whatever process it is
_RECEIVERS = 8  # sent to at the same time
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done when its time comes (定时工作): `when` in UTC, by minutes that five
    divides, so at most every five minutes."""

    name: str
    when: Callable[[datetime], bool]
    run: Callable[[Store, datetime], object]


def forget_old_deliveries(store: Store, now: datetime) -> None:
    """Delete what was delivered more than `KEPT` ago."""
    with store.writing() as session:
        forget_delivered(session, before=now - KEPT)


def forget_old_attempts(store: Store, now: datetime) -> None:
    """Delete failed sign-ins and look-ups that no limit counts any more: none looks back further
    than a day."""
    with store.writing() as session:
        drop_old_attempts(session, before=now - timedelta(days=2))


DUTIES = (
    Duty("give_back_unaccepted", crontab(minute="*/5"), give_back_unaccepted),
    Duty("remind_departments", crontab(minute="*/5"), remind_departments),
    Duty("recount_deadlines", crontab(minute="0", hour="18"), recount_deadlines),
    Duty("regroup_problems", crontab(minute="40", hour="18"), regroup_problems),
    Duty("look_for_all_findings", crontab(minute="30", hour="21"), look_for_all_findings),
    Duty("forget_old_deliveries", crontab(minute="20", hour="18"), forget_old_deliveries),
    Duty("forget_old_attempts", crontab(minute="25", hour="18"), forget_old_attempts),
)


@contextmanager
def working(
    settings: Settings,
    store: Store,
    *,
    duties: tuple[Duty, ...] = DUTIES,
    clock: Callable[[], datetime] = read_clock,
    get_service: Callable[[], Service] | None = None,
    busy: Busy | None = None,
) -> Iterator[None]:
    """Send, place and do the duties until the end of the block; what is under way is finished.

    `clock` says in which five minutes a duty falls and what it is told of the time. With
    `get_service` the files that wait are brought in too. `busy` tells of the requests of this
    process, which go before the placing.
    """
    sender = _Sender(store, timeout_s=settings.webhook_timeout_s)
    huey = _open_queue(settings)
    for duty in duties:
        _add_duty(huey, duty, store, clock=clock)
    consumer = _QuietConsumer(huey, workers=1, max_delay=2.0)
    sender.start()
    consumer.start()
    files = nullcontext() if get_service is None else importing(store, get_service)
    try:
        placer = placing(store, busy or Busy(), clock=clock, note_failure=_note_failure)
        with files, placer:
            yield
    finally:
        sender.stop()
        consumer.stop(graceful=True)
        huey.storage.close()


def run_worker(settings: Settings) -> None:
    """Work until told to end, apart from the service; what is under way is finished first.

    Raises StoreUnavailable or KeyUnavailable where the database cannot be used.
    """
    ending = Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: ending.set())
    with closing(open_town_store(settings)) as store:
        get_service = cache(lambda: furnish(settings, store))
        with working(settings, store, get_service=get_service):
            print("后台工作已启动（按 Ctrl-C 停止）", file=sys.stderr)
            ending.wait()


class _Sender:
    """The thread that looks, and the pool that sends."""

    def __init__(self, store: Store, *, timeout_s: float) -> None:
        self._store = store
        self._timeout_s = timeout_s
        self._ending = Event()
        self._busy: set[int] = set()
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(_RECEIVERS, thread_name_prefix="sender")
        self._thread = Thread(target=self._look, name="outbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self._pool.shutdown()

    def _look(self) -> None:
        while not self._ending.wait(_LOOK_S):
            try:
                with self._store.reading() as session:
                    due = find_due_webhooks(session, now=read_clock())
            except Exception as error:
                _note_failure("outbox", error)
                self._ending.wait(_PAUSE_S)
                continue
            with self._lock:
                free = [webhook_id for webhook_id in due if webhook_id not in self._busy]
                self._busy.update(free)
            for webhook_id in free:
                self._pool.submit(self._send, webhook_id)

    def _send(self, webhook_id: int) -> None:
        try:
            send_due(
                self._store,
                webhook_id,
                timeout_s=self._timeout_s,
                stopping=self._ending.is_set,
            )
        except Exception as error:
            _note_failure("outbox", error)
            self._ending.wait(_PAUSE_S)
        finally:
            with self._lock:
                self._busy.discard(webhook_id)


class _QuietConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """Runs beside a server, which hears the signals itself."""

    def _set_signal_handlers(self) -> None:
        pass


def _open_queue(settings: Settings) -> Huey:
    """Where duties wait their turn: beside the database, as far as other processes see that."""
    options: dict[str, Any] = {"results": False, "utc": True}
    if settings.database_url.startswith("postgres"):
        dsn = "postgresql://" + settings.database_url.partition("://")[2]
        return PostgresHuey("triage", dsn=dsn, blocking=False, **options)
    path = settings.find_jobs_file()
    if path is None:
        return MemoryHuey("triage", **options)
    return SqliteHuey("triage", filename=str(path), **options)


def _add_duty(huey: Huey, duty: Duty, store: Store, *, clock: Callable[[], datetime]) -> None:
    def do() -> None:
        now = clock()
        if not huey.put_if_empty(_slot(duty, now), "done"):
            return  # another process has done it
        huey.delete(_slot(duty, now - timedelta(days=1)))
        do_duty(duty, store, now)

    huey.periodic_task(duty.when, name=duty.name, expires=timedelta(minutes=5))(do)


def do_duty(duty: Duty, store: Store, now: datetime) -> None:
    """Do it once; a failure is noted in the log and costs nothing but this turn."""
    began = time.perf_counter()
    try:
        duty.run(store, now)
    except Exception as error:
        _note_failure(duty.name, error)
    else:
        log.info("duty_done", duty=duty.name, ms=round(1000 * (time.perf_counter() - began), 1))


def _slot(duty: Duty, now: datetime) -> str:
    began = now - timedelta(minutes=now.minute % _SLOT_MIN)
    return f"{duty.name}:{began:%Y%m%d%H%M}"


def _note_failure(what: str, error: Exception) -> None:
    if isinstance(error, TriageError):
        log.error("work_failed", what=what, reason=error.message)
    else:
        log.error("work_failed", what=what, number=secrets.token_hex(4), **describe(error))
