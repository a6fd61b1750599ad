"""The ledger looked through: filters, words, orders and pages; and how the like was answered."""

from datetime import timedelta
from typing import Any

import pytest
from clock_factories import (
    CLERK,
    HOUSING_OFFICER,
    alter,
    china,
    set_up_departments,
)
from ledger_factories import make_submission, make_suggestion
from sqlalchemy import insert

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger import ledgerlines, searching
from triage.ledger.ledgerlines import (
    LedgerFilter,
    Order,
    Standing,
    count_ledger_lines,
    list_ledger_lines,
)
from triage.ledger.listfilters import ListFilter
from triage.ledger.records import record_batch
from triage.ledger.similar import list_similar
from triage.ledger.states import EntryState, Outcome
from triage.ledger.store import Store
from triage.ledger.tables import ExtensionRow, ReplyRow
from triage.likeness import measure_alike
from triage.roles import Caller
from triage.submissions import Channel

NOW = china("2025-03-12 10:00")
SOON = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def open_one(store: Store, name: str, moment: str, *, told: Any = None, **said: Any) -> int:
    opened = china(moment)
    submission = make_submission(id=name, received_at=opened, **(told or {}))
    with store.writing() as session:
        (filed,) = record_batch(session, [(submission, make_suggestion(**said))], now=opened)
    assert filed.entry is not None
    return filed.entry.id


@pytest.fixture
def ledger(store: Store) -> dict[str, int]:
    return {
        "old": open_one(store, "old", "2025-03-01 10:00", urgency=4),
        "lamp": open_one(
            store,
            "lamp",
            "2025-03-05 10:00",
            told={"title": "路灯不亮", "content": "人民路的路灯坏了半个月。", "place": "人民路"},
            urgency=2,
            lead="城管局",
            domain_code="010201",
        ),
        "call": open_one(
            store,
            "call",
            "2025-03-10 10:00",
            told={"channel": Channel.CALL, "content": "请回电13912345678，电梯又停了。"},
            urgency=3,
            nature="求助",
        ),
        "new": open_one(store, "new", "2025-03-12 09:00", urgency=2),
    }


def find(
    store: Store,
    wanted: ListFilter | None = None,
    *,
    caller: Caller = CLERK,
    order: Order = Order.NEWEST,
    **further: Any,
) -> list[str]:
    with store.reading() as session:
        page = list_ledger_lines(
            session,
            wanted or ListFilter(),
            LedgerFilter(**further),
            caller=caller,
            now=NOW,
            soon=SOON,
            order=order,
        )
    return [line.entry.submission_id for line in page.lines]


@pytest.mark.usefixtures("ledger")
def test_the_ledger_comes_in_the_order_that_is_asked_for(store: Store) -> None:
    assert find(store) == ["new", "call", "lamp", "old"]
    assert find(store, order=Order.OLDEST) == ["old", "lamp", "call", "new"]
    assert find(store, order=Order.URGENT) == ["new", "lamp", "call", "old"]
    assert find(store, order=Order.DEADLINE)[0] == "lamp"


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("order", list(Order))
def test_pages_follow_each_other_without_gap_or_repeat(store: Store, order: Order) -> None:
    found, cursor = [], None
    with store.reading() as session:
        while True:
            page = list_ledger_lines(
                session,
                ListFilter(),
                LedgerFilter(),
                caller=CLERK,
                now=NOW,
                soon=SOON,
                order=order,
                limit=1,
                cursor=cursor,
            )
            found += [line.entry.submission_id for line in page.lines]
            if (cursor := page.next) is None:
                break
    assert found == find(store, order=order)


def test_filters_narrow_and_go_together(store: Store, ledger: dict[str, int]) -> None:
    alter(store, ledger["old"], state=EntryState.CLOSED, closed_at=NOW, outcome=Outcome.SOLVED)
    alter(store, ledger["new"], state=EntryState.ACCEPTED, assignee="li")
    assert find(store, states=frozenset({EntryState.CLOSED})) == ["old"]
    assert find(store, outcome=Outcome.SOLVED) == ["old"]
    assert find(store, assignee="li") == ["new"]
    assert find(store, nature="求助") == ["call"]
    assert find(store, channel="来电") == ["call"]
    assert find(store, standing=Standing.CLOSED) == ["old"]
    assert find(store, standing=Standing.OPEN) == ["new", "call", "lamp"]
    assert find(store, standing=Standing.OVERDUE) == ["lamp"]
    assert find(store, standing=Standing.DUE_SOON) == ["new"]
    assert find(store, standing=Standing.UNACCEPTED) == ["call", "lamp"]
    assert find(store, standing=Standing.ASKING) == []
    asked = {"amount": 3, "unit": "day", "reason": "等配件", "who": "li", "at": NOW}
    with store.writing() as session:
        session.execute(insert(ExtensionRow).values(entry_id=ledger["new"], **asked))
    assert find(store, standing=Standing.ASKING) == ["new"]
    assert find(store, ListFilter(urgency=2, domain="0102"), nature="投诉") == ["new", "lamp"]
    assert find(store, ListFilter(department="城管局")) == ["lamp"]


# How many entries and how many finds count as many: each way to look, whatever the ledger holds.
@pytest.fixture(params=[(10_000, 10_000), (0, 10_000), (0, 0)], ids=["few", "many", "common"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    few, most = request.param
    monkeypatch.setattr(searching, "_FEW", few)
    monkeypatch.setattr(searching, "MOST_FOUND", most)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("路灯", ["lamp"]),
        ("人民路 半个月", ["lamp"]),
        ("人民路 电梯", []),
        ("电梯", ["new", "call", "old"]),
        ("lamp", ["lamp"]),
        ("LAMP", []),
        ("100%", []),
        ("_", []),
        ("  ", ["new", "call", "lamp", "old"]),
    ],
)
@pytest.mark.usefixtures("ledger", "way")
def test_words_are_found_in_title_text_and_place(
    store: Store, words: str, found: list[str]
) -> None:
    assert find(store, words=words) == found


