from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from triage.errors import AccessDenied, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.effectlist import EffectKind, list_effects
from triage.ledger.effects import Effect, Evidence, close_task
from triage.ledger.listfilters import ListFilter
from triage.ledger.lists import list_problems, list_tasks
from triage.ledger.paging import Page, write_cursor
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState, FindingState, Outcome, TaskState
from triage.ledger.store import Store
from triage.ledger.supervisionlist import list_findings
from triage.ledger.tables import EntryRow, EvaluationRow, FindingRow, MilestoneRow, ReplyRow
from triage.ledger.tasks import TaskPlan, plan_task, record_progress
from triage.milestones import Step
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.submissions import Channel
from triage.suggestions import PlaceSuggestion

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
SUPERVISOR = Caller("zhao", ROLE_ACTIONS[Role.SUPERVISOR])
OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
CITY_OFFICER = Caller("sun", ROLE_ACTIONS[Role.OFFICER], "chengguan", frozenset({"chengguan"}))
DAY = timedelta(days=1)

ListPage = Callable[..., Page[Any]]


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def file_away(
    store: Store, name: str, *, now: datetime = NOW, told: dict[str, Any] | None = None, **said: Any
) -> int:
    """The entry of a new submission, which the machine was sure of."""
    division = said.pop("division", None)
    place = PlaceSuggestion("幸福里小区", division, ())
    pair = (make_submission(id=name, **(told or {})), make_suggestion(place=place, **said))
    with store.writing() as session:
        (filed,) = record_batch(session, [pair], now=now)
        assert filed.entry is not None
        return filed.entry.id


def alter(store: Store, entry: int, **values: Any) -> None:
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry).values(**values))


def reply(store: Store, entry: int, text: str, *, at: datetime = NOW) -> None:
    with store.writing() as session:
        session.add(ReplyRow(entry_id=entry, text=text, outcome=Outcome.SOLVED, who="li", at=at))


def evaluate(store: Store, entry: int, name: str, *, at: datetime, level: int = 5) -> None:
    with store.writing() as session:
        session.add(
            EvaluationRow(
                entry_id=entry,
                submission_id=name,
                source="citizen",
                solved=level > 2,
                satisfaction=level,
                comment="",
                who="citizen",
                at=at,
            )
        )


def plan(store: Store, *entries: int, deadline: date = date(2025, 3, 14), **changes: Any) -> int:
    values: dict[str, Any] = {"department": "住建局", "title": "更换电梯"} | changes
    with store.writing() as session:
        task = plan_task(
            session,
            TaskPlan(
                person="李明",
                deadline=deadline,
                entries=entries,
                measures=("逐台排查",),
                steps=(Step("施工"),),
                **values,
            ),
            caller=CLERK,
            now=NOW,
        )
        return task.id


def close(store: Store, task: int, *, at: datetime = NOW) -> None:
    with store.writing() as session:
        done = update(MilestoneRow).where(MilestoneRow.task_id == task).values(done_at=at)
        session.execute(done)
        effect = Effect(change="电梯换新", evidence=(Evidence("照片"),), ground="电话无人接听")
        close_task(session, task, effect, caller=CLERK, version=1, now=at)


def find(store: Store, entry: int | None = None, **values: Any) -> int:
    finding: dict[str, Any] = {
        "rule": "overdue",
        "subject": f"entry:{entry}",
        "entry_id": entry,
        "department": "zhujian",
        "evidence": {"days": 3},
        "state": FindingState.OPEN,
        "found_at": NOW,
        "seen_at": NOW,
    }
    with store.writing() as session:
        row = FindingRow(**finding | values)
        session.add(row)
        session.flush()
        return row.id


def lines(
    store: Store, list_page: ListPage, caller: Caller = SUPERVISOR, **options: Any
) -> tuple[Any, ...]:
    filters = {name: options.pop(name) for name in list(options) if name in ListFilter.__slots__}
    with store.reading() as session:
        return list_page(session, ListFilter(**filters), caller=caller, **options).lines


