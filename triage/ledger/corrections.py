"""What persons put right in the common problems (人工更正): it wins over the machine, and stays.

Members that a person has placed are pinned: `placed_by` is the login, and no clustering moves them.
Who was told apart is read again from the record by each clustering (`triage.ledger.regrouping`);
what was said last about two submissions is what counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.events import record_events
from triage.ledger.paging import in_chunks
from triage.ledger.problemfigures import recount_problems
from triage.ledger.problems import add_problems, take_turn
from triage.ledger.statements import upsert
from triage.ledger.states import ProblemState
from triage.ledger.tables import (
    CorrectionRow,
    MemberRow,
    ProblemRow,
    SubmissionRow,
    storable,
)
from triage.ledger.withholding import wait_for_seals, withhold_named
from triage.roles import Action, Caller

MAX_NAME = 60
MAX_NOTE = 2_000
MAX_MOVED = 1_000  # submissions named in one correction
_MOST_PAIRS = 100_000  # told apart by one correction


class Kind(StrEnum):
    """What a correction does."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    ADD = "add"
    DISMISS = "dismiss"
    RESTORE = "restore"


KIND_NAMES = {
    Kind.RENAME: "改名",
    Kind.MERGE: "合并",
    Kind.SPLIT: "拆分",
    Kind.MOVE: "移出",
    Kind.ADD: "加入",
    Kind.DISMISS: "不是共性问题",
    Kind.RESTORE: "恢复",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person says of a problem.

    `rename` needs a `name`; `split` may give the new problem one. `merge` takes the problem `other`
    in. `split` makes a new problem of some `submissions`; `move` gives them to the problem `other`,
    or, without one, takes them out. `add` brings submissions in, wherever they are. `dismiss` says
    that it is no common problem and needs a `note`; `restore` takes that back.
    """

    kind: Kind
    name: str = ""
    other: int | None = None
    submissions: tuple[str, ...] = ()
    note: str = ""


def correct_problem(
    session: Session,
    problem_id: int,
    correction: Correction,
    *,
    caller: Caller,
    version: int,
    now: datetime,
) -> int:
    """Put a problem right; the id of the one to look at next (a split: the new one).

    Raises AccessDenied without CORRECT_PROBLEMS or with a reach, which sees but some of the
    members; NotFound for a problem or member that is none; Conflict where it was corrected since
    or has gone into another; InvalidInput naming the field.
    """
    caller.require(Action.CORRECT_PROBLEMS)
    if caller.reach is not None:
        raise AccessDenied("共性问题跨单位，只由受理处和督查员更正，请把意见告诉他们")
    wait_for_seals(session)
    take_turn(session)
    problem = _get_problem(session, problem_id)
    if problem.version != version:
        raise Conflict("该共性问题刚被他人更正过，请刷新后再办", field="version")
    if problem.state is ProblemState.MERGED:
        raise Conflict(
            f"该共性问题已并入编号 {problem.merged_into} 的问题，请到那里更正", field="state"
        )
    note = _check_text(correction.note, "note", "说明", MAX_NOTE, may_be_empty=True)
    step = _Step(session, problem, correction, caller.who, now)
    told, shown = _STEPS[correction.kind](step)
    problem.version += 1
    problem.updated_at = now
    session.flush()
    session.execute(
        insert(CorrectionRow).values(
            kind=correction.kind.value,
            problem_id=problem.id,
            other_id=told.pop("other", None),
            submission_ids=told.pop("submissions", []),
            payload=told,
            who=caller.who,
            note=note,
            at=now,
        )
    )
    withhold_named(session, note, correction.name, who=caller.who, now=now)
    happened = {
        "actor": caller.who,
        "kind": f"problem.{correction.kind}",
        "payload": {"problem": problem.id, "other": shown if shown != problem.id else None},
    }
    record_events(session, [happened], now=now)
    return shown


@dataclass(frozen=True, slots=True)
class _Step:
    session: Session
    problem: ProblemRow
    said: Correction
    who: str
    now: datetime


_Told = tuple[dict[str, Any], int]


def _rename(step: _Step) -> _Told:
    before = step.problem.name
    step.problem.name = _check_text(step.said.name, "name", "名称", MAX_NAME)
    step.problem.named_by = step.who
    return {"named": before != step.problem.name}, step.problem.id


def _merge(step: _Step) -> _Told:
    other = _get_other(step)
    own, theirs = (_list_members(step.session, one.id) for one in (step.problem, other))
    _pin(step, own, step.problem.id)
    _pin(step, theirs, step.problem.id)
    other.state, other.merged_into = ProblemState.MERGED, step.problem.id
    other.version += 1
    follow = update(ProblemRow).where(ProblemRow.merged_into == other.id)
    step.session.execute(follow.values(merged_into=step.problem.id))
    if step.problem.state is not ProblemState.DISMISSED:
        step.problem.state = ProblemState.OPEN
    step.session.flush()
    recount_problems(step.session, [step.problem.id, other.id], now=step.now, rewrite=True)
    told = {"other": other.id, "submissions": theirs, "with": own, "apart": []}
    return told, step.problem.id


def _split(step: _Step) -> _Told:
    moved, stayed = _check_members(step)
    if not stayed:
        raise InvalidInput("不能把全部来件都拆出去，请至少留下一件", field="submissions")
    name = _check_text(step.said.name, "name", "名称", MAX_NAME, may_be_empty=True)
    (new_id,) = add_problems(step.session, 1, now=step.now)
    _pin(step, moved, new_id)
    if name:
        new = step.session.get_one(ProblemRow, new_id)
        new.name, new.named_by = name, step.who
        step.session.flush()
    recount_problems(step.session, [step.problem.id, new_id], now=step.now, rewrite=True)
    return {"other": new_id, "submissions": moved, "with": [], "apart": stayed}, new_id


def _move(step: _Step) -> _Told:
    moved, stayed = _check_members(step)
    touched = [step.problem.id]
    told: dict[str, Any] = {"submissions": moved, "with": [], "apart": stayed}
    if step.said.other is None:
        for ids in in_chunks(moved):
            gone = delete(MemberRow).where(MemberRow.submission_id.in_(ids))
            step.session.execute(gone)
    else:
        other = _get_other(step)
        told |= {"other": other.id, "with": _list_members(step.session, other.id)}
        _pin(step, moved, other.id)
        other.version += 1
        touched.append(other.id)
    recount_problems(step.session, touched, now=step.now, rewrite=True)
    return told, step.problem.id


def _add(step: _Step) -> _Told:
    added = _check_submissions(step)
    left: list[str] = []
    problems = {step.problem.id}
    for ids in in_chunks(added):
        query = select(MemberRow.problem_id).where(MemberRow.submission_id.in_(ids))
        problems.update(step.session.scalars(query))
    for problem_id in sorted(problems - {step.problem.id}):
        left += sorted(set(_list_members(step.session, problem_id)) - set(added))
    standing = sorted(set(_list_members(step.session, step.problem.id)) - set(added))
    _pin(step, added, step.problem.id)
    recount_problems(step.session, problems, now=step.now, rewrite=True)
    return {"submissions": added, "with": standing, "apart": left}, step.problem.id


def _dismiss(step: _Step) -> _Told:
    if step.problem.state is ProblemState.DISMISSED:
        raise Conflict("该问题已经标为“不是共性问题”，不必重复操作", field="state")
    if not step.said.note.strip():
        raise InvalidInput("标为“不是共性问题”须写明理由，请补上", field="note")
    step.problem.state = ProblemState.DISMISSED
    _pin(step, _list_members(step.session, step.problem.id), step.problem.id)
    return {}, step.problem.id


def _restore(step: _Step) -> _Told:
    if step.problem.state is not ProblemState.DISMISSED:
        raise Conflict("该问题没有标为“不是共性问题”，不必恢复", field="state")
    step.problem.state = ProblemState.OPEN
    step.session.flush()
    recount_problems(step.session, [step.problem.id], now=step.now)
    return {}, step.problem.id


_STEPS = {
    Kind.RENAME: _rename,
    Kind.MERGE: _merge,
    Kind.SPLIT: _split,
    Kind.MOVE: _move,
    Kind.ADD: _add,
    Kind.DISMISS: _dismiss,
    Kind.RESTORE: _restore,
}


def _get_problem(session: Session, problem_id: int, *, field: str = "id") -> ProblemRow:
    row = session.get(ProblemRow, problem_id, with_for_update={"key_share": True})
    if row is None:
        raise unknown_problem(problem_id, field=field)
    return row


def unknown_problem(problem_id: int, *, field: str = "id") -> NotFound:
    """What is said of a problem that is not there, and of one that the caller may not know of."""
    return NotFound(f"没有编号为 {problem_id} 的共性问题，请核对编号", field=field)


def _get_other(step: _Step) -> ProblemRow:
    if step.said.other is None:
        raise InvalidInput("请指明另一个共性问题的编号", field="other")
    if step.said.other == step.problem.id:
        raise InvalidInput("不能是同一个问题，请填写另一个共性问题的编号", field="other")
    other = _get_problem(step.session, step.said.other, field="other")
    if other.state is ProblemState.MERGED:
        raise Conflict(
            f"编号 {other.id} 的问题已并入编号 {other.merged_into} 的问题，请改填那一个",
            field="other",
        )
    return other


def _list_members(session: Session, problem_id: int) -> list[str]:
    query = select(MemberRow.submission_id).where(MemberRow.problem_id == problem_id)
    return list(session.scalars(query.order_by(MemberRow.submission_id)))


def _check_members(step: _Step) -> tuple[list[str], list[str]]:
    """The members that the correction names, and the other ones."""
    moved = _named(step)
    members = _list_members(step.session, step.problem.id)
    strange = sorted(set(moved) - set(members))
    if strange:
        raise NotFound(f"该共性问题里没有编号为 {strange[0]} 的来件，请核对", field="submissions")
    return moved, sorted(set(members) - set(moved))


def _check_submissions(step: _Step) -> list[str]:
    """The submissions that the correction names, if all stand in the open (Art. 30)."""
    named = _named(step)
    known: set[str] = set()
    for ids in in_chunks(named):
        query = select(SubmissionRow.id).where(
            SubmissionRow.id.in_(ids), SubmissionRow.confidential.is_(False)
        )
        known.update(step.session.scalars(query))
    for one in named:
        if one not in known:
            raise NotFound(f"没有编号为 {one} 的来件，请核对编号", field="submissions")
    return named


def _named(step: _Step) -> list[str]:
    named = sorted({storable(one) for one in step.said.submissions})
    if not 1 <= len(named) <= MAX_MOVED:
        raise InvalidInput(f"请选 1 到 {MAX_MOVED} 件来件", field="submissions")
    return named


def _pin(step: _Step, ids: Collection[str], problem_id: int) -> None:
    rows = [
        {
            "submission_id": one,
            "problem_id": problem_id,
            "likeness": 1.0,
            "placed_by": step.who,
            "at": step.now,
        }
        for one in sorted(ids)
    ]
    if not rows:
        return
    statement = upsert(step.session, MemberRow)
    told = {name: statement.excluded[name] for name in ("problem_id", "placed_by", "at")}
    step.session.execute(
        statement.on_conflict_do_update(index_elements=["submission_id"], set_=told), rows
    )


def _check_text(raw: str, field: str, said: str, most: int, *, may_be_empty: bool = False) -> str:
    words = storable(raw).strip()
    if len(words) > most or not (words or may_be_empty):
        raise InvalidInput(f"{said}应有 1 到 {most} 字，请补上或缩短", field=field)
    return words


def list_partings(session: Session) -> list[tuple[str, str]]:
    """The pairs of submissions that persons have told apart and not brought together since.

    Of a correction that parts very many from very many, those of the first few are kept: who was
    placed together stays together anyway.
    """
    pairs: set[tuple[str, str]] = set()
    query = select(CorrectionRow.submission_ids, CorrectionRow.payload).order_by(CorrectionRow.id)
    for named, payload in session.execute(query):
        apart, joined = payload.get("apart", ()), payload.get("with", ())
        few = named[: max(1, _MOST_PAIRS // max(1, len(apart)))]
        pairs.update(_pair(one, other) for one in few for other in apart)
        pairs -= _find_joined(pairs, {*named}, {*named, *joined})
    return sorted(pairs)


def _find_joined(
    pairs: set[tuple[str, str]], named: set[str], joined: set[str]
) -> set[tuple[str, str]]:
    """Those of the pairs that bring one of `named` together with one of `joined`. Looked for from
    the smaller side: of two large problems that were merged all pairs would be millions."""
    if len(named) * len(joined) < len(pairs):
        return pairs & {_pair(one, other) for one in named for other in joined}
    return {
        (one, other)
        for one, other in pairs
        if (one in named and other in joined) or (other in named and one in joined)
    }


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
