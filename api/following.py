"""What a service does once it takes submissions: take in its other routes, and begin the work
beside the requests.

What both import takes a second, for which whoever sends in the first submission need not wait.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock

import structlog
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.background.beside import beside
from api.logs import describe
from api.service import Service

SOON_S = 1.0  # after the start: the first to ask have the processor to themselves
_PAUSE_S = 15.0  # after a fault, before the next attempt
log = structlog.get_logger()


class LateRoutes(BaseRoute):
    """The last of the routes as long as most are missing: what is for none of the others waits here
    until all are there."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = Lock()

    def take_in(self) -> bool:
        """Have them all; False where they are there already."""
        from api.lateroutes import add_late_routes

        with self._lock:
            routes = self._app.router.routes
            if self not in routes:
                return False
            add_late_routes(self._app)
            routes.remove(self)
            return True

    def matches(self, _scope: Scope) -> tuple[Match, Scope]:
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await run_in_threadpool(self.take_in)
        await self._app.router(scope, receive, send)


@contextmanager
def following(service: Service, late: LateRoutes, *, after_s: float) -> Iterator[None]:
    """Take in and work from `after_s` seconds on until the end of the block."""
    with beside("follower", partial(_follow, service, late, after_s)):
        yield


def _follow(service: Service, late: LateRoutes, wait_s: float, ending: Event) -> None:
    while not ending.wait(wait_s):
        try:
            if late.take_in():
                gc.freeze()  # as what was loaded before
            if service.settings.run_worker:
                from api.background.worker import working

                with working(
                    service.settings,
                    service.store,
                    get_service=lambda: service,
                    busy=service.busy,
                ):
                    ending.wait()
            return
        except Exception as error:
            log.error("work_failed", what="start", **describe(error))
            wait_s = _PAUSE_S
