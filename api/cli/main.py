"""The `triage` command. Each command wraps plain functions and imports them when it is called.

Results go to files or standard output, all that is said to the person to standard error, in
Chinese. Exit codes: 0 done, 1 could not be done, 2 wrong usage, 3 done but some rows are bad,
130 interrupted.
"""

import gc
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from api.cli import audit as cli_audit
from api.cli import deadlines as cli_deadlines
from api.cli import lists as cli_lists
from api.cli import reports as cli_reports
from api.cli import tables as cli_tables
from api.cli import users as cli_users
from api.cli.keyfile import rotate_keys
from api.cli.problems import problems
from api.cli.regroup import regroup
from api.cli.replies import replies
from api.cli.town import (
    load_settings,
    load_town_settings,
    now,
    open_store_here,
    tell_new_database,
)
from api.cli.usage import WrongUsage, explain_usage, read_columns
from api.faults import name_fault
from triage.errors import InvalidInput, TriageError

if TYPE_CHECKING:
    from api.files.batch import DeskFiles
    from api.settings import Settings
    from triage.desk import Desk

SOME_ROWS_BAD = 3
INTERRUPTED = 130

app = typer.Typer(
    help="民声分诊：读群众来件，标领域、紧急程度、诉求性质与地点，建议承办单位。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
keys_app = typer.Typer(help="接口密钥的新建、查看与吊销。", no_args_is_help=True)
db_app = typer.Typer(help="数据库。", no_args_is_help=True)
keys_app.command("rotate")(rotate_keys)
app.add_typer(keys_app, name="keys")
app.add_typer(db_app, name="db")
app.command()(problems)
app.command()(replies)
app.command()(regroup)
app.add_typer(cli_audit.app, name="audit")
app.add_typer(cli_deadlines.app, name="deadlines")
app.add_typer(cli_lists.app, name="lists")
app.add_typer(cli_reports.app, name="reports")
app.add_typer(cli_tables.catalogue, name="catalogue")
app.add_typer(cli_tables.departments, name="departments")
app.add_typer(cli_tables.taxonomy, name="taxonomy")
app.add_typer(cli_users.app, name="users")

InputFile = Annotated[
    str, typer.Argument(metavar="IN", help="来件文件 .jsonl/.csv/.xlsx/.xls；- 为标准输入")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="字段=列名", help="指明某字段在文件中的列名，可多次使用；列名留空则不读"
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="local|tcp://…",
        help="在 Dask 集群上逐个部分地做：IN、OUT 为文件夹，结果为 Parquet，可中断后接着做",
    ),
]
Worksheet = Annotated[
    str | None, typer.Option("--sheet", help="工作表名，缺省为第一张有表头的工作表")
]


@app.command()
def classify(
    source: InputFile,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="结果文件 .jsonl/.csv/.xlsx；缺省以 JSON 行输出到屏幕"),
    ] = None,
    column: Columns = None,
    sheet: Worksheet = None,
    model: Annotated[Path | None, typer.Option(help="模型目录，缺省用设置中的模型")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="进程数，缺省为处理器核数")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="有误的行另存到哪里，缺省为 OUT.errors.csv")
    ] = None,
    cluster: Cluster = None,
) -> None:
    """给文件中的每件来件标注领域、紧急程度、性质、地点和建议承办单位，顺序不变。"""
    if cluster is not None:
        _classify_archive(source, output, column, sheet, model, workers, errors, cluster)
    from api.files.batch import TABLE_HEADER, suggest_all, table_row
    from api.files.jobs import Job
    from api.files.reading import RowError

    job = Job(_input_path(source), output=output, errors=errors, header=TABLE_HEADER)
    desk_files = _desk_files(model)
    with job.reading(columns=_column_map(column), worksheet=sheet) as rows:
        for result in suggest_all(rows, desk_files=desk_files, workers=workers, at=job.at):
            if isinstance(result, RowError):
                job.write_error(result)
            else:
                record = table_row(result) if job.is_table else result.suggestion
                job.write(record, review=result.suggestion["needs_review"])
    raise typer.Exit(SOME_ROWS_BAD if job.bad else 0)


@app.command()
def redact(
    source: InputFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="结果文件 .jsonl/.csv/.xlsx")],
    column: Columns = None,
    sheet: Worksheet = None,
) -> None:
    """遮盖标题、内容、地点中的姓名、电话、证件号等个人信息；其余列不写出。"""
    from api.files.jobs import Job
    from api.files.reading import RowError
    from api.files.redaction import REDACTED_HEADER, mask_error, mask_submission

    job = Job(_input_path(source), output=output, header=REDACTED_HEADER)
    with job.reading(columns=_column_map(column), worksheet=sheet) as rows:
        for row in rows:
            if isinstance(row, RowError):
                job.write_error(mask_error(row))
            else:
                job.write(mask_submission(row, table=job.is_table))
    raise typer.Exit(SOME_ROWS_BAD if job.bad else 0)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="监听地址，缺省为设置中的 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="端口，缺省为 8000")] = None,
) -> None:
    """启动服务（HTTP 接口与工作台），按 Ctrl-C 停止。"""
    gc.disable()  # while everything is loaded: a tenth of that time, and nothing to collect
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_town_settings().model_copy(update=given)
    tell_new_database(settings)
    with ThreadPoolExecutor(1) as thread:
        desk = thread.submit(_load_desk, settings)
        from api.app import serve as serve_app  # takes longer than the model

    serve_app(settings, desk=desk.result())


@app.command()
def worker() -> None:
    """单独推送消息、做定时工作（serve 设了 TRIAGE_RUN_WORKER=false 时用），按 Ctrl-C 停止。"""
    from api.background.worker import run_worker
    from api.logs import configure_logs

    settings = load_town_settings()
    tell_new_database(settings)
    configure_logs(settings)
    run_worker(settings)


