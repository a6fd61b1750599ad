"""Fingerprints and repeats in the ledger: found as submissions come in, whoever asks."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, NOW, make_submission, make_suggestion
from people_factories import caller_as
from sqlalchemy import event, func, select

from triage.ledger.accusations import put_away
from triage.ledger.departments import sync_departments
from triage.ledger.discipline import release_accusation
from triage.ledger.records import record_batch, record_submission, record_suggestion
from triage.ledger.repeats import find_repeats, record_repeats
from triage.ledger.states import RepeatState
from triage.ledger.store import Store
from triage.ledger.tables import FingerprintRow, RepeatRow, SubmissionRow
from triage.repeats import KEPT, RepeatKind, read_wording
from triage.roles import Role
from triage.submissions import Submission
from triage.submitters import Submitter

LIFT = "幸福里小区三号楼的电梯从周三停到现在，物业说维修基金没有批下来，老人下不了楼，请尽快修好。"
DUST = "柳河镇前营村东头的石料场开工，灰尘落满了菜地，窗户不敢开，夜里吵得睡不着，请环保部门来看。"
WANG = Submitter(name="王某", phone="13800000001")
LI = Submitter(name="李某", phone="13800000002")


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def tell(name: str, content: str, **changes: Any) -> Submission:
    """A submission with these words, and no other that could be compared."""
    return make_submission(**{"id": name, "title": "", "content": content, "place": None} | changes)


def take(store: Store, *told: Submission, now: datetime = NOW, **suggested: Any) -> None:
    """All of them come in with one file."""
    with store.writing() as session:
        pairs = [(one, make_suggestion(id=one.id, **suggested)) for one in told]
        filed = record_batch(session, pairs, now=now)
        assert all(one.created for one in filed)


def list_pairs(store: Store) -> list[tuple[str, str, str]]:
    query = select(RepeatRow.submission_id, RepeatRow.earlier_id, RepeatRow.kind)
    with store.reading() as session:
        rows = session.execute(query.order_by(RepeatRow.id))
        return [(one, other, kind) for one, other, kind in rows]


def count_fingerprints(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(FingerprintRow)) or 0


def test_the_same_text_of_another_person_is_found_when_it_comes_in(store: Store) -> None:
    take(store, tell("A", LIFT, submitter=WANG), tell("B", DUST))
    take(store, tell("C", "领导您好：" + LIFT.replace("尽快", "赶紧"), submitter=LI))
    assert list_pairs(store) == [("C", "A", RepeatKind.SAME_TEXT)]
    with store.reading() as session:
        row = session.scalars(select(RepeatRow)).one()
    assert 0.7 < row.similarity < 1
    assert (row.state, row.found_at, row.decided_by) == (RepeatState.SUSPECTED, NOW, None)


def test_one_by_one_the_same_is_found_as_in_a_batch(store: Store) -> None:
    for name in "ABC":
        told = tell(name, LIFT)
        with store.writing() as session:
            record_submission(session, told, now=NOW)
            record_suggestion(session, told, make_suggestion(id=name), now=NOW)
    pairs = list_pairs(store)
    assert pairs == [
        ("B", "A", RepeatKind.SAME_TEXT),
        ("C", "A", RepeatKind.SAME_TEXT),
        ("C", "B", RepeatKind.SAME_TEXT),
    ]


def test_repeats_within_one_batch_are_found(store: Store) -> None:
    take(store, tell("A", LIFT), tell("B", DUST), tell("C", LIFT))
    assert list_pairs(store) == [("C", "A", RepeatKind.SAME_TEXT)]


def test_the_same_person_with_the_same_matter_comes_first_however_alike_the_others(
    store: Store,
) -> None:
    reworded = (
        "前几天反映过幸福里小区三号楼电梯停运，到现在还没有人来修，老人下不了楼，请尽快修好。"
    )
    take(store, tell("A", LIFT, submitter=WANG), tell("B", LIFT, submitter=LI))
    take(store, tell("C", reworded, submitter=WANG, title="幸福里小区三号楼电梯停运"))
    assert list_pairs(store)[1:] == [("C", "A", RepeatKind.SAME_PERSON)]


def test_the_same_person_with_another_matter_repeats_nothing(store: Store) -> None:
    take(store, tell("A", LIFT, submitter=WANG), tell("B", DUST, submitter=WANG))
    assert list_pairs(store) == []


def test_one_template_about_two_estates_is_two_matters(store: Store) -> None:
    take(store, tell("A", LIFT), tell("B", LIFT.replace("幸福里", "阳光城")))
    assert list_pairs(store) == []


def test_an_accusation_is_neither_kept_nor_found(store: Store) -> None:
    take(store, tell("A", LIFT), confidential=True, nature="检举控告")
    assert count_fingerprints(store) == 0
    take(store, tell("B", LIFT))
    take(store, tell("C", LIFT), confidential=True, nature="检举控告")
    assert list_pairs(store) == []


def test_what_becomes_an_accusation_leaves_nothing_behind(store: Store) -> None:
    take(store, tell("A", LIFT), tell("B", LIFT))
    with store.writing() as session:
        put_away(session, session.get_one(SubmissionRow, "A"), who="wang", now=NOW)
    assert list_pairs(store) == []
    take(store, tell("C", LIFT))
    assert [pair[:2] for pair in list_pairs(store)] == [("C", "B")]


def test_what_turns_out_to_be_no_accusation_is_found_again(store: Store) -> None:
    take(store, tell("A", LIFT))
    take(store, tell("B", LIFT), confidential=True, nature="检举控告")
    officer = caller_as(Role.DISCIPLINE)
    with store.writing() as session:
        release_accusation(session, "B", caller=officer, now=NOW, reason="反映的是电梯")
    assert list_pairs(store) == [("B", "A", RepeatKind.SAME_TEXT)]


def test_of_a_mass_letter_a_key_remembers_the_first_and_all_copies_point_at_them(
    store: Store,
) -> None:
    copies = [tell(f"M{number:03}", LIFT) for number in range(KEPT + 40)]
    take(store, *copies)
    kept = count_fingerprints(store)
    take(store, tell("Z", LIFT), now=NOW + timedelta(days=1))
    assert count_fingerprints(store) == kept
    assert [pair[1] for pair in list_pairs(store) if pair[0] == "Z"] == ["M000", "M001", "M002"]


def test_of_a_mass_letter_a_further_copy_costs_no_further_statement(store: Store) -> None:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(sql)

    copies = [tell(f"M{number:03}", LIFT + "谢谢" * (number % 3)) for number in range(80)]
    with store.writing() as session:
        for copy in copies:
            record_submission(session, copy, now=NOW)
    counts = []
    for some in (copies[:20], copies[20:40], copies[40:]):
        event.listen(store.writer, "before_cursor_execute", note)
        with store.writing() as session:
            record_repeats(session, some, now=NOW)
        event.remove(store.writer, "before_cursor_execute", note)
        counts.append(len(seen))
        seen.clear()
    assert counts[1] == counts[2]


def test_said_again_of_the_same_submission_changes_nothing(store: Store) -> None:
    take(store, tell("A", LIFT), tell("B", LIFT))
    before = count_fingerprints(store), list_pairs(store)
    with store.writing() as session:
        record_repeats(session, [tell("B", LIFT), tell("A", LIFT)], now=NOW)
    assert (count_fingerprints(store), list_pairs(store)[:1]) == (before[0], before[1])


def test_a_text_that_is_not_recorded_is_looked_up_too(store: Store) -> None:
    take(store, tell("A", LIFT), tell("B", DUST))
    with store.reading() as session:
        (found,) = find_repeats(session.connection(), read_wording("电梯", LIFT + "谢谢！"))
    assert (found.submission_id, found.kind) == ("A", RepeatKind.SAME_TEXT)
    assert found.similarity > 0.9
    assert list_pairs(store) == []


def test_a_few_words_say_nothing_unless_person_or_place_is_the_same(store: Store) -> None:
    take(store, tell("A", "路灯坏了", place="柳河镇前营村"))
    take(store, tell("B", "路灯坏了"), tell("C", "路灯坏了", place="柳河镇后营村"))
    take(store, replace(tell("D", "路灯坏了。"), place="柳河镇前营村"))
    assert list_pairs(store) == [("D", "A", RepeatKind.SAME_TEXT)]
