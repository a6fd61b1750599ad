"""What was written beside a submission, where it stays: tasks, common problems, findings, merges.

When the submission goes under the seal (Art. 30), what speaks of it there has to go with it. What
belongs to it alone does so without a question; of what it shares with others, the rows whose words
are those of its letter and of no other one; of all the rest the sentences that name its number.
What is only counted or numbered is put right in place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from triage.findings import Rule
from triage.ledger.paging import in_chunks
from triage.ledger.problems import take_turn
from triage.ledger.tables import (
    AccusationRow,
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
    RepeatRow,
    ReplyRow,
    SubmissionRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.ledger.tables.people import ODD_ID
from triage.mentions import CUES, Numbers, speaks_of
from triage.workflow import Command

MOST_OTHERS = 500  # letters that words are held against
_SHARED_RULES = (Rule.COPIED_REPLY, Rule.INVENTED, Rule.CROWDED, Rule.UNTASKED)
_NUMBERS = ("copies_entry", "copies_reply")  # of another entry, in the evidence of a finding
_LISTS = ("entries", "examples")
_Row = tuple[type[Any], int]
_PLAIN = re.compile(r"[\w-]{1,128}", re.ASCII)  # what most ids are made of, whole
_NUMBER = re.compile(r"(?<!\d)\d{1,18}(?!\d)", re.ASCII)  # that any database can hold
# Where people write, with the moment of it where the row has one: what was not there yet has not
# been named. Of the others those in `_BY_STEPS` come with a step on their entry.
_WRITTEN: tuple[tuple[type[Any], tuple[Any, ...], Any], ...] = (
    (EntryRow, (EntryRow.matter, EntryRow.ground), None),
    (DecisionRow, (DecisionRow.reason,), DecisionRow.decided_at),
    (ActionRow, (ActionRow.note, ActionRow.data), ActionRow.at),
    (ExtensionRow, (ExtensionRow.reason, ExtensionRow.decided_note), None),
    (ReplyRow, (ReplyRow.text, ReplyRow.quality), ReplyRow.at),
    (EvaluationRow, (EvaluationRow.comment,), None),
    (AttachmentRow, (AttachmentRow.name,), None),
    (FindingRow, (FindingRow.evidence, FindingRow.decided_note), None),
    (RepeatRow, (RepeatRow.decided_note,), RepeatRow.decided_at),
    (TaskRow, (TaskRow.title, TaskRow.measures), None),
    (MilestoneRow, (MilestoneRow.name, MilestoneRow.note), None),
    (TaskActionRow, (TaskActionRow.note, TaskActionRow.data), TaskActionRow.at),
    (EffectRow, (EffectRow.change, EffectRow.evidence, EffectRow.evaluation), EffectRow.at),
    (CorrectionRow, (CorrectionRow.note,), CorrectionRow.at),
)
_BY_STEPS = {
    EntryRow: EntryRow.id,
    ExtensionRow: ExtensionRow.entry_id,
    EvaluationRow: EvaluationRow.entry_id,
    AttachmentRow: AttachmentRow.entry_id,
}
_FEW = 30_000  # steps; of the entries of more it is quicker to walk through all


def find_mentions(session: Session, submission_id: str, *, letter: str) -> Iterator[_Row]:
    """The rows beside this submission, as table and id, whose words speak of it; `letter` is all
    that was told. Its own entries are not among them."""
    entries = session.scalars(
        select(EntryRow.id).where(EntryRow.submission_id == submission_id)
    ).all()
    came = session.get_one(SubmissionRow, submission_id).recorded_at
    yield from _find_merges(session, entries, since=came)
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


def find_sealed(session: Session, told: str) -> list[str]:
    """The submissions under the seal that this text names by a number: by ids, in their order."""
    likely: set[str] = set()
    for runs in in_chunks(sorted(set(_PLAIN.findall(told)))):
        plain = select(AccusationRow.submission_id).where(AccusationRow.submission_id.in_(runs))
        likely.update(session.scalars(plain))
    odd = select(AccusationRow.submission_id).where(
        literal_column(ODD_ID[session.get_bind().dialect.name])
    )
    likely.update(one for one in session.scalars(odd) if one in told)
    if any(cue in told for cue in CUES):
        for numbers in in_chunks(sorted({int(one) for one in _NUMBER.findall(told)})):
            hidden = select(EntryRow.submission_id).where(
                EntryRow.id.in_(numbers), EntryRow.confidential
            )
            likely.update(session.scalars(hidden))
    sealed: list[str] = []
    for ids in in_chunks(sorted(likely)):
        known = select(SubmissionRow.id).where(
            SubmissionRow.id.in_(ids), SubmissionRow.confidential
        )
        sealed += [
            one
            for one in sorted(session.scalars(known))
            if find_numbers(session, one).stand_in(told)
        ]
    return sealed


def find_named(session: Session, numbers: Numbers, *, since: datetime) -> Iterator[_Row]:
    """The rows, as table and id, in which somebody has named this submission by a number since
    then; its own work is not among them."""
    few = _are_few_steps(session, since=since)
    for table, told, at in _WRITTEN:
        columns = [cast(column, Text) for column in told]
        likely = or_(*(_may_name(column, numbers) for column in columns))
        query = select(table.id, *columns).where(likely, _is_of_others(table, numbers))
        if at is not None:
            query = query.where(at >= since)
        elif few and table in _BY_STEPS:
            stepped = select(ActionRow.entry_id).where(ActionRow.at >= since)
            query = query.where(_BY_STEPS[table].in_(stepped))
        # Sorted here: asked for it, SQLite would walk the whole table along its numbers.
        for row_id, *words in sorted(session.execute(query).all(), key=lambda row: row[0]):
            if any(numbers.stand_in(text) for text in words if text):
                yield table, row_id


def _are_few_steps(session: Session, *, since: datetime) -> bool:
    some = select(ActionRow.id).where(ActionRow.at >= since).limit(_FEW + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= _FEW


def find_named_problems(session: Session, numbers: Numbers) -> list[int]:
    """The problems (ids) whose name, which a person gave, names this submission by a number."""
    named = select(ProblemRow.id, ProblemRow.name).where(
        ProblemRow.named_by.is_not(None), _may_name(ProblemRow.name, numbers)
    )
    rows = session.execute(named.order_by(ProblemRow.id)).all()
    return [problem_id for problem_id, name in rows if numbers.stand_in(name)]


def _may_name(column: Any, numbers: Numbers) -> ColumnElement[bool]:
    """What the database can tell: the number stands there, with a cue where it needs one; that is
    asked last, as SQLite looks ten times as long for a Chinese word."""
    forms: list[ColumnElement[bool]] = []
    if numbers.speaks_alone:
        forms.append(column.contains(numbers.submission, autoescape=True))
    if numbers.cued:
        cue = or_(*(column.contains(word) for word in CUES))
        forms.append(and_(or_(*(column.contains(number) for number in numbers.cued)), cue))
    return or_(*forms)


def _is_of_others(table: type[Any], numbers: Numbers) -> ColumnElement[bool]:
    """Whether the row is no work on the submission itself."""
    if table is RepeatRow:
        ids = (RepeatRow.submission_id, RepeatRow.earlier_id)
        return and_(*(one != numbers.submission for one in ids))
    if hasattr(table, "submission_id"):
        of_others: ColumnElement[bool] = table.submission_id != numbers.submission
        return of_others
    if hasattr(table, "entry_id"):
        return or_(table.entry_id.is_(None), table.entry_id.not_in(numbers.entries))
    return table.id.is_not(None)  # type: ignore[no-any-return]


def _find_merges(session: Session, entries: Sequence[int], *, since: datetime) -> Iterator[_Row]:
    """The steps of other entries by which one of these was merged into them, or they into it, and
    by which they came out of it again."""
    merged, reopened = ActionRow.command == Command.MERGE, ActionRow.command == Command.REOPEN
    named = (  # a step of another kind may hold a list there, which no database reads as a number
        case((merged, ActionRow.data["from"].as_integer())),
        case((merged, ActionRow.data["into"].as_integer())),
        case((reopened, ActionRow.data["merged_into"].as_integer())),
    )
    steps = select(ActionRow.id).where(
        ActionRow.at >= since,  # an index has it
        ActionRow.command.in_((Command.MERGE, Command.REOPEN)),
        or_(*(number.in_(entries) for number in named)),
        ActionRow.entry_id.not_in(entries),
    )
    for action_id in sorted(session.scalars(steps)):
        yield ActionRow, action_id


def _find_in_tasks(session: Session, entries: Sequence[int], *, letter: str) -> Iterator[_Row]:
    linked = select(TaskEntryRow.task_id).where(TaskEntryRow.entry_id.in_(entries)).distinct()
    files = set(
        session.scalars(select(AttachmentRow.id).where(AttachmentRow.entry_id.in_(entries)))
    )
    for task_id in session.scalars(linked.order_by(TaskEntryRow.task_id)).all():
        others = _read(session, _others_of_task(task_id, entries))
        for table, row_id, words in list_words(session, task_id):
            shown = _is_shown_by(session, table, row_id, files)
            if not others or shown or speaks_of(words, letter, others=others):
                yield table, row_id


def list_words(session: Session, task_id: int) -> Iterator[tuple[type[Any], int, str]]:
    """Each row of a task, as table and id, with its words."""
    task = session.get_one(TaskRow, task_id)
    yield TaskRow, task_id, "\n".join((task.title, *task.measures))
    for step in session.scalars(select(MilestoneRow).where(MilestoneRow.task_id == task_id)):
        yield MilestoneRow, step.id, f"{step.name}\n{step.note}"
    for done in session.scalars(select(TaskActionRow).where(TaskActionRow.task_id == task_id)):
        yield TaskActionRow, done.id, f"{done.note}\n{done.data}"
    for effect in session.scalars(select(EffectRow).where(EffectRow.task_id == task_id)):
        yield EffectRow, effect.id, f"{effect.change}\n{effect.evidence}\n{effect.evaluation}"


def _is_shown_by(session: Session, table: type[Any], row_id: int, files: set[int]) -> bool:
    """Whether the row is an effect that one of these files is to prove."""
    if table is not EffectRow:
        return False
    evidence = session.get_one(EffectRow, row_id).evidence
    return any(one.get("attachment") in files for one in evidence)


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
