"""What waits for whom: counts and the first few, by what each may do and reach."""

from datetime import timedelta

import pytest
from clock_factories import CLERK, HOUSING_OFFICER, alter, china, open_at, set_up_departments
from ledger_factories import make_submission, make_suggestion
from people_factories import caller_as
from sqlalchemy import event, insert, text

from triage.errors import AccessDenied
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.records import record_batch
from triage.ledger.reviewing import count_review_day, list_review_sheets
from triage.ledger.states import EntryState, FindingState
from triage.ledger.store import Store
from triage.ledger.tables import ExtensionRow, FindingRow
from triage.ledger.waiting import FEW, MOST, Kind, Waiting, list_waiting
from triage.roles import Action, Caller, Role

OPENED = "2025-03-03 10:00"
NOW = china("2025-03-12 10:00")
SUPERVISOR = caller_as(Role.SUPERVISOR)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def look(store: Store, caller: Caller = CLERK) -> dict[Kind, Waiting]:
    with store.reading() as session:
        return {one.kind: one for one in list_waiting(session, caller=caller, now=NOW)}


def ids(waiting: Waiting) -> list[str | None]:
    return [line.submission_id for line in waiting.lines]


def wait_for_review(store: Store, name: str, *, urgency: int = 3, confidence: float = 0.4) -> None:
    said = make_suggestion(urgency=urgency, confidence=confidence, needs_review=True)
    with store.writing() as session:
        record_batch(session, [(make_submission(id=name), said)], now=NOW)


def test_the_clerk_sees_what_is_late_what_is_back_and_what_waits_for_review(store: Store) -> None:
    open_at(store, OPENED, "late", urgency=2)
    open_at(store, OPENED, "later", urgency=4)
    back = open_at(store, OPENED, "back", urgency=4)
    alter(store, back, state=EntryState.RETURNED)
    answered = open_at(store, OPENED, "answered", urgency=4)
    alter(store, answered, state=EntryState.REPLIED, replied_at=NOW)
    rated = open_at(store, OPENED, "rated", urgency=4)
    alter(store, rated, state=EntryState.EVALUATED, replied_at=NOW)
    fresh = open_at(store, "2025-03-12 09:00", "fresh", urgency=1)
    wait_for_review(store, "calm", urgency=4)
    wait_for_review(store, "grave", urgency=1)
    found = look(store)
    assert ids(found[Kind.OVERDUE]) == ["late"]
    assert ids(found[Kind.RETURNED]) == ["back"]
    assert ids(found[Kind.TO_EVALUATE]) == ["answered"]
    assert ids(found[Kind.TO_CLOSE]) == ["rated"]
    assert ids(found[Kind.URGENT_TODAY]) == ["fresh"]
    assert ids(found[Kind.REVIEW]) == ["grave", "calm"]
    assert found[Kind.UNACCEPTED].count == 3
    line = found[Kind.URGENT_TODAY].lines[0]
    assert (line.about, line.id, line.department) == ("entry", str(fresh), "住建局")


def test_an_officer_sees_the_own_ledger_and_what_the_own_name_is_on(store: Store) -> None:
    mine = open_at(store, OPENED, "mine", urgency=2)
    alter(store, mine, state=EntryState.ACCEPTED, assignee="li", accepted_at=NOW)
    open_at(store, OPENED, "elsewhere", urgency=2, lead="城管局")
    found = look(store, HOUSING_OFFICER)
    assert ids(found[Kind.OVERDUE]) == ["mine"]
    assert ids(found[Kind.MINE]) == ["mine"]
    assert found[Kind.UNACCEPTED].count == 0
    assert Kind.REVIEW not in found
    assert Kind.FINDINGS not in found


def test_what_has_no_deadline_is_in_hand_all_the_same(store: Store) -> None:
    thanks = open_at(store, OPENED, "thanks", nature="感谢")
    alter(store, thanks, state=EntryState.ACCEPTED, assignee="li", deadline_at=None)
    assert ids(look(store, HOUSING_OFFICER)[Kind.MINE]) == ["thanks"]
    alter(store, thanks, state=EntryState.REPLIED, replied_at=NOW)
    assert look(store, HOUSING_OFFICER)[Kind.MINE].count == 0


def find_overdue(store: Store, entry_id: int) -> None:
    with store.writing() as session:
        session.execute(
            insert(FindingRow).values(
                rule="overdue",
                subject=f"entry:{entry_id}",
                entry_id=entry_id,
                department="zhujian",
                evidence={},
                state=FindingState.OPEN,
                found_at=NOW,
                seen_at=NOW,
            )
        )