@app.command()
def version() -> None:
    """显示版本号。"""
    from importlib.metadata import version as installed_version

    print(installed_version("minsheng-triage"))


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口")] = 8000,
) -> None:
    """起一个演示服务：虚构的县 90 天的来件，每个角色一个登录，可用浏览器打开。"""
    from api.demo import run_demo

    run_demo(port=port)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """建立数据库，或升级到本版本的结构。"""
    with open_store_here():
        print("数据库已是最新结构")


@db_app.command("backup")
def db_backup(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="备份写到哪个文件，不能是已有的")],
) -> None:
    """把 SQLite 数据库备份成一个文件；服务不必停。"""
    from triage.ledger.sqlite import copy_sqlite

    settings = load_settings()
    path = settings.find_database_file()
    if path is None:
        raise InvalidInput("数据库不是 SQLite，请用 pg_dump 备份")
    if not path.is_file():
        raise InvalidInput(f"没有数据库 {path.absolute()}，请核对 TRIAGE_DATABASE_URL 和所在文件夹")
    if output.exists():
        raise InvalidInput(f"{output} 已经存在，备份不覆盖已有的文件，请换个名字")
    copy_sqlite(path, output)
    print(f"已备份到 {output}（{output.stat().st_size:,} 字节）")
    print(
        f"里面有来件原文，请按密级保管；密钥文件 {settings.find_key_file()} 不在其中，"
        "请另外备份到别处",
        file=sys.stderr,
    )


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="名称，写明哪个系统在用")],
    scope: Annotated[
        list[str],
        typer.Option(help="权限，可多次使用：submit suggest read review work discipline admin"),
    ],
    department: Annotated[
        str | None, typer.Option(help="只许看这个责任单位的台账（名称或代码）")
    ] = None,
) -> None:
    """新建一个接口密钥；密钥只显示这一次。"""
    from triage.ledger.keys import create_key

    with open_store_here() as store, store.writing() as session:
        plain, _ = create_key(session, name=name, scopes=scope, now=now(), department=department)
    print(plain)
    print("请立即保存，此后无法再次显示", file=sys.stderr)


@keys_app.command("list")
def keys_list() -> None:
    """列出所有密钥（不含密钥本身）。"""
    from rich.console import Console
    from rich.table import Table

    from triage.ledger.keys import list_keys

    table = Table("编号", "名称", "前缀", "权限", "责任单位", "建立", "最近使用", "状态")
    with open_store_here() as store, store.reading() as session:
        for key in list_keys(session):
            table.add_row(
                str(key.id),
                key.name,
                key.prefix,
                " ".join(sorted(key.scopes)),
                key.department or "",
                f"{key.created_at:%Y-%m-%d}",
                f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "从未",
                "已吊销" if key.revoked_at else "有效",
            )
    Console(soft_wrap=True).print(table)


@keys_app.command("revoke")
def keys_revoke(
    key: Annotated[int, typer.Argument(metavar="编号", help="见 triage keys list")],
) -> None:
    """吊销一个密钥，一秒内生效，不能恢复。"""
    from triage.ledger.keys import revoke_key

    with open_store_here() as store, store.writing() as session:
        revoked = revoke_key(session, key, now=now())
    print(f"已吊销密钥 {revoked.id}（{revoked.name}）")


def _classify_archive(
    source: str,
    output: Path | None,
    column: Sequence[str] | None,
    sheet: str | None,
    model: Path | None,
    workers: int | None,
    errors: Path | None,
    cluster: str,
) -> NoReturn:
    from api.cli.archives import classify_archive

    if output is None or source == "-" or errors is not None:
        raise InvalidInput(
            "用 --cluster 时，IN 是来件文件夹，-o 是结果文件夹；"
            "有误的行在结果的 error 列，不用 --errors"
        )
    raise typer.Exit(
        classify_archive(
            Path(source),
            output,
            cluster=cluster,
            workers=workers,
            desk_files=_desk_files(model),
            columns=_column_map(column),
            worksheet=sheet,
        )
    )


def _input_path(source: str) -> Path | None:
    return None if source == "-" else Path(source)


def _column_map(pairs: Sequence[str] | None) -> dict[str, str]:
    return read_columns(pairs, example="content=诉求内容")


def _desk_files(model: Path | None) -> "DeskFiles":
    from api.files.batch import DeskFiles

    settings = load_town_settings()
    return DeskFiles(model or settings.model_dir, settings.data_dir)


def _load_desk(settings: "Settings") -> "Desk | None":
    """The desk of a service of one process; None where each of several loads its own."""
    if settings.workers > 1:
        return None
    from triage.desk import load_desk

    return load_desk(settings.model_dir, data_dir=settings.data_dir)


def run(arguments: Sequence[str]) -> int:
    """The exit code of `triage` with these arguments; what went wrong is one line on stderr."""
    try:
        code = typer.main.get_command(app).main(
            list(arguments), prog_name="triage", standalone_mode=False
        )
    except TriageError as error:
        return _fail(error.message, code=2 if isinstance(error, WrongUsage) else 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has left; that is no error of ours
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except OSError as error:
        what = f" {error.filename} " if error.filename else ""
        return _fail(f"读写{what}出错（{name_fault(error)}），请检查路径、权限和磁盘空间后再试")
    except Exception as error:
        usage = explain_usage(error)
        if usage is None:
            raise
        return _fail(usage, code=2) if usage else 2
    return code if isinstance(code, int) else 0


def _fail(message: str, *, code: int = 1) -> int:
    print(message, file=sys.stderr)
    return code


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
