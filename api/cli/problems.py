"""The command `triage problems`: which problems do many submissions of a file share?"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.town import load_town_settings
from api.cli.usage import read_columns
from triage.calendar import CHINA_TIME
from triage.errors import InvalidInput

SOME_ROWS_BAD = 3
_SHOWN = 5


def problems(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="来件文件 .jsonl/.csv/.xlsx/.xls；- 为标准输入")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="结果文件 .json；缺省输出到屏幕")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="字段=列名", help="指明某字段在文件中的列名，可多次使用"),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表名")] = None,
    model: Annotated[Path | None, typer.Option(help="模型目录，缺省用设置中的模型")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="进程数，缺省为处理器核数")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="有误的行另存到哪里，缺省为 OUT.errors.csv")
    ] = None,
    confidential: Annotated[
        bool,
        typer.Option("--confidential", help="检举控告也归并、也用其文字；结果只许有权查看的人看"),
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(help="在 Dask 集群上做：tcp://… 或 local；这时 IN 与 OUT 都是文件夹"),
    ] = None,
) -> None:
    """找出文件中许多来件共有的具体问题：名称、成员、热度、主题、建议任务。"""
    from api.files.batch import DeskFiles
    from api.files.exports import check_targets, name_errors
    from api.files.problemfile import find_problems, write_answer, write_errors
    from api.files.rows import make_whole

    started = time.monotonic()
    settings = load_town_settings()
    desk_files = DeskFiles(model or settings.model_dir, settings.data_dir)
    columns = read_columns(column, example="content=诉求内容")
    if cluster is not None:
        from api.cli.archives import group_archive

        if output is None or source == "-" or errors is not None or confidential:
            raise InvalidInput(
                "用 --cluster 时，IN 是来件文件夹，-o 是结果文件夹，不用 --errors、--confidential"
            )
        raise typer.Exit(
            group_archive(
                Path(source),
                output,
                cluster=cluster,
                workers=workers,
                desk_files=desk_files,
                columns=columns,
                worksheet=sheet,
            )
        )
    path = None if source == "-" else Path(source)
    side = errors or name_errors(output or path or Path("stdin"))
    check_targets(path, output, side)
    answer, tally = find_problems(
        path,
        desk_files=desk_files,
        now=datetime.now(CHINA_TIME),
        columns=columns,
        worksheet=sheet,
        workers=workers,
        confidential=confidential,
    )
    if output is None:
        print(make_whole(json.dumps(answer, ensure_ascii=False)))
    else:
        write_answer(answer, output)
    for note in tally.notes:
        _say(f"提示：{note}")
    if tally.confidential:
        _say(f"提示：{tally.confidential} 件检举控告，不参加归并，请由纪检员处理")
    if tally.suspected:
        _say(f"提示：{tally.suspected} 件疑似检举控告，只列编号、不用其文字，请由纪检员核对")
    _say(
        f"完成 {tally.submissions} 件，共性问题 {tally.problems} 个，{len(tally.bad)} 行有误，"
        f"用时 {time.monotonic() - started:.1f} 秒"
    )
    for error in tally.bad[:_SHOWN]:
        place = f"第 {error.number} 行" if error.number else f"编号 {error.id}"
        _say(f"  {place}：{error.message}")
    if tally.bad:
        write_errors(tally.bad, side)
        _say(f"  有误的行另存于 {side}，改正后可再处理")
    raise typer.Exit(SOME_ROWS_BAD if tally.bad else 0)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
