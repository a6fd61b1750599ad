"""The console's files as a browser gets them: one page, its modules, and the policy it runs under.

Nothing is built: what stands in api/static is what is served. The page's import map is its only
inline script; the policy names it by its hash, so that no other inline script ever runs. The page
asks for the console's own files under their version, so that a browser asks for each of them once.
"""

import base64
import gzip
import hashlib
import os
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
_OWN = "/static/console/"
_VERSIONED = re.compile(r"v-([0-9a-f]{16})/(console/.+)")
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
    page = page.replace(_OWN, f"/static/v-{read_version()[0]}/console/")
    found = _IMPORT_MAP.search(page)
    told = found[1] if found else ""
    digest = base64.b64encode(hashlib.sha256(told.encode()).digest()).decode()
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY.format(sum=digest)})


def link_to(base: str, token: str) -> str:
    """The address of the page on which an invited person sets a password. The token stands behind
    the #, which no browser sends and no log holds."""
    return f"{base.rstrip('/')}/account#invitation={token}"


def read_version() -> tuple[str, int]:
    """The version of the console's own files (16 digits, others as soon as a file is another), and
    when the last of them was changed (ns)."""
    stamps: dict[Path, int] = {}
    for folder, _, names in os.walk(STATIC / "console"):
        stamps |= {path: path.stat().st_mtime_ns for path in map(Path(folder).joinpath, names)}
    return _digest(tuple(sorted(stamps.items()))), max(stamps.values())


@lru_cache(maxsize=1)
def _digest(stamps: tuple[tuple[Path, int], ...]) -> str:
    whole = hashlib.sha256()
    for path, _ in stamps:
        told = path.read_bytes()
        whole.update(f"{path.relative_to(STATIC)}:{len(told)}:".encode() + told)
    return whole.hexdigest()[:16]


class ConsoleFiles(StaticFiles):
    """The files under /static: packed once, kept by the browser for as long as they are the same.

    What is vendored stands in folders named for their version, and what is ours is asked for under
    `read_version`: neither ever changes. Without the version, or with that of a page which was
    opened before an upgrade, it is asked for again each time and answered by 304 while it is the
    same.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self._version, self._changed_at = read_version()

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, packed where the browser takes that. Raises HTTPException 404."""
        versioned = _VERSIONED.fullmatch(path)
        answer = await super().get_response(versioned[2] if versioned else path, scope)
        file = Path(answer.path) if isinstance(answer, FileResponse) else None
        changed_at = file.stat().st_mtime_ns if file else 0
        vendored = path.startswith("vendor/") and path.count("/") > 1
        lasting = vendored or (versioned and self._is_current(versioned[1], changed_at))
        kept = f"public, max-age={_YEAR_S}, immutable" if lasting else "no-cache"
        answer.headers["Cache-Control"] = kept
        if file is None or file.suffix not in _PACKED:
            return answer
        answer.headers["Vary"] = "Accept-Encoding"
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return answer
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-length", "accept-ranges")
        }
        packed = _pack(file, changed_at)
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"})

    def _is_current(self, version: str, changed_at: int) -> bool:
        """Whether a file that was changed at this time belongs to the version. All files are looked
        at only where it may be another than the last that was asked for."""
        if version != self._version or changed_at > self._changed_at:
            self._version, self._changed_at = read_version()
        return version == self._version


@lru_cache(maxsize=512)
def _pack(file: Path, _changed_at: int) -> bytes:
    return gzip.compress(file.read_bytes(), compresslevel=6)
