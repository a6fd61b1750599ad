"""The server is killed in the middle of a large batch: nothing is lost, nothing is there twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from receiver_factories import Receiver, free_port, run_receiver
from service_factories import load_tiny_desk, make_body
from sqlalchemy import func, select

from api.service import open_service, read_clock
from api.settings import Settings
from triage.ledger.chain import verify_chain
from triage.ledger.keys import create_key
from triage.ledger.store import Store
from triage.ledger.tables import DeliveryRow, EntryRow, EventRow, SubmissionRow
from triage.ledger.webhooks import create_webhook
from triage.roles import ROLE_ACTIONS, Caller, Role

ROWS = 5_000
SINGLE = 20  # sent one by one with idempotency keys, while the server is killed
ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])

pytestmark = pytest.mark.slow


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server process of its own, killed at the end of the block if it is not dead by then."""
    environment = {
        **os.environ,
        "TRIAGE_DATABASE_URL": settings.database_url,
        "TRIAGE_KEY_FILE": str(settings.find_key_file()),
        "TRIAGE_WEBHOOK_TIMEOUT_S": str(settings.webhook_timeout_s),
        "TRIAGE_PORT": str(settings.port),
        "TRIAGE_LOG_LEVEL": "error",
        "OMP_NUM_THREADS": "1",
    }
    with subprocess.Popen([sys.executable, "-m", "api.cli", "serve"], env=environment) as server:
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{settings.port}", timeout=300, trust_env=False
            ) as client:
                wait_until_ready(client, server)
                yield server, client
        finally:
            server.kill()


def wait_until_ready(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1_800):
        assert server.poll() is None, "the server ended by itself"
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server is not ready after three minutes")


def make_batch() -> dict[str, Any]:
    """5,000 submissions, no two alike; half of them are clear enough to reach a department."""
    words = (
        "幸福里小区{0}栋电梯停运，物业说维修基金没批下来，老人下不了楼。",
        "柳河镇{0}组的自来水发黄有异味，已经三天，请派人检查水质。",
        "城东小学门口的公交站牌倒了，请公交公司尽快重新立好，第{0}次反映。",
        "工地拖欠{0}名农民工工资三个月，要求劳动监察部门处理。",
    )
    return {
        "submissions": [
            make_body(
                id=f"B-{number}", title="", content=words[number % 4].format(number), place=None
            )
            for number in range(ROWS)
        ]
    }


def post_until_killed(
    client: httpx.Client, server: subprocess.Popen[bytes], store: Store, batch: dict[str, Any]
) -> int:
    """Send the batch, and kill the server once a part of it is committed; how much then stood."""

    def send() -> None:
        try:
            client.post("/v1/submissions:batch", json=batch)
        except httpx.TransportError:
            return  # that is what is to happen
        raise AssertionError("the batch was over before the server was killed")

    sender = Thread(target=send)
    sender.start()
    try:
        while count(store) < ROWS // 5:
            assert sender.is_alive()
            time.sleep(0.01)
        os.kill(server.pid, signal.SIGKILL)
    finally:
        server.wait()
        sender.join()
    return count(store)


def count(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(SubmissionRow)) or 0


def post_singles(client: httpx.Client) -> list[int]:
    return [
        client.post(
            "/v1/submissions",
            json=make_body(id=f"S-{number}", content=f"路灯{number}号不亮。"),
            headers={"Idempotency-Key": f"single-{number}"},
        ).status_code
        for number in range(SINGLE)
    ]


def test_nothing_is_lost_or_doubled_when_the_server_is_killed_in_a_batch(
    store_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        database_url=store_url,
        key_file=tmp_path / "town.key",
        webhook_timeout_s=0.5,
        port=free_port(),
    )
    service = open_service(settings, desk=load_tiny_desk())
    store = service.store
    batch = make_batch()
    receiver = Receiver(free_port())
    with store.writing() as session:
        key, _ = create_key(session, name="热线", scopes=["submit"], now=read_clock())
        create_webhook(
            session,
            caller=ADMIN,
            name="a",
            url=receiver.url,
            kinds=["entry.opened"],
            now=read_clock(),
        )
    signed_in = {"Authorization": f"Bearer {key}"}

    with run_receiver(receiver):
        with serving(settings) as (server, client):
            client.headers.update(signed_in)
            assert post_singles(client) == SINGLE * [201]
            left = post_until_killed(client, server, store, batch)
        assert SINGLE < left < ROWS
        with serving(settings) as (_, client):
            client.headers.update(signed_in)
            assert post_singles(client) == SINGLE * [200]
            answer = client.post("/v1/submissions:batch", json=batch).json()
            assert answer["failed"] == 0
            assert answer["existing"] == left - SINGLE
            assert answer["created"] + answer["existing"] == ROWS
            with store.reading() as session:
                opened = session.scalar(select(func.count()).select_from(EntryRow)) or 0
            assert opened > ROWS // 10
            receiver.wait_for(opened, seconds=120)

    with store.reading() as session:
        report = verify_chain(session)
        recorded = session.scalars(
            select(EventRow.submission_id).where(EventRow.kind == "submission.recorded")
        ).all()
        told = session.execute(
            select(DeliveryRow.entry_id, func.count()).group_by(DeliveryRow.entry_id)
        ).all()
        entries = session.scalars(select(EntryRow.id)).all()
    assert count(store) == ROWS + SINGLE
    assert report.broken is None
    assert report.sound >= len(recorded)
    assert len(recorded) == len(set(recorded))
    assert dict(told) == dict.fromkeys(entries, 1)
    came = {message.body["data"]["entry"]["id"] for message in receiver.taken}
    assert came == set(entries)
    service.close()
