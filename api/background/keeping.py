"""Keeping the desk of this process by the town's settings, whichever process changed them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event

import structlog

from api.background.beside import beside
from api.logs import describe
from api.service import Service, refresh

_LOOK_S = 2.0  # between two looks at the settings
_PAUSE_S = 15.0  # after a fault, so that the log is not flooded
log = structlog.get_logger()


@contextmanager
def keeping(service: Service) -> Iterator[None]:
    """Look every few moments, until the end of the block."""
    with beside("keeper", partial(_look, service)):
        yield


def _look(service: Service, ending: Event) -> None:
    while not ending.wait(_LOOK_S):
        try:
            refresh(service)
        except Exception as error:
            log.error("settings_unread", **describe(error))
            ending.wait(_PAUSE_S)
