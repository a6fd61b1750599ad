"""Who may set up receivers, and which can never work."""

from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, NOW
from outbox_factories import ADMIN, CLERK, add_webhook, claim
from sqlalchemy import select

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.outbox import (
    matches,
)
from triage.ledger.store import Store
from triage.ledger.tables import WebhookRow
from triage.ledger.webhooks import (
    KINDS,
    change_webhook,
    check_url,
    create_webhook,
    find_target,
    list_deliveries,
    list_webhooks,
    renew_secret,
    resend,
    resend_dead,
    try_webhook,
)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def test_the_secret_stands_sealed_and_opens_for_the_sender(store: Store) -> None:
    with store.writing() as session:
        secret, webhook = create_webhook(
            session, caller=ADMIN, name="a", url="https://a.example/", kinds=["*"], now=NOW
        )
    with store.reading() as session:
        assert find_target(session, webhook.id) == ("https://a.example/", secret)
        sealed = session.scalar(select(WebhookRow.secret))
    assert sealed is not None
    assert secret.encode() not in sealed
    with store.writing() as session:
        renewed = renew_secret(session, webhook.id, caller=ADMIN, now=NOW)
    with store.reading() as session:
        assert find_target(session, webhook.id)[1] == renewed != secret


def test_a_trial_message_tells_of_nothing(store: Store) -> None:
    webhook = add_webhook(store, kinds=["decision.*"])
    with store.writing() as session:
        try_webhook(session, webhook.id, caller=ADMIN, now=NOW)
    (parcel,) = claim(store, webhook)
    assert (parcel.body["type"], parcel.body["data"]) == ("webhook.trial", {})
    with store.writing() as session:
        change_webhook(session, webhook.id, caller=ADMIN, active=False, now=NOW)
    with pytest.raises(InvalidInput, match="启用"), store.writing() as session:
        try_webhook(session, webhook.id, caller=ADMIN, now=NOW)


def test_only_who_manages_webhooks_may_touch_or_see_them(store: Store) -> None:
    webhook = add_webhook(store)
    with store.writing() as session:
        for attempt in (
            lambda: list_webhooks(session, caller=CLERK),
            lambda: list_deliveries(session, webhook.id, caller=CLERK),
            lambda: change_webhook(session, webhook.id, caller=CLERK, name="b", now=NOW),
            lambda: renew_secret(session, webhook.id, caller=CLERK, now=NOW),
            lambda: try_webhook(session, webhook.id, caller=CLERK, now=NOW),
            lambda: resend_dead(session, webhook.id, caller=CLERK, now=NOW),
            lambda: resend(session, 1, caller=CLERK, now=NOW),
        ):
            with pytest.raises(AccessDenied, match="管理推送"):
                attempt()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "名" * 101},
        {"kinds": []},
        {"kinds": ["submission.recorded"]},
        {"kinds": ["entry.nothing"]},
        {"url": "ftp://a.example/"},
    ],
    ids=str,
)
def test_a_receiver_that_could_never_work_is_refused(store: Store, changes: Any) -> None:
    with pytest.raises(InvalidInput):
        add_webhook(store, **changes)


def test_a_receiver_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="单位"):
        add_webhook(store, department="没有的局")
    with pytest.raises(NotFound), store.writing() as session:
        change_webhook(session, 99, caller=ADMIN, name="b", now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example/hook",
        "file:///etc/passwd",
        "https://user:pass@a.example/",
        "https://a.example/#part",
        "https://a.example/a b",
        "https://a.example/\r\nHost: b",
        "https://住建.example/",
        "http://a.example:99999/",
        "http://[::1/",
        "http://",
        "https://a.example/" + "x" * 1000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="推送地址应形如"):
        check_url(url)


@pytest.mark.parametrize("url", ["http://10.0.0.8:8080/hook?a=b", "https://[::1]/hook"])
def test_an_address_in_the_towns_own_network_is_taken(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("wanted", "kind", "right"),
    [
        (["*"], "entry.reply", True),
        (["entry.*"], "entry.reply", True),
        (["entry.reply"], "entry.reply", True),
        (["entry.repl"], "entry.reply", False),
        (["decision.*"], "entry.reply", False),
        ([], "entry.reply", False),
    ],
)
def test_a_kind_is_asked_for_by_its_name_by_its_family_or_by_all(
    wanted: list[str], kind: str, right: bool
) -> None:
    assert matches(wanted, kind) is right


def test_each_kind_may_be_asked_for_by_one_name() -> None:
    assert len(set(KINDS)) == len(KINDS)
