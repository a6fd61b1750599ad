"""What a request needs at hand: the desk that suggests, the store that remembers, the settings."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import Depends, Request

from api.busy import Busy
from api.fairlock import FairLock
from api.known import KnownKeys
from api.recording import MOST, Brought, take_together
from api.settings import Settings
from api.town import fit_or_keep
from api.turns import Turns
from triage.desk import Desk, load_desk
from triage.ledger.accusations import put_away_unsealed
from triage.ledger.departments import sync_departments
from triage.ledger.events import find_last_time
from triage.ledger.records import Filed
from triage.ledger.resealing import list_key_ids
from triage.ledger.store import Store, open_store, upgrade
from triage.ledger.townsettings import Stamp, load_settings, load_stamp, stamp_of
from triage.replies import ReplyModel
from triage.replymodels import load_reply_model
from triage.sealing import open_key_ring
from triage.submissions import Submission
from triage.suggestions import Suggestion

log = structlog.get_logger()
_CLOCKS_DIFFER = timedelta(minutes=10)  # at most, among machines that share a database
_TURN = 64  # submissions suggested for at once: others wait for them


@dataclass(slots=True)
class Service:
    """The open parts of one running service.

    `base` is the desk of the files; `desk`, `suggesting` and `taking` are those of the town's
    settings as they were at `stamp`, and are changed by `refresh` alone. `processor` is held by
    whoever computes for milliseconds: a suggestion and a page would take the interpreter from each
    other at every turn, and the suggestion, which lets go of it oftener, would take twice as long.
    """

    settings: Settings
    store: Store
    base: Desk
    desk: Desk
    suggesting: Turns[Submission, Suggestion]
    taking: Turns[Brought, tuple[Suggestion, Filed]]
    replies: ReplyModel
    processor: FairLock
    stamp: Stamp = ()
    keys: KnownKeys = field(default_factory=KnownKeys)
    busy: Busy = field(default_factory=Busy)

    def close(self) -> None:
        """Give the database back."""
        self.store.close()


def open_service(settings: Settings, *, desk: Desk | None = None) -> Service:
    """The parts, ready to answer: tables up to date, departments as the catalogue has them.

    `desk`: one that is already loaded. Raises InvalidArtefact, InvalidData, KeyUnavailable or
    StoreUnavailable.
    """
    replies = load_reply_model(settings.reply_model_dir)
    if desk is None:
        desk = load_desk(settings.model_dir, data_dir=settings.data_dir)
    return _assemble(settings, open_town_store(settings), desk, replies)


def furnish(settings: Settings, store: Store) -> Service:
    """As `open_service`, around a store that is open already."""
    replies = load_reply_model(settings.reply_model_dir)
    return _assemble(
        settings, store, load_desk(settings.model_dir, data_dir=settings.data_dir), replies
    )


def _assemble(settings: Settings, store: Store, desk: Desk, replies: ReplyModel) -> Service:
    with store.writing() as session:
        town = load_settings(session)
        fitted = fit_or_keep(desk, town, settings)
        sync_departments(session, fitted.departments)
        _tell_of_clock(find_last_time(session))
    processor = FairLock()
    return Service(
        settings,
        store,
        desk,
        fitted,
        *_turns(fitted, store, processor),
        replies,
        processor,
        stamp=stamp_of(town),
    )


def _tell_of_clock(last: datetime | None) -> None:
    """Warn of a clock that went back (an empty battery): every deadline would be wrong, and what is
    sent with today's date would seem to come from the future. Not refused: after a clock that ran
    ahead, it is the last event that is wrong."""
    if last is not None and read_clock() < last - _CLOCKS_DIFFER:
        log.warning(
            "clock_behind",
            reason="本机时钟早于库里最后一条记录，办理时限会算错；请先校正时钟，再重启服务",
            last=f"{last:%Y-%m-%d %H:%M}Z",
        )


def refresh(service: Service) -> bool:
    """Work by the town's settings as they are now; whether they had changed."""
    with service.store.reading() as session:
        if load_stamp(session) == service.stamp:
            return False
        town = load_settings(session)
    fitted = fit_or_keep(service.base, town, service.settings)
    service.desk = fitted
    service.suggesting, service.taking = _turns(fitted, service.store, service.processor)
    service.stamp = stamp_of(town)
    return True


def _turns(
    desk: Desk, store: Store, processor: FairLock
) -> tuple[Turns[Submission, Suggestion], Turns[Brought, tuple[Suggestion, Filed]]]:
    """What suggests alone, and what takes in, with this desk."""

    def suggest(submissions: list[Submission]) -> list[Suggestion]:
        with processor:
            return list(desk.suggest_many(submissions))

    return (
        Turns(suggest, _TURN),
        Turns(
            lambda brought: take_together(suggest, store, brought, now=read_clock()),
            MOST,
            settle=store.settle,
        ),
    )


def open_town_store(settings: Settings) -> Store:
    """The town's database, up to date, with its key file, which is made at the first start.

    Raises StoreUnavailable, or KeyUnavailable where what is sealed there could not be opened.
    """
    settings.make_database_folder()
    store = open_store(settings.database_url)
    try:
        upgrade(store)
        with store.reading() as session:
            used = list_key_ids(session)
        store = replace(store, ring=open_key_ring(settings.find_key_file(), used=used))
        with store.writing() as session:
            put_away_unsealed(session, now=read_clock())
        return store
    except BaseException:
        store.close()
        raise


async def get_service(request: Request) -> Service:
    """The service that this request came to; async, as a hand-over to a thread costs more."""
    service: Service = request.app.state.service
    return service


def read_clock() -> datetime:
    """Now, in UTC; the one place where the service looks at the clock."""
    return datetime.now(UTC)


ServiceHere = Annotated[Service, Depends(get_service)]
