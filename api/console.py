"""The console's files as a browser gets them: one page, its modules, and the policy it runs under.

Nothing is built: what stands in api/static is what is served. The page's import map is its only
inline script; the policy names it by its hash, so that no other inline script ever runs.
"""

import base64
import gzip
import hashlib
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.types import Scope

STATIC = Path(str(files("api"))) / "static"
_PACKED = frozenset({".js", ".css", ".svg"})
_YEAR_S = 31_536_000
_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
# data: and blob: are for pictures only: the component library masks icons with the one, a scanned
# letter is shown from the other before it is sent.
_POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{sum}'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def console_page() -> HTMLResponse:
    """The console's page, under a policy that allows its import map and no other inline script."""
    page = (STATIC / "index.html").read_text("utf-8")
    found = _IMPORT_MAP.search(page)
    told = found[1] if found else ""
    digest = base64.b64encode(hashlib.sha256(told.encode()).digest()).decode()
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY.format(sum=digest)})


class ConsoleFiles(StaticFiles):
    """The files under /static: packed once, kept by the browser for as long as they are the same.

    What is vendored stands in folders named for their version and never changes; the rest is asked
    for again each time, and answered by 304 while it is the same.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, packed where the browser takes that. Raises HTTPException 404."""
        answer = await super().get_response(path, scope)
        vendored = path.startswith("vendor/") and path.count("/") > 1
        kept = f"public, max-age={_YEAR_S}, immutable" if vendored else "no-cache"
        answer.headers["Cache-Control"] = kept
        if not isinstance(answer, FileResponse) or Path(answer.path).suffix not in _PACKED:
            return answer
        answer.headers["Vary"] = "Accept-Encoding"
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return answer
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-length", "accept-ranges")
        }
        packed = _pack(str(answer.path), Path(answer.path).stat().st_mtime_ns)
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"})


@lru_cache(maxsize=512)
def _pack(path: str, _changed_at: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), compresslevel=6)
