"""The columns of printed statistics: every rate stands beside both of its counts."""

from collections.abc import Callable
from typing import Any

from api.files.listcolumns import Column
from triage.ledger.selection import By
from triage.ledger.statistics import STAGE_NAMES, Stage
from triage.rates import RATE_NAMES

BY_NAMES = {
    By.DEPARTMENT: "责任单位",
    By.DIVISION: "行政区划",
    By.DOMAIN: "领域",
    By.URGENCY: "紧急程度",
    By.NATURE: "诉求性质",
    By.CHANNEL: "渠道",
    By.DAY: "日期",
    By.WEEK: "周",
    By.MONTH: "月",
}
_COUNT_NAMES = {
    "opened": "交办",
    "replied": "已回告",
    "closed": "已办结",
    "due": "到期件",
    "overdue": "超期未回告",
    "evaluated": "有评价",
    "returns": "退回",
    "extensions": "延期",
    "urges": "督办",
    "reopenings": "重办",
    "apart": "另行处理",
}
_MARK_NAMES = {
    "relevance": "针对性",
    "completeness": "完整性",
    "grounds": "依据",
    "action": "措施",
}
_UNKNOWN = "没有注明"


def work_columns(by: By | None) -> tuple[Column, ...]:
    """What came and what became of it, with all rates."""
    rates = RATE_NAMES | {"repeat": "重复率"}
    return (
        *_first(by),
        *(Column("条数", name, 6, _of("counts", key)) for key, name in _COUNT_NAMES.items()),
        *(column for key, name in rates.items() for column in _rate(name, _of("rates", key))),
    )


def hours_columns(by: By | None) -> tuple[Column, ...]:
    """How many went through each stage, and how many hours it took them."""
    return (
        *_first(by),
        *(
            column
            for stage in Stage
            for column in (
                Column(STAGE_NAMES[stage], "条数", 6, _hours(stage, "count")),
                Column(STAGE_NAMES[stage], "一半不超过（小时）", 9, _hours(stage, "median")),
                Column(STAGE_NAMES[stage], "九成不超过（小时）", 9, _hours(stage, "p90")),
            )
        ),
    )


def dispatch_columns(by: By | None) -> tuple[Column, ...]:
    """How often the department that was named first was left standing."""
    return (
        *_first(by),
        *_rate("首次派单准确率", lambda line: line.accuracy, width=10),
        *_rate("直接交办的", lambda line: line.direct, width=10),
        *_rate("经复核的", lambda line: line.reviewed, width=10),
        Column("", "没有建议单位", 10, lambda line: line.unnamed),
    )


def reply_columns(by: By | None) -> tuple[Column, ...]:
    """How well replies are written, as the assessment says."""
    return (
        *_first(by),
        Column("", "回告（份）", 10, lambda line: line.replies),
        *_rate("疑似敷衍", lambda line: line.perfunctory, width=10),
        *(
            Column("平均分（满分 2）", name, 10, _of("marks", key))
            for key, name in _MARK_NAMES.items()
        ),
    )


def _first(by: By | None) -> tuple[Column, ...]:
    name = "范围" if by is None else BY_NAMES[by]
    return (
        Column("", "序号", 5, None),
        Column("", name, 16, lambda line: line.name or _UNKNOWN),
    )


def _rate(name: str, read: Callable[[Any], Any], *, width: int = 7) -> tuple[Column, ...]:
    return (
        Column(name, "比率", width, lambda line: read(line).value, shared=True),
        Column(name, "分子", width - 1, lambda line: read(line).numerator),
        Column(name, "分母", width - 1, lambda line: read(line).denominator),
    )


def _of(part: str, key: str) -> Callable[[Any], Any]:
    return lambda line: getattr(line, part)[key]


def _hours(stage: Stage, part: str) -> Callable[[Any], float | None]:
    return lambda line: getattr(line.stages[stage], part)
