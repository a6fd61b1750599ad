"""Saved views (常用视图): what a person likes to look at, under a name of one's own."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.statements import upsert
from triage.ledger.tables import ViewRow, storable

MAX_NAME = 30
MAX_QUERY = 4_000  # characters as JSON
MOST = 100  # of one person
_PAGE = re.compile(r"[a-z][a-z-]{0,31}")


@dataclass(frozen=True, slots=True)
class SavedView:
    """Filters, columns and order of a page (a slug), as the page itself spells them."""

    id: int
    page: str
    name: str
    query: dict[str, Any]
    at: datetime


def list_views(session: Session, login: str, *, page: str | None = None) -> tuple[SavedView, ...]:
    """The views of a person, by page and name."""
    query = select(ViewRow).where(ViewRow.login == login).order_by(ViewRow.page, ViewRow.name)
    if page is not None:
        query = query.where(ViewRow.page == page)
    return tuple(_view(row) for row in session.scalars(query))


def save_view(
    session: Session, login: str, *, page: str, name: str, query: Mapping[str, Any], now: datetime
) -> SavedView:
    """Keep a view, in the place of the one of this page and name.

    Raises InvalidInput for a page, name or query that is none or too long, Conflict where the
    person has too many.
    """
    name = storable(name).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput(f"视图名称应为 1 到 {MAX_NAME} 字，请改正", field="name")
    if not _PAGE.fullmatch(page):
        raise InvalidInput("页面名只能用小写字母和连字符，请改正", field="page")
    if len(json.dumps(query, ensure_ascii=False)) > MAX_QUERY:
        raise InvalidInput("视图的条件太多，请精简后再存", field="query")
    mine = ViewRow.login == login
    if (session.scalar(select(func.count()).where(mine)) or 0) >= MOST and session.scalar(
        select(ViewRow.id).where(mine, ViewRow.page == page, ViewRow.name == name)
    ) is None:
        raise Conflict(f"常用视图已有 {MOST} 个，请先删去不用的", field="name")
    row = {"login": login, "page": page, "name": name, "query": dict(query), "at": now}
    statement = upsert(session, ViewRow)
    told = {column: statement.excluded[column] for column in ("query", "at")}
    kept = statement.on_conflict_do_update(index_elements=["login", "page", "name"], set_=told)
    view_id = session.scalar(kept.returning(ViewRow.id), row)
    return SavedView(view_id or 0, page, name, dict(query), now)


def drop_view(session: Session, login: str, view_id: int) -> None:
    """Forget one's own view. Raises NotFound for one that is not there or another's."""
    mine = delete(ViewRow).where(ViewRow.id == view_id, ViewRow.login == login)
    if session.scalar(mine.returning(ViewRow.id)) is None:
        raise NotFound("没有这个常用视图，可能已经删去，请刷新页面", field="id")


def _view(row: ViewRow) -> SavedView:
    return SavedView(row.id, row.page, row.name, row.query, row.at)
