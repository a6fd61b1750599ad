"""Routes that look at no more of a request than they must."""

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from api.plainroute import MomentaryRoute, PlainRoute

asked: list[str] = []


async def find_office(request: Request) -> str:
    asked.append("office")
    if "x-office" not in request.headers:
        raise PermissionError
    return request.headers["x-office"]


async def find_desk(office: Annotated[str, Depends(find_office)]) -> str:
    asked.append("desk")
    return f"{office}-1"


def guess_desk() -> str:
    return "2"


def read_ledger(
    office: Annotated[str, Depends(find_office)],
    desk: Annotated[str, Depends(find_desk)],
    number: Annotated[int, Path(ge=1)],
    state: Annotated[list[str] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = 50,
    resend_key: Annotated[str | None, Header(max_length=3)] = None,
) -> Response:
    told = [office, desk, number, state, limit, resend_key]
    return JSONResponse(told)


def read_guess(desk: Annotated[str, Depends(guess_desk)]) -> Response:
    return JSONResponse(desk)


def read_words(number: int = 7) -> dict[str, int]:
    return {"number": number}


def make_app(kind: type[APIRoute]) -> FastAPI:
    router = APIRouter(prefix="/v1", route_class=kind)
    router.get("/ledgers/{number}")(read_ledger)
    router.get("/guess")(read_guess)
    router.get("/words", status_code=203)(read_words)
    app = FastAPI()
    app.router.routes += router.routes

    @app.exception_handler(RequestValidationError)
    async def tell(_request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse([[*each["loc"], each["type"]] for each in error.errors()], 422)

    @app.exception_handler(PermissionError)
    async def refuse(_request: Request, _error: PermissionError) -> JSONResponse:
        return JSONResponse("no office", 401)

    return app


def ask(kind: type[APIRoute], path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(make_app(kind))
        async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=sent)

    answer = asyncio.run(send())
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/ledgers/3", {"x_office": "housing"}),
        ("/v1/ledgers/3?limit=5", {"x_office": "housing"}),
        ("/v1/ledgers/3?state=a&state=b", {"x_office": "housing"}),
        ("/v1/ledgers/3?limit=0", {"x_office": "housing"}),
        ("/v1/ledgers/0", {"x_office": "housing"}),
        ("/v1/ledgers/three", {"x_office": "housing"}),
        ("/v1/ledgers/three", {}),
        ("/v1/ledgers/3", {}),
        ("/v1/ledgers/3", {"x_office": "housing", "resend_key": "k1"}),
        ("/v1/ledgers/3", {"x_office": "housing", "Resend-Key": "too long"}),
        ("/v1/guess", {}),
        ("/v1/words", {}),
        ("/v1/words?number=8", {}),
        ("/v1/nowhere", {}),
    ],
)
@pytest.mark.parametrize("kind", [PlainRoute, MomentaryRoute])
def test_a_plain_route_answers_as_fastapi_would(
    kind: type[APIRoute], path: str, headers: dict[str, str]
) -> None:
    assert ask(kind, path, **headers) == ask(APIRoute, path, **headers)


def test_a_plain_route_refuses_another_method_as_fastapi_would() -> None:
    assert ask(PlainRoute, "/v1/ledgers/3", "POST") == ask(APIRoute, "/v1/ledgers/3", "POST")


def test_a_plain_route_is_described_as_fastapi_would() -> None:
    assert make_app(PlainRoute).openapi() == make_app(APIRoute).openapi()


def test_what_a_route_depends_on_is_asked_once_and_in_order() -> None:
    asked.clear()
    status, _ = ask(PlainRoute, "/v1/ledgers/3", x_office="housing")
    assert (status, asked) == (200, ["office", "desk"])


def test_nobody_is_asked_before_the_path_is_known_to_be_right() -> None:
    """FastAPI asks then, once; a body that has been read could not be read again."""
    asked.clear()
    ask(PlainRoute, "/v1/ledgers/three", x_office="housing")
    assert asked == ["office", "desk"]


def test_a_route_with_few_parameters_is_answered_without_fastapi_where_it_can_be() -> None:
    plans = {
        route.path: route._plan
        for route in make_app(PlainRoute).routes
        if isinstance(route, PlainRoute)
    }
    assert plans["/v1/ledgers/{number}"] is not None
    assert plans["/v1/guess"] is plans["/v1/words"] is None
