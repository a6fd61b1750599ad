"""What persons put right in common problems wins over the machine, and clustering anew keeps it."""

import pytest
from ledger_factories import MINUTE, NOW
from people_factories import caller_as
from problem_factories import LIFT, NOISE, file, file_matter, members_of, read_problem, tell
from sqlalchemy import insert, text
from workflow_factories import CLERK, HOUSING_OFFICER, file_departments

from api.background.regroup import Regrouped, regroup_problems
from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.corrections import Correction, Kind, correct_problem, list_partings
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.regrouping import write_moves
from triage.ledger.regroupplan import Move
from triage.ledger.states import ProblemState
from triage.ledger.store import Store
from triage.ledger.tables import CorrectionRow, TraceRow
from triage.roles import Role

LATER = NOW + 60 * 24 * MINUTE


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def correct(store: Store, problem_id: int, kind: Kind, **said: object) -> int:
    version = read_problem(store, problem_id).version
    with store.writing() as session:
        return correct_problem(
            session,
            problem_id,
            Correction(kind=kind, **said),  # type: ignore[arg-type]
            caller=CLERK,
            version=version,
            now=NOW + MINUTE,
        )


def regroup(store: Store) -> Regrouped:
    return regroup_problems(store, LATER, window=None)


def groups_of(store: Store) -> set[frozenset[str]]:
    members = members_of(store)
    return {
        frozenset(one for one, problem in members.items() if problem == known)
        for known in members.values()
    }


def lift_and_noise(store: Store, each: int = 4) -> tuple[int, int]:
    lift = file_matter(store, LIFT, each, prefix="A")
    noise = file_matter(store, NOISE, each, prefix="B")
    members = members_of(store)
    return members[lift[0]], members[noise[0]]


def test_clustering_anew_changes_nothing_where_nothing_is_wrong(store: Store) -> None:
    lift_and_noise(store)
    before = members_of(store)
    done = regroup(store)
    assert members_of(store) == before
    assert (done.submissions, done.problems, done.moved, done.absorbed) == (8, 2, 0, 0)


def test_clustering_anew_finds_what_came_in_without_traces_and_keeps_ids(store: Store) -> None:
    lift, _ = lift_and_noise(store)
    with store.writing() as session:
        session.execute(text("DELETE FROM trace WHERE submission_id IN ('A-2', 'B-3')"))
        session.execute(text("DELETE FROM problem_member WHERE submission_id IN ('A-2', 'B-3')"))
    file_matter(store, "", 1, prefix="C")
    regroup(store)
    assert members_of(store)["A-2"] == lift
    assert groups_of(store) == {
        frozenset(f"A-{n}" for n in range(4)),
        frozenset(f"B-{n}" for n in range(4)),
    }
    assert read_problem(store, lift).size == 4


def test_two_problems_that_are_one_are_joined_and_the_lost_one_points_at_the_other(
    store: Store,
) -> None:
    lift, _ = lift_and_noise(store)
    with store.writing() as session:  # as if two had been made of one matter
        told = {"lift": lift}
        session.execute(
            text(
                "INSERT INTO problem SELECT 99, name, named_by, state, merged_into, version, 1,"
                " reporters, heat, domain_code, theme, divisions, departments, first_seen,"
                " last_seen, figures, updated_at FROM problem WHERE id = :lift"
            ),
            told,
        )
        moved = "UPDATE problem_member SET problem_id = 99 WHERE submission_id = 'A-3'"
        session.execute(text(moved))
    done = regroup(store)
    assert members_of(store)["A-3"] == lift
    assert done.absorbed == 1
    lost = read_problem(store, 99)
    assert (lost.state, lost.merged_into, lost.size) == (ProblemState.MERGED, lift, 0)


def test_a_name_that_a_person_gave_stays_whatever_comes(store: Store) -> None:
    lift, _ = lift_and_noise(store, 3)
    correct(store, lift, Kind.RENAME, name="幸福里3栋电梯")
    file(store, tell(LIFT, 3, "A-3"))
    regroup(store)
    problem = read_problem(store, lift)
    assert (problem.name, problem.named_by, problem.size) == ("幸福里3栋电梯", "wang", 4)
    assert problem.version == 2


