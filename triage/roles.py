"""Who may do what: roles, actions, and the one matrix that joins them.

A person acts by the role that an administrator gave (用户角色), another system by the scopes of its
key; both are a `Caller`. What a caller may do is asked of the caller, never of the role.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from triage.errors import AccessDenied


class Role(StrEnum):
    """What a person does at the desk (角色)."""

    CLERK = "clerk"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    DISCIPLINE = "discipline"
    ADMIN = "admin"


ROLE_NAMES = {
    Role.CLERK: "受理员",
    Role.OFFICER: "承办人",
    Role.SUPERVISOR: "督查员",
    Role.DISCIPLINE: "纪检员",
    Role.ADMIN: "管理员",
}


class Scope(StrEnum):
    """What a key may do. `discipline` alone opens confidential submissions; `admin` does not."""

    SUBMIT = "submit"
    SUGGEST = "suggest"
    READ = "read"
    REVIEW = "review"
    WORK = "work"
    DISCIPLINE = "discipline"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be done; the value names it in the docs and in refusals' logs."""

    SUBMIT = "submit"
    SUGGEST = "suggest"
    READ = "read"  # ledgers and entries within reach
    READ_REVIEW = "read_review"
    DECIDE = "decide"  # confirm or correct a suggestion
    ASSIGN = "assign"  # assign, reassign, forward, split, merge, rule on a return
    WORK = "work"  # accept, return, record progress, attach, ask for time, reply
    RULE_EXTENSION = "rule_extension"
    EVALUATE = "evaluate"  # call back and record what the citizen said
    CLOSE = "close"
    REOPEN = "reopen"
    URGE = "urge"
    WITHDRAW = "withdraw"
    READ_LISTS = "read_lists"
    IMPORT_LISTS = "import_lists"
    PLAN_TASKS = "plan_tasks"
    READ_PROBLEMS = "read_problems"
    CORRECT_PROBLEMS = "correct_problems"  # split, merge, move, rename, dismiss; cluster anew
    DECIDE_FINDINGS = "decide_findings"
    READ_STATISTICS = "read_statistics"
    WRITE_REPORTS = "write_reports"
    UNMASK = "unmask"  # read a submitter's name, phone, ID number, address; logged with reason
    READ_ACCUSATIONS = "read_accusations"
    DECIDE_ACCUSATIONS = "decide_accusations"
    MANAGE_USERS = "manage_users"
    MANAGE_DISCIPLINE = "manage_discipline"  # the accounts and keys of discipline officers
    MANAGE_KEYS = "manage_keys"
    MANAGE_SETTINGS = "manage_settings"  # catalogue, deadlines, holidays, thresholds, models
    MANAGE_WEBHOOKS = "manage_webhooks"
    READ_AUDIT = "read_audit"


ACTION_NAMES = {
    Action.SUBMIT: "登记来件",
    Action.SUGGEST: "试标注",
    Action.READ: "查看台账",
    Action.READ_REVIEW: "查看复核队列",
    Action.DECIDE: "认定系统建议",
    Action.ASSIGN: "交办、改派、转送、拆分、并件、裁定退回",
    Action.WORK: "签收、退回、办理、申请延期、回告",
    Action.RULE_EXTENSION: "批准延期",
    Action.EVALUATE: "回访评价",
    Action.CLOSE: "销号",
    Action.REOPEN: "重办",
    Action.URGE: "督办",
    Action.WITHDRAW: "撤回",
    Action.READ_LISTS: "查看和导出清单",
    Action.IMPORT_LISTS: "导入清单",
    Action.PLAN_TASKS: "安排任务",
    Action.READ_PROBLEMS: "查看共性问题",
    Action.CORRECT_PROBLEMS: "更正共性问题",
    Action.DECIDE_FINDINGS: "处理监督事项",
    Action.READ_STATISTICS: "查看统计",
    Action.WRITE_REPORTS: "编写通报",
    Action.UNMASK: "查看反映人信息",
    Action.READ_ACCUSATIONS: "查看检举控告",
    Action.DECIDE_ACCUSATIONS: "处理检举控告",
    Action.MANAGE_USERS: "管理用户",
    Action.MANAGE_DISCIPLINE: "管理纪检员账号",
    Action.MANAGE_KEYS: "管理密钥",
    Action.MANAGE_SETTINGS: "管理设置",
    Action.MANAGE_WEBHOOKS: "管理推送",
    Action.READ_AUDIT: "查看操作日志",
}

