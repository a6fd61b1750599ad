"""Sealing: words that the database may hold but not show, under keys that it does not hold.

AES-256-GCM (NIST SP 800-38D) with a fresh random nonce for each value. What a value is about goes
into the seal, so that one row's value does not open in the place of another's. The keys stand in a
file of their own; whoever has the database alone, or a backup of it, reads nothing.

    ring.seal(b"words", about="submitter:L-1") -> Sealed(key_id, data)
    ring.unseal(Sealed(key_id, data), about="submitter:L-1") -> b"words"
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from triage.errors import KeyUnavailable

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OTHERS = 0o077  # the rights of everyone but the owner


class Sealed(NamedTuple):
    """A sealed value, and the id of the key that opens it."""

    key_id: str
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What a key file holds: `current` seals, all `seals` (by id) open, `digests` knows again."""

    current: str
    seals: Mapping[str, bytes]
    digests: bytes


class KeyRing:
    """The keys of one service (密钥环). Safe to share between threads; shows no key when printed.

    A key that another process has added to the file since is found when it is first needed.
    """

    def __init__(self, keys: Keys, *, path: Path | None = None) -> None:
        """`path`: the file that the keys came from; None keeps them in memory only."""
        self._keys = keys
        self._path = path

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self._keys.current

    def seal(self, plain: bytes, *, about: str) -> Sealed:
        """`plain` under the current key; only the same `about` ("submitter:L-1") opens it."""
        keys = self._keys
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(keys.seals[keys.current])
        return Sealed(keys.current, nonce + cipher.encrypt(nonce, plain, about.encode()))

    def unseal(self, sealed: Sealed, *, about: str) -> bytes:
        """What was sealed. Raises KeyUnavailable where its key is gone, where it was altered, or
        where it was sealed about something else."""
        key = self._find_key(sealed.key_id)
        nonce, body = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, body, about.encode())
        except (InvalidTag, ValueError):
            raise KeyUnavailable(
                "加密保存的内容打不开，可能已被改动；请管理员核对密钥文件和数据库备份"
            ) from None

    def digest(self, words: str, *, purpose: str) -> str:
        """A keyed digest (HMAC-SHA256, hex): the same words give the same digest for one purpose,
        and nobody without the key file can try words out. Rotation does not change it."""
        told = f"{purpose}\0{words}".encode(errors="surrogatepass")
        return hmac.new(self._keys.digests, told, hashlib.sha256).hexdigest()

    def rotate(self) -> str:
        """Add a new key to the file and seal under it from now on; its id.

        Older keys stay, since backups and rows not yet sealed anew need them. Raises
        KeyUnavailable where the file cannot be written.
        """
        keys = self._keys if self._path is None else _read_keys(self._path)
        key_id, key = _new_key()
        keys = replace(keys, current=key_id, seals={**keys.seals, key_id: key})
        if self._path is not None:
            _write_keys(self._path, keys, fresh=False)
        self._keys = keys
        return key_id

    def _find_key(self, key_id: str) -> bytes:
        if key_id not in self._keys.seals and self._path is not None:
            self._keys = _read_keys(self._path)
        try:
            return self._keys.seals[key_id]
        except KeyError:
            raise _lost([key_id]) from None


def new_key_ring() -> KeyRing:
    """A ring with new keys that stand in no file: for trials and tests."""
    return KeyRing(_new_keys())


def open_key_ring(path: Path, *, used: Collection[str] = ()) -> KeyRing:
    """The ring in the file at `path`, which is made (mode 600) where it is not there yet.

    `used` are the ids of the keys that the database needs: where it needs any, no file is made.
    Raises KeyUnavailable where one of them is lost, the file is broken or cannot be read or
    written, or others may read it.
    """
    if not path.exists():
        if used:
            raise _lost(used, path)
        _write_keys(path, _new_keys(), fresh=True)
    keys = _read_keys(path)
    if lost := [key_id for key_id in used if key_id not in keys.seals]:
        raise _lost(lost, path)
    return KeyRing(keys, path=path)


def _new_keys() -> Keys:
    key_id, key = _new_key()
    return Keys(key_id, {key_id: key}, secrets.token_bytes(_KEY_BYTES))


def _new_key() -> tuple[str, bytes]:
    return secrets.token_hex(6), secrets.token_bytes(_KEY_BYTES)


def _read_keys(path: Path) -> Keys:
    try:
        others = path.stat().st_mode & _OTHERS if os.name == "posix" else 0
        told = json.loads(path.read_bytes())
        seals = {key_id: _key_bytes(key) for key_id, key in told["seals"].items()}
        keys = Keys(told["current"], seals, _key_bytes(told["digests"]))
    except OSError as error:
        raise KeyUnavailable(
            f"读不了密钥文件 {path}，请核对路径，并确认运行服务的用户能读它"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _broken(path) from None  # the cause would quote a key
    if keys.current not in seals:
        raise _broken(path)
    if others:
        raise KeyUnavailable(f"密钥文件 {path} 其他用户也能读，请先执行 chmod 600 {path}")
    return keys


def _key_bytes(text: Any) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise binascii.Error
    return key


def _write_keys(path: Path, keys: Keys, *, fresh: bool) -> None:
    """The whole file or none of it; a `fresh` one never over another that was made meanwhile."""
    told = {
        "current": keys.current,
        "seals": {key_id: base64.b64encode(key).decode() for key_id, key in keys.seals.items()},
        "digests": base64.b64encode(keys.digests).decode(),
    }
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        try:
            if fresh:
                os.link(part, path)
            else:
                part.replace(path)
        except FileExistsError:
            pass  # another process that started at the same time was first: its keys count
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise KeyUnavailable(f"写不了密钥文件 {path}，请检查权限和磁盘空间") from error


def _broken(path: Path) -> KeyUnavailable:
    return KeyUnavailable(f"密钥文件 {path} 的内容不对，请从备份恢复，不要新建")


def _lost(key_ids: Collection[str], path: Path | None = None) -> KeyUnavailable:
    names = "、".join(sorted(key_ids))
    where = f" {path}" if path else ""
    return KeyUnavailable(
        f"数据库里有用密钥 {names} 加密的内容，而密钥文件{where}里没有它，"
        "请从备份恢复密钥文件，或用 TRIAGE_KEY_FILE 指明它在哪里"
    )