def problems(store: Store, caller: Caller = SUPERVISOR, **options: Any) -> list[str]:
    return [line.entry.submission_id for line in lines(store, list_problems, caller, **options)]


def read_all(session: Session, list_page: ListPage, *, limit: int, **options: Any) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = list_page(
            session, ListFilter(), caller=SUPERVISOR, limit=limit, cursor=cursor, **options
        )
        assert len(page.lines) <= limit
        found += page.lines
        cursor = page.next
        if cursor is None:
            return found


def ids(found: Iterable[Any]) -> list[int]:
    return [line.id for line in found]


def test_the_problem_list_shows_the_newest_first_with_what_one_needs_to_recognise_it(
    store: Store,
) -> None:
    file_away(store, "old")
    entry = file_away(store, "new", now=NOW + MINUTE, lead="城管局")
    newest, older = lines(store, list_problems)
    assert (newest.entry.id, newest.department_name) == (entry, "城管局")
    assert (newest.title, newest.channel, newest.place) == (
        "电梯停运三天",
        Channel.WEB,
        "幸福里小区",
    )
    assert newest.excerpt.startswith("幸福里小区三号楼")
    assert (older.entry.submission_id, older.reporters) == ("old", 1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"department": "城管局"}, ["c"]),
        ({"department": "zhujian"}, ["b", "a"]),
        ({"division": "110105"}, ["a"]),
        ({"division": "110100"}, ["b", "a"]),
        ({"division": "110000"}, ["b", "a"]),
        ({"division": "120000"}, []),
        ({"domain": "0203"}, ["c"]),
        ({"domain": "02"}, ["c"]),
        ({"domain": "0%"}, []),
        ({"urgency": 1}, ["b"]),
        ({"state": EntryState.ASSIGNED}, ["c", "b", "a"]),
        ({"state": EntryState.CLOSED}, []),
        ({"since": NOW + MINUTE}, ["c", "b"]),
        ({"until": NOW + MINUTE}, ["a"]),
        ({"since": NOW, "until": NOW + 2 * MINUTE, "urgency": 3, "department": "住建局"}, ["a"]),
    ],
    ids=str,
)
def test_the_problem_list_is_filtered(
    store: Store, wanted: dict[str, Any], found: list[str]
) -> None:
    file_away(store, "a", division="110105")
    file_away(store, "b", division="110106", urgency=1, now=NOW + MINUTE)
    file_away(store, "c", lead="城管局", domain_code="0203", now=NOW + 2 * MINUTE)
    assert problems(store, **wanted) == found


def test_a_merged_entry_stands_in_the_line_of_the_one_it_was_merged_into(store: Store) -> None:
    main = file_away(store, "main")
    merged = file_away(store, "merged")
    alter(store, merged, state=EntryState.MERGED, merged_into=main)
    (line,) = lines(store, list_problems)
    assert (line.entry.submission_id, line.reporters) == ("main", 2)
    assert problems(store, state=EntryState.MERGED) == ["merged"]


def test_personal_data_is_masked_before_a_text_is_cut(store: Store) -> None:
    content = "电" * 115 + "13800138000，请回电"
    told = {"title": "王小明的电话13800138000", "content": content, "place": "柳河镇3栋1702室"}
    file_away(store, "a", told=told)
    (line,) = lines(store, list_problems)
    assert line.excerpt == "电" * 115 + "*****"
    assert "13800138000" not in line.title
    assert "1702" not in line.place


def test_an_officer_sees_the_own_lines_and_no_other_department(store: Store) -> None:
    housing = file_away(store, "a")
    city = file_away(store, "b", lead="城管局")
    for entry in (housing, city):
        reply(store, entry, "已修好")
    plan(store, housing)
    find(store, housing, state=FindingState.CONFIRMED)
    for list_page in (list_problems, list_tasks, list_effects, list_findings):
        assert len(lines(store, list_page, OFFICER)) == 1
        with pytest.raises(AccessDenied):
            lines(store, list_page, OFFICER, department="城管局")
        with pytest.raises(NotFound):
            lines(store, list_page, department="没有这个局")
        with pytest.raises(AccessDenied):
            lines(store, list_page, Caller("he", ROLE_ACTIONS[Role.DISCIPLINE]))
    assert problems(store, CITY_OFFICER) == ["b"]


