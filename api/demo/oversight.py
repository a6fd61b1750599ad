"""What supervisors do in the ninety days: tasks and effects, findings, corrections, views."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from api.background.clockwork import look_for_all_findings
from api.background.regroup import regroup_problems
from api.demo.hands import Team
from api.demo.history import History
from api.service import Service
from triage.calendar import day_of
from triage.findings import Rule
from triage.ledger.corrections import Correction, Kind, correct_problem
from triage.ledger.effects import Effect, Evidence, close_task
from triage.ledger.findings import decide_finding
from triage.ledger.listfilters import ListFilter
from triage.ledger.problemlist import ProblemFilter, StoredProblem, list_common_problems
from triage.ledger.savedviews import save_view
from triage.ledger.sight import get_visible
from triage.ledger.states import FindingState
from triage.ledger.supervisionlist import list_findings
from triage.ledger.taskfiles import StoredTask
from triage.ledger.tasks import TaskPlan, cancel_task, plan_task, record_progress
from triage.ledger.tasksuggestions import suggest_task
from triage.roles import Caller
from triage.taskdrafts import Measure
from triage.workflow import Command, find_transition

_PROMISES = (
    "每周召集责任单位会商一次，进展在小区公告栏公布",
    "逐户核对诉求，建立台账，办结一件销号一件",
    "完工后由反映人代表参加验收",
)
_PLANS: tuple[tuple[str, str, int, int, str], ...] = (
    # The name to look for, what the task is called, how many days ago it was planned, the days it
    # was given, and how it goes on.
    ("启明实验小学", "解决启明实验小学学位不足问题", 66, 30, "solved"),
    ("云锦花园", "修复云锦花园电梯并规范维保", 44, 25, "solved"),
    ("恒启制衣厂", "追讨恒启制衣厂拖欠工资", 38, 31, "late"),
    ("翠屏佳苑", "推动翠屏佳苑复工交房", 29, 50, "halfway"),
    ("坝口村", "修复坝口村道", 26, 40, "cancelled"),
    ("长乐南路", "整治长乐南路夜间施工", 11, 14, "halfway"),
    ("18路公交", "恢复荷塘坪18路公交站点和班次", 9, 20, "begun"),
    ("滨溪夜市街", "整治滨溪夜市街油烟", 4, 21, "new"),
)
_RULED: tuple[tuple[Rule, FindingState, str], ...] = (
    (Rule.OVERDUE, FindingState.URGED, "超期较久，请主要负责人过问并三日内答复"),
    (Rule.OVERDUE, FindingState.CONFIRMED, ""),
    (Rule.DISPUTED, FindingState.CONFIRMED, "回访核实，现场确未整改"),
    (Rule.DISPUTED, FindingState.DISMISSED, "系反映人对赔偿数额不满，事项本身已办结"),
    (Rule.EMPTY_REPLY, FindingState.CONFIRMED, "答复没有触及诉求，已退回重写"),
    (Rule.UNTASKED, FindingState.DISMISSED, "正在列任务，不必再提"),
    (Rule.PASSED_ON, FindingState.CONFIRMED, "职责已由派单目录明确，不应再退"),
)


def _choose_measures(drawn: Sequence[Measure]) -> list[str]:
    """Of the drafted measures those that a person would take over."""
    return [one.text for one in drawn if "经办人" not in one.text][:2]


class Oversight:
    """What the supervisors do; each step waits for its moment in the history."""

    def __init__(self, service: Service, history: History, team: Team) -> None:
        self._service = service
        self._history = history
        self._team = team
        self._who: Caller = team.supervisors[0]

    def plan(self) -> None:
        """Let everything wait for its day."""
        now, history = self._history.now, self._history
        for name, title, ago, days, course in _PLANS:
            planned = history.open_from(now - timedelta(days=ago))
            history.at(planned, self._plan_step(name, title, days, course))
        for ago in (45, 20, 6):
            moment = history.open_from(now - timedelta(days=ago))
            history.apart(moment, self._look)
            history.after(moment, 0.2, self._rule)
        history.at(history.open_from(now - timedelta(days=60)), self._save_views)

    def finish(self) -> None:
        """What the nightly duties would have done by now."""
        now = self._history.now
        regroup_problems(self._service.store, now)
        with self._service.store.writing() as session:
            self._correct(session, now)
        look_for_all_findings(self._service.store, now)

    def _look(self, moment: datetime) -> None:
        regroup_problems(self._service.store, moment)
        look_for_all_findings(self._service.store, moment)

    def _rule(self, session: Session, now: datetime) -> None:
        """The supervisor decides on one finding of each kind that waits."""
        for rule, verdict, note in _RULED:
            page = list_findings(
                session, ListFilter(), caller=self._who, state=FindingState.OPEN, rule=rule.value
            ).lines
            fitting = (
                line
                for line in page
                if verdict is not FindingState.URGED or self._may_urge(session, line.entry_id)
            )
            for line in islice(fitting, 2):
                decide_finding(session, line.id, verdict, caller=self._who, now=now, note=note)

    def _may_urge(self, session: Session, entry_id: int | None) -> bool:
        if entry_id is None:
            return False
        entry = get_visible(session, entry_id, caller=self._who)
        return find_transition(Command.URGE, state=entry.state) is not None

    def _plan_step(
        self, name: str, title: str, days: int, course: str
    ) -> Callable[[Session, datetime], None]:
        def plan(session: Session, now: datetime) -> None:
            problem = self._find(session, name)
            if problem is None:
                return
            draft = suggest_task(
                session,
                problem.id,
                caller=self._who,
                now=now,
                places=self._service.desk.divisions.gazetteer.present(),
            )
            if draft.lead is None or not draft.entry_ids:
                return
            code = next(code for code, told in self._team.departments.items() if told == draft.lead)
            task = plan_task(
                session,
                TaskPlan(
                    title=title,
                    department=draft.lead,
                    person=self._team.names[self._team.officers[code].who],
                    deadline=day_of(now + timedelta(days=days)),
                    entries=draft.entry_ids,
                    measures=(*_choose_measures(draft.measures), *_PROMISES)[:4],
                    assisting=draft.assisting[:3],
                    problem=problem.id,
                ),
                caller=self._who,
                now=now,
            )
            self._carry_on(task, now, days, course)

        return plan

    def _carry_on(self, task: StoredTask, now: datetime, days: int, course: str) -> None:
        officer = self._team.officers[task.department]
        versions = {"now": task.version}

        def take(note: str, milestone: int) -> Callable[[Session, datetime], None]:
            def step(session: Session, at: datetime) -> None:
                after = record_progress(
                    session,
                    task.id,
                    caller=officer,
                    version=versions["now"],
                    now=at,
                    note=note,
                    milestone=milestone,
                    done=True,
                )
                versions["now"] = after.version

            return step

        done = {"solved": 4, "late": 2, "halfway": 2, "begun": 1}.get(course, 0)
        notes = (
            "方案已报分管领导同意",
            "责任单位进场，每日报送进度",
            "现场验收合格",
            "逐户回访完毕",
        )
        for number, milestone in enumerate(task.milestones[:done], start=1):
            step = take(notes[number - 1], milestone.id)
            self._history.after(now, (days - 3) * number / 4.5, step)
        if course == "solved":
            self._history.after(now, days - 2.0, self._close_step(task, versions))
        elif course == "cancelled":

            def cancel(session: Session, at: datetime) -> None:
                cancel_task(
                    session,
                    task.id,
                    caller=self._who,
                    version=versions["now"],
                    now=at,
                    note="已并入全县农村公路养护工程统一实施，不再单列任务",
                )

            self._history.after(now, 6, cancel)

    def _close_step(
        self, task: StoredTask, versions: dict[str, int]
    ) -> Callable[[Session, datetime], None]:
        def close(session: Session, at: datetime) -> None:
            effect = Effect(
                change="所列条目逐件办结，责任单位建立了每月巡查制度；此后三周同一事项没有新的反映。",
                evidence=(
                    Evidence("验收单和整改前后照片存于责任单位档案"),
                    Evidence("反映人代表五名现场签字确认"),
                ),
                ground="部分反映人尚未评价，已电话告知评价方式",
            )
            close_task(
                session,
                task.id,
                effect,
                caller=self._team.officers[task.department],
                version=versions["now"],
                now=at,
            )

        return close

    def _correct(self, session: Session, now: datetime) -> None:
        """A supervisor gives a problem the name that people use."""
        problem = self._find(session, "恒启")
        if problem is not None:
            correct_problem(
                session,
                problem.id,
                Correction(
                    kind=Kind.RENAME, name="桑园岗恒启制衣厂拖欠工人工资", note="用群众的叫法"
                ),
                caller=self._who,
                version=problem.version,
                now=now,
            )

    def _save_views(self, session: Session, now: datetime) -> None:
        for person, name, query in (
            (self._team.clerks[0], "待签收的急件", {"standing": "unaccepted", "order": "urgent"}),
            (self._team.clerks[0], "住建局在办", {"department": "housing", "standing": "open"}),
            (self._who, "超期未办结", {"standing": "overdue", "order": "deadline"}),
        ):
            save_view(session, person.who, page="ledger", name=name, query=query, now=now)

    def _find(self, session: Session, name: str) -> StoredProblem | None:
        page = list_common_problems(session, ProblemFilter(q=name), caller=self._who, limit=5)
        return max(page.lines, key=lambda one: one.size, default=None)
