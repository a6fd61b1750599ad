"""The common problems of a file of submissions: read, suggested, grouped, told as one JSON object.

What is called an accusation takes no part (《信访工作条例》 Art. 30). What only may be one is a
member by its id, but no word of it enters a name, a theme, a division or a draft; nor is a problem
told of that has no other members. The ledger keeps problems with persons' corrections; a file has
none, so the same file always gives the same answer: ids are made from the first member, and "now"
is the day of the latest submission.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from api.faults import name_fault
from api.files.batch import DeskFiles, Suggested, count_cores, quiet_worker, suggest_all
from api.files.errorfile import ErrorFile
from api.files.exports import part_of
from api.files.reading import RowError, open_submissions
from api.files.rows import make_whole, no_rows
from triage.calendar import Calendar
from triage.classifiers import ACCUSATION
from triage.errors import InvalidInput, TriageError
from triage.heat import measure_heat
from triage.naming import describe_problem
from triage.problems import group_sheaf
from triage.suggestions import DepartmentSuggestion
from triage.taskdrafts import Matter, Member, TaskDraft, draft_task
from triage.themes import Theme, Themed, count_themes, find_theme, name_by_domain
from triage.timetable import Timetable, default_settings
from triage.traces import MOST_READ, Told, find_districts, read_sheaf

LEAST = 2  # members from which on a matter is a common problem
_BATCH = 64  # problems that a process tells of at a time
_FEW = 500  # problems; up to here the start of the processes costs more than they save
_EXAMPLE = 60  # characters of a representative text in a draft
_KEPT = {  # of a suggestion: all that a problem is made of, for a million are held at once
    "domain": ("level1", "level2", "level3"),
    "urgency": ("level",),
    "nature": ("name",),
    "department": ("lead", "assisting", "reasons", "ground"),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a file: of its `submissions`, `confidential` were kept out as accusations and
    `suspected` took part without their words."""

    submissions: int
    confidential: int
    suspected: int
    problems: int
    bad: tuple[RowError, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a submission until all have been read; no word of it is told where it is
    `suspected` to be an accusation."""

    told: Told
    suggestion: Mapping[str, Any]
    divisions: tuple[str, ...]
    suspected: bool
    likes: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with what its record, its theme and its task are made of."""

    id: str
    name: str
    theme: Theme
    heat: float
    members: Sequence[Kept]
    divisions: Mapping[str, int]
    draft: TaskDraft

    @property
    def times(self) -> list[datetime]:
        return sorted(m.told.received_at for m in self.members if m.told.received_at)

    def as_dict(self) -> dict[str, Any]:
        """The problem under the published names; times in ISO 8601, None where none is known."""
        times = self.times
        return {
            "id": self.id,
            "name": self.name,
            "size": len(self.members),
            "member_ids": [member.told.id for member in self.members],
            "divisions": list(self.divisions),
            "first_seen": times[0].isoformat() if times else None,
            "last_seen": times[-1].isoformat() if times else None,
            "heat": self.heat,
            "theme": self.theme.key,
            "lead_department": self.draft.lead,
            "suggested_task": self.draft.as_dict(),
        }

    def as_themed(self) -> Themed:
        """What a theme counts of the problem."""
        return Themed(
            problem_id=self.id,
            theme=self.theme,
            size=len(self.members),
            reporters=len(self.members),
            heat=self.heat,
            divisions=self.divisions,
        )


def find_problems(
    source: Path | None,
    *,
    desk_files: DeskFiles,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
    workers: int | None = None,
    confidential: bool = False,
) -> tuple[dict[str, Any], Tally]:
    """{"problems": hottest first, "themes": the widest first} of a file (None: standard input).

    `now` is what dates in the future are measured by, and the day of the problems where no
    submission has a date. With `confidential` accusations take part like any other, for those who
    may read them. Raises InvalidFile where no row can be read at all.
    """
    workers = workers or count_cores()
    taken = _Taken()
    with open_submissions(source, now=now, columns=columns, worksheet=worksheet) as intake:
        results = suggest_all(intake, desk_files=desk_files, workers=workers, at=lambda: intake.at)
        sheaf = read_sheaf(taken.take_in(results, confidential=confidential))
        notes = tuple(intake.notes)
    members, bad = taken.members, taken.bad
    count = len(members) + len(bad) + taken.hidden
    if not count:
        raise no_rows("来件", notes)
    times = [member.told.received_at for member in members if member.told.received_at]
    groups = group_sheaf(sheaf, workers=workers)
    del sheaf  # what follows needs room of its own
    shared = [[members[at] for at in group] for group in groups if len(group) >= LEAST]
    found = list(
        tell_problems(
            [group for group in shared if is_told(group)],
            now=max(times, default=now),
            workers=workers,
        )
    )
    found.sort(key=lambda one: (-one[1].heat, one[1].problem_id))
    answer = {
        "problems": [record for record, _ in found],
        "themes": _list_themes([themed for _, themed in found]),
    }
    suspected = sum(member.suspected for member in members)
    return answer, Tally(count, taken.hidden, suspected, len(found), tuple(bad), notes)


@dataclass(slots=True)
class _Taken:
    """What came of the rows so far: those kept as members, the bad ones, the number left out."""

    members: list[Kept] = field(default_factory=list)
    bad: list[RowError] = field(default_factory=list)
    hidden: int = 0

    def take_in(
        self, results: Iterable[Suggested | RowError], *, confidential: bool
    ) -> Iterator[Told]:
        """The words of each that takes part, after it was noted."""
        for result in results:
            if isinstance(result, RowError):
                self.bad.append(result)
            elif confidential or takes_part(result):
                self.members.append(keep_suggested(result, confidential=confidential))
                yield self.members[-1].told
            else:
                self.hidden += 1


def tell_problems(
    groups: Sequence[Sequence[Kept]], *, now: datetime, workers: int = 1
) -> Iterator[tuple[dict[str, Any], Themed]]:
    """The record of each group's problem and what themes count of it, in order.

    So many processes share the work where there is enough of it; the records are the same. Raises
    TriageError where one of them dies.
    """
    batches = [groups[start : start + _BATCH] for start in range(0, len(groups), _BATCH)]
    tell = partial(_tell_batch, now=now)
    if workers == 1 or len(groups) <= _FEW:
        for batch in batches:
            yield from tell(batch)
        return
    spawn = get_context("spawn")  # as in `suggest_all`
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=quiet_worker) as pool:
        try:
            for told in pool.map(tell, batches):
                yield from told
        except BrokenProcessPool as error:
            raise TriageError(
                "归并进程意外退出（可能是内存不足），请用 --workers 1 再试"
            ) from error


