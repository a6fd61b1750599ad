from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, HOUSING, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import select, text

from triage.departments import Department
from triage.errors import AccessDenied, Conflict, InvalidInput, KeyUnavailable, NotFound
from triage.ledger.accusationlist import list_accusations
from triage.ledger.accusations import put_away, put_away_unsealed
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.departments import sync_departments
from triage.ledger.discipline import (
    Accusation,
    hold_accusation,
    read_accusation,
    release_accusation,
    unmask_accuser,
)
from triage.ledger.queries import get_submission, list_ledger, list_review
from triage.ledger.records import record_batch, record_submission, record_suggestion
from triage.ledger.resealing import list_key_ids, reseal
from triage.ledger.states import EntryState, SubmissionStatus
from triage.ledger.store import Store, open_store
from triage.ledger.tables import (
    AccusationRow,
    DepartmentRow,
    EntryRow,
    EventRow,
    SubmissionRow,
    SubmitterRow,
    SuggestionRow,
    UserRow,
)
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.sealing import new_key_ring
from triage.submitters import Submitter

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
OFFICER = Caller("zhao", ROLE_ACTIONS[Role.DISCIPLINE])
WORDS = "清泉镇住建局局长赵某收受开发商好处"
TOLD = make_submission(id="J-1", title="举报局长受贿", content=WORDS, place="清泉镇政府大院")
SAID = make_suggestion(confidential=True, needs_review=True, nature="检举控告", lead="纪委监委")
TEAM = Department("zhufa", "执法队", "住建执法大队", "institution", (), "执法")
ACCUSER = Submitter("孙小红", "13812345678", "", "清泉镇东街")


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, (*DEPARTMENTS, TEAM))
        session.flush()
        session.get_one(DepartmentRow, "zhufa").parent = "zhujian"


def file_away(store: Store, **changes: Any) -> None:
    with store.writing() as session:
        record_batch(session, [(replace(TOLD, **changes), SAID)], now=NOW, source="key:1")


def read(store: Store, submission_id: str = "J-1", caller: Caller = OFFICER) -> Accusation:
    with store.writing() as session:
        return read_accusation(session, submission_id, caller=caller, now=NOW)


def list_ids(store: Store, caller: Caller = OFFICER, **options: Any) -> list[str]:
    with store.writing() as session:
        page = list_accusations(session, caller=caller, now=NOW, **options)
    return [line.submission_id for line in page.lines]


def list_events(store: Store) -> list[tuple[str, str, str | None]]:
    with store.reading() as session:
        events = session.scalars(select(EventRow).order_by(EventRow.id)).all()
        assert all("赵某" not in str(event.payload) for event in events)
        return [(event.actor, event.kind, event.submission_id) for event in events]


def dump(store: Store) -> str:
    """All that stands in the database, as text."""
    with store.reading() as session:
        tables = [table.name for table in SubmissionRow.metadata.sorted_tables]
        rows = [session.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables]  # noqa: S608
    return repr(rows)


def in_batch(store: Store) -> None:
    file_away(store)


def one_by_one(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, TOLD, now=NOW, source="key:1", confidential=True)
        record_suggestion(session, TOLD, SAID, now=NOW)


def noticed_later(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, TOLD, now=NOW, source="key:1")
        record_suggestion(session, TOLD, make_suggestion(lead="住建局", nature="举报"), now=NOW)
        record_suggestion(session, TOLD, SAID, now=NOW)


def noticed_by_a_clerk(store: Store) -> None:
    with store.writing() as session:
        ordinary = make_suggestion(lead="住建局", nature="举报", evidence=())
        record_batch(session, [(TOLD, ordinary)], now=NOW, source="key:1")
        decision = Decision(nature="检举控告", reason="举报赵某受贿")
        assert record_decision(session, "J-1", decision, caller=CLERK, now=NOW) is None


