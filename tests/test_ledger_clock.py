from datetime import datetime
from typing import Any

import pytest
from clock_factories import (
    alter,
    china,
    get_row,
    open_at,
    set_up_departments,
    tell,
    use_preset,
)
from ledger_factories import make_submission, make_suggestion

from triage.errors import Conflict, InvalidInput, TriageError
from triage.ledger.clock import (
    check_extension,
    deadline_columns,
    extend,
    pause_clock,
    rerule_clock,
    restart_clock,
    resume_clock,
    start_clock,
    take_earlier_clock,
)
from triage.ledger.records import record_batch
from triage.ledger.store import Store

MONDAY = "2025-03-03 10:00"
HEARING = {
    "name": "town",
    "title": "本地",
    "source": "本地办法",
    "rules": [
        {"name": "特急", "urgencies": [1], "within": "10 hour", "pauses": ["听证"]},
        {"name": "咨询", "natures": ["咨询"], "within": "10 workday", "pauses": ["听证"]},
        {"name": "感谢", "natures": ["感谢"], "pauses": ["听证"]},
        {"name": "其他", "within": "10 day", "pauses": ["听证", "调解"]},
    ],
}


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def change(store: Store, entry_id: int, work: Any, moment: str, **given: Any) -> None:
    with store.writing() as session:
        work(session, get_row(session, entry_id), now=china(moment), **given)


def times(store: Store, entry_id: int) -> tuple[str | None, str | None, str | None]:
    """The deadline, and the last moments to sign for it and to object."""
    with store.reading() as session:
        row = get_row(session, entry_id)
        return tell(row.deadline_at), tell(row.accept_by), tell(row.return_by)


def deadline(store: Store, entry_id: int) -> str | None:
    return times(store, entry_id)[0]


def test_an_entry_has_its_deadline_from_the_moment_it_is_opened(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    assert times(store, entry_id) == (
        "2025-03-10 23:59:59",
        "2025-03-04 23:59:59",
        "2025-03-04 23:59:59",
    )
    with store.reading() as session:
        row = get_row(session, entry_id)
        assert (row.rule, row.runs_for, row.provisional) == ("较急", "7 day", False)
        assert row.runs_from == row.assigned_at == row.opened_at == china(MONDAY)


def test_each_entry_of_a_batch_has_the_deadline_of_its_own_rule(store: Store) -> None:
    pairs = [
        (make_submission(id=f"L-{level}"), make_suggestion(urgency=level)) for level in (1, 2, 3, 4)
    ]
    with store.writing() as session:
        filed = record_batch(session, pairs, now=china(MONDAY))
    entries = [row.entry for row in filed if row.entry]
    assert [entry.rule for entry in entries] == ["特急", "紧急", "较急", "一般"]
    assert [tell(entry.deadline_at) for entry in entries] == [
        "2025-03-03 12:00:00",
        "2025-03-04 10:00:00",
        "2025-03-10 23:59:59",
        "2025-03-18 23:59:59",
    ]


def test_deadline_columns_tell_all_that_a_new_clock_sets(store: Store) -> None:
    use_preset(store, "sichuan")
    with store.reading() as session:
        columns = deadline_columns(
            session, urgency=4, nature="咨询", domain_code="0101", started_at=china(MONDAY)
        )
    assert tell(columns["deadline_at"]) == "2025-03-06 23:59:59"
    assert tell(columns["accept_by"]) == tell(columns["return_by"]) == "2025-03-04 23:59:59"
    assert (columns["rule"], columns["provisional"]) == ("咨询", False)


def test_a_reassignment_lets_the_time_to_reply_run_on_and_that_to_sign_begin_anew(
    store: Store,
) -> None:
    entry_id = open_at(store, MONDAY)
    change(store, entry_id, start_clock, "2025-03-06 10:00")
    assert times(store, entry_id) == (
        "2025-03-10 23:59:59",
        "2025-03-07 23:59:59",
        "2025-03-07 23:59:59",
    )


def test_by_the_regulation_the_60_days_begin_when_it_is_signed_for(store: Store) -> None:
    use_preset(store, "xinfang")
    entry_id = open_at(store, MONDAY)
    assert times(store, entry_id) == (
        "2025-05-17 23:59:59",
        "2025-03-18 23:59:59",
        "2025-03-10 23:59:59",
    )
    alter(store, entry_id, accepted_at=china("2025-03-05 10:00"))
    change(store, entry_id, start_clock, "2025-03-05 10:00")
    assert times(store, entry_id) == (
        "2025-05-04 23:59:59",
        "2025-03-18 23:59:59",
        "2025-03-10 23:59:59",
    )


def test_signing_for_it_moves_no_deadline_that_runs_from_the_assignment(store: Store) -> None:
    entry_id = open_at(store, MONDAY)
    before = times(store, entry_id)
    alter(store, entry_id, accepted_at=china("2025-03-04 10:00"))
    change(store, entry_id, start_clock, "2025-03-04 10:00")
    assert times(store, entry_id) == before


def test_reopening_begins_everything_anew(store: Store) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, reminded="overdue")
    change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="听证")
    change(store, entry_id, restart_clock, "2025-04-01 10:00")
    assert deadline(store, entry_id) == "2025-04-11 23:59:59"
    with store.reading() as session:
        row = get_row(session, entry_id)
        assert (row.paused_at, row.pause_ground, row.reminded) == (None, None, None)


