"""What is counted, of what, and for whom: on entries whose way is known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from sqlalchemy import event, update
from sqlalchemy.orm import Session
from workflow_factories import CITY_OFFICER, CLERK, SUPERVISOR, file_departments

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.records import record_batch
from triage.ledger.selection import By, Selection, Table
from triage.ledger.states import EntryState, Outcome
from triage.ledger.statistics import (
    STAGE_NAMES,
    Flow,
    Stage,
    count_flow,
    count_repeats,
    count_work,
    measure_dispatch,
    measure_stages,
)
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow, SubmissionRow, SubmitterRow, SuggestionRow
from triage.rates import Hours, Rate, Tally
from triage.roles import Action, Caller
from triage.submissions import Channel
from triage.suggestions import PlaceSuggestion

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOW + 30 * DAY
ALL = Selection()


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    assert DEPARTMENTS
    file_departments(store)


def file_one(
    store: Store,
    name: str,
    *,
    at: datetime = NOW,
    channel: Channel = Channel.WEB,
    division: str | None = None,
    suggested: dict[str, Any] | None = None,
    **columns: Any,
) -> int:
    """An entry opened at this moment, with these columns set as commands would have."""
    place = PlaceSuggestion(None, division, ())
    suggestion = make_suggestion(id=name, place=place, **(suggested or {}))
    with store.writing() as session:
        pair = (make_submission(id=name, channel=channel), suggestion)
        (filed,) = record_batch(session, [pair], now=at)
        assert filed.entry is not None
        values = {"deadline_at": at + 5 * DAY} | columns
        session.execute(update(EntryRow).where(EntryRow.id == filed.entry.id).values(**values))
        return filed.entry.id


def replied(after: timedelta, *, at: datetime = NOW, **columns: Any) -> dict[str, Any]:
    return {"replied_at": at + after, "state": EntryState.REPLIED} | columns


def closed(after: timedelta, outcome: Outcome | None, **columns: Any) -> dict[str, Any]:
    ended = {"state": EntryState.CLOSED, "closed_at": NOW + after + HOUR, "outcome": outcome}
    return replied(after) | ended | columns


def count(
    store: Store,
    selection: Selection = ALL,
    caller: Caller = SUPERVISOR,
    *,
    now: datetime = LATER,
    **options: Any,
) -> Table[Tally]:
    with store.reading() as session:
        return count_work(session, selection, caller=caller, now=now, **options)


def test_rates_are_of_the_entries_whose_deadline_has_come(store: Store) -> None:
    file_one(store, "solved", **closed(DAY, Outcome.SOLVED, solved=True, satisfaction=5))
    file_one(store, "explained", **closed(2 * DAY, Outcome.EXPLAINED, solved=False, satisfaction=3))
    file_one(
        store, "refused", **closed(9 * DAY, Outcome.NOT_SUPPORTED, satisfaction=1, solved=False)
    )
    file_one(store, "late", **replied(6 * DAY))
    file_one(store, "overdue")
    file_one(store, "not-yet-due", deadline_at=LATER + DAY, replied_at=NOW + DAY)
    file_one(store, "stopped", paused_at=NOW + DAY)
    total = count(store).total
    assert (total.opened, total.due, total.overdue, total.replied) == (7, 5, 1, 5)
    assert total.rates["reply"] == Rate(4, 5)
    assert total.rates["on_time"] == Rate(2, 5)
    assert total.rates["completion"] == Rate(3, 5)
    for outcome in ("solved", "explained", "not_supported"):
        assert total.rates[f"completion_{outcome}"] == Rate(1, 5)
    assert total.rates["satisfaction"] == Rate(2, 3)
    assert total.rates["solution"] == Rate(1, 3)
    assert (total.rated_5, total.rated_3, total.rated_1) == (1, 1, 1)


def test_a_rate_of_an_earlier_day_is_that_of_the_deadlines_that_had_come(store: Store) -> None:
    file_one(store, "a")
    assert count(store, now=NOW + DAY).total.due == 0
    assert count(store, now=NOW + 5 * DAY).total.due == 1


def test_what_ended_beside_the_line_is_counted_apart_and_is_never_due(store: Store) -> None:
    for state in (EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED):
        file_one(store, state.value, state=state, closed_at=NOW + DAY)
    file_one(store, "withdrawn", state=EntryState.CLOSED, closed_at=NOW + DAY)
    total = count(store).total
    assert (total.declined, total.forwarded, total.merged, total.withdrawn) == (1, 1, 1, 1)
    assert (total.opened, total.apart, total.due, total.closed) == (4, 4, 0, 0)


def test_steps_are_summed_and_returned_entries_counted_once(store: Store) -> None:
    file_one(store, "a", returns=2, extensions=1, urges=1)
    file_one(store, "b", returns=1, reopenings=3)
    file_one(store, "c")
    total = count(store).total
    assert (total.returned, total.returns) == (2, 3)
    assert (total.extensions, total.urges, total.reopenings) == (1, 1, 3)
    assert total.rates["return"] == Rate(2, 3)


@pytest.mark.parametrize(
    ("by", "options", "groups"),
    [
        (By.DEPARTMENT, {}, [("chengguan", "城管局", 1), ("zhujian", "住建局", 3)]),
        (By.DIVISION, {}, [("", "未注明", 2), ("430102", "430102", 2)]),
        (By.DOMAIN, {}, [("城乡建设", "城乡建设", 4)]),
        (
            By.DOMAIN,
            {"level": 3},
            [("城乡建设/住房保障与房地产/物业服务", "城乡建设/住房保障与房地产/物业服务", 4)],
        ),
        (By.URGENCY, {}, [("1", "特急", 1), ("3", "较急", 3)]),
        (By.NATURE, {}, [("咨询", "咨询", 1), ("投诉", "投诉", 3)]),
        (By.CHANNEL, {}, [("来信", "来信", 1), ("网络", "网络", 3)]),
        (By.DAY, {}, [("2025-03-01", "2025-03-01", 3), ("2025-03-02", "2025-03-02", 1)]),
        (By.WEEK, {}, [("2025-02-24", "2025-02-24", 4)]),
        (By.MONTH, {}, [("2025-03", "2025-03", 4)]),
    ],
    ids=str,
)
def test_figures_are_broken_down_and_the_groups_add_up(
    store: Store, by: By, options: dict[str, Any], groups: list[tuple[str, str, int]]
) -> None:
    file_one(store, "a", suggested={"lead": "城管局"})
    file_one(store, "b", division="430102", suggested={"urgency": 1})
    file_one(store, "c", division="430102", suggested={"nature": "咨询"})
    # 00:30 of March 2 in China, still March 1 in UTC
    file_one(store, "d", at=NOW + 15 * HOUR, channel=Channel.LETTER)
    table = count(store, by=by, **options)
    assert [(group.key, group.name, group.figures.opened) for group in table.groups] == groups
    assert table.total.opened == 4
    assert sum((group.figures for group in table.groups), Tally()) == table.total


@pytest.mark.parametrize(
    ("selection", "opened"),
    [
        (Selection(), 3),
        (Selection(since=NOW + HOUR), 1),
        (Selection(until=NOW + HOUR), 2),
        (Selection(since=NOW + 5 * DAY, until=NOW + 5 * DAY + HOUR, by_deadline=True), 2),
        (Selection(department="住建局"), 2),
        (Selection(department="chengguan"), 1),
        (Selection(division="4301"), 1),
        (Selection(domain="0203"), 1),
        (Selection(domain="%"), 0),
        (Selection(urgency=1), 1),
        (Selection(channel="来信"), 1),
        (Selection(channel="来信", urgency=1), 0),
    ],
    ids=str,
)
def test_a_selection_counts_what_it_names(store: Store, selection: Selection, opened: int) -> None:
    file_one(store, "a", suggested={"lead": "城管局", "urgency": 1})
    file_one(store, "b", division="430102", suggested={"domain_code": "020301"})
    file_one(store, "c", at=NOW + HOUR, channel=Channel.LETTER)
    assert count(store, selection).total.opened == opened


def test_hours_are_those_of_each_stage(store: Store) -> None:
    for number in range(10):
        at = NOW + number * HOUR
        file_one(
            store,
            f"L-{number}",
            assigned_at=NOW,
            accepted_at=at,
            replied_at=NOW + 24 * HOUR + 6 * HOUR * number,
            closed_at=NOW + 200 * HOUR,
            state=EntryState.CLOSED,
        )
    file_one(store, "open")
    with store.reading() as session:
        table = measure_stages(session, ALL, caller=SUPERVISOR, by=By.DEPARTMENT)
    hours = table.total
    assert set(hours) == set(Stage) == set(STAGE_NAMES)
    assert hours[Stage.DISPATCH] == Hours(11, 0.0, 0.0)
    assert hours[Stage.ACCEPT] == Hours(10, 4.0, 8.0)
    assert hours[Stage.REPLY] == Hours(10, 48.0, 72.0)
    assert hours[Stage.WHOLE] == Hours(10, 200.0, 200.0)
    assert hours[Stage.EVALUATE] == Hours(0, None, None)
    assert table.groups[0].figures == hours


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [(0, 0.0), (2, 0.0), (3, 0.1), (8, 0.1), (9, 0.2), (1438, 24.0), (1469, 24.0), (1470, 25.0)],
)
def test_both_databases_round_a_duration_alike(store: Store, minutes: int, hours: float) -> None:
    file_one(store, "a", assigned_at=NOW, accepted_at=NOW + timedelta(minutes=minutes))
    with store.reading() as session:
        total = measure_stages(session, ALL, caller=SUPERVISOR).total
    assert total[Stage.ACCEPT].median == hours


def test_a_stage_is_measured_by_channel_too(store: Store) -> None:
    file_one(store, "a", channel=Channel.LETTER, accepted_at=NOW + HOUR)
    with store.reading() as session:
        table = measure_stages(session, Selection(channel="来信"), caller=SUPERVISOR, by=By.CHANNEL)
    (group,) = table.groups
    assert (group.key, group.figures[Stage.DISPATCH].count) == ("来信", 1)
    assert group.figures[Stage.ACCEPT] == Hours(1, 1.0, 1.0)


def test_a_stage_that_runs_backwards_after_a_reassignment_is_not_measured(store: Store) -> None:
    file_one(store, "a", assigned_at=NOW + DAY, accepted_at=NOW + HOUR)
    with store.reading() as session:
        total = measure_stages(session, ALL, caller=SUPERVISOR).total
    assert total[Stage.ACCEPT].count == 0


def test_first_dispatch_was_right_where_the_first_lead_has_the_entry_still(store: Store) -> None:
    file_one(store, "right")
    file_one(store, "moved", lead_department="chengguan")
    file_one(store, "also-right", suggested={"lead": "城管局"})
    moved = file_one(store, "split")
    with store.writing() as session:
        reviewed = update(SuggestionRow).where(SuggestionRow.submission_id == "moved")
        session.execute(reviewed.values(needs_review=True))
        unnamed = update(SuggestionRow).where(SuggestionRow.submission_id == "also-right")
        session.execute(unnamed.values(lead=None))
        # a second suggestion and a second matter of one submission are no first choice
        row = session.get(EntryRow, moved)
        assert row is not None
        again = {column.name: getattr(row, column.name) for column in EntryRow.__table__.columns}
        session.add(EntryRow(**again | {"id": moved + 100, "lead_department": "chengguan"}))
        first = session.query(SuggestionRow).filter_by(submission_id="split").one()
        values = {c.name: getattr(first, c.name) for c in SuggestionRow.__table__.columns}
        session.add(SuggestionRow(**values | {"id": first.id + 100, "lead": "城管局"}))
    with store.reading() as session:
        table = measure_dispatch(session, ALL, caller=SUPERVISOR, by=By.DEPARTMENT)
    assert table.total.direct == Rate(2, 2)
    assert table.total.reviewed == Rate(0, 1)
    assert table.total.accuracy == Rate(2, 3)
    assert table.total.unnamed == 1
    assert [group.key for group in table.groups] == ["chengguan", "zhujian"]
    assert table.groups[0].figures.accuracy == Rate(0, 1)


def test_who_comes_again_with_the_same_matter_is_a_repeat(store: Store) -> None:
    for name, person, domain in (
        ("a", "p1", "010203"),
        ("b", "p1", "010203"),
        ("c", "p1", "020301"),
        ("d", "p2", "010203"),
        ("e", None, "010203"),
    ):
        file_one(store, name, at=NOW + DAY * (name == "b"), suggested={"domain_code": domain})
        with store.writing() as session:
            session.add(SubmitterRow(submission_id=name, sealed=b"", key_id="k", person=person))
    file_one(store, "unknown")
    with store.reading() as session:
        table = count_repeats(session, ALL, caller=SUPERVISOR, by=By.DEPARTMENT)
        nobody = count_repeats(session, Selection(urgency=1), caller=SUPERVISOR)
        by_day = count_repeats(session, ALL, caller=SUPERVISOR, by=By.DAY)
    assert table.total == Rate(1, 4)
    assert [group.figures for group in table.groups] == [Rate(1, 4)]
    assert nobody.total == Rate(0, 0)
    assert [group.figures for group in by_day.groups] == [Rate(0, 3), Rate(1, 1)]


def test_each_step_counts_at_its_own_moment(store: Store) -> None:
    file_one(store, "a", at=NOW - 9 * DAY, **replied(HOUR))
    file_one(store, "b", at=NOW - 9 * DAY, **closed(HOUR, Outcome.SOLVED))
    file_one(store, "c", **replied(2 * DAY))
    file_one(store, "d", at=NOW - 9 * DAY, deadline_at=NOW - HOUR)
    file_one(store, "e", at=NOW - 9 * DAY, evaluated_at=NOW, solved=False)
    file_one(store, "gone", state=EntryState.DECLINED)
    file_one(store, "hidden", confidential=True)
    with store.reading() as session:
        flow = count_flow(session, since=NOW, until=NOW + DAY, caller=SUPERVISOR, now=NOW)
    assert flow == Flow(
        opened=2, replied=2, closed=1, evaluated=1, unsolved=1, waiting=2, overdue=2
    )


def test_accusations_are_in_no_figure(store: Store) -> None:
    entry = file_one(store, "hidden", replied_at=NOW + DAY, accepted_at=NOW + HOUR)
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry).values(confidential=True))
        session.execute(update(SubmissionRow).values(confidential=True))
        session.add(SubmitterRow(submission_id="hidden", sealed=b"", key_id="k", person="p"))
    everything = Caller("chen", frozenset(Action))
    for caller in (SUPERVISOR, everything):
        assert count(store, caller=caller).total == Tally()
        assert count(store, caller=caller, by=By.CHANNEL).groups == ()
        with store.reading() as session:
            assert measure_stages(session, ALL, caller=caller).total[Stage.REPLY].count == 0
            assert measure_dispatch(session, ALL, caller=caller).total.accuracy == Rate(0, 0)
            assert count_repeats(session, ALL, caller=caller).total == Rate(0, 0)


def test_an_officer_counts_the_own_department_only(store: Store) -> None:
    file_one(store, "a")
    file_one(store, "b", suggested={"lead": "城管局"})
    own = count(store, caller=CITY_OFFICER, by=By.DEPARTMENT)
    assert [group.key for group in own.groups] == ["chengguan"]
    assert own.total.opened == 1
    assert count(store, Selection(department="城管局"), CITY_OFFICER).total.opened == 1
    with pytest.raises(AccessDenied):
        count(store, Selection(department="住建局"), CITY_OFFICER)


def test_without_the_right_nothing_is_counted(store: Store) -> None:
    nobody = Caller("nobody", frozenset())
    with store.reading() as session:
        for measure in (measure_stages, measure_dispatch, count_repeats):
            with pytest.raises(AccessDenied):
                measure(session, ALL, caller=nobody)
    with pytest.raises(AccessDenied):
        count(store, caller=nobody)


@pytest.mark.parametrize(
    ("selection", "options", "error", "field"),
    [
        (Selection(department="没有这个局"), {}, NotFound, "department"),
        (Selection(since=datetime(2025, 3, 1)), {}, InvalidInput, "since"),
        (Selection(until=datetime(2025, 3, 1)), {}, InvalidInput, "until"),
        (ALL, {"level": 0}, InvalidInput, "level"),
        (ALL, {"level": 4}, InvalidInput, "level"),
    ],
    ids=str,
)
def test_a_selection_that_is_none_is_refused_by_name(
    store: Store, selection: Selection, options: dict[str, Any], error: Any, field: str
) -> None:
    with pytest.raises(error) as caught:
        count(store, selection, CLERK, by=By.DOMAIN, **options)
    assert caught.value.field == field


def plans_of(store: Store, work: Callable[[Session], object]) -> list[str]:
    """How SQLite would run each SELECT of `work`, by its own account."""
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.startswith("SELECT"):
            seen.append((sql, parameters))

    event.listen(store.reader, "before_cursor_execute", note)
    with store.reading() as session:
        work(session)
    event.remove(store.reader, "before_cursor_execute", note)
    with store.reader.connect() as connection:
        return [
            "; ".join(
                row[3]
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
            )
            for sql, parameters in seen
        ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_month_is_read_along_an_index_and_suggestions_without_their_payloads(
    store: Store,
) -> None:
    month = Selection(since=NOW, until=LATER)
    (work,) = plans_of(
        store, lambda session: count_work(session, month, caller=SUPERVISOR, now=NOW)
    )
    assert "ix_entry_opened" in work
    (dispatch,) = plans_of(
        store, lambda session: measure_dispatch(session, month, caller=SUPERVISOR)
    )
    assert "ix_entry_opened" in dispatch
    assert dispatch.count("COVERING INDEX ix_suggestion_dispatch") == 2
