"""The chain through the event log: each event's hash covers the event and the hash before it.

Whoever alters, removes or slips in an event, behind the triggers' back too, breaks the chain at
that place. Who rewrites all that follows as well leaves a chain that holds, but ends in another
hash: so note the last hash elsewhere from time to time, and give it to `verify_chain` as anchor.

Writers take their turn only for the last step before the commit. Until then nobody waits for the
chain, and who holds it waits for nobody, so it can be part of no deadlock.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.ledger.adding import Adding
from triage.ledger.spelt import Spelt, cursor_of
from triage.ledger.statements import connection_of
from triage.ledger.tables import EventRow, storable, to_utc

EVENTS = "events"  # the name in `session.info`; only a session that writes has it
_APPEND = (
    "SELECT append_events(%s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],"
    " %s::bigint[], %s::text[])"
)
_EVENTS = EventRow.metadata.tables[EventRow.__tablename__]
_LAST = Spelt(select(_EVENTS.c.hash).order_by(_EVENTS.c.id.desc()).limit(1))
_ADD = Adding(_EVENTS, tuple(column.name for column in _EVENTS.columns if column.name != "id"))
_SPELLER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
# Characters of events that surely fit a socket: psycopg waits for the answers to a pipeline without
# sending what is left of it, and would wait for ever.
_SENT_AT_ONCE = 20_000
_PIECE = 1000  # events fetched at a time while the chain is walked


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link noted elsewhere: the event with this id had this hash."""

    id: int
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first event at which the chain does not hold, and why (Chinese)."""

    id: int
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the chain found: `sound` events up to `last`, then `broken`, if anything
    is. `last` is the anchor to note elsewhere."""

    sound: int
    last: Anchor | None
    broken: BrokenLink | None


def put_aside(session: Session, events: Sequence[dict[str, Any]]) -> None:
    """Keep events (all columns but the hashes) until the transaction ends.

    Raises RuntimeError in a session that cannot write, or inside a savepoint, which could undo
    what the events tell of but not the telling.
    """
    if EVENTS not in session.info or session.in_nested_transaction():
        raise RuntimeError("events are recorded in store.writing(), outside of savepoints")
    session.info[EVENTS].extend(events)


def append_events(session: Session) -> None:
    """Chain and write what was put aside; `store.writing()` does it right before the commit.

    On PostgreSQL other writers wait here until this transaction has ended, so nothing goes to and
    fro meanwhile: the database makes the links, in one call that brings the commit along. SQLite
    has but one writer at any time.
    """
    events, session.info[EVENTS] = session.info[EVENTS], []
    if not events:
        return
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        columns = [*zip(*(_as_columns(_as_read(event)) for event in events), strict=True)]
        driver: Any = connection.connection.driver_connection
        many = sum(map(len, columns[0])) > _SENT_AT_ONCE
        with nullcontext() if many else driver.pipeline():
            cursor_of(connection).execute(_APPEND, tuple(map(list, columns)))
            driver.commit()
        return
    last = _LAST.rows(connection, {})
    _ADD.run(connection, link_events(events, previous=last[0][0] if last else None))


def link_events(
    events: Sequence[dict[str, Any]], *, previous: str | None = None
) -> list[dict[str, Any]]:
    """The events with their `previous_hash` and `hash`, in a chain that goes on from `previous`."""
    linked = []
    for event in map(_as_read, events):
        fingerprint = _hash_event(event, previous)
        linked.append(event | {"previous_hash": previous, "hash": fingerprint})
        previous = fingerprint
    return linked


def verify_chain(session: Session, *, anchor: Anchor | None = None) -> ChainReport:
    """Walk the whole log in order and name the first broken link.

    `anchor`: a link noted before, which must still stand as it was.
    """
    sound, last, met = 0, None, anchor is None
    events = select(EventRow.__table__).order_by(EventRow.id)
    with session.execute(events.execution_options(yield_per=_PIECE)) as walk:
        for event in walk.mappings():
            reason = _find_fault(event, last.hash if last else None)
            if anchor is not None and event["id"] == anchor.id:
                met = True
                if event["hash"] != anchor.hash:
                    reason = "与事先抄录的哈希不符，这条或更早的事件曾被改写"
            if reason is not None:
                return ChainReport(sound, last, BrokenLink(event["id"], event["at"], reason))
            sound, last = sound + 1, Anchor(event["id"], event["hash"])
    if anchor is not None and not met:
        return ChainReport(sound, last, BrokenLink(anchor.id, None, "事先抄录的这条事件已不存在"))
    return ChainReport(sound, last, None)


def _find_fault(event: Any, previous: str | None) -> str | None:
    if event["hash"] is None:
        return "没有哈希，不是由本程序写入的"
    if event["previous_hash"] != previous:
        return "与前一条事件接不上，两条之间有事件被删除、插入或调换"
    if event["hash"] != _hash_event(event, previous):
        return "内容与哈希不符，这条事件曾被改写"
    return None


def _hash_event(event: Any, previous: str | None) -> str:
    """SHA-256 over the previous hash and the event, as `append_events` in PostgreSQL makes it."""
    return hashlib.sha256(((previous or "") + _spell_event(event)).encode()).hexdigest()


def _as_read(event: dict[str, Any]) -> dict[str, Any]:
    """The event as it will come back from the database, so that it hashes the same."""
    return event | {"payload": json.loads(json.dumps(event["payload"]))}


def _as_columns(event: dict[str, Any]) -> tuple[Any, ...]:
    """What `append_events` in PostgreSQL asks for: the spelling, and what goes into the table."""
    named = (event[name] and storable(event[name]) for name in ("actor", "kind", "submission_id"))
    payload = storable(_SPELLER.encode(event["payload"]))
    return _spell_event(event), event["at"], *named, event["entry_id"], payload


def _spell_event(event: Any) -> str:
    """The event in one spelling, as any database gives it back: keys in order, no spaces, UTC to
    the microsecond, nothing that cannot be stored."""
    told = {
        "actor": storable(event["actor"]),
        "at": to_utc(event["at"]).isoformat(timespec="microseconds"),
        "entry_id": event["entry_id"],
        "kind": event["kind"],
        "payload": event["payload"],
        "submission_id": event["submission_id"] and storable(event["submission_id"]),
    }
    return storable(_SPELLER.encode(told))
