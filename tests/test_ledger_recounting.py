from datetime import date
from typing import Any

import pytest
from clock_factories import (
    ADMIN,
    alter,
    china,
    get_row,
    open_at,
    set_up_departments,
    tell,
    use_preset,
)
from ledger_factories import make_submission, make_suggestion
from sqlalchemy import select

from triage.calendar import PUBLISHED
from triage.errors import AccessDenied, InvalidData, InvalidInput, NotFound
from triage.ledger.clock import rerule_clock, start_clock
from triage.ledger.imports import Listed, import_problems
from triage.ledger.recounting import recount_provisional, recount_since
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.ledger.tables import EventRow, SettingRow
from triage.ledger.timetables import (
    StoredHoliday,
    change_time_settings,
    list_holidays,
    load_time_settings,
    load_timetable,
    remove_holiday,
    set_holidays,
)
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.timetable import default_settings

NOW = china("2025-03-03 09:00")
MONDAY = "2025-03-03 10:00"
NEXT = PUBLISHED.stop  # the first year whose holidays nobody has published
CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def say(store: Store, *days: tuple[str, bool]) -> None:
    holidays = [StoredHoliday(date.fromisoformat(day), working, "") for day, working in days]
    with store.writing() as session:
        set_holidays(session, holidays, caller=ADMIN, now=NOW)


def recount(store: Store, day: str | None = None) -> int:
    with store.writing() as session:
        if day is None:
            return recount_provisional(session, now=NOW)
        return recount_since(session, date.fromisoformat(day), now=NOW, who="admin")


def times(store: Store, entry_id: int) -> tuple[Any, ...]:
    with store.reading() as session:
        row = get_row(session, entry_id)
        return tell(row.deadline_at), tell(row.accept_by), tell(row.return_by), row.provisional


def test_a_provisional_deadline_is_settled_when_its_year_is_declared(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, f"{NEXT}-06-01 10:00")
    before = times(store, entry_id)
    assert before[3]
    assert recount(store) == 0
    days = [f"{NEXT}-06-0{n}" for n in range(1, 8)]
    say(store, *((day, False) for day in days))
    with store.writing() as session:
        change_time_settings(session, {"declared_years": [NEXT]}, caller=ADMIN, now=NOW)
    assert recount(store) == 1
    after = times(store, entry_id)
    assert not after[3]
    assert all(then > earlier for then, earlier in zip(after[:3], before[:3], strict=True))
    assert recount(store) == 0


