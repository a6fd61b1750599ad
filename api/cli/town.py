"""What a command on the town's own database needs at hand: settings, the store, the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from triage.errors import InvalidInput

if TYPE_CHECKING:
    from api.settings import Settings
    from triage.ledger.store import Store


def load_settings() -> "Settings":
    """The settings in force. Raises InvalidInput naming the one that cannot be understood."""
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        names = "、".join(f"TRIAGE_{part}".upper() for e in error.errors() for part in e["loc"][:1])
        raise InvalidInput(f"设置 {names} 的值有误，请对照 docs/operations.md 改正") from error


@contextmanager
def open_store_here() -> Iterator["Store"]:
    """The town's database, up to date, with its keys."""
    from api.service import open_town_store

    store = open_town_store(load_settings())
    try:
        yield store
    finally:
        store.close()


def now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
