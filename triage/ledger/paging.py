"""Pages that stay fast and steady however deep: each starts after the last line of the one before.

A cursor holds the sort values of that line, so a new line above it moves nothing.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from triage.errors import InvalidInput
from triage.ledger.tables import to_utc

MAX_PAGE = 200
_CHUNK = 500  # rows looked up by one statement
_Line = TypeVar("_Line")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Line]):
    """Some lines, and the cursor of the next page (None: there is none)."""

    lines: tuple[_Line, ...]
    next: str | None


def check_limit(limit: int) -> int:
    """The page size itself, if it is one. Raises InvalidInput."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"每页条数应在 1 到 {MAX_PAGE} 之间，请改正", field="limit")
    return limit


def write_cursor(*values: Any) -> str:
    """An opaque cursor for a URL from numbers and strings."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *readers: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The values of a cursor, each through its reader. Raises InvalidInput."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = tuple(reader(value) for reader, value in zip(readers, values, strict=True))
        if all(abs(value) < 2**63 for value in read if isinstance(value, int)):
            return read
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise InvalidInput("翻页标记无效，请从第一页重新查询", field="cursor")


def read_time(value: str) -> datetime:
    """The UTC time that a cursor spells. Raises ValueError."""
    return to_utc(datetime.fromisoformat(value))


def check_time(moment: datetime, field: str) -> datetime:
    """The same moment in UTC. Raises InvalidInput naming the field where it has no zone."""
    try:
        return to_utc(moment)
    except ValueError:
        raise InvalidInput(
            "时间缺少时区或超出范围，请写成 2024-05-01T09:00:00+08:00", field=field
        ) from None


def in_chunks(items: list[_Line]) -> Iterator[list[_Line]]:
    """The items, as many at a time as one statement should look up."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
