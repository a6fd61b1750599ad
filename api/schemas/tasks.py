"""What goes in and out where tasks are planned, worked and closed. The examples are invented."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.entries import Number
from api.schemas.submissions import Moment
from triage.ledger.states import TaskState
from triage.ledger.tasks import TASK_STATE_NAMES

_VERSION = "看到的任务版本；已被他人改过的答 409"


class StepIn(BaseModel):
    """任务的一步；从完成时限往前倒排。"""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="名称")
    days: int | None = Field(
        None, ge=0, le=3650, description="几个工作日；不填则与其他没填的平分余下的时间"
    )


class MilestoneIn(BaseModel):
    """一个时间节点，日期自定。"""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="名称")
    due: date = Field(description="完成日期")


class TaskIn(BaseModel):
    """一项任务。时间节点照 milestones；没有则把 steps 倒排；都没有则按通常的四步倒排。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "更换幸福里小区老旧电梯",
                    "department": "住建局",
                    "assisting": ["市场监管局"],
                    "person": "李明",
                    "deadline": "2035-06-29",
                    "entries": [12, 15],
                    "measures": ["逐台检测", "动用维修资金更换"],
                    "steps": [{"name": "检测", "days": 10}, {"name": "更换"}],
                }
            ]
        },
    )

    title: str = Field(description="名称，至多 200 字")
    department: str = Field(description="责任单位的代码或名称")
    assisting: list[str] = Field([], max_length=100, description="配合单位的代码或名称")
    person: str = Field(description="责任人，至多 50 字")
    deadline: date = Field(description="完成时限，到当天结束")
    entries: list[Number] = Field(max_length=1000, description="针对的台账条目编号")
    measures: list[str] = Field(max_length=100, description="措施，每条至多 1,000 字")
    steps: list[StepIn] = Field([], max_length=100, description="倒排的各步")
    milestones: list[MilestoneIn] = Field([], max_length=100, description="自定日期的时间节点")
    problem_id: Number | None = Field(None, description="为哪个共性问题安排，不是则不填")


class TaskChangeIn(BaseModel):
    """任务的改动；没写的不变。改时限而没给时间节点的，未完成的节点重新倒排。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"version": 2, "deadline": "2035-07-13", "note": "等配件到货"}]
        },
    )

    version: int = Field(description=_VERSION)
    title: str | None = Field(None, description="名称")
    department: str | None = Field(None, description="责任单位的代码或名称")
    assisting: list[str] | None = Field(None, max_length=100, description="配合单位")
    person: str | None = Field(None, description="责任人")
    deadline: date | None = Field(None, description="完成时限")
    entries: list[Number] | None = Field(None, max_length=1000, description="针对的台账条目编号")
    measures: list[str] | None = Field(None, max_length=100, description="措施")
    steps: list[StepIn] = Field([], max_length=100, description="倒排的各步，替换未完成的节点")
    milestones: list[MilestoneIn] = Field([], max_length=100, description="替换未完成的节点")
    note: str = Field("", description="改时限或责任单位的原因")


class ProgressIn(BaseModel):
    """任务的进展。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"version": 1, "note": "六台电梯检测完毕，两台须更换", "milestone": 3, "done": True}
            ]
        },
    )

    version: int = Field(description=_VERSION)
    note: str = Field(description="进展情况，至多 2,000 字")
    milestone: Number | None = Field(None, description="是哪个时间节点的进展")
    done: bool = Field(False, description="该节点已完成")


class CancelIn(BaseModel):
    """取消任务。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"version": 1, "note": "并入全市电梯更新任务"}]},
    )

    version: int = Field(description=_VERSION)
    note: str = Field(description="原因")


class EvidenceIn(BaseModel):
    """一项佐证：一句说明、一个附件，或两者都有。"""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", description="说明，至多 1,000 字")
    attachment: Number | None = Field(None, description="该任务某条台账的附件编号")


class EffectIn(BaseModel):
    """任务的效果。反映人的评价由系统从各条台账汇总；一个评价也没有的，须写明理由。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "version": 6,
                    "change": "两台老旧电梯更换完毕，其余四台检修后恢复运行",
                    "evidence": [{"note": "验收报告", "attachment": 8}],
                }
            ]
        },
    )

    version: int = Field(description=_VERSION)
    change: str = Field(description="解决了什么、有什么变化，至多 5,000 字")
    evidence: list[EvidenceIn] = Field(max_length=100, description="佐证")
    ground: str = Field("", description="没有评价的理由，至多 500 字")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MilestoneOut(_Out):
    """任务的一个时间节点。"""

    id: int
    name: str
    due_at: Moment
    done_at: Moment | None
    note: str = Field(description="最近一次进展")


class TaskOut(_Out):
    """任务。"""

    id: int
    title: str
    department: str = Field(description="责任单位代码")
    department_name: str
    assisting: list[str] = Field(description="配合单位名称")
    person: str
    measures: list[str]
    state: TaskState
    version: int
    created_by: str
    created_at: Moment
    deadline_at: Moment | None
    closed_at: Moment | None
    entries: list[int] = Field(description="针对的台账条目编号")
    milestones: list[MilestoneOut]
    progress: str = Field(description="完成的节点数/节点数")
    problem_id: int | None = Field(None, description="为哪个共性问题安排")

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return TASK_STATE_NAMES[self.state]


class EffectOut(_Out):
    """任务的效果。"""

    id: int
    change: str
    evidence: list[dict[str, Any]] = Field(description="说明，和附件的编号、文件名、SHA-256")
    evaluation: dict[str, Any] = Field(description="几人反映、评价、说已解决、满意；没有评价的理由")
    who: str
    at: Moment


class TaskActionOut(_Out):
    """任务记录中的一步：谁、何时、做了什么、为什么。"""

    command: str = Field(
        description="planned 安排，changed 调整，progressed 进展，closed 完成，cancelled 取消"
    )
    who: str
    note: str
    data: dict[str, Any]
    version: int
    at: Moment


class TaskFileOut(_Out):
    """一项任务的全部。"""

    task: TaskOut
    effect: EffectOut | None
    history: list[TaskActionOut]
    people: dict[str, str] = Field(description="经办人的登录名和姓名；不是用户的不在内")


BODIES = (TaskIn, TaskChangeIn, ProgressIn, CancelIn, EffectIn)