def _tell_batch(
    groups: Sequence[Sequence[Kept]], *, now: datetime
) -> list[tuple[dict[str, Any], Themed]]:
    problems = [make_problem(group, now=now) for group in groups]
    return [(problem.as_dict(), problem.as_themed()) for problem in problems]


def write_answer(answer: Mapping[str, Any], output: Path) -> None:
    """Write the JSON object whole or not at all."""
    part = part_of(output)
    try:
        text = make_whole(json.dumps(answer, ensure_ascii=False, indent=1))
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InvalidInput(
            f"写不了 {output}（{name_fault(error)}），请检查文件夹和磁盘空间"
        ) from error


def write_errors(bad: Iterable[RowError], path: Path) -> None:
    """The rows without a result, as `triage classify` writes them."""
    with closing(ErrorFile(path)) as file:
        for error in bad:
            file.write(error)


def takes_part(suggested: Suggested) -> bool:
    """Whether a submission may be a member at all: it is not called an accusation."""
    return bool(suggested.suggestion["nature"]["name"] != ACCUSATION)


def is_told(members: Sequence[Kept]) -> bool:
    """Whether a group is a problem that others may hear of."""
    return len(members) >= LEAST and not all(member.suspected for member in members)


def keep_suggested(suggested: Suggested, *, confidential: bool = False) -> Kept:
    """What problems are made of, from a submission with its suggestion; with `confidential` for
    those who may read all of it."""
    submission, suggestion = suggested.submission, suggested.suggestion
    place = suggestion["place"]
    told = Told(
        id=submission.id,
        title=submission.title,
        content=submission.content[:MOST_READ],
        place=submission.place or place["text"] or None,
        division=place["division"],
        domain_code=suggestion["domain"]["code"],
        received_at=submission.received_at,
    )
    divisions = (place["division"],) if place["division"] else find_districts(told)
    if suggestion["confidential"] and not confidential:  # reasons quote the words they come from
        return Kept(told, {"urgency": {"level": suggestion["urgency"]["level"]}}, (), True)
    kept = {part: {name: suggestion[part][name] for name in names} for part, names in _KEPT.items()}
    return Kept(told, kept, divisions, False, submission.likes or 0)


