from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from triage.calendar import day_of
from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.effects import Effect, Evidence, close_task
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState, TaskState
from triage.ledger.store import Store
from triage.ledger.tables import AttachmentRow, EntryRow, EvaluationRow, EventRow, to_utc
from triage.ledger.taskfiles import StoredTask, TaskFile, get_task
from triage.ledger.tasks import (
    TaskChange,
    TaskPlan,
    cancel_task,
    change_task,
    plan_task,
    record_progress,
)
from triage.milestones import Milestone, Step
from triage.roles import ROLE_ACTIONS, Caller, Role

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
SUPERVISOR = Caller("zhao", ROLE_ACTIONS[Role.SUPERVISOR])
HOUSING_OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
CITY_OFFICER = Caller("sun", ROLE_ACTIONS[Role.OFFICER], "chengguan", frozenset({"chengguan"}))
DEADLINE = date(2025, 3, 14)


@pytest.fixture(autouse=True)
def entries(store: Store) -> list[int]:
    """Two entries of the housing office, one of the city office, one accusation."""
    pairs = [
        (make_submission(id="H-1"), make_suggestion()),
        (make_submission(id="H-2"), make_suggestion()),
        (make_submission(id="C-1"), make_suggestion(lead="城管局")),
    ]
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)
        filed = record_batch(session, pairs, now=NOW)
        ids = [one.entry.id for one in filed if one.entry is not None]
        hidden = record_batch(session, [(make_submission(id="J-1"), make_suggestion())], now=NOW)
        assert hidden[0].entry is not None
        session.execute(
            update(EntryRow).where(EntryRow.id == hidden[0].entry.id).values(confidential=True)
        )
    return [*ids, hidden[0].entry.id]


def make_plan(known: list[int], **changes: Any) -> TaskPlan:
    plan = TaskPlan(
        title="更换老旧电梯",
        department="zhujian",
        person="李明",
        deadline=DEADLINE,
        entries=tuple(known[:2]),
        measures=("逐台排查", "动用维修基金"),
        assisting=("城管局",),
    )
    return replace(plan, **changes)


def plan(store: Store, known: list[int], *, caller: Caller = CLERK, **changes: Any) -> StoredTask:
    with store.writing() as session:
        return plan_task(session, make_plan(known, **changes), caller=caller, now=NOW)


def change(store: Store, task: StoredTask, *, caller: Caller = CLERK, **changes: Any) -> StoredTask:
    note = changes.pop("note", "")
    with store.writing() as session:
        return change_task(
            session,
            task.id,
            TaskChange(**changes),
            caller=caller,
            version=task.version,
            now=NOW + MINUTE,
            note=note,
        )


def progress(store: Store, task: StoredTask, caller: Caller = CLERK, **options: Any) -> StoredTask:
    options = {"note": "已排查三台"} | options
    with store.writing() as session:
        return record_progress(
            session, task.id, caller=caller, version=task.version, now=NOW + MINUTE, **options
        )


def finish_all(store: Store, task: StoredTask) -> StoredTask:
    for step in task.milestones:
        task = progress(store, task, milestone=step.id, done=True)
    return task


def close(store: Store, task: StoredTask, *, caller: Caller = CLERK, **changes: Any) -> StoredTask:
    effect = Effect(change="六台电梯全部换新", evidence=(Evidence("现场照片"),))
    with store.writing() as session:
        return close_task(
            session,
            task.id,
            replace(effect, **changes),
            caller=caller,
            version=task.version,
            now=NOW + 9 * MINUTE,
        )


def read(store: Store, task: StoredTask, caller: Caller = CLERK) -> TaskFile:
    with store.reading() as session:
        return get_task(session, task.id, caller=caller)


def evaluate(session: Session, entry: int, submission: str, *, solved: bool, level: int) -> None:
    session.add(
        EvaluationRow(
            entry_id=entry,
            submission_id=submission,
            source="callback",
            solved=solved,
            satisfaction=level,
            comment="",
            who="wang",
            at=NOW,
        )
    )


