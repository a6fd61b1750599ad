"""The rules of the supervision list (监督清单): what a supervisor should look at, with evidence.

Each rule is one small function over plain records. It says what the records show and from which
threshold on it spoke; it never judges. A supervisor confirms, dismisses or urges.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from triage.copies import count_said, find_copies, measure_likeness
from triage.ledger.states import Outcome, TaskState
from triage.observations import (
    Answer,
    Asking,
    Dispute,
    Handover,
    Intake,
    Place,
    Planned,
    Problem,
    Running,
    Standstill,
    Visit,
)
from triage.thresholds import Thresholds
from triage.words import cut_words

_SHOWN = 50  # ids that the evidence of one finding names; the count is always whole
_SAME_MATTER = 0.4  # requests this alike are about one matter, and may get one answer
_ENQUIRY = "咨询"
_COMMON = frozenset(
    (
        *("您好", "你好", "反映", "问题", "情况", "有关", "相关", "部门", "我们", "他们", "你们"),
        *("单位", "进行", "处理", "解决", "希望", "请问", "如何", "为什么", "怎么", "什么", "可以"),
        *("没有", "感谢", "谢谢", "领导", "政府", "尊敬", "工作", "人员", "目前", "现在", "已经"),
        *("关于", "以及", "要求", "需要"),
    )
)  # words that any request and any reply may have


class Rule(StrEnum):
    """What a finding is about (监督事项的种类)."""

    OVERDUE = "overdue"
    EXTENDED = "extended"
    PAUSED = "paused"
    PASSED_ON = "passed_on"
    COPIED_REPLY = "copied_reply"
    EMPTY_REPLY = "empty_reply"
    DISPUTED = "disputed"
    INVENTED = "invented"
    SILENT = "silent"
    CROWDED = "crowded"
    UNTASKED = "untasked"
    NO_EFFECT = "no_effect"


RULE_NAMES = {
    Rule.OVERDUE: "逾期未回告",
    Rule.EXTENDED: "多次申请延期",
    Rule.PAUSED: "多次停表、久停不办",
    Rule.PASSED_ON: "多次退回、改派（推诿）",
    Rule.COPIED_REPLY: "回告雷同",
    Rule.EMPTY_REPLY: "回告未触及诉求（敷衍）",
    Rule.DISPUTED: "称已解决而反映人说未解决（虚假办结）",
    Rule.INVENTED: "条目雷同且缺人、缺地、缺事（编造问题）",
    Rule.SILENT: "邻近都有而此处没有（漏户漏项）",
    Rule.CROWDED: "短期内多组走访同一户（扎堆扰民）",
    Rule.UNTASKED: "共性问题没有任务",
    Rule.NO_EFFECT: "任务没有效果",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: `subject` names what it is about, the same each time the rule is run.

    `evidence` holds numbers, times, ids and codes; of a reply's quality also its own sentences.
    """

    rule: Rule
    subject: str
    department: str | None
    evidence: dict[str, Any]
    entry_id: int | None = None


def find_overdue(entries: Iterable[Running], *, now: datetime) -> Iterator[Found]:
    """Entries whose deadline has passed without a reply, by the rule they run under."""
    for entry in entries:
        if entry.deadline_at >= now or entry.paused_at is not None:
            continue
        evidence = {
            "deadline_at": _spell(entry.deadline_at),
            "hours_late": _hours(now - entry.deadline_at),
            "rule": entry.rule,
            "provisional": entry.provisional,
        }
        yield _of_entry(
            Rule.OVERDUE, entry.entry_id, entry.department, evidence, turn=entry.reopenings
        )


def find_extended(requests: Iterable[Asking], *, thresholds: Thresholds) -> Iterator[Found]:
    """Entries for which more time was asked again (Art. 34 knows one extension)."""
    for entry_id, asked in _by_entry(requests).items():
        if len(asked) < thresholds.extension_requests:
            continue
        evidence = {
            "requests": len(asked),
            "granted": sum(one.granted is True for one in asked),
            "refused": sum(one.granted is False for one in asked),
            "asked_at": [_spell(one.asked_at) for one in asked],
        }
        yield _of_entry(Rule.EXTENDED, entry_id, asked[-1].department, evidence)


def find_paused(
    standstills: Iterable[Standstill], *, now: datetime, thresholds: Thresholds
) -> Iterator[Found]:
    """Entries whose clock was stopped time and again, or for long, if on grounds the rule names."""
    for entry_id, stops in _by_entry(standstills).items():
        stood = sum(((stop.until or now) - stop.since for stop in stops), timedelta())
        if len(stops) < thresholds.pauses and stood < timedelta(days=thresholds.pause_days):
            continue
        evidence = {
            "pauses": len(stops),
            "days": round(stood / timedelta(days=1), 1),
            "grounds": list(dict.fromkeys(stop.ground for stop in stops)),
            "paused_at": [_spell(stop.since) for stop in stops],
            "stands_still": stops[-1].until is None,
        }
        yield _of_entry(Rule.PAUSED, entry_id, stops[-1].department, evidence)