@pytest.mark.parametrize("arrive", [in_batch, one_by_one, noticed_later, noticed_by_a_clerk])
def test_not_a_word_of_an_accusation_stands_in_the_database_however_it_got_there(
    store: Store, arrive: Callable[[Store], None]
) -> None:
    arrive(store)
    kept = dump(store)
    for word in ("赵某", "受贿", "收受", "清泉", "大院", "举报赵某"):
        assert word not in kept
    opened = read(store)
    assert (opened.title, opened.content, opened.place) == (TOLD.title, WORDS, TOLD.place)
    assert opened.suggestion is not None
    assert opened.line.state == "waiting"
    with store.reading() as session:
        row = session.get_one(SubmissionRow, "J-1")
        assert (row.status, row.confidential) == (SubmissionStatus.SEALED, True)
        assert (row.urgency, row.confidence) == (1, 0.0)
        assert list_review(session, may_see_confidential=True).lines == ()
        with pytest.raises(NotFound):
            get_submission(session, "J-1", may_see_confidential=False)
        assert list_ledger(session, "zhujian", may_see_confidential=False).lines == ()


def test_what_the_clerk_decided_stands_under_the_seal(store: Store) -> None:
    noticed_by_a_clerk(store)
    (note,) = read(store).notes
    assert (note["kind"], note["who"], note["reason"]) == ("put_away", "wang", "举报赵某受贿")
    with store.reading() as session:
        entry = session.scalars(select(EntryRow)).one()
        assert (entry.confidential, entry.version) == (True, 2)


def test_an_accusation_gets_no_entry_however_sure_the_machine_is(store: Store) -> None:
    sure = replace(SAID, needs_review=False)
    with store.writing() as session:
        (filed,) = record_batch(session, [(TOLD, sure)], now=NOW)
    assert (filed.created, filed.entry) == (True, None)
    assert filed.submission is not None
    assert (filed.submission.title, filed.submission.content) == ("", "")
    with store.reading() as session:
        assert session.scalars(select(EntryRow)).all() == []
        assert session.scalars(select(SuggestionRow)).all() == []


def test_a_resend_is_known_by_its_content_although_no_plain_hash_is_kept(store: Store) -> None:
    file_away(store)
    with store.writing() as session:
        stored, created = record_submission(session, TOLD, now=NOW, confidential=True)
        assert (stored.confidential, stored.content, created) == (True, "", False)
        again = record_batch(session, [(TOLD, make_suggestion())], now=NOW)
        other = record_batch(session, [(replace(TOLD, content="别的"), SAID)], now=NOW)
    assert again[0].submission == stored
    assert again[0].entry is None
    assert isinstance(other[0].error, Conflict)
    with store.writing() as session:
        record_submission(session, replace(TOLD, id="L-1"), now=NOW)
    with store.reading() as session:
        hashes = session.scalars(select(SubmissionRow.content_hash)).all()
    assert len(set(hashes)) == 2


def test_without_keys_nothing_confidential_is_taken_in(store_url: str) -> None:
    bare = open_store(store_url)
    with pytest.raises(KeyUnavailable, match="TRIAGE_KEY_FILE"), bare.writing() as session:
        record_submission(session, TOLD, now=NOW, confidential=True)
    with bare.writing() as session:
        record_submission(session, make_submission(), now=NOW)
    with bare.reading() as session:
        assert session.get(SubmissionRow, "J-1") is None
        assert session.get_one(SubmissionRow, "L-1").tracking_digest is None
    bare.close()


def test_every_look_of_a_discipline_officer_is_an_event(store: Store) -> None:
    file_away(store)
    list_ids(store)
    read(store)
    assert list_events(store) == [
        ("key:1", "accusation.recorded", "J-1"),
        ("zhao", "accusation.listed", None),
        ("zhao", "accusation.seen", "J-1"),
    ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DISCIPLINE])
