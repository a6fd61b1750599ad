"""The composition root: the one place where settings become a running service."""

import gc
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from importlib.metadata import version
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.background.keeping import keeping
from api.console import ConsoleFiles, link_to
from api.errors import add_error_handlers
from api.faults import name_fault
from api.following import SOON_S, LateRoutes, following
from api.httpwire import WireProtocol
from api.logs import configure_logs
from api.middleware import Guard
from api.routes import pages, submissions
from api.service import open_service, open_town_store, read_clock
from api.settings import Settings
from triage.desk import Desk
from triage.errors import TriageError
from triage.ledger.invitations import invite_first_admin
from triage.ledger.keys import list_keys
from triage.ledger.store import Store


def create_app(settings: Settings, *, desk: Desk | None = None, late: bool = False) -> FastAPI:
    """The service, with its model loaded and its database up to date.

    `desk`: one that is already loaded, else it is built from the settings. `late`: all but
    the routes by which submissions come in is taken in once it answers (see `following`). Raises
    TriageError where the model, the town's data or the database cannot be used.
    """
    service = open_service(settings, desk=desk)

    @asynccontextmanager
    async def open_until_shutdown(_app: FastAPI) -> AsyncIterator[None]:
        with (
            closing(service),
            keeping(service),
            following(service, others, after_s=SOON_S if late else 0),
        ):
            yield

    app = FastAPI(
        title="民声分诊",
        version=version("minsheng-triage"),
        summary="读群众来件，标领域、紧急程度、诉求性质与地点，送到责任单位的台账。",
        lifespan=open_until_shutdown,
        docs_url=None,  # FastAPI's own pages load scripts from a CDN
        redoc_url=None,
        openapi_url=None,
        # It would be looked for with every request, and nothing here is sent anywhere.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    others = LateRoutes(app)
    add_error_handlers(app)
    app.add_middleware(Guard)
    for routes in (submissions, pages):
        # Not `include_router`: that wraps each router, and a request is then held against every
        # route at ten times the cost, twice against that which it meets.
        app.router.routes += routes.router.routes
    app.mount("/static", ConsoleFiles(), name="static")
    app.router.routes.append(others)
    if not late:
        others.take_in()
    return app


def serve(settings: Settings, *, desk: Desk | None = None) -> None:
    """Serve until interrupted; requests under way are finished first.

    `desk` as in `create_app`, for a service of one process. Raises TriageError where the service
    cannot be opened or its address is taken.
    """
    configure_logs(settings)
    with closing(listen(settings.host, settings.port)) as listener:
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        if settings.workers > 1:
            _serve_with_workers(settings, listener, address)
            return
        app = create_app(settings, desk=desk, late=True)
        _greet(app.state.service.store, settings, address)
        _settle()
        make_server(app).run(sockets=[listener])


def create_worker_app() -> FastAPI:
    """The service of one of several processes, each of which reads the settings for itself."""
    settings = Settings()
    configure_logs(settings)
    app = create_app(settings, late=True)
    _settle()
    return app


def _settle() -> None:
    """Make a process that has loaded everything ready for many small requests.

    Its work comes in pieces too small to share: threads of the numeric libraries would spin while
    they wait for each other, which more than doubles what a suggestion costs. What is loaded stays,
    so the garbage collector need not walk it again, a tenth of a second each time.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()  # `triage serve` loads without it


def _serve_with_workers(settings: Settings, listener: socket.socket, address: str) -> None:
    with closing(open_town_store(settings)) as store:  # up to date before the first of them starts
        _greet(store, settings, address)
    config = _configure(
        "api.app:create_worker_app",
        factory=True,
        workers=settings.workers,
        loop="api.accepting:FairLoop",
        timeout_worker_healthcheck=60,  # a busy machine may take longer than 5 s to start one
    )
    Multiprocess(config, [listener]).run()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections at this address; port 0 is any free one.

    Raises TriageError where the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise TriageError(
            f"不能在 {host}:{port} 监听（{name_fault(error)}），"
            "请停掉占用它的程序，或用 --port、TRIAGE_PORT 换一个端口"
        ) from error
    # What it accepts inherits this: else the body of an answer waits for the caller's system to
    # confirm the head, 40 ms on most.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for `app`; it writes no log lines of its own, which would hold addresses and ids."""
    return uvicorn.Server(_configure(app))


def _configure(app: FastAPI | str, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=WireProtocol,
        timeout_graceful_shutdown=30,
        **options,
    )


def _greet(store: Store, settings: Settings, address: str) -> None:
    print(f"服务已启动：{address}（按 Ctrl-C 停止）", file=sys.stderr)
    with store.writing() as session:
        first = invite_first_admin(session, now=read_clock())
    if first is not None:
        link = link_to(settings.public_url or address, first[0])
        print("还没有管理员：请在一天内用浏览器打开下面的链接建立（只能用一次）", file=sys.stderr)
        print(link, file=sys.stderr)
    with store.reading() as session:
        if not list_keys(session):
            print("还没有密钥：请另开一个终端，用 triage keys create 新建", file=sys.stderr)
