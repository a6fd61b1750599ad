"""Sending what the outbox holds to one receiver: signed JSON over HTTP, within a time limit.

Redirects are not followed and answers not read beyond their status: an address that an
administrator typed should not lead this service anywhere else.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Timer
from urllib.parse import urlsplit

import structlog

from api.service import read_clock
from triage.ledger.outbox import Attempt, Parcel, Result, claim_due, settle
from triage.ledger.store import Store
from triage.ledger.webhooks import find_target
from triage.signing import sign

GROUP = 20  # messages claimed, and settled, at once
_GRACE = timedelta(seconds=5)  # beyond the time that a whole group may take
_MOST_READ = 65_536  # bytes of an answer; what is longer costs the connection
_UNWELL = {408, 425, 429}  # like 500 and above: not this message is wrong, but the receiver busy
_AGENT = f"minsheng-triage/{version('minsheng-triage')}"
_TRIES = 2  # that many failures in a row: the receiver is down, not one message bad
log = structlog.get_logger()


def send_due(
    store: Store,
    webhook_id: int,
    *,
    timeout_s: float,
    clock: Callable[[], datetime] = read_clock,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send all that is due to one receiver, until nothing is left or it cannot be reached; how
    many messages it took.

    Ends early when `stopping` says so. Raises StoreUnavailable, or KeyUnavailable where the secret
    of the receiver does not open.
    """
    lease = timedelta(seconds=GROUP * timeout_s) + _GRACE
    delivered = 0
    while not stopping():
        with store.writing() as session:
            parcels = claim_due(session, webhook_id, now=clock(), lease=lease, limit=GROUP)
            if not parcels:
                break
            url, secret = find_target(session, webhook_id)
        with open_line(url, secret, timeout_s=timeout_s) as line:
            attempts = _try_each(line, parcels, clock=clock, stopping=stopping)
        untried = parcels[len(attempts) :]
        with store.writing() as session:
            settle(session, webhook_id, attempts, untried=untried, now=clock())
        took = sum(attempt.result is Result.DELIVERED for attempt in attempts)
        delivered += took
        failed = [attempt for attempt in attempts if attempt.result is not Result.DELIVERED]
        log.info(
            "messages_sent",
            webhook=webhook_id,
            delivered=took,
            failed=len(failed),
            status=failed[-1].status if failed else None,
        )
        if attempts and attempts[-1].result is Result.UNREACHABLE:
            break
    return delivered


def _try_each(
    line: "Line",
    parcels: Sequence[Parcel],
    *,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
) -> list[Attempt]:
    """The attempts, in order, until the receiver is found to be down."""
    attempts: list[Attempt] = []
    down = 0
    for parcel in parcels:
        if stopping():
            break
        attempt = line.send(parcel, now=clock())
        attempts.append(attempt)
        down = down + 1 if attempt.result is Result.UNREACHABLE else 0
        if down == _TRIES:
            break
    return attempts


@dataclass(slots=True)
class Line:
    """A connection to one receiver, kept open for the messages of a group."""

    connection: http.client.HTTPConnection
    target: str
    secret: str
    timeout_s: float
    late: bool = False

    def send(self, parcel: Parcel, *, now: datetime) -> Attempt:
        """One attempt. It takes `timeout_s` at most, however slowly the receiver drips."""
        body = json.dumps(parcel.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = sign(self.secret, key=parcel.key, now=now, body=body) | {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": _AGENT,
        }
        self.late = False
        limit = Timer(self.timeout_s, self._cut)
        limit.start()
        try:
            answer = self._ask(body, headers)
            answer.read(_MOST_READ)
            if not answer.isclosed():
                self.connection.close()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.connection.close()
            return Attempt(parcel, Result.UNREACHABLE, error=self._tell(error))
        finally:
            limit.cancel()
        return Attempt(parcel, *_read_status(answer.status))

    def _ask(self, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The answer. A receiver may have ended the connection after the message before without
        saying so: that is no failure of this one, which goes over a new connection."""
        kept = self.connection.sock is not None
        try:
            self.connection.request("POST", self.target, body, headers)
            return self.connection.getresponse()
        except ConnectionError:
            if not kept or self.late:
                raise
        self.connection.close()
        self.connection.request("POST", self.target, body, headers)
        return self.connection.getresponse()

    def _cut(self) -> None:
        self.late = True
        if self.connection.sock is not None:
            with suppress(OSError):  # it may have ended by itself
                self.connection.sock.shutdown(socket.SHUT_RDWR)

    def _tell(self, error: Exception) -> str:
        if self.late or isinstance(error, TimeoutError):
            return f"{self.timeout_s:g} 秒内没有答复"
        if isinstance(error, socket.gaierror | UnicodeError):
            return "找不到这台主机，请核对地址"
        if isinstance(error, ConnectionRefusedError):
            return "对方没有在这个端口接收"
        if isinstance(error, ssl.SSLCertVerificationError):
            return "对方的证书验证不通过"
        if isinstance(error, ssl.SSLError):
            return "加密连接建立不了"
        return "连接中断，没有收到完整的答复"


@contextmanager
def open_line(url: str, secret: str, *, timeout_s: float) -> Iterator[Line]:
    """A line to the receiver at `url`, which `check_url` has approved; connects when first used."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        yield Line(connection, target, secret, timeout_s)
    finally:
        connection.close()


def _read_status(status: int) -> tuple[Result, int, str]:
    if 200 <= status < 300:
        return Result.DELIVERED, status, ""
    if status >= 500 or status in _UNWELL:
        return Result.UNREACHABLE, status, f"对方暂时不能接收（{status}）"
    return Result.REFUSED, status, f"对方不接受这一条（{status}）"
