"""What goes in and out where findings are looked for, decided on, and set."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.submissions import Moment, ReadMoment
from triage.findings import RULE_NAMES, Rule
from triage.ledger.states import FindingState
from triage.ledger.supervisionlist import FINDING_STATE_NAMES


class FindingOut(BaseModel):
    """一个监督事项：须看一看的事实和依据，不是结论。"""

    model_config = ConfigDict(from_attributes=True)

    id: int
    rule: Rule
    subject: str = Field(description="所指：entry:编号、reply:编号、task:编号、department:代码 等")
    entry_id: int | None = Field(description="所涉台账条目；不针对某一条目的为空")
    department: str | None = Field(description="所涉单位的代码")
    evidence: dict[str, Any] = Field(description="依据，各项的意思见文档“监督事项”一页")
    state: FindingState = Field(
        description="open 待处理，confirmed 已确认，dismissed 已排除，urged 已督办，"
        "settled 所指的情况已经没有，自行了结"
    )
    found_at: Moment = Field(description="首次查到的时间")
    seen_at: Moment = Field(description="最近一次查到的时间")
    decided_by: str | None
    decided_by_name: str | None = Field(description="处理人的姓名；还没有处理，或不是用户的，为空")
    decided_note: str | None
    decided_at: Moment | None

    @computed_field
    def rule_name(self) -> str:
        """监督事项的种类"""
        return RULE_NAMES[self.rule]

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return FINDING_STATE_NAMES[self.state]


class FindingDecisionIn(BaseModel):
    """督查员对一个监督事项的处理。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"verdict": "dismissed", "note": "已电话核实，属实"}]},
    )

    verdict: Literal["confirmed", "dismissed", "urged"] = Field(
        description="confirmed 确认，dismissed 排除（须写理由），urged 转为督办（须写要求）"
    )
    note: str = Field("", description="理由或督办要求，至多 2,000 字")
    level: Literal["urge", "listed"] | None = Field(
        None, description="督办方式：urge 督办，listed 挂牌督办；只用于 urged"
    )
    person: str | None = Field(None, description="挂牌督办的包案人")
    by: ReadMoment = Field(None, description="督办期限；不写时区按北京时间算")

    def urging(self) -> dict[str, str | datetime]:
        """What the command `urge` is given, as far as it was said."""
        said = {"level": self.level, "person": self.person, "by": self.by}
        return {name: value for name, value in said.items() if value is not None}


class FindingsRunOut(BaseModel):
    """一次查找的结果。"""

    new: int = Field(description="新查到几项")
    known: int = Field(description="此前已有、这次又查到几项")
    settled: int = Field(description="所指的情况已经没有、自行了结的几项")


class ThresholdsOut(BaseModel):
    """现行的监督阈值，各项的意思见文档“监督事项”一页。"""

    window_days: int
    extension_requests: int
    pauses: int
    pause_days: int
    handovers: int
    copy_similarity: float
    copy_length: int
    reply_relevance: float
    invented_copies: int
    invented_length: int
    silent_days: int
    silent_median: int
    silent_neighbours: int
    crowded_teams: int
    crowded_days: int
    problem_entries: int
    problem_days: int
    effect_grace_days: int


class ThresholdsIn(BaseModel):
    """要改的监督阈值，如 {"handovers": 3}；没有写的不变。"""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{"handovers": 3}]})


BODIES = (FindingDecisionIn, ThresholdsIn)