def test_what_is_split_off_stays_apart(store: Store) -> None:
    lift, _ = lift_and_noise(store)
    new = correct(store, lift, Kind.SPLIT, submissions=("A-0", "A-1"), name="另一台电梯")
    assert new != lift
    expected = {frozenset(("A-0", "A-1")), frozenset(("A-2", "A-3"))}
    assert expected < groups_of(store)
    regroup(store)
    assert expected < groups_of(store)
    members = members_of(store)
    assert (members["A-0"], members["A-2"]) == (new, lift)
    assert read_problem(store, new).name == "另一台电梯"
    assert (read_problem(store, new).size, read_problem(store, lift).size) == (2, 2)


def test_what_is_taken_out_does_not_come_back(store: Store) -> None:
    lift, _ = lift_and_noise(store)
    correct(store, lift, Kind.MOVE, submissions=("A-1",))
    assert "A-1" not in members_of(store)
    regroup(store)
    assert "A-1" not in members_of(store)
    assert read_problem(store, lift).size == 3


def test_what_is_moved_stays_where_it_was_moved(store: Store) -> None:
    lift, noise = lift_and_noise(store)
    correct(store, lift, Kind.MOVE, submissions=("A-1",), other=noise)
    regroup(store)
    members = members_of(store)
    assert (members["A-1"], members["A-0"], members["B-0"]) == (noise, lift, noise)
    assert (read_problem(store, lift).size, read_problem(store, noise).size) == (3, 5)


def test_what_is_merged_stays_one_and_the_other_points_at_it(store: Store) -> None:
    lift, noise = lift_and_noise(store, 3)
    correct(store, lift, Kind.MERGE, other=noise)
    regroup(store)
    assert set(members_of(store).values()) == {lift}
    gone = read_problem(store, noise)
    assert (gone.state, gone.merged_into, gone.size) == (ProblemState.MERGED, lift, 0)
    file(store, tell(NOISE, 3, "B-9"))
    assert members_of(store)["B-9"] == lift


def test_merging_what_was_split_brings_it_together_for_good(store: Store) -> None:
    lift, _ = lift_and_noise(store)
    new = correct(store, lift, Kind.SPLIT, submissions=("A-0", "A-1"))
    correct(store, lift, Kind.MERGE, other=new)
    regroup(store)
    assert frozenset(f"A-{n}" for n in range(4)) in groups_of(store)
    assert members_of(store)["A-0"] == lift


def test_one_that_is_brought_in_stays(store: Store) -> None:
    lift, _ = lift_and_noise(store)
    file_matter(store, "", 2, prefix="C")
    correct(store, lift, Kind.ADD, submissions=("C-1",))
    regroup(store)
    assert members_of(store)["C-1"] == lift
    assert "C-0" not in members_of(store)


def test_what_was_called_no_problem_stays_so_and_new_ones_join_it_silently(store: Store) -> None:
    lift, noise = lift_and_noise(store, 3)
    correct(store, lift, Kind.DISMISS, note="同一户反复来信，不是共性问题")
    file(store, tell(LIFT, 3, "A-9"))
    regroup(store)
    problem = read_problem(store, lift)
    assert (problem.state, problem.size) == (ProblemState.DISMISSED, 4)
    correct(store, lift, Kind.RESTORE)
    assert read_problem(store, lift).state is ProblemState.OPEN
    assert read_problem(store, noise).state is ProblemState.OPEN


def test_what_was_corrected_since_the_ledger_was_read_is_left_alone(store: Store) -> None:
    lift, noise = lift_and_noise(store, 3)
    correct(store, lift, Kind.MOVE, submissions=("A-1",), other=noise)
    stale = Move(lift, (("A-1", lift, 0.5), ("A-2", lift, 0.5)))
    with store.writing() as session:
        assert write_moves(session, [stale], now=LATER) == 1
    assert members_of(store)["A-1"] == noise


def test_what_would_join_a_problem_that_is_another_one_now_joins_that(store: Store) -> None:
    lift, noise = lift_and_noise(store, 2)
    file_matter(store, "", 1, prefix="C")
    correct(store, noise, Kind.MERGE, other=lift)
    stale = Move(lift, (("C-0", None, 0.5),))
    with store.writing() as session:
        assert write_moves(session, [stale], now=LATER) == 1
    assert members_of(store)["C-0"] == noise
    assert read_problem(store, noise).size == 5


