from contextlib import closing
from typing import Any

import pytest
from clock_factories import (
    BOTH_OFFICER,
    CLERK,
    HOUSING_OFFICER,
    alter,
    china,
    open_at,
    set_up_departments,
)
from sqlalchemy import event, text

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.due import list_due, list_overdue, list_unaccepted
from triage.ledger.paging import write_cursor
from triage.ledger.states import EntryState
from triage.ledger.store import Store, open_store
from triage.roles import Action, Caller

OPENED = "2025-03-03 10:00"
NOW = china("2025-03-12 10:00")
LATER = china("2025-04-30 10:00")


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


@pytest.fixture
def ledger(store: Store) -> dict[str, int]:
    """Six entries: their deadlines are the 3rd, 4th, 10th and 18th of March, and in April."""
    return {
        "grave": open_at(store, OPENED, "grave", urgency=1),
        "urgent": open_at(store, OPENED, "urgent", urgency=2),
        "elsewhere": open_at(store, OPENED, "elsewhere", urgency=3, lead="城管局"),
        "ordinary": open_at(store, OPENED, "ordinary", urgency=4),
        "street": open_at(store, OPENED, "street", urgency=4, lead="城管局"),
        "new": open_at(store, "2025-03-20 10:00", "new", urgency=4),
    }


def find(store: Store, listing: Any, *, caller: Caller = CLERK, **options: Any) -> list[str]:
    if listing is list_due:
        options = {"until": LATER} | options
    with store.reading() as session:
        page = listing(session, caller=caller, now=NOW, **options)
    return [line.entry.submission_id for line in page.lines]


@pytest.mark.usefixtures("ledger")
def test_what_is_due_comes_soonest_first_and_what_is_overdue_longest_first(store: Store) -> None:
    assert find(store, list_overdue) == ["grave", "urgent", "elsewhere"]
    assert find(store, list_due) == ["ordinary", "street", "new"]
    assert find(store, list_due, until=china("2025-03-19 00:00")) == ["ordinary", "street"]
    assert find(store, list_unaccepted) == [
        "grave",
        "urgent",
        "elsewhere",
        "ordinary",
        "street",
        "new",
    ]


@pytest.mark.usefixtures("ledger")
def test_a_line_says_what_it_is_about_and_whether_it_is_late(store: Store) -> None:
    with store.reading() as session:
        (late, *_) = list_overdue(session, caller=CLERK, now=NOW).lines
        (due, *_) = list_due(session, caller=CLERK, now=NOW, until=LATER).lines
    assert (late.title, late.overdue, late.entry.rule) == ("电梯停运三天", True, "特急")
    assert not due.overdue


@pytest.mark.parametrize(
    "ended",
    [
        {"replied_at": NOW},
        {"closed_at": NOW},
        {"deadline_at": None},
        {"paused_at": NOW},
        {"confidential": True},
    ],
    ids=str,
)
def test_what_nobody_waits_for_is_not_listed(
    store: Store, ledger: dict[str, int], ended: dict[str, Any]
) -> None:
    alter(store, ledger["grave"], **ended)
    alter(store, ledger["ordinary"], **ended)
    assert find(store, list_overdue) == ["urgent", "elsewhere"]
    assert find(store, list_due) == ["street", "new"]


def test_what_has_been_signed_for_no_longer_waits_for_it(
    store: Store, ledger: dict[str, int]
) -> None:
    for name in ("grave", "elsewhere", "new"):
        alter(store, ledger[name], state=EntryState.ACCEPTED)
    assert find(store, list_unaccepted) == ["urgent", "ordinary", "street"]


@pytest.mark.usefixtures("ledger")
def test_an_officer_sees_what_is_within_reach(store: Store) -> None:
    assert find(store, list_overdue, caller=HOUSING_OFFICER) == ["grave", "urgent"]
    assert find(store, list_overdue, caller=BOTH_OFFICER) == ["grave", "urgent", "elsewhere"]
    assert find(store, list_unaccepted, caller=HOUSING_OFFICER, urgency=4) == ["ordinary", "new"]
    nobody = Caller("qian", HOUSING_OFFICER.actions, "jiwei", frozenset())
    assert find(store, list_overdue, caller=nobody) == []
    many = Caller(
        "sun", CLERK.actions, None, frozenset(f"d{n}" for n in range(500)) | {"chengguan"}
    )
    assert find(store, list_overdue, caller=many) == ["elsewhere"]


