"""Milestones set backwards from a deadline (倒排时间节点): the last step ends on it, each before
it ends as many working days earlier as the steps after it take. Pure: the calendar comes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from triage.calendar import Calendar
from triage.errors import InvalidInput

MAX_STEPS = 20
MAX_STEP_NAME = 100
MAX_AHEAD = 3650  # days; a deadline farther away is a slip of the pen


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a task; `days` is how many working days it takes, None: a share of the rest."""

    name: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step with the day (China) by which it is to be done."""

    name: str
    due: date


DEFAULT_STEPS = (Step("制定方案"), Step("组织落实"), Step("检查验收"), Step("回访反馈"))


def set_back(
    steps: Sequence[Step], *, start: date, deadline: date, calendar: Calendar
) -> tuple[Milestone, ...]:
    """The milestones of `steps`, in order; all lie on working days after `start` where there are
    any, the last on the last working day up to the deadline.

    Steps that do not say how long they take share evenly what the others leave. Raises InvalidInput
    where a step has no name, the deadline has passed or is too far, or the steps do not fit.
    """
    _check(steps, start=start, deadline=deadline)
    days = [start + timedelta(days=n) for n in range(1, (deadline - start).days + 1)]
    working = [day for day in days if calendar.is_working(day)]
    given = sum(step.days or 0 for step in steps)
    if given > len(working):
        raise InvalidInput(
            f"各步共需 {given} 个工作日，距完成时限只有 {len(working)} 个，请压缩步骤或放宽时限",
            field="steps",
        )
    if not working:
        return tuple(Milestone(step.name.strip(), deadline) for step in steps)
    open_steps = sum(step.days is None for step in steps)
    rest = len(working) - given
    milestones: list[Milestone] = []
    place, shared = len(working), 0
    for step in reversed(steps):
        milestones.append(Milestone(step.name.strip(), working[max(place, 1) - 1]))
        if step.days is None:
            place -= rest * (shared + 1) // open_steps - rest * shared // open_steps
            shared += 1
        else:
            place -= step.days
    return tuple(reversed(milestones))


def check_milestones(
    milestones: Sequence[Milestone], *, start: date, deadline: date
) -> tuple[Milestone, ...]:
    """The same milestones in order of day, where each has a name and lies between `start` and
    `deadline`. Raises InvalidInput."""
    _check([Step(one.name) for one in milestones], start=start, deadline=deadline)
    for one in milestones:
        if not start <= one.due <= deadline:
            raise InvalidInput(
                f"节点“{one.name}”应在今天到完成时限 {deadline} 之间，请改正日期",
                field="milestones",
            )
    named = [Milestone(one.name.strip(), one.due) for one in milestones]
    return tuple(sorted(named, key=lambda one: one.due))


def _check(steps: Sequence[Step], *, start: date, deadline: date) -> None:
    if deadline < start:
        raise InvalidInput(f"完成时限 {deadline} 已过，请改为今天或以后", field="deadline")
    if (deadline - start).days > MAX_AHEAD:
        raise InvalidInput(f"完成时限 {deadline} 在十年以后，请核对年份", field="deadline")
    if not 1 <= len(steps) <= MAX_STEPS:
        raise InvalidInput(f"时间节点应有 1 到 {MAX_STEPS} 个，请增减", field="steps")
    for step in steps:
        if not 1 <= len(step.name.strip()) <= MAX_STEP_NAME:
            raise InvalidInput(
                f"每个时间节点都要有名称，至多 {MAX_STEP_NAME} 字，请补上或缩短", field="steps"
            )
        if step.days is not None and step.days < 0:
            raise InvalidInput(f"步骤“{step.name}”的天数不能小于 0，请改正", field="steps")
