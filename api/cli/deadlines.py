"""The commands of `triage deadlines`: which rules there are, which hold, and is a file sound?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.town import load_town_settings, now, open_store_here
from api.faults import name_fault
from triage.errors import InvalidInput

if TYPE_CHECKING:
    from triage.deadlines import Rulebook

app = typer.Typer(help="时限规则。", no_args_is_help=True)


@app.command()
def show() -> None:
    """列出可以采用的各套时限规则，和现行的这一套。"""
    from api.rulebooks import find_rulebooks
    from triage.ledger.timetables import load_time_settings

    with open_store_here() as store, store.reading() as session:
        settings = load_time_settings(session)
    for rulebook in find_rulebooks(load_town_settings().data_dir):
        mark = "（现行）" if rulebook == settings.rulebook else ""
        print(f"{rulebook.name}\t{rulebook.title}{mark}")
    print()
    _print_rules(settings.rulebook)


@app.command()
def use(name: Annotated[str, typer.Argument(help="哪一套，如 sichuan")]) -> None:
    """采用一套时限规则；以后交办的按它，在办的不变。"""
    from api.rulebooks import find_rulebooks
    from triage.deadlines import get_rulebook
    from triage.ledger.timetables import change_time_settings
    from triage.roles import SHELL

    rulebook = get_rulebook(name, find_rulebooks(load_town_settings().data_dir))
    with open_store_here() as store, store.writing() as session:
        change_time_settings(session, {"rulebook": rulebook.as_dict()}, caller=SHELL, now=now())
    print(f"已采用“{rulebook.title}”（{rulebook.name}），以后交办的按它计算")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="自己的 deadlines.toml")],
) -> None:
    """检查自己的时限规则文件能否使用，指出第一处错误。"""
    from triage.deadlines import load_rulebooks

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"打不开 {file}（{name_fault(error)}），请核对路径和权限") from error
    for rulebook in load_rulebooks(data):
        _print_rules(rulebook)


def _print_rules(rulebook: "Rulebook") -> None:
    """Each rule on a line, as clerks read it."""
    print(f"{rulebook.title}（{rulebook.name}）：{rulebook.source}")
    for rule in rulebook.rules:
        told = [
            f"{label} {span.name}"
            for label, span in (
                ("办结", rule.within),
                ("签收", rule.accept),
                ("退回", rule.object),
                ("延期至多", rule.extension),
            )
            if span is not None
        ]
        print(f"  {rule.name}\t{'，'.join(told) or '不计时'}")
