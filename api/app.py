"""The composition root: the one place where settings become a running service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api import ledgers, pages, submissions
from api.errors import add_error_handlers
from api.logs import configure_logs
from api.middleware import Guard
from api.reference import add_reference
from api.service import open_service
from api.settings import Settings
from triage.desk import Desk


def create_app(settings: Settings, *, desk: Desk | None = None) -> FastAPI:
    """The service, with its model loaded and its database up to date.

    `desk`: one that is already loaded, else it is built from the settings. Raises TriageError
    where the model, the town's data or the database cannot be used.
    """
    service = open_service(settings, desk=desk)

    @asynccontextmanager
    async def closing(_app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="民声分诊",
        version=version("minsheng-triage"),
        summary="读群众来件，标领域、紧急程度、诉求性质与地点，送到责任单位的台账。",
        lifespan=closing,
        docs_url=None,  # FastAPI's own pages load scripts from a CDN
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    add_error_handlers(app)
    app.add_middleware(Guard)
    for routes in (submissions, ledgers, pages):
        app.include_router(routes.router)
    add_reference(app)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app


def serve(settings: Settings) -> None:
    """Serve until interrupted; requests under way are finished first."""
    configure_logs(settings)
    make_server(create_app(settings), settings).run()


def make_server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server for `app`; it writes no log lines of its own, which would hold addresses and ids."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level=settings.log_level,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=30,
        )
    )
