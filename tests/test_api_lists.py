import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from ledger_factories import NOW, make_submission, make_suggestion
from openpyxl.worksheet.worksheet import Worksheet
from service_factories import RunningService, run_service
from sqlalchemy import update

from api.files.findingcolumns import EVIDENCE_NAMES, spell_evidence
from triage.ledger.effects import Effect, Evidence, close_task
from triage.ledger.records import record_batch
from triage.ledger.states import EntryState, FindingState, Outcome
from triage.ledger.tables import (
    EntryRow,
    EvaluationRow,
    EventRow,
    FindingRow,
    MilestoneRow,
    ReplyRow,
)
from triage.ledger.tasks import TaskPlan, plan_task
from triage.roles import ROLE_ACTIONS, Caller, Role

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
LISTS = ("problems", "tasks", "effects", "supervision")
FORMULA = '=HYPERLINK("http://evil.example","点我")'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("lists"), max_export_rows=50) as running:
        fill(running)
        yield running


@pytest.fixture(scope="module")
def clerk(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("read", "review") as client:
        yield client


def fill(running: RunningService) -> None:
    """Three entries, a reply, a task with its effect, and findings."""
    told = (
        ("A-1", {"title": FORMULA}, {"urgency": 1}),
        ("A-2", {"content": "电梯停了，请致电13800138000"}, {}),
        ("A-3", {}, {"lead": "教育局"}),
    )
    with running.service.store.writing() as session:
        filed = record_batch(
            session,
            [(make_submission(id=name, **said), make_suggestion(**by)) for name, said, by in told],
            now=NOW,
        )
        ids = [one.entry.id for one in filed if one.entry]
        session.execute(
            update(EntryRow)
            .where(EntryRow.id == ids[1])
            .values(
                state=EntryState.EVALUATED,
                replied_at=NOW + timedelta(days=2),
                outcome=Outcome.SOLVED,
                solved=True,
                satisfaction=4,
                returns=1,
            )
        )
        session.add(
            ReplyRow(
                entry_id=ids[1],
                text="已换新电梯",
                outcome=Outcome.SOLVED,
                who="li",
                at=NOW + timedelta(days=2),
            )
        )
        session.add(
            EvaluationRow(
                entry_id=ids[1],
                submission_id="A-2",
                source="citizen",
                solved=True,
                satisfaction=4,
                comment="",
                who="citizen",
                at=NOW + timedelta(days=3),
            )
        )
        plan = TaskPlan(
            title="更换老旧电梯",
            department="住建局",
            person="李明",
            deadline=date(2025, 3, 31),
            entries=(ids[0], ids[1]),
            measures=("逐台检测", "动用维修资金"),
        )
        for _ in range(2):
            task = plan_task(session, plan, caller=CLERK, now=NOW)
        session.execute(
            update(MilestoneRow).where(MilestoneRow.task_id == task.id).values(done_at=NOW)
        )
        close_task(
            session,
            task.id,
            Effect(change="六台换新", evidence=(Evidence("验收报告"),)),
            caller=CLERK,
            version=1,
            now=NOW + timedelta(days=4),
        )
        for state in (FindingState.OPEN, FindingState.CONFIRMED):
            session.add(
                FindingRow(
                    rule="overdue",
                    subject=f"entry:{state}",
                    entry_id=ids[0],
                    department="housing",
                    evidence={"hours_late": 30.5, "provisional": False},
                    state=state,
                    found_at=NOW,
                    seen_at=NOW,
                )
            )


def open_book(client: httpx.Client, name: str, **query: Any) -> Worksheet:
    answer = client.get(f"/v1/lists/{name}.xlsx", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def names_of(sheet: Worksheet) -> list[str]:
    """What each column is called, whichever of the two header rows says it."""
    lower = [cell.value for cell in sheet[4]]
    return [name or upper.value for name, upper in zip(lower, sheet[3], strict=True)]


def rows_of(sheet: Worksheet) -> list[dict[str, Any]]:
    names = names_of(sheet)
    return [
        dict(zip(names, (cell.value for cell in row), strict=True))
        for row in sheet.iter_rows(min_row=5, max_row=sheet.max_row - 1)
    ]


def test_each_list_is_read_with_its_filters(clerk: httpx.Client) -> None:
    sizes = {"problems": 3, "tasks": 2, "effects": 2, "supervision": 1}
    for name, size in sizes.items():
        page = clerk.get(f"/v1/lists/{name}").json()
        assert (len(page["lines"]), page["next"]) == (size, None)
        first = clerk.get(f"/v1/lists/{name}", params={"limit": 1}).json()
        if size > 1:
            rest = clerk.get(f"/v1/lists/{name}", params={"cursor": first["next"]}).json()
            assert first["lines"] + rest["lines"] == page["lines"]
        for query in ({"department": "教育局"}, {"until": "2025-01-01"}, {"domain": "99"}):
            assert len(clerk.get(f"/v1/lists/{name}", params=query).json()["lines"]) <= 1
    urgent = clerk.get("/v1/lists/problems", params={"urgency": 1}).json()["lines"]
    assert [line["entry"]["submission_id"] for line in urgent] == ["A-1"]
    closed = clerk.get("/v1/lists/tasks", params={"state": "done"}).json()["lines"]
    assert [line["task"]["state_name"] for line in closed] == ["已完成"]


def test_a_supervisor_alone_sees_what_nobody_has_confirmed(clerk: httpx.Client) -> None:
    (line,) = clerk.get("/v1/lists/supervision").json()["lines"]
    assert (line["rule_name"], line["state_name"]) == ("逾期未回告", "已确认")


@pytest.mark.parametrize("name", LISTS)
def test_lists_need_the_right_and_the_reach(running: RunningService, name: str) -> None:
    for path in (f"/v1/lists/{name}", f"/v1/lists/{name}.xlsx"):
        with running.client("submit") as sender:
            assert sender.get(path).status_code == 403
        with running.client() as nobody:
            assert nobody.get(path).status_code == 401
        with running.client("read", department="教育局") as school:
            assert school.get(path).status_code == 200
            assert school.get(path, params={"department": "住建局"}).status_code == 403
    with running.client("read", department="教育局") as school:
        found = school.get(f"/v1/lists/{name}").json()["lines"]
        assert len(found) == (name == "problems")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"urgency": 5}, "urgency"),
        ({"state": "nonsense"}, "state"),
        ({"since": "昨天"}, "since"),
        ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_a_query_that_cannot_be_is_explained(
    clerk: httpx.Client, query: dict[str, Any], field: str
) -> None:
    for name in LISTS:
        answer = clerk.get(f"/v1/lists/{name}", params=query)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_problem_list_is_laid_out_as_offices_print_it(clerk: httpx.Client) -> None:
    sheet = open_book(clerk, "problems", department="住建局", since="2025-01-01")
    merged = {str(cells) for cells in sheet.merged_cells.ranges}
    assert sheet["A1"].value == "问题清单"
    assert "A1:S1" in merged
    assert sheet["A2"].value == "填报单位：住房和城乡建设局　　　　范围：2025-01-01起"
    assert {"A3:A4", "B3:D3", "E3:H3", "K3:L3"} <= merged
    assert [sheet["B3"].value, sheet["E3"].value, sheet["K3"].value] == [
        "来件",
        "反映事项",
        "责任单位",
    ]
    assert names_of(sheet)[:6] == ["序号", "编号", "渠道", "收件日期", "标题", "内容摘要"]
    assert [row["序号"] for row in rows_of(sheet)] == [1, 2]
    assert sheet.cell(sheet.max_row, 1).value.startswith("共 2 条")

    assert sheet.freeze_panes == "C5"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0  # one page wide, as many long as it takes
    assert sheet.print_title_rows == "$3:$4"
    assert sheet.print_area == f"'问题清单'!$A$1:$S${sheet.max_row}"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert sheet.column_dimensions["F"].width > 30
    assert sheet["F5"].alignment.wrap_text
    assert sheet["F5"].border.left.style == "thin"


