"""What goes in and out over HTTP. The examples are invented; the limits are those of the core.

Lengths and dates are not checked here but by `check_submission`, the same rule as for files.
"""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    computed_field,
)
from pydantic_core import PydanticCustomError

from api.bodies import mend_text
from api.explain import OWN, explain
from api.files.reading import CHINA_TIME, read_time
from triage.errors import InvalidSubmission, TriageError
from triage.ledger.discipline import MAX_NOTE
from triage.ledger.queries import EXCERPT
from triage.ledger.states import STATE_NAMES, EntryState, Outcome, SubmissionStatus
from triage.ledger.submitters import MAX_REASON
from triage.submissions import (
    MAX_CONTENT,
    MAX_ID,
    MAX_LIKES,
    MAX_PLACE,
    MAX_TITLE,
    Channel,
    Submission,
    check_submission,
)
from triage.submitters import (
    MAX_ADDRESS,
    MAX_ID_NUMBER,
    MAX_NAME,
    MAX_PHONE,
    Submitter,
)
from triage.suggestions import URGENCY_NAMES

_UNSAVED_ID = "未保存"  # what a text is called that is only read, not taken in


def _read_moment(value: object) -> object:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return read_time(value) if isinstance(value, str) else _refuse_moment()
    except InvalidSubmission:
        return _refuse_moment()


def _refuse_moment() -> datetime:
    raise PydanticCustomError(
        OWN, "时间不认识，请写成 2025-03-01T09:30:00+08:00 或 2025-03-01 09:30"
    )


@lru_cache(maxsize=4096)  # to spell one takes 4 µs, and an entry tells the same ones again
def _tell_moment(moment: datetime) -> str:
    return moment.astimezone(CHINA_TIME).isoformat(timespec="seconds")


_unless_empty = BeforeValidator(lambda value: None if value == "" else value)
_mended = BeforeValidator(lambda value: mend_text(value) if isinstance(value, str) else value)
ReadMoment = Annotated[
    datetime | None, BeforeValidator(_read_moment, json_schema_input_type=str | None)
]
Moment = Annotated[datetime, PlainSerializer(_tell_moment, when_used="json-unless-none")]


class SubmitterIn(BaseModel):
    """反映人，知道多少填多少；加密保存，查看须有权限并说明理由。"""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", description="姓名", json_schema_extra={"maxLength": MAX_NAME})
    phone: str = Field(
        "", description="电话；后四位用于凭查询码查询", json_schema_extra={"maxLength": MAX_PHONE}
    )
    id_number: str = Field("", description="证件号", json_schema_extra={"maxLength": MAX_ID_NUMBER})
    address: str = Field("", description="住址", json_schema_extra={"maxLength": MAX_ADDRESS})


class SubmissionIn(BaseModel):
    """一件来件。标题和内容至少填一项。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "WX-2025-000731",
                    "title": "3栋电梯停运四天，老人下不了楼",
                    "content": "我家住安平县柳河镇幸福里小区3栋17楼，电梯从周三停到现在，"
                    "物业说维修基金没批下来。我父亲瘫痪，昨天约好的透析也没去成，请尽快派人处理。",
                    "channel": "微信",
                    "received_at": "2025-03-01T09:30:00+08:00",
                    "place": "幸福里小区3栋",
                    "submitter": {"name": "张三", "phone": "13800000000"},
                }
            ]
        },
    )

    id: str = Field(
        description="报送方自己的编号，全库不重复；同一编号同一内容重发无害",
        json_schema_extra={"minLength": 1, "maxLength": MAX_ID},
    )
    title: str = Field("", description="标题", json_schema_extra={"maxLength": MAX_TITLE})
    content: str = Field("", description="正文", json_schema_extra={"maxLength": MAX_CONTENT})
    channel: Annotated[Channel | None, _unless_empty] = Field(None, description="渠道")
    received_at: ReadMoment = Field(
        None, description="收件时间（ISO 8601）；不写时区按北京时间算，不得晚于现在一天以上"
    )
    place: str | None = Field(
        None, description="报送方已知的地点", json_schema_extra={"maxLength": MAX_PLACE}
    )
    likes: int | None = Field(
        None,
        strict=True,
        description="点赞数，计入共性问题的热度",
        json_schema_extra={"minimum": 0, "maximum": MAX_LIKES},
    )
    submitter: SubmitterIn | None = Field(None, description="反映人")

    def read(self, *, now: datetime) -> Submission:
        """The submission. Raises InvalidSubmission naming a field that is too long and the like."""
        told = dict(vars(self))
        if self.submitter is not None:
            told["submitter"] = Submitter(**dict(self.submitter))
        return check_submission(Submission(**told), now=now)


class TextIn(SubmissionIn):
    """一件只看标注、不入库的来件；编号可以不填。"""

    # it is only given back, so halves of characters in it are no danger
    id: Annotated[str, _mended] = Field(
        _UNSAVED_ID, description="编号，原样返回", json_schema_extra={"maxLength": MAX_ID}
    )


class BatchIn(BaseModel):
    """一批来件。每件各自受理或退回，互不影响。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "submissions": [
                        {"id": "WX-2025-000732", "content": "建设路的路灯坏了半个月"},
                        {"id": "WX-2025-000733", "title": "感谢供水公司", "channel": "来信"},
                    ]
                }
            ]
        },
    )

    submissions: list[SubmissionIn] = Field(description="来件，一批最多 10,000 件")


