"""Common problems read: by heat and filter, whole, by theme, with reach, and the tasks for them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from ledger_factories import NOW
from people_factories import caller_as
from problem_factories import LIFT, NOISE, file, file_matter, members_of, tell
from workflow_factories import CITY_OFFICER, CLERK, HOUSING_OFFICER, file_departments, open_one

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.findings import Rule
from triage.ledger.corrections import Correction, Kind, correct_problem
from triage.ledger.looking import look_for_findings
from triage.ledger.problemlist import (
    ProblemFile,
    ProblemFilter,
    get_problem,
    list_common_problems,
    list_members,
)
from triage.ledger.states import ProblemState
from triage.ledger.store import Store
from triage.ledger.tasks import TaskPlan, cancel_task, plan_task
from triage.ledger.tasksuggestions import suggest_task
from triage.ledger.themelist import Kind as SeriesKind
from triage.ledger.themelist import list_emerging, list_seasons, list_themes
from triage.roles import Caller, Role
from triage.taskdrafts import TaskDraft

PLACES = {"430102": "芙蓉区", "430103": "天心区"}


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    file_departments(store)


def names(store: Store, caller: Caller = CLERK, **wanted: object) -> list[int]:
    with store.reading() as session:
        page = list_common_problems(session, ProblemFilter(**wanted), caller=caller)  # type: ignore[arg-type]
    return [line.id for line in page.lines]


def read(store: Store, problem_id: int, caller: Caller = CLERK) -> ProblemFile:
    with store.reading() as session:
        return get_problem(session, problem_id, caller=caller)


def two_problems(store: Store) -> tuple[int, int]:
    """The lift of the housing department in one district, the noise of the city's in another."""
    lift = file_matter(store, LIFT, 4, prefix="A")
    noise = file_matter(
        store, NOISE, 2, prefix="B", lead="城管局", division="430103", domain_code="020101"
    )
    members = members_of(store)
    return members[lift[0]], members[noise[0]]


def test_the_hottest_come_first_and_each_filter_asks_for_its_part(store: Store) -> None:
    lift, noise = two_problems(store)
    assert names(store) == [lift, noise]
    assert names(store, division="430103") == [noise]
    assert names(store, division="430100") == [lift, noise]
    assert names(store, domain="02") == [noise]
    assert names(store, department="城管局") == [noise]
    assert names(store, size=3) == [lift]
    assert names(store, q="电梯") == [lift]
    assert names(store, q="%") == []
    assert names(store, state=ProblemState.DISMISSED) == []
    assert names(store, theme=read(store, lift).problem.theme) == [lift]


def test_a_name_is_found_by_small_letters_too(store: Store) -> None:
    lift, _ = two_problems(store)
    told = Correction(kind=Kind.RENAME, name="江湾KTV噪音")
    with store.writing() as session:
        correct_problem(session, lift, told, caller=CLERK, version=1, now=NOW)
    assert names(store, q="ktv") == names(store, q="KTV") == [lift]


