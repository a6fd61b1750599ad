"""What goes out where statistics are read: every rate with its two counts."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.submissions import Moment
from triage.ledger.replystatistics import Writing
from triage.ledger.selection import By, Selection, Table
from triage.ledger.statistics import STAGE_NAMES, Dispatch, Stage
from triage.rates import COUNTS, RATE_NAMES, Hours, Rate, Tally


class RateOut(BaseModel):
    """一个比率，分子分母都在；分母为 0 时没有比率。"""

    name: str
    numerator: int
    denominator: int
    value: float | None = Field(description="0 到 1，四位小数")

    @classmethod
    def tell(cls, rate: Rate, name: str) -> "RateOut":
        return cls(
            name=name, numerator=rate.numerator, denominator=rate.denominator, value=rate.value
        )


class WorkOut(BaseModel):
    """一组条目办得怎样。各项的意思见文档“统计”一页。"""

    key: str = Field(description="分组的编码、级别或日期；空表示未注明，合计也为空")
    name: str
    counts: dict[str, int] = Field(description="各项件数")
    rates: dict[str, RateOut]

    @classmethod
    def tell(cls, tally: Tally, repeats: Rate, *, key: str = "", name: str = "合计") -> "WorkOut":
        counts = {count: getattr(tally, count) for count in COUNTS}
        rates = {rate: RateOut.tell(value, RATE_NAMES[rate]) for rate, value in tally.rates.items()}
        return cls(
            key=key,
            name=name,
            counts=counts | {"apart": tally.apart, "overdue": tally.overdue},
            rates=rates | {"repeat": RateOut.tell(repeats, "重复率")},
        )


class HoursOut(BaseModel):
    """一个环节用了多少小时。"""

    model_config = ConfigDict(from_attributes=True)

    name: str
    count: int = Field(description="走过这一环节的有几条")
    median: float | None = Field(description="一半条目不超过的小时数")
    p90: float | None = Field(description="九成条目不超过的小时数")


class StagesOut(BaseModel):
    """一组条目在各环节的用时。"""

    key: str
    name: str
    stages: dict[Stage, HoursOut]

    @classmethod
    def tell(cls, hours: dict[Stage, Hours], *, key: str = "", name: str = "合计") -> "StagesOut":
        stages = {
            stage: HoursOut(
                name=STAGE_NAMES[stage], count=one.count, median=one.median, p90=one.p90
            )
            for stage, one in hours.items()
        }
        return cls(key=key, name=name, stages=stages)


class DispatchOut(BaseModel):
    """首次派单准不准：系统首次建议的主办单位，有多少没有被受理员或单位改掉。"""

    key: str
    name: str
    accuracy: RateOut
    direct: RateOut = Field(description="系统有把握、直接交办的")
    reviewed: RateOut = Field(description="没把握、经人复核的")
    unnamed: int = Field(description="系统没有建议单位的，不计入比率")

    @classmethod
    def tell(cls, dispatch: Dispatch, *, key: str = "", name: str = "合计") -> "DispatchOut":
        return cls(
            key=key,
            name=name,
            accuracy=RateOut.tell(dispatch.accuracy, "首次派单准确率"),
            direct=RateOut.tell(dispatch.direct, "直接交办的准确率"),
            reviewed=RateOut.tell(dispatch.reviewed, "经复核的准确率"),
            unnamed=dispatch.unnamed,
        )


class WritingOut(BaseModel):
    """一组条目的回告写得怎样：只供参考，不是结论。"""

    key: str
    name: str
    replies: int = Field(description="回告几份，没有评估的也在内")
    perfunctory: RateOut = Field(description="疑似敷衍的，占评估过的")
    marks: dict[str, float | None] = Field(
        description="各方面的平均分，0 到 2：relevance 针对性，completeness 完整性，"
        "grounds 依据，action 措施"
    )

    @classmethod
    def tell(cls, writing: Writing, *, key: str = "", name: str = "合计") -> "WritingOut":
        return cls(
            key=key,
            name=name,
            replies=writing.replies,
            perfunctory=RateOut.tell(writing.perfunctory, "疑似敷衍率"),
            marks=writing.marks,
        )


class _AboutOut(BaseModel):
    """统计了哪些、到什么时候。"""

    since: Moment | None = Field(description="此时（含）起交办的")
    until: Moment | None = Field(description="此时（不含）前交办的")
    as_of: Moment = Field(description="统计的时刻")
    by: By | None = Field(description="按什么分组")


class WorkTableOut(_AboutOut):
    """回复率、办结率、满意率等，合计和各组。"""

    total: WorkOut
    groups: list[WorkOut]


class StagesTableOut(_AboutOut):
    """各环节用时，合计和各组。"""

    total: StagesOut
    groups: list[StagesOut]


class DispatchTableOut(_AboutOut):
    """首次派单准确率，合计和各组。"""

    total: DispatchOut
    groups: list[DispatchOut]


class WritingTableOut(_AboutOut):
    """回告质量，合计和各组。"""

    total: WritingOut
    groups: list[WritingOut]


def tell_about(selection: Selection, *, by: By | None, now: datetime) -> dict[str, Any]:
    """What every answer says of itself."""
    return {"since": selection.since, "until": selection.until, "as_of": now, "by": by}


def tell_work(tallies: Table[Tally], repeats: Table[Rate]) -> dict[str, Any]:
    """The figures of a table, and of each group how often people came again."""
    again = {group.key: group.figures for group in repeats.groups}
    return {
        "total": WorkOut.tell(tallies.total, repeats.total),
        "groups": [
            WorkOut.tell(
                group.figures, again.get(group.key, Rate(0, 0)), key=group.key, name=group.name
            )
            for group in tallies.groups
        ],
    }