@pytest.mark.usefixtures("ledger")
def test_one_ledger_or_one_level_can_be_asked_for(store: Store) -> None:
    assert find(store, list_due, department="城管局") == ["street"]
    assert find(store, list_overdue, department="zhujian", urgency=2) == ["urgent"]
    with pytest.raises(AccessDenied):
        find(store, list_due, caller=HOUSING_OFFICER, department="chengguan")
    with pytest.raises(NotFound):
        find(store, list_due, department="没有这个局")


def test_pages_lose_and_repeat_nothing_among_equals(store: Store) -> None:
    for n in range(7):
        open_at(store, OPENED, f"L-{n}", lead=("住建局", "城管局")[n % 2])
    for caller in (CLERK, BOTH_OFFICER):
        for listing in (list_due, list_overdue, list_unaccepted):
            whole = find(store, listing, caller=caller, limit=200)
            read: list[str] = []
            cursor = None
            while True:
                with store.reading() as session:
                    options = {"until": LATER} if listing is list_due else {}
                    page = listing(
                        session, caller=caller, now=NOW, limit=2, cursor=cursor, **options
                    )
                read += [line.entry.submission_id for line in page.lines]
                cursor = page.next
                if cursor is None:
                    break
            assert read == whole
    assert len(find(store, list_overdue)) == 7


def test_who_may_not_read_is_refused(store: Store) -> None:
    stranger = Caller("key:1", frozenset({Action.SUBMIT}))
    for listing in (list_due, list_overdue, list_unaccepted):
        with pytest.raises(AccessDenied):
            find(store, listing, caller=stranger)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": write_cursor("2025-03-01T00:00:00", 1)}, "cursor"),
        ({"until": china("2025-03-01 10:00")}, "until"),
        ({"until": NOW.replace(tzinfo=None)}, "until"),
    ],
)
def test_a_question_that_is_none_is_refused_by_name(
    store: Store, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        find(store, list_due, **options)
    assert caught.value.field == field


def read_plans(store: Store, listing: Any, **options: Any) -> str:
    """How the database would run the walk, by its own account."""
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.startswith("SELECT"):
            seen.append((sql, parameters))

    event.listen(store.reader, "before_cursor_execute", note)
    find(store, listing, **options)
    event.remove(store.reader, "before_cursor_execute", note)
    walk = next(found for found in seen if "LIMIT" in found[0] and "entry.id" in found[0])
    on_sqlite = store.reader.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN "
    with store.reader.connect() as connection:
        if not on_sqlite:  # a few rows are read faster without any index
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
        rows = connection.exec_driver_sql(explain + walk[0], walk[1]).all()
    return "; ".join(str(row[3] if on_sqlite else row[0]) for row in rows)


@pytest.mark.parametrize(
    ("listing", "options", "index"),
    [
        (list_due, {}, "ix_entry_due"),
        (list_overdue, {}, "ix_entry_due"),
        (list_overdue, {"cursor": write_cursor("2025-03-01T00:00:00+00:00", 7)}, "ix_entry_due"),
        (list_overdue, {"department": "zhujian"}, "ix_entry_due_department"),
        (list_overdue, {"caller": BOTH_OFFICER}, "ix_entry_due_department"),
        (list_unaccepted, {}, "ix_entry_unaccepted"),
        (list_unaccepted, {"caller": BOTH_OFFICER}, "ix_entry_unaccepted_department"),
    ],
)
def test_every_list_is_walked_along_its_index(
    store_url: str, listing: Any, options: dict[str, Any], index: str
) -> None:
    # Of its own: PostgreSQL would plan by what it has counted of the rows of other tests.
    with closing(open_store(store_url)) as untouched:
        set_up_departments(untouched)
        plan = read_plans(untouched, listing, **options)
    assert index in plan
    assert "Seq Scan" not in plan