def test_pages_follow_on_without_gap_or_repetition(store: Store) -> None:
    two_problems(store)
    seen, cursor = [], None
    while True:
        with store.reading() as session:
            page = list_common_problems(
                session, ProblemFilter(), caller=CLERK, limit=1, cursor=cursor
            )
        seen += [line.id for line in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert seen == names(store)
    with store.reading() as session, pytest.raises(InvalidInput):
        list_common_problems(session, ProblemFilter(), caller=CLERK, cursor="nonsense")


def test_one_problem_tells_its_members_figures_and_corrections(store: Store) -> None:
    lift, _ = two_problems(store)
    with store.writing() as session:
        told = Correction(kind=Kind.RENAME, name="幸福里电梯", note="原名太长")
        correct_problem(session, lift, told, caller=CLERK, version=1, now=NOW)
    file_ = read(store, lift)
    assert (file_.problem.name, file_.problem.size, file_.seen) == ("幸福里电梯", 4, 4)
    assert [line.submission_id for line in file_.members.lines] == ["A-3", "A-2", "A-1", "A-0"]
    assert {line.submission_id for line in file_.examples} <= {"A-0", "A-1", "A-2", "A-3"}
    assert file_.examples
    assert "电梯" in "".join(file_.problem.words)
    assert sum(part["points"] for part in file_.problem.heat_parts) == pytest.approx(
        file_.problem.heat, abs=0.2
    )
    (correction,) = file_.corrections
    assert (correction.kind, correction.who, correction.note) == (Kind.RENAME, "wang", "原名太长")
    with store.reading() as session:
        first = list_members(session, lift, caller=CLERK, limit=3)
        rest = list_members(session, lift, caller=CLERK, limit=3, cursor=first.next)
    assert [line.submission_id for line in rest.lines] == ["A-0"]


def test_an_officer_sees_a_problem_by_the_members_within_reach_and_of_the_members_those(
    store: Store,
) -> None:
    lift, noise = two_problems(store)
    mine = tell(NOISE, 2, "B-2")
    file(store, mine, lead="住建局", division="430103")
    assert members_of(store)["B-2"] == noise
    assert names(store, HOUSING_OFFICER) == [lift, noise]
    seen = read(store, noise, HOUSING_OFFICER)
    # the city department assists in what the housing department leads, not the other way round
    assert [line.submission_id for line in seen.members.lines] == ["B-2"]
    assert {line.submission_id for line in seen.examples} <= {"B-2"}
    assert (seen.seen, seen.problem.size) == (1, 3)
    assert (seen.problem.words, seen.corrections) == ((), ())
    assert read(store, lift, CITY_OFFICER).seen == 4  # it assists


def test_what_is_out_of_reach_is_unknown_word_for_word(store: Store) -> None:
    lift, _ = two_problems(store)
    nobody = Caller("x", HOUSING_OFFICER.actions, "jiwei", frozenset({"jiwei"}))
    assert names(store, nobody) == []
    messages = set()
    for problem_id in (lift, 987654):
        with pytest.raises(NotFound) as caught:
            read(store, problem_id, nobody)
        messages.add(caught.value.message.replace(str(problem_id), "N"))
    assert len(messages) == 1
    with pytest.raises(AccessDenied):
        names(store, caller_as(Role.DISCIPLINE))


def test_themes_join_the_same_trouble_of_many_places(store: Store) -> None:
    lift, noise = two_problems(store)
    with store.reading() as session:
        lines = list_themes(session, caller=CLERK)
        own = list_themes(session, caller=HOUSING_OFFICER)
    told = {one: line for line in lines for one in line.count.problems}
    assert told[str(noise)].count.divisions == {"430103": 1}
    assert told[str(lift)].count.size == 4
    assert str(noise) not in {one for line in own for one in line.count.problems}
    assert told[str(lift)].names[str(lift)] == read(store, lift).problem.name


def test_what_grows_beyond_its_past_is_told_and_what_is_usual_is_not(store: Store) -> None:
    day = timedelta(days=1)
    quiet = [
        tell("", n, f"Q-{n}", received_at=NOW - n * day, content=f"第{n}号咨询：{n * 7919}")
        for n in range(1, 120)
    ]
    file(store, *quiet, domain_code="030101")
    burst = [tell(LIFT, n, f"A-{n}", received_at=NOW - day - n * day / 8) for n in range(24)]
    file(store, *burst)
    with store.reading() as session:
        found = list_emerging(session, caller=CLERK, now=NOW)
        assert list_seasons(session, caller=CLERK, now=NOW) == ()
    problem = str(members_of(store)["A-0"])
    told = {(one.kind, one.burst.key) for one in found}
    assert (SeriesKind.PROBLEM, problem) in told
    assert (SeriesKind.DOMAIN, "010203") in told
    assert (SeriesKind.DOMAIN, "030101") not in told
    assert {one.burst.until for one in found} == {date(2025, 2, 28)}


def suggest(store: Store, problem_id: int, caller: Caller = CLERK) -> TaskDraft:
    with store.reading() as session:
        return suggest_task(session, problem_id, caller=caller, now=NOW, places=PLACES)


def test_a_problem_suggests_its_task_and_a_person_plans_it(store: Store) -> None:
    lift, _ = two_problems(store)
    draft = suggest(store, lift)
    assert draft.lead == "住建局"
    assert draft.submission_ids == ("A-0", "A-1", "A-2", "A-3")
    assert len(draft.entry_ids) == 4
    assert draft.deadline is not None
    plan = TaskPlan(
        title=draft.title,
        department="住建局",
        person="李明",
        deadline=draft.deadline,
        entries=draft.entry_ids,
        measures=("逐台检测",),
        problem=lift,
    )
    with store.writing() as session:
        task = plan_task(session, plan, caller=CLERK, now=NOW)
    assert task.problem_id == lift
    assert [one.id for one in read(store, lift).tasks] == [task.id]
    strange = replace(plan, problem=987654)
    with store.writing() as session, pytest.raises(NotFound):
        plan_task(session, strange, caller=CLERK, now=NOW)


def test_no_task_is_suggested_for_what_is_no_problem(store: Store) -> None:
    lift, _ = two_problems(store)
    with store.writing() as session:
        told = Correction(kind=Kind.DISMISS, note="误报")
        correct_problem(session, lift, told, caller=CLERK, version=1, now=NOW)
    with pytest.raises(Conflict):
        suggest(store, lift)


def test_the_officer_gets_a_draft_of_what_lies_within_reach(store: Store) -> None:
    _, noise = two_problems(store)
    file(store, tell(NOISE, 2, "B-2"), lead="住建局", division="430103")
    draft = suggest(store, noise, HOUSING_OFFICER)
    assert draft.submission_ids == ("B-2",)


def test_a_problem_without_a_task_is_found_until_one_is_planned_for_it(store: Store) -> None:
    for number in range(5):
        open_one(store, f"L-{number}")
    problem = members_of(store)["L-0"]

    def found() -> list[str]:
        with store.reading() as session:
            return [
                one.subject for one in look_for_findings(session, now=NOW, rules=[Rule.UNTASKED])
            ]

    assert found() == [f"problem:{problem}"]
    (other,) = file(store, tell("", 0, "X-1"))
    assert other.entry is not None
    plan = TaskPlan(
        title="电梯",
        department="住建局",
        person="李明",
        deadline=date(2025, 6, 30),
        entries=(other.entry.id,),
        measures=("检测",),
        problem=problem,
    )
    with store.writing() as session:
        task = plan_task(session, plan, caller=CLERK, now=NOW)
    assert found() == []
    with store.writing() as session:
        cancel_task(session, task.id, caller=CLERK, version=1, now=NOW, note="重排")
    assert found() == [f"problem:{problem}"]