@pytest.mark.usefixtures("way")
def test_words_narrow_beside_every_other_filter_and_in_every_order(
    store: Store, ledger: dict[str, int]
) -> None:
    alter(store, ledger["call"], state=EntryState.ACCEPTED)
    assert find(store, words="电梯", channel="来电") == ["call"]
    assert find(store, words="电梯", states=frozenset({EntryState.ACCEPTED})) == ["call"]
    assert find(store, ListFilter(urgency=2), words="电梯") == ["new"]
    assert find(store, words="电梯", order=Order.URGENT) == ["new", "call", "old"]
    alter(store, ledger["new"], confidential=True)
    assert find(store, words="电梯") == ["call", "old"]
    with store.reading() as session:
        told: dict[str, Any] = {"caller": CLERK, "now": NOW, "soon": SOON}
        page = list_ledger_lines(session, ListFilter(), LedgerFilter(words="电梯"), limit=1, **told)
        assert [line.entry.submission_id for line in page.lines] == ["call"]
        found = LedgerFilter(words="电梯")
        assert count_ledger_lines(session, ListFilter(), found, **told) == 2
        other = LedgerFilter(words="路灯")
        assert count_ledger_lines(session, ListFilter(), other, **told) == 1


@pytest.mark.usefixtures("way")
def test_a_number_finds_the_entry_that_bears_it(store: Store, ledger: dict[str, int]) -> None:
    assert "old" in find(store, words=str(ledger["old"]))
    assert "old" not in find(store, words=str(ledger["new"]))
    assert find(store, words="9" * 30) == []


@pytest.mark.usefixtures("ledger")
def test_what_is_shown_is_masked_and_a_search_too_long_is_refused(store: Store) -> None:
    with store.reading() as session:
        page = list_ledger_lines(
            session,
            ListFilter(),
            LedgerFilter(words="回电"),
            caller=CLERK,
            now=NOW,
            soon=SOON,
        )
    assert "13912345678" not in page.lines[0].excerpt
    with pytest.raises(InvalidInput):
        find(store, words="长" * 51)


def test_what_is_out_of_reach_or_confidential_is_in_no_line_and_no_count(
    store: Store, ledger: dict[str, int]
) -> None:
    alter(store, ledger["new"], confidential=True)
    assert find(store, caller=HOUSING_OFFICER) == ["call", "old"]
    with pytest.raises(AccessDenied):
        find(store, ListFilter(department="城管局"), caller=HOUSING_OFFICER)
    with store.reading() as session:
        count = count_ledger_lines(
            session, ListFilter(), LedgerFilter(), caller=HOUSING_OFFICER, now=NOW, soon=SOON
        )
    assert count == 2


@pytest.mark.usefixtures("ledger")
def test_entries_are_counted_no_further_than_anybody_needs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgerlines, "MOST_COUNTED", 3)
    with store.reading() as session:
        count = count_ledger_lines(
            session, ListFilter(), LedgerFilter(), caller=CLERK, now=NOW, soon=SOON
        )
    assert count == 3


def answer(store: Store, entry_id: int, text: str, **columns: Any) -> None:
    with store.writing() as session:
        session.execute(
            insert(ReplyRow).values(
                entry_id=entry_id, text=text, outcome=Outcome.SOLVED, who="li", at=NOW
            )
        )
    alter(store, entry_id, replied_at=NOW, outcome=Outcome.SOLVED, **columns)


def test_the_like_that_was_answered_comes_with_its_reply_the_most_alike_first(
    store: Store,
) -> None:
    def tell(name: str, content: str, **said: Any) -> int:
        told = {"title": "", "content": content}
        return open_one(store, name, "2025-03-05 10:00", told=told, **said)

    asked = tell("asked", "电梯停运五天，物业公司不维修，老人下不了楼。")
    alike = tell("alike", "电梯停运三天，物业公司一直不维修。")
    other = tell("other", "小区绿化被物业公司改成停车位。")
    beside = tell("beside", "电梯年检过期，停运。", domain_code="010204")
    unsolved = tell("unsolved", "电梯停运，物业公司不维修，老人下不了楼。")
    tell("open", "电梯停运五天，物业公司不维修。")
    far = tell("far", "电梯停运五天，物业公司不维修。", lead="城管局")
    for entry_id in (alike, other, beside, far):
        answer(store, entry_id, "已更换曳引机，联系人李工13912345678。")
    answer(store, unsolved, "已维修。", solved=False)
    with store.reading() as session:
        found = list_similar(session, asked, caller=CLERK)
        own = list_similar(session, asked, caller=HOUSING_OFFICER)
        with pytest.raises(NotFound):
            list_similar(session, far, caller=HOUSING_OFFICER)
    assert {one.submission_id for one in found} == {"far", "alike", "other", "beside"}
    assert [one.submission_id for one in own] == ["alike", "other", "beside"]
    assert found[0].likeness > found[2].likeness > 0
    assert "13912345678" not in found[0].reply
    assert found[0].outcome is Outcome.SOLVED


def test_texts_are_alike_by_the_words_they_share() -> None:
    texts = ["电梯停运，物业不修。", "路灯不亮。", "电梯停运。", ""]
    shares = measure_alike("电梯停运，物业不修。", texts)
    assert shares[0] == 1
    assert shares[0] > shares[2] > shares[1] == shares[3] == 0
    assert measure_alike("电梯", []) == []
    assert measure_alike("", [""]) == [0.0]