def test_cells_hold_what_the_ledger_says_in_the_words_of_clerks(clerk: httpx.Client) -> None:
    answered = next(row for row in rows_of(open_book(clerk, "problems")) if row["编号"] == "A-2")
    assert answered["收件日期"].isoformat() == "2025-03-01T09:29:00"
    assert answered["领域"] == "城乡建设/住房保障与房地产/物业服务"
    assert (answered["紧急程度"], answered["主办"], answered["协办"]) == (
        "较急",
        "住建局",
        "城管局",
    )
    assert (answered["状态"], answered["办理结果"]) == ("评价", "已解决")
    assert (answered["反映人评价"], answered["备注"]) == ("已解决，满意", "退回1次")
    assert answered["内容摘要"] == "电梯停了，请致电*********00"


def test_no_cell_of_a_list_starts_a_formula(clerk: httpx.Client) -> None:
    for name in LISTS:
        sheet = open_book(clerk, name, title="=1+1", unit="=2+2")
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells)
        assert sheet["A1"].value == "'=1+1"
    (urgent,) = rows_of(open_book(clerk, "problems", urgency=1))
    assert urgent["标题"] == f"'{FORMULA}"


def test_the_task_list_shows_measures_and_milestones(clerk: httpx.Client) -> None:
    first, second = rows_of(open_book(clerk, "tasks"))
    assert first["措施"] == "1. 逐台检测\n2. 动用维修资金"
    assert first["倒排时间节点"].startswith("2025-03-")
    assert first["针对的来件"] == "A-1、A-2"
    assert {first["完成节点"], second["完成节点"]} == {"0/4", "4/4"}


