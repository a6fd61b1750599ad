"""What a clustering of all submissions would change in the problems that stand: a plan, no writing.

A problem that persists keeps its id. What persons have placed together stays together, what they
have told apart stays apart, and what they called no problem draws nothing in from another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.problems import choose_problem, group_traces
from triage.traces import Trace, measure_match

_COMPARED = 5  # members that one is held against to say how alike it is


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood when the ledger was read: the traces of submissions, where each belongs, which of
    them persons have placed, who is told apart, and what persons said of problems."""

    ids: tuple[str, ...]
    traces: tuple[Trace, ...]
    problem_of: Mapping[str, int]
    pinned: frozenset[str]
    partings: Sequence[tuple[str, str]]
    named: frozenset[int]
    dismissed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Move:
    """Submissions that belong elsewhere than they did: `to` is a problem, None: none.

    `members` are (submission, problem before or None, likeness). With `new` a problem is made for
    them.
    """

    to: int | None
    members: tuple[tuple[str, int | None, float], ...]
    new: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clustering would change. `absorbed` says which problems went into which."""

    moves: tuple[Move, ...]
    absorbed: Mapping[int, int]
    read: int
    groups: int


@dataclass(slots=True)
class _Group:
    members: list[str]
    problem: int | None = None


def plan_regrouping(standing: Standing) -> Plan:
    """Cluster what was read and say what would change; takes as long as the clustering."""
    number = {key: place for place, key in enumerate(standing.ids)}
    groups = [
        _Group([standing.ids[place] for place in group])
        for group in group_traces(
            standing.traces,
            together=_list_together(standing, number),
            apart=[
                (number[one], number[other])
                for one, other in standing.partings
                if one in number and other in number
            ],
        )
    ]
    groups = list(_keep_pins(groups, standing, number))
    _keep_ids(groups, standing)
    groups = [group for group in groups if group.members]
    moves = list(_list_moves(groups, standing, number))
    kept = sum(group.problem is not None or len(group.members) > 1 for group in groups)
    return Plan(tuple(moves), _find_absorbed(groups, standing), len(standing.ids), kept)


def _list_together(standing: Standing, number: Mapping[str, int]) -> list[tuple[int, int]]:
    """A chain through those that persons have placed in one problem."""
    placed: defaultdict[int, list[int]] = defaultdict(list)
    for one in sorted(standing.pinned):
        placed[standing.problem_of[one]].append(number[one])
    return [pair for chain in placed.values() for pair in pairwise(chain)]


def _keep_pins(
    groups: Sequence[_Group], standing: Standing, number: Mapping[str, int]
) -> Iterator[_Group]:
    """The groups, none of which holds what persons placed in two problems, nor lacks what they
    placed in its own; what a dismissed problem would draw in from another stays with that."""
    homes: dict[int, _Group] = {}
    for group in groups:
        pins = {one: standing.problem_of[one] for one in group.members if one in standing.pinned}
        for one, problem in pins.items():
            homes.setdefault(problem, _Group([], problem)).members.append(one)
        rest = [one for one in group.members if one not in pins]
        if not pins:
            yield _Group(rest)
            continue
        choices = [(standing.traces[number[one]], problem) for one, problem in pins.items()]
        left = []
        for one in rest:
            home = _find_home(one, choices, standing, number)
            if home is None:
                left.append(one)
            else:
                homes[home].members.append(one)
        if left:
            yield _Group(left)
    yield from homes.values()


def _find_home(
    one: str,
    choices: Sequence[tuple[Trace, int]],
    standing: Standing,
    number: Mapping[str, int],
) -> int | None:
    """Which of the placed problems in its group a submission goes to."""
    before = standing.problem_of.get(one)
    problems = {problem for _, problem in choices}
    if before in problems:
        return before
    if len(problems) == 1:
        home: int | None = next(iter(problems))
    else:
        home, _ = choose_problem(standing.traces[number[one]], choices)
    return None if home in standing.dismissed and before is not None else home


def _keep_ids(groups: Sequence[_Group], standing: Standing) -> None:
    """Give each group the problem that it continues: the one with which it shares most members,
    before others one that a person has named or called none. Where a person has placed others into
    that problem, the group joins them."""
    homes = {group.problem: group for group in groups if group.problem is not None}
    claims = []
    for place, group in enumerate(groups):
        if group.problem is None:
            before = (standing.problem_of.get(one) for one in group.members)
            shared = Counter(problem for problem in before if problem is not None)
            for problem, count in shared.items():
                if len(group.members) > 1 or problem in homes:
                    corrected = problem in standing.named or problem in standing.dismissed
                    claims.append((not corrected, -count, problem, place))
    taken: set[int] = set()
    for _, _, problem, place in sorted(claims):
        group = groups[place]
        if problem in taken or group.problem is not None or not group.members:
            continue
        taken.add(problem)
        if problem in homes:
            homes[problem].members += group.members
            group.members = []
        else:
            group.problem = problem


def _list_moves(
    groups: Sequence[_Group], standing: Standing, number: Mapping[str, int]
) -> Iterator[Move]:
    alone = []
    for group in groups:
        new = group.problem is None
        if new and len(group.members) < 2:
            alone += group.members
            continue
        moved = [one for one in group.members if standing.problem_of.get(one) != group.problem]
        if new:
            moved = group.members
        if moved:
            traces = [standing.traces[number[one]] for one in group.members[:_COMPARED]]
            members = tuple(
                (
                    one,
                    standing.problem_of.get(one),
                    _likeness(standing.traces[number[one]], traces),
                )
                for one in moved
            )
            yield Move(group.problem, members, new=new)
    for one in alone:
        if one in standing.problem_of:
            yield Move(None, ((one, standing.problem_of[one], 0.0),))


def _likeness(trace: Trace, others: Sequence[Trace]) -> float:
    return max((measure_match(trace, other) for other in others if other is not trace), default=1.0)


def _find_absorbed(groups: Sequence[_Group], standing: Standing) -> dict[int, int]:
    """Problems of which nothing is left, each with the one that most of its members went to."""
    kept = {group.problem for group in groups}
    went: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for group in groups:
        if group.problem is None:
            continue
        for one in group.members:
            before = standing.problem_of.get(one)
            if before is not None and before not in kept:
                went[before][group.problem] += 1
    return {problem: counts.most_common(1)[0][0] for problem, counts in went.items()}
