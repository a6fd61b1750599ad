"""The rules run over a ledger, what they found is kept once each, and a supervisor decides."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from ledger_factories import MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import select, update
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

from triage.departments import Department
from triage.errors import AccessDenied, Conflict, InvalidData, InvalidInput, NotFound
from triage.findings import Found, Rule
from triage.ledger.departments import sync_departments
from triage.ledger.findings import (
    CLOCK_CALLER,
    Recorded,
    StoredFinding,
    decide_finding,
    get_finding,
    record_findings,
)
from triage.ledger.imports import Listed, import_problems
from triage.ledger.looking import change_thresholds, load_thresholds, look_for_findings
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState, FindingState, TaskState
from triage.ledger.store import Store
from triage.ledger.tables import (
    EntryRow,
    EventRow,
    FindingRow,
    SettingRow,
    SubmissionRow,
    SubmitterRow,
    TaskEntryRow,
    TaskRow,
)
from triage.ledger.timetables import change_time_settings
from triage.roles import ROLE_ACTIONS, Action, Caller, Role
from triage.submissions import Channel
from triage.suggestions import PlaceSuggestion
from triage.thresholds import Thresholds
from triage.workflow import Command

DAY = timedelta(days=1)
ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])
LONG_REPLY = (
    "您反映的问题我单位高度重视，已安排专人现场核查，将依法依规及时处理，如有疑问请与我们联系，"
    "感谢您对我们工作的关心和支持。"
)
ROAD = "柳河镇青石村村口的水泥路塌了一块，骑车的人摔过两次。"
LAMP = "本村部分路灯损坏，影响群众夜间出行，建议有关部门及时维修。"


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def look(store: Store, *rules: Rule, now: datetime = NOW + MINUTE) -> list[Found]:
    with store.reading() as session:
        return list(look_for_findings(session, now=now, rules=rules or Rule))


def record(store: Store, found: Sequence[Found], *, now: datetime = NOW) -> Recorded:
    with store.writing() as session:
        return record_findings(session, found, caller=SUPERVISOR, now=now)


def file_visit(store: Store, name: str, *, at: datetime = NOW, **told: Any) -> int:
    source = told.pop("source", "key:7")
    place = told.pop("place", None)
    division = told.pop("division", None)
    submission = make_submission(
        id=name, channel=Channel.FIELD, place=place, received_at=at, **told
    )
    suggestion = make_suggestion(id=name, place=PlaceSuggestion(None, division, ()))
    with store.writing() as session:
        (filed,) = record_batch(session, [(submission, suggestion)], now=at, source=source)
    assert filed.entry is not None
    return filed.entry.id


def set_thresholds(store: Store, **changes: Any) -> None:
    with store.writing() as session:
        change_thresholds(session, changes, caller=ADMIN, now=NOW)


def alter(store: Store, entry_id: int, **values: Any) -> None:
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry_id).values(**values))


def test_an_empty_ledger_has_no_findings(store: Store) -> None:
    assert look(store) == []


def test_an_entry_is_found_overdue_until_it_is_replied_to(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    alter(store, entry.id, deadline_at=NOW - DAY)
    (found,) = look(store, Rule.OVERDUE)
    assert (found.entry_id, found.department) == (entry.id, "zhujian")
    give(store, entry, Command.REPLY, HOUSING_OFFICER, **REPLY)
    assert look(store, Rule.OVERDUE) == []


@pytest.mark.parametrize(
    "state", [EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED, EntryState.CLOSED]
)
def test_what_ended_beside_the_line_is_not_overdue(store: Store, state: EntryState) -> None:
    entry = lead_to(store, state)
    alter(store, entry.id, deadline_at=NOW - DAY)
    assert [found.entry_id for found in look(store, Rule.OVERDUE)] == []


def test_an_entry_is_found_that_was_returned_and_passed_on(store: Store) -> None:
    entry = lead_to(store, EntryState.RETURNED)
    entry = give(store, entry, Command.ASSIGN, CLERK, lead="城管局")
    assert look(store, Rule.PASSED_ON) == []
    give(store, entry, Command.REASSIGN, CLERK, lead="住建局", note="职责在住建")
    (found,) = look(store, Rule.PASSED_ON)
    assert (found.evidence["returns"], found.evidence["reassignments"]) == (1, 1)


def test_an_entry_is_found_for_which_more_time_was_asked_twice(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    asking = {"amount": 5, "unit": "day", "note": "等待配件"}
    entry = give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **asking)
    entry = give(store, entry, Command.REFUSE_EXTENSION, SUPERVISOR, note="配件已到")
    assert look(store, Rule.EXTENDED) == []
    give(store, entry, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **asking)
    (found,) = look(store, Rule.EXTENDED)
    assert (found.evidence["requests"], found.evidence["refused"]) == (2, 1)


def test_an_entry_is_found_whose_clock_was_stopped_twice(store: Store) -> None:
    rule = {"name": "通用", "within": "15 day", "pauses": ["委托鉴定（第十二条）"]}
    town = {"name": "town", "title": "本地办法", "source": "本地办法", "rules": [rule]}
    with store.writing() as session:
        change_time_settings(session, {"rulebook": town}, caller=ADMIN, now=NOW)
    stop = {"ground": "委托鉴定（第十二条）"}
    entry = lead_to(store, EntryState.ACCEPTED)
    entry = give(store, entry, Command.PAUSE, HOUSING_OFFICER, now=NOW + DAY, **stop)
    assert look(store, Rule.PAUSED, now=NOW + 2 * DAY) == []
    entry = give(store, entry, Command.REASSIGN, CLERK, now=NOW + 3 * DAY, lead="城管局", note="x")
    assert entry.paused_at is None
    entry = give(store, entry, Command.ACCEPT, CITY_OFFICER, now=NOW + 3 * DAY)
    give(store, entry, Command.PAUSE, CITY_OFFICER, now=NOW + 4 * DAY, **stop)
    (found,) = look(store, Rule.PAUSED, now=NOW + 5 * DAY)
    assert (found.entry_id, found.department) == (entry.id, "chengguan")
    assert (found.evidence["pauses"], found.evidence["days"]) == (2, 3.0)
    assert (found.evidence["grounds"], found.evidence["stands_still"]) == ([stop["ground"]], True)


def test_a_reply_that_copies_another_and_touches_nothing_is_found_twice(store: Store) -> None:
    first = lead_to(store, EntryState.ACCEPTED, "L-1")
    give(store, first, Command.REPLY, HOUSING_OFFICER, text=LONG_REPLY, outcome="explained")
    submission = make_submission(id="L-2", title="村口路塌了", content=ROAD)
    with store.writing() as session:
        (filed,) = record_batch(session, [(submission, make_suggestion(id="L-2"))], now=NOW)
    assert filed.entry is not None
    second = give(store, filed.entry, Command.ACCEPT, HOUSING_OFFICER)
    give(
        store,
        second,
        Command.REPLY,
        HOUSING_OFFICER,
        now=NOW + 2 * MINUTE,
        text=LONG_REPLY,
        outcome="explained",
    )
    copied = look(store, Rule.COPIED_REPLY, now=NOW + DAY)
    assert [found.entry_id for found in copied] == [second.id]
    assert copied[0].evidence["copies_entry"] == first.id
    empty = look(store, Rule.EMPTY_REPLY, now=NOW + DAY)
    assert [found.entry_id for found in empty] == [first.id, second.id]


def test_a_reporter_who_says_that_it_is_not_solved_is_heard(store: Store) -> None:
    entry = lead_to(store, EntryState.REPLIED)
    entry = give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=1)
    assert entry.state is EntryState.REOPENED
    (found,) = look(store, Rule.DISPUTED)
    assert (found.entry_id, found.evidence["denials"]) == (entry.id, 1)
    assert found.evidence["solved_since"] is False


def test_copies_by_one_unit_that_lack_person_and_place_are_found(store: Store) -> None:
    entries = [file_visit(store, f"V-{n}", title="", content=f"{LAMP}第{n}组") for n in range(3)]
    file_visit(store, "V-9", title="", content=LAMP, place="青石村村口")
    (found,) = look(store, Rule.INVENTED)
    assert found.evidence["entries"] == entries
    assert found.evidence["source"] == "key:7"


def test_an_imported_list_is_looked_at_as_visits_are(store: Store) -> None:
    for n in range(3):
        name = f"I-{n}"
        submission = make_submission(id=name, title="", content=f"{LAMP}第{n}组", place=None)
        suggestion = make_suggestion(id=name, place=PlaceSuggestion(None, None, ()))
        listed = Listed(source="清单.xlsx", lead="住建局")
        with store.writing() as session:
            import_problems(session, [(submission, suggestion, listed)], caller=CLERK, now=NOW)
    (found,) = look(store, Rule.INVENTED)
    assert (found.evidence["source"], found.evidence["copies"]) == ("wang", 3)


def test_citizens_who_write_alike_invent_nothing(store: Store) -> None:
    for n in range(4):
        open_one(store, f"L-{n}")
    assert look(store, Rule.INVENTED) == []


def test_a_division_and_a_township_without_entries_among_busy_ones_are_found(store: Store) -> None:
    towns = [
        Department(f"town-{n}", f"{name}镇", f"{name}镇人民政府", "local", (), "属地")
        for n, name in enumerate("甲乙丙丁戊")
    ]
    with store.writing() as session:
        sync_departments(session, towns)
    set_thresholds(store, silent_median=1, silent_neighbours=3)
    for n in range(4):
        name = f"D-{n}"
        place = PlaceSuggestion(None, f"43010{n}", ())
        pair = (
            make_submission(id=name),
            make_suggestion(id=name, lead=towns[n].name, place=place),
        )
        with store.writing() as session:
            record_batch(session, [pair], now=NOW - (200 * DAY if n == 0 else DAY))
    found = {one.subject: one for one in look(store, Rule.SILENT)}
    assert set(found) == {"division:430100", "department:town-0", "department:town-4"}
    assert found["department:town-4"].department == "town-4"
    assert found["department:town-4"].evidence["name"] == "戊镇"


def test_a_household_that_many_teams_called_on_is_found_without_its_address(store: Store) -> None:
    for n in range(3):
        file_visit(store, f"V-{n}", source=f"key:{n}", place="幸福里小区 3栋1701", at=NOW + n * DAY)
        file_visit(store, f"W-{n}", source=f"key:{n}", place="幸福里小区", at=NOW + n * DAY)
    (found,) = look(store, Rule.CROWDED, now=NOW + 4 * DAY)
    assert found.evidence["teams"] == ["key:0", "key:1", "key:2"]
    assert "幸福里" not in str(found)


def test_a_person_who_is_known_is_one_household_wherever_met(store: Store) -> None:
    for n in range(3):
        file_visit(store, f"V-{n}", source=f"key:{n}")
        with store.writing() as session:
            session.add(
                SubmitterRow(submission_id=f"V-{n}", sealed=b"", key_id="k", person="digest")
            )
    assert len(look(store, Rule.CROWDED)) == 1


def test_a_matter_that_many_share_is_found_until_a_task_takes_it_up(store: Store) -> None:
    set_thresholds(store, problem_entries=3)
    entries = [open_one(store, f"L-{n}") for n in range(3)]
    (found,) = look(store, Rule.UNTASKED)
    assert found.evidence["examples"] == [entry.id for entry in entries]
    add_task(store, entries=[entry.id for entry in entries], state=TaskState.CANCELLED)
    assert look(store, Rule.UNTASKED) == [found]
    add_task(store, entries=[entries[1].id])
    assert look(store, Rule.UNTASKED) == []


def add_task(store: Store, *, entries: Sequence[int] = (), **changes: Any) -> int:
    values: dict[str, Any] = {
        "title": "更换电梯",
        "department": "zhujian",
        "assisting": [],
        "person": "李明",
        "measures": [],
        "state": TaskState.OPEN,
        "version": 1,
        "created_by": "wang",
        "created_at": NOW,
        "deadline_at": NOW + DAY,
        "closed_at": None,
    }
    with store.writing() as session:
        row = TaskRow(**values | changes)
        session.add(row)
        session.flush()
        session.add_all(TaskEntryRow(task_id=row.id, entry_id=entry) for entry in entries)
        return row.id


def test_a_task_past_its_deadline_without_an_effect_is_found(store: Store) -> None:
    add_task(store)
    late = add_task(store, deadline_at=NOW - DAY)
    done = add_task(store, state=TaskState.DONE, closed_at=NOW)
    add_task(store, state=TaskState.CANCELLED, deadline_at=NOW - DAY)
    assert [found.subject for found in look(store, Rule.NO_EFFECT)] == [
        f"task:{late}",
        f"task:{done}",
    ]


def test_accusations_lead_to_no_finding(store: Store) -> None:
    entry = lead_to(store, EntryState.REPLIED)
    give(store, entry, Command.EVALUATE, REPORTER, solved=False, satisfaction=1)
    for n in range(3):
        file_visit(store, f"V-{n}", source=f"key:{n}", title="", content=LAMP, place="3栋1701")
    set_thresholds(store, problem_entries=2, handovers=1, invented_length=100)
    assert look(store) != []
    with store.writing() as session:
        session.execute(
            update(EntryRow).values(
                confidential=True, deadline_at=NOW - DAY, replied_at=None, state="accepted"
            )
        )
        session.execute(update(SubmissionRow).values(confidential=True))
    assert look(store) == []


def test_a_finding_is_kept_once_and_says_when_it_was_last_seen(store: Store) -> None:
    entry = lead_to(store, EntryState.ACCEPTED)
    alter(store, entry.id, deadline_at=NOW - DAY)
    assert record(store, look(store)) == Recorded(new=1, known=0)
    later = look(store, now=NOW + DAY)
    assert record(store, later, now=NOW + DAY) == Recorded(new=0, known=1)
    (finding,) = list_rows(store)
    assert (finding.found_at, finding.seen_at) == (NOW, NOW + DAY)
    assert finding.evidence["hours_late"] == 48.0
    kinds = list_events(store)
    assert kinds.count("finding.found") == 1


def list_rows(store: Store) -> list[StoredFinding]:
    with store.reading() as session:
        ids = session.scalars(select(FindingRow.id).order_by(FindingRow.id)).all()
        return [get_finding(session, finding_id, caller=SUPERVISOR) for finding_id in ids]


def list_events(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(EventRow.kind).order_by(EventRow.id)))


def find_one(store: Store) -> StoredFinding:
    """A recorded finding about an entry at work."""
    entry = lead_to(store, EntryState.ACCEPTED)
    alter(store, entry.id, deadline_at=NOW - DAY)
    record(store, look(store, Rule.OVERDUE))
    return list_rows(store)[-1]


def decide(
    store: Store,
    finding_id: int,
    verdict: FindingState,
    caller: Caller = SUPERVISOR,
    **said: Any,
) -> StoredFinding:
    with store.writing() as session:
        return decide_finding(session, finding_id, verdict, caller=caller, now=NOW + MINUTE, **said)


def test_a_dismissed_finding_stays_dismissed_with_what_it_was_dismissed_on(store: Store) -> None:
    finding = find_one(store)
    dismissed = decide(store, finding.id, FindingState.DISMISSED, note="节前已电话答复")
    assert (dismissed.decided_by, dismissed.decided_note) == ("sun", "节前已电话答复")
    record(store, look(store, Rule.OVERDUE, now=NOW + DAY), now=NOW + DAY)
    (after,) = list_rows(store)
    assert (after.state, after.evidence) == (FindingState.DISMISSED, finding.evidence)
    assert after.seen_at == NOW + DAY
    assert list_events(store)[-1] == "finding.dismissed"


def test_a_finding_is_turned_into_an_urging_of_its_entry(store: Store) -> None:
    finding = find_one(store)
    decide(store, finding.id, FindingState.CONFIRMED)
    urged = decide(
        store,
        finding.id,
        FindingState.URGED,
        note="请三日内回告",
        level="listed",
        person="李局长",
        by=NOW + 3 * DAY,
    )
    assert urged.state is FindingState.URGED
    with store.reading() as session:
        entry = session.get(EntryRow, finding.entry_id)
        assert entry is not None
        assert entry.urges == 1
    assert list_events(store)[-3:] == ["finding.confirmed", "entry.urge", "finding.urged"]


def test_the_first_decision_stands(store: Store) -> None:
    finding = find_one(store)
    decide(store, finding.id, FindingState.DISMISSED, note="已答复")
    for verdict in (FindingState.CONFIRMED, FindingState.DISMISSED, FindingState.URGED):
        with pytest.raises(Conflict):
            decide(store, finding.id, verdict, note="再看")


@pytest.mark.parametrize(
    ("verdict", "said", "field"),
    [
        (FindingState.DISMISSED, {"note": "  "}, "note"),
        (FindingState.URGED, {}, "note"),
        (FindingState.CONFIRMED, {"note": "长" * 2001}, "note"),
        (FindingState.URGED, {"note": "请办", "level": "loud"}, "level"),
        (FindingState.URGED, {"note": "请办", "level": "listed"}, "person"),
    ],
    ids=str,
)
def test_a_decision_that_lacks_something_changes_nothing(
    store: Store, verdict: FindingState, said: dict[str, Any], field: str
) -> None:
    finding = find_one(store)
    with pytest.raises(InvalidInput) as caught:
        decide(store, finding.id, verdict, **said)
    assert caught.value.field == field
    assert list_rows(store) == [finding]


def test_an_entry_that_can_no_longer_be_urged_leaves_its_finding_open(store: Store) -> None:
    finding = find_one(store)
    assert finding.entry_id is not None
    alter(store, finding.entry_id, state=EntryState.CLOSED)
    with pytest.raises(Conflict):
        decide(store, finding.id, FindingState.URGED, note="请办")
    assert list_rows(store)[0].state is FindingState.OPEN


def test_what_is_about_no_entry_can_be_confirmed_but_not_urged(store: Store) -> None:
    record(store, [Found(Rule.SILENT, "division:430100", None, {"entries": 0})])
    (finding,) = list_rows(store)
    with pytest.raises(InvalidInput):
        decide(store, finding.id, FindingState.URGED, note="请办")
    assert decide(store, finding.id, FindingState.CONFIRMED).state is FindingState.CONFIRMED


def test_only_who_may_decide_on_findings_sees_or_records_them(store: Store) -> None:
    finding = find_one(store)
    for caller in (CLERK, HOUSING_OFFICER, ADMIN):
        with store.reading() as session, pytest.raises(AccessDenied):
            get_finding(session, finding.id, caller=caller)
        with pytest.raises(AccessDenied):
            decide(store, finding.id, FindingState.CONFIRMED, caller)
        with store.writing() as session, pytest.raises(AccessDenied):
            record_findings(session, [], caller=caller, now=NOW)
    with store.writing() as session:
        record_findings(session, [], caller=CLOCK_CALLER, now=NOW)


def test_a_finding_out_of_reach_or_of_an_accusation_does_not_exist(store: Store) -> None:
    finding = find_one(store)
    elsewhere = Caller("qian", frozenset({Action.DECIDE_FINDINGS}), "chengguan", CITY_OFFICER.reach)
    said = set()
    with store.reading() as session:
        for finding_id, caller in ((finding.id, elsewhere), (finding.id + 1, SUPERVISOR)):
            with pytest.raises(NotFound) as caught:
                get_finding(session, finding_id, caller=caller)
            said.add(caught.value.message.replace(str(finding_id), "X"))
    assert finding.entry_id is not None
    alter(store, finding.entry_id, confidential=True)
    with pytest.raises(NotFound) as caught:
        decide(store, finding.id, FindingState.CONFIRMED)
    said.add(caught.value.message.replace(str(finding.id), "X"))
    assert len(said) == 1


def test_thresholds_are_the_town_s_to_change(store: Store) -> None:
    with store.reading() as session:
        assert load_thresholds(session) == Thresholds()
    set_thresholds(store, handovers=3)
    set_thresholds(store, window_days=30)
    with store.reading() as session:
        assert load_thresholds(session) == Thresholds(handovers=3, window_days=30)
    assert list_events(store) == ["findings.changed", "findings.changed"]
    with store.writing() as session, pytest.raises(AccessDenied):
        change_thresholds(session, {"handovers": 4}, caller=SUPERVISOR, now=NOW)
    with store.writing() as session, pytest.raises(InvalidInput):
        change_thresholds(session, {"handovers": 0}, caller=ADMIN, now=NOW)


def test_stored_thresholds_that_are_none_are_said_to_be_so_and_can_be_mended(store: Store) -> None:
    with store.writing() as session:
        session.add(SettingRow(name="findings", value={"gone": 1}, changed_by="x", changed_at=NOW))
    with store.reading() as session, pytest.raises(InvalidData):
        load_thresholds(session)
    set_thresholds(store, handovers=3)
    with store.reading() as session:
        assert load_thresholds(session) == Thresholds(handovers=3)


def test_many_findings_are_recorded_in_one_go(store: Store) -> None:
    found = [Found(Rule.SILENT, f"division:{n}", None, {"entries": 0}) for n in range(1200)]
    assert record(store, found) == Recorded(1200, 0)
    assert record(store, found[:700]) == Recorded(0, 700)
