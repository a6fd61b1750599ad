"""Routes of saved views: what a person likes to look at, kept under a name."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.auth import SignedInHere
from api.bodies import OneBody, read_as
from api.schemas.entries import MAX_NUMBER
from api.schemas.submissions import Moment
from api.service import ServiceHere, read_clock
from triage.ledger.savedviews import MAX_NAME, drop_view, list_views, save_view

router = APIRouter(prefix="/v1/views", tags=["常用视图"])


class ViewIn(BaseModel):
    """要存的视图；同一页面同名的由它替换。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"page": "ledger", "name": "本周特急", "query": {"urgency": 1}}]
        },
    )

    page: str = Field(max_length=32, description="哪个页面：小写字母和连字符")
    name: str = Field(
        description=f"名称，至多 {MAX_NAME} 字", json_schema_extra={"maxLength": MAX_NAME}
    )
    query: dict[str, Any] = Field(description="筛选条件、列、排序，页面自己怎样写就怎样存")


class ViewOut(BaseModel):
    """一个常用视图。"""

    model_config = ConfigDict(from_attributes=True)

    id: int
    page: str
    name: str
    query: dict[str, Any]
    at: Moment


@router.get("", response_model=list[ViewOut])
def get_views(
    signed_in: SignedInHere,
    service: ServiceHere,
    page: Annotated[str | None, Query(max_length=32, description="只看一个页面的")] = None,
) -> Any:
    """本人的常用视图，按页面和名称排列。"""
    with service.store.reading() as session:
        return list_views(session, signed_in.user.login, page=page)


@router.put("", response_model=ViewOut, openapi_extra={"x-body": "ViewIn"})
def put_view(signed_in: SignedInHere, service: ServiceHere, body: OneBody) -> Any:
    """存一个视图；同一页面同名的由它替换。"""
    given = read_as(body, ViewIn)
    with service.store.writing() as session:
        return save_view(session, signed_in.user.login, now=read_clock(), **dict(given))


@router.delete("/{view_id}", status_code=204)
def delete_view(
    signed_in: SignedInHere,
    service: ServiceHere,
    view_id: Annotated[int, Path(ge=1, le=MAX_NUMBER, description="视图的编号")],
) -> None:
    """删去一个常用视图。"""
    with service.store.writing() as session:
        drop_view(session, signed_in.user.login, view_id)
