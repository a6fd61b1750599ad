"""What goes in and out where an administrator sets the town's desk: tables, line, models."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.submissions import Moment

MOST_ROWS = 5_000
_VERSION = "看到的版本；没有在台面上设过的为空文字"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TableIn(_In):
    """一张表：各行按 `columns` 的顺序写单元格；几个值用顿号隔开。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "version": "",
                    "columns": ["代码", "名称", "全称", "类别", "别名", "职责", "上级代码"],
                    "rows": [["housing", "住建局", "住房和城乡建设局", "政府部门", "", "住房", ""]],
                }
            ]
        },
    )

    version: str = Field("", max_length=40, description=_VERSION)
    columns: list[str] = Field(max_length=50, description="表头")
    rows: list[list[str]] = Field(max_length=MOST_ROWS, description="各行的单元格")

    def read(self) -> list[dict[str, str]]:
        """The rows under their headings."""
        return [dict(zip(self.columns, cells, strict=False)) for cells in self.rows]


class TableFileIn(_In):
    """一个 Excel 或 CSV 文件，读成表，不保存。"""

    # Two lines: 代码,名称 and housing,住建局
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"file_name": "单位.csv", "content": "5Luj56CBLOWQjeensApob3VzaW5nLOS9j+W7uuWxgAo="}
            ]
        }
    )

    file_name: str = Field("表.xlsx", max_length=255, description="文件名")
    content: str = Field(description="文件内容，base64 编码")


class TableOut(_Out):
    """现行的一张表。"""

    version: str = Field(description="改的时候带上；空文字表示用的是数据目录或自带的文件")
    columns: list[str]
    rows: list[list[str]]
    changed_by: str | None
    changed_at: Moment | None


class CallOut(_Out):
    """系统建议中决定去向的几项。"""

    lead: str | None
    assisting: list[str]
    domain: str
    urgency: int
    nature: str
    review: bool = Field(description="是否须人工复核")


class ChangedOut(_Out):
    """试算中会变的一件。"""

    submission_id: str
    before: CallOut
    after: CallOut


class MoveOut(BaseModel):
    """从一个主办单位改到另一个的有几件；空为人工指定。"""

    before: str | None
    after: str | None
    count: int


class TrialOut(BaseModel):
    """试算：用最近一个月的来件（至多 1000 件，不含检举控告）各算一遍，看会变什么；不保存。"""

    submissions: int = Field(description="算了几件")
    review_before: int = Field(description="现在须人工复核的几件")
    review_after: int = Field(description="改了以后的几件")
    parts: dict[str, int] = Field(
        description="变了几件：lead 主办、assisting 协办、domain 领域、urgency 紧急程度、"
        "nature 性质、review 是否复核"
    )
    moves: list[MoveOut]
    changed: list[ChangedOut] = Field(description="其中的一些，至多 100 件")


class LineIn(_In):
    """复核线：一级领域的把握低于它的，须人工复核。"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"line": 0.95}]})

    version: str = Field("", max_length=40, description=_VERSION)
    line: float = Field(description="0.5 到 0.9999")


class CurvePointOut(_Out):
    """一条线：不经复核直接派单的占多少，其中一级领域对的占多少。"""

    line: float | None = Field(description="空：模型卡没有写")
    coverage: float
    accuracy: float | None
    submissions: int | None


class LineOut(_Out):
    """现行的复核线，和选它用的曲线。"""

    version: str
    line: float
    shipped: float = Field(description="模型自带的线")
    changed_by: str | None
    changed_at: Moment | None
    card: list[CurvePointOut] = Field(description="模型卡上的几点，由没有见过的来件测出")
    own: list[CurvePointOut] = Field(
        description="本地近 90 天：没有人复核过的算对，复核得少时准确率偏高"
    )


class ModelOut(BaseModel):
    """模型目录中的一个模型。"""

    folder: str
    id: str
    created: str | None
    in_use: bool
    fault: str | None = Field(description="为什么不能用；空为没有发现问题，切换时再细查")
    scores: dict[str, Any] = Field(description="各组的成绩，见模型卡")
    lines: dict[str, float]
    bytes: int


class ModelsOut(BaseModel):
    """可供切换的模型。"""

    version: str
    in_use: str = Field(description="现在用的模型的编号")
    previous: str | None = Field(description="上一个用的模型的目录，供退回；没有切换过的为空")
    changed_by: str | None
    changed_at: Moment | None
    models: list[ModelOut]


class ModelIn(_In):
    """要用的模型。"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"folder": "default", "version": ""}]}
    )

    version: str = Field("", max_length=40, description=_VERSION)
    folder: str = Field(max_length=255, description="模型的目录名")


class CardOut(BaseModel):
    """模型卡，Markdown。"""

    folder: str
    text: str


BODIES = (TableIn, TableFileIn, LineIn, ModelIn)
