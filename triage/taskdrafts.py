"""The draft of a task (建议任务) for a common problem: a suggestion, which a person plans or not.

Its measures are sentences out of the replies that solved similar entries, each with the entry that
it comes from; where there is no such entry, the draft says so and has none. The deadline is the
rule's, the departments are those of the entries and the dispatch catalogue.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from triage.calendar import day_of
from triage.copies import measure_likeness
from triage.deadlines import set_terms
from triage.milestones import DEFAULT_STEPS, Milestone, set_back
from triage.privacy import mask
from triage.sentences import Act, read_sentences
from triage.suggestions import URGENCY_NAMES, DepartmentSuggestion
from triage.text import clean_text
from triage.timetable import Timetable

MAX_MEASURES = 6
MAX_CASES = 20  # closed entries that are read
_MOST_OF_ONE = 3  # measures drawn from one closed entry
_LONGEST = 200  # characters of a measure
_SHORTEST = 10
_ALIKE = 0.5  # share of shingles above which two measures are one
_MOST_EXAMPLES = 3
# A call to the writer is owed for every reply; it solves no matter.
_TOLD_THE_WRITER = re.compile("[向与同给](?:您|你|反映人|来电人|来访人|诉求人|投诉人|信访人)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the problem: its submission, and its entry where it has one; `open` until that is
    closed."""

    submission_id: str
    urgency: int
    nature: str
    entry_id: int | None = None
    department: str | None = None
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """The problem that a task is drafted for.

    `places` are the names of its divisions, `examples` one sentence each of representative members,
    `reporters` how many different people tell of it, `domain` the name for people.
    """

    name: str
    domain: str
    domain_code: str
    members: tuple[Member, ...]
    reporters: int
    places: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCase:
    """A similar entry that was closed as solved, with the reply that solved it.

    `likeness` (0 to 1) to the problem; `satisfied` is what its reporter said, None where nothing.
    """

    entry_id: int
    title: str
    department: str
    reply: str
    closed_at: datetime
    likeness: float
    satisfied: bool | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure (措施) as it stands in the reply of entry `entry_id`, closed on that day by that
    department; `confirmed` by its reporter."""

    text: str
    entry_id: int
    department: str
    closed_on: date
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """A task as it might be planned; all texts are Chinese, for the person who decides.

    `lead` None: the person chooses. `deadline` None: the rule sets none. `notes` say what the
    machine could not find.
    """

    title: str
    matter: str
    submission_ids: tuple[str, ...]
    entry_ids: tuple[int, ...]
    lead: str | None
    assisting: tuple[str, ...]
    reasons: tuple[str, ...]
    deadline: date | None
    deadline_reason: str
    provisional: bool
    milestones: tuple[Milestone, ...]
    measures: tuple[Measure, ...]
    tell: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values; days as ISO dates."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        told["deadline"] = None if self.deadline is None else self.deadline.isoformat()
        told["milestones"] = [
            {"name": step.name, "due": step.due.isoformat()} for step in self.milestones
        ]
        told["measures"] = [
            {
                "text": one.text,
                "entry_id": one.entry_id,
                "department": one.department,
                "closed_on": one.closed_on.isoformat(),
                "confirmed": one.confirmed,
            }
            for one in self.measures
        ]
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in told.items()
        }


def draft_task(
    matter: Matter,
    *,
    similar: Sequence[ClosedCase],
    now: datetime,
    timetable: Timetable,
    dispatch: DepartmentSuggestion | None = None,
) -> TaskDraft:
    """The task that this problem calls for.

    `similar` are closed entries of the like, in any order, none of them of accusations; `dispatch`
    is what the catalogue says of a typical member.
    """
    lead, assisting, reasons = _choose_departments(matter, dispatch)
    measures, notes = _draw_measures(similar)
    deadline, why, provisional = _set_deadline(matter, now=now, timetable=timetable)
    if lead is None:
        notes.append("没有可据以确定主办单位的条目或派单规则，请指定主办单位")
    if deadline is None:
        notes.append("适用的时限规则没有规定期限，请填写完成时限")
    entries = tuple(sorted(one.entry_id for one in matter.members if one.entry_id is not None))
    if not entries:
        notes.append("成员来件还没有台账条目，请先交办，再列任务")
    return TaskDraft(
        title=f"解决{matter.name.removesuffix('问题')}问题",
        matter=_describe(matter),
        submission_ids=tuple(one.submission_id for one in matter.members),
        entry_ids=entries,
        lead=lead,
        assisting=assisting,
        reasons=reasons,
        deadline=deadline,
        deadline_reason=why,
        provisional=provisional,
        milestones=set_back(
            DEFAULT_STEPS, start=day_of(now), deadline=deadline, calendar=timetable.calendar
        )
        if deadline
        else (),
        measures=measures,
        tell=_list_told(matter, lead, assisting),
        notes=tuple(notes),
    )


def _describe(matter: Matter) -> str:
    places = f"，涉及{'、'.join(matter.places)}" if matter.places else ""
    undone = sum(one.open for one in matter.members)
    text = (
        f"{matter.name}（{matter.domain or '领域不详'}）：{len(matter.members)} 件来件、"
        f"{matter.reporters} 人反映，{undone} 件未办结{places}。"
    )
    examples = [mask(one.strip()) for one in matter.examples[:_MOST_EXAMPLES] if one.strip()]
    return text + (f"如：{'；'.join(f'“{one}”' for one in examples)}" if examples else "")


def _choose_departments(
    matter: Matter, dispatch: DepartmentSuggestion | None
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """The lead is who leads most of the entries: those were dispatched, many by a person. Without
    entries it is the catalogue's."""
    leads = Counter(one.department for one in matter.members if one.department)
    ranked = sorted(leads.items(), key=lambda item: (-item[1], item[0]))
    total = leads.total()
    named = dispatch.lead if dispatch else None
    reasons: list[str] = []
    if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1] or named is None):
        lead: str | None = ranked[0][0]
        reasons.append(f"{total} 件条目中 {ranked[0][1]} 件由{lead}主办")
        if named and named != lead:
            reasons.append(f"派单目录的主办单位为{named}，与多数条目不同，请核对")
    elif ranked and named not in leads:
        lead = ranked[0][0]
        reasons.append(f"各单位主办的条目一样多，派单目录又指向{named}，暂列{lead}，请裁定")
    else:
        lead = named
    if lead is not None and lead == named and dispatch:
        reasons += dispatch.reasons
    others = [name for name, _ in ranked if name != lead]
    reasons += [f"{name}主办其中 {leads[name]} 件，列为协办" for name in others]
    if named and named != lead:
        others.append(named)
    if dispatch:
        others += [name for name in dispatch.assisting if name != lead]
    return lead, tuple(dict.fromkeys(others)), tuple(reasons)