def read_submission(
    value: object, *, now: datetime, schema: type[SubmissionIn] = SubmissionIn
) -> Submission:
    """The submission in a decoded JSON value. Raises InvalidSubmission naming the field."""
    try:
        return schema.model_validate(value).read(now=now)
    except ValidationError as error:
        raise explain(error.errors(include_url=False), kind=InvalidSubmission) from None


def read_row(value: object, *, now: datetime) -> Submission | TriageError:
    """As `read_submission`, with the error given back instead of raised."""
    try:
        return read_submission(value, now=now)
    except TriageError as error:
        return error


class ErrorOut(BaseModel):
    """出错时的答复。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": "invalid_submission",
                    "detail": "收件时间 2035-01-01 09:00 在将来，请核对日期",
                    "field": "received_at",
                }
            ]
        }
    )

    error: str = Field(description="错误代码，供程序判断")
    detail: str = Field(description="出了什么错、怎样改正")
    field: str | None = Field(None, description="有关的字段")


class Destination(StrEnum):
    """来件的去向。"""

    LEDGER = "ledger"
    REVIEW = "review"
    DISCIPLINE = "discipline"


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SubmissionOut(_Out):
    """入库的来件。"""

    id: str
    title: str
    content: str
    channel: Channel | None
    place: str | None
    received_at: Moment | None
    likes: int | None = Field(description="点赞数；报送时没有写的为空")
    recorded_at: Moment = Field(description="入库时间")
    status: SubmissionStatus = Field(
        description="review 待人工复核，assigned 已交办，sealed 已转纪检（文字为空）"
    )
    confidential: bool = Field(description="检举控告等只许纪检人员查看的来件")


class EntryOut(_Out):
    """台账条目。"""

    id: int
    submission_id: str
    lead_department: str = Field(description="主办单位代码")
    assisting: list[str] = Field(description="协办单位名称")
    state: EntryState
    urgency: int = Field(description="1 特急，2 紧急，3 较急，4 一般")
    domain_code: str
    domain: str
    nature: str
    division: str | None
    confidential: bool
    version: int
    opened_at: Moment
    deadline_at: Moment | None
    closed_at: Moment | None = Field(description="销号、不予受理、转送或并件的时间")
    outcome: Outcome | None
    matter: str = Field(description="一件多事拆分后，这是哪一个事项")
    assignee: str | None = Field(description="承办人")
    assigned_at: Moment | None
    accept_by: Moment | None = Field(description="须在此前签收")
    return_by: Moment | None = Field(description="须在此前提出退回")
    accepted_at: Moment | None
    replied_at: Moment | None = Field(description="回告的时间，时限到此停表")
    evaluated_at: Moment | None
    rule: str | None = Field(description="所依的时限规则")
    provisional: bool = Field(description="时限暂定：所涉年份的节假日还没有公布")
    paused_at: Moment | None
    pause_ground: str | None
    returns: int = Field(description="退回几次")
    extensions: int = Field(description="延期几次")
    urges: int = Field(description="督办几次")
    reopenings: int = Field(description="重办几次")
    merged_into: int | None = Field(description="并入的条目编号")
    forwarded_to: str | None = Field(description="转往的机关代码或紧急热线号码")
    ground: str | None = Field(description="不予受理、不予支持或免评销号的依据")
    solved: bool | None = Field(description="最近一次评价：是否解决")
    satisfaction: int | None = Field(description="最近一次评价：5 非常满意 至 1 非常不满意")

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return STATE_NAMES[self.state]

    @computed_field
    def urgency_name(self) -> str:
        """紧急程度的中文名"""
        return URGENCY_NAMES[self.urgency]


class TakenOut(_Out):
    """一件来件现在的样子：系统建议，以及台账条目（待复核时为空）。"""

    submission: SubmissionOut
    destination: Destination = Field(
        description="ledger 已进台账，review 待复核，discipline 已转纪检"
    )
    suggestion: dict[str, Any] | None
    entry: EntryOut | None
    tracking_code: str | None = Field(
        None, description="查询码，印在回执上交反映人；只答复给报送这件来件的一方"
    )
    notice: str | None = Field(None, description="给经办人的提示")


class DecisionOut(_Out):
    """经办人的一次认定：此前怎样、此后怎样。"""

    id: int
    who: str
    kind: str = Field(description="confirmed 确认，corrected 更正")
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    decided_at: Moment


class ReasonIn(BaseModel):
    """为什么这样做；记入日志，其中的个人信息会遮盖。"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "回访核实办理结果"}]}
    )

    reason: str = Field(
        description="理由", json_schema_extra={"minLength": 1, "maxLength": MAX_REASON}
    )


