"""The words of the desk for people: names of all codes, and what the terms mean."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from api.eventnames import EVENT_NAMES, RECEIVED_NAMES
from triage.calendar import UNIT_NAMES
from triage.departmenttable import KIND_NAMES as DEPARTMENT_KIND_NAMES
from triage.dispatch import PLACE_LEVELS
from triage.findings import RULE_NAMES
from triage.ledger.states import OUTCOME_NAMES, STATE_NAMES, ImportState
from triage.ledger.supervisionlist import FINDING_STATE_NAMES
from triage.ledger.tasks import TASK_STATE_NAMES
from triage.ledger.waiting import KIND_NAMES as WAITING_NAMES
from triage.ledger.webhooks import KINDS as EVENT_KINDS
from triage.roles import ACTION_NAMES, ROLE_NAMES, Scope
from triage.submissions import Channel
from triage.suggestions import FLAGS, NATURES, URGENCY_NAMES
from triage.transitions import (
    COMMAND_NAMES,
    EMERGENCY_LINES,
    FIELD_NAMES,
    FORWARD_BODIES,
    SATISFACTION_NAMES,
    URGE_LEVELS,
)

IMPORT_STATE_NAMES = {
    ImportState.READY: "待开始",
    ImportState.RUNNING: "导入中",
    ImportState.PAUSED: "已暂停",
    ImportState.DONE: "已完成",
    ImportState.FAILED: "出错停下",
    ImportState.UNDONE: "已撤销",
}
PERSONAL_DATA_NAMES = {
    "id_number": "证件号",
    "credit_code": "信用代码",
    "bank_card": "银行卡号",
    "phone": "电话",
    "passport": "护照或通行证",
    "email": "电子邮箱",
    "plate": "车牌",
    "account": "网络账号",
    "door": "门牌",
    "name": "姓名",
}
SCOPE_NAMES = {
    Scope.SUBMIT: "报送来件",
    Scope.SUGGEST: "试标注",
    Scope.READ: "查看台账、清单、统计",
    Scope.REVIEW: "受理员能做的（登记来件、看反映人信息除外）",
    Scope.WORK: "办理台账：签收、退回、回告",
    Scope.DISCIPLINE: "查看和处理检举控告",
    Scope.ADMIN: "管理员能做的",
}
_LEVEL_NAMES = {"province": "省级", "city": "市级", "county": "县级", "street": "乡镇街道"}


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the trade (词条), and what it means in one sentence."""

    term: str
    about: str


def list_enumerations() -> dict[str, Mapping[Any, str]]:
    """Every set of codes that the API speaks in, with the name that people read."""
    return {
        "urgencies": URGENCY_NAMES,
        "natures": _same(NATURES),
        "channels": _same(Channel),
        "flags": _same(FLAGS),
        "states": STATE_NAMES,
        "outcomes": OUTCOME_NAMES,
        "satisfactions": SATISFACTION_NAMES,
        "commands": COMMAND_NAMES,
        "fields": FIELD_NAMES,
        "forward_bodies": FORWARD_BODIES,
        "emergency_lines": EMERGENCY_LINES,
        "urge_levels": URGE_LEVELS,
        "units": UNIT_NAMES,
        "roles": ROLE_NAMES,
        "actions": ACTION_NAMES,
        "scopes": SCOPE_NAMES,
        "finding_rules": RULE_NAMES,
        "finding_states": FINDING_STATE_NAMES,
        "task_states": TASK_STATE_NAMES,
        "import_states": IMPORT_STATE_NAMES,
        "waiting": WAITING_NAMES,
        "department_kinds": DEPARTMENT_KIND_NAMES,
        "place_levels": {name: name for name in PLACE_LEVELS},
        "division_levels": _LEVEL_NAMES,
        "personal_data": PERSONAL_DATA_NAMES,
        "events": {kind: (RECEIVED_NAMES | EVENT_NAMES)[kind] for kind in EVENT_KINDS},
        "audit_events": EVENT_NAMES,
    }


@cache
def load_glossary() -> tuple[Term, ...]:
    """The terms that come with the product, in order."""
    source = files("api") / "data" / "glossary.toml"
    words = tomllib.loads(source.read_text(encoding="utf-8"))["words"]
    return tuple(Term(**word) for word in words)


def _same(values: Iterable[Any]) -> dict[str, str]:
    """Codes that are what people read."""
    return {str(value): str(value) for value in values}
