"""The commands of `triage catalogue` and `triage taxonomy`: the town's tables as spreadsheets."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from api.cli.town import load_settings, load_town_settings
from api.faults import name_fault
from triage.errors import InvalidInput, StoreUnavailable

catalogue = typer.Typer(help="派单目录的导出与导入。", no_args_is_help=True)
departments = typer.Typer(help="单位目录的导出与导入。", no_args_is_help=True)
taxonomy = typer.Typer(help="内容分类表。", no_args_is_help=True)


@catalogue.command("export")
def catalogue_export(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="写到哪个 .xlsx 或 .csv 文件")],
) -> None:
    """把现行派单目录导出为表格，供修改。"""
    from api.files.catalogue import export_catalogue

    settings = load_town_settings()
    written = export_catalogue(output, data_dir=settings.data_dir, model_dir=settings.model_dir)
    print(f"已导出 {len(written.rules)} 条规则到 {output}")


@catalogue.command("import")
def catalogue_import(
    source: Annotated[Path, typer.Argument(metavar="IN", help="修改后的 .xlsx 或 .csv 文件")],
) -> None:
    """检查修改后的派单目录，写入本地数据目录；重启服务后生效。"""
    from api.files.catalogue import import_catalogue

    rules, written = import_catalogue(
        source, data_dir=_get_data_dir("派单目录"), model_dir=load_settings().model_dir
    )
    print(f"已导入 {len(rules.rules)} 条规则，写入 {written}；重启服务后生效")
    if rules.uncovered:
        print(f"提示：{len(rules.uncovered)} 个领域没有规则，其来件将由人工派单")
    if rules.disputed:
        print(f"提示：{len(rules.disputed)} 对规则可能冲突，遇到时由人工裁定")
    _tell_if_set_in_console("catalogue", "派单目录")


@departments.command("export")
def departments_export(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="写到哪个 .xlsx 或 .csv 文件")],
) -> None:
    """把现行单位目录导出为表格，供修改。"""
    from api.files.catalogue import export_departments

    written = export_departments(output, data_dir=load_town_settings().data_dir)
    print(f"已导出 {len(written)} 个单位到 {output}")


@departments.command("import")
def departments_import(
    source: Annotated[Path, typer.Argument(metavar="IN", help="修改后的 .xlsx 或 .csv 文件")],
) -> None:
    """检查修改后的单位目录，写入本地数据目录；重启服务后生效。"""
    from api.files.catalogue import import_departments

    directory, written = import_departments(
        source, data_dir=_get_data_dir("单位目录"), model_dir=load_settings().model_dir
    )
    print(f"已导入 {len(directory)} 个单位，写入 {written}；重启服务后生效")
    _tell_if_set_in_console("departments", "单位目录")


@taxonomy.command("export")
def taxonomy_export(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="写到哪个 .xlsx 或 .csv 文件")],
    name: Annotated[
        str, typer.Option(help="哪一套：letters 信访，db44t2479 广东 DB44/T 2479-2024")
    ] = "letters",
) -> None:
    """把一套自带的内容分类写成表格，供查阅，或作自备分类表的样子。"""
    from api.files.exports import write_table
    from triage.taxonomy import COLUMNS, load_taxonomy, taxonomy_rows

    rows = taxonomy_rows(load_taxonomy(name))
    write_table(output, header=tuple(COLUMNS.values()), records=rows)
    print(f"已导出 {len(rows)} 个三级分类到 {output}")


@taxonomy.command("check")
def taxonomy_check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="分类表 .csv 或 .xlsx（六列：三级的编码与名称）")
    ],
) -> None:
    """检查自备的内容分类表写得对不对。"""
    from api.files.catalogue import read_table
    from triage.taxonomy import read_taxonomy, taxonomy_from_rows

    if file.suffix.lower() in (".xlsx", ".xls"):
        tree = taxonomy_from_rows(read_table(file), name=file.stem)
    else:
        tree = read_taxonomy(_read_bytes(file), name=file.stem)
    level1 = {domain.level1 for domain in tree}
    level2 = {domain.path[:2] for domain in tree}
    print(f"可用：一级 {len(level1)} 类、二级 {len(level2)} 类、三级 {len(tree)} 类")


def _tell_if_set_in_console(name: str, what: str) -> None:
    """Say that what was just written does not count yet: what is set in the console stands over the
    files. A database that is not there, or does not answer, sets nothing."""
    from triage.ledger.store import open_store
    from triage.ledger.townsettings import load_settings as load_set

    settings = load_settings()
    path = settings.find_database_file()
    if path is not None and not path.is_file():
        return
    try:
        with closing(open_store(settings.database_url)) as store, store.reading() as session:
            told = name in load_set(session)
    except StoreUnavailable:
        return
    if told:
        print(
            f"提示：工作台里另设了{what}，以工作台的为准；"
            f"要用刚导入的，请在工作台的“{what}”页按“恢复自带的{what}”",
            file=sys.stderr,
        )


def _get_data_dir(what: str) -> Path:
    """Where the town's own data go. Raises InvalidInput where no setting says so."""
    data_dir = load_settings().data_dir
    if data_dir is None:
        raise InvalidInput(f"请先用环境变量 TRIAGE_DATA_DIR 指明本地数据目录，再导入{what}")
    return data_dir


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"打不开 {path}（{name_fault(error)}），请核对路径和权限") from error
