"""Steps that answer those who reported: the reply, what they think of it, closing, reopening."""

from typing import Any

from sqlalchemy import insert

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.assignments import MAX_GROUND
from triage.ledger.clock import restart_clock
from triage.ledger.matters import list_reporters, tell_reply
from triage.ledger.states import OUTCOME_NAMES, EntryState, Outcome
from triage.ledger.steps import Done, Step, check_words
from triage.ledger.tables import EvaluationRow, ReplyRow
from triage.transitions import SATISFACTION_NAMES
from triage.workflow import CITIZEN, reopens

MAX_REPLY = 20_000
MAX_COMMENT = 2_000


def reply(
    step: Step,
    *,
    text: str,
    outcome: str,
    ground: str | None = None,
    quality: dict[str, Any] | None = None,
) -> Done:
    """The answer to every reporter; the clock stops here, not when the entry is closed (Art. 32).

    `quality` is what `triage.replies` thought of it, for the supervisor.
    """
    entry = step.entry
    if outcome not in set(Outcome):
        names = "、".join(f"{key}（{name}）" for key, name in OUTCOME_NAMES.items())
        raise InvalidInput(f"办理结果应为 {names} 之一，请改正", field="outcome")
    if entry.paused_at is not None:
        raise Conflict("该条目已暂停计时，请先恢复计时再回告")
    if outcome == Outcome.NOT_SUPPORTED and not (ground or "").strip():
        raise InvalidInput("不予支持的，请写明所依据的法律、法规或政策", field="ground")
    values = {
        "entry_id": entry.id,
        "text": check_words(text, "text", what="回告内容", most=MAX_REPLY),
        "outcome": Outcome(outcome),
        "quality": quality,
        "who": step.caller.who,
        "at": step.now,
    }
    inserted = insert(ReplyRow).returning(ReplyRow.id)
    reply_id = step.session.scalar(inserted, values)
    entry.replied_at = step.now
    entry.evaluated_at = None
    entry.outcome = Outcome(outcome)
    entry.ground = ground and check_words(ground, "ground", what="依据", most=MAX_GROUND)
    told = list_reporters(step.session, entry.id)
    return Done(
        {"reply": reply_id, "outcome": outcome, "ground": entry.ground},
        {"reply": reply_id, "outcome": outcome, "reporters": len(told)},
        events=tell_reply(entry, told, who=step.caller.who),
    )


def evaluate(
    step: Step,
    *,
    solved: bool,
    satisfaction: int,
    comment: str = "",
    submission_id: str | None = None,
) -> Done:
    """What one reporter says of the reply; "not solved" sends the entry back to work.

    `submission_id` says which of several reporters; else the one whose submission the entry is.
    """
    entry = step.entry
    if entry.outcome is None:
        raise Conflict("该条目还没有回告，不能评价；请先查看经办记录")
    if satisfaction not in SATISFACTION_NAMES:
        raise InvalidInput(
            "满意程度应为 5（非常满意）至 1（非常不满意），请改正", field="satisfaction"
        )
    reporter = submission_id or entry.submission_id
    if reporter not in list_reporters(step.session, entry.id):
        raise NotFound(f"编号 {reporter} 的来件不在该条目中，请核对编号", field="submission_id")
    if len(comment) > MAX_COMMENT:
        raise InvalidInput(f"评价内容不能超过 {MAX_COMMENT} 字，请缩短", field="comment")
    source = "citizen" if step.caller.who == CITIZEN else "callback"
    step.session.execute(
        insert(EvaluationRow).values(
            entry_id=entry.id,
            submission_id=reporter,
            source=source,
            solved=solved,
            satisfaction=satisfaction,
            comment=comment.strip(),
            who=step.caller.who,
            at=step.now,
        )
    )
    said = {"solved": solved, "satisfaction": satisfaction, "source": source}
    outcome = entry.outcome
    entry.evaluated_at = step.now
    entry.solved = solved
    entry.satisfaction = satisfaction
    if not reopens(solved=solved, outcome=outcome, reopenings=entry.reopenings):
        return Done(said | {"submission": reporter}, said)
    put_back(step)
    reopened = {
        "actor": step.caller.who,
        "kind": "entry.reopened",
        "submission_id": reporter,
        "entry_id": entry.id,
        "payload": {"outcome": outcome, "reopenings": entry.reopenings},
    }
    return Done(said | {"submission": reporter}, said, EntryState.REOPENED, (reopened,))


def close(step: Step, *, ground: str | None = None) -> Done:
    """Struck off the list with its outcome; without an evaluation only on a stated ground."""
    entry = step.entry
    if ground:
        entry.ground = check_words(ground, "ground", what="依据", most=MAX_GROUND)
    entry.closed_at = step.now
    return Done(
        {"ground": ground}, {"outcome": entry.outcome, "evaluated": bool(entry.evaluated_at)}
    )


def reopen(step: Step) -> Done:
    """Back to work by a clerk or supervisor, wherever it ended; a merged one stands alone."""
    entry = step.entry
    before = {"outcome": entry.outcome, "merged_into": entry.merged_into}
    put_back(step)
    return Done(before, {"reopenings": entry.reopenings})


def put_back(step: Step) -> None:
    """The entry is at work again in its lead department, and its clock starts anew."""
    entry = step.entry
    entry.closed_at = None
    entry.replied_at = None
    entry.outcome = None
    entry.ground = None
    entry.merged_into = None
    entry.forwarded_to = None
    entry.reopenings += 1
    restart_clock(step.session, entry, now=step.now)
