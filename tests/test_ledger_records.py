import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion

from triage.errors import Conflict, InvalidSubmission, NotFound
from triage.ledger.arrivals import Arrival, record_arrivals
from triage.ledger.departments import sync_departments
from triage.ledger.queries import get_submission, list_ledger, list_review
from triage.ledger.records import (
    Sent,
    open_entry,
    record_batch,
    record_sent,
    record_submission,
    record_suggestion,
)
from triage.ledger.states import EntryState, SubmissionStatus
from triage.ledger.store import Store, open_store
from triage.ledger.tables import EventRow, SubmissionRow, SuggestionRow
from triage.ledger.views import SubmissionFile


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def read(store: Store, submission_id: str = "L-1", **options: Any) -> SubmissionFile:
    options = {"may_see_confidential": True} | options
    with store.reading() as session:
        return get_submission(session, submission_id, **options)


def test_a_submission_is_kept_as_it_was_told(store: Store) -> None:
    beijing = timezone(timedelta(hours=8))
    told = make_submission(
        title="求助😀",
        content="𠮷祥里👨‍👩‍👧停水\n第二行\t。",
        received_at=datetime(2025, 3, 1, 9, tzinfo=beijing),
    )
    with store.writing() as session:
        stored, created = record_submission(session, told, now=NOW, source="hotline")
    assert created
    kept = read(store).submission
    assert kept == stored
    assert (kept.title, kept.content, kept.channel) == (told.title, told.content, told.channel)
    assert kept.received_at == told.received_at
    assert kept.received_at is not None
    assert (kept.received_at.tzinfo, kept.recorded_at.tzinfo) == (UTC, UTC)
    assert kept.status is SubmissionStatus.REVIEW


def test_characters_that_no_database_holds_are_replaced_one_for_one(store: Store) -> None:
    told = make_submission(title="a\x00b", content="停\ud83d水", place="\x00")
    with store.writing() as session:
        stored, _ = record_submission(session, told, now=NOW)
        suggestion = make_suggestion(review_reasons=("停\ud83d水\x00",))
        record_suggestion(session, told, suggestion, now=NOW)
        assert not record_submission(session, told, now=NOW)[1]
    assert (stored.title, stored.content, stored.place) == ("a\ufffdb", "停\ufffd水", "\ufffd")
    assert read(store).submission == stored


@pytest.mark.parametrize("bad", ["", " ", "L\x001", "L\ud800"])
def test_an_id_that_cannot_be_kept_exactly_is_refused(store: Store, bad: str) -> None:
    with store.writing() as session, pytest.raises(InvalidSubmission) as caught:
        record_submission(session, make_submission(id=bad), now=NOW)
    assert caught.value.field == "id"


@pytest.mark.parametrize(
    "bad",
    [datetime(2025, 3, 1), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))],
    ids=["no zone", "before the year 1"],
)
def test_a_time_that_cannot_be_kept_is_refused(store: Store, bad: datetime) -> None:
    with store.writing() as session, pytest.raises(InvalidSubmission) as caught:
        record_submission(session, make_submission(received_at=bad), now=NOW)
    assert caught.value.field == "received_at"


def test_a_resend_gives_the_submission_that_stands(store: Store) -> None:
    with store.writing() as session:
        first, _ = record_submission(session, make_submission(), now=NOW)
    with store.writing() as session:
        again = record_submission(session, make_submission(), now=NOW + MINUTE)
    assert again == (first, False)
    with store.writing() as session:
        more = record_submission(session, make_submission(likes=9), now=NOW + MINUTE)
    assert more == (first, False)  # that more people approve of it makes it no other


