"""What goes out where the four lists are read, and what comes in where one is imported."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.files.findingcolumns import name_rule
from api.schemas.submissions import Destination, EntryOut, Moment
from api.schemas.tasks import TaskOut
from triage.ledger.effectlist import EffectKind
from triage.ledger.states import EntryState, FindingState, Outcome
from triage.ledger.supervisionlist import FINDING_STATE_NAMES
from triage.submissions import Channel

_NEXT = "下一页的翻页标记；空表示没有了"

# A file of two lines: 序号,主要诉求,包案单位 and 1,幸福里小区电梯停运四天,住建局
_FILE = (
    "5bqP5Y+3LOS4u+imgeivieaxgizljIXmoYjljZXkvY0K"
    "MSzlubjnpo/ph4zlsI/ljLrnlLXmoq/lgZzov5Dlm5vlpKks5L2P5bu65bGACg=="
)


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProblemLineOut(_Out):
    """问题清单中的一行；文字中的个人信息已遮盖。"""

    entry: EntryOut
    department_name: str = Field(description="主办单位名称")
    assignee_name: str | None = Field(description="承办人的姓名；还没有，或不是用户的，为空")
    title: str
    excerpt: str = Field(description="正文开头")
    channel: Channel | None
    place: str
    received_at: Moment | None
    reporters: int = Field(description="反映人次，含并入的来件")


class TaskLineOut(_Out):
    """任务清单中的一行。"""

    task: TaskOut
    submissions: list[str] = Field(description="任务针对的来件编号")
    latest: str = Field(description="最近一次登记的进展")


class OpinionsOut(_Out):
    """反映人怎么看：几人反映，其中几人评价、几人说已解决、几人满意。"""

    reporters: int
    evaluated: int
    solved: int
    satisfied: int = Field(description="非常满意、满意、基本满意")


class EffectLineOut(_Out):
    """效果清单中的一行：一条台账最近的回告，或一项任务的效果。"""

    kind: EffectKind = Field(description="reply 回告，task 任务")
    id: int = Field(description="回告或效果的编号")
    at: Moment = Field(description="回告或任务完成的时间")
    about: int = Field(description="台账条目或任务的编号")
    title: str
    department: str
    department_name: str
    text: str = Field(description="回告内容，或任务带来的变化")
    evidence: list[str] = Field(description="佐证")
    outcome: Outcome | None = Field(description="回告的办理结果")
    state: EntryState | None = Field(description="台账条目的状态")
    opinions: OpinionsOut
    ground: str = Field(description="没有评价的理由，或不予支持等的依据")
    who: str


class FindingLineOut(_Out):
    """监督清单中的一行：一个须看一看的事实，不是结论。"""

    id: int
    rule: str
    subject: str = Field(description="所指：entry:编号、department:代码 等")
    entry_id: int | None
    submission_id: str | None
    title: str
    department: str | None
    department_name: str | None
    evidence: dict[str, Any]
    state: FindingState
    found_at: Moment
    seen_at: Moment = Field(description="最近一次查到的时间")
    decided_by: str | None
    decided_by_name: str | None = Field(description="处理人的姓名；还没有处理，或不是用户的，为空")
    decided_note: str | None
    decided_at: Moment | None

    @computed_field
    def rule_name(self) -> str:
        """监督事项的种类"""
        return name_rule(self.rule)

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return FINDING_STATE_NAMES[self.state]


class ProblemPageOut(_Out):
    """问题清单的一页，新的在前。"""

    lines: list[ProblemLineOut]
    next: str | None = Field(description=_NEXT)


class TaskPageOut(_Out):
    """任务清单的一页，先到期的在前。"""

    lines: list[TaskLineOut]
    next: str | None = Field(description=_NEXT)


class EffectPageOut(_Out):
    """效果清单的一页，新的在前。"""

    lines: list[EffectLineOut]
    next: str | None = Field(description=_NEXT)


class FindingPageOut(_Out):
    """监督清单的一页，新的在前。"""

    lines: list[FindingLineOut]
    next: str | None = Field(description=_NEXT)


class ListImportIn(BaseModel):
    """一份已有的问题清单。先以 check 试读，看列认得对不对、哪些行有误，再正式导入。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "2024年信访台账",
                    "file_name": "台账.csv",
                    "content": _FILE,
                    "columns": {"content": "主要诉求", "lead": "包案单位"},
                    "check": True,
                }
            ]
        },
    )

    name: str = Field(description="清单名称，至多 80 字；没有编号列的，由它和序号或行号组成编号")
    file_name: str = Field("清单.xlsx", max_length=255, description="文件名")
    content: str = Field(description="文件内容（.xlsx、.xls、.csv、.jsonl），base64 编码")
    columns: dict[str, str] = Field(
        {}, description="指明某字段在文件中的列名；列名留空则不读这一列"
    )
    sheet: str | None = Field(None, description="工作表名；不填为第一张有表头的")
    outcome: Outcome | None = Field(None, description="已回告、已销号而没写办理结果的，按哪种算")
    check: bool = Field(False, description="只试读，不导入")


class ImportedRowOut(_Out):
    """清单中一行的结果。"""

    row: int = Field(description="文件中的行号")
    id: str | None = Field(description="来件编号")
    status: int = Field(description="201 新导入，200 此前已有或只是试读，其余同单件报送的状态码")
    destination: Destination | None = Field(None, description="去向，受理了才有")
    entry: int | None = Field(None, description="台账条目编号")
    error: str | None = None
    detail: str | None = None
    field: str | None = None


class ListImportOut(_Out):
    """导入的结果。"""

    columns: dict[str, str] = Field(description="字段认作了文件中的哪一列")
    others: list[str] = Field(description="没有读的列")
    notes: list[str] = Field(description="提示")
    created: int = Field(description="新导入几行")
    existing: int = Field(description="此前已有、没有改动，或只是试读的几行")
    failed: int = Field(description="有误几行；改正后可把整份清单再导入一次")
    rows: list[ImportedRowOut]