def make_problem(members: Sequence[Kept], *, now: datetime) -> Problem:
    """The problem of a group of which `is_told`; the first of its members gives it its id.

    All count for its heat, but it speaks only with the words of those that are not suspected, and
    its task is drafted for those alone: a draft goes to the departments.
    """
    speaking = [member for member in members if not member.suspected]
    tolds = [member.told for member in speaking]
    domains = Counter(told.domain_code for told in tolds)
    code = min(domains, key=lambda one: (-domains[one], one))
    domain = next(m.suggestion["domain"] for m in speaking if m.told.domain_code == code)
    path = (domain["level1"], domain["level2"], domain["level3"])
    found = find_theme(tolds)
    theme = found or name_by_domain(domain_code=code, domain_path=path)
    described = describe_problem(tolds, domain=path[2], theme=found)
    places = Counter(division for member in speaking for division in member.divisions)
    divisions = dict(sorted(places.items(), key=lambda item: (-item[1], item[0])))
    heat = measure_heat(
        reporters=len(members),
        times=[m.told.received_at for m in members if m.told.received_at],
        urgencies=[member.suggestion["urgency"]["level"] for member in members],
        likes=sum(member.likes for member in members),
        now=now,
    )
    told_of = {told.id: told for told in tolds}
    matter = Matter(
        name=described.name,
        domain=path[2],
        domain_code=code,
        members=tuple(
            Member(
                submission_id=member.told.id,
                urgency=member.suggestion["urgency"]["level"],
                nature=member.suggestion["nature"]["name"],
            )
            for member in speaking
        ),
        reporters=len(speaking),
        examples=tuple(
            (told_of[one].title or told_of[one].content)[:_EXAMPLE] for one in described.examples
        ),
    )
    draft = draft_task(
        matter,
        similar=(),
        now=now,
        timetable=Timetable(default_settings(), Calendar()),
        dispatch=_choose_dispatch(speaking),
    )
    key = sha256(members[0].told.id.encode()).hexdigest()[:16]
    return Problem(f"p{key}", described.name, theme, heat.total, members, divisions, draft)


def _choose_dispatch(members: Sequence[Kept]) -> DepartmentSuggestion | None:
    """What the catalogue says of the members whose lead is the commonest."""
    leads = Counter(
        department["lead"] for m in members if (department := m.suggestion["department"])["lead"]
    )
    if not leads:
        return None
    lead = min(leads, key=lambda one: (-leads[one], one))
    found = next(
        m.suggestion["department"] for m in members if m.suggestion["department"]["lead"] == lead
    )
    return DepartmentSuggestion(
        lead, tuple(found["assisting"]), tuple(found["reasons"]), found["ground"]
    )


def _list_themes(problems: Sequence[Themed]) -> list[dict[str, Any]]:
    return [
        {
            "key": counted.theme.key,
            "name": counted.theme.name,
            "size": counted.size,
            "problems": list(counted.problems),
            "divisions": dict(counted.divisions),
        }
        for counted in count_themes(problems)
    ]
