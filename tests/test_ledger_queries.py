from datetime import datetime
from typing import Any

import pytest
from ledger_factories import CITY, DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import text
from sqlalchemy.orm import Session

from triage.errors import InvalidInput, NotFound
from triage.ledger.departments import get_department, sync_departments
from triage.ledger.paging import Page, write_cursor
from triage.ledger.queries import (
    get_submission,
    list_departments,
    list_ledger,
    list_review,
)
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState
from triage.ledger.store import Store
from triage.submissions import Channel


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def file_away(store: Store, submission_id: str, *, now: datetime = NOW, **suggested: Any) -> None:
    pair = (make_submission(id=submission_id), make_suggestion(**suggested))
    with store.writing() as session:
        record_batch(session, [pair], now=now)


def ledger(store: Store, department: str = "zhujian", **options: Any) -> list[str]:
    options = {"may_see_confidential": False} | options
    with store.reading() as session:
        page = list_ledger(session, department, **options)
    return [line.entry.submission_id for line in page.lines]


def read_all(session: Session, list_page: Any, **options: Any) -> list[Any]:
    lines: list[Any] = []
    cursor = None
    while True:
        page: Page[Any] = list_page(session, cursor=cursor, may_see_confidential=False, **options)
        assert len(page.lines) <= options["limit"]
        lines += page.lines
        cursor = page.next
        if cursor is None:
            return lines


def test_a_ledger_shows_the_most_urgent_first_and_then_the_newest(store: Store) -> None:
    file_away(store, "ordinary", urgency=4, now=NOW + 9 * MINUTE)
    file_away(store, "old", urgency=2)
    file_away(store, "new", urgency=2, now=NOW + MINUTE)
    file_away(store, "grave", urgency=1)
    assert ledger(store) == ["grave", "new", "old", "ordinary"]


def test_a_line_tells_enough_to_recognise_the_submission(store: Store) -> None:
    long = make_submission(content="电梯停运。" * 100)
    with store.writing() as session:
        record_batch(session, [(long, make_suggestion())], now=NOW)
    with store.reading() as session:
        (line,) = list_ledger(session, "住建局", may_see_confidential=False).lines
    assert (line.title, line.channel, line.place) == (long.title, Channel.WEB, long.place)
    assert line.excerpt == long.content[:120]
    assert line.received_at == long.received_at


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"urgency": 1}, ["b"]),
        ({"nature": "咨询"}, ["c"]),
        ({"domain": "0102"}, ["b", "a"]),
        ({"domain": "010203"}, ["b", "a"]),
        ({"domain": "0"}, ["b", "c", "a"]),
        ({"domain": "0%"}, []),
        ({"domain": "\x00\ud800"}, []),
        ({"state": EntryState.ASSIGNED}, ["b", "c", "a"]),
        ({"state": EntryState.CLOSED}, []),
        ({"since": NOW + MINUTE}, ["b", "c"]),
        ({"until": NOW + 2 * MINUTE}, ["b", "a"]),
        ({"since": NOW, "until": NOW + MINUTE, "urgency": 3}, ["a"]),
        ({"state": EntryState.ASSIGNED, "urgency": 3, "nature": "投诉"}, ["a"]),
    ],
    ids=str,
)
def test_a_ledger_is_filtered(store: Store, wanted: dict[str, Any], found: list[str]) -> None:
    file_away(store, "a")
    file_away(store, "b", urgency=1, now=NOW + MINUTE)
    file_away(store, "c", nature="咨询", domain_code="0203", now=NOW + 2 * MINUTE)
    file_away(store, "elsewhere", lead="城管局")
    assert ledger(store, **wanted) == found


