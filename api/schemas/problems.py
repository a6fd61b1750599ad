"""What goes in and out where common problems are read and corrected. The examples are invented."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.entries import Number
from api.schemas.submissions import Moment
from api.schemas.tasks import TaskOut
from triage.ledger.corrections import KIND_NAMES, Kind
from triage.ledger.problemlist import PROBLEM_STATE_NAMES
from triage.ledger.states import STATE_NAMES, EntryState, ProblemState
from triage.submissions import Channel


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class HeatPartOut(_Out):
    """热度的一个组成部分。"""

    name: str = Field(
        description="reporters 人数，urgency 紧急程度，growth 增长，likes 点赞，recency 冷却"
    )
    points: float
    says: str = Field(description="数的是什么")


class ProblemOut(_Out):
    """一个共性问题：几件来件反映的同一件具体的事。"""

    id: int
    name: str = Field(description="名称：什么地方、什么事")
    named_by: str | None = Field(description="谁改的名；系统起的为空")
    state: ProblemState = Field(
        description="open 存在，dismissed 不是共性问题，merged 已并入，empty 已不足两件"
    )
    merged_into: int | None = Field(description="并入了哪个问题")
    version: int = Field(description="更正时须带上")
    size: int = Field(description="几件来件")
    reporters: int = Field(description="几人反映")
    heat: float = Field(description="热度，0 至 100")
    heat_parts: list[HeatPartOut]
    domain_code: str
    domain: str = Field(description="领域")
    theme: str = Field(description="主题的代号")
    theme_name: str
    divisions: dict[str, int] = Field(description="各区划代码几件")
    departments: dict[str, int] = Field(description="各主办单位代码几件")
    urgencies: dict[str, int] = Field(description="各级紧急程度几件")
    weeks: dict[str, int] = Field(description="各周（周一的日期）收到几件")
    words: list[str] = Field(description="共同的词；只看得到部分来件的人没有")
    first_seen: Moment
    last_seen: Moment
    updated_at: Moment

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return PROBLEM_STATE_NAMES[self.state]


class ProblemsPageOut(_Out):
    """一页共性问题，热度高的在前。"""

    lines: list[ProblemOut]
    next: str | None = Field(description="下一页的 cursor；没有则为最后一页")
    divisions: dict[str, str] = Field(description="本页各问题所在的区划：代码与名称")


class MemberEntryOut(_Out):
    """来件所在的台账条目。"""

    id: int
    lead_department: str = Field(description="主办单位代码")
    state: EntryState
    urgency: int

    @computed_field
    def state_name(self) -> str:
        """状态的中文名"""
        return STATE_NAMES[self.state]


class MemberOut(_Out):
    """共性问题的一件来件；个人信息已遮盖。"""

    submission_id: str
    at: Moment = Field(description="收到的时间")
    title: str
    excerpt: str
    place: str
    channel: Channel | None
    likeness: float = Field(description="归入时的相似程度，0 至 1")
    placed_by: str = Field(description="machine 系统归入，否则为归入它的人")
    placed_by_name: str | None = Field(
        description="归入它的人的姓名；系统归入的，或不是用户的，为空"
    )
    entries: list[MemberEntryOut] = Field(description="调用者看得到的台账条目")


class MembersPageOut(_Out):
    """一页来件，新收到的在前。"""

    lines: list[MemberOut]
    next: str | None = Field(description="下一页的 cursor；没有则为最后一页")


class CorrectionOut(_Out):
    """一次人工更正。"""

    kind: Kind
    other_id: int | None = Field(description="另一个共性问题的编号")
    submissions: int = Field(description="涉及几件来件")
    who: str
    note: str
    at: Moment

    @computed_field
    def kind_name(self) -> str:
        """更正的中文名"""
        return KIND_NAMES[self.kind]


class ProblemFileOut(_Out):
    """一个共性问题的全部。"""

    problem: ProblemOut
    seen: int = Field(description="调用者看得到的来件数")
    examples: list[MemberOut] = Field(description="先读这几件")
    members: MembersPageOut
    tasks: list[TaskOut]
    corrections: list[CorrectionOut] = Field(description="人工更正；只给不限单位的人看")
    divisions: dict[str, str] = Field(description="所在的区划：代码与名称")
    people: dict[str, str] = Field(description="定名、更正的人的登录名和姓名；不是用户的不在内")


class CorrectionIn(BaseModel):
    """对一个共性问题的更正；人的更正优先于系统，重新归并也不会改回去。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"version": 1, "kind": "rename", "name": "幸福里小区电梯长期停运"}]
        },
    )

    version: int = Field(description="看到的问题版本；已被他人更正过的答 409")
    kind: Kind = Field(
        description="rename 改名，merge 把 other 并进来，split 把 submissions 拆成新问题，"
        "move 把 submissions 移到 other（不填则移出，不归任何问题），add 把 submissions 加进来，"
        "dismiss 不是共性问题（须写 note），restore 恢复"
    )
    name: str = Field("", description="改名、拆分时的名称，至多 60 字")
    other: Number | None = Field(None, description="另一个共性问题的编号")
    submissions: list[str] = Field([], max_length=1000, description="来件的编号")
    note: str = Field("", description="理由，至多 2,000 字")