def test_accusations_are_in_no_list_for_nobody(store: Store) -> None:
    everything = Caller("key:1", ROLE_ACTIONS[Role.SUPERVISOR] | ROLE_ACTIONS[Role.DISCIPLINE])
    entry = file_away(store, "hidden")
    main = file_away(store, "main")
    alter(store, entry, merged_into=main, state=EntryState.MERGED)
    reply(store, entry, "已核查")
    find(store, entry, state=FindingState.CONFIRMED)
    task = plan(store, main)
    with store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry).values(confidential=True))
    (line,) = lines(store, list_problems, everything)
    assert (line.entry.id, line.reporters) == (main, 1)
    assert problems(store, everything, state=EntryState.MERGED) == []
    assert lines(store, list_effects, everything) == ()
    assert lines(store, list_findings, everything) == ()
    alter(store, main, confidential=True)
    (told,) = lines(store, list_tasks, everything)
    assert (told.task.id, told.submissions) == (task, ())
    assert lines(store, list_tasks, everything, urgency=3) == ()


def test_the_task_list_shows_the_soonest_deadline_first(store: Store) -> None:
    one, other = file_away(store, "a"), file_away(store, "b", lead="城管局", urgency=1)
    later = plan(store, one, other, deadline=date(2025, 4, 1))
    sooner = plan(store, other, department="城管局", assisting=("住建局",))
    found = lines(store, list_tasks)
    assert [line.task.id for line in found] == [sooner, later]
    assert found[1].submissions == ("a", "b")
    assert [line.task.id for line in lines(store, list_tasks, OFFICER)] == [sooner, later]
    assert [line.task.id for line in lines(store, list_tasks, CITY_OFFICER)] == [sooner]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"department": "城管局"}, [1]),
        ({"urgency": 1}, [0, 1]),
        ({"urgency": 3}, [0]),
        ({"division": "110000"}, [0]),
        ({"domain": "99"}, []),
        ({"state": TaskState.OPEN}, [0]),
        ({"state": TaskState.DONE}, [1]),
        ({"state": TaskState.CANCELLED}, []),
        ({"until": NOW}, []),
        ({"since": NOW}, [0, 1]),
    ],
    ids=str,
)
def test_the_task_list_is_filtered(store: Store, wanted: dict[str, Any], found: list[int]) -> None:
    one = file_away(store, "a", division="110105")
    other = file_away(store, "b", urgency=1, lead="城管局")
    tasks = [plan(store, one, other), plan(store, other, department="城管局")]
    close(store, tasks[1])
    assert [line.task.id for line in lines(store, list_tasks, **wanted)] == [
        tasks[index] for index in found
    ]


def test_the_effect_list_holds_the_latest_reply_and_what_was_said_of_it_since(
    store: Store,
) -> None:
    entry, merged = file_away(store, "a"), file_away(store, "b")
    alter(store, merged, state=EntryState.MERGED, merged_into=entry)
    reply(store, entry, "正在处理", at=NOW)
    evaluate(store, entry, "a", at=NOW + MINUTE, level=1)
    evaluate(store, entry, "b", at=NOW + MINUTE, level=1)
    reply(store, entry, "已修好，联系人13800138000", at=NOW + 2 * MINUTE)
    evaluate(store, entry, "a", at=NOW + 3 * MINUTE, level=3)
    (line,) = lines(store, list_effects)
    assert (line.kind, line.about, line.outcome) == (EffectKind.REPLY, entry, Outcome.SOLVED)
    assert (line.title, line.text) == ("电梯停运三天", "已修好，联系人*********00")
    said = line.opinions
    assert (said.reporters, said.evaluated, said.solved, said.satisfied) == (2, 1, 1, 1)


