"""What goes in and out where entries are worked on. The examples are invented."""

from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, computed_field

from api.schemas.submissions import DecisionOut, EntryOut, Moment, ReadMoment, SubmissionOut
from triage.ledger.states import OUTCOME_NAMES, STATE_NAMES, EntryState, Outcome
from triage.ledger.views import StoredEntry
from triage.transitions import COMMAND_NAMES, Command
from triage.workflow import get_transition

MAX_NUMBER = 2**63 - 1  # of an id, in any database
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PartIn(BaseModel):
    """拆出的一个事项；没填的与原条目相同。"""

    model_config = ConfigDict(extra="forbid")

    matter: str = Field(description="事项，一句话")
    lead: str = Field(description="主办单位的代码或名称")
    assisting: list[str] = Field([], max_length=20, description="协办单位的代码或名称")
    domain: str | None = Field(None, description="领域编码")
    urgency: int | None = Field(None, ge=1, le=4, description="1 特急，2 紧急，3 较急，4 一般")
    nature: str | None = Field(None, description="诉求性质")


class CommandIn(BaseModel):
    """对台账条目的一个动作。各动作须填、可填哪些字段，见文档“流程”一页的动作表。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "version": 3,
                    "text": "已责令物业公司更换曳引机，3月5日恢复运行，联系人李工。",
                    "outcome": "solved",
                }
            ]
        },
    )

    version: int = Field(description="看到的条目版本；已被他人改过的答 409")
    note: str = Field("", description="理由或说明")
    lead: str | None = Field(None, description="主办单位的代码或名称")
    assisting: list[str] | None = Field(None, max_length=20, description="协办单位的代码或名称")
    assignee: str | None = Field(None, description="承办人的登录名；签收时不填为本人")
    name: str | None = Field(None, description="附件的文件名")
    content: str | None = Field(None, description="附件的内容，base64 编码，解码后至多 10 MB")
    amount: int | None = Field(None, ge=1, le=1000, description="延长多少")
    unit: str | None = Field(None, description="延长的时间单位：hour、day、rolled_day、workday")
    text: str | None = Field(None, description="回告内容，反映人看得到")
    outcome: Outcome | None = Field(
        None, description="办理结果：solved 已解决，explained 已解释，not_supported 不予支持"
    )
    ground: str | None = Field(None, description="法律、法规、政策依据，或停表、免评的事由")
    to: str | None = Field(None, description="转往的机关代码，或紧急热线号码")
    matter: str | None = Field(None, description="拆分后原条目留下的事项")
    parts: list[PartIn] | None = Field(None, max_length=20, description="拆出的事项")
    into: Number | None = Field(None, description="并入的条目编号")
    solved: bool | None = Field(None, description="反映的问题是否解决")
    satisfaction: int | None = Field(
        None, ge=1, le=5, description="5 非常满意，4 满意，3 基本满意，2 不满意，1 非常不满意"
    )
    comment: str | None = Field(None, description="评价的话")
    submission_id: str | None = Field(None, description="并件后，是哪位反映人（来件编号）的评价")
    level: str | None = Field(None, description="urge 督办，listed 挂牌督办")
    person: str | None = Field(None, description="挂牌督办的包案人")
    by: ReadMoment = Field(None, description="督办期限")


class DecisionIn(BaseModel):
    """经办人的认定。没填的照系统建议；都不填即确认建议。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"lead": "住建局", "urgency": 2, "reason": "有老人被困，提为紧急"}]
        },
    )

    lead: str | None = Field(None, description="主办单位名称")
    assisting: list[str] | None = Field(None, max_length=20, description="协办单位名称")
    domain: str | None = Field(None, description="领域编码")
    urgency: int | None = Field(None, ge=1, le=4, description="1 特急，2 紧急，3 较急，4 一般")
    nature: str | None = Field(None, description="诉求性质；检举控告转入纪检台账")
    division: str | None = Field(None, max_length=12, description="行政区划代码")
    reason: str = Field("", max_length=2000, description="理由")
    alarm: str | None = Field(
        None, description="特急的同时转紧急热线：110、119、120、122；紧急程度随之为特急"
    )
    entry: Number | None = Field(None, description="一件多事拆分后，改的是哪一条目")
    version: int | None = Field(None, description="看到的条目版本，还没有条目的为 0")


