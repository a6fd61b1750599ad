"""What comes and goes by other ways: a file of rows that a clerk brought in, keys, a webhook."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from api.background.importing import work_on_imports
from api.demo.history import History
from api.demo.matters import Letter
from api.files.importfiles import look_at_file
from api.service import Service
from triage.ledger.intakefiles import add_import, start_import
from triage.ledger.keys import create_key
from triage.ledger.webhooks import change_webhook, create_webhook
from triage.roles import SHELL, Caller, Scope

_HEADER = ("编号", "诉求标题", "诉求内容", "来件渠道", "发生地点", "反映人", "联系电话")


def plan_outside(
    service: Service, history: History, clerk: Caller, letters: Sequence[Letter]
) -> None:
    """Let a clerk bring in a file with these letters shortly before the present; another file waits
    to be started."""

    def bring_in(moment: datetime) -> None:
        content = _write_file(letters)
        started = _add(service, clerk, "热线平台导出.csv", content, now=moment)
        with service.store.writing() as session:
            start_import(session, started, caller=clerk, now=moment)
        work_on_imports(service, clock=lambda: moment)
        _add(service, clerk, "村级走访登记表.csv", _write_file(letters[:2]), now=moment)

    history.apart(history.open_from(history.now - timedelta(days=0.15)), bring_in)


def connect_others(service: Service, *, now: datetime) -> None:
    """The keys of two other systems, and a webhook that is switched off: nothing is sent."""
    with service.store.writing() as session:
        for name, scopes in (
            ("12345热线平台", [Scope.SUBMIT, Scope.SUGGEST]),
            ("住建局物业监管系统", [Scope.READ, Scope.WORK]),
        ):
            department = None if Scope.SUBMIT in scopes else "housing"
            create_key(session, name=name, scopes=scopes, department=department, now=now)
        _, webhook = create_webhook(
            session,
            name="热线平台回传",
            url="https://hotline.anping.example/triage",
            kinds=["entry.reply", "entry.close"],
            caller=SHELL,
            now=now,
        )
        change_webhook(session, webhook.id, active=False, caller=SHELL, now=now)


def _add(service: Service, clerk: Caller, name: str, content: bytes, *, now: datetime) -> int:
    looked = look_at_file(content, file_name=name)
    with service.store.writing() as session:
        return add_import(
            session,
            caller=clerk,
            file_name=name,
            content=content,
            mapping=looked.mapping,
            total=looked.total,
            now=now,
        ).id


def _write_file(letters: Sequence[Letter]) -> bytes:
    """A CSV as older systems write it, with one row that says nothing."""
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(_HEADER)
    for number, letter in enumerate(letters, start=1):
        who = letter.submitter
        rows.writerow(
            (
                f"RX{number:05}",
                letter.title,
                letter.content,
                letter.channel,
                letter.place,
                who.name if who else "",
                who.phone if who else "",
            )
        )
    rows.writerow(("RX09999", "", "", "", "", "", ""))
    return sheet.getvalue().encode("gb18030")
