"""What a clerk sees of repeats, merges and calls none."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import delete, insert, select
from workflow_factories import CITY_OFFICER, CLERK, HOUSING_OFFICER, SUPERVISOR

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.accusations import put_away
from triage.ledger.commands import run_command
from triage.ledger.departments import sync_departments
from triage.ledger.matters import list_reporters
from triage.ledger.paging import Page
from triage.ledger.records import Sent, record_batch, record_sent
from triage.ledger.repeatdecisions import dismiss_repeat, merge_repeat
from triage.ledger.repeatlist import (
    RepeatLine,
    find_lines,
    list_all_repeats,
    list_first_repeats,
    list_in_other_words,
    list_new_repeats,
    list_repeats,
)
from triage.ledger.repeats import Likely, find_repeats
from triage.ledger.states import EntryState, ProblemState, RepeatState
from triage.ledger.store import Store
from triage.ledger.tables import EventRow, MemberRow, ProblemRow, RepeatRow, SubmissionRow
from triage.ledger.views import StoredEntry
from triage.repeats import RepeatKind, read_wording
from triage.roles import Caller
from triage.workflow import Command

LIFT = "幸福里小区三号楼的电梯从周三停到现在，物业说维修基金没有批下来，老人下不了楼，请尽快修好。"
DUST = "柳河镇前营村东头的石料场开工，灰尘落满了菜地，窗户不敢开，夜里吵得睡不着，请环保部门来看。"


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def take(store: Store, name: str, content: str = LIFT, **suggested: Any) -> StoredEntry | None:
    told = make_submission(id=name, title="", content=content, place=None)
    with store.writing() as session:
        (filed,) = record_batch(session, [(told, make_suggestion(id=name, **suggested))], now=NOW)
    return filed.entry


def see(store: Store, name: str, caller: Caller = CLERK, **wanted: Any) -> Page[RepeatLine]:
    with store.reading() as session:
        return list_repeats(session, name, caller=caller, **wanted)


def see_ids(store: Store, name: str, caller: Caller = CLERK, **wanted: Any) -> list[str]:
    return [line.other.id for line in see(store, name, caller, **wanted).lines]


def merge(store: Store, name: str, other: str, caller: Caller = CLERK, **said: Any) -> StoredEntry:
    with store.writing() as session:
        usual: dict[str, Any] = {"version": 1, "now": NOW + MINUTE}
        return merge_repeat(session, name, other, caller=caller, **usual | said)


def dismiss(store: Store, name: str, other: str, caller: Caller = CLERK, **said: Any) -> None:
    with store.writing() as session:
        dismiss_repeat(session, name, other, caller=caller, **{"now": NOW + MINUTE} | said)


def list_states(store: Store) -> list[RepeatState]:
    with store.reading() as session:
        return list(session.scalars(select(RepeatRow.state).order_by(RepeatRow.id)))


def test_both_sides_of_a_pair_show_each_other_with_their_entries(store: Store) -> None:
    first, second = take(store, "A"), take(store, "B")
    take(store, "C", DUST)
    (line,) = see(store, "B").lines
    assert (line.other.id, line.kind, line.state) == (
        "A",
        RepeatKind.SAME_TEXT,
        RepeatState.SUSPECTED,
    )
    assert (line.similarity, line.found_at, line.entries) == (1.0, NOW, (first,))
    (line,) = see(store, "A").lines
    assert (line.other.id, line.entries) == ("B", (second,))
    assert see_ids(store, "C") == []


def test_a_merge_goes_the_way_of_the_workflow_and_is_remembered(store: Store) -> None:
    first, second = take(store, "A"), take(store, "B")
    assert first is not None
    assert second is not None
    merged = merge(store, "B", "A", note="同一部电梯")
    assert (merged.id, merged.state, merged.merged_into) == (
        second.id,
        EntryState.MERGED,
        first.id,
    )
    with store.reading() as session:
        assert list_reporters(session, first.id) == ("A", "B")
    (line,) = see(store, "A").lines
    assert (line.state, line.decided_by, line.decided_note) == (
        RepeatState.MERGED,
        "wang",
        "同一部电梯",
    )


def test_merged_by_the_command_itself_the_pair_is_settled_too(store: Store) -> None:
    first, second = take(store, "A"), take(store, "B")
    assert first is not None
    assert second is not None
    with store.writing() as session:
        run_command(
            session,
            second.id,
            Command.MERGE,
            caller=CLERK,
            version=1,
            now=NOW + MINUTE,
            into=first.id,
        )
    assert list_states(store) == [RepeatState.MERGED]


def test_what_repeats_a_merged_one_goes_to_its_host(store: Store) -> None:
    first = take(store, "A")
    take(store, "B")
    take(store, "C")
    assert first is not None
    merge(store, "B", "A")
    assert merge(store, "C", "B").merged_into == first.id
    assert list_states(store).count(RepeatState.MERGED) >= 2


def test_a_no_is_remembered_whoever_asks_and_from_either_side(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    dismiss(store, "A", "B", note=" 不是同一部 ")
    assert see_ids(store, "A") == see_ids(store, "B") == []
    (line,) = see(store, "B", state=RepeatState.DISMISSED).lines
    assert (line.other.id, line.decided_by, line.decided_note) == ("A", "wang", "不是同一部")
    assert line.decided_at == NOW + MINUTE
    dismiss(store, "B", "A", note="再说一遍", now=NOW + 2 * MINUTE)
    (again,) = see(store, "B", state=RepeatState.DISMISSED).lines
    assert again == line
    with store.reading() as session:
        kinds = session.scalars(
            select(EventRow.kind).where(EventRow.kind.startswith("repeat."))
        ).all()
    assert kinds == ["repeat.dismissed"]


def test_merged_ones_are_called_no_repeat_only_after_they_stand_apart_again(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    merged = merge(store, "B", "A")
    with pytest.raises(Conflict, match="拆出"):
        dismiss(store, "A", "B")
    with store.writing() as session:
        run_command(
            session,
            merged.id,
            Command.REOPEN,
            caller=CLERK,
            version=merged.version,
            now=NOW + 2 * MINUTE,
            note="不是同一部电梯",
        )
    dismiss(store, "A", "B")
    assert list_states(store) == [RepeatState.DISMISSED]


def test_a_pair_that_the_machine_had_not_seen_is_written_down(store: Store) -> None:
    take(store, "A")
    take(store, "B", DUST)
    dismiss(store, "A", "B")
    (line,) = see(store, "A", state=RepeatState.DISMISSED).lines
    assert (line.kind, line.similarity, line.other.id) == (RepeatKind.SAME_MATTER, 0.0, "B")


def test_who_may_not_assign_merges_and_dismisses_nothing(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    for caller in (SUPERVISOR, HOUSING_OFFICER):
        with pytest.raises(AccessDenied):
            merge(store, "B", "A", caller)
        with pytest.raises(AccessDenied):
            dismiss(store, "B", "A", caller)


def test_an_officer_sees_only_pairs_of_which_both_are_within_reach(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    take(store, "C", lead="城管局")
    assert see_ids(store, "A", HOUSING_OFFICER) == ["B"]
    assert see_ids(store, "C", CITY_OFFICER) == ["B", "A"]  # it assists there
    alone = Caller("qian", HOUSING_OFFICER.actions, "jiwei", frozenset({"jiwei"}))
    with pytest.raises(NotFound):
        see(store, "A", alone)
    with store.reading() as session:
        found = find_repeats(session.connection(), read_wording("", LIFT))
        assert find_lines(session, found, caller=alone) == ()
        assert len(find_lines(session, found, caller=HOUSING_OFFICER)) == 2
        assert [line.other.id for line in list_all_repeats(session, caller=HOUSING_OFFICER).lines]


def test_an_accusation_is_in_no_pair_and_is_told_as_unknown(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    with store.writing() as session:
        put_away(session, session.get_one(SubmissionRow, "A"), who="wang", now=NOW)
    assert see_ids(store, "B") == []
    for name in ("A", "nothing"):
        with pytest.raises(NotFound, match=f"没有编号为 {name} 的来件，请核对编号"):
            see(store, name)
        with pytest.raises(NotFound, match=f"没有编号为 {name} 的来件，请核对编号") as caught:
            dismiss(store, "B", name)
        assert caught.value.field == "other"


def test_a_pair_left_by_a_race_with_the_seal_is_not_shown(store: Store) -> None:
    take(store, "A")
    take(store, "B", DUST)
    with store.writing() as session:
        put_away(session, session.get_one(SubmissionRow, "A"), who="wang", now=NOW)
        pair = {"submission_id": "B", "earlier_id": "A", "kind": "same_text", "similarity": 1.0}
        session.execute(insert(RepeatRow).values(**pair, state=RepeatState.SUSPECTED, found_at=NOW))
    assert see_ids(store, "B") == []
    with store.reading() as session:
        assert list_all_repeats(session, caller=CLERK).lines == ()
        assert list_first_repeats(session, "B", caller=CLERK) == ()


def test_who_brings_several_is_told_what_each_repeats_as_the_ledger_tells_it_later(
    store: Store,
) -> None:
    take(store, "A")
    told = [
        make_submission(id=name, title="", content=content, place=None)
        for name, content in (("B", LIFT), ("C", DUST), ("D", f"{LIFT}谢谢"))
    ]
    with store.writing() as session:
        sent = [Sent(one, make_suggestion(id=one.id)) for one in told]
        filed = record_sent(session, sent, now=NOW)
    assert {one.id: [line.other.id for line in one.repeats] for one in filed} == {
        "B": ["A"],
        "C": [],
        "D": ["A", "B"],
    }
    with store.reading() as session:
        for one in filed:
            later = list_first_repeats(session, one.id, caller=CLERK)
            assert one.repeats == tuple(replace(line, submission=None) for line in later)


def test_what_was_sealed_since_it_was_found_is_not_told(store: Store) -> None:
    take(store, "A")
    found = {"B": [Likely("A", RepeatKind.SAME_TEXT, 1.0)]}
    with store.writing() as session:
        assert [line.other.id for line in list_new_repeats(session, found, now=NOW)["B"]] == ["A"]
        put_away(session, session.get_one(SubmissionRow, "A"), who="wang", now=NOW)
        assert list_new_repeats(session, found, now=NOW) == {"B": ()}


def test_what_waits_for_review_is_assigned_before_it_is_merged(store: Store) -> None:
    take(store, "A")
    take(store, "B", needs_review=True)
    with pytest.raises(Conflict, match="还没有交办"):
        merge(store, "B", "A")
    assert list_states(store) == [RepeatState.SUSPECTED]


def test_a_submission_does_not_repeat_itself(store: Store) -> None:
    take(store, "A")
    with pytest.raises(InvalidInput, match="同一件"):
        merge(store, "A", "A")


def test_pages_of_pairs_join_without_gap(store: Store) -> None:
    for number in range(6):
        take(store, f"S{number}")
    with store.reading() as session:
        whole = list_all_repeats(session, caller=CLERK, limit=200).lines
        pages: list[RepeatLine] = []
        cursor = None
        while True:
            page = list_all_repeats(session, caller=CLERK, limit=4, cursor=cursor)
            pages += page.lines
            cursor = page.next
            if cursor is None:
                break
    assert tuple(pages) == whole
    assert len(whole) == 1 + 2 + 3 + 3 + 3
    for line in whole:
        assert line.submission is not None
        assert line.submission.id > line.other.id


def test_the_same_matter_in_other_words_comes_from_the_common_problem(store: Store) -> None:
    for name, content in (("A", LIFT), ("B", LIFT), ("C", DUST), ("D", "楼里电梯坏了好久没人修。")):
        take(store, name, content)
    with store.writing() as session:
        session.execute(delete(MemberRow))
        problem = session.scalar(
            insert(ProblemRow).values(**make_problem()).returning(ProblemRow.id)
        )
        session.execute(
            insert(MemberRow),
            [
                {
                    "submission_id": name,
                    "problem_id": problem,
                    "likeness": 0.5,
                    "placed_by": "machine",
                    "at": NOW,
                }
                for name in "ABD"
            ],
        )

    def list_others(name: str) -> list[str]:
        with store.reading() as session:
            lines = list_in_other_words(session, name, caller=CLERK)
        assert {line.kind for line in lines} <= {RepeatKind.SAME_MATTER}
        return [line.other.id for line in lines]

    assert list_others("A") == ["D"]  # B is a pair with it already
    assert list_others("D") == ["A", "B"]
    assert list_others("C") == []
    dismiss(store, "D", "A")
    assert list_others("D") == ["B"]


def test_two_clerks_who_merge_at_once_merge_once(store: Store) -> None:
    take(store, "A")
    take(store, "B")
    outcomes: list[object] = []

    def work() -> None:
        try:
            outcomes.append(merge(store, "B", "A"))
        except Conflict as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "StoredEntry"]
    assert list_states(store) == [RepeatState.MERGED]


def make_problem() -> dict[str, Any]:
    return {
        "name": "幸福里小区电梯停运",
        "state": ProblemState.OPEN,
        "version": 1,
        "size": 3,
        "reporters": 3,
        "heat": 1.0,
        "domain_code": "010203",
        "theme": "",
        "divisions": [],
        "departments": [],
        "first_seen": NOW,
        "last_seen": NOW,
        "figures": {},
        "updated_at": NOW,
    }
