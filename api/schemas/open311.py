"""What goes in and out by Open311, in the specification's words, and how ours become those."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from api.explain import explain
from api.schemas.submissions import Moment
from triage.errors import InvalidInput, NotFound
from triage.ledger.servicerequests import Extension, ServiceRequest
from triage.ledger.states import STATE_NAMES, EntryState, Outcome
from triage.privacy import mask
from triage.submissions import Channel, Submission, check_submission
from triage.submitters import Submitter
from triage.taxonomy import Section, Taxonomy

OTHER = "other"
_OTHER_NAME = "其他（由系统判别）"
_POINT = re.compile(r"（(-?\d{1,2}\.\d{6}),(-?\d{1,3}\.\d{6})）$")  # as `_write_place` writes it
_unless_empty = BeforeValidator(lambda value: value or None)


class FilingIn(BaseModel):
    """Open311 报送的一件来件，以表单发送。没有列出的字段不看。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service_code": "0109",
                    "description": "3栋电梯停运四天，老人下不了楼，请尽快派人修理。",
                    "address_string": "幸福里小区3栋",
                    "lat": "30.123456",
                    "long": "120.654321",
                    "last_name": "张",
                    "first_name": "三",
                    "phone": "13800000000",
                }
            ]
        }
    )

    service_code: str = Field(description="服务类别，见 services；不知道的填 other")
    description: str = Field(description="反映的内容")
    address_string: str = Field("", description="地点")
    lat: Annotated[float | None, _unless_empty] = Field(
        None, ge=-90, le=90, allow_inf_nan=False, description="纬度，与 long 一起填"
    )
    long: Annotated[float | None, _unless_empty] = Field(
        None, ge=-180, le=180, allow_inf_nan=False, description="经度"
    )
    first_name: str = Field("", description="反映人的名")
    last_name: str = Field("", description="反映人的姓")
    phone: str = Field("", description="反映人的电话，凭后四位查询办理情况")
    media_url: str = Field("", description="照片等的网址，写在内容之后")
    api_key: str = Field("", description="密钥；也可用请求头 Authorization: Bearer 密钥")


class ServiceOut(BaseModel):
    """一个服务类别。"""

    service_code: str
    service_name: str
    description: str
    metadata: bool = Field(False, description="总是 false：没有附加的字段")
    type: str = Field("realtime", description="总是 realtime：报送后立即有编号")
    keywords: str = ""
    group: str = Field(description="一级类别")


class FiledOut(BaseModel):
    """报送的结果。"""

    service_request_id: str = Field(description="编号，凭它查询")
    service_notice: str = Field(description="给反映人看的话，内有查询码")
    account_id: str | None = None


class GeoExtensionOut(BaseModel):
    """批准的延期。"""

    length: str = Field(description="延长多久")
    until: Moment | None = Field(description="延到何时")
    law: str = Field(description="所依规定的条文；规定没有写明的为空")
    reason: str | None = Field(description="理由，个人信息已遮盖；只给报送方")


class GeoMatterOut(BaseModel):
    """来件中的一个事项。"""

    entry_id: int
    matter: str
    state: EntryState
    state_name: str
    department: str = Field(description="主办单位代码")
    department_name: str
    urgency: int
    outcome: Outcome | None
    deadline: Moment | None
    extension: GeoExtensionOut | None = Field(description="批准的延期；没有，或已答复的，为空")
    pause_ground: str | None = Field(description="停表的事由，规定列明的")
    ground: str | None = Field(
        description="不予受理、不予支持等的依据；不是报送方的，只有法规名称和条款"
    )
    reply: str | None = Field(description="答复；不是报送方的，个人信息已遮盖")


class ExtendedOut(BaseModel):
    """Open311 没有的字段。"""

    title: str
    matters: list[GeoMatterOut]


class RequestOut(BaseModel):
    """一件来件。内容里的个人信息已遮盖。"""

    service_request_id: str
    status: str = Field(description="open 在办，closed 办结（销号、不予受理、转送）")
    status_notes: str = Field(description="办到哪一步，和答复")
    service_name: str
    service_code: str = Field(description="认定的类别，可能与报送时填的不同")
    description: str
    agency_responsible: str = Field(description="主办单位，多个用顿号分开")
    service_notice: str = ""
    requested_datetime: Moment
    updated_datetime: Moment
    expected_datetime: Moment | None = Field(description="办理期限")
    address: str
    address_id: str | None = None
    zipcode: str | None = None
    lat: float | None
    long: float | None
    media_url: str | None = None
    extended_attributes: ExtendedOut