def test_pages_of_a_ledger_lose_and_repeat_nothing_among_equals(store: Store) -> None:
    batch = [
        (make_submission(id=f"L-{n}"), make_suggestion(urgency=1 + n % 3 // 2)) for n in range(23)
    ]
    with store.writing() as session:
        record_batch(session, batch, now=NOW)

    def pages(session: Session, **options: Any) -> Page[Any]:
        return list_ledger(session, "zhujian", **options)

    with store.reading() as session:
        whole = list_ledger(session, "zhujian", may_see_confidential=False, limit=200)
        assert whole.next is None
        assert len(whole.lines) == 23
        for limit in (1, 5, 22, 23):
            assert read_all(session, pages, limit=limit) == list(whole.lines)
        filtered = read_all(session, pages, limit=2, urgency=2, state=EntryState.ASSIGNED)
        assert filtered == [line for line in whole.lines if line.entry.urgency == 2]


def test_what_arrives_while_one_reads_on_moves_nothing(store: Store) -> None:
    for n in range(4):
        file_away(store, f"L-{n}", now=NOW + n * MINUTE)
    with store.reading() as session:
        first = list_ledger(session, "zhujian", may_see_confidential=False, limit=2)
    file_away(store, "newest", now=NOW + 9 * MINUTE)
    file_away(store, "grave", urgency=1)
    assert ledger(store, limit=2, cursor=first.next) == ["L-1", "L-0"]


def test_the_review_queue_shows_the_most_urgent_and_then_the_least_sure_first(store: Store) -> None:
    for name, urgency, confidence in (
        ("sure", 3, 0.7),
        ("doubtful", 3, 0.1 + 0.2),
        ("grave", 1, 0.8),
        ("tie", 3, 0.1 + 0.2),
    ):
        file_away(store, name, urgency=urgency, confidence=confidence, needs_review=True)
    file_away(store, "assigned", urgency=1)
    with store.reading() as session:
        page = list_review(session, may_see_confidential=False)
        assert [line.submission_id for line in page.lines] == ["grave", "doubtful", "tie", "sure"]
        assert page.lines[0].suggestion is not None
        assert page.lines[0].suggestion["domain"]["confidence"] == 0.8
        for limit in (1, 2, 3):
            assert read_all(session, list_review, limit=limit) == list(page.lines)
        assert [x.submission_id for x in read_all(session, list_review, limit=1, urgency=1)] == [
            "grave"
        ]


def test_departments_are_counted_by_urgency_and_state(store: Store) -> None:
    file_away(store, "a", urgency=1)
    file_away(store, "b", urgency=3)
    file_away(store, "c", urgency=3, lead="城管局")
    with store.reading() as session:
        counts = {
            c.department.name: c for c in list_departments(session, may_see_confidential=True)
        }
        (only,) = list_departments(
            session, may_see_confidential=True, reach=frozenset({"chengguan"})
        )
    assert list(counts) == ["城管局", "纪委监委", "住建局"]
    housing = counts["住建局"]
    assert (housing.total, housing.by_urgency) == (2, {1: 1, 2: 0, 3: 1, 4: 0})
    assert housing.by_state == {EntryState.ASSIGNED: 2}
    assert (counts["纪委监委"].total, counts["纪委监委"].by_state) == (0, {})
    assert only == counts["城管局"]


def test_accusations_do_not_exist_for_those_who_may_not_see_them(store: Store) -> None:
    accusation = {"nature": "检举控告", "confidential": True, "lead": "纪委监委", "urgency": 1}
    file_away(store, "hidden", **accusation)
    file_away(store, "waiting", **(accusation | {"needs_review": True}))
    for sees in (False, True):  # nobody finds one here: they have a ledger of their own
        assert ledger(store, "jiwei", may_see_confidential=sees) == []
        with store.reading() as session:
            assert list_review(session, may_see_confidential=sees).lines == ()
            counts = list_departments(
                session, may_see_confidential=sees, reach=frozenset({"jiwei"})
            )
            assert counts[0].total == 0
    with store.reading() as session:
        get_submission(session, "hidden", may_see_confidential=True)
        errors = []
        for submission_id in ("hidden", "absent"):
            with pytest.raises(NotFound) as caught:
                get_submission(session, submission_id, may_see_confidential=False)
            errors.append(caught.value.message.replace(submission_id, "X"))
    assert errors[0] == errors[1]


def test_a_department_finds_only_what_stands_in_its_ledger(store: Store) -> None:
    file_away(store, "a")
    file_away(store, "waiting", needs_review=True)
    with store.reading() as session:
        for own in ("zhujian", "chengguan"):  # leads, assists
            get_submission(session, "a", may_see_confidential=False, reach=frozenset({own}))
        for submission_id, department in (("a", "jiwei"), ("waiting", "zhujian")):
            with pytest.raises(NotFound):
                get_submission(
                    session,
                    submission_id,
                    may_see_confidential=False,
                    reach=frozenset({department}),
                )


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "😀",
        "bm9uZQ",
        write_cursor(1, 2),
        write_cursor(1, "2025-03-01T00:00:00", 1),
        write_cursor(1, "2025-03-01T00:00:00+00:00", 2**70),
        write_cursor(None, "2025-03-01T00:00:00+00:00", 2),
        write_cursor(float("inf"), "2025-03-01T00:00:00+00:00", 2),
    ],
)
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ledger(store, cursor=cursor)
    assert caught.value.field == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_size_that_is_none_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        ledger(store, limit=limit)
    assert caught.value.field == "limit"
    with pytest.raises(InvalidInput), store.reading() as session:
        list_review(session, may_see_confidential=False, limit=limit)


