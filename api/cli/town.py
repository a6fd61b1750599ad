"""What a command on the town's own database needs at hand: settings, the store, the clock."""

import os
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
    """The settings in force; tells of a name among them that is likely misspelt.

    Raises InvalidInput naming the one that cannot be understood, and for a database that would be
    gone when the command ends.
    """
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        names = dict.fromkeys(str(part) for e in error.errors() for part in e["loc"][:1])
        told = "；".join(
            f"{_spell(name)} 的值有误（{Settings.model_fields[name].description}）"
            for name in names
        )
        raise InvalidInput(f"设置 {told}，请对照 docs/operations.md 改正") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "设置文件 .env 不是 UTF-8 编码，请用记事本另存为 UTF-8 后再试"
        ) from error
    _tell_misspelt()
    if settings.database_url.startswith("sqlite:") and settings.find_database_file() is None:
        raise InvalidInput(
            "TRIAGE_DATABASE_URL 没有写出文件，来件会随程序停止而丢失；"
            "请写成 sqlite:////目录/文件.db（绝对路径是四个斜杠）"
        )
    return settings


def _spell(name: str) -> str:
    """A setting as it is called in the environment."""
    return f"TRIAGE_{name.upper()}"


@cache
def _tell_misspelt() -> None:
    """A misspelt name counts for nothing, and what it should have named keeps its default: another
    database, where nobody would look for what was taken in."""
    from difflib import get_close_matches

    from dotenv import dotenv_values

    from api.settings import Settings

    known = {_spell(name) for name in Settings.model_fields}
    told = {name.upper() for name in (*os.environ, *dotenv_values(".env"))}
    for name in sorted(told - known):
        if name.startswith("TRIAGE_") and (meant := get_close_matches(name, known, 1, 0.85)):
            print(f"提示：没有 {name} 这项设置，是不是 {meant[0]}？它不起作用", file=sys.stderr)


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


def tell_new_database(settings: "Settings") -> None:
    """Say where a database is about to be made: in the wrong folder it would be a second one."""
    path = settings.find_database_file()
    if path is not None and not path.exists():
        print(
            f"提示：{path.absolute()} 还没有数据库，现在新建；"
            "如果本该有，请核对 TRIAGE_DATABASE_URL，或换到平时启动服务的文件夹",
            file=sys.stderr,
        )


@contextmanager
def open_store_here() -> Iterator["Store"]:
    """The town's database, up to date, with its keys."""
    from api.service import open_town_store

    settings = load_settings()
    tell_new_database(settings)
    store = open_town_store(settings)
    try:
        yield store
    finally:
        store.close()


def now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
