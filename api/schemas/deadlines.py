"""What goes in and out where deadlines are read and set. The examples are invented."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.submissions import EntryOut, Moment
from triage.deadlines import Rule, Rulebook, Terms
from triage.timetable import TimeSettings

MAX_DAYS = 400


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class DueLineOut(_Out):
    """一条有人在等的台账。"""

    entry: EntryOut
    title: str
    overdue: bool = Field(description="所列的时限是否已过")


class DuePageOut(_Out):
    """一页，时限早的在前。"""

    lines: list[DueLineOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class RuleOut(BaseModel):
    """一条时限规则。时限写成“数量 单位”，另附中文写法。"""

    name: str
    within: str | None = Field(description="办结时限；空表示不限")
    within_name: str | None
    starts: str = Field(description="opened 自首次交办起，assigned 自最近交办起，accepted 自签收起")
    accept: str | None = Field(description="签收时限，过期由系统收回")
    accept_name: str | None
    object: str | None = Field(description="可以退回的时限")
    object_name: str | None
    extension: str | None = Field(description="一次延期至多多长")
    extension_name: str | None
    extensions: int = Field(description="至多延期几次")
    pauses: list[str] = Field(description="可以停表的事由")
    urgencies: list[int] = Field(description="适用的紧急程度；空表示不限")
    natures: list[str] = Field(description="适用的诉求性质；空表示不限")
    domains: list[str] = Field(description="适用的领域编码，上级编码含其下各级；空表示不限")
    article: str = Field(description="依据的条文")

    @classmethod
    def tell(cls, rule: Rule) -> "RuleOut":
        """The rule, with its spans as programs and as clerks read them."""
        spans: dict[str, Any] = {}
        for field in ("within", "accept", "object", "extension"):
            span = getattr(rule, field)
            spans |= {field: span and str(span), f"{field}_name": span and span.name}
        return cls(
            name=rule.name,
            starts=rule.starts.value,
            extensions=rule.extensions,
            pauses=list(rule.pauses),
            urgencies=list(rule.urgencies),
            natures=list(rule.natures),
            domains=list(rule.domains),
            article=rule.article,
            **spans,
        )


class RulebookOut(BaseModel):
    """一套时限规则：自上而下，第一条适用的即是。"""

    name: str
    title: str
    source: str = Field(description="出处")
    note: str
    rules: list[RuleOut]

    @classmethod
    def tell(cls, rulebook: Rulebook) -> "RulebookOut":
        """The rulebook as it is told."""
        return cls(
            name=rulebook.name,
            title=rulebook.title,
            source=rulebook.source,
            note=rulebook.note,
            rules=[RuleOut.tell(rule) for rule in rulebook.rules],
        )


class TimeSettingsOut(BaseModel):
    """现行的时限设置。"""

    rulebook: RulebookOut
    hours: list[list[str]] = Field(description="工作日的办公时间，只在其间提醒（特急除外）")
    reminders: dict[str, str] = Field(description="各紧急程度提前多久提醒")
    declared_years: list[int] = Field(description="节假日已由本地录全的年份")

    @classmethod
    def tell(cls, settings: TimeSettings) -> "TimeSettingsOut":
        """The settings as they are told."""
        told = settings.as_dict()
        return cls(**told | {"rulebook": RulebookOut.tell(settings.rulebook)})


class TimeSettingsIn(BaseModel):
    """要改的时限设置；没填的不变。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"preset": "sichuan", "hours": [["09:00", "12:00"], ["13:30", "17:30"]]}]
        },
    )

    preset: str | None = Field(None, description="采用哪一套预设或本地的规则，按 name")
    rulebook: dict[str, Any] | None = Field(
        None, description="自己的一整套规则，写法见文档“时限”一页"
    )
    hours: list[list[str]] | None = Field(None, description="办公时间，如 [[“09:00”, “12:00”]]")
    reminders: dict[str, str] | None = Field(None, description="如 {“3”: “1 workday”}")
    declared_years: list[int] | None = Field(None, description="节假日已录全的年份")


class HolidayOut(_Out):
    """本地录入的一天。"""

    day: date
    working: bool = Field(description="true 上班，false 放假")
    note: str


class HolidayIn(BaseModel):
    """一天。"""

    model_config = ConfigDict(extra="forbid")

    day: date = Field(description="日期，如 2027-02-08")
    working: bool = Field(description="true 上班，false 放假")
    note: str = Field("", description="说明，如 春节调休")


class HolidaysIn(BaseModel):
    """要录入的日子；已录过的以这次为准。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"holidays": [{"day": "2027-02-08", "working": False, "note": "春节"}]}]
        },
    )

    holidays: list[HolidayIn] = Field(max_length=MAX_DAYS, description="至多 400 天")


class HolidaysOut(BaseModel):
    """节假日表；改动后有多少条在办的台账重新推算了时限。"""

    holidays: list[HolidayOut]
    recounted: int = Field(0, description="这次改动使多少条台账的时限变了")


class TermsOut(BaseModel):
    """按现行规则，这样一件来件的各个时限。"""

    rule: RuleOut
    deadline_at: Moment | None
    accept_by: Moment | None
    return_by: Moment | None
    provisional: bool = Field(description="暂定：所涉年份的节假日还没有公布")

    @classmethod
    def tell(cls, rule: Rule, terms: Terms) -> "TermsOut":
        """What the rule gives."""
        return cls(
            rule=RuleOut.tell(rule),
            deadline_at=terms.deadline_at,
            accept_by=terms.accept_by,
            return_by=terms.return_by,
            provisional=terms.provisional,
        )


BODIES = (TimeSettingsIn, HolidaysIn)
