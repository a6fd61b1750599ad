"""What a city tool can see of submissions, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from clock_factories import use_preset
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from sqlalchemy import select, update

from triage.errors import AccessDenied, InvalidInput
from triage.ledger.commands import run_command
from triage.ledger.departments import sync_departments
from triage.ledger.records import record_batch
from triage.ledger.servicerequests import Matter, ServiceRequest, list_service_requests
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow, SubmissionRow
from triage.roles import Action, Caller
from triage.workflow import Command

ALL = Caller("wang", frozenset(Action))


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def take_in(store: Store, *ids: str, at: timedelta = timedelta(0), **suggested: Any) -> None:
    with store.writing() as session:
        record_batch(
            session,
            [(make_submission(id=key), make_suggestion(**suggested)) for key in ids],
            now=NOW + at,
            source="key:1",
        )


def find(store: Store, *, caller: Caller = ALL, **asked: Any) -> list[str]:
    return [request.id for request in read(store, caller=caller, **asked)]


def read(store: Store, *, caller: Caller = ALL, **asked: Any) -> tuple[ServiceRequest, ...]:
    with store.reading() as session:
        return list_service_requests(session, caller=caller, **asked)


def close(store: Store, key: str) -> None:
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.submission_id == key).values(closed_at=NOW))


def test_the_newest_come_first_and_pages_do_not_overlap(store: Store) -> None:
    for number in range(5):
        take_in(store, f"L-{number}", at=timedelta(minutes=number))
    assert find(store, limit=2) == ["L-4", "L-3"]
    assert find(store, limit=2, page=3) == ["L-0"]


def test_open_is_what_has_a_matter_on_the_line_or_waits_for_a_clerk(store: Store) -> None:
    take_in(store, "L-1", "L-2")
    take_in(store, "W-1", lead=None)
    close(store, "L-1")
    assert set(find(store, closed=False)) == {"L-2", "W-1"}
    assert find(store, closed=True) == ["L-1"]
    assert {request.id: request.is_closed for request in read(store)} == {
        "L-1": True,
        "L-2": False,
        "W-1": False,
    }


def test_a_merged_one_is_as_open_as_what_it_was_merged_into(store: Store) -> None:
    take_in(store, "L-1", "L-2")
    with store.writing() as session:
        ids = dict(session.execute(select(EntryRow.submission_id, EntryRow.id)).all())
        run_command(
            session,
            ids["L-2"],
            Command.MERGE,
            caller=ALL,
            version=1,
            now=NOW,
            note="同一部电梯",
            into=ids["L-1"],
        )
    assert set(find(store, closed=False)) == {"L-1", "L-2"}
    close(store, "L-1")
    assert set(find(store, closed=True)) == {"L-1", "L-2"}
    assert all(request.is_closed for request in read(store))


def test_domains_are_those_of_the_entry_or_else_of_the_suggestion(store: Store) -> None:
    take_in(store, "L-1", domain_code="010203")
    take_in(store, "W-1", domain_code="020101", lead=None)
    assert find(store, domains=["01"]) == ["L-1"]
    assert find(store, domains=["0201", "999999"]) == ["W-1"]
    assert find(store, domains=[]) == []
    assert {request.id: request.domain_code for request in read(store)} == {
        "L-1": "010203",
        "W-1": "020101",
    }


def test_the_period_counts_its_beginning_and_not_its_end(store: Store) -> None:
    take_in(store, "L-1")
    assert find(store, since=NOW, until=NOW + timedelta(seconds=1)) == ["L-1"]
    assert find(store, until=NOW) == []
    with pytest.raises(InvalidInput, match="时区"):
        find(store, since=NOW.replace(tzinfo=None))


def test_a_department_sees_only_its_own_matter_of_a_submission_of_several(store: Store) -> None:
    take_in(store, "L-1")
    with store.writing() as session:
        own = session.scalars(select(EntryRow)).one()
        values = {
            column.key: getattr(own, column.key)
            for column in EntryRow.__table__.columns
            if column.key != "id"
        }
        session.add(EntryRow(**values | {"lead_department": "chengguan", "matter": "占道"}))
    housing = Caller("key:2", frozenset({Action.READ}), "zhujian", frozenset({"zhujian"}))
    (request,) = read(store, caller=housing)
    assert [matter.department.code for matter in request.matters] == ["zhujian"]
    assert len(read(store)[0].matters) == 2
    discipline = Caller("key:3", frozenset({Action.READ}), "jiwei", frozenset({"jiwei"}))
    assert find(store, caller=discipline) == []


def test_who_may_only_submit_sees_the_own_and_who_may_neither_nothing(store: Store) -> None:
    take_in(store, "L-1")
    assert find(store, caller=Caller("key:1", frozenset({Action.SUBMIT}))) == ["L-1"]
    assert find(store, caller=Caller("key:2", frozenset({Action.SUBMIT}))) == []
    with pytest.raises(AccessDenied):
        find(store, caller=Caller("key:3", frozenset({Action.MANAGE_KEYS})))


def test_of_an_accusation_there_is_nothing(store: Store) -> None:
    take_in(store, "L-1")
    with store.writing() as session:
        session.execute(update(SubmissionRow).values(confidential=True))
    assert find(store) == find(store, ids=["L-1"]) == []


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 201}, {"page": 0}, {"page": 1001}, {"ids": ["x"] * 201}]
)
def test_a_page_that_is_none_is_refused(store: Store, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        find(store, **asked)


CLAIMANT = "13800001111"
FILER = Caller("key:1", frozenset({Action.SUBMIT}))


def work(store: Store, key: str, command: Command, **data: Any) -> None:
    with store.writing() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.submission_id == key)).one()
        told = {"caller": ALL, "version": entry.version, "now": NOW + timedelta(hours=1)}
        run_command(session, entry.id, command, **told, **data)


def matter_of(store: Store, key: str, *, caller: Caller) -> Matter:
    (request,) = read(store, caller=caller, ids=[key])
    (matter,) = request.matters
    return matter


def test_why_it_takes_longer_is_told_with_the_reason_to_who_filed_it_alone(store: Store) -> None:
    use_preset(store, "xinfang")
    take_in(store, "L-1")
    work(store, "L-1", Command.ACCEPT)
    assert matter_of(store, "L-1", caller=FILER).extension is None
    asked = {"amount": 10, "unit": "day", "note": f"维修基金要表决，已电告{CLAIMANT}"}
    work(store, "L-1", Command.REQUEST_EXTENSION, **asked)
    work(store, "L-1", Command.GRANT_EXTENSION)
    for caller, reason in ((FILER, "维修基金要表决"), (ALL, None)):
        matter = matter_of(store, "L-1", caller=caller)
        assert matter.extension is not None
        assert (matter.extension.span, matter.extension.until) == ("10日", matter.entry.deadline_at)
        assert matter.extension.law == "第三十四条（不超过三十日）"
        assert (matter.extension.reason or "")[:7] == (reason or "")
        (request,) = read(store, caller=caller, ids=["L-1"])
        assert "经批准延长10日" in request.progress
        assert ("维修基金" in request.progress) is (reason is not None)
        assert CLAIMANT not in str(request)


def test_the_ground_of_a_refusal_is_told_to_strangers_by_its_law_alone(store: Store) -> None:
    take_in(store, "L-1", "L-2")
    ground = f"《信访工作条例》第三十一条第一项：已由法院受理，电话{CLAIMANT}"
    work(store, "L-1", Command.ACCEPT)
    work(store, "L-1", Command.DECLINE, ground=ground)
    work(store, "L-2", Command.ACCEPT)
    reply = {"text": f"请打{CLAIMANT}", "outcome": "not_supported", "ground": "已过诉讼时效"}
    work(store, "L-2", Command.REPLY, **reply)
    assert matter_of(store, "L-1", caller=FILER).ground == ground
    assert matter_of(store, "L-2", caller=FILER).ground == "已过诉讼时效"
    assert matter_of(store, "L-2", caller=FILER).reply == reply["text"]
    (declined,) = read(store, ids=["L-1"])
    assert declined.matters[0].ground == "《信访工作条例》第三十一条第一项"
    assert declined.progress == "不予受理。依据：《信访工作条例》第三十一条第一项"
    (answered,) = read(store, ids=["L-2"])
    assert (answered.matters[0].ground, answered.matters[0].entry.outcome) == (
        None,
        "not_supported",
    )
    assert CLAIMANT not in f"{declined}{answered}"


def test_while_the_clock_stands_still_everybody_is_told_on_which_ground(store: Store) -> None:
    take_in(store, "L-1")
    work(store, "L-1", Command.ACCEPT)
    stopped = update(EntryRow).values(paused_at=NOW, pause_ground="委托鉴定（第十二条）")
    with store.writing() as session:
        session.execute(stopped)
    (request,) = read(store, ids=["L-1"])
    assert request.matters[0].pause_ground == "委托鉴定（第十二条）"
    assert "按规定暂停计时，事由：委托鉴定（第十二条）" in request.progress