@pytest.mark.parametrize(
    "change",
    [
        {"title": "别的"},
        {"content": "别的"},
        {"channel": None},
        {"place": None},
        {"received_at": NOW - 2 * MINUTE},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_with_other_content_is_a_conflict(store: Store, change: dict[str, Any]) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(), now=NOW)
        with pytest.raises(Conflict, match="编号 L-1") as caught:
            record_submission(session, make_submission(**change), now=NOW)
    assert caught.value.field == "id"


def test_an_idempotency_key_gives_the_submission_it_made_even_under_a_new_id(store: Store) -> None:
    with store.writing() as session:
        first, _ = record_submission(
            session, make_submission(), now=NOW, source="a", idempotency_key="k"
        )
        again, created = record_submission(
            session, make_submission(id="L-2"), now=NOW, source="a", idempotency_key="k"
        )
    assert (again, created) == (first, False)


def test_an_idempotency_key_with_other_content_is_a_conflict(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(), now=NOW, source="a", idempotency_key="k")
        with pytest.raises(Conflict, match="幂等键") as caught:
            record_submission(
                session,
                make_submission(id="L-2", title="别的"),
                now=NOW,
                source="a",
                idempotency_key="k",
            )
    assert caught.value.field == "idempotency_key"


def test_idempotency_keys_of_two_senders_do_not_meet(store: Store) -> None:
    with store.writing() as session:
        for source, submission_id in (("a", "L-1"), ("b", "L-2")):
            submission = make_submission(id=submission_id, title=source)
            assert record_submission(
                session, submission, now=NOW, source=source, idempotency_key="k"
            )[1]


def in_two_threads(store_url: str, work: Callable[[Store, int], Any]) -> list[Any]:
    barrier = threading.Barrier(2)
    results: list[Any] = [None, None]

    def run(number: int) -> None:
        store = open_store(store_url)
        barrier.wait()
        try:
            results[number] = work(store, number)
        except Exception as error:  # the test looks at it
            results[number] = error
        store.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_requests_at_once_exactly_one_creates(store_url: str) -> None:
    def work(store: Store, _number: int) -> list[bool]:
        created = []
        for turn in range(20):
            with store.writing() as session:
                submission = make_submission(id=f"L-{turn}")
                created.append(
                    record_submission(
                        session, submission, now=NOW, source="a", idempotency_key=f"k-{turn}"
                    )[1]
                )
        return created

    one, other = in_two_threads(store_url, work)
    assert [a + b for a, b in zip(one, other, strict=True)] == [1] * 20


def test_of_two_ids_at_once_under_one_idempotency_key_exactly_one_is_created(
    store_url: str,
) -> None:
    def work(store: Store, number: int) -> list[str]:
        kept = []
        for turn in range(20):
            submission = make_submission(id=f"L-{turn}-{number}")
            with store.writing() as session:
                stored, _ = record_submission(
                    session, submission, now=NOW, source="a", idempotency_key=f"k-{turn}"
                )
            kept.append(stored.id)
        return kept

    one, other = in_two_threads(store_url, work)
    assert one == other


def test_two_batches_at_once_that_share_ids_neither_fail_nor_lose_a_row(store_url: str) -> None:
    def work(store: Store, number: int) -> int:
        order = range(600) if number else reversed(range(600))
        batch = [Arrival(make_submission(id=f"L-{n:03}")) for n in order]
        with store.writing() as session:
            outcomes = record_arrivals(session, batch, now=NOW)
        return sum(created for _, created in outcomes)

    assert sum(in_two_threads(store_url, work)) == 600


def test_a_sure_suggestion_opens_an_entry_in_the_lead_departments_ledger(store: Store) -> None:
    submission, suggestion = make_submission(), make_suggestion(urgency=2)
    with store.writing() as session:
        record_submission(session, submission, now=NOW)
        record_suggestion(session, submission, suggestion, now=NOW)
        entry = open_entry(session, submission, suggestion, now=NOW)
        page = list_ledger(session, "住建局", may_see_confidential=False)
    assert entry is not None
    assert [line.entry for line in page.lines] == [entry]
    assert (entry.lead_department, entry.assisting, entry.urgency) == ("zhujian", ("城管局",), 2)
    assert (entry.state, entry.version, entry.opened_at) == (EntryState.ASSIGNED, 1, NOW)
    assert entry.domain == "城乡建设/住房保障与房地产/物业服务"
    file = read(store)
    assert file.submission.status is SubmissionStatus.ASSIGNED
    assert file.entries == (entry,)
    assert file.suggestion is not None
    assert file.suggestion["urgency"]["reasons"] == ["停运"]


@pytest.mark.parametrize(
    "suggestion",
    [
        make_suggestion(needs_review=True),
        make_suggestion(lead=None),
        make_suggestion(lead="没有这个局"),
    ],
    ids=["unsure", "no lead", "unknown lead"],
)
def test_a_doubtful_suggestion_waits_for_a_clerk(store: Store, suggestion: Any) -> None:
    submission = make_submission()
    with store.writing() as session:
        record_submission(session, submission, now=NOW)
        record_suggestion(session, submission, suggestion, now=NOW)
        assert open_entry(session, submission, suggestion, now=NOW) is None
        queue = list_review(session, may_see_confidential=False)
    assert [line.submission_id for line in queue.lines] == ["L-1"]
    assert read(store).entries == ()


def test_a_retired_department_gets_nothing_new_and_keeps_its_ledger(store: Store) -> None:
    submission, suggestion = make_submission(), make_suggestion()
    with store.writing() as session:
        record_batch(session, [(submission, suggestion)], now=NOW)
        sync_departments(session, DEPARTMENTS[1:])
        other = make_submission(id="L-2")
        (filed,) = record_batch(session, [(other, suggestion)], now=NOW)
        page = list_ledger(session, "zhujian", may_see_confidential=False)
    assert filed.entry is None
    assert [line.entry.submission_id for line in page.lines] == ["L-1"]


def test_a_confidential_suggestion_hides_the_submission_for_good(store: Store) -> None:
    submission = make_submission()
    with store.writing() as session:
        record_submission(session, submission, now=NOW)
        record_suggestion(session, submission, make_suggestion(confidential=True), now=NOW)
        record_suggestion(session, submission, make_suggestion(confidential=False), now=NOW)
    assert read(store).submission.confidential
    with pytest.raises(NotFound):
        read(store, may_see_confidential=False)


def test_each_row_of_a_batch_has_its_own_outcome_in_the_order_sent(store: Store) -> None:
    suggestion, unsure = make_suggestion(), make_suggestion(needs_review=True)
    accusation = make_suggestion(lead="纪委监委", nature="检举控告", confidential=True)
    with store.writing() as session:
        record_submission(session, make_submission(id="old"), now=NOW)
        record_submission(session, make_submission(id="other", title="别的"), now=NOW)
    batch = [
        (make_submission(id="z"), suggestion),
        (make_submission(id=""), suggestion),
        (make_submission(id="old"), suggestion),
        (make_submission(id="other"), suggestion),
        (make_submission(id="a"), unsure),
        (make_submission(id="z"), suggestion),
        (make_submission(id="z", title="别的"), suggestion),
        (make_submission(id="c"), accusation),
    ]
    with store.writing() as session:
        filed = record_batch(session, batch, now=NOW, source="import")
    errors = [type(row.error) if row.error else None for row in filed]
    assert errors == [None, InvalidSubmission, None, Conflict, None, None, Conflict, None]
    assert [row.created for row in filed] == [True, False, False, False, True, False, False, True]
    assert [row.entry.lead_department if row.entry else None for row in filed] == [
        "zhujian", None, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [row.id for row in filed] == [submission.id for submission, _ in batch]
    for row in filed:
        if row.created:
            assert row.submission == read(store, row.id).submission
    assert read(store, "a").submission.status is SubmissionStatus.REVIEW


def test_of_those_that_come_together_each_is_held_to_its_own_sender_and_key(store: Store) -> None:
    def send(source: str, key: str | None, **told: Any) -> Sent:
        submission = make_submission(**told)
        return Sent(submission, make_suggestion(id=submission.id), source, key)

    with store.writing() as session:
        record_sent(session, [send("a", "old", id="L-0")], now=NOW)
        filed = record_sent(
            session,
            [
                send("a", "k", id="L-1"),
                send("a", "k", id="L-2"),  # a double click: the key tells it is the same
                send("b", "k", id="L-3"),
                send("a", "k", id="L-4", title="别的"),
                send("a", "old", id="L-5"),
                send("a", "new", id="L-3"),
                send("b", None, id="L-1", title="别的"),
            ],
            now=NOW,
        )
    assert [row.id for row in filed] == ["L-1", "L-1", "L-3", "L-4", "L-0", "L-3", "L-1"]
    assert [row.created for row in filed] == [True, False, True, False, False, False, False]
    fields = [row.error.field if row.error else None for row in filed]
    assert fields == [None, None, None, "idempotency_key", None, None, "id"]
    assert read(store, "L-3").submission.source == "b"


def test_an_empty_batch_is_no_work(store: Store) -> None:
    with store.writing() as session:
        assert record_batch(session, [], now=NOW) == []


def test_what_happened_stands_in_the_event_log_without_the_words(store: Store) -> None:
    submission, suggestion = make_submission(), make_suggestion()
    with store.writing() as session:
        record_batch(session, [(submission, suggestion)], now=NOW, source="hotline")
        record_batch(session, [(submission, suggestion)], now=NOW, source="hotline")
    with store.reading() as session:
        events = session.query(EventRow).order_by(EventRow.id).all()
        seen = [(event.actor, event.kind, event.submission_id, event.at) for event in events]
        assert not any("电梯" in str(event.payload) for event in events)
    assert seen == [
        ("hotline", "submission.recorded", "L-1", NOW),
        ("model:test-1", "entry.opened", "L-1", NOW),
    ]


@pytest.mark.slow
def test_two_thousand_copies_are_filed_in_one_request(store: Store) -> None:
    sure, unsure = make_suggestion(), make_suggestion(needs_review=True)
    batch = [
        (
            make_submission(id=f"L-{n}", content=f"第{n}件：" + "小区停水" * 80),
            sure if n % 5 else unsure,
        )
        for n in range(2_000)
    ]
    for n in range(0, 2_000, 100):
        batch[n] = (replace(batch[n][0], id=""), sure)
    began = time.perf_counter()
    with store.writing() as session:
        filed = record_batch(session, batch, now=NOW)
    print(
        f"\n2,000 rows filed in {time.perf_counter() - began:.1f} s ({store.writer.dialect.name})"
    )
    assert sum(row.created for row in filed) == 1_980
    assert sum(row.entry is not None for row in filed) == 1_600
    with store.reading() as session:
        assert session.query(SubmissionRow).count() == 1_980
        assert session.query(SuggestionRow).count() == 1_980