def test_a_task_from_several_entries_has_its_milestones_set_backwards(
    store: Store, entries: list[int]
) -> None:
    task = plan(store, entries, entries=(entries[1], entries[0], entries[1]))
    assert read(store, task).task == task
    assert (task.department_name, task.assisting) == ("住建局", ("城管局",))
    assert task.entries == tuple(entries[:2])
    assert task.deadline_at == datetime(2025, 3, 14, 15, 59, 59, tzinfo=UTC)
    assert [step.name for step in task.milestones] == [
        "制定方案",
        "组织落实",
        "检查验收",
        "回访反馈",
    ]
    assert [day_of(step.due_at).day for step in task.milestones] == [5, 7, 12, 14]
    assert (task.state, task.version, task.progress) == (TaskState.OPEN, 1, "0/4")


def test_a_task_may_say_its_own_steps_or_days(store: Store, entries: list[int]) -> None:
    steps = plan(store, entries, steps=(Step("施工", 3), Step("验收", 2)))
    assert [day_of(step.due_at).day for step in steps.milestones] == [12, 14]
    days = plan(store, entries, milestones=(Milestone("施工", date(2025, 3, 8)),))
    assert [(s.name, day_of(s.due_at).day) for s in days.milestones] == [("施工", 8)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "字" * 201}, "title"),
        ({"person": ""}, "person"),
        ({"measures": ()}, "measures"),
        ({"measures": (" ",)}, "measures"),
        ({"entries": ()}, "entries"),
        ({"deadline": date(2025, 2, 28)}, "deadline"),
        ({"department": "没有这个局"}, "department"),
        ({"assisting": ("没有这个局",)}, "department"),
        ({"assisting": ("chengguan",) * 21}, "assisting"),
        ({"steps": (Step("施工", 99),)}, "steps"),
        ({"milestones": (Milestone("施工", date(2025, 3, 15)),)}, "milestones"),
    ],
)
def test_a_plan_that_cannot_be_taken_is_refused_by_field(
    store: Store, entries: list[int], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises((InvalidInput, NotFound)) as caught:
        plan(store, entries, **changes)
    assert caught.value.field == field


def test_a_retired_department_takes_no_task(store: Store, entries: list[int]) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS[1:])
    with pytest.raises(InvalidInput, match="已撤并"):
        plan(store, entries)


def test_an_accusation_or_an_entry_out_of_reach_is_as_one_that_does_not_exist(
    store: Store, entries: list[int]
) -> None:
    told = set()
    for caller, entry in ((CLERK, entries[3]), (HOUSING_OFFICER, entries[2]), (CLERK, 999_999)):
        with pytest.raises(NotFound) as caught:
            plan(store, entries, caller=caller, entries=(entry,))
        told.add(caught.value.message.replace(str(entry), "X"))
    assert len(told) == 1


def test_an_entry_that_turns_out_to_be_an_accusation_leaves_its_task(
    store: Store, entries: list[int]
) -> None:
    task = plan(store, entries)
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entries[0]).values(confidential=True))
    assert read(store, task).task.entries == (entries[1],)


@pytest.mark.parametrize("state", [EntryState.MERGED, EntryState.FORWARDED, EntryState.DECLINED])
def test_what_has_left_the_line_gets_no_task(
    store: Store, entries: list[int], state: EntryState
) -> None:
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entries[0]).values(state=state))
    with pytest.raises(InvalidInput) as caught:
        plan(store, entries)
    assert caught.value.field == "entries"


def test_an_officer_plans_for_the_own_department_alone(store: Store, entries: list[int]) -> None:
    plan(store, entries, caller=HOUSING_OFFICER)
    with pytest.raises(AccessDenied):
        plan(store, entries, caller=CITY_OFFICER)
    plan(store, entries, caller=SUPERVISOR)
    with pytest.raises(AccessDenied):
        plan(store, entries, caller=Caller("he", ROLE_ACTIONS[Role.DISCIPLINE]))


