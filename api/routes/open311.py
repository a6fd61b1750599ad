"""Open311 GeoReport v2: city tools and apps file submissions and follow them, in JSON or XML.

A thin adapter: what is filed goes the way of every other submission, what is asked is read from the
same ledgers. The names are the specification's (wiki.open311.org/GeoReport_v2); the services are
the headings at level 2 of the town's taxonomy. A key comes as in all routes, or as `api_key`.
"""

import secrets
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.auth import needs
from api.errors import NotSignedIn, status_of
from api.explain import explain
from api.forms import read_form
from api.intake import take_in
from api.routes.open311_formats import Format, render
from api.schemas.open311 import (
    FiledOut,
    GeoErrorOut,
    RequestOut,
    ServiceOut,
    describe_request,
    list_services,
    read_filing,
)
from api.schemas.submissions import ReadMoment
from api.service import ServiceHere, read_clock
from api.slashes import SubmissionId
from triage.errors import InvalidInput, NotFound, TriageError
from triage.ledger.paging import MAX_PAGE
from triage.ledger.servicerequests import MAX_PAGES, list_service_requests
from triage.ledger.tracking import find_code
from triage.roles import Action, Caller

_RANGE = timedelta(days=90)  # the longest that the specification lets one ask for
_REFUSALS = {
    400: "参数不合要求",
    403: "没有有效的密钥，或密钥没有这项权限",
    404: "没有这个编号或服务类别",
    503: "数据库暂不可用，稍后重试",
}
_REFUSED_FILINGS = {
    409: "幂等键已用于其他内容",
    413: "请求体过大",
    415: "请求体不是表单",
}
_SEALED = "已转送有权处理的机关，由该机关依规办理"


class Open311Route(APIRoute):
    """A route that takes `api_key` for a key, and tells errors as the specification has them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_as_specified(request: Request) -> Response:
            try:
                await _read_key(request)
                return await handle(request)
            except TriageError as error:
                return _refuse(request, error)
            except RequestValidationError as error:
                return _refuse(request, explain(error.errors(), kind=InvalidInput))

        return handle_as_specified


def _describe_parameters(
    api_key: Annotated[
        str | None, Query(description="密钥；也可用请求头 Authorization: Bearer 密钥")
    ] = None,
    jurisdiction_id: Annotated[str | None, Query(description="辖区；本服务只有一个，不看")] = None,
) -> None:
    """They are read before the route (`_read_key`), or not at all; here they are described."""


def _tell_refusals(refusals: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Refusals as a route describes them, in both formats."""
    return {
        status: {
            "model": list[GeoErrorOut],
            "content": {"application/xml": {}},
            "description": description,
        }
        for status, description in refusals.items()
    }


router = APIRouter(
    prefix="/open311/v2",
    tags=["Open311"],
    route_class=Open311Route,
    dependencies=[Depends(_describe_parameters)],
    responses={200: {"content": {"application/xml": {}}}, **_tell_refusals(_REFUSALS)},
)
Filer = Annotated[Caller, Depends(needs(Action.SUBMIT))]
Follower = Annotated[Caller, Depends(needs(Action.READ, Action.SUBMIT))]
InFormat = Annotated[Format, Path(description="json 或 xml")]


@router.get("/services.{format}", response_model=list[ServiceOut])
def get_services(
    _caller: Follower,
    service: ServiceHere,
    format: InFormat,  # noqa: A002 - the specification's word
) -> Response:
    """可以报送的服务类别：内容分类的二级各类，另有 other（由系统判别）。"""
    return render("services", "service", list_services(service.desk.taxonomy), format)


@router.post(
    "/requests.{format}",
    status_code=201,
    response_model=list[FiledOut],
    responses=_tell_refusals(_REFUSED_FILINGS),
    openapi_extra={"x-form": "FilingIn"},
)
def post_request(
    request: Request,
    caller: Filer,
    service: ServiceHere,
    format: InFormat,  # noqa: A002
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="幂等键：同键重发只入库一次")
    ] = None,
) -> Response:
    """报送一件来件（表单）；以后的去向与 POST /v1/submissions 相同。"""
    submission = read_filing(
        request.state.form,
        taxonomy=service.desk.taxonomy,
        submission_id=f"O311-{secrets.token_hex(8)}",
        now=read_clock(),
    )
    taken = take_in(service, submission, source=caller.who, idempotency_key=idempotency_key)
    standing = taken.file.submission
    with service.store.reading() as session:
        code = find_code(session, standing.id)
    notice = _SEALED if standing.confidential else ""
    if code is not None:
        notice += f"{'；' if notice else ''}查询码 {code}，可凭它和电话后四位查询办理情况"
    filed = FiledOut(service_request_id=standing.id, service_notice=notice)
    return render("service_requests", "request", [filed], format, status_code=201)


