from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from triage.errors import AccessDenied, InvalidInput
from triage.signing import TOLERANCE, new_secret, sign, verify

NOW = datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
BODY = b'{"type":"entry.opened"}'
SECRET = new_secret()


def check(headers: dict[str, str], **changes: Any) -> None:
    told: dict[str, Any] = {
        "key": headers["webhook-id"],
        "stamp": headers["webhook-timestamp"],
        "signature": headers["webhook-signature"],
        "now": NOW,
        "body": BODY,
    }
    secret = changes.pop("secret", SECRET)
    verify(secret, **told | changes)


def test_the_scheme_gives_the_signature_of_the_published_example() -> None:
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        key="msg_p5jXN8AQM9LWM0D4loKWxJek",
        now=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_a_message_that_was_signed_is_accepted() -> None:
    check(sign(SECRET, key="msg_1", now=NOW, body=BODY))


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY + b" "},
        {"key": "msg_2"},
        {"stamp": "1740792601"},
        {"secret": new_secret()},
        {"signature": "v1,"},
        {"signature": "v2,AAAA"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_that_was_altered_or_signed_by_another_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(AccessDenied, match="签名不对"):
        check(sign(SECRET, key="msg_1", now=NOW, body=BODY), **change)


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    headers = sign(SECRET, key="msg_1", now=NOW, body=BODY)
    check(headers, signature=f"v1,bm9uZQ== {headers['webhook-signature']}")


def test_a_message_caught_and_sent_again_later_is_refused() -> None:
    headers = sign(SECRET, key="msg_1", now=NOW, body=BODY)
    check(headers, now=NOW + TOLERANCE)
    with pytest.raises(AccessDenied, match="时间"):
        check(headers, now=NOW + TOLERANCE + timedelta(seconds=1))


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(SECRET.removeprefix("whsec_")) == 44
    with pytest.raises(InvalidInput, match="whsec_"):
        sign("whsec_不是密钥", key="msg_1", now=NOW, body=BODY)
