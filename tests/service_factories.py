"""A real service on a free port of this machine, for the tests that speak HTTP to it."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import uvicorn.server
from database_factories import write_migrated

from api.app import create_app, listen, make_server
from api.service import Service, read_clock
from api.settings import Settings
from triage.desk import Desk, load_desk
from triage.ledger.keys import create_key
from triage.ledger.store import Store
from triage.ledger.webhooks import create_webhook
from triage.roles import SHELL

TINY_MODEL = Path(str(files("models"))) / "tiny"
# For clients that never leave this machine: for each, httpx would read the certificates of all
# authorities, which takes longer than most tests.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Impatient:
    """asyncio as uvicorn's server sees it: it looks twenty times as often whether it should end, as
    each test that runs a service of its own waits for that."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


uvicorn.server.asyncio = _Impatient()  # type: ignore[attr-defined]


@cache
def load_tiny_desk() -> Desk:
    """The tiny model, loaded once for all tests of a process."""
    return load_desk(TINY_MODEL)


def add_webhook(store: Store, url: str) -> int:
    """The id of a new webhook that is told of everything."""
    with store.writing() as session:
        _, webhook = create_webhook(
            session, caller=SHELL, name="全部", url=url, kinds=["*"], now=read_clock()
        )
    return webhook.id


def make_body(**changes: Any) -> dict[str, Any]:
    """A submission as another system sends it; invented."""
    body = {
        "id": "WX-1",
        "title": "3栋电梯停运四天",
        "content": "幸福里小区3栋电梯从周三停到现在，物业说维修基金没批下来，老人下不了楼。",
        "channel": "微信",
        "received_at": "2025-03-01T09:30:00+08:00",
        "place": "幸福里小区3栋",
    }
    return body | changes


@dataclass
class RunningService:
    """A service that answers at `url`."""

    url: str
    service: Service

    def client(self, *scopes: str, department: str | None = None) -> httpx.Client:
        """A caller with a new key of these scopes; without scopes a caller without a key."""
        headers = {}
        if scopes:
            with self.service.store.writing() as session:
                key, _ = create_key(
                    session, name="测试", scopes=scopes, department=department, now=read_clock()
                )
            headers["Authorization"] = f"Bearer {key}"
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, trust_env=False, verify=NO_AUTHORITIES
        )


@contextmanager
def run_service(
    folder: Path, *, desk: Desk | None = None, late: bool = False, **settings: Any
) -> Iterator[RunningService]:
    """The service with its database in `folder`, until the end of the block; `late` as in
    `create_app`."""
    if "database_url" not in settings and not (folder / "service.db").exists():
        write_migrated(folder / "service.db")
    usual = {
        "database_url": f"sqlite:///{folder / 'service.db'}",
        "key_file": folder / "service.key",
        "log_level": "warning",
        "run_worker": False,
    }
    chosen = Settings(_env_file=None, **usual | settings)
    app = create_app(chosen, desk=desk or load_tiny_desk(), late=late)
    server = make_server(app)
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended before it had started"
            time.sleep(0.01)
        port = listener.getsockname()[1]
        yield RunningService(f"http://127.0.0.1:{port}", app.state.service)
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        listener.close()
