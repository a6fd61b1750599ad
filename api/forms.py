"""Form bodies (application/x-www-form-urlencoded), with the limits that JSON bodies have."""

from urllib.parse import parse_qsl

from fastapi import Request

from api.bodies import read_stream
from api.errors import UnreadableBody, WrongMediaType

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 200


async def read_form(request: Request, *, limit: int) -> dict[str, str]:
    """The fields of the form; of one that comes twice the last.

    Raises WrongMediaType where the body does not call itself a form, BodyTooLarge past `limit`
    bytes, UnreadableBody where it is not UTF-8 or has too many fields.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise WrongMediaType(f"请求体须是表单，请加请求头 Content-Type: {_FORM} 后再发")
    body = await read_stream(request, limit=limit)
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeDecodeError:
        raise UnreadableBody("表单不是 UTF-8 编码，请转成 UTF-8 后再发") from None
    except ValueError:
        raise UnreadableBody(f"表单至多 {_MOST_FIELDS} 个字段，请删去用不到的") from None
    return dict(pairs)
