"""What a finding rests on may be gone by the next run: then it settles, and says why."""

from datetime import timedelta

import pytest
from ledger_factories import MINUTE, NOW
from sqlalchemy import select, update
from workflow_factories import CLERK, SUPERVISOR, file_departments, open_one

from triage.errors import AccessDenied
from triage.findings import Rule
from triage.ledger.findings import decide_finding, record_findings
from triage.ledger.looking import change_thresholds, look_for_findings
from triage.ledger.settling import settle_findings
from triage.ledger.states import FindingState, ProblemState, TaskState
from triage.ledger.store import Store
from triage.ledger.tables import (
    EffectRow,
    EventRow,
    FindingRow,
    ProblemRow,
    TaskEntryRow,
    TaskRow,
)
from triage.roles import ROLE_ACTIONS, Caller, Role

HOUR = timedelta(hours=1)
ADMIN = Caller("admin", ROLE_ACTIONS[Role.ADMIN])


@pytest.fixture(autouse=True)
def shared(store: Store) -> list[int]:
    """Three entries of one common problem."""
    file_departments(store)
    with store.writing() as session:
        change_thresholds(session, {"problem_entries": 3}, caller=ADMIN, now=NOW)
    return [open_one(store, f"L-{n}").id for n in range(3)]


def run(store: Store, rule: Rule, *, hours: int) -> int:
    """One run of a rule; how many findings settled."""
    now = NOW + hours * HOUR
    with store.reading() as session:
        found = list(look_for_findings(session, now=now, rules=(rule,)))
    with store.writing() as session:
        record_findings(session, found, caller=SUPERVISOR, now=now)
        return settle_findings(session, caller=SUPERVISOR, now=now)


def add_task(store: Store, **changes: object) -> int:
    values: dict[str, object] = {
        "title": "更换电梯",
        "department": "zhujian",
        "assisting": [],
        "person": "李明",
        "measures": [],
        "state": TaskState.OPEN,
        "version": 1,
        "created_by": "wang",
        "created_at": NOW,
        "deadline_at": NOW + 24 * HOUR,
        "closed_at": None,
    }
    entries = changes.pop("entries", [])
    assert isinstance(entries, list)
    with store.writing() as session:
        row = TaskRow(**values | changes)
        session.add(row)
        session.flush()
        session.add_all(TaskEntryRow(task_id=row.id, entry_id=entry) for entry in entries)
        return row.id


def one(store: Store) -> FindingRow:
    with store.reading() as session:
        return session.scalars(select(FindingRow)).one()


def change_problem(store: Store, **values: object) -> None:
    with store.writing() as session:
        session.execute(update(ProblemRow).values(**values))


def test_a_problem_that_got_a_task_settles_at_the_next_run(store: Store, shared: list[int]) -> None:
    assert run(store, Rule.UNTASKED, hours=1) == 0
    assert one(store).state is FindingState.OPEN
    task = add_task(store, entries=shared[:1])
    assert run(store, Rule.UNTASKED, hours=2) == 1
    row = one(store)
    assert (row.state, row.decided_note) == (FindingState.SETTLED, f"已安排任务 {task}")
    assert (row.decided_by, row.decided_at) == (SUPERVISOR.who, NOW + 2 * HOUR)
    with store.reading() as session:
        events = session.scalars(select(EventRow).where(EventRow.kind == "finding.settled")).all()
    assert [event.payload for event in events] == [{"finding": row.id, "rule": "untasked"}]
    assert run(store, Rule.UNTASKED, hours=3) == 0


def test_a_task_for_the_problem_itself_counts_and_a_cancelled_one_does_not(store: Store) -> None:
    run(store, Rule.UNTASKED, hours=1)
    with store.reading() as session:
        problem = session.scalars(select(ProblemRow.id)).one()
    task = add_task(store, problem_id=problem)
    assert run(store, Rule.UNTASKED, hours=2) == 1
    with store.writing() as session:
        session.execute(update(TaskRow).values(state=TaskState.CANCELLED))
    assert run(store, Rule.UNTASKED, hours=3) == 0
    row = one(store)
    assert (row.state, row.decided_by, row.decided_note) == (FindingState.OPEN, None, None)
    assert task


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (ProblemState.DISMISSED, "已认定不是共性问题"),
        (ProblemState.MERGED, "已并入共性问题 1"),
        (ProblemState.EMPTY, "已无两件以上来件"),
    ],
)
def test_a_problem_that_is_none_any_more_settles_too(
    store: Store, state: ProblemState, says: str
) -> None:
    run(store, Rule.UNTASKED, hours=1)
    other = 1 if state is ProblemState.MERGED else None
    change_problem(store, state=state, merged_into=other)
    assert run(store, Rule.UNTASKED, hours=2) == 1
    assert one(store).decided_note == says


def test_what_only_faded_from_sight_stays_open(store: Store) -> None:
    run(store, Rule.UNTASKED, hours=1)
    assert run(store, Rule.UNTASKED, hours=24 * 40) == 0
    assert one(store).state is FindingState.OPEN


def test_what_a_supervisor_decided_on_is_left_alone(store: Store, shared: list[int]) -> None:
    run(store, Rule.UNTASKED, hours=1)
    with store.writing() as session:
        decide_finding(
            session, one(store).id, FindingState.CONFIRMED, caller=SUPERVISOR, now=NOW + MINUTE
        )
    add_task(store, entries=shared)
    assert run(store, Rule.UNTASKED, hours=2) == 0
    assert one(store).state is FindingState.CONFIRMED


def test_a_task_settles_once_its_effect_is_there_or_it_is_cancelled(store: Store) -> None:
    task = add_task(store, deadline_at=NOW)
    run(store, Rule.NO_EFFECT, hours=1)
    effect = {"task_id": task, "change": "六台换新", "evidence": [], "evaluation": {}}
    with store.writing() as session:
        session.add(EffectRow(**effect, who="li", at=NOW + HOUR))
    assert run(store, Rule.NO_EFFECT, hours=2) == 1
    assert one(store).decided_note == "已登记效果"
    other = add_task(store, deadline_at=NOW)
    run(store, Rule.NO_EFFECT, hours=3)
    with store.writing() as session:
        session.execute(
            update(TaskRow).where(TaskRow.id == other).values(state=TaskState.CANCELLED)
        )
    assert run(store, Rule.NO_EFFECT, hours=4) == 1


def test_who_decides_on_no_findings_settles_none(store: Store) -> None:
    with pytest.raises(AccessDenied), store.writing() as session:
        settle_findings(session, caller=CLERK, now=NOW)