def test_what_was_called_no_problem_since_the_ledger_was_read_draws_nothing_in(
    store: Store,
) -> None:
    lift, noise = lift_and_noise(store, 3)
    file_matter(store, "", 1, prefix="C")
    correct(store, lift, Kind.DISMISS, note="各说各的")
    stale = Move(lift, (("B-2", noise, 0.5), ("C-0", None, 0.5)))
    with store.writing() as session:
        assert write_moves(session, [stale], now=LATER) == 1
    members = members_of(store)
    assert (members["B-2"], members["C-0"]) == (noise, lift)


def test_who_looked_at_an_older_version_is_told(store: Store) -> None:
    lift, _ = lift_and_noise(store, 2)
    correct(store, lift, Kind.RENAME, name="电梯")
    told = Correction(kind=Kind.RENAME, name="别的")
    with store.writing() as session, pytest.raises(Conflict, match="刚被他人更正过"):
        correct_problem(session, lift, told, caller=CLERK, version=1, now=LATER)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"kind": Kind.RENAME, "name": " "}, InvalidInput),
        ({"kind": Kind.DISMISS}, InvalidInput),
        ({"kind": Kind.SPLIT, "submissions": ()}, InvalidInput),
        ({"kind": Kind.SPLIT, "submissions": ("A-0", "A-1")}, InvalidInput),
        ({"kind": Kind.SPLIT, "submissions": ("B-0",)}, NotFound),
        ({"kind": Kind.MERGE}, InvalidInput),
        ({"kind": Kind.MERGE, "other": 404}, NotFound),
        ({"kind": Kind.ADD, "submissions": ("nobody",)}, NotFound),
        ({"kind": Kind.RESTORE}, Conflict),
    ],
)
def test_what_cannot_be_done_is_refused(
    store: Store, said: dict[str, object], error: type[Exception]
) -> None:
    lift, _ = lift_and_noise(store, 2)
    before = members_of(store)
    told = Correction(**said)  # type: ignore[arg-type]
    with store.writing() as session, pytest.raises(error):
        correct_problem(session, lift, told, caller=CLERK, version=1, now=LATER)
    assert members_of(store) == before


def test_an_accusation_is_as_unknown_to_a_correction_as_what_is_not_there(store: Store) -> None:
    lift, _ = lift_and_noise(store, 2)
    file(store, tell("", 1, "J-1"))
    with store.writing() as session:
        decision = Decision(nature="检举控告", reason="举报")
        record_decision(session, "J-1", decision, caller=CLERK, now=NOW + MINUTE)
    messages = []
    for submission_id in ("J-1", "J-9"):
        with pytest.raises(NotFound) as caught:
            correct(store, lift, Kind.ADD, submissions=(submission_id,))
        messages.append(caught.value.message.replace(submission_id, "X"))
    assert len(set(messages)) == 1
    regroup(store)
    with store.reading() as session:
        assert session.query(TraceRow).filter_by(submission_id="J-1").count() == 0


def test_only_who_sees_all_members_may_correct(store: Store) -> None:
    lift, _ = lift_and_noise(store, 2)
    told = Correction(kind=Kind.RENAME, name="电梯")
    for caller in (HOUSING_OFFICER, caller_as(Role.ADMIN)):
        with store.writing() as session, pytest.raises(AccessDenied):
            correct_problem(session, lift, told, caller=caller, version=1, now=LATER)


def test_merging_two_large_problems_makes_the_next_clustering_no_slower(store: Store) -> None:
    """With all pairs of the two it would take minutes and gigabytes."""
    many = 20_000
    told = {"with": [f"b{n}" for n in range(many)], "apart": []}
    lift, noise = lift_and_noise(store, 2)
    correct(store, lift, Kind.SPLIT, submissions=("A-0",))
    with store.writing() as session:
        session.execute(
            insert(CorrectionRow).values(
                kind=Kind.MERGE,
                problem_id=noise,
                submission_ids=[f"a{n}" for n in range(many)],
                payload=told,
                who="wang",
                note="",
                at=LATER,
            )
        )
    with store.reading() as session:
        assert list_partings(session) == [("A-0", "A-1")]