class CorrectedOut(_Out):
    """更正的结果。"""

    id: int = Field(description="接下来看哪个问题：拆分的为新问题")


class ThemeProblemOut(_Out):
    """主题下的一个问题。"""

    id: int
    name: str


class ThemeOut(_Out):
    """一个主题：许多地方的同一类事。"""

    key: str
    name: str
    problems: int = Field(description="几个共性问题")
    hottest: list[ThemeProblemOut] = Field(description="其中热度最高的几个")
    size: int = Field(description="几件来件")
    reporters: int = Field(description="几人反映")
    divisions: dict[str, int] = Field(description="各区划代码有几个问题")


class ThemesOut(_Out):
    """主题与区划：区划多的主题在前；`divisions` 是区划代码与名称。"""

    themes: list[ThemeOut]
    divisions: dict[str, str]


class BurstOut(_Out):
    """近七天里比往常明显多的。"""

    kind: str = Field(description="problem 共性问题，theme 主题，domain 领域")
    kind_name: str
    key: str = Field(description="问题的编号、主题的代号或领域编码")
    name: str
    since: date
    until: date
    count: int = Field(description="收到几件")
    expected: float = Field(description="按往常应有几件")
    ratio: float = Field(description="是往常的几倍")
    chance: float = Field(description="若无变化，出现这么多的概率")
    seasonal: bool = Field(description="是否考虑了月份的影响（要有一年以上的记录）")


class SeasonOut(_Out):
    """每年同一个月都来的。"""

    kind: str
    kind_name: str
    key: str
    name: str
    month: int
    times: float = Field(description="是平均月份的几倍")
    chance: float
    years: dict[int, float] = Field(description="各年该月占全年的比例")
    reports: int
    next_start: date = Field(description="下一次从哪天起")


class EmergingOut(_Out):
    """新冒头的，和一年里要来的。"""

    bursts: list[BurstOut]
    calendar: list[SeasonOut]


class DraftMeasureOut(_Out):
    """一条措施，摘自一件办结的类似条目的回告。"""

    text: str
    entry_id: int
    department: str
    closed_on: date
    confirmed: bool = Field(description="反映人说已解决")


class DraftMilestoneOut(_Out):
    """倒排的一个时间节点。"""

    name: str
    due: date


class TaskDraftOut(_Out):
    """建议的任务：一份草稿，由人决定安排与否。"""

    title: str
    matter: str = Field(description="什么问题、在哪里")
    problem_id: int
    submission_ids: list[str]
    entry_ids: list[int]
    lead: str | None = Field(description="主办单位名称；空的请人指定")
    assisting: list[str]
    reasons: list[str] = Field(description="为什么是这些单位")
    deadline: date | None
    deadline_reason: str
    provisional: bool = Field(description="期限所在年份的节假日尚未公布")
    milestones: list[DraftMilestoneOut]
    measures: list[DraftMeasureOut]
    tell: list[str] = Field(description="办成后告诉谁")
    notes: list[str] = Field(description="系统没有找到的")


class RegroupedOut(_Out):
    """一次全部重新归并的结果。"""

    submissions: int = Field(description="读了几件来件")
    problems: int = Field(description="归成几个问题")
    moved: int = Field(description="几件换了归属")
    absorbed: int = Field(description="几个问题并入了别的")


def spell(model: Any, **more: Any) -> dict[str, Any]:
    """The fields of a frozen value, with more beside them."""
    return {name: getattr(model, name) for name in model.__slots__} | more


BODIES = (CorrectionIn,)
