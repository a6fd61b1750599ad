"""The route that asks the dispatch catalogue who answers for a matter, as a person calls it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.auth import needs
from api.bodies import OneBody, read_as
from api.schemas.submissions import TextIn
from api.service import ServiceHere, read_clock
from triage.errors import InvalidInput
from triage.roles import Action, Caller
from triage.suggestions import FLAGS, NATURES

router = APIRouter(prefix="/v1", tags=["来件"])
Writer = Annotated[Caller, Depends(needs(Action.SUGGEST))]


class DispatchIn(BaseModel):
    """一件来件，和人认定的领域、诉求性质。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"content": "3栋电梯停运四天", "domain": "090301", "nature": "求助", "flags": []}
            ]
        },
    )

    title: str = Field("", description="标题")
    content: str = Field("", description="正文")
    place: str | None = Field(None, description="报送方已知的地点")
    domain: str = Field(description="领域编码")
    nature: str = Field(description="诉求性质")
    flags: list[str] = Field(default_factory=list, description="风险标签")


class DispatchOut(BaseModel):
    """按派单目录由谁主办、谁协办，为什么；`lead` 为空的由人指定。"""

    model_config = ConfigDict(from_attributes=True)

    lead: str | None
    assisting: list[str]
    reasons: list[str]
    ground: str | None


@router.post("/dispatch", response_model=DispatchOut, openapi_extra={"x-body": "DispatchIn"})
def post_dispatch(_caller: Writer, service: ServiceHere, body: OneBody) -> Any:
    """换一个领域或性质，派单目录会派给谁；不入库。"""
    given = read_as(body, DispatchIn)
    if given.nature not in NATURES:
        raise InvalidInput(f"诉求性质应为{'、'.join(NATURES)}之一，请重新选择", field="nature")
    if unknown := set(given.flags) - set(FLAGS):
        raise InvalidInput(f"没有“{min(unknown)}”这个风险标签，请从名单中选择", field="flags")
    text = TextIn(title=given.title, content=given.content, place=given.place)
    return service.desk.dispatch(
        text.read(now=read_clock()),
        domain=service.desk.taxonomy.get(given.domain),
        nature=given.nature,
        flags=tuple(given.flags),
    )