class GeoErrorOut(BaseModel):
    """Open311 的出错答复，一个列表。"""

    code: int = Field(description="HTTP 状态码")
    description: str = Field(description="出了什么错、怎样改正")


def list_services(taxonomy: Taxonomy) -> list[ServiceOut]:
    """The services that can be asked for, in the order of the taxonomy, the unsure one last."""
    told = [
        ServiceOut(
            service_code=section.code,
            service_name=section.level2,
            description=_heading(section),
            group=section.level1,
        )
        for section in taxonomy.sections
    ]
    other = ServiceOut(
        service_code=OTHER,
        service_name=_OTHER_NAME,
        description="不知道属于哪一类时选这一项",
        group="其他",
    )
    return [*told, other]


def read_filing(
    form: Mapping[str, str], *, taxonomy: Taxonomy, submission_id: str, now: datetime
) -> Submission:
    """The submission that a form files. The service that was chosen becomes its title: it is what
    the submitter says it is about, and the machine still judges for itself.

    Raises InvalidInput naming the field, NotFound for an unknown service.
    """
    try:
        told = FilingIn.model_validate(form)
    except ValidationError as error:
        raise explain(error.errors(include_url=False), kind=InvalidInput) from None
    if not told.description.strip():
        raise InvalidInput("反映的内容 description 是空的，请填写", field="description")
    section = next((s for s in taxonomy.sections if s.code == told.service_code), None)
    if section is None and told.service_code != OTHER:
        raise NotFound(
            f"没有“{told.service_code}”这个服务类别，请从 services 中选择，或填 {OTHER}",
            field="service_code",
        )
    content = told.description
    if told.media_url.strip():
        content += f"\n附件链接：{told.media_url.strip()}"
    submission = Submission(
        id=submission_id,
        title="" if section is None else _heading(section),
        content=content,
        channel=Channel.WEB,
        place=_write_place(told),
        submitter=Submitter(name=told.last_name + told.first_name, phone=told.phone),
    )
    return check_submission(submission, now=now)


def describe_request(request: ServiceRequest, *, taxonomy: Taxonomy) -> RequestOut:
    """A submission in the specification's words."""
    section = _find_section(request.domain_code, taxonomy)
    address, lat, long = _read_place(request.place)
    names = dict.fromkeys(matter.department.full_name for matter in request.matters)
    return RequestOut(
        service_request_id=request.id,
        status="closed" if request.is_closed else "open",
        status_notes=request.progress,
        service_name=section.level2 if section else _OTHER_NAME,
        service_code=section.code if section else OTHER,
        description=request.content or request.title,
        agency_responsible="、".join(names),
        requested_datetime=request.requested_at,
        updated_datetime=request.updated_at,
        expected_datetime=request.expected_at,
        address=mask(address),
        lat=lat,
        long=long,
        extended_attributes=ExtendedOut(
            title=request.title,
            matters=[
                GeoMatterOut(
                    entry_id=matter.entry.id,
                    matter=matter.entry.matter,
                    state=matter.entry.state,
                    state_name=STATE_NAMES[matter.entry.state],
                    department=matter.department.code,
                    department_name=matter.department.name,
                    urgency=matter.entry.urgency,
                    outcome=matter.entry.outcome,
                    deadline=matter.entry.deadline_at,
                    extension=_describe_extension(matter.extension),
                    pause_ground=matter.pause_ground,
                    ground=matter.ground,
                    reply=matter.reply,
                )
                for matter in request.matters
            ],
        ),
    )


def _describe_extension(extension: Extension | None) -> GeoExtensionOut | None:
    if extension is None:
        return None
    return GeoExtensionOut(
        length=extension.span,
        until=extension.until,
        law=extension.law,
        reason=extension.reason,
    )


def _heading(section: Section) -> str:
    return f"{section.level1}：{section.level2}"


def _find_section(domain_code: str, taxonomy: Taxonomy) -> Section | None:
    return next((s for s in taxonomy.sections if domain_code.startswith(s.code)), None)


def _write_place(told: FilingIn) -> str | None:
    address = told.address_string.strip()
    if told.lat is not None and told.long is not None:
        address += f"（{told.lat:.6f},{told.long:.6f}）"
    return address or None


def _read_place(place: str | None) -> tuple[str, float | None, float | None]:
    """The address, and latitude and longitude where they stand behind it."""
    found = _POINT.search(place or "")
    if place is None or found is None:
        return place or "", None, None
    return place[: found.start()], float(found[1]), float(found[2])
