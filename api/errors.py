"""What a caller sees when something fails: one table from class to status, one handler.

Every answer that is not a success has the body `{"error": code, "detail": sentence, "field"?}`.
The sentence is Chinese and says what to do next.

    InvalidInput
    ├── UnreadableBody      400  not UTF-8, or not JSON
    ├── BodyTooLarge        413
    └── WrongMediaType      415
    AccessDenied            403
    ├── NotSignedIn         401  neither a valid key nor a session that is still open
    └── TooManyAttempts     429  of the core; `Retry-After` says when to come back
    InternalError           500  a fault of ours; the log holds its number
    PartNotInstalled        501  an extra of the product that is not installed here
"""

import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.explain import explain
from api.files.rows import in_api_words
from triage.errors import (
    AccessDenied,
    Conflict,
    InvalidArtefact,
    InvalidData,
    InvalidFile,
    InvalidInput,
    InvalidSubmission,
    KeyUnavailable,
    NotFound,
    StoreUnavailable,
    TooManyAttempts,
    TriageError,
)


class UnreadableBody(InvalidInput):
    """The body is not valid UTF-8 or not valid JSON."""


class BodyTooLarge(InvalidInput):
    """The body is longer than this route takes."""


class WrongMediaType(InvalidInput):
    """The body says that it is something other than JSON."""


class NotSignedIn(AccessDenied):
    """There is no valid key and no session that is still open."""


class PartNotInstalled(TriageError):
    """What was asked needs an extra of the product that is not installed here."""


class InternalError(TriageError):
    """A fault of ours; `number` finds it in the log."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"服务内部出错（错误编号 {number}），请稍后重试；若仍出错，请把编号告诉管理员"
        )
        self.number = number


STATUS: dict[type[TriageError], tuple[int, str]] = {
    UnreadableBody: (400, "unreadable_body"),
    InvalidFile: (400, "invalid_file"),
    NotSignedIn: (401, "not_signed_in"),
    TooManyAttempts: (429, "too_many_attempts"),
    AccessDenied: (403, "access_denied"),
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    BodyTooLarge: (413, "body_too_large"),
    WrongMediaType: (415, "wrong_media_type"),
    InvalidSubmission: (422, "invalid_submission"),
    InvalidInput: (422, "invalid_input"),
    InvalidData: (500, "invalid_data"),
    InvalidArtefact: (500, "invalid_artefact"),
    InternalError: (500, "internal_error"),
    PartNotInstalled: (501, "part_not_installed"),
    KeyUnavailable: (500, "key_unavailable"),
    StoreUnavailable: (503, "store_unavailable"),
    TriageError: (500, "error"),
}
ROUTING = {
    404: ("no_such_address", "没有这个地址，请核对网址；接口说明见 /docs"),
    405: ("wrong_method", "这个地址不接受该请求方法，请核对接口说明 /docs"),
}


def status_of(error: TriageError) -> tuple[int, str]:
    """(HTTP status, code) of the nearest class in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_body(error: TriageError) -> dict[str, Any]:
    """The body that tells a caller of this error."""
    body = {"error": status_of(error)[1], "detail": in_api_words(error.message)}
    return body if error.field is None else body | {"field": error.field}


def error_response(error: TriageError) -> JSONResponse:
    """The whole answer."""
    status, _ = status_of(error)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "15"
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(max(1, math.ceil(error.wait.total_seconds())))
    return JSONResponse(error_body(error), status_code=status, headers=headers)


def add_error_handlers(app: FastAPI) -> None:
    """Make every failure that a route may end in one of the answers above."""

    @app.exception_handler(TriageError)
    async def _on_triage_error(_request: Request, error: TriageError) -> JSONResponse:
        return error_response(error)

    @app.exception_handler(RequestValidationError)
    async def _on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return error_response(explain(error.errors(), kind=InvalidInput))

    @app.exception_handler(HTTPException)
    async def _on_routing(_request: Request, error: HTTPException) -> JSONResponse:
        code, detail = ROUTING.get(
            error.status_code, ("bad_request", "请求无法处理，请核对接口说明 /docs")
        )
        return JSONResponse(
            {"error": code, "detail": detail}, status_code=error.status_code, headers=error.headers
        )
