"""Keys by which other systems speak to the service, and what each may do.

Only a SHA-256 of a key is kept. A slow hash such as argon2 protects secrets that people think up;
these are 256 random bits, which no one can guess from a fast hash either, and each request checks
one.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.departments import find_reach, get_department
from triage.ledger.events import record_events
from triage.ledger.tables import ApiKeyRow
from triage.roles import SHELL, Action, Caller, Scope, actions_of

_KIND = "mst"  # marks a leaked key as ours for secret scanners
_BY_PREFIX = select(ApiKeyRow).where(ApiKeyRow.prefix == bindparam("prefix"))
_USE_GRAIN = timedelta(hours=1)  # so that reading does not mean writing


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. With a `department` (code) it reaches that one and all below it."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    department: str | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create_key(
    session: Session,
    *,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    department: str | None = None,
    caller: Caller = SHELL,
) -> tuple[str, ApiKey]:
    """A new key: its text, which is shown this once and kept nowhere, and its record.

    `department` is a code or name. Only discipline officers, or the shell of the server, give a key
    that opens accusations. Raises AccessDenied, InvalidInput for a name or scope that is none,
    NotFound for an unknown department.
    """
    known = {scope.value for scope in Scope}
    wanted = sorted(set(scopes))
    if not name.strip():
        raise InvalidInput("请为密钥填写名称，以便日后辨认", field="name")
    if not wanted or not known.issuperset(wanted):
        raise InvalidInput(f"密钥权限只能从 {'、'.join(sorted(known))} 中选择", field="scopes")
    opens_accusations = Scope.DISCIPLINE in wanted
    caller.require(Action.MANAGE_DISCIPLINE if opens_accusations else Action.MANAGE_KEYS)
    prefix = secrets.token_hex(6)
    plain = f"{_KIND}_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKeyRow(
        name=name,
        prefix=prefix,
        digest=_digest(plain),
        scopes=wanted,
        department=get_department(session, department).code if department else None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, row, "key.created", who=caller.who, now=now)
    return plain, _view(row)


def check_key(session: Session, plain: str) -> ApiKey:
    """The key with this text. Raises AccessDenied, the same for unknown, wrong and revoked."""
    kind, _, rest = plain.partition("_")
    row = session.scalar(_BY_PREFIX, {"prefix": rest.partition("_")[0]})
    # Compared even where there is no such key, so that the time taken does not tell.
    right = secrets.compare_digest(row.digest if row else _digest(""), _digest(plain))
    if row is None or not right or kind != _KIND or row.revoked_at is not None:
        raise AccessDenied("密钥无效或已停用，请核对后重试，或向管理员申请新密钥")
    return _view(row)


def key_caller(session: Session, key: ApiKey) -> Caller:
    """Who calls with this key, and what the key's scopes and department let it do."""
    return Caller(
        who=f"key:{key.id}",
        actions=actions_of(key.scopes),
        department=key.department,
        reach=find_reach(session, key.department),
    )


def needs_touch(key: ApiKey, *, now: datetime) -> bool:
    """Whether its last use was noted so long ago that it is worth a write."""
    return key.last_used_at is None or now - key.last_used_at >= _USE_GRAIN


def touch_key(session: Session, key: ApiKey, *, now: datetime) -> None:
    """Note that the key was used; at most once an hour (see `needs_touch`)."""
    if needs_touch(key, now=now):
        session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(last_used_at=now))


def revoke_key(session: Session, key_id: int, *, now: datetime, caller: Caller = SHELL) -> ApiKey:
    """Stop a key for good; revoking it again changes nothing.

    Raises AccessDenied, and NotFound also where the caller manages no such key.
    """
    row = session.get(ApiKeyRow, key_id)
    if row is None or not _manages(caller, row):
        raise NotFound(f"没有编号为 {key_id} 的密钥，请核对密钥列表", field="id")
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
        _record(session, row, "key.revoked", who=caller.who, now=now)
    return _view(row)


def list_keys(session: Session, *, caller: Caller = SHELL) -> tuple[ApiKey, ...]:
    """The keys that the caller manages, revoked ones too, in the order they were made: all of them,
    for discipline officers those that open accusations. Raises AccessDenied."""
    rows = session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id)).all()
    return tuple(_view(row) for row in rows if _manages(caller, row))


def _manages(caller: Caller, row: ApiKeyRow) -> bool:
    """Raises AccessDenied where the caller manages no keys at all."""
    if caller.may(Action.MANAGE_KEYS):
        return True
    caller.require(Action.MANAGE_DISCIPLINE)
    return Scope.DISCIPLINE in row.scopes


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def _record(session: Session, row: ApiKeyRow, kind: str, *, who: str, now: datetime) -> None:
    payload = {"key": row.id, "scopes": row.scopes, "department": row.department}
    record_events(session, [{"actor": who, "kind": kind, "payload": payload}], now=now)


def _view(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        department=row.department,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
