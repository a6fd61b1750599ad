"""What is written of a submission by its number after that has gone under the seal (Art. 30).

Whoever writes knows the number from before; whoever reads on need not. So right after the words
have been written, in the same transaction, the sentences that name it go where those have gone that
stood there before (`triage.ledger.sealedwork`), and come back with them. That somebody named it
goes on record, for those alone who may know of it. A telephone alone is left: if that of an accuser
were taken out, anybody could try whose it is.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from triage.ledger.events import record_events
from triage.ledger.locks import Work, take_lock
from triage.ledger.mentions import find_named_problems, find_numbers, find_sealed
from triage.ledger.problemfigures import recount_problems
from triage.ledger.problems import take_turn
from triage.ledger.sealedwork import put_numbers_away
from triage.ledger.tables import ProblemRow
from triage.mentions import walk_texts


def withhold_named(
    session: Session, *told: Any, who: str, now: datetime, since: datetime | None = None
) -> None:
    """Put away of what was written `since` then (None: just `now`) the sentences that name a
    submission under the seal; `told` is all that was written: texts, or lists and dicts of such."""
    words = "\n".join(walk_texts(told))
    if not words.strip():
        return
    wait_for_seals(session)
    for submission_id in find_sealed(session, words):
        withhold_number(session, submission_id, since=since or now, now=now)
        named = {"actor": who, "kind": "accusation.named", "submission_id": submission_id}
        record_events(session, [named], now=now)


def withhold_number(
    session: Session, submission_id: str, *, since: datetime, now: datetime
) -> None:
    """Put away what others wrote since then that names this submission, which is under the seal; a
    problem named by it gets its name anew."""
    put_numbers_away(session, submission_id, since=since)
    named = find_named_problems(session, find_numbers(session, submission_id))
    if named:
        take_turn(session)
        for problem_id in named:
            session.get_one(ProblemRow, problem_id).named_by = None
        session.flush()
        recount_problems(session, named, now=now, rewrite=True)


def wait_for_seals(session: Session) -> None:
    """Return once whoever seals at this moment has done so; who begins later waits for us, and will
    see what we wrote. Before `take_turn`, where both are asked for: so does who seals."""
    take_lock(session, Work.SEALING, shared=True)


def wait_for_writers(session: Session) -> None:
    """Return once all have committed who may not know yet that a submission goes under the seal;
    those who come later wait for us."""
    take_lock(session, Work.SEALING)
