"""Files of submissions brought in: kept sealed, taken in by chunks, taken back."""

from datetime import timedelta
from typing import Any

import pytest
from clock_factories import CLERK, alter, set_up_departments
from ledger_factories import NOW, make_submission, make_suggestion
from sqlalchemy import func, insert, select
from test_ledger_race import run_at_once

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.intakefiles import (
    MOST_ERRORS,
    SILENCE,
    RowTrouble,
    StoredImport,
    add_import,
    change_mapping,
    claim_import,
    fail_import,
    finish_import,
    get_import,
    has_waiting,
    list_imports,
    list_troubles,
    open_content,
    pause_import,
    release_import,
    remove_import,
    start_import,
    take_rows,
)
from triage.ledger.resealing import list_key_ids, reseal
from triage.ledger.states import FindingState, ImportState
from triage.ledger.store import Store
from triage.ledger.tables import (
    EntryRow,
    EventRow,
    FindingRow,
    FingerprintRow,
    ImportedRow,
    ImportRow,
    Row,
    SubmissionRow,
    SubmitterRow,
)
from triage.ledger.takingback import take_back
from triage.roles import Action, Caller
from triage.submitters import Submitter

MAPPING = {"columns": {"content": "诉求"}, "headers": ["诉求"], "sheet": None, "digest": "d"}
OTHER = Caller("zhang", CLERK.actions)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    set_up_departments(store)


def bring(store: Store, **changes: Any) -> StoredImport:
    told: dict[str, Any] = {
        "caller": CLERK,
        "file_name": "三月.xlsx",
        "content": "诉求\n电梯停运".encode(),
        "mapping": MAPPING,
        "total": 4,
        "now": NOW,
    }
    with store.writing() as session:
        return add_import(session, **told | changes)


def start(store: Store, import_id: int) -> StoredImport:
    with store.writing() as session:
        start_import(session, import_id, caller=CLERK, now=NOW)
    with store.writing() as session:
        claimed = claim_import(session, now=NOW)
    assert claimed is not None
    return claimed[0]


def take(store: Store, standing: StoredImport, *rows: Any) -> StoredImport | None:
    with store.writing() as session:
        return take_rows(session, standing, rows, now=NOW, seconds=0.5)


def row(number: int, name: str, **said: Any) -> Any:
    submission = make_submission(id=name, submitter=Submitter("张三", "13800000000"))
    return number, submission, make_suggestion(**said)


def count(store: Store, table: type[Row]) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def brought(store: Store, *rows: Any) -> StoredImport:
    standing = take(store, start(store, bring(store).id), *rows)
    assert standing is not None
    with store.writing() as session:
        done = finish_import(session, standing, now=NOW)
    assert done is not None
    return done


def test_a_file_is_kept_sealed_and_only_its_owner_knows_of_it(store: Store) -> None:
    kept = bring(store)
    with store.reading() as session:
        assert "诉求".encode() not in (session.get_one(ImportRow, kept.id).content or b"")
        assert open_content(session, kept.id, caller=CLERK).startswith("诉求".encode())
        assert [one.id for one in list_imports(session, caller=CLERK).lines] == [kept.id]
        assert list_imports(session, caller=OTHER).lines == ()
        for look in (get_import, open_content, list_troubles):
            with pytest.raises(NotFound):
                look(session, kept.id, caller=OTHER)
        with pytest.raises(AccessDenied):
            list_imports(session, caller=Caller("x", frozenset({Action.READ})))


def test_a_rotated_key_seals_the_file_anew_and_a_finished_one_needs_none(store: Store) -> None:
    assert store.ring is not None
    kept = bring(store)
    old = store.ring.current
    store.ring.rotate()
    with store.writing() as session:
        assert list_key_ids(session) == {old}
        assert reseal(session) == 1
        assert list_key_ids(session) == {store.ring.current}
        assert open_content(session, kept.id, caller=CLERK)
    standing = start(store, kept.id)
    with store.writing() as session:
        finish_import(session, standing, now=NOW)
    with store.reading() as session:
        assert list_key_ids(session) == frozenset()
        with pytest.raises(Conflict):
            open_content(session, kept.id, caller=CLERK)