def test_no_other_role_lists_reads_holds_or_releases(store: Store, role: Role) -> None:
    file_away(store, submitter=ACCUSER)
    caller = Caller("x", ROLE_ACTIONS[role])
    for attempt in (
        lambda session: list_accusations(session, caller=caller, now=NOW),
        lambda session: read_accusation(session, "J-1", caller=caller, now=NOW),
        lambda session: unmask_accuser(session, "J-1", caller=caller, reason="a", now=NOW),
        lambda session: hold_accusation(session, "J-1", caller=caller, reason="a", now=NOW),
        lambda session: release_accusation(session, "J-1", caller=caller, reason="a", now=NOW),
    ):
        with store.writing() as session, pytest.raises(AccessDenied):
            attempt(session)


@pytest.mark.parametrize("department", ["zhujian", "zhufa"])
def test_an_officer_of_an_accused_department_or_of_one_below_it_is_barred(
    store: Store, department: str
) -> None:
    file_away(store)
    file_away(store, id="J-2", title="", content="城管局副局长吃拿卡要", place=None)
    accused = replace(OFFICER, department=department)
    assert list_ids(store) == ["J-2", "J-1"]
    assert list_ids(store, accused) == ["J-2"]
    with pytest.raises(NotFound) as barred:
        read(store, caller=accused)
    with pytest.raises(NotFound) as absent:
        read(store, "J-9", caller=accused)
    assert barred.value.message == absent.value.message.replace("J-9", "J-1")
    for decide in (hold_accusation, release_accusation, unmask_accuser):
        with store.writing() as session, pytest.raises(NotFound):
            decide(session, "J-1", caller=accused, reason="a", now=NOW)
    assert read(store, "J-2", caller=accused).content


def test_an_officer_above_or_beside_the_accused_department_is_not_barred(store: Store) -> None:
    file_away(store, content="执法队队长索贿", place=None)
    assert read(store).accused == ("zhufa",)
    for department in ("zhujian", "jiwei", None):
        assert list_ids(store, replace(OFFICER, department=department)) == ["J-1"]


def test_an_officer_who_is_named_is_barred(store: Store) -> None:
    file_away(store, content="贵委干部赵志强跑风漏气")
    with store.writing() as session:
        session.add(
            UserRow(
                login="zhao",
                name="赵志强",
                role="discipline",
                password_hash="",
                active=True,
                created_at=NOW,
            )
        )
    assert list_ids(store) == []
    with pytest.raises(NotFound):
        read(store)
    assert list_ids(store, replace(OFFICER, who="qian")) == ["J-1"]


def test_a_mention_of_the_body_it_is_addressed_to_bars_nobody(store: Store) -> None:
    file_away(store, title="致纪委监委", content="纪律检查委员会：我要举报", place=None)
    assert read(store).accused == ()


def test_holding_confirms_and_can_name_the_accused(store: Store) -> None:
    file_away(store, content="某局长贪污", place=None)
    with store.writing() as session:
        held = hold_accusation(
            session, "J-1", caller=OFFICER, accused=["城管局"], reason="线索具体", now=NOW + MINUTE
        )
    assert (held.line.state, held.accused) == ("held", ("chengguan",))
    assert (held.line.decided_by, held.line.decided_at) == ("zhao", NOW + MINUTE)
    assert list_ids(store, replace(OFFICER, department="chengguan")) == []
    assert list_ids(store, state="held") == ["J-1"]
    assert list_ids(store, state="waiting") == []
    with store.writing() as session:
        again = hold_accusation(session, "J-1", caller=OFFICER, reason="补充", now=NOW)
    assert (again.accused, len(again.notes)) == (("chengguan",), 2)
    with store.writing() as session, pytest.raises(NotFound):
        hold_accusation(session, "J-1", caller=OFFICER, accused=["没有"], reason="a", now=NOW)
    assert "线索" not in dump(store)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201])
