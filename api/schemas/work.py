"""What goes in and out where a ledger is looked through and worked on by many lines at once."""

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.entries import CommandIn, Number
from api.schemas.lists import ProblemLineOut
from api.schemas.submissions import EntryOut, Moment
from triage.ledger.ledgerlines import MOST_COUNTED
from triage.ledger.states import OUTCOME_NAMES, Outcome
from triage.transitions import Command

MOST_AT_ONCE = 200
AT_ONCE = (
    Command.ASSIGN,
    Command.REASSIGN,
    Command.OVERRULE,
    Command.ACCEPT,
    Command.RETURN,
    Command.DELEGATE,
    Command.PROGRESS,
    Command.REQUEST_EXTENSION,
    Command.GRANT_EXTENSION,
    Command.REFUSE_EXTENSION,
    Command.PAUSE,
    Command.RESUME,
    Command.DECLINE,
    Command.FORWARD,
    Command.MERGE,
    Command.CLOSE,
    Command.REOPEN,
    Command.URGE,
    Command.WITHDRAW,
)
"""What can be said of many in the same words. A reply answers one matter, an evaluation is one
person's, and a file or a split is of one entry alone."""


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LedgerLinesOut(_Out):
    """台账的一页，按所选的顺序；个人信息已遮盖，不含检举控告。"""

    lines: list[ProblemLineOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")
    total: int | None = Field(
        description=f"共几条，数到 {MOST_COUNTED} 为止；只在第一页给出", default=None
    )


class PickedIn(BaseModel):
    """选中的一条，和看到的版本。"""

    model_config = ConfigDict(extra="forbid")

    id: Number = Field(description="台账条目编号")
    version: int = Field(description="看到的条目版本；已被他人改过的这一条不办")


class CommandsIn(CommandIn):
    """对几条台账办同一个动作；各条互不影响。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "command": "urge",
                    "entries": [{"id": 12, "version": 3}, {"id": 15, "version": 2}],
                    "note": "请于本周内办结",
                    "level": "urge",
                }
            ]
        },
    )

    version: int = Field(0, exclude=True, description="不用填，各条的版本写在 entries 中")
    command: Command = Field(
        description="动作；回告、评价、附证据、拆分须一条一条办",
        json_schema_extra={"enum": [command.value for command in AT_ONCE]},
    )
    entries: list[PickedIn] = Field(
        min_length=1, max_length=MOST_AT_ONCE, description=f"选中的各条，至多 {MOST_AT_ONCE} 条"
    )


class DoneOut(_Out):
    """一条的结果。"""

    id: int
    status: int = Field(description="200 已办，其余同单条办理的状态码")
    entry: EntryOut | None = None
    error: str | None = None
    detail: str | None = None
    field: str | None = None


class CommandsOut(_Out):
    """各条的结果，与发来的顺序一致。"""

    done: int = Field(description="办了几条")
    failed: int = Field(description="没办成几条，原因见各条")
    entries: list[DoneOut]


class SimilarOut(_Out):
    """一条已答复的同类台账，供写回告时参考；个人信息已遮盖。"""

    entry_id: int
    submission_id: str
    title: str
    excerpt: str
    domain: str
    department_name: str
    outcome: Outcome
    reply: str
    replied_at: Moment
    solved: bool | None = Field(description="反映人说是否解决；没有评价的为空")
    satisfaction: int | None
    likeness: float = Field(description="与本条相像的程度，0 到 1")

    @computed_field
    def outcome_name(self) -> str:
        """办理结果的中文名"""
        return OUTCOME_NAMES[self.outcome]


BODIES = (CommandsIn,)
