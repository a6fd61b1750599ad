"""The duties of the clock, each in short transactions, so that nobody waits long for one."""

from datetime import datetime
from threading import Lock

from triage.errors import Conflict
from triage.findings import Rule
from triage.ledger.findings import CHUNK, CLOCK_CALLER, Recorded, record_findings
from triage.ledger.lapses import BATCH, return_unaccepted, send_reminders
from triage.ledger.looking import look_for_findings
from triage.ledger.recounting import recount_provisional
from triage.ledger.settling import settle_findings
from triage.ledger.store import Store
from triage.roles import Caller

_LOOKING = Lock()  # two looks at once would find the same at twice the cost
_MOST_ROUNDS = 100  # of `BATCH` entries; what is left waits for the next turn


def give_back_unaccepted(store: Store, now: datetime) -> int:
    """Give back to the clerk what nobody has signed for in time; how many entries."""
    total = 0
    for _ in range(_MOST_ROUNDS):
        with store.writing() as session:
            given_back = len(return_unaccepted(session, now=now))
        total += given_back
        if given_back < BATCH:
            break
    return total


def remind_departments(store: Store, now: datetime) -> int:
    """Remind departments of what is nearly due, late or not signed for; how many entries."""
    total = 0
    for _ in range(_MOST_ROUNDS):
        with store.writing() as session:
            reminded = len(send_reminders(session, now=now))
        total += reminded
        if not reminded:
            break
    return total


def recount_deadlines(store: Store, now: datetime) -> int:
    """Settle the provisional deadlines that a new calendar has settled; how many entries."""
    with store.writing() as session:
        return recount_provisional(session, now=now)


def look_for_all_findings(
    store: Store, now: datetime, *, caller: Caller = CLOCK_CALLER
) -> Recorded:
    """Run every rule of the supervision list, keep what they found, settle what is so no more.

    Each rule reads on its own and what it found is written in short transactions. Raises
    AccessDenied, and Conflict while this process is looking already.
    """
    if not _LOOKING.acquire(blocking=False):
        raise Conflict("正在查找监督事项，请稍后到监督清单查看结果")
    try:
        new = known = 0
        for rule in Rule:
            with store.reading() as session:
                found = list(look_for_findings(session, now=now, rules=(rule,)))
            for start in range(0, len(found), CHUNK):
                with store.writing() as session:
                    done = record_findings(
                        session, found[start : start + CHUNK], caller=caller, now=now
                    )
                new, known = new + done.new, known + done.known
        with store.writing() as session:
            settled = settle_findings(session, caller=caller, now=now)
        return Recorded(new, known, settled)
    finally:
        _LOOKING.release()
