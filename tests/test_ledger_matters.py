"""Split and merge: several matters of one submission, several reporters of one matter."""

from datetime import timedelta
from typing import Any

import pytest
from ledger_factories import MINUTE, NOW
from sqlalchemy import select
from workflow_factories import (
    CITY_OFFICER,
    CLERK,
    HOUSING_OFFICER,
    REPLY,
    REPORTER,
    SUPERVISOR,
    file_departments,
    give,
    lead_to,
    open_one,
)

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.history import EntryFile, get_entry_file
from triage.ledger.matters import Part
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow, EventRow
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.taxonomy import Domain
from triage.workflow import Command

DAY = timedelta(days=1)
STALLS = Part(matter="门口占道摆摊", lead="城管局", urgency=4, nature="举报")


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def read(store: Store, entry_id: int) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry_id, caller=CLERK)


def set_deadline(store: Store, entry: StoredEntry, days: int) -> StoredEntry:
    with store.writing() as session:
        session.get_one(EntryRow, entry.id).deadline_at = NOW + days * DAY
    return read(store, entry.id).entry


# Split


def test_each_part_becomes_an_entry_of_its_own_and_the_rest_stays(store: Store) -> None:
    entry = open_one(store)
    domain = Domain("020101", "城乡建设", "城市管理", "市容环境")
    garbage = Part(matter="垃圾清运", lead="chengguan", assisting=("住建局",), domain=domain)
    entry = give(
        store, entry, Command.SPLIT, CLERK, parts=(STALLS, garbage), matter="电梯停运", note="两事"
    )
    assert (entry.state, entry.matter, entry.version) == (EntryState.ASSIGNED, "电梯停运", 2)
    file = read(store, entry.id)
    first, second = (read(store, number).entry for number in file.others)
    assert (first.matter, first.lead_department, first.urgency) == ("门口占道摆摊", "chengguan", 4)
    assert (first.submission_id, first.state, first.version) == ("L-1", EntryState.ASSIGNED, 1)
    assert (second.domain_code, second.urgency, second.assisting) == ("020101", 3, ("住建局",))
    assert file.actions[-1].data["into"] == list(file.others)
    (born,) = read(store, first.id).actions
    assert (born.command, born.note, born.data["from"]) == ("split", "两事", entry.id)
    with store.reading() as session:
        opened = session.scalars(
            select(EventRow).where(EventRow.kind == "entry.opened").order_by(EventRow.id)
        ).all()
    assert [event.entry_id for event in opened] == [entry.id, first.id, second.id]
    assert "摆摊" not in str([event.payload for event in opened])


def test_the_reporter_of_a_part_has_waited_since_the_whole_was_opened(store: Store) -> None:
    entry = open_one(store)
    give(store, entry, Command.SPLIT, CLERK, parts=(STALLS,), now=NOW + MINUTE)
    part = read(store, read(store, entry.id).others[0]).entry
    assert (part.opened_at, part.assigned_at) == (NOW, NOW + MINUTE)
    assert part.deadline_at is not None
    assert part.deadline_at > NOW + MINUTE


def test_parts_go_their_own_ways(store: Store) -> None:
    entry = open_one(store)
    entry = give(store, entry, Command.SPLIT, CLERK, parts=(STALLS,))
    part = read(store, read(store, entry.id).others[0]).entry
    part = give(store, part, Command.ACCEPT, CITY_OFFICER)
    give(store, part, Command.REPLY, CITY_OFFICER, text="摊位已清理。", outcome="solved")
    first, second = read(store, entry.id), read(store, part.id)
    assert (first.entry.state, first.replies) == (EntryState.ASSIGNED, ())
    assert (second.entry.state, second.replies[0].text) == (EntryState.REPLIED, "摊位已清理。")
    assert (first.others, second.others) == ((part.id,), (entry.id,))


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        ((), InvalidInput, "1 到 20"),
        ((STALLS,) * 21, InvalidInput, "1 到 20"),
        ((Part(matter=" ", lead="城管局"),), InvalidInput, "拆出的事项"),
        ((Part(matter="摆摊", lead="没有这个局"),), NotFound, "没有这个局"),
        ((Part(matter="摆摊", lead="城管局", urgency=9),), InvalidInput, "紧急程度"),
        ((Part(matter="摆摊", lead="城管局", nature="别的"),), InvalidInput, "诉求性质"),
        ((Part(matter="受贿", lead="城管局", nature="检举控告"),), InvalidInput, "纪检台账"),
    ],
    ids=["none", "many", "nameless", "lead", "urgency", "nature", "accusation"],
)
def test_a_part_that_cannot_stand_alone_is_refused_and_none_is_made(
    store: Store, parts: Any, error: type[Exception], words: str
) -> None:
    entry = open_one(store)
    with pytest.raises(error, match=words):
        give(store, entry, Command.SPLIT, CLERK, parts=parts)
    assert read(store, entry.id).others == ()


