"""The commands of `triage reports`: the reports that a supervisor writes, for a timetable."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.town import load_town_settings, now, open_store_here
from api.faults import name_fault
from api.reports.periods import Report
from triage.errors import InvalidInput

app = typer.Typer(help="日汇报、周总结、通报（Word）。", no_args_is_help=True)

Kind = Annotated[Report, typer.Argument(metavar="KIND", help="daily、weekly 或 bulletin")]


@app.command()
def write(
    kind: Kind,
    output: Annotated[Path, typer.Option("-o", "--output", help="写到哪个 .docx 文件")],
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="哪一天、这天所在的周或月；不填为今天"),
    ] = None,
    unit: Annotated[str, typer.Option(help="编报单位，印在标题下")] = "",
) -> None:
    """写一份日汇报（daily）、周总结（weekly）或通报（bulletin）。"""
    from api.reports.periods import find_period
    from api.reports.writing import write_report
    from triage.calendar import day_of
    from triage.roles import ROLE_ACTIONS, Caller, Role

    moment = now()
    period = find_period(kind, day.date() if day else day_of(moment))
    with open_store_here() as store, store.reading() as session:
        document = write_report(
            session,
            kind,
            period,
            data_dir=load_town_settings().data_dir,
            unit=unit,
            caller=Caller("cli", ROLE_ACTIONS[Role.SUPERVISOR]),
            now=moment,
        )
    _save(output, document)
    print(f"已写好 {period.name} 的报告：{output}", file=sys.stderr)


@app.command()
def template(
    kind: Kind,
    output: Annotated[Path, typer.Argument(metavar="OUT", help="写到哪个 .docx 文件")],
) -> None:
    """取得现用的模板；改好后放进本地数据目录。"""
    from api.reports.writing import read_template, template_name

    _save(output, read_template(kind, data_dir=load_town_settings().data_dir))
    print(
        f"已写好模板 {output}；改好后以 {template_name(kind)} 为名放进本地数据目录",
        file=sys.stderr,
    )


def _save(path: Path, content: bytes) -> None:
    if path.suffix.lower() != ".docx":
        raise InvalidInput(f"报告是 Word 文档，请把 {path.name} 改为 .docx 结尾的文件名")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"写不了 {path}（{name_fault(error)}），请检查路径和权限") from error
