"""Common problems as submissions come in, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_factories import MINUTE, NOW
from problem_factories import (
    LIFT,
    NOISE,
    file,
    file_matter,
    members_of,
    read_problem,
    suggest_for,
    tell,
)
from sqlalchemy import event, func, select, update
from test_ledger_race import run_at_once
from workflow_factories import CLERK, file_departments

from triage.ledger.candidates import MOST_TRACED, find_standing, recall_traces
from triage.ledger.corrections import Correction, Kind, correct_problem
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.placing import (
    Plan,
    find_longest_waiting,
    is_any_waiting,
    place_waiting,
    plan_placing,
)
from triage.ledger.problemfigures import recount_problems
from triage.ledger.problems import add_problems, forget_submissions
from triage.ledger.records import record_batch
from triage.ledger.states import ProblemState
from triage.ledger.store import Store
from triage.ledger.tables import MemberRow, ProblemRow, SubmissionRow, TraceRow
from triage.submissions import Submission


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def count(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_one_alone_leaves_its_traces_and_makes_no_problem(store: Store) -> None:
    file(store, tell(LIFT, 0, "A-1"))
    assert members_of(store) == {}
    assert count(store, ProblemRow) == 0
    assert count(store, TraceRow) > 3


def test_the_second_of_a_matter_makes_the_problem_and_the_third_joins_it(store: Store) -> None:
    file_matter(store, LIFT, 3, prefix="A")
    members = members_of(store)
    assert set(members) == {"A-0", "A-1", "A-2"}
    assert len(set(members.values())) == 1
    problem = read_problem(store, members["A-0"])
    assert (problem.size, problem.reporters, problem.state) == (3, 3, ProblemState.OPEN)
    assert "幸福里" in problem.name
    assert problem.divisions == ["430102"]
    assert problem.departments == ["zhujian"]
    assert (problem.first_seen, problem.last_seen) == (NOW, NOW + timedelta(hours=2))
    assert problem.heat == problem.figures["heat"]["total"] > 0
    assert problem.figures["weeks"] == {"2025-02-24": 3}
    assert problem.figures["urgencies"] == {"3": 3}


def test_approval_of_its_members_makes_a_problem_hotter(store: Store) -> None:
    approved = [tell(LIFT, n, f"A-{n}", likes=likes) for n, likes in enumerate((300, None, 5))]
    file(store, *approved)
    (problem_id,) = set(members_of(store).values())
    parts = {one["name"]: one for one in read_problem(store, problem_id).figures["heat"]["parts"]}
    assert parts["likes"]["says"] == "305 次点赞"
    assert parts["likes"]["points"] > 10


def test_another_trouble_and_what_nobody_shares_stay_apart(store: Store) -> None:
    file_matter(store, LIFT, 2, prefix="A")
    file_matter(store, NOISE, 2, prefix="B")
    file_matter(store, "", 4, prefix="C")
    members = members_of(store)
    assert set(members) == {"A-0", "A-1", "B-0", "B-1"}
    assert members["A-0"] == members["A-1"] != members["B-0"] == members["B-1"]


def test_those_of_one_batch_find_each_other(store: Store) -> None:
    mixed = [tell(matter, n, f"{n}-{matter}") for n in range(3) for matter in (LIFT, NOISE, "")]
    file(store, *mixed)
    members = members_of(store)
    problems = {
        matter: {members.get(f"{n}-{matter}") for n in range(3)} for matter in (LIFT, NOISE)
    }
    assert len(problems[LIFT]) == len(problems[NOISE]) == 1
    assert problems[LIFT] != problems[NOISE]
    assert not any(one.endswith("-") for one in members)


def test_a_resend_counts_once(store: Store) -> None:
    file_matter(store, LIFT, 3, prefix="A")
    file_matter(store, LIFT, 3, prefix="A")
    assert read_problem(store, members_of(store)["A-0"]).size == 3


def test_of_a_large_problem_the_traces_of_some_stand_for_all(store: Store) -> None:
    told = [tell(LIFT, n, f"A-{n:03}") for n in range(MOST_TRACED + 40)]
    file(store, *told[: MOST_TRACED + 20])
    file(store, *told[MOST_TRACED + 20 :])
    members = members_of(store)
    assert len(members) == MOST_TRACED + 40
    assert len(set(members.values())) == 1
    with store.reading() as session:
        traced = session.scalars(select(TraceRow.submission_id).distinct()).all()
    assert not {"A-099"} & set(traced)
    assert read_problem(store, members["A-000"]).size == MOST_TRACED + 40


def test_what_came_in_waits_for_its_place_and_the_first_come_is_placed_first(store: Store) -> None:
    told = [tell(LIFT, number, f"{'CABD'[number]}-{number}") for number in range(4)]
    with store.writing() as session:
        record_batch(session, [(one, suggest_for(one)) for one in told], now=NOW)
    assert members_of(store) == {}
    with store.writing() as session:
        assert is_any_waiting(session)
        assert find_longest_waiting(session) == NOW
        assert place_waiting(session, now=NOW, most=2) == 2
    assert set(members_of(store)) == {"C-0", "A-1"}
    with store.writing() as session:
        assert place_waiting(session, now=NOW) == 2
        assert place_waiting(session, now=NOW) == 0
        assert not is_any_waiting(session)
        assert find_longest_waiting(session) is None
    assert len(members_of(store)) == 4


def test_several_at_once_place_each_submission_once_and_make_one_problem_of_a_matter(
    store: Store,
) -> None:
    for turn in range(6):
        told = [
            tell(matter, number, f"{turn}-{number}{matter}")
            for matter in (LIFT, NOISE)
            for number in range(4)
        ]

        def take_in(number: int, batch: list = told) -> int:  # type: ignore[type-arg]
            pairs = [(one, suggest_for(one)) for one in batch[number::2]]
            with store.writing() as session:
                record_batch(session, pairs, now=NOW)
            with store.writing() as session:
                return place_waiting(session, now=NOW, most=6)

        placed = run_at_once(lambda: take_in(0), lambda: take_in(1))
        assert sum(placed) == 8
    members = members_of(store)
    assert len(members) == 48
    assert len(set(members.values())) == 2


def test_what_came_in_lately_is_not_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.ledger.candidates._KEPT", 3)
    file_matter(store, LIFT, 5, prefix="A")
    assert len(store.traces) == 3
    assert list(store.traces)[-1] == "A-4"
    _, kept = store.traces["A-4"]
    with store.writing() as session:
        recalled = recall_traces(session, find_standing(session, ["A-4", "A-0"]), new={})
    assert set(recalled) == {"A-4", "A-0"}
    assert recalled["A-4"] is kept
    assert len(store.traces) == 3


def test_other_words_that_came_later_under_the_same_id_are_read_anew(store: Store) -> None:
    file(store, tell(LIFT, 0, "A-1"))
    other = tell(NOISE, 0, "A-1")
    words = {"title": other.title, "content": other.content, "recorded_at": NOW + MINUTE}
    with store.writing() as session:
        before = recall_traces(session, find_standing(session, ["A-1"]), new={})["A-1"]
        session.execute(update(SubmissionRow).values(words))
        after = recall_traces(session, find_standing(session, ["A-1"]), new={})["A-1"]
    assert not set(after.keys) & set(before.keys)


def part_in_two(store: Store) -> tuple[int, int]:
    """Four of one matter in the first problem, six in a second, as if nobody had seen the likeness;
    no person has said so."""
    file_matter(store, LIFT, 10, prefix="A")
    first = members_of(store)["A-0"]
    with store.writing() as session:
        (second,) = add_problems(session, 1, now=NOW)
        moved = [f"A-{number}" for number in range(4, 10)]
        rows = update(MemberRow).where(MemberRow.submission_id.in_(moved))
        session.execute(rows.values(problem_id=second))
        recount_problems(session, [first, second], now=NOW, rewrite=True)
    return first, second


def test_a_newcomer_that_is_of_two_problems_makes_them_one_the_older(store: Store) -> None:
    first, second = part_in_two(store)
    file(store, tell(LIFT, 1, "A-99"))
    assert set(members_of(store).values()) == {first}
    assert read_problem(store, first).size == 11
    gone = read_problem(store, second)
    assert (gone.state, gone.merged_into, gone.size) == (ProblemState.MERGED, first, 0)


def test_problems_that_a_person_has_put_right_are_not_made_one(store: Store) -> None:
    first, second = part_in_two(store)
    with store.writing() as session:
        renamed = Correction(kind=Kind.RENAME, name="三栋的电梯")
        correct_problem(session, second, renamed, caller=CLERK, version=1, now=NOW)
    file(store, tell(LIFT, 1, "A-99"))
    assert set(members_of(store).values()) == {first, second}
    assert read_problem(store, first).size + read_problem(store, second).size == 11


def plan_for(store: Store, *told: Submission) -> Plan:
    """Take these in, and find out where they belong."""
    with store.writing() as session:
        record_batch(session, [(one, suggest_for(one)) for one in told], now=NOW)
    with store.reading() as session:
        return plan_placing(session)


def test_what_was_found_out_before_the_turn_is_written_down_in_it(store: Store) -> None:
    file_matter(store, LIFT, 2, prefix="A")
    plan = plan_for(store, tell(LIFT, 2, "A-2"), tell(NOISE, 0, "B-0"), tell(NOISE, 1, "B-1"))
    with store.writing() as session:
        assert place_waiting(session, now=NOW, plan=plan) == 3
    members = members_of(store)
    assert members["A-0"] == members["A-1"] == members["A-2"] != members["B-0"] == members["B-1"]


def test_a_plan_is_made_anew_where_one_of_it_has_turned_out_to_be_an_accusation(
    store: Store,
) -> None:
    file(store, tell(LIFT, 0, "A-0"))
    plan = plan_for(store, tell(LIFT, 1, "A-1"), tell(NOISE, 1, "B-1"))
    with store.writing() as session:
        decision = Decision(nature="检举控告", reason="举报")
        record_decision(session, "A-0", decision, caller=CLERK, now=NOW + MINUTE)
    with store.writing() as session:
        assert place_waiting(session, now=NOW, plan=plan) == 2
    assert members_of(store) == {}


def test_a_plan_is_made_anew_where_the_problem_that_it_speaks_of_is_another_one_now(
    store: Store,
) -> None:
    first, second = part_in_two(store)
    plan = plan_for(store, tell(LIFT, 1, "A-99"))
    with store.writing() as session:
        session.execute(update(MemberRow).values(problem_id=second))
    with store.writing() as session:
        assert place_waiting(session, now=NOW, plan=plan) == 1
    assert set(members_of(store).values()) == {second} != {first}


def test_a_plan_is_made_anew_where_a_person_has_put_right_what_it_would_make_one(
    store: Store,
) -> None:
    first, second = part_in_two(store)
    plan = plan_for(store, tell(LIFT, 1, "A-99"))
    with store.writing() as session:
        renamed = Correction(kind=Kind.RENAME, name="三栋的电梯")
        correct_problem(session, second, renamed, caller=CLERK, version=1, now=NOW)
    with store.writing() as session:
        assert place_waiting(session, now=NOW, plan=plan) == 1
    assert set(members_of(store).values()) == {first, second}


def test_what_another_has_placed_meanwhile_is_placed_once(store: Store) -> None:
    file_matter(store, LIFT, 2, prefix="A")
    plan = plan_for(store, tell(LIFT, 2, "A-2"))
    with store.writing() as session:
        assert place_waiting(session, now=NOW) == 1
    with store.writing() as session:
        assert place_waiting(session, now=NOW, plan=plan) == 0
    assert read_problem(store, members_of(store)["A-2"]).size == 3


def test_what_a_person_took_out_is_not_drawn_in_by_a_newcomer(store: Store) -> None:
    file_matter(store, LIFT, 4, prefix="A")
    first = members_of(store)["A-0"]
    with store.writing() as session:
        taken = Correction(kind=Kind.MOVE, submissions=("A-3",))
        correct_problem(session, first, taken, caller=CLERK, version=1, now=NOW)
    file(store, tell(LIFT, 1, "A-99"))
    members = members_of(store)
    assert members["A-0"] == members["A-1"] == members["A-2"] == first
    assert members.get("A-3") != first


def test_an_accusation_takes_no_part(store: Store) -> None:
    file_matter(store, LIFT, 2, prefix="A")
    file(store, tell(LIFT, 2, "J-1"), confidential=True)
    assert set(members_of(store)) == {"A-0", "A-1"}
    with store.reading() as session:
        assert "J-1" not in session.scalars(select(TraceRow.submission_id)).all()


def test_what_turns_out_to_be_an_accusation_leaves_and_takes_its_words_along(store: Store) -> None:
    odd = replace(
        tell(LIFT, 2, "J-1"),
        title="幸福里小区电梯停运是紫荆花公司的责任",
        content="幸福里小区电梯停运，紫荆花公司不修，紫荆花公司推脱，紫荆花公司收了钱。",
    )
    file_matter(store, LIFT, 2, prefix="A")
    file(store, odd, replace(odd, id="J-2"))
    problem_id = members_of(store)["J-1"]
    standing = read_problem(store, problem_id)
    assert "紫荆花" in f"{standing.name}{standing.figures}"
    for submission_id in ("J-1", "J-2"):
        with store.writing() as session:
            decision = Decision(nature="检举控告", reason="举报")
            record_decision(session, submission_id, decision, caller=CLERK, now=NOW + MINUTE)
        assert submission_id not in members_of(store)
        with store.reading() as session:
            assert submission_id not in session.scalars(select(TraceRow.submission_id)).all()
    problem = read_problem(store, problem_id)
    assert (problem.size, problem.state) == (2, ProblemState.OPEN)
    assert "紫荆花" not in f"{problem.name}{problem.figures}"
    assert "J-1" not in str(problem.figures)


def test_those_who_go_together_cost_one_count_of_their_problem(store: Store) -> None:
    file_matter(store, LIFT, 4, prefix="A")
    told: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    costs = []
    event.listen(store.writer, "before_cursor_execute", note)
    for gone in (["A-0"], ["A-1", "A-2"]):
        told.clear()
        with store.writing() as session:
            forget_submissions(session, gone, now=NOW)
        costs.append(len(told))
    event.remove(store.writer, "before_cursor_execute", note)
    assert costs[0] == costs[1]
    (problem_id,) = set(members_of(store).values())
    assert set(members_of(store)) == {"A-3"}
    assert read_problem(store, problem_id).state is ProblemState.EMPTY


def test_a_large_problem_is_counted_exactly_when_it_has_grown(store: Store) -> None:
    told = [tell(LIFT, n, f"A-{n:03}") for n in range(230)]
    file(store, *told[:220])
    file(store, *told[220:225])
    problem_id = members_of(store)["A-000"]
    assert read_problem(store, problem_id).size == 225
    assert read_problem(store, problem_id).figures["counted"] == 220
    file(store, *(replace(one, id=f"B-{one.id}") for one in told[:20]))
    assert read_problem(store, problem_id).figures["counted"] == 245


def test_every_member_belongs_to_one_problem_and_counts_agree(store: Store) -> None:
    file_matter(store, LIFT, 4, prefix="A")
    file_matter(store, NOISE, 3, prefix="B")
    with store.reading() as session:
        counted = dict(
            session.execute(
                select(MemberRow.problem_id, func.count()).group_by(MemberRow.problem_id)
            ).all()
        )
        sizes = dict(session.execute(select(ProblemRow.id, ProblemRow.size)).all())
    assert counted == sizes
