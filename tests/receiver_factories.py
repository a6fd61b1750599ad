"""A receiver of messages on a free port of this machine, which can fail as real ones do."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from triage.signing import verify


@dataclass
class Message:
    """What arrived: `key` from the header webhook-id."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def key(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.raw)
        return told

    def verify(self, secret: str, *, now: Any) -> None:
        verify(
            secret,
            key=self.key,
            stamp=self.headers["webhook-timestamp"],
            signature=self.headers["webhook-signature"],
            now=now,
            body=self.raw,
        )


@dataclass
class Receiver:
    """`status` is what it answers; `hangs` for how long it says nothing, `drips` whether it sends
    its answer byte by byte, `drops` whether it hangs up instead, `ends` whether it does so after
    each answer without having said so. `taken` holds what was answered
    with success, `seen` all that came."""

    port: int
    status: int | Callable[[Message], int] = 200
    hangs: float = 0.0
    drips: bool = False
    drops: bool = False
    ends: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[Message] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=triage"

    def wait_for(self, count: int, *, seconds: float = 60) -> None:
        """Until that many different messages were taken."""
        end = time.monotonic() + seconds
        while len({message.key for message in self.taken}) < count:
            assert time.monotonic() < end, f"only {len(self.taken)} of {count} messages came"
            time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def run_receiver(receiver: Receiver | None = None) -> Iterator[Receiver]:
    """The receiver, listening until the end of the block; the same one can be run again."""
    receiver = receiver or Receiver(free_port())
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the last byte waits 40 ms for the sender's system

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            message = Message(self.path, headers, raw)
            receiver.seen.append(message)
            if receiver.hangs:
                ending.wait(receiver.hangs)
            if receiver.drops:
                self.close_connection = True
                return
            status = (
                receiver.status if isinstance(receiver.status, int) else receiver.status(message)
            )
            answer = f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n"
            answer += "".join(f"{name}: {value}\r\n" for name, value in receiver.headers.items())
            for piece in answer + "\r\no" if receiver.drips else (answer + "\r\no",):
                if receiver.drips:
                    ending.wait(0.05)
                self.wfile.write(piece.encode())
            if status < 300:  # noted before the last byte: whoever has the answer can rely on it
                receiver.taken.append(message)
            self.wfile.write(b"k")
            self.close_connection = receiver.ends

        def handle(self) -> None:
            with suppress(OSError):  # the sender has hung up
                super().handle()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
