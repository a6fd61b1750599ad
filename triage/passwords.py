"""Passwords: which are good enough, and how they are kept (argon2id, RFC 9106).

Hashing takes about a tenth of a second and 46 MiB on purpose; callers do it outside of any
transaction and not many at once.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from triage.errors import InvalidInput

MIN_LENGTH = 10
MAX_LENGTH = 128
_LONG_ENOUGH = 16  # from here on a sentence will do, of whatever characters
_KINDS = 3  # of lower case, upper case, digits and others: what GB/T 22239 assessors ask for
_HASHER = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
# What no password hashes to; checked where there is no user, so that the time taken does not tell.
_NOBODY = (
    "$argon2id$v=19$m=47104,t=2,p=1$bWluc2hlbmctdHJpYWdl$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


def check_password(password: str, *, login: str) -> str:
    """The password as it is to be hashed. Raises InvalidInput saying what it lacks."""
    plain = unicodedata.normalize("NFKC", password)
    if not MIN_LENGTH <= len(plain) <= MAX_LENGTH:
        raise _poor(f"密码应有 {MIN_LENGTH} 到 {MAX_LENGTH} 个字符，请重新设置")
    if len(set(plain)) < MIN_LENGTH // 2:
        raise _poor("密码中重复的字符太多，请换一个不易猜到的")
    if login and login.lower() in plain.lower():
        raise _poor("密码不能含有登录名，请换一个不易猜到的")
    kinds = {_kind(character) for character in plain}
    if len(plain) < _LONG_ENOUGH and len(kinds) < _KINDS:
        raise _poor(
            "密码应含大写字母、小写字母、数字、其他字符中的三种，"
            f"或至少有 {_LONG_ENOUGH} 个字符，请重新设置"
        )
    return plain


def hash_password(plain: str) -> str:
    """What is kept of a password that `check_password` has passed."""
    return _HASHER.hash(_to_bytes(plain))


def is_password(password: str, kept: str) -> bool:
    """Whether this is the password; as slow for `kept` = "" (there is none), and then never."""
    if len(password) > MAX_LENGTH:
        return False
    plain = unicodedata.normalize("NFKC", password)
    try:
        return _HASHER.verify(kept or _NOBODY, _to_bytes(plain)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def _kind(character: str) -> str:
    if not character.isascii() or not character.isalnum():
        return "other"
    if character.isdecimal():
        return "digit"
    return "upper" if character.isupper() else "lower"


def _to_bytes(plain: str) -> bytes:
    return plain.encode(errors="surrogatepass")


def _poor(message: str) -> InvalidInput:
    return InvalidInput(message, field="password")
