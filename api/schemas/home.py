"""What goes out where somebody opens the desk: what waits, and how the day at review goes."""

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.submissions import Moment, ReviewLineOut
from triage.findings import RULE_NAMES, Rule
from triage.ledger.states import STATE_NAMES, EntryState
from triage.ledger.waiting import KIND_NAMES, MOST, Kind
from triage.repeats import REPEAT_NAMES, RepeatKind
from triage.suggestions import URGENCY_NAMES


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WaitingLineOut(_Out):
    """等着办的一项。"""

    about: str = Field(description="entry 台账条目，submission 来件，finding 监督事项，task 任务等")
    id: str
    title: str = Field(description="标题，个人信息已遮盖；监督事项为规则代码")
    at: Moment | None = Field(description="时限；来件为入库时间，监督事项为查到的时间")
    urgency: int | None
    state: str | None
    department: str | None = Field(description="主办单位名称")
    submission_id: str | None

    @computed_field
    def name(self) -> str:
        """标题；监督事项为其种类的中文名"""
        return RULE_NAMES[Rule(self.title)] if self.about == "finding" else self.title

    @computed_field
    def urgency_name(self) -> str | None:
        """紧急程度的中文名"""
        return None if self.urgency is None else URGENCY_NAMES[self.urgency]

    @computed_field
    def state_name(self) -> str | None:
        """条目状态的中文名"""
        return STATE_NAMES[EntryState(self.state)] if self.about == "entry" and self.state else None


class WaitingOut(_Out):
    """一类等着办的事：多少件，最先的几件。"""

    kind: Kind
    count: int = Field(description=f"多少件，数到 {MOST} 为止")
    lines: list[WaitingLineOut] = Field(description="最先的几件；只给件数的各类为空")

    @computed_field
    def name(self) -> str:
        """这一类的中文名"""
        return KIND_NAMES[self.kind]

    @computed_field
    def more(self) -> bool:
        """真：不止这个数"""
        return self.count >= MOST


class HomeOut(_Out):
    """工作台：等着调用者办的各类事，超期的在前。"""

    now: Moment
    cards: list[WaitingOut]


class LikelyRepeatOut(_Out):
    """疑似重复的一件先前的来件。"""

    submission_id: str
    title: str
    kind: RepeatKind
    similarity: float = Field(description="0 到 1")
    recorded_at: Moment

    @computed_field
    def kind_name(self) -> str:
        """是哪一种重复"""
        return REPEAT_NAMES[self.kind]


class ReviewSheetOut(_Out):
    """待复核的一件，全文、建议和疑似重复都在内。"""

    line: ReviewLineOut
    content: str
    repeats: list[LikelyRepeatOut]


class ReviewSheetsOut(_Out):
    """待复核的一页，最急的在前，同级把握最小的在前。"""

    lines: list[ReviewSheetOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class TallyOut(_Out):
    """认定了多少件：照建议的、更正的。"""

    decided: int
    confirmed: int
    corrected: int


class ReviewDayOut(_Out):
    """今天复核得怎样：系统对了几件、错了几件，错在哪里，还有多少在等。"""

    since: Moment = Field(description="北京时间今日零时")
    everyone: TallyOut
    mine: TallyOut
    corrected: dict[str, int] = Field(
        description="改了哪一项：domain 领域，department 单位，urgency 紧急程度，"
        "nature 性质，division 区划；一件可改几项"
    )
    waiting: int