class AlarmIn(BaseModel):
    """已转紧急热线。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"to": "110", "note": "已说明地点和联系人"}]},
    )

    to: str = Field(max_length=10, description="转往哪条热线：110、119、120、122")
    note: str = Field("", max_length=MAX_NOTE, description="说明，可不填")


class SubmitterOut(_Out):
    """反映人；遮盖时姓名只留姓，号码只留后两位，住址不显示。"""

    name: str
    phone: str
    id_number: str
    address: str


class FileOut(_Out):
    """一件来件的全部：最近一次系统建议、各条台账、历次认定、反映人（遮盖）。"""

    submission: SubmissionOut
    suggestion: dict[str, Any] | None
    entries: list[EntryOut]
    decisions: list[DecisionOut]
    submitter: SubmitterOut | None = Field(description="反映人，已遮盖；没有登记时为空")
    people: dict[str, str] = Field(description="认定人的登录名和姓名；不是用户的不在内")


class RowOut(_Out):
    """批量报送中一件的结果。"""

    index: int = Field(description="在本批中的位置，从 0 起")
    id: str | None
    status: int = Field(description="201 新入库，200 此前已有，其余同单件报送的状态码")
    destination: Destination | None = Field(None, description="去向，受理了才有")
    entry: EntryOut | None = Field(None, description="本批为它新建的台账条目")
    tracking_code: str | None = Field(None, description="查询码，受理了才有")
    error: str | None = None
    detail: str | None = None
    field: str | None = None


class BatchOut(_Out):
    """批量报送的结果，与报送的顺序一致。"""

    created: int = Field(description="新入库几件")
    existing: int = Field(description="此前已有几件")
    failed: int = Field(description="未受理几件；改正后只需重发这些，全部重发也无害")
    rows: list[RowOut]


class DepartmentOut(_Out):
    """责任单位和它的台账条数。"""

    code: str
    name: str
    full_name: str
    kind: str
    active: bool = Field(description="false：已撤并，不再接收新来件")
    total: int
    by_urgency: dict[int, int]
    by_state: dict[EntryState, int]


class LedgerLineOut(_Out):
    """台账中的一行。"""

    entry: EntryOut
    title: str
    excerpt: str = Field(description=f"正文前 {EXCERPT} 字")
    channel: Channel | None
    place: str | None
    received_at: Moment | None


class ReviewLineOut(_Out):
    """待复核的一件。"""

    submission_id: str
    title: str
    excerpt: str = Field(description=f"正文前 {EXCERPT} 字")
    channel: Channel | None
    place: str | None
    received_at: Moment | None
    recorded_at: Moment
    urgency: int
    confidence: float
    confidential: bool
    suggestion: dict[str, Any] | None


class LedgerPageOut(_Out):
    """台账的一页，最急的在前，同级新的在前。"""

    lines: list[LedgerLineOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class ReviewPageOut(_Out):
    """待复核的一页，最急的在前，同级把握最小的在前。"""

    lines: list[ReviewLineOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")
