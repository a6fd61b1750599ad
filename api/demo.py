"""The demonstration: a real server, sixty invented letters through its HTTP API, every ledger.

Nothing of it stays: the database lives in a temporary folder and goes when the demo ends.
"""

import json
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.app import create_app, listen, make_server
from api.logs import configure_logs
from api.service import read_clock
from api.settings import Settings
from triage.errors import TriageError
from triage.ledger.keys import create_key
from triage.roles import Scope
from triage.suggestions import URGENCY_NAMES

HOST = "127.0.0.1"
_WIDTH = 100  # of the tables where the output is no terminal
_COLOURS = {1: "bold red", 2: "yellow", 3: "cyan", 4: "dim"}
_DESTINATIONS = {"ledger": "已派出", "review": "待复核", "discipline": "转纪检"}


def run_demo(*, port: int = 8000, wait: bool = True) -> None:
    """Serve, send the sixty samples, print what became of each and every ledger.

    Takes another free port where `port` is taken; stays up until Ctrl-C unless `wait` is False.
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="triage-demo-") as folder,
        closing(_listen(port)) as listener,
    ):
        database = Path(folder) / "demo.db"
        settings = Settings(database_url=f"sqlite:///{database}", log_level="warning")
        configure_logs(settings)
        address = f"{HOST}:{listener.getsockname()[1]}"
        with _serving(settings, listener) as key, closing(HTTPConnection(address)) as connection:
            caller = _Caller(connection, key)
            began = time.perf_counter()
            taken = [caller.post("/v1/submissions", sample) for sample in load_samples()]
            took = time.perf_counter() - began
            _print_taken(console, taken, took=took)
            _print_ledgers(console, caller)
            console.print(f"\n工作台：http://{address}/#key={key}", soft_wrap=True)
            if wait:
                console.print("服务已就绪，按 Ctrl-C 结束演示。演示数据随之删除。")
                console.file.flush()  # a pipe would hold the address back
                _wait_for_interrupt()


def load_samples() -> list[dict[str, Any]]:
    """The sixty samples: all domains of level 1, channels and urgencies, from the seed corpus."""
    lines = (files("api") / "data" / "demo.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class _Caller:
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
def _serving(settings: Settings, listener: socket.socket) -> Iterator[str]:
    """A running server; the text of a key that may do all that the demo needs."""
    app = create_app(settings)
    service = app.state.service
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
    table.add_column("来件", ratio=5, overflow="fold")
    table.add_column("渠道", no_wrap=True)
    table.add_column("紧急", no_wrap=True)
    table.add_column("紧急理由", ratio=5, overflow="fold")
    table.add_column("主办单位", ratio=2, overflow="fold")
    table.add_column("去向", no_wrap=True)
    for one in taken:
        what = escape(one["submission"]["title"]), one["submission"]["channel"]
        said = one["suggestion"]
        where = _DESTINATIONS[one["destination"]]
        if said is None:
            table.add_row(*what, "", "（保密，只有纪检人员可看）", "", where)
            continue
        urgency = said["urgency"]
        table.add_row(
            *what,
            f"[{_COLOURS[urgency['level']]}]{urgency['name']}[/]",
            escape("；".join(urgency["reasons"])) or "—",
            said["department"]["lead"] or "待定",
            where,
        )
    console.print(table)
    counts = {
        name: sum(one["destination"] == where for one in taken)
        for where, name in _DESTINATIONS.items()
    }
    told = "，".join(f"{name} {count} 件" for name, count in counts.items())
    console.print(f"经 HTTP 逐件送入 {len(taken)} 件，用时 {took:.1f} 秒：{told}。")


def _print_ledgers(console: Console, caller: _Caller) -> None:
    departments = [one for one in caller.get("/v1/departments") if one["total"]]
    departments.sort(key=lambda one: -one["total"])
    console.print(f"\n各单位台账（{len(departments)} 个单位有条目）")
    for department in departments:
        counts = "  ".join(
            f"[{_COLOURS[level]}]{name} {department['by_urgency'][str(level)]}[/]"
            for level, name in URGENCY_NAMES.items()
            if department["by_urgency"][str(level)]
        )
        console.print(f"\n[bold]{department['name']}[/] 共 {department['total']} 条  {counts}")
        page = caller.get(f"/v1/ledgers/{quote(department['code'])}?limit=200")
        for line in page["lines"]:
            entry = line["entry"]
            urgency = f"[{_COLOURS[entry['urgency']]}]{entry['urgency_name']}[/]"
            console.print(f"  {urgency}  {escape(line['title'])}  [dim]{entry['domain']}[/]")


def _wait_for_interrupt() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\n演示结束")


if __name__ == "__main__":
    run_demo(wait="--no-wait" not in sys.argv[1:])
