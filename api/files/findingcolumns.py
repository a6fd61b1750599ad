"""The columns of the supervision list in print, and the evidence of a finding as one reads it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api.files.listcolumns import Column, shorten
from api.files.reading import CHINA_TIME
from triage.findings import RULE_NAMES, Rule
from triage.ledger.states import TaskState
from triage.ledger.supervisionlist import FINDING_STATE_NAMES, FindingLine
from triage.ledger.tasks import TASK_STATE_NAMES
from triage.transitions import COMMAND_NAMES, SATISFACTION_NAMES, Command

EVIDENCE_NAMES = {
    "deadline_at": "时限",
    "hours_late": "超过（小时）",
    "provisional": "时限暂定",
    "requests": "申请次数",
    "granted": "批准",
    "refused": "不予批准",
    "asked_at": "申请时间",
    "pauses": "停表次数",
    "paused_at": "停表时间",
    "stands_still": "还在停表",
    "returns": "退回",
    "reassignments": "改派",
    "steps": "经过",
    "command": "动作",
    "at": "时间",
    "reply": "回告编号",
    "copies_reply": "雷同的回告",
    "copies_entry": "雷同的条目",
    "similarity": "相似度",
    "replied_at": "回告时间",
    "words_in_common": "与来件相同的词",
    "perfunctory": "疑似敷衍",
    "relevance": "针对性",
    "completeness": "完整性",
    "grounds": "依据",
    "action": "措施",
    "reasons": "理由",
    "denials": "称未解决",
    "said": "评价",
    "evaluated_at": "评价时间",
    "satisfaction": "满意程度",
    "source": "来源",
    "solved_since": "此后又说已解决",
    "closed_at": "销号时间",
    "copies": "雷同条数",
    "entries": "条目",
    "without_person": "缺人",
    "without_place": "缺地点",
    "without_matter": "缺事由",
    "name": "名称",
    "neighbours": "邻近",
    "median_of_neighbours": "邻近的中位数",
    "days": "天数",
    "visits": "走访次数",
    "teams": "走访单位",
    "from": "自",
    "to": "至",
    "examples": "举例",
    "task": "任务编号",
    "state": "状态",
    "rule": "规则",
}
"""What the keys of a finding's evidence are called in print; one without a name stands as it is."""

_SUBJECTS = {"task": "任务", "problem": "共性问题"}
_SOURCES = {"citizen": "反映人自评", "callback": "回访"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_WORDS: Mapping[str, Callable[[str], str]] = {
    "command": lambda code: COMMAND_NAMES[Command(code)] if code in set(Command) else code,
    "state": lambda code: TASK_STATE_NAMES[TaskState(code)] if code in set(TaskState) else code,
    # "agency:key:3" and the like name where lists come from; people read the last part
    "source": lambda told: _SOURCES.get(told, told.rpartition(":")[2]),
    "teams": lambda told: told.rpartition(":")[2],
}


def finding_columns(name_division: Callable[[str], str]) -> tuple[Column, ...]:
    """The columns; divisions, which the evidence has by their codes, are told by their names."""
    return (
        Column("", "序号", 5, None),
        Column("", "监督事项", 18, lambda line: name_rule(line.rule)),
        Column("对象", "责任单位", 10, lambda line: line.department_name),
        Column("对象", "来件或对象", 14, lambda line: _name_subject(line, name_division)),
        Column("对象", "标题", 22, lambda line: line.title),
        Column("", "依据", 44, lambda line: shorten(spell_evidence(line.evidence, name_division))),
        Column("时间", "发现", 11, lambda line: line.found_at),
        Column("时间", "最近查到", 11, lambda line: line.seen_at),
        Column("处理", "状态", 8, lambda line: FINDING_STATE_NAMES[line.state]),
        Column("处理", "处理人", 9, lambda line: line.decided_by_name or line.decided_by),
        Column("处理", "日期", 11, lambda line: line.decided_at),
        Column("处理", "意见", 22, lambda line: line.decided_note),
    )


def spell_evidence(value: Any, name_division: Callable[[str], str], *, key: str = "") -> str:
    """Evidence as one reads it: a line for each key, lists in a row, codes and times in words."""
    if isinstance(value, dict):
        if "says" in value:  # a reason that the assessment of a reply gives
            return str(value["says"])
        return "；".join(
            f"{EVIDENCE_NAMES.get(name, name)} {spell_evidence(part, name_division, key=name)}"
            for name, part in value.items()
            if part not in (None, "", [])
        )
    if isinstance(value, list):
        return "、".join(spell_evidence(part, name_division, key=key) for part in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "similarity":
        return f"{value:.0%}"
    if key == "satisfaction":
        return SATISFACTION_NAMES.get(value, str(value))
    if key == "name":
        return name_division(value)
    told = str(value)
    if key in _WORDS:
        return _WORDS[key](told)
    return _spell_time(told) if _MOMENT.match(told) else told


def _spell_time(told: str) -> str:
    return f"{datetime.fromisoformat(told).astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"


def _name_subject(line: FindingLine, name_division: Callable[[str], str]) -> str:
    """The submission, or the task, problem or place that it is about where that is no entry."""
    if line.submission_id is not None:
        return line.submission_id
    kind, _, code = line.subject.partition(":")
    if kind == "division":
        return name_division(code)
    return f"{_SUBJECTS[kind]} {code}" if kind in _SUBJECTS else ""


def name_rule(rule: str) -> str:
    """What a rule is called; one that this version no longer knows stands as it is."""
    return RULE_NAMES[Rule(rule)] if rule in set(Rule) else rule
