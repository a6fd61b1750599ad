"""Request bodies: never more in memory than the route takes, and read as JSON off the event loop.

FastAPI would read and parse a body before it asks for a key; here a caller first shows one.
"""

import json
import re
from typing import Annotated, Any, NoReturn, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.errors import BodyTooLarge, UnreadableBody, WrongMediaType
from api.explain import explain
from api.service import ServiceHere
from triage.errors import InvalidInput

_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # half of a pair, or of a lone one
_Model = TypeVar("_Model", bound=BaseModel)
_JSON = ("application/json", "text/json")


async def read_body(request: Request, *, limit: int) -> bytes:
    """The whole body, counted while it comes in, chunked or not.

    Raises WrongMediaType where it does not call itself JSON, or is packed, BodyTooLarge past
    `limit` bytes.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON and not media_type.endswith("+json"):
        raise WrongMediaType("请求体须是 JSON，请加请求头 Content-Type: application/json 后再发")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise WrongMediaType("请求体不能压缩，请去掉请求头 Content-Encoding，以原文再发")
    return await read_stream(request, limit=limit)


async def read_stream(request: Request, *, limit: int) -> bytes:
    """The whole body, whatever it is. Raises BodyTooLarge past `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        _refuse(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            _refuse(limit)
    return bytes(body)


async def read_one_body(request: Request, service: ServiceHere) -> bytes:
    """The body of a route that takes one thing, by the limit in the settings."""
    return await read_body(request, limit=service.settings.max_body_bytes)


OneBody = Annotated[bytes, Depends(read_one_body)]


def read_json(body: bytes) -> Any:
    """The value that the body spells. Raises UnreadableBody naming the place where it fails."""
    if not body.strip():
        raise UnreadableBody("请求体是空的，请以 JSON 发送内容")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableBody(
            f"请求体不是 UTF-8 编码（第 {error.start + 1} 个字节处出错），请转成 UTF-8 后再发"
        ) from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableBody(
            f"请求体不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 个字符处出错），"
            "请检查引号、逗号和括号"
        ) from None
    except RecursionError:
        raise UnreadableBody("请求体的括号嵌套过深，请按接口说明改正") from None
    except ValueError:  # an integer of thousands of digits
        raise UnreadableBody("请求体中有无法读取的数字，请改正") from None
    return _mend(value) if _HALF.search(text) else value


def read_as(body: bytes, schema: type[_Model]) -> _Model:
    """What the body says, as `schema` has it.

    Raises UnreadableBody where it is no JSON, InvalidInput naming the field that is wrong.
    """
    try:
        return schema.model_validate(read_json(body))
    except ValidationError as error:
        raise explain(error.errors(include_url=False), kind=InvalidInput) from None


def mend_text(text: str) -> str:
    """The text with each half of a character as U+FFFD, two that belong together as one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _mend(value: Any) -> Any:
    """The value with halves of characters, which no answer could spell out again, as U+FFFD.

    Not in an `id`: two that are not the same would become one. There the ledger refuses them.
    """
    if isinstance(value, str):
        return mend_text(value)
    if isinstance(value, list):
        return [_mend(part) for part in value]
    if isinstance(value, dict):
        return {
            mend_text(name): part if name == "id" and isinstance(part, str) else _mend(part)
            for name, part in value.items()
        }
    return value


def _refuse(limit: int) -> NoReturn:
    most = f"{limit / 1_000_000:g} MB" if limit >= 100_000 else f"{limit} 字节"
    raise BodyTooLarge(f"请求体超过上限 {most}，请删减或分批后再发")


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableBody(f"请求体含有 {name}，JSON 中不允许，请改为数字或 null")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
