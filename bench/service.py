"""A `triage serve` of our own, as a real process with a database in a temporary folder."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from triage.ledger.keys import create_key
from triage.ledger.store import open_store, upgrade

PATIENCE_S = 60


@dataclass
class Running:
    """The process, where it listens, a key with every scope needed, when it was started, and the
    address of its database."""

    process: subprocess.Popen[bytes]
    port: int
    key: str
    began: float
    database: str

    def connect(self) -> "Client":
        return Client(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30), self.key)

    def wait_until_ready(self) -> float:
        """Seconds from the start of the process to the first 200 on /readyz."""
        while perf_counter() - self.began < PATIENCE_S:
            if self.process.poll() is not None:
                raise SystemExit("服务没有起来，请先单独运行 triage serve 看原因")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    pass
            except OSError:
                sleep(0.01)
                continue
            status, _ = self.connect().send("GET", "/readyz")
            if status == 200:
                return perf_counter() - self.began
        raise SystemExit(f"服务在 {PATIENCE_S} 秒内没有就绪")

    def peak_mb(self) -> float | None:
        """The most memory the process has held, or None where there is no /proc."""
        status = Path(f"/proc/{self.process.pid}/status")
        return read_peak_mb(status.read_text()) if status.exists() else None


@dataclass
class Client:
    """One connection, kept open."""

    connection: http.client.HTTPConnection
    key: str

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, the body as JSON) of one request."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.connection.request(method, path, body=data, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")


@contextmanager
def run_service(model: Path, *, url: str | None = None, workers: int = 1) -> Iterator[Running]:
    """The service with its own empty database, stopped at the end of the block.

    `url`: an empty database to use; without it one of SQLite is made.
    """
    with TemporaryDirectory() as folder:
        address = url or f"sqlite:///{folder}/bench.db"
        store = open_store(address)
        upgrade(store)
        with store.writing() as session:
            scopes = ("submit", "suggest", "read", "review", "work")
            key, _ = create_key(session, name="bench", scopes=scopes, now=datetime.now(UTC))
        store.close()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {
            "TRIAGE_DATABASE_URL": address,
            "TRIAGE_KEY_FILE": f"{folder}/bench.key",
            "TRIAGE_WORKERS": str(workers),
            "TRIAGE_MODEL_DIR": str(model.resolve()),
            "TRIAGE_LOG_LEVEL": "error",
        }
        # As an office starts it, with its modules compiled once and not at every start.
        shell = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        began = perf_counter()
        process = subprocess.Popen(  # noqa: S603  our own command line
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
            env=shell | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Running(process, port, key, began, address)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def read_peak_mb(status: str) -> float:
    """The peak resident memory in the text of a /proc/…/status."""
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024