class CommandOut(_Out):
    """现在可以对条目办的一个动作。"""

    command: Command
    name: str
    needs: list[str] = Field(description="须填的字段")
    takes: list[str] = Field(description="可填的字段")


_COMMANDS = TypeAdapter(list[CommandOut])


class StandingOut(_Out):
    """条目现在的样子，和调用者这时可以办的动作；转送纪检的，条目为空，只有回执。"""

    entry: EntryOut | None
    commands: list[CommandOut]
    notice: str | None = None


class DecidedOut(_Out):
    """认定的结果；转入纪检台账的，条目为空。"""

    entry: EntryOut | None
    notice: str | None = None


class ActionOut(_Out):
    """经办记录的一步。"""

    id: int
    command: Command
    who: str
    note: str
    data: dict[str, Any]
    from_state: EntryState
    to_state: EntryState
    version: int
    at: Moment

    @computed_field
    def name(self) -> str:
        """动作的中文名"""
        return COMMAND_NAMES[self.command]

    @computed_field
    def to_state_name(self) -> str:
        """此后状态的中文名"""
        return STATE_NAMES[self.to_state]


class ReplyOut(_Out):
    """一次回告。"""

    id: int
    text: str
    outcome: Outcome
    quality: dict[str, Any] | None = Field(description="答复质量的提示，供参考")
    who: str
    at: Moment

    @computed_field
    def outcome_name(self) -> str:
        """办理结果的中文名"""
        return OUTCOME_NAMES[self.outcome]


class EvaluationOut(_Out):
    """一位反映人对回告的评价。"""

    id: int
    submission_id: str
    source: str = Field(description="citizen 反映人自评，callback 回访")
    solved: bool
    satisfaction: int
    comment: str
    who: str
    at: Moment


class ExtensionOut(_Out):
    """一份延期申请。"""

    id: int
    amount: int
    unit: str
    reason: str
    who: str
    at: Moment
    granted: bool | None = Field(description="空：还没有批")
    decided_by: str | None
    decided_note: str | None
    decided_at: Moment | None


class AttachmentOut(_Out):
    """一个附件；内容另取。"""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    who: str
    at: Moment


class SharedProblemOut(_Out):
    """条目的来件所属的共性问题。"""

    id: int
    name: str
    size: int = Field(description="有几件来件")


class EntryFileOut(_Out):
    """一条台账的全部：各反映人的来件、经办记录、回告、评价、延期、附件。"""

    entry: EntryOut
    submissions: list[SubmissionOut] = Field(description="各反映人的来件，自己的在前")
    suggestion: dict[str, Any] | None
    actions: list[ActionOut]
    decisions: list[DecisionOut]
    replies: list[ReplyOut]
    evaluations: list[EvaluationOut]
    extensions: list[ExtensionOut]
    attachments: list[AttachmentOut]
    merged: list[int] = Field(description="并入本条目的条目编号")
    others: list[int] = Field(description="同一来件的其他事项的条目编号")
    problem: SharedProblemOut | None = Field(
        description="所属的共性问题；没有，或调用者不能看共性问题的，为空"
    )
    people: dict[str, str] = Field(description="经办人的登录名和姓名；不是用户的不在内")
    commands: list[CommandOut] = Field(description="调用者这时可以办的动作")


def spell_standing(entry: StoredEntry, commands: tuple[Command, ...]) -> bytes:
    """As `StandingOut` says, of an entry that is still to be seen. What is told of the commands is
    kept, so that only the entry has to be spelt."""
    told = EntryOut.model_validate(entry).model_dump_json().encode()
    return b'{"entry":%b,"commands":%b,"notice":null}' % (
        told,
        _spell_commands(commands, entry.state),
    )


def describe_commands(entry: StoredEntry, commands: tuple[Command, ...]) -> list[CommandOut]:
    """Each command with what it needs and takes in the state of this entry."""
    return [_describe(command, entry.state) for command in commands]


@lru_cache(maxsize=1024)
def _spell_commands(commands: tuple[Command, ...], state: EntryState) -> bytes:
    return _COMMANDS.dump_json([_describe(command, state) for command in commands])


@cache
def _describe(command: Command, state: EntryState) -> CommandOut:
    row = get_transition(command, state=state)
    return CommandOut(
        command=command,
        name=COMMAND_NAMES[command],
        needs=list(row.needs),
        takes=list(row.takes),
    )