def test_the_effect_list_shows_replies_and_effects_with_their_counts(clerk: httpx.Client) -> None:
    task, reply = rows_of(open_book(clerk, "effects"))
    assert (task["类别"], task["办理情况和变化"], task["佐证"]) == ("任务", "六台换新", "验收报告")
    assert (task["反映"], task["评价"], task["已解决"], task["满意"]) == (2, 1, 1, 1)
    assert (reply["类别"], reply["办理情况和变化"], reply["办理结果"]) == (
        "回告",
        "已换新电梯",
        "已解决",
    )


def test_the_supervision_list_spells_the_evidence_out(clerk: httpx.Client) -> None:
    (line,) = rows_of(open_book(clerk, "supervision"))
    assert (line["监督事项"], line["依据"]) == ("逾期未回告", "超过（小时） 30.5；时限暂定 否")
    assert line["来件或对象"] == "A-1"


def test_an_empty_list_still_has_its_header(clerk: httpx.Client) -> None:
    for name in LISTS:
        sheet = open_book(clerk, name, until="2001-01-01", title="空")
        assert sheet.cell(5, 1).value.startswith("共 0 条")


@pytest.mark.parametrize(
    "query", [{"since": "9999-12-31T23:59:59Z"}, {"until": "0001-01-01T00:00:00+08:00"}]
)
def test_a_period_beyond_the_calendar_is_explained(
    clerk: httpx.Client, query: dict[str, str]
) -> None:
    answer = clerk.get("/v1/lists/problems.xlsx", params=query)
    assert (answer.status_code, answer.json()["field"]) == (422, next(iter(query)))


def test_what_is_too_long_to_print_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with run_service(tmp_path, max_export_rows=2) as running:
        fill(running)
        with running.client("read") as clerk:
            answer = clerk.get("/v1/lists/problems.xlsx")
            assert answer.status_code == 422
            assert "缩小范围" in answer.json()["detail"]
            assert clerk.get("/v1/lists/problems.xlsx?urgency=1").status_code == 200


def test_the_event_log_notes_who_took_a_list_out(
    running: RunningService, clerk: httpx.Client
) -> None:
    open_book(clerk, "problems", department="住建局")
    with running.service.store.reading() as session:
        events = session.query(EventRow).filter_by(kind="list.exported")
        event = events.order_by(EventRow.id.desc()).first()
        assert event is not None
        assert event.actor.startswith("key:")
        assert event.payload == {
            "list": "problems",
            "rows": 2,
            "department": "housing",
            "since": None,
            "until": None,
        }


def test_evidence_is_spelt_however_deep_it_lies() -> None:
    evidence = {"denials": 1, "said": [{"satisfaction": 1}, {"satisfaction": 2}], "rule": None}
    assert spell(evidence) == "称未解决 1；评价 满意程度 非常不满意、满意程度 不满意"
    assert spell({"unheard_of": True}) == "unheard_of 是"
    assert all(EVIDENCE_NAMES.values())


def test_evidence_is_printed_in_words_and_not_in_codes() -> None:
    steps = [{"command": "return", "at": "2025-03-01T01:30:00+00:00"}]
    assert spell({"steps": steps}) == "经过 动作 退回；时间 2025-03-01 09:30"
    assert spell({"similarity": 0.934, "source": "agency:key:3"}) == "相似度 93%；来源 3"
    assert spell({"state": "done", "name": "431026"}) == "状态 已完成；名称 湖南省431026"
    said = [{"aspect": "action", "says": "只有表态，没有具体措施", "sentences": ["将加强管理。"]}]
    assert spell({"perfunctory": True, "reasons": said}) == (
        "疑似敷衍 是；理由 只有表态，没有具体措施"
    )


def spell(evidence: dict[str, Any]) -> str:
    return spell_evidence(evidence, lambda code: f"湖南省{code}")