def test_a_task_is_seen_by_its_department_and_by_those_who_assist(
    store: Store, entries: list[int]
) -> None:
    task = plan(store, entries, assisting=())
    assert read(store, task, HOUSING_OFFICER).task == task
    with pytest.raises(NotFound) as out_of_reach:
        read(store, task, CITY_OFFICER)
    with pytest.raises(NotFound) as absent:
        read(store, replace(task, id=999_999))
    assert out_of_reach.value.message.replace(str(task.id), "X") == (
        absent.value.message.replace("999999", "X")
    )
    with pytest.raises(NotFound):
        progress(store, task, CITY_OFFICER)
    shared = plan(store, entries)
    assert read(store, shared, CITY_OFFICER).task == shared
    assert progress(store, shared, CITY_OFFICER).version == 2
    with pytest.raises(AccessDenied):
        change(store, replace(shared, version=2), caller=CITY_OFFICER, title="别的")


def test_progress_is_kept_with_who_when_and_what(store: Store, entries: list[int]) -> None:
    task = plan(store, entries)
    step = task.milestones[0].id
    task = progress(store, task, milestone=step, done=True)
    task = progress(store, task, HOUSING_OFFICER, note="专家已论证")
    assert (task.progress, task.milestones[0].note) == ("1/4", "已排查三台")
    assert task.milestones[0].done_at == NOW + MINUTE
    history = read(store, task).history
    assert [(one.command, one.who, one.note, one.version) for one in history] == [
        ("planned", "wang", "", 1),
        ("progressed", "wang", "已排查三台", 2),
        ("progressed", "li", "专家已论证", 3),
    ]
    assert history[1].data == {"milestone": step, "done": True}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"note": " "}, "note"),
        ({"note": "字" * 2001}, "note"),
        ({"done": True}, "milestone"),
        ({"milestone": 999_999}, "milestone"),
    ],
)
def test_progress_that_says_nothing_is_refused(
    store: Store, entries: list[int], options: dict[str, Any], field: str
) -> None:
    with pytest.raises((InvalidInput, NotFound)) as caught:
        progress(store, plan(store, entries), **options)
    assert caught.value.field == field


def test_two_at_once_are_told_apart_by_the_version(store: Store, entries: list[int]) -> None:
    task = plan(store, entries)
    progress(store, task)
    for act in (progress, change, close):
        with pytest.raises(Conflict, match="刚被他人改过") as caught:
            act(store, task)
        assert caught.value.field == "version"


def test_a_later_deadline_needs_a_reason_and_sets_what_is_not_done_back_anew(
    store: Store, entries: list[int]
) -> None:
    task = plan(store, entries)
    task = progress(store, task, milestone=task.milestones[0].id, done=True)
    with pytest.raises(InvalidInput, match="原因"):
        change(store, task, deadline=date(2025, 3, 31))
    later = change(store, task, deadline=date(2025, 3, 31), note="等配件到货")
    assert later.milestones[0] == task.milestones[0]
    assert [step.name for step in later.milestones] == [step.name for step in task.milestones]
    assert day_of(later.milestones[-1].due_at) == date(2025, 3, 31)
    step = read(store, later).history[-1]
    assert (step.command, step.note) == ("changed", "等配件到货")
    assert step.data["before"] == {"deadline_at": "2025-03-14T15:59:59+00:00"}


def test_a_task_changes_hands_entries_and_steps(store: Store, entries: list[int]) -> None:
    task = plan(store, entries)
    task = change(
        store,
        task,
        department="城管局",
        assisting=("住建局", "城管局"),
        entries=(entries[1], entries[2]),
        steps=(Step("拆除"),),
        title="拆除占道电梯井",
        note="权属已查明",
    )
    assert (task.department, task.assisting) == ("chengguan", ("住建局",))
    assert task.entries == (entries[1], entries[2])
    assert [step.name for step in task.milestones] == ["拆除"]
    with pytest.raises(AccessDenied):
        change(store, plan(store, entries), caller=HOUSING_OFFICER, department="城管局", note="推")


def test_a_department_that_takes_the_lead_assists_no_longer(
    store: Store, entries: list[int]
) -> None:
    task = plan(store, entries)
    assert task.assisting == ("城管局",)
    task = change(store, task, department="城管局", note="权属已查明")
    assert (task.department, task.assisting) == ("chengguan", ())