def test_a_time_without_a_zone_is_refused_by_name(store: Store) -> None:
    for field in ("since", "until"):
        with pytest.raises(InvalidInput) as caught:
            ledger(store, **{field: datetime(2025, 3, 1)})
        assert caught.value.field == field


@pytest.mark.parametrize("key", ["没有这个局", "", "a\x00"])
def test_an_unknown_department_is_not_found(store: Store, key: str) -> None:
    with pytest.raises(NotFound):
        ledger(store, key)


def test_the_table_of_departments_follows_the_catalogue(store: Store) -> None:
    with store.writing() as session:
        renamed = type(CITY)("chengguan", "城管执法局", "城市管理执法局", "government", (), "")
        sync_departments(session, [renamed])
        assert get_department(session, "城管执法局").active
        assert not get_department(session, "住建局").active
        sync_departments(session, DEPARTMENTS)
        assert get_department(session, "chengguan").name == "城管局"
        assert get_department(session, "住建局").active


def plans_of(store: Store, work: Any) -> list[str]:
    """How SQLite would run each SELECT of `work`, by its own account."""
    seen: list[str] = []
    with store.reading() as session:
        driver: Any = session.connection().connection.driver_connection
        driver.set_trace_callback(seen.append)  # below all by which a statement may be handed over
        work(session)
        driver.set_trace_callback(None)
        return [
            "; ".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}"))
            for sql in seen
            if sql.startswith("SELECT")
        ]


# Looked up once, before the walk: one department, or the few that ever had its name.
BY_KEY = (
    "SCALAR SUBQUERY 1; MULTI-INDEX OR; "
    "INDEX 1; SEARCH department USING INDEX sqlite_autoindex_department_1 (code=?); "
    "INDEX 2; SEARCH department USING INDEX ix_department_name (name=?); "
    "USE TEMP B-TREE FOR ORDER BY; "
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "options", [{}, {"state": EntryState.ASSIGNED}, {"nature": "咨询"}], ids=str
)
def test_a_ledger_page_is_read_along_an_index_without_sorting(
    store: Store, options: dict[str, Any]
) -> None:
    def walks(**more: Any) -> list[str]:
        told = options | more
        plans = plans_of(
            store,
            lambda session: list_ledger(session, "zhujian", may_see_confidential=False, **told),
        )
        return [
            plan.replace(BY_KEY, "").replace("SCAN lines", "")  # joined into one text as they come
            for plan in plans
            if "ix_entry_ledger" in plan
        ]

    first = walks()
    further = walks(cursor=write_cursor(2, NOW.isoformat(), 7))
    assert (len(first), len(further)) == (1, 2)
    assert "opened_at<?" in further[0] or "(opened_at,id)<(?,?)" in further[0]
    assert all("TEMP B-TREE" not in plan and "SCAN" not in plan for plan in first + further)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_review_queue_is_read_along_its_index_and_counts_never_leave_theirs(
    store: Store,
) -> None:
    cursor = write_cursor(2, 0.5, "L-1")
    queue, *_ = plans_of(
        store, lambda session: list_review(session, may_see_confidential=False, cursor=cursor)
    )
    assert "ix_submission_review" in queue
    assert "TEMP B-TREE" not in queue
    counts, *_ = plans_of(
        store, lambda session: list_departments(session, may_see_confidential=False)
    )
    assert "COVERING INDEX ix_entry_ledger_state" in counts
    assert "TEMP B-TREE" not in counts


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_open_deadlines_are_read_along_their_index(store: Store) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT id FROM entry WHERE replied_at IS NULL "
        "AND closed_at IS NULL AND deadline_at < '2025' ORDER BY deadline_at, id"
    )
    with store.reading() as session:
        plan = "; ".join(row[3] for row in session.execute(text(query)))
    assert "ix_entry_due" in plan
    assert "TEMP B-TREE" not in plan
