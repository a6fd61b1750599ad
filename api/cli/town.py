"""What a command on the town's own database needs at hand: settings, the store, the clock."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
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


def load_town_settings() -> "Settings":
    """As `load_settings`, for a command that reads the town's own data: where their folder is not
    there yet, it says once that the product's own are read.

    `triage catalogue import` makes the folder, so that it is missing is no error by itself. Raises
    InvalidInput where it is a file.
    """
    settings = load_settings()
    if settings.data_dir is not None and not settings.data_dir.is_dir():
        _tell_missing(settings.data_dir)
    return settings


@cache
def _tell_missing(folder: Path) -> None:
    if folder.exists():
        raise InvalidInput(f"TRIAGE_DATA_DIR 指明的 {folder} 不是文件夹，请改正")
    print(
        f"提示：TRIAGE_DATA_DIR 指明的文件夹 {folder} 不存在，"
        "现用随程序发布的单位目录、派单目录等；请核对路径（第一次导入派单目录时会自动建立）",
        file=sys.stderr,
    )


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