def test_a_supervisor_sees_requests_for_time_and_open_findings(store: Store) -> None:
    asked = open_at(store, OPENED, "asked", urgency=4)
    with store.writing() as session:
        session.execute(
            insert(ExtensionRow).values(
                entry_id=asked, amount=5, unit="day", reason="待鉴定", who="li", at=NOW
            )
        )
    find_overdue(store, asked)
    found = look(store, SUPERVISOR)
    assert ids(found[Kind.EXTENSIONS]) == ["asked"]
    assert [line.about for line in found[Kind.FINDINGS].lines] == ["finding"]


def test_an_administrator_and_a_discipline_officer_are_told_numbers_only(store: Store) -> None:
    with store.writing() as session:
        said = make_suggestion(confidential=True, nature="检举控告")
        record_batch(session, [(make_submission(id="secret"), said)], now=NOW)
    found = look(store, caller_as(Role.DISCIPLINE))
    assert (found[Kind.ACCUSATIONS].count, found[Kind.ACCUSATIONS].lines) == (1, ())
    assert Kind.OVERDUE not in found
    assert set(look(store, caller_as(Role.ADMIN))) == {Kind.DEAD_LETTERS, Kind.NO_PASSWORD}
    assert all(one.count == 0 for one in look(store).values())
    assert look(store, Caller("nobody", frozenset())) == {}


def test_what_has_turned_out_confidential_waits_for_nobody_here(store: Store) -> None:
    hidden = open_at(store, OPENED, "hidden", urgency=1)
    find_overdue(store, hidden)
    alter(store, hidden, confidential=True)
    for caller in (CLERK, SUPERVISOR):
        assert all(one.count == 0 for one in look(store, caller).values())


def test_only_the_first_few_are_told_and_a_title_is_masked(store: Store) -> None:
    for number in range(FEW + 2):
        open_at(store, OPENED, f"L-{number}", urgency=2)
    with store.writing() as session:
        session.execute(text("UPDATE submission SET title = '请回电13912345678'"))
    late = look(store)[Kind.OVERDUE]
    assert (late.count, len(late.lines)) == (FEW + 2, FEW)
    assert "13912345678" not in late.lines[0].title


def test_a_look_takes_few_statements_and_counts_no_further_than_it_must(store: Store) -> None:
    for number in range(3):
        open_at(store, OPENED, f"L-{number}", urgency=2)
    wait_for_review(store, "waits")
    told: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    event.listen(store.reader, "before_cursor_execute", note)
    look(store)
    event.remove(store.reader, "before_cursor_execute", note)
    spelt = [statement for statement in told if statement.startswith("SELECT")]
    assert len(spelt) <= 5
    assert any("LIMIT" in statement and "count" in statement for statement in spelt)
    assert MOST == 1000


def test_a_day_at_review_tells_how_often_the_machine_was_right(store: Store) -> None:
    for name in ("right", "wrong", "waits"):
        wait_for_review(store, name)
    with store.writing() as session:
        record_decision(session, "right", Decision(), caller=CLERK, now=NOW)
        changed = Decision(lead="城管局", urgency=2)
        other = Caller("zhang", CLERK.actions)
        record_decision(session, "wrong", changed, caller=other, now=NOW)
    with store.reading() as session:
        day = count_review_day(session, caller=CLERK, now=NOW)
        later = count_review_day(session, caller=CLERK, now=NOW + timedelta(days=1))
    assert (day.everyone.decided, day.everyone.confirmed, day.everyone.corrected) == (2, 1, 1)
    assert (day.mine.decided, day.mine.corrected) == (1, 0)
    assert day.corrected == {
        "domain": 0,
        "department": 1,
        "urgency": 1,
        "nature": 0,
        "division": 0,
    }
    assert day.waiting == 1
    assert later.everyone.decided == 0


def test_the_queue_can_be_read_whole_with_probable_repeats(store: Store) -> None:
    open_at(store, OPENED, "earlier")
    wait_for_review(store, "now")
    with store.reading() as session:
        (sheet,) = list_review_sheets(session, caller=CLERK).lines
    assert sheet.content == make_submission().content
    assert sheet.line.suggestion is not None
    assert [repeat.submission_id for repeat in sheet.repeats] == ["earlier"]


def test_the_queue_is_for_the_reception_desk_alone(store: Store) -> None:
    housing = Caller("x", CLERK.actions, "zhujian", frozenset({"zhujian"}))
    without = Caller("x", frozenset({Action.READ}))
    with store.reading() as session:
        for caller in (housing, without):
            with pytest.raises(AccessDenied):
                list_review_sheets(session, caller=caller)
            with pytest.raises(AccessDenied):
                count_review_day(session, caller=caller, now=NOW)