def test_a_decision_on_a_split_submission_says_which_matter_it_is_about(store: Store) -> None:
    entry = open_one(store)
    give(store, entry, Command.SPLIT, CLERK, parts=(STALLS,))
    part_id = read(store, entry.id).others[0]

    def decide(**options: Any) -> StoredEntry | None:
        with store.writing() as session:
            return record_decision(
                session, "L-1", Decision(urgency=2), caller=CLERK, now=NOW + MINUTE, **options
            )

    with pytest.raises(Conflict, match="2 个事项"):
        decide()
    with pytest.raises(NotFound):
        decide(entry_id=999)
    changed = decide(entry_id=part_id, version=1)
    assert changed is not None
    assert (changed.id, changed.urgency) == (part_id, 2)
    assert read(store, entry.id).entry.urgency == 3


# Merge


def test_a_merge_keeps_every_reporter_and_answers_each(store: Store) -> None:
    first, second, third = (open_one(store, f"L-{number}") for number in (1, 2, 3))
    second = give(store, second, Command.MERGE, CLERK, into=first.id, note="同一部电梯")
    assert (second.state, second.merged_into) == (EntryState.MERGED, first.id)
    third = give(store, third, Command.MERGE, CLERK, into=first.id)
    first = read(store, first.id).entry
    assert first.version == 3
    first = give(store, first, Command.ACCEPT, HOUSING_OFFICER)
    first = give(store, first, Command.REPLY, HOUSING_OFFICER, **REPLY)
    file = read(store, first.id)
    assert [told.id for told in file.submissions] == ["L-1", "L-2", "L-3"]
    assert file.merged == (second.id, third.id)
    assert [action.data.get("from") for action in file.actions[:2]] == [second.id, third.id]
    with store.reading() as session:
        told = session.scalars(
            select(EventRow).where(EventRow.kind == "submission.replied").order_by(EventRow.id)
        ).all()
    assert [(one.submission_id, one.entry_id) for one in told] == [
        ("L-1", first.id),
        ("L-2", first.id),
        ("L-3", first.id),
    ]


def test_each_reporter_of_a_merged_entry_gives_an_own_evaluation(store: Store) -> None:
    first, second = open_one(store), open_one(store, "L-2")
    give(store, second, Command.MERGE, CLERK, into=first.id)
    first = give(store, read(store, first.id).entry, Command.ACCEPT, HOUSING_OFFICER)
    first = give(store, first, Command.REPLY, HOUSING_OFFICER, **REPLY)
    first = give(store, first, Command.EVALUATE, REPORTER, solved=True, satisfaction=5)
    with pytest.raises(NotFound, match="L-9"):
        give(
            store,
            first,
            Command.EVALUATE,
            REPORTER,
            solved=True,
            satisfaction=5,
            submission_id="L-9",
        )
    first = give(
        store,
        first,
        Command.EVALUATE,
        REPORTER,
        solved=False,
        satisfaction=1,
        submission_id="L-2",
    )
    assert first.state is EntryState.REOPENED  # one of two whose lift still stands is enough
    said = read(store, first.id).evaluations
    assert [(one.submission_id, one.solved) for one in said] == [("L-1", True), ("L-2", False)]


def test_what_had_been_merged_into_the_merged_goes_along(store: Store) -> None:
    first, second, third = (open_one(store, f"L-{number}") for number in (1, 2, 3))
    give(store, third, Command.MERGE, CLERK, into=second.id)
    give(store, read(store, second.id).entry, Command.MERGE, CLERK, into=first.id)
    assert [told.id for told in read(store, first.id).submissions] == ["L-1", "L-2", "L-3"]
    assert read(store, third.id).entry.merged_into == first.id


def test_a_merge_keeps_the_more_urgent_level_and_the_earlier_deadline(store: Store) -> None:
    calm = open_one(store, "L-1", urgency=4)
    urgent = open_one(store, "L-2", urgency=2)
    early = urgent.deadline_at
    give(store, urgent, Command.MERGE, CLERK, into=calm.id)
    calm = read(store, calm.id).entry
    assert calm.urgency == 2
    assert early is not None
    assert calm.deadline_at is not None
    assert calm.deadline_at <= early
    later = set_deadline(store, open_one(store, "L-3", urgency=2), days=300)
    give(store, later, Command.MERGE, CLERK, into=calm.id)
    assert read(store, calm.id).entry.deadline_at == calm.deadline_at