def test_an_entry_from_before_there_were_deadlines_gets_one_when_it_is_assigned(
    store: Store,
) -> None:
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, deadline_at=None, rule=None, runs_from=None, runs_for=None)
    change(store, entry_id, start_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-10 23:59:59"


def test_a_correction_counts_by_the_new_rule_from_the_same_beginning(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    alter(store, entry_id, urgency=4)
    change(store, entry_id, rerule_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-18 23:59:59"
    with store.reading() as session:
        assert get_row(session, entry_id).rule == "一般"


def test_nobody_is_late_at_once_because_urgency_was_raised(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=4)
    alter(store, entry_id, urgency=1)
    change(store, entry_id, rerule_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-05 12:00:00"


def test_who_was_late_stays_late_after_a_correction(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=2)
    alter(store, entry_id, urgency=1)
    change(store, entry_id, rerule_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-03 12:00:00"


def test_a_correction_under_the_same_rule_moves_nothing(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    with store.writing() as session:
        row = get_row(session, entry_id)
        extend(session, row, amount=3, unit="day", asked_at=china(MONDAY))
    alter(store, entry_id, nature="求助")
    change(store, entry_id, rerule_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-13 23:59:59"


def test_a_correction_lets_nobody_return_what_was_overruled(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    alter(store, entry_id, urgency=4, return_by=china(MONDAY))
    change(store, entry_id, rerule_clock, "2025-03-03 12:00")
    assert times(store, entry_id) == (
        "2025-03-18 23:59:59",
        "2025-03-04 23:59:59",
        "2025-03-03 10:00:00",
    )


def test_an_extension_moves_the_deadline_and_is_counted(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    assert deadline(store, entry_id) == "2025-03-10 23:59:59"
    with store.writing() as session:
        row = get_row(session, entry_id)
        asked = {"amount": 10, "unit": "workday", "asked_at": china("2025-03-07 10:00")}
        checked = check_extension(session, row, **asked)
        assert (row.extensions, tell(row.deadline_at)) == (0, "2025-03-10 23:59:59")
        assert extend(session, row, **asked) == checked.at
        assert (row.extensions, row.runs_for) == (1, "15 workday")
    assert deadline(store, entry_id) == "2025-03-24 23:59:59"


def test_an_extension_in_days_of_a_deadline_in_hours_follows_its_end(store: Store) -> None:
    rule = {"name": "一切", "within": "24 hour", "extension": "3 day"}
    use_preset(store, "beijing", rulebook=HEARING | {"rules": [rule]})
    entry_id = open_at(store, MONDAY)
    with store.writing() as session:
        row = get_row(session, entry_id)
        extend(session, row, amount=2, unit="day", asked_at=china(MONDAY))
    assert deadline(store, entry_id) == "2025-03-06 23:59:59"


@pytest.mark.parametrize(
    ("columns", "asked", "kind", "says"),
    [
        ({}, {"amount": 31}, InvalidInput, "至多延长30日"),
        ({}, {"amount": 0}, InvalidInput, "至多延长30日"),
        ({}, {"unit": "workday"}, InvalidInput, "单位应为 day"),
        ({}, {"unit": "年"}, InvalidInput, "单位应为 day"),
        ({"extensions": 1}, {}, Conflict, "至多延期 1 次"),
        ({}, {"asked_at": china("2025-05-18 00:00")}, Conflict, "到期前申请"),
        ({"deadline_at": None}, {}, Conflict, "没有办理时限"),
        ({"rule": "感谢"}, {}, Conflict, "不能延期"),
    ],
)
def test_more_time_than_the_rule_allows_is_refused(
    store: Store,
    columns: dict[str, Any],
    asked: dict[str, Any],
    kind: type[TriageError],
    says: str,
) -> None:
    use_preset(store, "xinfang")
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, **columns)
    given = {"amount": 30, "unit": "day", "asked_at": china("2025-05-17 23:00")} | asked
    with store.writing() as session:
        row = get_row(session, entry_id)
        for work in (check_extension, extend):
            with pytest.raises(kind, match=says):
                work(session, row, **given)
        assert row.extensions == columns.get("extensions", 0)


def test_the_most_that_the_regulation_allows_is_30_days_once(store: Store) -> None:
    use_preset(store, "xinfang")
    entry_id = open_at(store, MONDAY)
    with store.writing() as session:
        row = get_row(session, entry_id)
        extend(session, row, amount=30, unit="day", asked_at=china(MONDAY))
    assert deadline(store, entry_id) == "2025-06-16 23:59:59"


@pytest.mark.parametrize(
    ("suggested", "before", "after"),
    [
        ({"urgency": 1}, "2025-03-03 20:00:00", "2025-03-07 21:00:00"),
        ({}, "2025-03-13 23:59:59", "2025-03-17 23:59:59"),
        ({"nature": "咨询"}, "2025-03-17 23:59:59", "2025-03-21 23:59:59"),
    ],
    ids=["hours", "days", "working days"],
)
def test_the_time_that_a_clock_stood_is_given_back(
    store: Store, suggested: dict[str, Any], before: str, after: str
) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY, **suggested)
    assert deadline(store, entry_id) == before
    change(store, entry_id, pause_clock, "2025-03-03 12:00", ground="听证")
    with store.reading() as session:
        row = get_row(session, entry_id)
        assert (row.paused_at, row.pause_ground) == (china("2025-03-03 12:00"), "听证")
    change(store, entry_id, resume_clock, "2025-03-07 13:00")
    assert deadline(store, entry_id) == after
    with store.reading() as session:
        row = get_row(session, entry_id)
        assert (row.paused_at, row.pause_ground) == (None, None)


@pytest.mark.parametrize("nature", ["投诉", "咨询"])
def test_a_clock_that_goes_on_the_same_day_has_lost_nothing(store: Store, nature: str) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY, nature=nature)
    before = deadline(store, entry_id)
    change(store, entry_id, pause_clock, "2025-03-05 12:00", ground="听证")
    change(store, entry_id, resume_clock, "2025-03-05 18:00")
    assert deadline(store, entry_id) == before


@pytest.mark.parametrize(
    ("stopped", "went_on", "ends"),
    [
        ("2025-03-08 12:00", "2025-03-08 12:05", "2025-03-17"),
        ("2025-03-08 12:00", "2025-03-09 18:00", "2025-03-17"),
        ("2025-03-08 12:00", "2025-03-10 09:00", "2025-03-18"),
        ("2025-03-07 12:00", "2025-03-08 12:00", "2025-03-18"),
    ],
)
def test_a_weekend_gives_no_working_day_away(
    store: Store, stopped: str, went_on: str, ends: str
) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY, nature="咨询")
    change(store, entry_id, pause_clock, stopped, ground="听证")
    change(store, entry_id, resume_clock, went_on)
    assert deadline(store, entry_id) == f"{ends} 23:59:59"


def test_a_clock_stopped_on_its_last_day_ends_on_the_day_it_goes_on(store: Store) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY, nature="咨询")
    change(store, entry_id, pause_clock, "2025-03-17 12:00", ground="听证")
    change(store, entry_id, resume_clock, "2025-03-20 09:00")
    assert deadline(store, entry_id) == "2025-03-20 23:59:59"


def test_a_clock_that_stood_runs_again_when_the_entry_is_reassigned(store: Store) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY)
    change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="调解")
    change(store, entry_id, start_clock, "2025-03-06 10:00")
    assert deadline(store, entry_id) == "2025-03-15 23:59:59"
    with store.reading() as session:
        assert get_row(session, entry_id).paused_at is None


def test_while_the_clock_stands_more_time_may_still_be_asked_for(store: Store) -> None:
    rule = {"name": "一切", "within": "2 day", "extension": "3 day", "pauses": ["听证"]}
    use_preset(store, "beijing", rulebook=HEARING | {"rules": [rule]})
    entry_id = open_at(store, MONDAY)
    change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="听证")
    with store.writing() as session:
        row = get_row(session, entry_id)
        extend(session, row, amount=1, unit="day", asked_at=china("2025-03-20 10:00"))
    change(store, entry_id, resume_clock, "2025-03-20 12:00")
    assert deadline(store, entry_id) == "2025-03-22 23:59:59"


@pytest.mark.parametrize(
    ("suggested", "moment", "ground", "kind", "says"),
    [
        ({}, "2025-03-04 10:00", "等领导", InvalidInput, "听证、调解"),
        ({}, "2025-03-14 10:00", "听证", Conflict, "已超过"),
        ({"nature": "感谢"}, "2025-03-04 10:00", "听证", Conflict, "没有办理时限"),
    ],
)
def test_a_clock_stops_only_on_a_ground_that_its_rule_names_and_in_time(
    store: Store,
    suggested: dict[str, Any],
    moment: str,
    ground: str,
    kind: type[TriageError],
    says: str,
) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY, **suggested)
    with pytest.raises(kind, match=says):
        change(store, entry_id, pause_clock, moment, ground=ground)


