"""Running the demonstration: the county with its history, sixty letters over HTTP, the console.

Nothing of it stays: the database lives in a temporary folder and goes when the demo ends.
"""

import json
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from threadpoolctl import threadpool_limits

from api.app import create_app, listen, make_server
from api.demo.build import Built, build
from api.demo.matters import Letter, load_samples
from api.demo.town import COUNTY, move_desk
from api.logs import configure_logs
from api.service import Service, read_clock
from api.settings import Settings
from triage.desk import load_desk
from triage.errors import TriageError
from triage.ledger.keys import create_key
from triage.roles import ROLE_NAMES, Scope

HOST = "127.0.0.1"
_WIDTH = 100  # of the tables where the output is no terminal
_COLOURS = {1: "bold red", 2: "yellow", 3: "cyan", 4: "dim"}
_DESTINATIONS = {"ledger": "已派出", "review": "待复核", "discipline": "转纪检"}


def run_demo(
    *, port: int = 8000, wait: bool = True, letters: Sequence[Letter] | None = None
) -> None:
    """Build the ninety days, serve, send the sixty samples, print what became of each, the
    console's address and a sign-in for each role.

    Takes another free port where `port` is taken; stays up until Ctrl-C unless `wait` is False.
    `letters` are lived instead of all that the demonstration has.
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="triage-demo-") as folder,
        closing(_listen(port)) as listener,
        threadpool_limits(1),  # many small steps: threads would only wait for each other
    ):
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'demo.db'}",
            key_file=Path(folder) / "demo.key",
            log_level="warning",
            public_url=None,
        )
        configure_logs(settings)
        address = f"{HOST}:{listener.getsockname()[1]}"
        console.print(f"准备演示数据：虚构的{COUNTY}，最近 90 天的来件。")
        app = create_app(settings, desk=move_desk(load_desk(settings.model_dir)))
        built = _build(console, app.state.service, letters)
        with serving(app, listener) as key, closing(HTTPConnection(address)) as connection:
            caller = Caller(connection, key)
            began = time.perf_counter()
            taken = [caller.post("/v1/submissions", sample) for sample in load_samples()]
            took = time.perf_counter() - began
            _print_taken(console, taken, took=took)
            _print_ledgers(console, caller)
            _print_sign_ins(console, built, address)
            if wait:
                console.print("服务已就绪，按 Ctrl-C 结束演示。演示数据随之删除。")
                console.file.flush()  # a pipe would hold the address back
                _wait_for_interrupt()


def _build(console: Console, service: Service, letters: Sequence[Letter] | None) -> Built:
    """Build the history, telling of every tenth of it."""
    began = time.perf_counter()
    told = -1

    def tell(what: str, share: float) -> None:
        nonlocal told
        if int(share * 10) > told:
            told = int(share * 10)
            console.print(f"  {told * 10:3}%  {what}", soft_wrap=True)
            console.file.flush()

    try:
        built = build(service, now=read_clock(), tell=tell, letters=letters)
    except BaseException:
        service.close()
        raise
    took = time.perf_counter() - began
    console.print(f"  100%  {built.letters} 件来件的办理经过已建立，用时 {took:.0f} 秒。\n")
    return built


class Caller:
    """Another system, as the service sees it: one connection, one key."""

    def __init__(self, connection: HTTPConnection, key: str) -> None:
        self._connection = connection
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", path, json.dumps(body).encode())

    def _send(self, method: str, path: str, body: bytes | None = None) -> Any:
        self._connection.request(method, path, body=body, headers=self._headers)
        answer = self._connection.getresponse()
        said = json.loads(answer.read())
        if answer.status >= 400:
            raise TriageError(f"演示请求 {method} {path} 未成功：{said['detail']}")
        return said


@contextmanager
def serving(app: FastAPI, listener: socket.socket) -> Iterator[str]:
    """A running server; the text of a key that may do all that the demo needs."""
    service: Service = app.state.service
    scopes = [Scope.SUBMIT, Scope.SUGGEST, Scope.READ, Scope.REVIEW]
    with service.store.writing() as session:
        key, _ = create_key(session, name="演示", scopes=scopes, now=read_clock())
    server = make_server(app)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise TriageError("演示服务没有起来，请看上面的日志后重试")
            time.sleep(0.02)
        yield key
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _listen(wanted: int) -> socket.socket:
    """At the port itself where it is free, else at another that is."""
    try:
        return listen(HOST, wanted)
    except TriageError:
        return listen(HOST, 0)


def _print_taken(console: Console, taken: list[dict[str, Any]], *, took: float) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("来件", ratio=4, overflow="fold")
    table.add_column("紧急", no_wrap=True)
    table.add_column("主办单位", ratio=2, overflow="fold")
    table.add_column("为什么", ratio=7, overflow="fold")
    table.add_column("去向", no_wrap=True)
    for one in taken:
        title, said = escape(one["submission"]["title"]), one["suggestion"]
        where = _DESTINATIONS[one["destination"]]
        if said is None:
            table.add_row(title, "", "", "（保密，只有纪检人员可看）", where)
            continue
        urgency, department = said["urgency"], said["department"]
        why = [*department["reasons"], *urgency["reasons"], *said["review_reasons"]]
        table.add_row(
            title,
            f"[{_COLOURS[urgency['level']]}]{urgency['name']}[/]",
            department["lead"] or "待定",
            escape("；".join(why)) or "—",
            where,
        )
    console.print(table)
    counts = {
        name: sum(one["destination"] == where for one in taken)
        for where, name in _DESTINATIONS.items()
    }
    told = "，".join(f"{name} {count} 件" for name, count in counts.items())
    console.print(f"经 HTTP 逐件送入 {len(taken)} 件，用时 {took:.1f} 秒：{told}。")


def _print_ledgers(console: Console, caller: Caller) -> None:
    departments = [one for one in caller.get("/v1/departments") if one["total"]]
    departments.sort(key=lambda one: -one["total"])
    total = sum(one["total"] for one in departments)
    lines = "  ".join(f"{one['name']}\u00a0{one['total']}" for one in departments)
    console.print(f"\n{len(departments)} 个单位的台账共 {total} 条（连同以前 90 天的）：\n{lines}")


def _print_sign_ins(console: Console, built: Built, address: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("角色", "登录名", "密码（本次有效）", "可以看什么"):
        table.add_column(name, no_wrap=True)
    for one in built.sign_ins:
        person = one.person
        table.add_row(ROLE_NAMES[person.role], person.login, one.password, person.told)
    code, tail = built.tracking
    console.print(f"\n工作台：http://{address}/", soft_wrap=True)
    console.print(table)
    digits = f"，手机尾号 {tail}" if tail else ""
    console.print(f"公众查询：http://{address}/citizen 查询码 {code}{digits}\n", soft_wrap=True)


def _wait_for_interrupt() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\n演示结束")


if __name__ == "__main__":
    run_demo(wait="--no-wait" not in sys.argv[1:])
