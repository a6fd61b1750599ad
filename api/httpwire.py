"""Requests as they come over the wire, before any route sees them.

Many a system writes Chinese into an address as it stands (`?department=住建局`), and so do people
with curl: that is understood, as browsers would have spelt it. What cannot be read at all is told
in the form of all other refusals.
"""

import json
import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_RAW = re.compile(rb"[\x80-\xff]")
_REFUSAL = json.dumps(
    {
        "error": "bad_request",
        "detail": "请求不合 HTTP 规范，请检查网址（空格写成 %20，不要过长）和请求体的长度",
    },
    ensure_ascii=False,
).encode()
_ANSWER = b"\r\n".join(
    (
        b"HTTP/1.1 400 Bad Request",
        b"content-type: application/json",
        f"content-length: {len(_REFUSAL)}".encode(),
        b"connection: close",
        b"",
        _REFUSAL,
    )
)


class WireProtocol(HttpToolsProtocol):
    """As uvicorn reads requests, with the two differences above."""

    def data_received(self, data: bytes) -> None:
        """Read on. The parser beneath takes no address with other than ASCII behind the `?`."""
        if not data.isascii() and (self.cycle is None or not self.cycle.more_body):
            line, end, rest = data.partition(b"\r\n")
            parts = line.split(b" ")
            if end and len(parts) == 3 and parts[2].startswith(b"HTTP/1."):
                parts[1] = _RAW.sub(lambda byte: b"%%%02X" % byte[0][0], parts[1])
                data = b" ".join(parts) + end + rest
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's, in English
        """Refuse what is no request, and hang up."""
        self.transport.write(_ANSWER)
        self.transport.close()
