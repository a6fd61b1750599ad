"""Which columns each printed list has, how wide they are, and what stands in them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.files.reading import CHINA_TIME
from triage.ledger.effectlist import EffectKind, EffectLine
from triage.ledger.lists import ProblemLine, TaskLine
from triage.ledger.states import OUTCOME_NAMES, STATE_NAMES
from triage.ledger.tasks import TASK_STATE_NAMES
from triage.suggestions import URGENCY_NAMES
from triage.transitions import SATISFACTION_NAMES

_LONGEST = 400  # characters of a reply in print; the whole stands in the ledger
Read = Callable[[Any], "str | float | datetime | None"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the header cell above its name, its name, its width in characters, and what it
    reads off a line (None: the number of the line). A time is shown to the minute where `timed`, a
    number as so many per cent where `shared`."""

    group: str
    name: str
    width: int
    read: Read | None
    timed: bool = False
    shared: bool = False


def shorten(text: str) -> str:
    """No more of a text than there is room for in print."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}……"


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d}" if moment else ""


def _result(line: ProblemLine) -> str:
    entry = line.entry
    return "" if entry.outcome is None else OUTCOME_NAMES[entry.outcome]


def _judged(line: ProblemLine) -> str:
    entry = line.entry
    if entry.solved is None or entry.satisfaction is None:
        return ""
    return f"{'已解决' if entry.solved else '未解决'}，{SATISFACTION_NAMES[entry.satisfaction]}"


def _remark(line: ProblemLine) -> str:
    """What a reader of the list should know besides: how often it came back, was urged, …"""
    entry = line.entry
    counted = {
        "退回": entry.returns,
        "延期": entry.extensions,
        "督办": entry.urges,
        "重办": entry.reopenings,
    }
    said = [f"{name}{count}次" for name, count in counted.items() if count]
    if entry.matter:
        said.insert(0, entry.matter)
    if entry.provisional:
        said.append("时限暂定")
    return "；".join(said)


PROBLEM_COLUMNS = (
    Column("", "序号", 5, None),
    Column("来件", "编号", 14, lambda line: line.entry.submission_id),
    Column("来件", "渠道", 6, lambda line: line.channel),
    Column("来件", "收件日期", 11, lambda line: line.received_at),
    Column("反映事项", "标题", 18, lambda line: line.title),
    Column("反映事项", "内容摘要", 34, lambda line: line.excerpt),
    Column("反映事项", "地点", 13, lambda line: line.place),
    Column("反映事项", "反映人次", 6, lambda line: line.reporters),
    Column("", "领域", 15, lambda line: line.entry.domain),
    Column("", "紧急程度", 6, lambda line: URGENCY_NAMES[line.entry.urgency]),
    Column("责任单位", "主办", 10, lambda line: line.department_name),
    Column("责任单位", "协办", 10, lambda line: "、".join(line.entry.assisting)),
    Column("办理", "交办日期", 11, lambda line: line.entry.opened_at),
    Column("办理", "办理时限", 16, lambda line: line.entry.deadline_at, timed=True),
    Column("办理", "状态", 6, lambda line: STATE_NAMES[line.entry.state]),
    Column("办理", "回告日期", 11, lambda line: line.entry.replied_at),
    Column("结果", "办理结果", 8, _result),
    Column("结果", "反映人评价", 9, _judged),
    Column("", "备注", 11, _remark),
)


def _steps(line: TaskLine) -> str:
    return "\n".join(
        f"{_day(step.due_at)} {step.name}{'（已完成）' if step.done_at else ''}"
        for step in line.task.milestones
    )


def _measures(line: TaskLine) -> str:
    return "\n".join(f"{n}. {text}" for n, text in enumerate(line.task.measures, start=1))


TASK_COLUMNS = (
    Column("", "序号", 5, None),
    Column("任务", "名称", 22, lambda line: line.task.title),
    Column("任务", "针对的来件", 16, lambda line: "、".join(line.submissions)),
    Column("责任", "责任单位", 10, lambda line: line.task.department_name),
    Column("责任", "配合单位", 10, lambda line: "、".join(line.task.assisting)),
    Column("责任", "责任人", 8, lambda line: line.task.person),
    Column("", "措施", 36, _measures),
    Column("时间", "倒排时间节点", 28, _steps),
    Column("时间", "完成时限", 11, lambda line: line.task.deadline_at),
    Column("进展", "完成节点", 7, lambda line: line.task.progress),
    Column("进展", "最新情况", 26, lambda line: line.latest),
    Column("", "状态", 8, lambda line: TASK_STATE_NAMES[line.task.state]),
)


def _effect_kind(line: EffectLine) -> str:
    return "任务" if line.kind is EffectKind.TASK else "回告"


def _effect_outcome(line: EffectLine) -> str:
    return "" if line.outcome is None else OUTCOME_NAMES[line.outcome]


EFFECT_COLUMNS = (
    Column("", "序号", 5, None),
    Column("事项", "类别", 6, _effect_kind),
    Column("事项", "编号", 8, lambda line: line.about),
    Column("事项", "名称", 24, lambda line: line.title),
    Column("", "责任单位", 10, lambda line: line.department_name),
    Column("效果", "办理情况和变化", 48, lambda line: shorten(line.text)),
    Column("效果", "佐证", 20, lambda line: "\n".join(line.evidence)),
    Column("效果", "日期", 11, lambda line: line.at),
    Column("效果", "办理结果", 9, _effect_outcome),
    Column("反映人评价", "反映", 6, lambda line: line.opinions.reporters),
    Column("反映人评价", "评价", 6, lambda line: line.opinions.evaluated),
    Column("反映人评价", "已解决", 7, lambda line: line.opinions.solved),
    Column("反映人评价", "满意", 6, lambda line: line.opinions.satisfied),
    Column("", "备注", 16, lambda line: line.ground),
)