def test_a_task_is_closed_only_by_its_effect(store: Store, entries: list[int]) -> None:
    task = plan(store, entries)
    with pytest.raises(InvalidInput, match="制定方案、组织落实") as caught:
        close(store, task)
    assert caught.value.field == "milestones"
    task = finish_all(store, task)
    for changes, field in (
        ({"change": " "}, "change"),
        ({"evidence": ()}, "evidence"),
        ({"evidence": (Evidence(" "),)}, "evidence"),
        ({}, "ground"),
    ):
        with pytest.raises(InvalidInput) as caught:
            close(store, task, **changes)
        assert caught.value.field == field
    closed = close(store, task, ground="反映人电话停机，两次回访未果")
    assert (closed.state, closed.closed_at) == (TaskState.DONE, NOW + 9 * MINUTE)
    effect = read(store, closed).effect
    assert effect is not None
    assert (effect.change, effect.who) == ("六台电梯全部换新", "wang")
    assert effect.evaluation["ground"] == "反映人电话停机，两次回访未果"
    with pytest.raises(Conflict, match="已完成"):
        progress(store, closed)


def test_the_evaluation_counts_the_latest_word_of_each_reporter_merged_ones_too(
    store: Store, entries: list[int]
) -> None:
    task = finish_all(store, plan(store, entries, entries=(entries[0],)))
    with store.writing() as session:
        session.execute(
            update(EntryRow)
            .where(EntryRow.id == entries[1])
            .values(merged_into=entries[0], state=EntryState.MERGED)
        )
        evaluate(session, entries[0], "H-1", solved=False, level=1)
        session.flush()
        evaluate(session, entries[0], "H-1", solved=True, level=4)
        evaluate(session, entries[1], "H-2", solved=True, level=2)
        evaluate(session, entries[2], "C-1", solved=False, level=1)
    closed = close(store, task)
    effect = read(store, closed).effect
    assert effect is not None
    assert effect.evaluation == {
        "reporters": 2,
        "evaluated": 2,
        "solved": 2,
        "satisfied": 1,
        "ground": "",
    }


def test_a_file_shown_as_evidence_must_be_kept_with_an_entry_of_the_task(
    store: Store, entries: list[int]
) -> None:
    with store.writing() as session:
        files = [
            AttachmentRow(
                entry_id=entry,
                name="照片.jpg",
                media_type="image/jpeg",
                size=1,
                sha256="ab" * 32,
                content=b"x",
                who="li",
                at=to_utc(NOW),
            )
            for entry in (entries[0], entries[2])
        ]
        session.add_all(files)
        session.flush()
        own, other = (file.id for file in files)
    task = finish_all(store, plan(store, entries))
    with pytest.raises(NotFound):
        close(store, task, evidence=(Evidence("", other),), ground="未回访")
    close(store, task, evidence=(Evidence("换新后", own),), ground="未回访")
    effect = read(store, task).effect
    assert effect is not None
    assert effect.evidence == (
        {"note": "换新后", "attachment": own, "name": "照片.jpg", "sha256": "ab" * 32},
    )


def test_a_task_is_given_up_only_for_a_reason(store: Store, entries: list[int]) -> None:
    task = plan(store, entries)
    with store.writing() as session:
        with pytest.raises(InvalidInput):
            cancel_task(session, task.id, caller=CLERK, version=1, now=NOW, note=" ")
        gone = cancel_task(session, task.id, caller=CLERK, version=1, now=NOW, note="并入另一任务")
    assert (gone.state, gone.version) == (TaskState.CANCELLED, 2)
    with pytest.raises(Conflict, match="已取消"):
        close(store, gone)


def test_events_tell_of_a_task_by_number_and_hold_none_of_its_words(
    store: Store, entries: list[int]
) -> None:
    task = finish_all(store, plan(store, entries))
    close(store, task, ground="未回访")
    with store.reading() as session:
        events = session.query(EventRow).filter(EventRow.kind.like("task.%")).all()
        told = [(event.kind, event.payload) for event in events]
    assert [kind for kind, _ in told] == ["task.planned", *["task.progressed"] * 4, "task.closed"]
    assert told[0][1] == {"task": task.id, "department": "zhujian", "version": 1}


@pytest.mark.parametrize("change", ["UPDATE task_action SET who = 'x'", "DELETE FROM task_action"])
def test_the_history_of_a_task_refuses_every_change(
    store: Store, entries: list[int], change: str
) -> None:
    plan(store, entries)
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(text(change))
