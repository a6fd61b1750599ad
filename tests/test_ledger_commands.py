"""Every command: what it changes, what it leaves behind, and what refuses it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ledger_factories import CITY, DISCIPLINE, HOUSING, MINUTE, NOW
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
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

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.history import EntryFile, get_attachment, get_entry_file
from triage.ledger.states import EntryState, Outcome
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow, EventRow
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Action, Caller, Role
from triage.transitions import TRANSITIONS
from triage.workflow import CLOCK, ON_SUBMISSIONS, Command

DAY = timedelta(days=1)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def read(store: Store, entry: StoredEntry, caller: Caller = CLERK) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry.id, caller=caller)


def list_events(store: Store, entry_id: int) -> list[tuple[str, dict[str, Any]]]:
    with store.reading() as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.entry_id == entry_id).order_by(EventRow.id)
        )
        return [(row.kind, row.payload) for row in rows]


def test_an_entry_goes_from_assigned_to_closed(store: Store) -> None:
    entry = open_one(store)
    assert (entry.state, entry.version) == (EntryState.ASSIGNED, 1)
    entry = give(store, entry, Command.ACCEPT, HOUSING_OFFICER)
    assert (entry.state, entry.assignee, entry.accepted_at) == ("accepted", "li", NOW + MINUTE)
    entry = give(store, entry, Command.PROGRESS, HOUSING_OFFICER, note="已到现场")
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, **REPLY)
    assert (entry.state, entry.outcome, entry.replied_at) == ("replied", "solved", NOW + MINUTE)
    entry = give(store, entry, Command.EVALUATE, REPORTER, solved=True, satisfaction=4)
    assert (entry.state, entry.solved, entry.satisfaction) == ("evaluated", True, 4)
    entry = give(store, entry, Command.CLOSE, CLERK, now=NOW + DAY)
    assert (entry.state, entry.outcome, entry.closed_at) == ("closed", "solved", NOW + DAY)
    assert entry.version == 6
    file = read(store, entry)
    assert [(a.command, a.who, a.version) for a in file.actions] == [
        ("accept", "li", 2),
        ("progress", "li", 3),
        ("reply", "li", 4),
        ("evaluate", "citizen", 5),
        ("close", "wang", 6),
    ]
    assert file.actions[1].note == "已到现场"
    assert file.replies[0].text == REPLY["text"]
    assert [kind for kind, _ in list_events(store, entry.id)] == [
        "entry.opened",
        "entry.accept",
        "entry.progress",
        "entry.reply",
        "submission.replied",
        "entry.evaluate",
        "entry.close",
    ]


# Moving between departments


def test_reassigning_clears_the_officer_and_the_new_department_signs_anew(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    first = entry.deadline_at
    entry = give(store, entry, Command.REASSIGN, CLERK, lead="城管局", note="属市容", now=NOW + DAY)
    assert (entry.state, entry.lead_department) == (EntryState.ASSIGNED, "chengguan")
    assert (entry.assignee, entry.accepted_at, entry.assigned_at) == (None, None, NOW + DAY)
    assert entry.assisting == ()  # it leads now, so it does not assist itself
    assert (entry.opened_at, entry.deadline_at) == (NOW, first)
    with pytest.raises(NotFound):
        give(store, entry, Command.ACCEPT, HOUSING_OFFICER)
    assert give(store, entry, Command.ACCEPT, CITY_OFFICER).assignee == "zhao"


def test_reassigning_to_the_same_department_is_refused(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(Conflict, match="另一个单位"):
        give(store, entry, Command.REASSIGN, CLERK, lead="zhujian", note="再办")


@pytest.mark.parametrize("field", ["lead", "assisting"])
def test_an_unknown_department_is_named(store: Store, field: str) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    data: dict[str, Any] = {"lead": "城管局", "assisting": ("住建局",), "note": "属市容"}
    data[field] = "没有这个局" if field == "lead" else ("没有这个局",)
    with pytest.raises(NotFound, match="没有这个局") as caught:
        give(store, entry, Command.REASSIGN, CLERK, **data)
    assert caught.value.field == field


def test_a_return_waits_for_the_clerk_who_agrees_by_assigning_it_elsewhere(store: Store) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    assert (entry.returns, entry.lead_department) == (1, "zhujian")
    entry = give(store, entry, Command.ASSIGN, CLERK, lead="chengguan", assisting=("住建局",))
    assert (entry.state, entry.lead_department) == (EntryState.ASSIGNED, "chengguan")
    assert (entry.assisting, entry.returns) == (("住建局",), 1)


def test_a_return_that_is_overruled_goes_back_and_cannot_be_returned_again(store: Store) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    with pytest.raises(Conflict, match="驳回退件"):
        give(store, entry, Command.ASSIGN, CLERK, lead="住建局")
    entry = give(store, entry, Command.OVERRULE, CLERK, note="物业管理归住建")
    assert (entry.state, entry.lead_department) == (EntryState.ASSIGNED, "zhujian")
    with pytest.raises(Conflict, match="驳回过退件"):
        give(store, entry, Command.RETURN, HOUSING_OFFICER, note="还是不归我们", now=NOW + DAY)


def test_who_was_overruled_and_let_it_lie_may_not_return_it_either(store: Store) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    entry = give(store, entry, Command.OVERRULE, CLERK, note="物业管理归住建")
    for _ in range(2):
        entry = give(store, entry, Command.RECALL, CLERK)
        entry = give(store, entry, Command.ASSIGN, CLERK, lead="住建局")
        with pytest.raises(Conflict, match="驳回过退件"):
            give(store, entry, Command.RETURN, HOUSING_OFFICER, note="不归我们", now=NOW + DAY)
    entry = give(store, entry, Command.REASSIGN, CLERK, lead="城管局", note="商定")
    entry = give(store, entry, Command.REASSIGN, CLERK, lead="住建局", note="又商定")
    entry = give(store, entry, Command.RETURN, HOUSING_OFFICER, note="不归我们", now=NOW + DAY)
    assert entry.returns == 2


def test_passing_on_and_back_is_counted(store: Store) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    entry = give(store, entry, Command.ASSIGN, CLERK, lead="城管局")
    entry = give(store, entry, Command.RETURN, CITY_OFFICER, note="属住建职责")
    assert entry.returns == 2
    kinds = [payload for kind, payload in list_events(store, entry.id) if kind == "entry.return"]
    assert [(told["lead"], told["returns"]) for told in kinds] == [("zhujian", 1), ("chengguan", 2)]


def test_after_the_time_to_object_nothing_is_returned(store: Store) -> None:
    entry = open_one(store)
    with store.writing() as session:
        session.get_one(EntryRow, entry.id).return_by = NOW + DAY
    late = NOW + DAY + timedelta(seconds=1)
    with pytest.raises(Conflict, match="异议期"):
        give(store, entry, Command.RETURN, HOUSING_OFFICER, note="不归我们", now=late)
    returned = give(store, entry, Command.RETURN, HOUSING_OFFICER, note="不归我们", now=NOW + DAY)
    assert returned.state is EntryState.RETURNED


def test_the_clock_takes_back_what_nobody_has_signed_for(store: Store) -> None:
    entry = open_one(store)
    clock = Caller(CLOCK, frozenset({Action.ASSIGN}))
    entry = give(store, entry, Command.RECALL, clock)
    assert (entry.state, entry.returns, entry.accept_by) == (EntryState.RETURNED, 0, None)
    # The department did not object, so it may get it again.
    assert give(store, entry, Command.ASSIGN, CLERK, lead="住建局").state is EntryState.ASSIGNED


def test_what_another_returned_before_may_be_assigned_again_to_who_only_missed_it(
    store: Store,
) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    entry = give(store, entry, Command.ASSIGN, CLERK, lead="城管局")
    entry = give(store, entry, Command.RECALL, CLERK)
    with pytest.raises(Conflict, match="收回的"):
        give(store, entry, Command.OVERRULE, CLERK, note="仍由城管办")
    entry = give(store, entry, Command.ASSIGN, CLERK, lead="城管局")
    assert (entry.state, entry.returns) == (EntryState.ASSIGNED, 1)


def test_an_officer_hands_over_to_another_of_the_department(store: Store) -> None:
    entry = open_one(store)
    entry = give(store, entry, Command.ACCEPT, HOUSING_OFFICER, assignee="chen")
    assert entry.assignee == "chen"
    entry = give(store, entry, Command.DELEGATE, HOUSING_OFFICER, assignee="wu", note="休假")
    assert (entry.assignee, entry.state) == ("wu", EntryState.ACCEPTED)


# Ends beside the line


def test_declining_needs_its_legal_ground_and_stops_the_clock(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(InvalidInput, match="依据") as caught:
        give(store, entry, Command.DECLINE, HOUSING_OFFICER, note="不归我们管")
    assert caught.value.field == "ground"
    ground = "《信访工作条例》第三十一条第一项：已由法院受理"
    entry = give(store, entry, Command.DECLINE, HOUSING_OFFICER, ground=ground)
    assert (entry.state, entry.ground, entry.outcome) == (EntryState.DECLINED, ground, None)
    assert entry.closed_at == NOW + MINUTE


def test_forwarding_names_a_body_outside_the_line(store: Store) -> None:
    entry = open_one(store)
    with pytest.raises(InvalidInput, match="人民法院") as caught:
        give(store, entry, Command.FORWARD, CLERK, to="居委会", note="x")
    assert caught.value.field == "to"
    entry = give(store, entry, Command.FORWARD, CLERK, to="arbitration", note="劳动争议")
    assert (entry.state, entry.forwarded_to) == (EntryState.FORWARDED, "arbitration")


def test_an_emergency_line_is_told_at_once_and_the_entry_goes_on(store: Store) -> None:
    calm = open_one(store, "L-2")
    with pytest.raises(Conflict, match="特急"):
        give(store, calm, Command.ALARM, CLERK, to="119")
    urgent = open_one(store, urgency=1)
    with pytest.raises(InvalidInput, match="119"):
        give(store, urgent, Command.ALARM, CLERK, to="999")
    urgent = give(store, urgent, Command.ALARM, CLERK, to="119")
    assert (urgent.state, urgent.forwarded_to) == (EntryState.ASSIGNED, "119")


def test_what_is_withdrawn_is_struck_off_without_an_outcome(store: Store) -> None:
    entry = lead_to(store, EntryState.CLOSED)
    assert (entry.outcome, entry.ground) == (None, "反映人撤回")
    with pytest.raises(Conflict, match="没有回告"):
        give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=1)


# Answers


def test_the_clock_stops_on_the_reply_and_not_on_closing(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, now=NOW + DAY, **REPLY)
    entry = give(store, entry, Command.CLOSE, CLERK, ground="三次回访无人接听", now=NOW + 9 * DAY)
    assert (entry.replied_at, entry.closed_at) == (NOW + DAY, NOW + 9 * DAY)


def test_a_reply_that_does_not_support_names_the_law(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    refusal = {"text": "经核查，加装电梯须业主表决同意。", "outcome": "not_supported"}
    with pytest.raises(InvalidInput, match="法律") as caught:
        give(store, entry, Command.REPLY, HOUSING_OFFICER, **refusal)
    assert caught.value.field == "ground"
    ground = "《民法典》第二百七十八条"
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, ground=ground, **refusal)
    assert (entry.outcome, entry.ground) == (Outcome.NOT_SUPPORTED, ground)


def test_an_outcome_that_is_none_is_refused(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(InvalidInput, match="已解决") as caught:
        give(store, entry, Command.REPLY, HOUSING_OFFICER, text="已处理。", outcome="closed")
    assert caught.value.field == "outcome"


def test_not_solved_by_the_citizen_reopens_and_tells(store: Store) -> None:
    entry = lead_to(store, EntryState.REPLIED)
    entry = give(
        store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=1, comment="没修"
    )
    assert (entry.state, entry.reopenings) == (EntryState.REOPENED, 1)
    assert (entry.replied_at, entry.outcome, entry.solved) == (None, None, False)
    assert entry.assignee == "li"
    events = dict(list_events(store, entry.id))
    assert events["entry.reopened"] == {"outcome": "solved", "reopenings": 1}
    assert events["entry.evaluate"]["to"] == "reopened"
    assert "没修" not in str(events)
    (evaluation,) = read(store, entry).evaluations
    assert (evaluation.source, evaluation.comment) == ("citizen", "没修")


def test_not_solved_reopens_even_what_was_closed_without_being_asked(store: Store) -> None:
    entry = lead_to(store, EntryState.REPLIED)
    entry = give(store, entry, Command.CLOSE, CLERK, ground="联系不上")
    entry = give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=2)
    assert (entry.state, entry.closed_at) == (EntryState.REOPENED, None)


def test_what_was_explained_twice_is_not_sent_round_a_third_time(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    explained = {"text": "按规定须业主共同决定，已当面解释。", "outcome": "explained"}
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, **explained)
    entry = give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=2)
    assert entry.state is EntryState.REOPENED
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, **explained)
    entry = give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=2)
    assert (entry.state, entry.outcome) == (EntryState.EVALUATED, Outcome.EXPLAINED)


def test_a_call_back_counts_as_an_evaluation_by_the_clerk(store: Store) -> None:
    entry = lead_to(store, EntryState.REPLIED)
    entry = give(store, entry, Command.EVALUATE, CLERK, solved=True, satisfaction=3)
    (evaluation,) = read(store, entry).evaluations
    assert (evaluation.source, evaluation.who) == ("callback", "wang")


def test_closing_needs_a_reply_and_an_evaluation_or_a_stated_ground(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(Conflict, match="不能销号"):
        give(store, entry, Command.CLOSE, CLERK, ground="办完了")
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, **REPLY)
    with pytest.raises(InvalidInput, match="须填写依据") as caught:
        give(store, entry, Command.CLOSE, CLERK)
    assert caught.value.field == "ground"
    assert give(store, entry, Command.CLOSE, CLERK, ground="联系不上").state is EntryState.CLOSED


def test_reopening_starts_the_clock_anew_in_the_same_department(store: Store) -> None:
    entry = lead_to(store, EntryState.EVALUATED)
    entry = give(store, entry, Command.CLOSE, CLERK)
    before = entry.deadline_at
    entry = give(store, entry, Command.REOPEN, SUPERVISOR, note="群众再次来电", now=NOW + 30 * DAY)
    assert (entry.state, entry.lead_department) == (EntryState.REOPENED, "zhujian")
    assert (entry.closed_at, entry.replied_at, entry.reopenings) == (None, None, 1)
    assert entry.deadline_at is not None
    assert before is None or entry.deadline_at > before
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, now=NOW + 31 * DAY, **REPLY)
    assert len(read(store, entry).replies) == 2


@pytest.mark.parametrize("state", ["declined", "forwarded", "merged"])
def test_what_lies_beside_the_line_can_be_brought_back(store: Store, state: str) -> None:
    entry = lead_to(store, EntryState(state))
    assert entry.closed_at is not None
    entry = give(store, entry, Command.REOPEN, CLERK, note="法院不予立案")
    assert entry.state is EntryState.REOPENED
    assert (entry.closed_at, entry.merged_into, entry.forwarded_to) == (None, None, None)


# Urging, evidence, progress


def test_urging_is_counted_and_a_listed_one_names_who_and_until_when(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.URGE, SUPERVISOR, note="请抓紧")
    assert (entry.urges, entry.state) == (1, EntryState.ACCEPTED)
    listed: dict[str, Any] = {"note": "挂牌督办", "level": "listed"}
    for missing, given in (
        ("person", {"by": NOW + DAY}),
        ("by", {"person": "副县长刘某"}),
        ("by", {"person": "副县长刘某", "by": NOW}),
    ):
        with pytest.raises(InvalidInput) as caught:
            give(store, entry, Command.URGE, SUPERVISOR, **listed, **given)
        assert caught.value.field == missing
    named = {"person": "副县长刘某", "by": NOW + DAY}
    entry = give(store, entry, Command.URGE, SUPERVISOR, **listed, **named)
    assert entry.urges == 2
    last = read(store, entry).actions[-1]
    assert last.data == {
        "level": "listed",
        "person": "副县长刘某",
        "by": (NOW + DAY).isoformat(),
    }
    assert "刘某" not in str(list_events(store, entry.id))


def test_evidence_is_kept_with_its_digest_and_comes_back_as_it_was(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(
        store, entry, Command.ATTACH, HOUSING_OFFICER, name="C:\\图\\电梯.PNG", content=PNG
    )
    entry = give(store, entry, Command.ATTACH, CITY_OFFICER, name="收据.png", content=PNG + b"1")
    first, second = read(store, entry).attachments
    assert (first.name, first.media_type, first.size, first.who) == (
        "电梯.PNG",
        "image/png",
        28,
        "li",
    )
    assert second.who == "zhao"
    with store.reading() as session:
        kept, content = get_attachment(session, entry.id, first.id, caller=HOUSING_OFFICER)
        assert (kept, content) == (first, PNG)
        with pytest.raises(NotFound, match="附件"):
            get_attachment(session, entry.id, 999, caller=HOUSING_OFFICER)
    assert "电梯" not in str(list_events(store, entry.id))


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("页面.html", b"<script>", "name"),
        ("假的.png", b"MZ" + bytes(20), "name"),
        ("图.png", b"", "content"),
        ("图.png", PNG + bytes(10_000_000), "content"),
        ("  ", PNG, "name"),
    ],
    ids=["kind", "disguised", "empty", "large", "nameless"],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    store: Store, name: str, content: bytes, field: str
) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    with pytest.raises(InvalidInput) as caught:
        give(store, entry, Command.ATTACH, HOUSING_OFFICER, name=name, content=content)
    assert caught.value.field == field


def test_the_same_file_is_kept_once(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.ATTACH, HOUSING_OFFICER, name="图.png", content=PNG)
    with pytest.raises(Conflict, match="内容相同"):
        give(store, entry, Command.ATTACH, HOUSING_OFFICER, name="图2.png", content=PNG)


# What holds for every command


def test_who_looked_at_an_older_version_is_told_to_look_again(store: Store) -> None:
    entry = open_one(store)
    give(store, entry, Command.ACCEPT, HOUSING_OFFICER)
    with pytest.raises(Conflict, match="刚被他人改过，请刷新") as caught:
        give(store, entry, Command.RETURN, HOUSING_OFFICER, note="不归我们")
    assert caught.value.field == "version"


def test_a_command_that_fails_leaves_nothing_behind(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    before = (read(store, entry), list_events(store, entry.id))
    with pytest.raises(InvalidInput):
        give(store, entry, Command.REPLY, HOUSING_OFFICER, text="  ", outcome="solved")
    assert (read(store, entry), list_events(store, entry.id)) == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISCIPLINE])
def test_who_has_no_right_to_a_command_is_refused(store: Store, role: Role) -> None:
    entry = open_one(store)
    stranger = Caller("x", ROLE_ACTIONS[role])
    with pytest.raises(AccessDenied, match=r"没有.*权限"):
        give(store, entry, Command.ACCEPT, stranger)


def test_an_assisting_department_adds_to_the_record_and_no_more(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    assert read(store, entry, CITY_OFFICER).entry == entry
    entry = give(store, entry, Command.PROGRESS, CITY_OFFICER, note="已清理占道")
    with pytest.raises(AccessDenied, match="协办单位只能"):
        give(store, entry, Command.REPLY, CITY_OFFICER, **REPLY)


def test_an_assisting_department_that_the_catalogue_calls_otherwise_keeps_its_entries(
    store: Store,
) -> None:
    entry = open_one(store)
    with store.writing() as session:
        sync_departments(session, (HOUSING, replace(CITY, name="城管执法局"), DISCIPLINE))
    assert read(store, entry, CITY_OFFICER).entry.assisting == ("城管执法局",)


def test_an_entry_out_of_reach_does_not_exist_word_for_word(store: Store) -> None:
    entry = open_one(store)
    outsider = Caller("qian", ROLE_ACTIONS[Role.OFFICER], "jiwei", frozenset({"jiwei"}))
    with pytest.raises(NotFound) as hidden:
        give(store, entry, Command.ACCEPT, outsider)
    with pytest.raises(NotFound) as unknown, store.reading() as session:
        get_entry_file(session, 999, caller=outsider)
    assert hidden.value.message.replace(str(entry.id), "999") == unknown.value.message
    with pytest.raises(NotFound):
        read(store, entry, outsider)


def test_a_confidential_entry_does_not_exist_even_for_who_may_do_everything_else(
    store: Store,
) -> None:
    entry = open_one(store)
    with store.writing() as session:
        session.get_one(EntryRow, entry.id).confidential = True
    everything = frozenset(Action) - {Action.READ_ACCUSATIONS}
    with pytest.raises(NotFound):
        give(store, entry, Command.ACCEPT, Caller("boss", everything))
    with pytest.raises(NotFound):
        read(store, entry, Caller("boss", everything))


@pytest.mark.parametrize(
    "row",
    [row for row in TRANSITIONS if row.command not in ON_SUBMISSIONS and row.needs],
    ids=lambda row: f"{row.command}-{row.before[0]}",
)
def test_what_a_command_needs_is_asked_for_by_field(store: Store, row: Any) -> None:
    # A clerk's return is the shortest way to an undecided entry.
    entry = lead_to(store, row.before[1] if row.before[0] == "registered" else row.before[0])
    everyone = Caller("all", frozenset(Action))
    with pytest.raises(InvalidInput, match=r"须填写.*请补上") as caught:
        give(store, entry, row.command, everyone)
    assert caught.value.field == row.needs[0]


def test_what_a_command_has_no_use_for_is_refused(store: Store) -> None:
    entry = open_one(store)
    with pytest.raises(InvalidInput, match="签收用不到办理结果") as caught:
        give(store, entry, Command.ACCEPT, HOUSING_OFFICER, outcome="solved")
    assert caught.value.field == "outcome"


def test_words_past_the_limit_are_refused(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    for data, field in (
        ({"command": Command.PROGRESS, "note": "长" * 2001}, "note"),
        ({"command": Command.DELEGATE, "assignee": "长" * 101}, "assignee"),
        (
            {"command": Command.REPLY, "text": "长" * 20_001, "outcome": "solved"},
            "text",
        ),
    ):
        command = data.pop("command")
        with pytest.raises(InvalidInput, match="超过") as caught:
            give(store, entry, command, HOUSING_OFFICER, **data)  # type: ignore[arg-type]
        assert caught.value.field == field


def test_the_history_refuses_every_change(store: Store) -> None:
    lead_to(store, EntryState.ACCEPTED)
    for change in ("UPDATE action SET who = 'x'", "DELETE FROM action"):
        with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
            session.execute(text(change))


def test_no_event_of_a_whole_life_holds_a_word_that_anyone_typed(store: Store) -> None:
    entry = open_one(store)
    said = "只有这里才有的一句话"
    entry = give(store, entry, Command.RETURN, HOUSING_OFFICER, note=said)
    entry = give(store, entry, Command.OVERRULE, CLERK, note=said)
    entry = give(store, entry, Command.ACCEPT, HOUSING_OFFICER, note=said)
    entry = give(store, entry, Command.PROGRESS, HOUSING_OFFICER, note=said)
    entry = give(store, entry, Command.URGE, SUPERVISOR, note=said, person=said)
    reply = {"text": said, "outcome": "not_supported", "ground": said}
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, note=said, **reply)
    entry = give(
        store, entry, Command.EVALUATE, REPORTER, solved=True, satisfaction=5, comment=said
    )
    entry = give(store, entry, Command.CLOSE, CLERK, ground=said, note=said)
    with store.reading() as session:
        told = session.scalars(select(EventRow)).all()
        assert len(told) >= 9
        assert said not in str([(row.actor, row.kind, row.payload) for row in told])