ROLE_ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.CLERK: frozenset(
        {
            Action.SUBMIT,
            Action.SUGGEST,
            Action.READ,
            Action.READ_REVIEW,
            Action.DECIDE,
            Action.ASSIGN,
            Action.EVALUATE,
            Action.CLOSE,
            Action.REOPEN,
            Action.WITHDRAW,
            Action.READ_LISTS,
            Action.IMPORT_LISTS,
            Action.PLAN_TASKS,
            Action.READ_PROBLEMS,
            Action.CORRECT_PROBLEMS,
            Action.READ_STATISTICS,
            Action.UNMASK,
        }
    ),
    Role.OFFICER: frozenset(
        {
            Action.SUGGEST,
            Action.READ,
            Action.WORK,
            Action.READ_LISTS,
            Action.PLAN_TASKS,
            Action.READ_PROBLEMS,
            Action.READ_STATISTICS,
            Action.UNMASK,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Action.SUGGEST,
            Action.READ,
            Action.READ_REVIEW,
            Action.RULE_EXTENSION,
            Action.EVALUATE,
            Action.REOPEN,
            Action.URGE,
            Action.READ_LISTS,
            Action.PLAN_TASKS,
            Action.READ_PROBLEMS,
            Action.CORRECT_PROBLEMS,
            Action.DECIDE_FINDINGS,
            Action.READ_STATISTICS,
            Action.WRITE_REPORTS,
            Action.READ_AUDIT,
        }
    ),
    Role.DISCIPLINE: frozenset(
        {
            Action.SUGGEST,
            Action.READ_ACCUSATIONS,
            Action.DECIDE_ACCUSATIONS,
            Action.UNMASK,
            Action.MANAGE_DISCIPLINE,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Action.MANAGE_USERS,
            Action.MANAGE_KEYS,
            Action.MANAGE_SETTINGS,
            Action.MANAGE_WEBHOOKS,
            Action.READ_AUDIT,
        }
    ),
}

SCOPE_ACTIONS: Mapping[Scope, frozenset[Action]] = {
    Scope.SUBMIT: frozenset({Action.SUBMIT}),
    Scope.SUGGEST: frozenset({Action.SUGGEST}),
    Scope.READ: frozenset(
        {Action.READ, Action.READ_LISTS, Action.READ_PROBLEMS, Action.READ_STATISTICS}
    ),
    Scope.REVIEW: ROLE_ACTIONS[Role.CLERK] - {Action.SUBMIT, Action.UNMASK},
    Scope.WORK: frozenset({Action.READ, Action.WORK}),
    Scope.DISCIPLINE: frozenset({Action.READ_ACCUSATIONS, Action.DECIDE_ACCUSATIONS}),
    Scope.ADMIN: ROLE_ACTIONS[Role.ADMIN],
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `who` is a login or "key:<id>", `department` the code of the own one, if any.

    `reach` holds the codes of that department and all below it; None reaches every department.
    """

    who: str
    actions: frozenset[Action]
    department: str | None = None
    reach: frozenset[str] | None = None

    @property
    def may_see_confidential(self) -> bool:
        """Whether accusations exist for this caller (Art. 30)."""
        return Action.READ_ACCUSATIONS in self.actions

    def may(self, action: Action) -> bool:
        """Whether this caller may do it at all; where is asked by `reaches`."""
        return action in self.actions

    def reaches(self, department: str) -> bool:
        """Whether the ledger of this department (code) is within reach."""
        return self.reach is None or department in self.reach

    def require(self, action: Action) -> None:
        """Nothing, where the caller may do it. Raises AccessDenied."""
        if action not in self.actions:
            raise AccessDenied(f"您没有“{ACTION_NAMES[action]}”的权限，请联系管理员")

    def require_reach(self, department: str) -> None:
        """Nothing, where the department (code) is within reach. Raises AccessDenied."""
        if not self.reaches(department):
            raise AccessDenied("只能办理本单位及下属单位的台账，其他单位的请联系受理处")


# Whoever runs a command on the server itself: an administrator, who there also sets up discipline.
SHELL = Caller("cli", ROLE_ACTIONS[Role.ADMIN] | {Action.MANAGE_DISCIPLINE})


def actions_of(scopes: Iterable[Scope]) -> frozenset[Action]:
    """All that a key with these scopes may do."""
    return frozenset().union(*(SCOPE_ACTIONS[scope] for scope in scopes))
