"""The composition root: the one place where settings become a running service."""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, nullcontext
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api import (
    accusations,
    audit,
    citizen,
    deadlines,
    entries,
    findings,
    ledgers,
    lists,
    oidc,
    open311,
    pages,
    people,
    replies,
    reports,
    statistics,
    submissions,
    tasks,
    users,
    webhooks,
)
from api.errors import add_error_handlers
from api.logs import configure_logs
from api.middleware import Guard
from api.reference import add_reference
from api.service import Service, open_service, read_clock
from api.settings import Settings
from api.users import link_to
from triage.desk import Desk
from triage.errors import TriageError
from triage.ledger.invitations import invite_first_admin
from triage.ledger.keys import list_keys


def create_app(settings: Settings, *, desk: Desk | None = None) -> FastAPI:
    """The service, with its model loaded and its database up to date.

    `desk`: one that is already loaded, else it is built from the settings. Raises TriageError
    where the model, the town's data or the database cannot be used.
    """
    service = open_service(settings, desk=desk)

    @asynccontextmanager
    async def open_until_shutdown(_app: FastAPI) -> AsyncIterator[None]:
        with closing(service), _working(service):
            yield

    app = FastAPI(
        title="民声分诊",
        version=version("minsheng-triage"),
        summary="读群众来件，标领域、紧急程度、诉求性质与地点，送到责任单位的台账。",
        lifespan=open_until_shutdown,
        docs_url=None,  # FastAPI's own pages load scripts from a CDN
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    add_error_handlers(app)
    app.add_middleware(Guard)
    for routes in (
        submissions,
        ledgers,
        entries,
        deadlines,
        lists,
        tasks,
        findings,
        statistics,
        reports,
        replies,
        accusations,
        citizen,
        webhooks,
        open311,
        audit,
        people,
        oidc,
        users,
        pages,
    ):
        app.include_router(routes.router)
    add_reference(app)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app


def serve(settings: Settings) -> None:
    """Serve until interrupted; requests under way are finished first.

    Raises TriageError where the service cannot be opened or its address is taken.
    """
    configure_logs(settings)
    app = create_app(settings)
    with closing(listen(settings.host, settings.port)) as listener:
        host, port = listener.getsockname()[:2]
        _greet(app, f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        make_server(app).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections at this address; port 0 is any free one.

    Raises TriageError where the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise TriageError(
            f"不能在 {host}:{port} 监听（{error.strerror}），"
            "请停掉占用它的程序，或用 --port、TRIAGE_PORT 换一个端口"
        ) from error


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for `app`; it writes no log lines of its own, which would hold addresses and ids."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=30,
        )
    )


def _working(service: Service) -> AbstractContextManager[None]:
    if not service.settings.run_worker:
        return nullcontext()
    from api.worker import working  # its parts take a while to import

    return working(service.settings, service.store)


def _greet(app: FastAPI, address: str) -> None:
    service = app.state.service
    print(f"服务已启动：{address}（按 Ctrl-C 停止）", file=sys.stderr)
    with service.store.writing() as session:
        first = invite_first_admin(session, now=read_clock())
    if first is not None:
        link = link_to(service.settings.public_url or address, first[0])
        print("还没有管理员：请在一天内用浏览器打开下面的链接建立（只能用一次）", file=sys.stderr)
        print(link, file=sys.stderr)
    with service.store.reading() as session:
        if not list_keys(session):
            print("还没有密钥：请另开一个终端，用 triage keys create 新建", file=sys.stderr)
