"""What comes in where a report is written with words of one's own."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

MAX_UNIT = 100
MAX_TEXT = 10_000


class ReportIn(BaseModel):
    """要写的一份报表，和自己写的文字。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "day": "2026-11-22",
                    "unit": "安平县信访局",
                    "text": "请各单位逐件核实，三日内回告。\n说未解决的，重新办理。",
                }
            ]
        },
    )

    day: date | None = Field(None, description="哪一天、这天所在的周或月；不填为今天")
    first: date | None = Field(None, description="自定起日，与 last 同填，代替 day")
    last: date | None = Field(None, description="自定止日（含）")
    unit: str = Field("", max_length=MAX_UNIT, description="编报单位，印在标题下")
    text: str = Field(
        "",
        max_length=MAX_TEXT,
        description="自己写的文字，一行一段：通报为“有关要求”，汇报和总结为“有关说明”",
    )


BODIES = (ReportIn,)
