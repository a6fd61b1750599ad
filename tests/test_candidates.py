"""Which of those that share keys with a new submission are held against it."""

from triage.candidates import MOST_CANDIDATES, OF_ONE_PROBLEM, choose_candidates


def test_who_shares_most_and_what_is_rarest_comes_first() -> None:
    rare, common = ["a", "b"], ["c", "d", *(f"x{n}" for n in range(50))]
    sharers = [rare, ["a", "b", "c"], ["a"], common, common]
    assert choose_candidates(sharers, {})[:3] == ["a", "b", "c"]
    assert choose_candidates([["a", "b"], ["a", "b"], common, common], {})[:2] == ["b", "a"]


def test_where_nobody_shares_anything_nobody_is_looked_at() -> None:
    assert choose_candidates([], {}) == []


def test_copies_in_one_problem_hide_nobody() -> None:
    copies = [f"copy{n:02}" for n in range(40)]
    sharers = [[*copies, "other", "alone"]] * 3 + [copies] * 5
    chosen = choose_candidates(sharers, dict.fromkeys(copies, 1) | {"other": 2})
    assert len(chosen) == OF_ONE_PROBLEM + 2
    assert {"other", "alone"} < set(chosen)


def test_of_very_many_that_stand_alone_some_are_looked_at() -> None:
    many = [str(number) for number in range(200)]
    assert len(choose_candidates([many, many], {})) == MOST_CANDIDATES
