"""The duties of the clock, each in short transactions, so that nobody waits long for one."""

from datetime import datetime

from triage.ledger.lapses import BATCH, return_unaccepted, send_reminders
from triage.ledger.recounting import recount_provisional
from triage.ledger.store import Store

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
