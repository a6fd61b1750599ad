"""The command `triage replies`: how good are the replies in a file?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.town import load_settings
from api.cli.usage import read_columns

SOME_ROWS_BAD = 3
_SHOWN = 5


def replies(
    source: Annotated[
        str,
        typer.Argument(metavar="IN", help="来件与回告的文件 .jsonl/.csv/.xlsx/.xls；- 为标准输入"),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="结果文件 .jsonl/.csv/.xlsx；缺省以 JSON 行输出到屏幕"),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="字段=列名", help="指明某字段在文件中的列名，可多次使用"),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表名")] = None,
    model: Annotated[
        Path | None, typer.Option(help="回告质量模型的目录，缺省用设置中的模型")
    ] = None,
) -> None:
    """对照来件评估每篇回告：针对性、完整性、依据、措施，是否疑似敷衍，各有理由。"""
    from api.files.replyfiles import assess_file
    from triage.replymodels import load_reply_model

    tally = assess_file(
        None if source == "-" else Path(source),
        output,
        model=load_reply_model(model or load_settings().reply_model_dir),
        columns=read_columns(column, example="reply=答复意见"),
        worksheet=sheet,
    )
    for note in tally.notes:
        _say(f"提示：{note}")
    _say(f"完成 {tally.done} 篇，{tally.perfunctory} 篇疑似敷衍，{len(tally.bad)} 行有误")
    for error in tally.bad[:_SHOWN]:
        place = f"第 {error.number} 行" if error.number else f"编号 {error.id}"
        _say(f"  {place}：{error.message}")
    raise typer.Exit(SOME_ROWS_BAD if tally.bad else 0)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