def find_passed_on(handovers: Iterable[Handover], *, thresholds: Thresholds) -> Iterator[Found]:
    """Entries that were returned or passed on time and again (Art. 23: a wrong addressee objects
    once, with reasons)."""
    for entry_id, steps in _by_entry(handovers).items():
        if len(steps) < thresholds.handovers:
            continue
        counts = Counter(step.command for step in steps)
        evidence = {
            "returns": counts["return"],
            "reassignments": counts["reassign"],
            "steps": [{"command": step.command, "at": _spell(step.at)} for step in steps],
        }
        yield _of_entry(Rule.PASSED_ON, entry_id, steps[-1].department, evidence)


def find_copied_replies(answers: Sequence[Answer], *, thresholds: Thresholds) -> Iterator[Found]:
    """Replies that are near copies of an earlier reply to another matter.

    `answers` come in order of time. One answer to many who report one matter is as it should be,
    and so is the same information to two who ask for it; neither is found.
    """
    copies = find_copies(
        [answer.text for answer in answers],
        similarity=thresholds.copy_similarity,
        length=thresholds.copy_length,
    )
    for copy in copies:
        later, earlier = answers[copy.later], answers[copy.earlier]
        asks_alike = later.nature == _ENQUIRY and later.domain_code == earlier.domain_code
        if (
            later.entry_id == earlier.entry_id
            or asks_alike
            or measure_likeness(later.request, earlier.request) >= _SAME_MATTER
        ):
            continue
        evidence = {
            "reply": later.reply_id,
            "copies_reply": earlier.reply_id,
            "copies_entry": earlier.entry_id,
            "similarity": copy.similarity,
            "replied_at": _spell(later.at),
        }
        yield Found(
            Rule.COPIED_REPLY,
            f"reply:{later.reply_id}",
            later.department,
            evidence,
            later.entry_id,
        )


def find_empty_replies(answers: Iterable[Answer], *, thresholds: Thresholds) -> Iterator[Found]:
    """Replies that do not touch the request, or that say nothing but that it was received.

    Where the quality of the reply was measured it speaks; else a reply is found that has not one
    word of the matter in common with the request.
    """
    for answer in answers:
        quality = answer.quality
        if quality is None:
            if _touches(answer.request, answer.text):
                continue
            evidence: dict[str, Any] = {"words_in_common": 0}
        else:
            relevance = quality.get("relevance")
            beside = relevance is not None and relevance < thresholds.reply_relevance
            if not quality.get("perfunctory") and not beside:
                continue
            kept = ("perfunctory", "relevance", "completeness", "grounds", "action", "reasons")
            evidence = {name: quality[name] for name in kept if name in quality}
        evidence |= {"reply": answer.reply_id, "replied_at": _spell(answer.at)}
        yield Found(
            Rule.EMPTY_REPLY,
            f"reply:{answer.reply_id}",
            answer.department,
            evidence,
            answer.entry_id,
        )


def find_disputed(disputes: Iterable[Dispute]) -> Iterator[Found]:
    """Entries replied to as solved while a reporter says that they are not."""
    for entry_id, said in _by_entry(disputes).items():
        denied = [one for one in said if one.outcome is Outcome.SOLVED and not one.solved]
        if not denied:
            continue
        evidence = {
            "denials": len(denied),
            "said": [
                {
                    "replied_at": _spell(one.replied_at),
                    "evaluated_at": _spell(one.evaluated_at),
                    "satisfaction": one.satisfaction,
                    "source": one.source,
                }
                for one in denied[:_SHOWN]
            ],
            "solved_since": any(
                one.solved and one.evaluated_at > denied[-1].evaluated_at for one in said
            ),
            "closed_at": _spell(denied[-1].closed_at),
        }
        turn = len({one.replied_at for one in denied}) - 1
        yield _of_entry(Rule.DISPUTED, entry_id, denied[-1].department, evidence, turn=turn)


def find_invented(intakes: Sequence[Intake], *, thresholds: Thresholds) -> Iterator[Found]:
    """Entries of one unit that are near copies of each other and lack person, place or matter.

    An entry without a matter has fewer characters than `invented_length`; one that tells who and
    where is taken for what it says, however alike.
    """
    by_source: defaultdict[str, list[Intake]] = defaultdict(list)
    for intake in intakes:
        vague = count_said(intake.text) < thresholds.invented_length
        if vague or not (intake.has_person or intake.has_place):
            by_source[intake.source].append(intake)
    for source, group in by_source.items():
        for cluster in _cluster(group, similarity=thresholds.copy_similarity):
            if len(cluster) < thresholds.invented_copies:
                continue
            first = cluster[0]
            short = [count_said(one.text) < thresholds.invented_length for one in cluster]
            evidence = {
                "source": source,
                "copies": len(cluster),
                "entries": [one.entry_id for one in cluster[:_SHOWN]],
                "without_person": sum(not one.has_person for one in cluster),
                "without_place": sum(not one.has_place for one in cluster),
                "without_matter": sum(short),
            }
            subject = f"copies:{first.entry_id}"
            yield Found(Rule.INVENTED, subject, first.department, evidence)


