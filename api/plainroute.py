"""Routes that look at no more of a request than its path, its body and who calls.

FastAPI looks in each request for all that the route could be given: for the filters of a ledger,
which most requests leave out, that takes as long as to read the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, iscoroutinefunction, signature
from typing import Any

from fastapi import Request, Response, params
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from api.threads import Threads

READERS = 1  # threads for each momentary route: more would only take turns with who writes
_MOST = 40  # threads for all other plain routes


class PlainRoute(APIRoute):
    """As FastAPI's own route, and described alike, but quicker where the function gives a ready
    `Response` and takes only what `_Plan` can find.

    A request with a query, or with a header that the function takes, goes FastAPI's way; so does
    one whose path is not as it should be, and FastAPI says what is wrong with it.
    """

    threads = Threads(_MOST)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        try:
            self._plan: _Plan | None = _make_plan(self.endpoint)
        except _NotPlain:
            self._plan = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # Told by the path alone, first: nearly every request is another route's.
        if not scope.get("root_path") and self.path_regex.match(scope["path"]) is None:
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        plan = self._plan if scope["method"] in (self.methods or ()) else None
        path = None if plan is None else plan.read_path(scope)
        if plan is None or path is None:
            await super().handle(scope, receive, send)
            return
        answers = await plan.ask(Request(scope, receive, send))
        response: Response = await self.threads.run(partial(self.endpoint, **path, **answers))
        await response(scope, receive, send)


class MomentaryRoute(PlainRoute):
    """A plain route whose function only reads, a page at most: such share a few threads.

    Whoever writes waits for other writers and for the disk, and must not keep these back.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.threads = Threads(READERS)


class _NotPlain(Exception):
    """The function takes or gives something that only FastAPI knows how to handle."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What has to be asked before: the call, under which name it takes the request, and under which
    names the answers to earlier questions, by their places."""

    call: Callable[..., Any]
    request: str | None
    needs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a function is called: the questions in their order, where it takes the answers, what it
    takes from the path, and the headers that it would take."""

    questions: tuple[_Question, ...]
    needs: tuple[tuple[str, int], ...]
    path: tuple[tuple[str, TypeAdapter[Any]], ...]
    headers: frozenset[bytes]

    def read_path(self, scope: Scope) -> dict[str, Any] | None:
        """What stands in the path; None where that, or what else was sent, is for FastAPI."""
        if scope["query_string"]:
            return None
        if self.headers and any(name in self.headers for name, _ in scope["headers"]):
            return None
        told = scope["path_params"]
        try:
            return {name: kind.validate_python(told[name]) for name, kind in self.path}
        except ValidationError:
            return None

    async def ask(self, request: Request) -> dict[str, Any]:
        """The answers that the function takes, by the names of its parameters."""
        answers: list[Any] = []
        for question in self.questions:
            given = {name: answers[place] for name, place in question.needs}
            if question.request is not None:
                given[question.request] = request
            answers.append(await question.call(**given))
        return {name: answers[place] for name, place in self.needs}


def _make_plan(endpoint: Callable[..., Any]) -> _Plan:
    """Raises _NotPlain."""
    told = signature(endpoint, eval_str=True)
    if iscoroutinefunction(endpoint) or told.return_annotation is not Response:
        raise _NotPlain
    questions: list[_Question] = []
    needs: list[tuple[str, int]] = []
    path: list[tuple[str, TypeAdapter[Any]]] = []
    headers: list[bytes] = []
    for name, parameter in told.parameters.items():
        about = _about(parameter)
        if isinstance(about, params.Depends):
            needs.append((name, _find_place(about, questions)))
        elif isinstance(about, params.Path):
            path.append((name, TypeAdapter(parameter.annotation)))
        elif parameter.default is Parameter.empty:
            raise _NotPlain
        elif isinstance(about, params.Header):
            headers.append((about.alias or name.replace("_", "-")).lower().encode())
        elif not isinstance(about, params.Query):
            raise _NotPlain
    return _Plan(tuple(questions), tuple(needs), tuple(path), frozenset(headers))


def _find_place(about: params.Depends, questions: list[_Question]) -> int:
    """Where the answer will stand; what is not asked yet is added. Raises _NotPlain."""
    call = about.dependency
    for place, question in enumerate(questions):
        if question.call == call:
            return place
    if call is None or not (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)):
        raise _NotPlain
    request, needs = None, []
    for name, parameter in signature(call, eval_str=True).parameters.items():
        before = _about(parameter)
        if isinstance(before, params.Depends):
            needs.append((name, _find_place(before, questions)))
        elif parameter.annotation in (Request, HTTPConnection):
            request = name
        else:
            raise _NotPlain
    questions.append(_Question(call, request, tuple(needs)))
    return len(questions) - 1


def _about(parameter: Parameter) -> params.Depends | params.Param | None:
    """Where FastAPI takes the parameter from, if `Annotated` says so."""
    for about in getattr(parameter.annotation, "__metadata__", ()):
        if isinstance(about, params.Depends | params.Param):
            return about
    return None
