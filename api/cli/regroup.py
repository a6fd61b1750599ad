"""`triage regroup`: cluster the common problems of the town's own ledger anew."""

from datetime import timedelta
from typing import Annotated

import typer

from api.cli.town import now, open_store_here


def regroup(
    days: Annotated[
        int, typer.Option(min=1, max=36_600, help="重新归并多少天以内收到的来件")
    ] = 730,
    everything: Annotated[
        bool, typer.Option("--all", help="全部来件，不论何时收到；台账大时要很久")
    ] = False,
) -> None:
    """把台账中的来件重新归并成共性问题；人的更正不变，问题的编号尽量不变。"""
    from api.background.regroup import CLOCK_CALLER, regroup_problems
    from triage.roles import SHELL, Caller

    caller = Caller(SHELL.who, CLOCK_CALLER.actions)
    with open_store_here() as store:
        window = None if everything else timedelta(days=days)
        done = regroup_problems(store, now(), caller=caller, window=window)
    print(
        f"读了 {done.submissions} 件来件，归成 {done.problems} 个共性问题；"
        f"{done.moved} 件换了归属，{done.absorbed} 个问题并入了别的"
    )
