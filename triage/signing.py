"""Signatures by which a receiver knows that a message is ours and was not altered on the way.

The scheme is that of Standard Webhooks (standardwebhooks.com), for which libraries in many
languages exist: HMAC-SHA256 over "key.timestamp.body", spelt `v1,<base64>`; the secret is spelt
`whsec_<base64>`.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from triage.errors import AccessDenied, InvalidInput

TOLERANCE = timedelta(minutes=5)  # an older message may be one that was caught and sent again
_MARK = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh secret of 256 random bits, as the receiver is told it."""
    return _MARK + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, *, key: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers that sign `body`: the message's key, the time of this attempt, the signature.

    Raises InvalidInput where `secret` is not spelt as `new_secret` spells it.
    """
    stamp = str(int(now.timestamp()))
    return {
        "webhook-id": key,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_digest(secret, key=key, stamp=stamp, body=body)}",
    }


def verify(
    secret: str, *, key: str, stamp: str, signature: str, now: datetime, body: bytes
) -> None:
    """Nothing, where the three headers fit the body; `signature` may list several, by spaces.

    Raises AccessDenied where none of them is right, or the time is more than `TOLERANCE` away.
    """
    expected = _digest(secret, key=key, stamp=stamp, body=body).encode()
    told = [part.partition(",") for part in signature.split()]
    if not any(
        version == "v1" and hmac.compare_digest(given.encode(), expected)
        for version, _, given in told
    ):
        raise AccessDenied("签名不对，请核对推送地址的密钥")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise AccessDenied("签名的时间与现在相差过大，请校准时钟")


def _digest(secret: str, *, key: str, stamp: str, body: bytes) -> str:
    signed = f"{key}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(_read(secret), signed, hashlib.sha256).digest()).decode()


def _read(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except ValueError:
        raise InvalidInput("推送密钥应形如 whsec_…，请重新生成", field="secret") from None