@router.get("/requests.{format}", response_model=list[RequestOut])
def get_requests(
    caller: Follower,
    service: ServiceHere,
    format: InFormat,  # noqa: A002
    service_request_id: Annotated[
        str | None, Query(description="只看这些编号，逗号分开；填了就不看其他条件")
    ] = None,
    service_code: Annotated[
        str | None, Query(description="只看这些服务类别（领域编码，上级含其下各级），逗号分开")
    ] = None,
    status: Annotated[str | None, Query(description="open 在办，closed 办结，逗号分开")] = None,
    start_date: Annotated[ReadMoment, Query(description="此时（含）起登记的")] = None,
    end_date: Annotated[
        ReadMoment, Query(description="此时（不含）前登记的；起止相距至多 90 天，缺省为最近 90 天")
    ] = None,
    page: Annotated[int, Query(ge=1, le=MAX_PAGES, description="第几页")] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页几件")] = 50,
) -> Response:
    """来件一页，新的在前；只有 submit 权限的密钥只看得到自己报送的。"""
    asked: dict[str, Any] = {"limit": page_size, "page": page}
    if service_request_id is not None:
        asked["ids"] = _split(service_request_id)
    else:
        since, until = _period(start_date, end_date, now=read_clock())
        asked |= {"closed": _read_status(status), "since": since, "until": until}
        if service_code is not None:
            asked["domains"] = _split(service_code)
    with service.store.reading() as session:
        found = list_service_requests(session, caller=caller, **asked)
    taxonomy = service.desk.taxonomy
    told = [describe_request(each, taxonomy=taxonomy) for each in found]
    return render("service_requests", "request", told, format)


@router.get("/requests/{service_request_id}.{format}", response_model=list[RequestOut])
def get_request(
    caller: Follower,
    service: ServiceHere,
    service_request_id: SubmissionId,
    format: InFormat,  # noqa: A002
) -> Response:
    """一件来件办到哪一步、怎样答复。"""
    with service.store.reading() as session:
        found = list_service_requests(session, caller=caller, ids=[service_request_id])
    if not found:
        raise NotFound(f"没有编号为 {service_request_id} 的来件，请核对编号", field="id")
    told = [describe_request(each, taxonomy=service.desk.taxonomy) for each in found]
    return render("service_requests", "request", told, format)


async def _read_key(request: Request) -> None:
    """Read the form, if there is one, and let an `api_key` count as a key."""
    given = parse_qs(request.url.query)
    if request.method == "POST":
        limit = request.app.state.service.settings.max_body_bytes
        request.state.form = form = await read_form(request, limit=limit)
        given |= {name: [value] for name, value in form.items()}
    key = given.get("api_key", [""])[-1].strip()
    if key and "authorization" not in request.headers:
        request.scope["headers"].append((b"authorization", f"Bearer {key}".encode()))


def _refuse(request: Request, error: TriageError) -> Response:
    """Statuses are the specification's: 403 without a valid key, 400 for anything malformed."""
    status, _ = status_of(error)
    if isinstance(error, NotSignedIn):
        status = 403
    elif status == 422:
        status = 400
    asked = request.path_params.get("format")
    in_format = Format.XML if asked == Format.XML else Format.JSON
    told = GeoErrorOut(code=status, description=error.message)
    return render("errors", "error", [told], in_format, status_code=status)


def _split(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]


def _read_status(status: str | None) -> bool | None:
    """Whether closed ones are asked for; None: both. Raises InvalidInput."""
    asked = set(_split(status or "open,closed"))
    if not asked <= {"open", "closed"} or not asked:
        raise InvalidInput("status 应为 open、closed 或 open,closed，请改正", field="status")
    return None if len(asked) == 2 else asked == {"closed"}


def _period(
    start: datetime | None, end: datetime | None, *, now: datetime
) -> tuple[datetime, datetime | None]:
    """The period asked for; the last 90 days where none is. Raises InvalidInput."""
    try:
        if start is None:
            return (end or now) - _RANGE, end
        if end is None:
            return start, start + _RANGE
    except OverflowError:
        raise InvalidInput("日期超出范围，请改正", field="start_date") from None
    if end - start > _RANGE:
        raise InvalidInput("起止相距不能超过 90 天，请分段查询", field="end_date")
    return start, end