def test_no_decision_without_a_reason(store: Store, reason: str) -> None:
    file_away(store)
    for decide in (hold_accusation, release_accusation, unmask_accuser):
        with store.writing() as session, pytest.raises(InvalidInput) as caught:
            decide(session, "J-1", caller=OFFICER, reason=reason, now=NOW)
        assert caught.value.field == "reason"
    assert read(store).line.state == "waiting"


def test_what_is_released_waits_for_a_clerk_as_if_it_had_just_come_in(store: Store) -> None:
    file_away(store, submitter=ACCUSER, likes=7)
    with store.reading() as session:
        assert session.get_one(SubmitterRow, "J-1").person is None
        assert session.get_one(SubmissionRow, "J-1").likes is None
    with store.writing() as session:
        stored = release_accusation(session, "J-1", caller=OFFICER, reason="属物业纠纷", now=NOW)
    assert (stored.title, stored.content, stored.place) == (TOLD.title, WORDS, TOLD.place)
    assert stored.likes == 7
    with store.reading() as session:
        file = get_submission(session, "J-1", may_see_confidential=False)
        (line,) = list_review(session, may_see_confidential=False).lines
        assert session.get_one(SubmitterRow, "J-1").person is not None
    assert file.submission == stored
    assert (line.submission_id, line.urgency, line.confidence) == ("J-1", 3, 0.9)
    assert file.suggestion == SAID.as_dict()
    with store.writing() as session:
        assert record_submission(session, TOLD, now=NOW) == (stored, False)
        with pytest.raises(InvalidInput) as caught:
            record_decision(session, "J-1", Decision(lead="住建局"), caller=CLERK, now=NOW)
        assert caught.value.field == "nature"
        decision = Decision(lead="住建局", nature="投诉")
        entry = record_decision(session, "J-1", decision, caller=CLERK, now=NOW)
    assert entry is not None
    assert (entry.state, entry.confidential) == (EntryState.ASSIGNED, False)
    for decide in (hold_accusation, release_accusation):
        with store.writing() as session, pytest.raises(Conflict):
            decide(session, "J-1", caller=OFFICER, reason="a", now=NOW)


def test_an_entry_that_disappeared_comes_back_where_it_stood(store: Store) -> None:
    noticed_by_a_clerk(store)
    with store.writing() as session:
        stored = release_accusation(session, "J-1", caller=OFFICER, reason="误判", now=NOW)
    assert stored.status is SubmissionStatus.ASSIGNED
    with store.reading() as session:
        (line,) = list_ledger(session, "zhujian", may_see_confidential=False).lines
    assert (line.title, line.entry.state, line.entry.version) == (
        TOLD.title,
        EntryState.ASSIGNED,
        3,
    )


def test_what_was_released_can_be_put_away_again(store: Store) -> None:
    file_away(store)
    with store.writing() as session:
        told = {"caller": OFFICER, "now": NOW}
        hold_accusation(session, "J-1", accused=["城管局"], reason="线索具体", **told)
        release_accusation(session, "J-1", reason="误判", **told)
    with store.writing() as session:
        decision = Decision(nature="检举控告", reason="确系举报")
        assert record_decision(session, "J-1", decision, caller=CLERK, now=NOW) is None
    opened = read(store)
    assert (opened.line.state, opened.line.decided_by) == ("waiting", None)
    assert [note["kind"] for note in opened.notes] == ["held", "released", "put_away"]
    assert opened.accused == ("chengguan", "zhujian")  # named by the officer; by the words
    assert list_ids(store, replace(OFFICER, department="chengguan")) == []
    assert "赵某" not in dump(store)