def find_silent(places: Iterable[Place], *, thresholds: Thresholds) -> Iterator[Found]:
    """Villages, streets and divisions with no entry while their neighbours have many."""
    groups: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        groups[place.group].append(place)
    for group in groups.values():
        silent = [place for place in group if not place.entries]
        neighbours = sorted(place.entries for place in group)[1:]  # but for the silent one itself
        if not silent or len(neighbours) < thresholds.silent_neighbours:
            continue
        typical = median(neighbours)
        for place in silent if typical >= thresholds.silent_median else ():
            evidence = {
                "name": place.name,
                "entries": 0,
                "neighbours": len(neighbours),
                "median_of_neighbours": typical,
                "days": thresholds.silent_days,
            }
            yield Found(Rule.SILENT, place.key, place.department, evidence)


def find_crowded(visits: Iterable[Visit], *, thresholds: Thresholds) -> Iterator[Found]:
    """Households and firms that several teams called on within a few days."""
    homes: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        homes[visit.household].append(visit)
    span = timedelta(days=thresholds.crowded_days)
    for household, calls in homes.items():
        calls.sort(key=lambda visit: visit.at)
        worst = _find_worst(calls, span)
        teams = sorted({visit.team for visit in worst})
        if len(teams) >= thresholds.crowded_teams:
            evidence = {
                "teams": teams[:_SHOWN],
                "visits": len(worst),
                "entries": [visit.entry_id for visit in worst[:_SHOWN]],
                "from": _spell(worst[0].at),
                "to": _spell(worst[-1].at),
                "days": thresholds.crowded_days,
            }
            yield Found(Rule.CROWDED, f"household:{household}", None, evidence)


def _find_worst(calls: Sequence[Visit], span: timedelta) -> Sequence[Visit]:
    """The first of the stretches of so long, of these visits in order of time, in which most teams
    came; in one walk, as a place that many have in common may have been called on very often."""
    worst, most, end = (0, 0), 0, 0
    teams: Counter[str] = Counter()
    for start, call in enumerate(calls):
        while end < len(calls) and calls[end].at < call.at + span:
            teams[calls[end].team] += 1
            end += 1
        if len(teams) > most:
            worst, most = (start, end), len(teams)
        teams[call.team] -= 1
        if not teams[call.team]:
            del teams[call.team]
    return calls[slice(*worst)]


def find_untasked(problems: Iterable[Problem], *, thresholds: Thresholds) -> Iterator[Found]:
    """Matters that many entries share and that no task takes up."""
    for problem in problems:
        if problem.has_task or problem.entries < thresholds.problem_entries:
            continue
        evidence = {
            "entries": problem.entries,
            "examples": list(problem.entry_ids[:_SHOWN]),
            "days": thresholds.problem_days,
        }
        yield Found(Rule.UNTASKED, f"problem:{problem.key}", problem.department, evidence)


def find_no_effect(
    tasks: Iterable[Planned], *, now: datetime, thresholds: Thresholds
) -> Iterator[Found]:
    """Tasks that are past their deadline, or called done, without an effect on record."""
    grace = timedelta(days=thresholds.effect_grace_days)
    for task in tasks:
        late = task.deadline_at is not None and task.deadline_at + grace < now
        if task.has_effect or task.state is TaskState.CANCELLED:
            continue
        if task.state is TaskState.DONE or late:
            evidence = {
                "task": task.task_id,
                "state": task.state.value,
                "deadline_at": _spell(task.deadline_at),
                "closed_at": _spell(task.closed_at),
            }
            yield Found(Rule.NO_EFFECT, f"task:{task.task_id}", task.department, evidence)


def _of_entry(
    rule: Rule, entry_id: int, department: str, evidence: dict[str, Any], *, turn: int = 0
) -> Found:
    """What was found once and dismissed must not hide that it comes again in another `turn`."""
    subject = f"entry:{entry_id}:{turn}" if turn else f"entry:{entry_id}"
    return Found(rule, subject, department, evidence, entry_id)


def _by_entry(records: Iterable[Any]) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for record in records:
        found[record.entry_id].append(record)
    return found


def _cluster(intakes: Sequence[Intake], *, similarity: float) -> list[list[Intake]]:
    """Those that are near copies of one another, directly or through others, oldest first."""
    head = list(range(len(intakes)))
    for copy in find_copies([intake.text for intake in intakes], similarity=similarity):
        head[copy.later] = head[copy.earlier]
    clusters: defaultdict[int, list[Intake]] = defaultdict(list)
    for number, intake in enumerate(intakes):
        clusters[head[number]].append(intake)
    return list(clusters.values())


def _touches(request: str, reply: str) -> bool:
    """Whether the reply takes up one word of the matter of the request."""
    words = {word for word in cut_words(request) if len(word) > 1 and word not in _COMMON}
    words = {word for word in words if all("\u4e00" <= char <= "\u9fff" for char in word)}
    return not words or any(word in reply for word in words)


def _spell(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)