def test_rows_go_in_with_the_count_of_those_gone_through(store: Store) -> None:
    with store.writing() as session:
        pass
    standing = start(store, bring(store).id)
    trouble = RowTrouble(3, "content", "内容为空，请补填")
    after = take(store, standing, row(2, "A"), trouble, row(4, "B", needs_review=True))
    assert after is not None
    assert (after.done, after.taken, after.standing, after.refused) == (3, 2, 0, 1)
    assert after.rate == pytest.approx(6)
    again = take(store, after, row(5, "A"), row(6, "B"))
    assert again is not None
    assert (again.done, again.taken, again.standing) == (5, 2, 2)
    with store.reading() as session:
        assert list_troubles(session, standing.id, caller=CLERK) == (trouble,)
        assert {*session.scalars(select(ImportedRow.submission_id))} == {"A", "B"}
        assert session.get_one(SubmissionRow, "A").source == CLERK.who


def test_a_row_whose_id_has_other_content_is_noted_and_costs_no_other(store: Store) -> None:
    standing = start(store, bring(store).id)
    number, submission, said = row(3, "A")
    changed = (number, make_submission(id="A", content="另一件事，路灯不亮。"), said)
    del submission
    first = take(store, standing, row(2, "A"))
    assert first is not None
    after = take(store, first, changed, row(4, "B"))
    assert after is not None
    assert (after.taken, after.refused) == (2, 1)
    with store.reading() as session:
        (told,) = list_troubles(session, standing.id, caller=CLERK)
    assert (told.row, told.field) == (3, "id")


def test_a_chunk_that_another_worker_has_done_is_not_done_again(store: Store) -> None:
    standing = start(store, bring(store).id)
    assert take(store, standing, row(2, "A")) is not None
    assert take(store, standing, row(2, "A")) is None
    assert count(store, ImportedRow) == 1


def test_a_file_is_worked_on_by_one_and_taken_up_after_a_silence(store: Store) -> None:
    kept = bring(store)
    with store.reading() as session:
        assert not has_waiting(session, now=NOW)
    standing = start(store, kept.id)
    with store.writing() as session:
        assert claim_import(session, now=NOW) is None
        later = NOW + SILENCE + timedelta(seconds=1)
        assert has_waiting(session, now=later)
        claimed = claim_import(session, now=later)
    assert claimed is not None
    with store.writing() as session:
        release_import(session, standing)
        assert has_waiting(session, now=NOW)


def test_a_file_whose_key_is_lost_fails_and_keeps_no_other_waiting(store: Store) -> None:
    lost, other = bring(store), bring(store, mapping=MAPPING | {"digest": "1" * 64})
    with store.writing() as session:
        for kept in (lost, other):
            start_import(session, kept.id, caller=CLERK, now=NOW)
        session.get_one(ImportRow, lost.id).key_id = "k-gone"
        session.flush()
        claimed = claim_import(session, now=NOW)
        assert claimed is not None
        assert claimed[0].id == other.id
        told = get_import(session, lost.id, caller=CLERK)
    assert told.state is ImportState.FAILED
    assert "密钥" in told.mapping["failure"]


def test_a_paused_file_takes_nothing_and_goes_on_when_started_again(store: Store) -> None:
    standing = start(store, bring(store).id)
    with store.writing() as session:
        pause_import(session, standing.id, caller=CLERK, now=NOW)
        pause_import(session, standing.id, caller=CLERK, now=NOW)
    assert take(store, standing, row(2, "A")) is None
    resumed = start(store, standing.id)
    assert take(store, resumed, row(2, "A")) is not None


def test_a_file_that_failed_says_why_and_may_be_started_again(store: Store) -> None:
    standing = start(store, bring(store).id)
    with store.writing() as session:
        fail_import(session, standing, "文件已损坏，请另存后再试", now=NOW)
    with store.reading() as session:
        told = get_import(session, standing.id, caller=CLERK)
    assert (told.state, told.mapping["failure"]) == (
        ImportState.FAILED,
        "文件已损坏，请另存后再试",
    )
    assert start(store, standing.id).state is ImportState.RUNNING


def test_columns_are_chosen_before_the_start_and_not_after(store: Store) -> None:
    kept = bring(store, mapping=MAPPING | {"columns": {}})
    with store.writing() as session:
        with pytest.raises(InvalidInput):
            start_import(session, kept.id, caller=CLERK, now=NOW)
        changed = change_mapping(session, kept.id, MAPPING, caller=CLERK, total=9)
        assert changed.total == 9
    start(store, kept.id)
    with store.writing() as session, pytest.raises(Conflict):
        change_mapping(session, kept.id, MAPPING, caller=CLERK, total=9)