def test_who_is_merged_into_what_has_been_replied_to_gets_that_reply(store: Store) -> None:
    first = lead_to(store, EntryState.REPLIED)
    second = open_one(store, "L-2")
    give(store, second, Command.MERGE, CLERK, into=first.id)
    first = read(store, first.id).entry
    assert (first.state, first.outcome) == (EntryState.REPLIED, "solved")
    with store.reading() as session:
        told = session.scalars(select(EventRow).where(EventRow.kind == "submission.replied")).all()
    assert [(event.submission_id, event.entry_id) for event in told] == [
        ("L-1", first.id),
        ("L-2", first.id),
    ]


@pytest.mark.parametrize("state", ["closed", "declined", "forwarded", "merged"])
def test_nothing_is_merged_into_what_has_ended(store: Store, state: str) -> None:
    ended = lead_to(store, EntryState(state), "L-8")
    entry = open_one(store)
    with pytest.raises(Conflict, match="请先重办") as caught:
        give(store, entry, Command.MERGE, CLERK, into=ended.id)
    assert caught.value.field == "into"


def test_an_entry_is_not_merged_into_itself_or_into_one_that_is_not_there(store: Store) -> None:
    entry = open_one(store)
    with pytest.raises(InvalidInput, match="不能并入自己"):
        give(store, entry, Command.MERGE, CLERK, into=entry.id)
    with pytest.raises(NotFound, match="999"):
        give(store, entry, Command.MERGE, CLERK, into=999)


def test_a_hidden_entry_is_no_target_and_does_not_show_by_the_error(store: Store) -> None:
    entry, hidden = open_one(store), open_one(store, "L-2")
    with store.writing() as session:
        session.get_one(EntryRow, hidden.id).confidential = True
    with pytest.raises(NotFound) as there:
        give(store, entry, Command.MERGE, CLERK, into=hidden.id)
    with pytest.raises(NotFound) as absent:
        give(store, entry, Command.MERGE, CLERK, into=999)
    assert there.value.message.replace(str(hidden.id), "999") == absent.value.message


def test_who_reaches_only_one_of_two_departments_cannot_merge_into_the_other(store: Store) -> None:
    reach = frozenset({"jiwei"})
    local = Caller("deng", ROLE_ACTIONS[Role.CLERK], "jiwei", reach)
    entry, other = open_one(store, lead="纪委监委"), open_one(store, "L-2", lead="住建局")
    with pytest.raises(NotFound):
        give(store, entry, Command.MERGE, local, into=other.id)


def test_an_entry_for_which_others_wait_is_not_withdrawn(store: Store) -> None:
    first, second = open_one(store), open_one(store, "L-2")
    give(store, second, Command.MERGE, CLERK, into=first.id)
    with pytest.raises(Conflict, match="另有 1 位反映人"):
        give(store, read(store, first.id).entry, Command.WITHDRAW, CLERK, note="反映人撤回")


def test_a_wrong_merge_is_undone_by_reopening(store: Store) -> None:
    first, second = open_one(store), open_one(store, "L-2")
    second = give(store, second, Command.MERGE, CLERK, into=first.id)
    second = give(store, second, Command.REOPEN, SUPERVISOR, note="不是同一部电梯")
    assert (second.state, second.merged_into) == (EntryState.REOPENED, None)
    assert [told.id for told in read(store, first.id).submissions] == ["L-1"]


def test_a_reporter_whose_letter_turns_out_an_accusation_leaves_no_trace_in_the_entry(
    store: Store,
) -> None:
    first, second = open_one(store), open_one(store, "L-2")
    give(store, second, Command.MERGE, CLERK, into=first.id)
    accuse(store, "L-2")
    first = give(store, read(store, first.id).entry, Command.ACCEPT, HOUSING_OFFICER)
    first = give(store, first, Command.REPLY, HOUSING_OFFICER, **REPLY)
    file = read(store, first.id)
    assert ([told.id for told in file.submissions], file.merged) == (["L-1"], ())
    assert "L-2" not in repr(file)
    with store.reading() as session:
        told = session.scalars(select(EventRow).where(EventRow.kind == "submission.replied")).all()
    assert [event.submission_id for event in told] == ["L-1"]


def test_who_was_merged_into_what_turns_out_an_accusation_stands_alone_again(
    store: Store,
) -> None:
    first, second = open_one(store), open_one(store, "L-2")
    second = give(store, second, Command.MERGE, CLERK, into=first.id)
    accuse(store, "L-1")
    freed = read(store, second.id)
    assert (freed.entry.state, freed.entry.merged_into) == (EntryState.REOPENED, None)
    assert (freed.entry.closed_at, freed.entry.version) == (None, second.version + 1)
    assert freed.actions[-1].note == "恢复单独办理"
    give(store, freed.entry, Command.ACCEPT, HOUSING_OFFICER)


def accuse(store: Store, submission_id: str) -> None:
    with store.writing() as session:
        decision = Decision(nature="检举控告")
        record_decision(session, submission_id, decision, caller=CLERK, now=NOW + MINUTE)
