"""What others wrote of a letter by its number alone, once that letter goes under the seal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from ledger_factories import MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import delete, select, text, update
from test_ledger_queries import plans_of
from workflow_factories import (
    CLERK,
    HOUSING_OFFICER,
    REPLY,
    SUPERVISOR,
    file_departments,
    give,
    open_one,
)

from triage.ledger.accusations import put_away_unsealed
from triage.ledger.audit import list_events
from triage.ledger.commands import run_command
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.discipline import alarm_accusation, read_accusation, release_accusation
from triage.ledger.history import EntryFile, get_entry_file
from triage.ledger.mentions import find_named
from triage.ledger.records import record_submission, record_suggestion
from triage.ledger.store import Store
from triage.ledger.tables import ReplyRow, SealedWorkRow, SettingRow
from triage.ledger.tasks import TaskPlan, plan_task
from triage.ledger.views import StoredEntry
from triage.mentions import CUT, Numbers
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.workflow import Command

DISCIPLINE = Caller("ji", ROLE_ACTIONS[Role.DISCIPLINE])
ADMIN = Caller("guan", ROLE_ACTIONS[Role.ADMIN])


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def read(store: Store, entry: StoredEntry) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry.id, caller=SUPERVISOR)


def note(store: Store, entry: StoredEntry, words: str) -> StoredEntry:
    entry = read(store, entry).entry
    return give(store, entry, Command.PROGRESS, HOUSING_OFFICER, note=words)


def seal(store: Store, submission_id: str, **decided: Any) -> None:
    said = Decision(nature="检举控告", **decided)
    with store.writing() as session:
        record_decision(session, submission_id, said, caller=CLERK, now=NOW + 2 * MINUTE)


def release(store: Store, submission_id: str) -> None:
    with store.writing() as session:
        release_accusation(
            session, submission_id, caller=DISCIPLINE, now=NOW + 3 * MINUTE, reason="查无此事"
        )


def notes_of(store: Store, entry: StoredEntry) -> list[str]:
    return [action.note for action in read(store, entry).actions]


def test_a_sentence_elsewhere_that_names_it_goes_and_comes_back(store: Store) -> None:
    named, other = open_one(store, "WX-9"), open_one(store, "WX-1")
    other = give(store, other, Command.ACCEPT, HOUSING_OFFICER)
    said = [f"已派人。与条目 {named.id} 是同一个反映人。", "WX-9说的电梯已修", "WX-91另办"]
    for words in said:
        note(store, other, words)
    reply = {"text": "电梯已修好。另见来件WX-9。", "outcome": "solved"}
    other = give(store, read(store, other).entry, Command.REPLY, HOUSING_OFFICER, **reply)
    give(store, other, Command.CLOSE, CLERK, ground="与WX-9一并回访")
    seal(store, "WX-9")
    file = read(store, other)
    assert notes_of(store, other)[1:4] == [f"已派人。{CUT}", CUT, "WX-91另办"]
    assert (file.replies[0].text, file.entry.ground) == (f"电梯已修好。{CUT}", CUT)
    assert [action.data.get("ground") for action in file.actions][-1] == CUT
    with store.writing() as session:
        work = read_accusation(session, "WX-9", caller=DISCIPLINE, now=NOW + 2 * MINUTE).work
    assert said[1] in [step.told.get("note") for step in work]
    release(store, "WX-9")
    file = read(store, other)
    assert notes_of(store, other)[1:4] == said
    assert (file.replies[0].text, file.entry.ground) == (reply["text"], "与WX-9一并回访")
    with store.reading() as session:
        assert session.scalars(select(SealedWorkRow)).all() == []


def test_of_two_that_one_note_names_each_is_named_again_when_it_is_released(store: Store) -> None:
    first, second = open_one(store, "WX-8"), open_one(store, "WX-9")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    words = f"同条目{first.id}。又同条目{second.id}。已办。"
    note(store, other, words)
    seal(store, "WX-8")
    seal(store, "WX-9")
    assert notes_of(store, other)[-1] == f"{CUT}{CUT}已办。"
    release(store, "WX-8")
    assert notes_of(store, other)[-1] == f"同条目{first.id}。{CUT}已办。"
    release(store, "WX-9")
    assert notes_of(store, other)[-1] == words


def test_what_names_one_shows_nothing_once_its_own_letter_is_sealed(store: Store) -> None:
    open_one(store, "WX-8")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    note(store, other, "与WX-8同。王某收了钱。")
    seal(store, "WX-8")
    seal(store, "WX-1")
    with store.reading() as session:
        kept = session.execute(text("SELECT note FROM action WHERE entry_id = 2")).scalars()
        assert set(kept) == {""}
    release(store, "WX-1")
    assert notes_of(store, other)[-1] == f"{CUT}王某收了钱。"
    release(store, "WX-8")
    assert notes_of(store, other)[-1] == "与WX-8同。王某收了钱。"


def test_a_reply_written_anew_since_stays_as_it_was_written(store: Store) -> None:
    open_one(store, "WX-9")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    give(store, other, Command.REPLY, HOUSING_OFFICER, text="见WX-9。", outcome="explained")
    seal(store, "WX-9")
    with store.writing() as session:
        session.execute(text("UPDATE reply SET text = '电梯已修好。'"))
    release(store, "WX-9")
    with store.reading() as session:
        assert session.scalars(select(ReplyRow.text)).all() == ["电梯已修好。"]


def test_words_written_anew_that_name_another_come_back_as_they_were_written(
    store: Store,
) -> None:
    first, second = open_one(store, "WX-8"), open_one(store, "WX-9")
    seal(store, "WX-8")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    other = give(store, other, Command.REPLY, HOUSING_OFFICER, **REPLY)
    other = give(store, other, Command.CLOSE, CLERK, ground="同WX-8")
    assert read(store, other).entry.ground == CUT
    other = give(store, other, Command.REOPEN, SUPERVISOR, note=f"与条目{first.id}无关")
    other = give(store, other, Command.REPLY, HOUSING_OFFICER, **REPLY)
    ground = f"同条目{second.id}。同WX-8。"
    other = give(store, other, Command.CLOSE, CLERK, ground=ground)
    assert read(store, other).entry.ground == f"同条目{second.id}。{CUT}"
    seal(store, "WX-9")
    assert read(store, other).entry.ground == f"{CUT}{CUT}"
    release(store, "WX-8")
    assert read(store, other).entry.ground == f"{CUT}同WX-8。"
    release(store, "WX-9")
    assert read(store, other).entry.ground == ground
    with store.reading() as session:
        assert session.scalars(select(SealedWorkRow)).all() == []


def test_what_an_older_version_cut_out_comes_back_though_it_left_a_telephone(
    store: Store,
) -> None:
    open_one(store, "WX-9")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    said = "见WX-9。电话13900000007。"
    give(store, other, Command.REPLY, HOUSING_OFFICER, text=said, outcome="explained")
    seal(store, "WX-9")
    with store.writing() as session:
        session.execute(update(ReplyRow).values(text=f"{CUT}电话13900000007。"))
    release(store, "WX-9")
    with store.reading() as session:
        assert session.scalars(select(ReplyRow.text)).all() == [said]


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_seals_waits_for_who_is_writing_its_number(store: Store) -> None:
    open_one(store, "WX-9")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    said = {"caller": HOUSING_OFFICER, "version": other.version, "now": NOW + 2 * MINUTE}
    with ThreadPoolExecutor(1) as pool:
        with store.writing() as session:
            run_command(session, other.id, Command.PROGRESS, note="同WX-9", **said)
            sealing = pool.submit(seal, store, "WX-9")
            with pytest.raises(TimeoutError):
                sealing.result(timeout=0.5)
        sealing.result(timeout=10)
    assert notes_of(store, other)[-1] == CUT


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_written_lately_is_found_along_indexes(store: Store) -> None:
    entry = open_one(store, "WX-9")
    numbers = Numbers("WX-9", (entry.id,))
    asked = {"session": None, "numbers": numbers, "since": NOW}
    plans = plans_of(store, lambda session: list(find_named(**(asked | {"session": session}))))
    large = ("entry", "action", "decision", "reply", "extension", "evaluation", "attachment")
    walked = [plan for plan in plans if any(f"SCAN {name}" in plan for name in large)]
    assert len(plans) > 10
    assert walked == []


def test_who_was_merged_into_it_does_not_show_into_what(store: Store) -> None:
    host, guest = open_one(store, "WX-9"), open_one(store, "WX-1")
    guest = give(store, guest, Command.MERGE, CLERK, into=host.id, note="同一部电梯")
    with store.reading() as session:
        lines = list_events(session, caller=ADMIN, kind="entry.merge").lines
        assert [line.payload["into"] for line in lines] == [host.id]
    seal(store, "WX-9")
    (merged, freed) = read(store, guest).actions
    assert (merged.command, merged.note, merged.data) == (Command.MERGE, "", {})
    assert (freed.command, freed.note) == (Command.REOPEN, "恢复单独办理")
    with store.reading() as session:
        assert list_events(session, caller=ADMIN, kind="entry.merge").lines == ()
    release(store, "WX-9")
    (merged, _) = read(store, guest).actions
    assert (merged.note, merged.data) == ("同一部电梯", {"into": host.id})
    with store.reading() as session:
        assert len(list_events(session, caller=ADMIN, kind="entry.merge").lines) == 1


def test_who_had_come_out_of_it_before_does_not_show_out_of_what(store: Store) -> None:
    host, guest = open_one(store, "WX-9"), open_one(store, "WX-1")
    guest = give(store, guest, Command.MERGE, CLERK, into=host.id)
    guest = give(store, guest, Command.REOPEN, SUPERVISOR, note="不是一部电梯")
    seal(store, "WX-9")
    assert [action.data for action in read(store, guest).actions] == [{}, {}]
    assert read(store, guest).entry.version == guest.version


def test_what_an_older_version_left_beside_it_is_sealed_once(store: Store) -> None:
    named = open_one(store, "WX-9")
    other = give(store, open_one(store, "WX-1"), Command.ACCEPT, HOUSING_OFFICER)
    plan = TaskPlan(
        title="修电梯",
        department="zhujian",
        person="李明",
        deadline=date(2025, 4, 1),
        entries=(named.id,),
        measures=("逐台检测",),
    )
    with store.writing() as session:
        plan_task(session, plan, caller=SUPERVISOR, now=NOW + MINUTE)
    seal(store, "WX-9")
    with store.writing() as session:  # as if it had been sealed before this was done
        session.execute(delete(SealedWorkRow).where(SealedWorkRow.source == "task"))
        session.execute(text("UPDATE task SET title = '查电梯那封信'"))
    note(store, other, "同WX-9。")
    for _ in range(2):
        with store.writing() as session:
            assert put_away_unsealed(session, now=NOW + 3 * MINUTE) == 0
    assert notes_of(store, other)[-1] == CUT
    with store.reading() as session:
        assert "查电梯" not in session.scalars(text("SELECT title FROM task")).one()
        assert len(session.scalars(select(SettingRow)).all()) == 1


def test_an_emergency_that_is_an_accusation_keeps_who_was_called(store: Store) -> None:
    submission = make_submission(id="WX-5")
    suggestion = make_suggestion(id="WX-5", urgency=1, needs_review=True)
    with store.writing() as session:
        record_submission(session, submission, now=NOW)
        record_suggestion(session, submission, suggestion, now=NOW)
    seal(store, "WX-5", alarm="110")
    said = {"caller": DISCIPLINE, "now": NOW + 3 * MINUTE}
    with store.writing() as session:
        alarm_accusation(session, "WX-5", line="120", note=" 救护车已到 ", **said)
        file = read_accusation(session, "WX-5", **said)
    with store.reading() as session:
        told = session.execute(
            text("SELECT payload FROM event WHERE kind = 'accusation.alarm' ORDER BY id")
        ).all()
    assert [(one["kind"], one["who"], one["reason"]) for one in file.notes] == [
        ("put_away", CLERK.who, ""),
        ("alarm", CLERK.who, "已转110（公安）"),
        ("alarm", DISCIPLINE.who, "已转120（急救）：救护车已到"),
    ]
    assert len(told) == 2


def test_who_was_called_before_an_entry_was_sealed_is_told_to_the_discipline_side(
    store: Store,
) -> None:
    entry = open_one(store, "WX-9", urgency=1)
    give(store, entry, Command.ALARM, CLERK, to="119")
    seal(store, "WX-9")
    with store.writing() as session:
        work = read_accusation(session, "WX-9", caller=DISCIPLINE, now=NOW + 3 * MINUTE).work
    assert [step.told["to"] for step in work if step.told.get("command") == "alarm"] == ["119"]
