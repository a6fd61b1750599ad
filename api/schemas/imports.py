"""What goes in and out where files of submissions are brought in from the console."""

from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.files.importfiles import PreviewRow
from api.files.rows import in_api_words
from api.schemas.submissions import Moment
from api.words import IMPORT_STATE_NAMES
from triage.ledger.intakefiles import StoredImport
from triage.ledger.states import ImportState
from triage.ledger.takingback import KEPT, TakenBack
from triage.submissions import Channel

_EXCERPT = 200  # characters of a row that a preview shows
_COLUMNS = (
    "字段 → 文件中的列名；字段：id 编号、title 标题、content 内容、channel 渠道、received_at 时间、"
    "place 地点、likes 点赞数、name 姓名、phone 电话、id_number 证件号、address 住址"
)

# A file of two lines: 编号,内容 and WX-2025-9,建设路的路灯坏了半个月
_FILE = "57yW5Y+3LOWGheWuuQpXWC0yMDI1LTks5bu66K6+6Lev55qE6Lev54Gv5Z2P5LqG5Y2K5Liq5pyICg=="


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ImportIn(BaseModel):
    """一份待导入的文件。上传后先看列认得对不对、前 20 行标注得怎样，再开始。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"file_name": "三月来件.csv", "content": _FILE}]},
    )

    file_name: str = Field(description="文件名")
    content: str = Field(description="文件内容（.xlsx、.xls、.csv、.jsonl），base64 编码")
    sheet: str | None = Field(None, description="工作表名；不填为第一张有表头的")


class ImportColumnsIn(BaseModel):
    """哪一列是什么；没写的字段不读。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"columns": {"content": "诉求", "phone": "联系方式"}}]},
    )

    columns: dict[str, str] = Field(description=_COLUMNS)
    sheet: str | None = Field(None, description="工作表名；不填为第一张有表头的")


class ImportOut(_Out):
    """一份文件导到了哪里。"""

    id: int
    file_name: str
    state: ImportState
    columns: dict[str, str] = Field(description=_COLUMNS)
    headers: list[str] = Field(description="文件中的各列")
    sheet: str | None
    notes: list[str] = Field(description="提示")
    failure: str | None = Field(description="为什么停下；改正后可以再开始")
    total: int = Field(description="共几行")
    done: int = Field(description="已处理几行")
    taken: int = Field(description="新入库几件")
    standing: int = Field(description="此前已有、没有改动的几件")
    refused: int = Field(description="有误几行")
    rate: float | None = Field(description="每秒几行")
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return IMPORT_STATE_NAMES[self.state]

    @computed_field
    def remaining_s(self) -> int | None:
        """大约还要几秒"""
        if self.state is not ImportState.RUNNING or not self.rate:
            return None
        return round(timedelta(seconds=(self.total - self.done) / self.rate).total_seconds())

    @classmethod
    def tell(cls, stored: StoredImport) -> Self:
        """The import, its mapping spread out."""
        told: dict[str, Any] = {
            name: getattr(stored, name) for name in cls.model_fields if hasattr(stored, name)
        }
        mapping = {name: stored.mapping.get(name) for name in ("columns", "headers", "sheet")}
        failure = stored.mapping.get("failure")
        told["rate"] = None if stored.rate is None else round(stored.rate, 1)
        return cls(
            **told,
            **mapping,
            notes=list(map(in_api_words, stored.mapping.get("notes", []))),
            failure=failure and in_api_words(failure),
        )


class ImportPageOut(_Out):
    """本人导入的文件的一页，新的在前。"""

    lines: list[ImportOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class PreviewRowOut(_Out):
    """文件前几行中的一行：读到了什么、会怎样标注；或哪里有误。"""

    row: int = Field(description="文件中的行号")
    id: str | None
    title: str
    excerpt: str = Field(description="正文开头")
    channel: Channel | None
    received_at: Moment | None
    place: str | None
    submitter: str = Field(description="反映人，已遮盖")
    domain: str | None
    urgency: int | None
    urgency_name: str | None
    lead: str | None = Field(description="主办单位")
    needs_review: bool | None
    field: str | None = Field(description="有误的字段")
    error: str | None = Field(description="哪里有误、怎样改正")

    @classmethod
    def tell(cls, row: PreviewRow) -> Self:
        """The row; of a submitter only what may be shown."""
        told, said, trouble = row.submission, row.suggestion, row.trouble
        submitter = told.submitter.masked() if told and told.submitter else None
        domain = said.domain if said else None
        return cls(
            row=row.row,
            id=told.id if told else None,
            title=told.title if told else "",
            excerpt=told.content[:_EXCERPT] if told else "",
            channel=told.channel if told else None,
            received_at=told.received_at if told else None,
            place=told.place if told else None,
            submitter=f"{submitter.name} {submitter.phone}".strip() if submitter else "",
            domain="/".join((domain.level1, domain.level2, domain.level3)) if domain else None,
            urgency=said.urgency.level if said else None,
            urgency_name=said.urgency.name if said else None,
            lead=said.department.lead if said else None,
            needs_review=said.needs_review if said else None,
            field=trouble.field if trouble else None,
            error=trouble.message if trouble else None,
        )


class PreviewOut(_Out):
    """文件的前几行。"""

    rows: list[PreviewRowOut]


class StayedOut(_Out):
    """没有撤回的一件。"""

    submission_id: str
    reason: str

    @computed_field
    def reason_name(self) -> str:
        """为什么留下"""
        return KEPT[self.reason]


class UndoneOut(_Out):
    """撤销的结果；`after` 不为空时再发一次，接着撤销其余的。"""

    standing: ImportOut
    gone: int = Field(description="这次撤回几件")
    stayed: list[StayedOut] = Field(description="这次看过而留下的")
    after: str | None = Field(description="还没有看完：下次请求带上它")

    @classmethod
    def tell(cls, steps: list[TakenBack]) -> Self:
        """All steps of one request as one."""
        return cls(
            standing=ImportOut.tell(steps[-1].standing),
            gone=sum(step.gone for step in steps),
            stayed=[StayedOut.model_validate(one) for step in steps for one in step.stayed],
            after=steps[-1].last,
        )


BODIES = (ImportIn, ImportColumnsIn)
