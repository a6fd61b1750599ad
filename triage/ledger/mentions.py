"""What was written beside a submission, where it stays: tasks, common problems, findings, merges.

When the submission goes under the seal (Art. 30), what speaks of it there has to go with it. What
belongs to it alone does so without a question; of what it shares with others, the rows whose words
are those of its letter and of no other one; of all the rest the sentences that name its number.
What is only counted or numbered is put right in place.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from triage.findings import Rule
from triage.ledger.problems import take_turn
from triage.ledger.tables import (
    ActionRow,
    AttachmentRow,
    CorrectionRow,
    DecisionRow,
    DeliveryRow,
    EffectRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    FindingRow,
    MemberRow,
    MilestoneRow,
    ProblemRow,
    ReplyRow,
    SubmissionRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.mentions import CUES, Numbers, speaks_of
from triage.workflow import Command

MOST_OTHERS = 500  # letters that words are held against
_SHARED_RULES = (Rule.COPIED_REPLY, Rule.INVENTED, Rule.CROWDED, Rule.UNTASKED)
_NUMBERS = ("copies_entry", "copies_reply")  # of another entry, in the evidence of a finding
_LISTS = ("entries", "examples")
_Row = tuple[type[Any], int]
# Where people write, with the moment of it where the row has one: what was not there yet has not
# been named.
_WRITTEN: tuple[tuple[type[Any], tuple[Any, ...], InstrumentedAttribute[datetime] | None], ...] = (
    (EntryRow, (EntryRow.matter, EntryRow.ground), None),
    (DecisionRow, (DecisionRow.reason,), DecisionRow.decided_at),
    (ActionRow, (ActionRow.note, ActionRow.data), ActionRow.at),
    (ExtensionRow, (ExtensionRow.reason, ExtensionRow.decided_note), None),
    (ReplyRow, (ReplyRow.text,), ReplyRow.at),
    (EvaluationRow, (EvaluationRow.comment,), EvaluationRow.at),
    (AttachmentRow, (AttachmentRow.name,), AttachmentRow.at),
    (FindingRow, (FindingRow.decided_note,), None),
    (TaskRow, (TaskRow.title, TaskRow.measures), None),
    (MilestoneRow, (MilestoneRow.name, MilestoneRow.note), None),
    (TaskActionRow, (TaskActionRow.note, TaskActionRow.data), TaskActionRow.at),
    (EffectRow, (EffectRow.change, EffectRow.evidence, EffectRow.evaluation), EffectRow.at),
    (CorrectionRow, (CorrectionRow.note,), CorrectionRow.at),
)


def find_mentions(session: Session, submission_id: str, *, letter: str) -> Iterator[_Row]:
    """The rows beside this submission, as table and id, whose words speak of it; `letter` is all
    that was told. Its own entries are not among them."""
    entries = session.scalars(
        select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    ).all()
    yield from _find_merges(session, entries)
    yield from _find_in_tasks(session, entries, letter=letter)
    yield from _find_in_problem(session, submission_id, letter=letter)


def forget_mentions(session: Session, submission_id: str, *, letter: str) -> None:
    """Take out what is no words but tells of it all the same, or can be made anew: messages to
    other systems, numbers in the evidence of findings, a name that a person gave its problem."""
    entries = session.scalars(
        select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    ).all()
    session.execute(delete(DeliveryRow).where(DeliveryRow.entry_id.in_(entries)))
    shared = select(FindingRow.id, FindingRow.evidence).where(FindingRow.rule.in_(_SHARED_RULES))
    for finding_id, evidence in session.execute(shared).all():
        kept = _without(evidence, set(entries))
        if kept != evidence:
            change = update(FindingRow).where(FindingRow.id == finding_id)
            session.execute(change.values(evidence=kept))
    take_turn(session)
    named = select(ProblemRow.id, ProblemRow.name).where(
        ProblemRow.named_by.is_not(None), ProblemRow.id.in_(_problems_of(submission_id))
    )
    for problem_id, name in session.execute(named).all():
        others = _read(session, _others_of_problem(problem_id, submission_id))
        if speaks_of(name, letter, others=others):  # it is written anew from those who stay
            change = update(ProblemRow).where(ProblemRow.id == problem_id)
            session.execute(change.values(named_by=None))


def find_numbers(session: Session, submission_id: str) -> Numbers:
    """How this submission is named from elsewhere."""
    entries = select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    return Numbers(submission_id, tuple(session.scalars(entries.order_by(EntryRow.id))))


def find_named(session: Session, numbers: Numbers, *, since: datetime) -> Iterator[_Row]:
    """The rows, as table and id, in which somebody has named this submission by a number since
    then; its own work is not among them."""
    for table, told, at in _WRITTEN:
        columns = [cast(column, Text) for column in told]
        likely = or_(*(_may_name(column, numbers) for column in columns))
        query = select(table.id, *columns).where(likely, _is_of_others(table, numbers))
        if at is not None:
            query = query.where(at >= since)
        for row_id, *words in session.execute(query.order_by(table.id)).all():
            if any(numbers.stand_in(text) for text in words if text):
                yield table, row_id


def _may_name(column: ColumnElement[str], numbers: Numbers) -> ColumnElement[bool]:
    """What the database can tell: the number stands there, with a cue where it needs one."""
    forms: list[ColumnElement[bool]] = []
    if numbers.speaks_alone:
        forms.append(column.contains(numbers.submission, autoescape=True))
    if numbers.cued:
        cue = or_(*(column.contains(word) for word in CUES))
        forms.append(and_(cue, or_(*(column.contains(number) for number in numbers.cued))))
    return or_(*forms)


def _is_of_others(table: type[Any], numbers: Numbers) -> ColumnElement[bool]:
    """Whether the row is no work on the submission itself."""
    if hasattr(table, "submission_id"):
        of_others: ColumnElement[bool] = table.submission_id != numbers.submission
        return of_others
    if hasattr(table, "entry_id"):
        return or_(table.entry_id.is_(None), table.entry_id.not_in(numbers.entries))
    return table.id.is_not(None)  # type: ignore[no-any-return]


def _find_merges(session: Session, entries: Sequence[int]) -> Iterator[_Row]:
    """The steps of other entries by which one of these was merged into them, or they into it, and
    by which they came out of it again."""
    merged, reopened = ActionRow.command == Command.MERGE, ActionRow.command == Command.REOPEN
    named = (  # a step of another kind may hold a list there, which no database reads as a number
        case((merged, ActionRow.data["from"].as_integer())),
        case((merged, ActionRow.data["into"].as_integer())),
        case((reopened, ActionRow.data["merged_into"].as_integer())),
    )
    steps = select(ActionRow.id).where(
        ActionRow.command.in_((Command.MERGE, Command.REOPEN)),
        or_(*(number.in_(entries) for number in named)),
        ActionRow.entry_id.not_in(entries),
    )
    for action_id in session.scalars(steps.order_by(ActionRow.id)).all():
        yield ActionRow, action_id


def _find_in_tasks(session: Session, entries: Sequence[int], *, letter: str) -> Iterator[_Row]:
    linked = select(TaskEntryRow.task_id).where(TaskEntryRow.entry_id.in_(entries)).distinct()
    files = set(
        session.scalars(select(AttachmentRow.id).where(AttachmentRow.entry_id.in_(entries)))
    )
    for task_id in session.scalars(linked.order_by(TaskEntryRow.task_id)).all():
        others = _read(session, _others_of_task(task_id, entries))
        for table, row_id, words in _list_words(session, task_id, files=files):
            if not others or words is None or speaks_of(words, letter, others=others):
                yield table, row_id


def _list_words(
    session: Session, task_id: int, *, files: set[int]
) -> Iterator[tuple[type[Any], int, str | None]]:
    """Each row of a task with its words; None for an effect that is shown by one of the files."""
    task = session.get_one(TaskRow, task_id)
    yield TaskRow, task_id, "\n".join((task.title, *task.measures))
    for step in session.scalars(select(MilestoneRow).where(MilestoneRow.task_id == task_id)):
        yield MilestoneRow, step.id, f"{step.name}\n{step.note}"
    for done in session.scalars(select(TaskActionRow).where(TaskActionRow.task_id == task_id)):
        yield TaskActionRow, done.id, f"{done.note}\n{done.data}"
    for effect in session.scalars(select(EffectRow).where(EffectRow.task_id == task_id)):
        shown = any(one.get("attachment") in files for one in effect.evidence)
        words = f"{effect.change}\n{effect.evidence}\n{effect.evaluation}"
        yield EffectRow, effect.id, None if shown else words


def _find_in_problem(session: Session, submission_id: str, *, letter: str) -> Iterator[_Row]:
    """What persons wrote when they put right the problem that it is in."""
    for problem_id in session.scalars(_problems_of(submission_id)).all():
        others = _read(session, _others_of_problem(problem_id, submission_id))
        notes = select(CorrectionRow.id, CorrectionRow.note).where(
            or_(CorrectionRow.problem_id == problem_id, CorrectionRow.other_id == problem_id),
            CorrectionRow.note != "",
        )
        for correction_id, note in session.execute(notes).all():
            if not others or speaks_of(note, letter, others=others):
                yield CorrectionRow, correction_id


def _problems_of(submission_id: str) -> Select[Any]:
    return select(MemberRow.problem_id).where(MemberRow.submission_id == submission_id)


def _others_of_problem(problem_id: int, submission_id: str) -> Select[Any]:
    return select(MemberRow.submission_id).where(
        MemberRow.problem_id == problem_id, MemberRow.submission_id != submission_id
    )


def _others_of_task(task_id: int, entries: Sequence[int]) -> Select[Any]:
    return (
        select(EntryRow.submission_id)
        .join(TaskEntryRow, TaskEntryRow.entry_id == EntryRow.id)
        .where(TaskEntryRow.task_id == task_id, EntryRow.id.not_in(entries))
    )


def _read(session: Session, ids: Select[Any]) -> list[str]:
    """What these submissions told, those under the seal left out."""
    told = select(SubmissionRow.title, SubmissionRow.content, SubmissionRow.place).where(
        SubmissionRow.id.in_(ids), SubmissionRow.confidential.is_(False)
    )
    rows: Iterable[Any] = session.execute(told.order_by(SubmissionRow.id).limit(MOST_OTHERS))
    return ["\n".join(part or "" for part in row) for row in rows]


def _without(evidence: dict[str, Any], entries: set[int]) -> dict[str, Any]:
    """The same evidence with none of these entries (ids) named in it."""
    kept = {
        name: [one for one in value if one not in entries]
        if name in _LISTS and isinstance(value, list)
        else value
        for name, value in evidence.items()
    }
    if kept.get("copies_entry") in entries:
        kept = {name: value for name, value in kept.items() if name not in _NUMBERS}
    return kept