def test_a_file_not_begun_can_be_forgotten_and_one_begun_cannot(store: Store) -> None:
    idle, begun = bring(store), bring(store)
    start(store, begun.id) if begun.id < idle.id else None
    with store.writing() as session:
        start_import(session, begun.id, caller=CLERK, now=NOW)
        with pytest.raises(Conflict):
            remove_import(session, begun.id, caller=CLERK, now=NOW)
        remove_import(session, idle.id, caller=CLERK, now=NOW)
    with store.reading() as session, pytest.raises(NotFound):
        get_import(session, idle.id, caller=CLERK)


def test_no_more_messages_are_kept_than_anybody_reads(store: Store) -> None:
    standing = start(store, bring(store).id)
    troubles = [RowTrouble(number, None, "空行") for number in range(MOST_ERRORS + 5)]
    after = take(store, standing, *troubles)
    assert after is not None
    assert after.refused == MOST_ERRORS + 5
    with store.reading() as session:
        assert len(list_troubles(session, standing.id, caller=CLERK)) == MOST_ERRORS


def test_what_nobody_has_begun_is_taken_back_without_a_trace_but_in_the_log(store: Store) -> None:
    done = brought(store, row(2, "A"), row(3, "B", needs_review=True))
    with store.reading() as session:
        entry = session.scalars(select(EntryRow.id)).one()
    with store.writing() as session:
        session.execute(
            insert(FindingRow).values(
                rule="invented",
                subject="entry:1",
                entry_id=entry,
                evidence={},
                state=FindingState.OPEN,
                found_at=NOW,
                seen_at=NOW,
            )
        )
    with store.writing() as session:
        step = take_back(session, done.id, caller=CLERK, now=NOW)
    assert (step.gone, step.stayed, step.last) == (2, (), None)
    assert step.standing.state is ImportState.UNDONE
    tables = (SubmissionRow, EntryRow, SubmitterRow, ImportedRow, FindingRow, FingerprintRow)
    assert [count(store, table) for table in tables] == [0] * len(tables)
    with store.reading() as session:
        kinds = set(session.scalars(select(EventRow.kind)))
    assert {"submission.removed", "import.undone"} <= kinds
    again = brought(store, row(2, "A"))
    assert again.taken == 1


def test_what_somebody_has_begun_stays_and_it_is_told_why(store: Store) -> None:
    done = brought(
        store,
        row(2, "decided"),
        row(3, "worked"),
        row(4, "secret", confidential=True, nature="检举控告"),
        row(5, "idle"),
    )
    with store.writing() as session:
        record_decision(session, "decided", Decision(), caller=CLERK, now=NOW)
    with store.reading() as session:
        query = select(EntryRow.id).where(EntryRow.submission_id == "worked")
        worked = session.scalars(query).one()
    alter(store, worked, version=2)
    with store.writing() as session:
        step = take_back(session, done.id, caller=CLERK, now=NOW)
    assert step.gone == 1
    assert {one.submission_id: one.reason for one in step.stayed} == {
        "decided": "decided",
        "worked": "decided",
        "secret": "accusation",
    }
    with store.writing() as session:
        again = take_back(session, done.id, caller=CLERK, now=NOW)
    assert again.gone == 0


def test_what_is_being_decided_at_this_moment_stays_and_nobody_waits_for_ever(
    store: Store,
) -> None:
    names = [f"R-{n}" for n in range(6)]
    done = brought(store, *(row(n, name) for n, name in enumerate(names, start=2)))
    decided: set[str] = set()

    def decide() -> None:
        for name in names:
            try:
                with store.writing() as session:
                    record_decision(session, name, Decision(), caller=OTHER, now=NOW)
            except NotFound:
                continue
            decided.add(name)

    def undo() -> None:
        with store.writing() as session:
            take_back(session, done.id, caller=CLERK, now=NOW)

    run_at_once(decide, undo)
    with store.reading() as session:
        left = set(session.scalars(select(SubmissionRow.id)))
    assert left == decided


def test_a_running_file_is_paused_before_it_is_taken_back(store: Store) -> None:
    standing = start(store, bring(store).id)
    with store.writing() as session, pytest.raises(Conflict):
        take_back(session, standing.id, caller=CLERK, now=NOW)


def test_every_table_that_refers_to_a_submission_is_thought_of() -> None:
    """Else a row of a new table would keep a submission from being taken back."""
    removed = {"imported", "suggestion", "entry", "submitter", "delivery", "finding"}
    shared = {"repeat", "trace", "unplaced", "problem_member"}
    keeps = {
        *("accusation", "decision", "action", "attachment", "evaluation", "extension"),
        *("reply", "task_entry", "sealed_work"),
    }
    refers = {
        table.name
        for table in Row.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in ("submission", "entry")
    }
    assert refers == removed | shared | keeps
