"""What goes out where the four lists are read, and what comes in where one is imported."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.listcolumns import name_rule
from api.schemas import EntryOut, Moment
from api.task_schemas import TaskOut
from triage.ledger.effectlist import EffectKind
from triage.ledger.states import EntryState, FindingState, Outcome
from triage.ledger.supervisionlist import FINDING_STATE_NAMES
from triage.submissions import Channel

_NEXT = "下一页的翻页标记；空表示没有了"


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProblemLineOut(_Out):
    """问题清单中的一行；文字中的个人信息已遮盖。"""

    entry: EntryOut
    department_name: str = Field(description="主办单位名称")
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
