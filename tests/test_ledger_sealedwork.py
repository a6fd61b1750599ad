"""What was written of an entry goes under the seal with it, wherever it stood, and comes back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from ledger_factories import HOUSING, MINUTE, NOW
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from test_ledger_accusations import dump
from workflow_factories import (
    CLERK,
    HOUSING_OFFICER,
    REPORTER,
    SUPERVISOR,
    file_departments,
    give,
    open_one,
)

from triage.errors import AccessDenied, NotFound
from triage.findings import Found, Rule
from triage.ledger.accusations import put_away_unsealed
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.discipline import (
    Accusation,
    read_accusation,
    read_sealed_file,
    release_accusation,
)
from triage.ledger.findings import CLOCK_CALLER, decide_finding, record_findings
from triage.ledger.history import EntryFile, get_attachment, get_entry_file
from triage.ledger.matters import Part
from triage.ledger.resealing import list_key_ids, reseal
from triage.ledger.sealedwork import GONE, bring_work_back
from triage.ledger.states import EntryState, FindingState, SubmissionStatus
from triage.ledger.store import Store
from triage.ledger.tables import (
    ActionRow,
    AttachmentRow,
    EntryRow,
    EventRow,
    FindingRow,
    SealedWorkRow,
    SubmissionRow,
    TaskRow,
)
from triage.ledger.tasks import TaskPlan, plan_task
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.workflow import Command

OFFICER = Caller("zhao", ROLE_ACTIONS[Role.DISCIPLINE])
SAID = "赵某收了物业的好处"  # what nobody may read afterwards, wherever it was typed
PICTURE = b"\x89PNG\r\n\x1a\n" + b"receipt-of-zhao"
SEAL = Decision(nature="检举控告", reason=SAID)


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def work_on(store: Store, submission_id: str = "L-1") -> StoredEntry:
    """An entry that has been replied to, with these words in every place that takes words."""
    entry = open_one(store, submission_id)
    with store.writing() as session:
        changed = record_decision(
            session,
            submission_id,
            Decision(urgency=2, reason=SAID),
            caller=CLERK,
            now=NOW,
        )
        assert changed is not None
    entry = give(store, changed, Command.RETURN, HOUSING_OFFICER, note=SAID)
    entry = give(store, entry, Command.OVERRULE, CLERK, note=SAID)
    entry = give(store, entry, Command.ACCEPT, HOUSING_OFFICER)
    entry = give(store, entry, Command.PROGRESS, HOUSING_OFFICER, note=SAID)
    attached = {"name": f"{SAID}.png", "content": PICTURE, "note": SAID}
    entry = give(store, entry, Command.ATTACH, HOUSING_OFFICER, **attached)
    part = Part(matter=SAID, lead="住建局")
    entry = give(store, entry, Command.SPLIT, CLERK, parts=(part,), matter=SAID, note=SAID)
    asked = {"amount": 3, "unit": "day", "note": SAID}
    with store.writing() as session:  # 紧急 has no extension, so it is made 较急 first
        relaxed = record_decision(
            session,
            submission_id,
            Decision(urgency=3, reason=SAID),
            caller=CLERK,
            now=NOW,
            entry_id=entry.id,
        )
        assert relaxed is not None
    entry = give(store, relaxed, Command.REQUEST_EXTENSION, HOUSING_OFFICER, **asked)
    entry = give(store, entry, Command.REFUSE_EXTENSION, SUPERVISOR, note=SAID)
    reply = {"text": SAID, "outcome": "not_supported", "ground": SAID, "note": SAID}
    entry = give(store, entry, Command.REPLY, HOUSING_OFFICER, quality={"reasons": [SAID]}, **reply)
    entry = give(
        store, entry, Command.EVALUATE, REPORTER, solved=True, satisfaction=2, comment=SAID
    )
    quoted = Found(
        Rule.EMPTY_REPLY, f"reply:{entry.id}", HOUSING.code, {"reasons": [SAID]}, entry.id
    )
    with store.writing() as session:
        record_findings(session, [quoted], caller=CLOCK_CALLER, now=NOW)
        finding_id = session.scalars(select(FindingRow.id)).one()
        decide_finding(
            session, finding_id, FindingState.DISMISSED, caller=SUPERVISOR, now=NOW, note=SAID
        )
    return entry


def seal(store: Store, submission_id: str = "L-1") -> None:
    with store.writing() as session:
        assert record_decision(session, submission_id, SEAL, caller=CLERK, now=NOW) is None


def forward(store: Store, entry: StoredEntry) -> StoredEntry:
    return give(store, entry, Command.FORWARD, CLERK, to="discipline", note=SAID)


def read(store: Store, submission_id: str = "L-1") -> Accusation:
    with store.writing() as session:
        return read_accusation(session, submission_id, caller=OFFICER, now=NOW)


def read_file(store: Store, entry_id: int) -> EntryFile:
    with store.reading() as session:
        return get_entry_file(session, entry_id, caller=CLERK)


def list_of_findings(store: Store) -> list[tuple[Any, ...]]:
    with store.reading() as session:
        return [(row.evidence, row.decided_note) for row in session.scalars(select(FindingRow))]


def test_not_a_word_of_the_work_stays_in_an_ordinary_table(store: Store) -> None:
    work_on(store)
    before = dump(store)
    assert before.count(SAID) > 20
    assert "receipt-of-zhao" in before
    seal(store)
    after = dump(store)
    assert SAID not in after
    assert "receipt-of-zhao" not in after
    assert "赵某" not in after


def test_a_discipline_officer_reads_all_that_was_done_before(store: Store) -> None:
    entry = work_on(store)
    seal(store)
    opened = read(store)
    kinds = [work.kind for work in opened.work]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "decision": 2,
        "action": 11,
        "extension": 1,
        "attachment": 1,
        "reply": 1,
        "evaluation": 1,
    }
    (reply,) = (work for work in opened.work if work.kind == "reply")
    assert (reply.who, reply.at, reply.entry_id) == ("li", NOW + MINUTE, entry.id)
    assert reply.told == {"outcome": "not_supported", "text": SAID}
    (returned,) = (work for work in opened.work if work.told.get("command") == "return")
    assert returned.told["note"] == SAID
    (attachment,) = (work for work in opened.work if work.kind == "attachment")
    with store.writing() as session:
        name, content = read_sealed_file(
            session, "L-1", attachment.id, caller=OFFICER, now=NOW + MINUTE
        )
        with pytest.raises(AccessDenied):
            read_sealed_file(session, "L-1", attachment.id, caller=CLERK, now=NOW)
        with pytest.raises(NotFound, match="附件"):
            read_sealed_file(session, "L-1", attachment.id + 1, caller=OFFICER, now=NOW)
    assert (name, content) == (f"{SAID}.png", PICTURE)
    with store.reading() as session:
        last = session.scalars(select(EventRow).order_by(EventRow.id.desc()).limit(1)).one()
    assert (last.kind, last.actor) == ("accusation.seen", "zhao")


def test_what_is_released_has_all_its_words_again(store: Store) -> None:
    entry = work_on(store)
    before, found = read_file(store, entry.id), list_of_findings(store)
    seal(store)
    with pytest.raises(NotFound):
        read_file(store, entry.id)
    with store.writing() as session:
        release_accusation(session, "L-1", caller=OFFICER, reason="属物业纠纷", now=NOW)
    after = read_file(store, entry.id)
    for part in ("actions", "decisions", "replies", "evaluations", "extensions", "attachments"):
        assert getattr(after, part) == getattr(before, part)
    assert (after.entry.matter, after.entry.ground) == (SAID, SAID)
    assert list_of_findings(store) == found
    with store.reading() as session:
        assert session.scalars(select(SealedWorkRow)).all() == []
        attachment = after.attachments[0]
        assert get_attachment(session, entry.id, attachment.id, caller=CLERK)[1] == PICTURE
    seal(store)  # and once more
    assert SAID not in dump(store)


def test_forwarding_to_the_discipline_side_seals_the_whole_submission(store: Store) -> None:
    entry = open_one(store)
    entry = give(store, entry, Command.ACCEPT, HOUSING_OFFICER, note=SAID)
    part = Part(matter="电梯停运", lead="城管局")
    entry = give(store, entry, Command.SPLIT, CLERK, parts=(part,), note=SAID)
    gone = forward(store, entry)
    assert (gone.state, gone.forwarded_to, gone.confidential) == ("forwarded", "discipline", True)
    assert SAID not in dump(store)
    assert "幸福里" not in dump(store)
    with store.reading() as session:
        assert session.scalars(select(EntryRow.confidential)).all() == [True, True]
        assert session.get_one(SubmissionRow, "L-1").status is SubmissionStatus.SEALED
    for caller in (CLERK, HOUSING_OFFICER, SUPERVISOR):
        with store.reading() as session, pytest.raises(NotFound):
            get_entry_file(session, entry.id, caller=caller)
    opened = read(store)
    assert (opened.line.state, opened.notes[0]["reason"]) == ("waiting", SAID)
    assert [work.told.get("command") for work in opened.work] == [
        "accept",
        "split",
        "split",
        "forward",
    ]


def test_what_the_discipline_side_releases_stands_where_the_clerk_may_take_it_up(
    store: Store,
) -> None:
    entry = forward(store, open_one(store))
    with store.writing() as session:
        release_accusation(session, "L-1", caller=OFFICER, reason="不属我委管辖", now=NOW)
    back = read_file(store, entry.id)
    assert (back.entry.state, back.actions[-1].note) == (EntryState.FORWARDED, SAID)
    again = give(store, back.entry, Command.REOPEN, CLERK, note="纪委退回")
    assert again.state is EntryState.REOPENED


def test_forwarded_elsewhere_it_is_as_open_as_before(store: Store) -> None:
    entry = open_one(store)
    given = give(store, entry, Command.FORWARD, CLERK, to="court", note=SAID)
    assert not given.confidential
    assert read_file(store, entry.id).actions[-1].note == SAID


def test_those_merged_into_what_is_forwarded_stand_alone_again(store: Store) -> None:
    entry, other = open_one(store), open_one(store, "L-2")
    give(store, other, Command.MERGE, CLERK, into=entry.id)
    entry = read_file(store, entry.id).entry
    forward(store, entry)
    file = read_file(store, other.id)
    assert (file.entry.state, file.entry.merged_into) == (EntryState.REOPENED, None)
    assert SAID not in str(file)


def test_what_the_accuser_said_of_a_shared_reply_is_sealed_and_the_reply_stays(
    store: Store,
) -> None:
    accuser, host = open_one(store), open_one(store, "L-2")
    give(store, accuser, Command.MERGE, CLERK, into=host.id)
    host = read_file(store, host.id).entry
    host = give(store, host, Command.ACCEPT, HOUSING_OFFICER)
    reply = {"text": "已修复电梯，3月1日恢复运行。", "outcome": "solved"}
    host = give(store, host, Command.REPLY, HOUSING_OFFICER, **reply)
    said = {"solved": True, "satisfaction": 1, "comment": SAID, "submission_id": "L-1"}
    host = give(store, host, Command.EVALUATE, CLERK, **said)
    seal(store)
    assert SAID not in dump(store)
    file = read_file(store, host.id)
    assert (file.evaluations, file.replies[0].text) == ((), reply["text"])
    assert "L-1" not in str(file)
    assert [step.data for step in file.actions if step.command == "merge"] == [{}]
    assert [work.told["comment"] for work in read(store).work if work.kind == "evaluation"] == [
        SAID
    ]


def test_a_task_of_two_sealed_ones_gets_its_words_back_with_the_last(store: Store) -> None:
    entries = (open_one(store).id, open_one(store, "L-2").id)
    plan = TaskPlan(
        title=SAID,
        department="zhujian",
        person="李明",
        deadline=date(2025, 6, 30),
        entries=entries,
        measures=(SAID,),
    )
    with store.writing() as session:
        plan_task(session, plan, caller=CLERK, now=NOW)
    for name in ("L-1", "L-2"):
        seal(store, name)
    assert SAID not in dump(store)
    for name, title in (("L-1", GONE), ("L-2", SAID)):
        with store.writing() as session:
            release_accusation(session, name, caller=OFFICER, reason="查无此事", now=NOW)
        with store.reading() as session:
            assert session.scalar(select(TaskRow.title)) == title


@pytest.mark.parametrize("way", [seal, lambda store: forward(store, read_file(store, 1).entry)])
def test_the_history_gives_up_words_only_while_it_is_hidden(
    store: Store, way: Callable[[Store], Any]
) -> None:
    entry = open_one(store)
    give(store, entry, Command.ACCEPT, HOUSING_OFFICER, note=SAID)
    words = update(ActionRow).values(note="别的")
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(words)
    way(store)
    for change in ("UPDATE action SET who = 'x'", "DELETE FROM action"):
        with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
            session.execute(text(change))
    with store.writing() as session:
        session.execute(words)


def test_work_that_an_older_version_left_in_the_open_is_sealed_at_the_start(store: Store) -> None:
    work_on(store)
    seal(store)
    with store.writing() as session:
        bring_work_back(session, "L-1")
    assert SAID in dump(store)
    with store.writing() as session:
        assert put_away_unsealed(session, now=NOW) == 1
    with store.writing() as session:
        assert put_away_unsealed(session, now=NOW) == 0
    assert SAID not in dump(store)
    assert len(read(store).work) == 17


def test_a_rotation_seals_the_work_anew(store: Store) -> None:
    work_on(store)
    seal(store)
    assert store.ring is not None
    new = store.ring.rotate()
    with store.writing() as session:
        while reseal(session, limit=4):
            pass
        assert list_key_ids(session) == {new}
    assert len(read(store).work) == 17


def test_the_file_itself_leaves_its_row(store: Store) -> None:
    work_on(store)
    seal(store)
    with store.reading() as session:
        row = session.scalars(select(AttachmentRow)).one()
        assert (row.name, row.sha256, row.content, row.size) == ("", "", b"", len(PICTURE))