def test_the_effect_list_holds_what_tasks_changed(store: Store) -> None:
    entry = file_away(store, "a")
    task = plan(store, entry)
    close(store, task, at=NOW + MINUTE)
    (line,) = lines(store, list_effects)
    assert (line.kind, line.about, line.text) == (EffectKind.TASK, task, "电梯换新")
    assert (line.evidence, line.ground, line.outcome) == (("照片",), "电话无人接听", None)
    assert (line.opinions.reporters, line.opinions.evaluated) == (1, 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"department": "城管局"}, ["b"]),
        ({"urgency": 1}, ["b"]),
        ({"domain": "0102"}, ["b", "电梯换新", "a"]),
        ({"division": "110105"}, ["电梯换新", "a"]),
        ({"state": EntryState.ASSIGNED}, ["b", "a"]),
        ({"state": EntryState.CLOSED}, []),
        ({"since": NOW + MINUTE}, ["b", "电梯换新"]),
        ({"until": NOW + 2 * MINUTE}, ["电梯换新", "a"]),
    ],
    ids=str,
)
def test_the_effect_list_is_filtered(
    store: Store, wanted: dict[str, Any], found: list[str]
) -> None:
    one = file_away(store, "a", division="110105")
    other = file_away(store, "b", urgency=1, lead="城管局")
    reply(store, one, "a", at=NOW)
    close(store, plan(store, one), at=NOW + MINUTE)
    reply(store, other, "b", at=NOW + 2 * MINUTE)
    assert [line.text for line in lines(store, list_effects, **wanted)] == found


def test_a_supervisor_sees_all_findings_and_others_what_a_supervisor_stands_behind(
    store: Store,
) -> None:
    entry = file_away(store, "a")
    numbers = {
        state: find(store, entry, state=state, subject=f"entry:{state}") for state in FindingState
    }
    everywhere = find(store, department=None, subject="division:110105")
    told = [numbers[FindingState.URGED], numbers[FindingState.CONFIRMED]]
    assert ids(lines(store, list_findings)) == [everywhere, *sorted(numbers.values(), reverse=True)]
    assert ids(lines(store, list_findings, CLERK)) == told
    assert ids(lines(store, list_findings, OFFICER)) == told
    assert ids(lines(store, list_findings, OFFICER, state=FindingState.OPEN)) == []
    assert ids(lines(store, list_findings, CITY_OFFICER)) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"department": "城管局"}, [1]),
        ({"rule": "overdue"}, [0]),
        ({"state": FindingState.URGED}, [1]),
        ({"urgency": 1}, [0]),
        ({"domain": "0203"}, []),
        ({"since": NOW + MINUTE}, [1]),
        ({"until": NOW + MINUTE}, [0]),
    ],
    ids=str,
)
def test_the_supervision_list_is_filtered(
    store: Store, wanted: dict[str, Any], found: list[int]
) -> None:
    entry = file_away(store, "a", urgency=1)
    findings = [
        find(store, entry),
        find(
            store,
            rule="no_entries",
            subject="department:chengguan",
            department="chengguan",
            state=FindingState.URGED,
            found_at=NOW + MINUTE,
        ),
    ]
    assert ids(lines(store, list_findings, **wanted)) == [findings[index] for index in found]


def test_evidence_of_a_finding_is_masked_however_deep_it_lies(store: Store) -> None:
    find(store, evidence={"replies": [{"text": "请拨打13800138000"}], "days": 3})
    (line,) = lines(store, list_findings)
    assert line.evidence == {"replies": [{"text": "请拨打*********00"}], "days": 3}