def test_a_clock_is_stopped_once_and_started_once(store: Store) -> None:
    use_preset(store, "beijing", rulebook=HEARING)
    entry_id = open_at(store, MONDAY)
    with pytest.raises(Conflict, match="没有停表"):
        change(store, entry_id, resume_clock, "2025-03-04 10:00")
    change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="听证")
    with pytest.raises(Conflict, match="已经停表"):
        change(store, entry_id, pause_clock, "2025-03-05 10:00", ground="听证")


def test_a_rule_without_grounds_stops_no_clock(store: Store) -> None:
    entry_id = open_at(store, MONDAY)
    with pytest.raises(Conflict, match=r"没有列明停表的事由.*申请延期"):
        change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="听证")


def test_an_entry_keeps_running_when_the_town_changes_its_rules(store: Store) -> None:
    entry_id = open_at(store, MONDAY, urgency=3)
    use_preset(store, "beijing", rulebook=HEARING)
    assert deadline(store, entry_id) == "2025-03-10 23:59:59"
    change(store, entry_id, pause_clock, "2025-03-04 10:00", ground="听证")
    change(store, entry_id, resume_clock, "2025-03-05 10:00")
    assert deadline(store, entry_id) == "2025-03-11 23:59:59"


def test_of_two_entries_that_become_one_the_earlier_deadline_holds(store: Store) -> None:
    later, sooner = (
        open_at(store, MONDAY, name, urgency=level) for name, level in (("a", 4), ("b", 3))
    )
    with store.writing() as session:
        rows = get_row(session, later), get_row(session, sooner)
        take_earlier_clock(*rows)
        assert (rows[0].rule, rows[0].runs_for) == ("较急", "7 day")
        take_earlier_clock(*reversed(rows))
    assert deadline(store, later) == deadline(store, sooner) == "2025-03-10 23:59:59"


def test_a_deadline_beyond_the_published_calendar_is_provisional(store: Store) -> None:
    use_preset(store, "sichuan")
    far = datetime(2090, 6, 1, 10).isoformat()
    entry_id = open_at(store, far)
    with store.reading() as session:
        assert get_row(session, entry_id).provisional
