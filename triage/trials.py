"""What would change if the desk were another: both read the same submissions (试算).

So a new catalogue, line or model is looked at on what came in of late before it counts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triage.desk import Desk
from triage.submissions import Submission
from triage.suggestions import Suggestion

MOST_SHOWN = 100
PARTS = ("lead", "assisting", "domain", "urgency", "nature", "review")


@dataclass(frozen=True, slots=True)
class Call:
    """What of a suggestion decides where a submission goes; `review`: a clerk looks first."""

    lead: str | None
    assisting: tuple[str, ...]
    domain: str
    urgency: int
    nature: str
    review: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A submission that would go elsewhere, or be called otherwise."""

    submission_id: str
    before: Call
    after: Call


@dataclass(frozen=True, slots=True)
class Trial:
    """How the two desks differ: `parts` counts what changed, by the names of `PARTS`; `moves` how
    many leave one lead department for another; `changed` shows the first of them."""

    submissions: int
    review_before: int
    review_after: int
    parts: dict[str, int]
    moves: tuple[tuple[str | None, str | None, int], ...]
    changed: tuple[Changed, ...]


def try_desk(new: Desk, old: Desk, submissions: Sequence[Submission]) -> Trial:
    """Both desks on these submissions."""
    parts: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
    moves: Counter[tuple[str | None, str | None]] = Counter()
    changed: list[Changed] = []
    reviewed = was_reviewed = 0
    pairs = zip(
        submissions, old.suggest_many(submissions), new.suggest_many(submissions), strict=True
    )
    for submission, was, is_now in pairs:
        before, after = _call(was), _call(is_now)
        was_reviewed += before.review
        reviewed += after.review
        if before == after:
            continue
        parts.update(part for part in PARTS if getattr(before, part) != getattr(after, part))
        if before.lead != after.lead:
            moves[before.lead, after.lead] += 1
        if len(changed) < MOST_SHOWN:
            changed.append(Changed(submission.id, before, after))
    told = tuple((one, other, count) for (one, other), count in moves.most_common())
    return Trial(len(submissions), was_reviewed, reviewed, dict(parts), told, tuple(changed))


def _call(suggestion: Suggestion) -> Call:
    domain = suggestion.domain
    return Call(
        lead=suggestion.department.lead,
        assisting=suggestion.department.assisting,
        domain="/".join((domain.level1, domain.level2, domain.level3)),
        urgency=suggestion.urgency.level,
        nature=suggestion.nature.name,
        review=suggestion.needs_review,
    )
