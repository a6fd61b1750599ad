"""Several processes of the service share out those who call."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from receiver_factories import free_port
from service_factories import TINY_MODEL

CALLERS = 16
PROCESSES = 2
_ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[psutil.Process, int]]:
    """The process that began the others, and the port at which they answer."""
    port = free_port()
    settings = {
        "TRIAGE_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}",
        "TRIAGE_KEY_FILE": str(tmp_path / "x.key"),
        "TRIAGE_MODEL_DIR": str(TINY_MODEL),
        "TRIAGE_WORKERS": str(PROCESSES),
        "TRIAGE_RUN_WORKER": "false",
    }
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid), port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def count_callers(process: psutil.Process, port: int) -> list[int]:
    """How many connections each of the processes that serve has open, the fewest first."""
    counts = [
        sum(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
            for each in child.net_connections(kind="tcp")
        )
        for child in process.children(recursive=True)
    ]
    return sorted(counts)[-PROCESSES:]  # the helper of Python that looks after them serves nobody


def test_callers_who_come_at_once_are_shared_out(served: tuple[psutil.Process, int]) -> None:
    process, port = served
    with ExitStack() as held:

        def call() -> socket.socket:
            caller = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            caller.sendall(_ASK)
            return caller

        begun = time.monotonic()
        while True:  # until all processes serve: one that is up first has had everybody so far
            try:
                for _ in range(4):
                    call().recv(1024)
            except ConnectionRefusedError:
                pass
            if min([0, *count_callers(process, port)][-PROCESSES:]) > 0:
                break
            assert time.monotonic() - begun < 60
            time.sleep(0.1)
        before = count_callers(process, port)
        for caller in [call() for _ in range(CALLERS)]:
            assert caller.recv(1024).startswith(b"HTTP/1.1 200")
        after = count_callers(process, port)
    assert sum(after) - sum(before) == CALLERS
    assert min(after) >= CALLERS // 4
