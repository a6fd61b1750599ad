"""Which of those that share keys with a new submission are worth holding against it.

Next to nothing is known of them yet: who shares which key, and which problem each belongs to.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import log

MOST_CANDIDATES = 24  # looked at for one submission
OF_ONE_PROBLEM = 4  # of them, members of one problem


def choose_candidates(
    sharers: Iterable[Sequence[str]], problem_of: Mapping[str, Hashable]
) -> list[str]:
    """Those (ids) to look at, the likest first: who shares the most and the rarest keys, and of one
    problem a few, so that copies hide nobody.

    `sharers` are the submissions that share each key; who is not in `problem_of` stands alone.
    """
    likeness: defaultdict[str, float] = defaultdict(float)
    for others in sharers:
        weight = 1 / log(2 + len(others))
        for other in others:
            likeness[other] += weight
    chosen: list[str] = []
    taken: Counter[Hashable] = Counter()
    for other in sorted(likeness, key=lambda one: (likeness[one], one), reverse=True):
        problem = problem_of.get(other)
        if problem is not None:
            if taken[problem] == OF_ONE_PROBLEM:
                continue
            taken[problem] += 1
        chosen.append(other)
        if len(chosen) == MOST_CANDIDATES:
            break
    return chosen
