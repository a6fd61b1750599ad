"""The commands of `triage users`: for whoever runs the server, where no administrator can help."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.town import load_settings, now, open_store_here
from triage.errors import NotFound
from triage.roles import ROLE_NAMES, SHELL, Role

if TYPE_CHECKING:
    from triage.ledger.store import Store

app = typer.Typer(help="用户的开通、变更与邀请链接。", no_args_is_help=True)
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="登录名")]


@app.command("list")
def list_all() -> None:
    """列出所有用户。"""
    from rich.console import Console
    from rich.table import Table

    from triage.ledger.paging import MAX_PAGE
    from triage.ledger.users import list_users

    table = Table("登录名", "姓名", "角色", "责任单位", "最近登录", "状态")
    cursor = None
    with open_store_here() as store, store.reading() as session:
        while True:
            page = list_users(session, caller=SHELL, limit=MAX_PAGE, cursor=cursor)
            for user in page.lines:
                state = "在用" if user.has_password else "未设密码"
                table.add_row(
                    user.login,
                    user.name,
                    ROLE_NAMES[user.role],
                    user.department or "",
                    f"{user.last_login_at:%Y-%m-%d}" if user.last_login_at else "从未",
                    state if user.active else "已停用",
                )
            cursor = page.next
            if cursor is None:
                break
    Console(soft_wrap=True).print(table)


@app.command()
def create(
    login: Login,
    name: Annotated[str, typer.Option(help="姓名")],
    role: Annotated[Role, typer.Option(help="角色")],
    department: Annotated[
        str | None, typer.Option(help="责任单位（名称或代码）；承办人必填")
    ] = None,
) -> None:
    """开通一位用户，印出给他设密码用的一次性链接。"""
    from triage.ledger.invitations import invite_user
    from triage.ledger.users import create_user

    with open_store_here() as store, store.writing() as session:
        user = create_user(
            session,
            login=login,
            name=name,
            role=role,
            department=department,
            caller=SHELL,
            now=now(),
        )
        token, _ = invite_user(session, user.id, caller=SHELL, now=now())
    _print_link(token)


@app.command()
def invite(login: Login) -> None:
    """重发一次性链接，供忘记密码的用户重设；此前的链接失效。"""
    from triage.ledger.invitations import invite_user

    with open_store_here() as store:
        user_id = _find_id(store, login)
        with store.writing() as session:
            token, _ = invite_user(session, user_id, caller=SHELL, now=now())
    _print_link(token)


@app.command()
def change(
    login: Login,
    name: Annotated[str | None, typer.Option(help="姓名")] = None,
    role: Annotated[Role | None, typer.Option(help="角色")] = None,
    department: Annotated[
        str | None, typer.Option(help="责任单位（名称或代码）；空文字表示不属任何单位")
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="启用，或停用并立即退出登录")
    ] = None,
) -> None:
    """改一位用户的姓名、角色、单位，停用或启用。"""
    from triage.ledger.users import UserChange, change_user

    told = UserChange(name=name, role=role, department=department, active=active)
    with open_store_here() as store:
        user_id = _find_id(store, login)
        with store.writing() as session:
            user = change_user(session, user_id, told, caller=SHELL, now=now())
    where = user.department or "不属单位"
    state = "在用" if user.active else "已停用"
    print(f"{user.login}：{user.name}，{ROLE_NAMES[user.role]}，{where}，{state}")


def _find_id(store: "Store", login: str) -> int:
    from triage.ledger.users import find_user

    with store.reading() as session:
        found = find_user(session, login)
    if found is None:
        raise NotFound(f"没有登录名为 {login} 的用户，请用 triage users list 核对")
    return found[0].id


def _print_link(token: str) -> None:
    from api.console import link_to

    settings = load_settings()
    print(link_to(settings.public_url or f"http://{settings.host}:{settings.port}", token))
