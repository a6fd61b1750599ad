"""The commands of `triage audit`: is the event log still what was written?"""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.town import open_store_here
from triage.errors import InvalidInput, TriageError

if TYPE_CHECKING:
    from triage.ledger.chain import Anchor

app = typer.Typer(help="操作日志的核验。", no_args_is_help=True)
_ANCHOR = re.compile(r"([0-9]{1,18})[:：]([0-9a-f]{64})")


@app.command()
def verify(
    anchor: Annotated[
        str | None,
        typer.Option(metavar="编号:哈希", help="上次核验时抄录的末尾，一并核对它仍在原处"),
    ] = None,
) -> None:
    """从头核验操作日志的哈希链，指出第一处断裂；最后一行“编号:哈希”请抄录留存。"""
    from api.files.reading import CHINA_TIME
    from triage.ledger.chain import verify_chain

    noted = _read_anchor(anchor)
    with open_store_here() as store, store.reading() as session:
        report = verify_chain(session, anchor=noted)
    if report.broken is not None:
        at = report.broken.at
        when = f"（{at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}）" if at else ""
        raise TriageError(
            f"操作日志在第 {report.broken.id} 号事件{when}处断裂：{report.broken.reason}；"
            f"此前 {report.sound} 条完好。请保存数据库现状并报告主管人员"
        )
    print(f"操作日志共 {report.sound} 条，链条完整", file=sys.stderr)
    if report.last is not None:
        print(f"{report.last.id}:{report.last.hash}")


def _read_anchor(spelt: str | None) -> "Anchor | None":
    from triage.ledger.chain import Anchor

    if spelt is None:
        return None
    found = _ANCHOR.fullmatch(spelt.strip())
    if found is None:
        raise InvalidInput("--anchor 应原样填写上次核验输出的“编号:哈希”，请核对")
    return Anchor(int(found[1]), found[2])
