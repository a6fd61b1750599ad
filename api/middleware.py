"""What happens around every request: safe headers, a log line, and no stack trace for anyone."""

import secrets
import time

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.busy import Busy
from api.errors import InternalError, error_response
from api.logs import describe
from api.slashes import keep_slashes

SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SAFE = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS.items()]
_SIGNS_OF_LIFE = ("/healthz", "/readyz")  # watchers often ask for the head alone
_NOT_KEPT = (b"cache-control", b"no-store")
log = structlog.get_logger()


class Guard:
    """The outermost layer of the service (pure ASGI, so that bodies stream through it)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        keep_slashes(scope)
        method = scope["method"]
        if method == "HEAD" and scope["path"] in _SIGNS_OF_LIFE:
            scope = {**scope, "method": "GET"}  # the server, which keeps its own, sends no body
        busy: Busy = scope["app"].state.service.busy
        busy.begin()
        status = 0

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(name.lower(), value) for name, value in message["headers"]]
                if not scope["path"].startswith("/static/"):
                    headers = [pair for pair in headers if pair[0] != _NOT_KEPT[0]]
                    headers.append(_NOT_KEPT)
                given = {name for name, _ in headers}
                headers += [pair for pair in _SAFE if pair[0] not in given]
                message["headers"] = headers
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except ClientDisconnect:
            log.info("caller_hung_up")
        except Exception as error:
            failure = InternalError(secrets.token_hex(4))
            log.error("request_failed", number=failure.number, **describe(error))
            if not status:
                await error_response(failure)(scope, receive, send_safely)
        finally:
            busy.end()
        # The path of the route, not of the request: an id may tell of a person.
        log.info(
            "request",
            method=method,
            route=getattr(scope.get("route"), "path", None),
            status=status,
            ms=round(1000 * (time.perf_counter() - began), 1),
        )
