"""What goes in and out where repeats are shown, merged and dismissed. The examples are invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.entries import Number
from api.schemas.submissions import EntryOut, Moment, SubmissionOut, TakenOut
from triage.ledger.repeatlist import RepeatLine
from triage.ledger.states import RepeatState
from triage.repeats import REPEAT_NAMES, RepeatKind, mark_differences
from triage.suggestions import Suggestion

REPEAT_STATE_NAMES = {
    RepeatState.SUSPECTED: "疑似重复",
    RepeatState.MERGED: "已并件",
    RepeatState.DISMISSED: "不是重复",
}


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PieceOut(_Out):
    """一段文字：两件都有，还是只有一件有。"""

    where: Literal["both", "one", "other"] = Field(
        description="both 两件相同，one 只有本件有，other 只有另一件有"
    )
    text: str


class RepeatOut(_Out):
    """一件疑似重复的来件。"""

    other: SubmissionOut = Field(description="与之重复的另一件")
    kind: RepeatKind = Field(
        description="same_person 重复信访，same_text 联名或群发，same_matter 同一事项的另一说法"
    )
    similarity: float | None = Field(description="相同的字词占多少，0 到 1；另一说法不比字词")
    entries: list[EntryOut] = Field(description="另一件的台账条目，限可见的")
    state: RepeatState | None = Field(
        description="suspected 疑似，merged 已并件，dismissed 不是重复；空表示还没有记下来"
    )
    found_at: Moment | None
    decided_by: str | None
    decided_note: str | None
    decided_at: Moment | None

    @computed_field
    def kind_name(self) -> str:
        """种类的中文名"""
        return REPEAT_NAMES[self.kind]

    @computed_field
    def state_name(self) -> str | None:
        """状态的中文名"""
        return self.state and REPEAT_STATE_NAMES[self.state]


class MarkedRepeatOut(RepeatOut):
    """一件疑似重复的来件，不同的字词已标出。"""

    differences: list[PieceOut] = Field(description="两件的正文逐词对照，依次拼起来读")


class RepeatsOut(_Out):
    """一件来件的疑似重复件，一页。"""

    lines: list[MarkedRepeatOut] = Field(description="后查到的在前")
    in_other_words: list[RepeatOut] = Field(
        description="同一共性问题中的其他来件（另一说法），至多 20 件，后来的在前；只在第一页"
    )
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class RepeatPairOut(RepeatOut):
    """一对疑似重复的来件。"""

    submission: SubmissionOut = Field(description="后来的一件")


class RepeatPageOut(_Out):
    """疑似重复的一页，后查到的在前。"""

    lines: list[RepeatPairOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class AcceptedOut(TakenOut):
    """一件来件现在的样子，连同它可能重复的来件。"""

    repeats: list[RepeatOut] = Field(
        description="可能与之重复的先前来件，至多 3 件，最像的在前；没有查看权限的为空"
    )


@dataclass(frozen=True, slots=True)
class Suggested(Suggestion):
    """系统建议，连同可能与之重复的来件，不同的字词已标出；没有查看权限的为空。"""

    repeats: tuple[MarkedRepeatOut, ...]


class RepeatMergeIn(BaseModel):
    """把本件的条目并入另一件的条目。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"other": "WX-1", "version": 1, "note": "同一部电梯"}]},
    )

    other: str = Field(description="与之重复的另一件来件的编号")
    version: int = Field(description="看到的本件条目的版本；已被他人改过的答 409")
    note: str = Field("", description="说明，至多 2,000 字")
    entry: Number | None = Field(None, description="本件已拆分时，并哪一个条目")
    into: Number | None = Field(None, description="另一件已拆分时，并入哪一个条目")


class RepeatDismissIn(BaseModel):
    """这两件不是同一事项。"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"other": "WX-1", "note": "不是同一栋"}]}
    )

    other: str = Field(description="另一件来件的编号")
    note: str = Field("", description="理由，至多 2,000 字")


BODIES = (RepeatMergeIn, RepeatDismissIn)


def mark(line: RepeatLine, content: str) -> dict[str, Any]:
    """A line with the words in which `content` and the other submission differ."""
    told = {name: getattr(line, name) for name in line.__slots__}
    return told | {"differences": mark_differences(content, line.other.content)}


def add_repeats(suggestion: Suggestion, lines: Sequence[RepeatLine], *, content: str) -> Suggested:
    """The suggestion with what its text (`content`) probably repeats."""
    said = {name: getattr(suggestion, name) for name in Suggestion.__slots__}
    marked = (MarkedRepeatOut.model_validate(mark(line, content)) for line in lines)
    return Suggested(**said, repeats=tuple(marked))
