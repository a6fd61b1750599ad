"""Slashes in the number of a submission (来件编号), such as 信/2026/12, and in other names.

In an address they are spelt `%2F`; servers hand that over as if it parted the address, and no route
is found. So it stands as `SLASH` in the path until the route has taken the name out.
"""

import re
from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import Scope

SLASH = "\ufdd0"  # set aside by Unicode for a program's own use: no number has it
_SPELT = re.compile("%2f", re.IGNORECASE)
WITH_SLASHES = AfterValidator(lambda told: told.replace(SLASH, "/"))
SubmissionId = Annotated[str, Path(description="来件编号"), WITH_SLASHES]


def keep_slashes(scope: Scope) -> None:
    """Let slashes that are spelt out in the address of an HTTP request part nothing."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2" in raw:
        spelt = raw.partition(b"?")[0].decode("ascii", errors="replace")
        if _SPELT.search(spelt):
            scope["path"] = SLASH.join(map(unquote, _SPELT.split(spelt)))