def _set_deadline(
    matter: Matter, *, now: datetime, timetable: Timetable
) -> tuple[date | None, str, bool]:
    """By the rule for the urgency and nature that most members have, of two the graver: each single
    entry keeps its own shorter time."""
    urgencies = Counter(one.urgency for one in matter.members)
    urgency = min(urgencies, key=lambda level: (-urgencies[level], level), default=4)
    natures = Counter(one.nature for one in matter.members)
    nature = min(natures, key=lambda name: (-natures[name], name), default="")
    rule = timetable.rulebook.choose(urgency=urgency, nature=nature, domain_code=matter.domain_code)
    terms = set_terms(rule, assigned_at=now, calendar=timetable.calendar)
    ground = f"（{rule.article}）" if rule.article else ""
    most = f"成员多为“{URGENCY_NAMES[urgency]}”" + (f"、“{nature}”" if nature else "")
    if terms.deadline_at is None or rule.within is None:
        return None, f"{most}，适用“{rule.name}”{ground}，未规定期限", False
    why = f"{most}，适用“{rule.name}”{ground}，自今日起 {rule.within.name}"
    return day_of(terms.deadline_at), why, terms.provisional


def _draw_measures(similar: Sequence[ClosedCase]) -> tuple[tuple[Measure, ...], list[str]]:
    """What the replies to similar entries say was done, those first that their reporter confirms;
    what a reporter denies is no example."""
    cases = sorted(
        (case for case in similar if case.satisfied is not False),
        key=lambda case: (not case.satisfied, -case.likeness, case.entry_id),
    )
    measures: list[Measure] = []
    for case in cases[:MAX_CASES]:
        taken = 0
        for text in _list_done(case.reply):
            if taken == _MOST_OF_ONE or len(measures) == MAX_MEASURES:
                break
            if all(measure_likeness(text, one.text) < _ALIKE for one in measures):
                day = day_of(case.closed_at)
                measures.append(
                    Measure(text, case.entry_id, case.department, day, case.satisfied is True)
                )
                taken += 1
    if measures:
        return tuple(measures), []
    if cases:
        return (), [f"有 {len(cases)} 件相似的已办结条目，但回告没有写明做法，措施请研究后填写"]
    return (), ["没有相似的已办结条目可供参考，措施请研究后填写"]


def _list_done(reply: str) -> list[str]:
    """The sentences of a reply that say what was done about the matter, masked."""
    done = []
    for sentence in read_sentences(clean_text(reply)):
        acts = sentence.acts
        if sentence.says_something and Act.DONE in acts and not acts & {Act.PASSED_ON, Act.DENIED}:
            text = sentence.body.strip(" ，,、。；;")
            if _SHORTEST <= len(text) <= _LONGEST and not _TOLD_THE_WRITER.search(text):
                done.append(mask(text))
    return done


def _list_told(matter: Matter, lead: str | None, assisting: Sequence[str]) -> tuple[str, ...]:
    told = [
        f"全部 {matter.reporters} 名反映人（{len(matter.members)} 件来件逐件回告）",
        *([f"{lead}（主办）"] if lead else []),
        *(f"{name}（协办）" for name in assisting),
        *(f"{place}信访工作机构" for place in matter.places),
        "督查员",
    ]
    return tuple(told)