def test_pages_of_accusations_are_full_although_some_are_barred(store: Store) -> None:
    told = [
        make_submission(
            id=f"J-{number:03}",
            title="",
            content="住建局局长贪污" if number % 2 else "某人贪污",
            place=None,
        )
        for number in range(450)
    ]
    for minute in range(150):
        three = [(submission, SAID) for submission in told[3 * minute : 3 * minute + 3]]
        with store.writing() as session:
            record_batch(session, three, now=NOW + timedelta(minutes=minute))
    caller = replace(OFFICER, department="zhujian")
    seen: list[str] = []
    cursor = None
    while True:
        with store.writing() as session:
            page = list_accusations(session, caller=caller, now=NOW, limit=100, cursor=cursor)
        seen += [line.submission_id for line in page.lines]
        if page.next is None:
            break
        assert len(page.lines) == 100
        cursor = page.next
    assert seen == [f"J-{number:03}" for number in reversed(range(0, 450, 2))]


def test_the_accuser_is_unmasked_for_a_reason_that_goes_on_record(store: Store) -> None:
    file_away(store, submitter=ACCUSER)
    assert read(store).submitter == ACCUSER.masked()
    with store.writing() as session:
        seen = unmask_accuser(session, "J-1", caller=OFFICER, reason="核实线索", now=NOW)
    assert seen == ACCUSER
    assert list_events(store)[-1] == ("zhao", "submitter.seen", "J-1")
    for word in ("孙小红", "13812345678", "东街"):
        assert word not in dump(store)


def test_after_a_rotation_all_is_sealed_anew_and_old_keys_are_needed_no_longer(
    store: Store,
) -> None:
    file_away(store, submitter=ACCUSER)
    for number in range(5):
        file_away(store, id=f"J-{number + 2}", submitter=ACCUSER)
    assert store.ring is not None
    old = store.ring.current
    new = store.ring.rotate()
    with store.writing() as session:
        assert list_key_ids(session) == {old}
        counts = []
        while done := reseal(session, limit=5):
            counts.append(done)
        assert counts == [5, 5, 2]
        assert list_key_ids(session) == {new}
    assert read(store).content == WORDS
    with store.writing() as session:
        assert unmask_accuser(session, "J-3", caller=OFFICER, reason="a", now=NOW) == ACCUSER


def test_a_sealed_row_of_another_submission_does_not_open(store: Store) -> None:
    file_away(store)
    file_away(store, id="J-2", content="别的事")
    with store.writing() as session:
        session.get_one(AccusationRow, "J-1").sealed = session.get_one(AccusationRow, "J-2").sealed
    with pytest.raises(KeyUnavailable):
        read(store)


def test_with_other_keys_nothing_opens(store: Store) -> None:
    file_away(store)
    other = replace(store, ring=new_key_ring())
    with pytest.raises(KeyUnavailable, match="恢复密钥文件"):
        read(other)


@pytest.mark.parametrize("needs_review", [True, False])
def test_what_an_older_version_kept_in_the_open_is_sealed_when_the_service_starts(
    store: Store, needs_review: bool
) -> None:
    with store.writing() as session:
        old = make_suggestion(needs_review=needs_review, nature="检举控告")
        record_batch(session, [(TOLD, old), (make_submission(), make_suggestion())], now=NOW)
        for table in ("submission", "entry", "suggestion"):
            key = "id" if table == "submission" else "submission_id"
            session.execute(text(f"UPDATE {table} SET confidential = true WHERE {key} = 'J-1'"))  # noqa: S608
    assert "赵某" in dump(store)
    with store.writing() as session:
        assert put_away_unsealed(session, now=NOW) == 1
    with store.writing() as session:
        assert put_away_unsealed(session, now=NOW) == 0
    assert "赵某" not in dump(store)
    assert read(store).content == WORDS
    with store.reading() as session:
        assert get_submission(session, "L-1", may_see_confidential=False).submission.content


def test_putting_away_keeps_the_whole_of_what_was_said(store: Store) -> None:
    first = make_suggestion(nature="举报")
    with store.writing() as session:
        record_batch(session, [(TOLD, first)], now=NOW)
        put_away(session, session.get_one(SubmissionRow, "J-1"), who="wang", now=NOW)
    assert read(store).suggestion == first.as_dict()
    assert HOUSING.code in read(store).accused
