"""The commands of `triage lists`: bring an existing problem list in."""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.town import load_town_settings, now
from api.cli.usage import read_columns
from triage.errors import InvalidInput

if TYPE_CHECKING:
    from api.files.listimport import ListImport

SOME_ROWS_BAD = 3
_SHOWN = 20

app = typer.Typer(help="四张清单。", no_args_is_help=True)


@app.callback()
def lists() -> None:
    """四张清单。"""


@app.command("import")
def import_command(
    source: Annotated[Path, typer.Argument(metavar="IN", help="清单文件 .xlsx/.xls/.csv/.jsonl")],
    name: Annotated[
        str | None, typer.Option(help="清单名称，用于没有编号的行；缺省为文件名")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="字段=列名", help="指明某字段在文件中的列名，可多次使用"),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表名")] = None,
    outcome: Annotated[
        str | None,
        typer.Option(help="已销号而没写办理结果的按哪种算：solved explained not_supported"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="只试读，不导入")] = False,
) -> None:
    """导入一份已有的问题清单；同一份再导入一次无害。"""
    from api.files.listimport import import_list
    from api.service import open_service
    from triage.ledger.states import Outcome
    from triage.roles import ROLE_ACTIONS, SHELL, Caller, Role

    if outcome is not None and outcome not in set(Outcome):
        raise InvalidInput(f"--outcome 应为 {'、'.join(Outcome)} 之一，请改正")
    with closing(open_service(load_town_settings())) as service:
        run = import_list(
            service,
            source,
            caller=Caller(SHELL.who, ROLE_ACTIONS[Role.CLERK]),
            now=now(),
            name=source.stem if name is None else name,
            columns=read_columns(column, example="lead=包案单位"),
            worksheet=sheet,
            outcome=Outcome(outcome) if outcome else None,
            check=check,
        )
    _tell(run, check=check)
    raise typer.Exit(SOME_ROWS_BAD if any(row.error for row in run.rows) else 0)


def _tell(run: "ListImport", *, check: bool) -> None:
    for field, header in run.columns.items():
        print(f"{field} ← {header}")
    if run.others:
        print(f"没有读的列：{'、'.join(run.others)}")
    bad = [row for row in run.rows if row.error is not None]
    good = len(run.rows) - len(bad)
    if check:
        print(f"可以导入 {good} 行，有误 {len(bad)} 行（只是试读，没有导入）")
    else:
        created = sum(row.filed is not None and row.filed.created for row in run.rows)
        print(f"新导入 {created} 行，此前已有 {good - created} 行，有误 {len(bad)} 行")
    for note in run.notes:
        print(f"提示：{note}", file=sys.stderr)
    for row in bad[:_SHOWN]:
        assert row.error is not None  # noqa: S101 - that is what makes it bad
        print(f"  第 {row.number} 行：{row.error.message}", file=sys.stderr)
    if len(bad) > _SHOWN:
        print(f"  ……其余 {len(bad) - _SHOWN} 行从略", file=sys.stderr)
