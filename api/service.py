"""What a request needs at hand: the desk that suggests, the store that remembers, the settings."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.settings import Settings
from triage.desk import Desk, load_desk
from triage.ledger.departments import sync_departments
from triage.ledger.store import Store, open_store, upgrade


@dataclass(frozen=True, slots=True)
class Service:
    """The open parts of one running service."""

    settings: Settings
    store: Store
    desk: Desk

    def close(self) -> None:
        """Give the database back."""
        self.store.close()


def open_service(settings: Settings, *, desk: Desk | None = None) -> Service:
    """The parts, ready to answer: tables up to date, departments as the catalogue has them.

    `desk`: one that is already loaded. Raises InvalidArtefact, InvalidData or StoreUnavailable.
    """
    if desk is None:
        desk = load_desk(settings.model_dir, data_dir=settings.data_dir)
    settings.make_database_folder()
    store = open_store(settings.database_url)
    upgrade(store)
    with store.writing() as session:
        sync_departments(session, desk.departments)
    return Service(settings, store, desk)


def get_service(request: Request) -> Service:
    """The service that this request came to."""
    service: Service = request.app.state.service
    return service


def read_clock() -> datetime:
    """Now, in UTC; the one place where the service looks at the clock."""
    return datetime.now(UTC)


ServiceHere = Annotated[Service, Depends(get_service)]