def test_what_staff_write_is_masked_in_the_lists_too(store: Store) -> None:
    said, masked = "已约13800138000面谈", "已约*********00面谈"
    entry = file_away(store, "a")
    alter(store, entry, matter=said, ground=said)
    reply(store, entry, "已修好")
    task = plan(store, entry, title=said)
    with store.writing() as session:
        record_progress(session, task, caller=SUPERVISOR, version=1, now=NOW, note=said)
    find(store, entry, decided_note=said)
    (line,) = lines(store, list_problems)
    assert line.entry.matter == masked
    (line,) = lines(store, list_tasks)
    assert (line.task.title, line.latest) == (masked, masked)
    (line,) = lines(store, list_effects)
    assert line.ground == masked
    (line,) = lines(store, list_findings)
    assert line.decided_note == masked


def test_pages_lose_and_repeat_nothing_among_equals(store: Store) -> None:
    entries = [file_away(store, f"L-{n}", now=NOW + n // 3 * MINUTE) for n in range(7)]
    for n, entry in enumerate(entries):
        reply(store, entry, str(n), at=NOW + n // 3 * MINUTE)
        close(store, plan(store, entry, deadline=date(2025, 3, 10 + n // 3)), at=NOW)
        find(store, entry)
    sizes = {list_problems: 7, list_tasks: 7, list_effects: 14, list_findings: 7}
    with store.reading() as session:
        for list_page, size in sizes.items():
            whole = read_all(session, list_page, limit=200)
            assert len(whole) == size
            for limit in (1, 2, 3, size):
                assert read_all(session, list_page, limit=limit) == whole


@pytest.mark.parametrize("list_page", [list_problems, list_tasks, list_effects, list_findings])
def test_what_asks_for_nothing_that_can_be_is_refused_by_name(
    store: Store, list_page: ListPage
) -> None:
    for field, value in (
        ("limit", 0),
        ("limit", 201),
        ("cursor", "x"),
        ("cursor", write_cursor(1, 2, 3, 4)),
        ("cursor", write_cursor("2025-03-01T00:00:00", "nothing", 1)),
        ("urgency", 5),
        ("since", datetime(2025, 3, 1)),
        ("until", datetime(2025, 3, 1)),
    ):
        with pytest.raises(InvalidInput) as caught:
            lines(store, list_page, **{field: value})
        assert caught.value.field == field


def test_pages_of_one_department_go_through_all_levels_in_order_of_time(store: Store) -> None:
    for n in range(9):
        file_away(store, f"L-{n}", urgency=1 + n % 4, now=NOW + n // 2 * MINUTE)
    file_away(store, "elsewhere", lead="城管局")
    whole = problems(store, OFFICER, limit=200)
    assert whole == [f"L-{n}" for n in range(8, -1, -1)]
    with store.reading() as session:
        for wanted in (ListFilter(), ListFilter(department="住建局")):
            paged: list[str] = []
            cursor = None
            while len(paged) < len(whole):
                page = list_problems(session, wanted, caller=OFFICER, limit=2, cursor=cursor)
                paged += [line.entry.submission_id for line in page.lines]
                cursor = page.next
            assert (paged, cursor) == (whole, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wanted", "walks", "index"),
    [
        ({}, 1, "ix_entry_opened"),
        ({"department": "住建局"}, 4, "ix_entry_ledger"),
        ({"department": "住建局", "state": EntryState.ACCEPTED}, 4, "ix_entry_ledger_state"),
    ],
)
def test_a_page_of_the_problem_list_is_read_along_an_index_without_sorting(
    store: Store, wanted: dict[str, Any], walks: int, index: str
) -> None:
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        seen.append((sql, parameters))

    event.listen(store.reader, "before_cursor_execute", note)
    lines(store, list_problems, cursor=write_cursor(NOW.isoformat(), 7), **wanted)
    event.remove(store.reader, "before_cursor_execute", note)
    asked = [one for one in seen if one[0].startswith("SELECT entry.opened_at, entry.id")]
    assert len(asked) == walks
    with store.reader.connect() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = "; ".join(row[3] for row in rows)
            assert f"INDEX {index} " in plan
            assert "TEMP B-TREE" not in plan