def test_a_day_that_the_town_frees_moves_the_deadlines_behind_it(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    assert times(store, entry_id)[:3] == (
        "2025-03-10 23:59:59",
        "2025-03-04 23:59:59",
        "2025-03-05 23:59:59",
    )
    alter(store, entry_id, reminded="due")
    say(store, ("2025-03-04", False))
    assert recount(store, "2025-03-04") == 1
    assert times(store, entry_id)[:3] == (
        "2025-03-11 23:59:59",
        "2025-03-05 23:59:59",
        "2025-03-06 23:59:59",
    )
    with store.reading() as session:
        assert get_row(session, entry_id).reminded is None
        told = session.scalars(select(EventRow).where(EventRow.kind == "entry.recounted")).one()
    assert (told.actor, told.entry_id) == ("admin", entry_id)
    assert told.payload == {"deadline": "2025-03-11T15:59:59+00:00", "provisional": False}


def test_a_day_that_the_town_frees_moves_the_time_to_object_of_what_is_signed_for_too(
    store: Store,
) -> None:
    entry_id = open_at(store, MONDAY, urgency=4)
    alter(store, entry_id, state=EntryState.ACCEPTED, accepted_at=NOW, accept_by=None)
    assert times(store, entry_id)[2] == "2025-03-05 23:59:59"
    say(store, ("2025-03-04", False))
    assert recount(store, "2025-03-04") == 1
    assert times(store, entry_id) == ("2025-03-18 23:59:59", None, "2025-03-06 23:59:59", False)


def test_an_extension_is_counted_again_with_the_rest(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, runs_for="15 workday", deadline_at=china("2025-03-24 23:59:59"))
    say(store, ("2025-03-20", False))
    assert recount(store, "2025-03-20") == 1
    assert times(store, entry_id)[0] == "2025-03-25 23:59:59"


def test_by_the_regulation_the_60_days_follow_the_last_moment_to_sign(store: Store) -> None:
    rule = {"name": "一切", "within": "60 day", "starts": "accepted", "accept": "5 workday"}
    book = {"name": "town", "title": "本地", "source": "本地办法", "rules": [rule]}
    use_preset(store, "beijing", rulebook=book)
    entry_id = open_at(store, MONDAY)
    assert times(store, entry_id)[:2] == ("2025-05-09 23:59:59", "2025-03-10 23:59:59")
    say(store, ("2025-03-05", False))
    recount(store, "2025-03-05")
    assert times(store, entry_id)[:2] == ("2025-05-10 23:59:59", "2025-03-11 23:59:59")


def test_what_was_overruled_cannot_be_returned_after_all(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, return_by=china(MONDAY))
    say(store, ("2025-03-04", False))
    recount(store, "2025-03-04")
    assert times(store, entry_id)[2] == "2025-03-03 10:00:00"


@pytest.mark.parametrize(
    "columns",
    [
        {"replied_at": NOW, "state": EntryState.REPLIED},
        {"closed_at": NOW, "state": EntryState.CLOSED},
    ],
    ids=str,
)
def test_what_has_ended_keeps_its_deadline(store: Store, columns: dict[str, Any]) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    alter(store, entry_id, **columns)
    say(store, ("2025-03-04", False))
    before = times(store, entry_id)
    assert recount(store, "2025-03-04") == 0
    assert times(store, entry_id) == before


@pytest.mark.parametrize("state", [EntryState.ASSIGNED, EntryState.ACCEPTED])
def test_an_imported_list_keeps_the_times_to_sign_and_object_that_began_with_the_import(
    store: Store, state: EntryState
) -> None:
    """The list may be old: its entries would all come back to the clerk at once."""
    opened = china("2024-09-02 10:00")
    row = (
        make_submission(id="I-1", received_at=opened),
        make_suggestion(id="I-1", urgency=4),
        Listed(source="清单", lead="住建局", opened_at=opened, state=state),
    )
    with store.writing() as session:
        (filed,) = import_problems(session, [row], caller=CLERK, now=NOW)
    assert filed.entry is not None
    entry_id, assigned = filed.entry.id, state is EntryState.ASSIGNED
    assert times(store, entry_id)[1:3] == ("2025-03-04 23:59:59", "2025-03-05 23:59:59")
    say(store, ("2025-03-04", False))
    assert recount(store, "2025-03-04") == 1
    _, accept_by, return_by, _ = times(store, entry_id)
    assert accept_by == ("2025-03-05 23:59:59" if assigned else "2025-03-04 23:59:59")
    assert return_by == "2025-03-06 23:59:59"
    with store.writing() as session:
        entry = get_row(session, entry_id)
        entry.urgency = 3
        rerule_clock(session, entry, now=NOW)
    assert times(store, entry_id)[1:3] == ("2025-03-05 23:59:59", "2025-03-05 23:59:59")


def test_natural_days_and_deadlines_before_the_day_do_not_move(store: Store) -> None:
    natural = open_at(store, MONDAY, "natural", urgency=3)
    alter(store, natural, state=EntryState.ACCEPTED)
    say(store, ("2025-03-06", False))
    assert recount(store, "2025-03-06") == 0
    use_preset(store, "shandong")
    open_at(store, MONDAY, "early")
    assert recount(store, "2025-03-20") == 0


def test_an_entry_without_a_rule_that_still_stands_keeps_its_time_to_sign(store: Store) -> None:
    use_preset(store, "shandong")
    entry_id = open_at(store, MONDAY)
    use_preset(store, "beijing")
    say(store, ("2025-03-04", False))
    assert recount(store, "2025-03-04") == 1
    assert times(store, entry_id)[:2] == ("2025-03-11 23:59:59", "2025-03-04 23:59:59")
    with store.writing() as session:
        start_clock(session, get_row(session, entry_id), now=china("2025-03-05 10:00"))


def test_holidays_are_set_changed_listed_and_removed(store: Store) -> None:
    say(store, ("2027-02-08", False), ("2026-12-31", True))
    say(store, ("2027-02-08", True))
    with store.writing() as session:
        assert [(h.day.isoformat(), h.working) for h in list_holidays(session)] == [
            ("2026-12-31", True),
            ("2027-02-08", True),
        ]
        assert [h.day.year for h in list_holidays(session, year=2027)] == [2027]
        remove_holiday(session, date(2027, 2, 8), caller=ADMIN, now=NOW)
        assert list_holidays(session, year=2027) == ()
        with pytest.raises(NotFound):
            remove_holiday(session, date(2027, 2, 8), caller=ADMIN, now=NOW)
    with store.reading() as session:
        kinds = session.scalars(select(EventRow.kind).order_by(EventRow.id)).all()
    assert kinds == ["holiday.set", "holiday.set", "holiday.removed"]


def test_what_is_no_holiday_is_refused(store: Store) -> None:
    long = StoredHoliday(date(2027, 1, 1), False, "长" * 101)
    with store.writing() as session:
        early = StoredHoliday(date(1, 1, 1), False, "")
        for wrong in ([], [long], [early]):
            with pytest.raises(InvalidInput):
                set_holidays(session, wrong, caller=ADMIN, now=NOW)


def test_settings_are_changed_one_at_a_time_and_the_change_is_told(store: Store) -> None:
    with store.writing() as session:
        assert load_time_settings(session) == default_settings()
        changed = change_time_settings(
            session, {"hours": [["08:00", "16:00"]]}, caller=ADMIN, now=NOW
        )
        again = change_time_settings(session, {"declared_years": [NEXT]}, caller=ADMIN, now=NOW)
        assert again.hours == changed.hours
        assert load_timetable(session).settings == again
        assert load_timetable(session).calendar.is_known(date(NEXT, 5, 1))
    with store.reading() as session:
        told = session.scalars(select(EventRow).order_by(EventRow.id)).first()
    assert told is not None
    assert (told.kind, told.actor) == ("deadlines.changed", "admin")
    assert told.payload == {"changed": ["hours"], "rulebook": "beijing"}


def test_only_an_administrator_changes_what_the_town_has_set(store: Store) -> None:
    with store.writing() as session:
        with pytest.raises(AccessDenied):
            change_time_settings(session, {}, caller=CLERK, now=NOW)
        with pytest.raises(AccessDenied):
            set_holidays(session, [], caller=CLERK, now=NOW)
        with pytest.raises(AccessDenied):
            remove_holiday(session, date(2027, 1, 1), caller=CLERK, now=NOW)


def test_stored_settings_that_are_none_are_named_to_the_administrator(store: Store) -> None:
    with store.writing() as session:
        session.add(
            SettingRow(name="deadlines", value={"hours": []}, changed_by="", changed_at=NOW)
        )
    with store.reading() as session, pytest.raises(InvalidData, match="办公时间"):
        load_timetable(session)


def test_an_administrator_mends_stored_settings_that_are_none(store: Store) -> None:
    with store.writing() as session:
        session.add(SettingRow(name="deadlines", value={"gone": 1}, changed_by="", changed_at=NOW))
    with store.writing() as session:
        change_time_settings(session, {"declared_years": [2031]}, caller=ADMIN, now=NOW)
    with store.reading() as session:
        assert load_timetable(session).settings.declared_years == {2031}
        assert load_timetable(session).rulebook == default_settings().rulebook
