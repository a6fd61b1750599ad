"""保密件 in the console: what discipline officers alone open, each look on record."""

import pytest
from console_factories import Opener, browser, check_accessible, check_fits, screens, town
from people_factories import sign_in
from service_factories import RunningService, make_body

from triage.ledger.audit import list_events
from triage.roles import Action, Caller, Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
WORDS = "举报住建局科长李某在维修工程招标中收受施工单位贿赂红包三万元，请纪委查处。"


@pytest.fixture(scope="module")
def accusations(town: RunningService) -> None:
    """Two letters that the machine puts under the seal."""
    with town.client("submit") as client:
        for number in ("JB-1", "JB-2"):
            body = make_body(
                id=number,
                title="举报干部收受红包",
                content=f"{WORDS}（{number}）",
                submitter={"name": "王小明", "phone": "13800001234"},
            )
            answer = client.post("/v1/submissions", json=body).json()
            assert answer["destination"] == "discipline"


def kinds_of(town: RunningService, submission: str) -> list[str]:
    """What the log says was done with it, the latest first."""
    reader = Caller("cli", frozenset({Action.READ_AUDIT, Action.READ_ACCUSATIONS}))
    with town.service.store.reading() as session:
        page = list_events(session, caller=reader, submission_id=submission)
    return [event.kind for event in page.lines]


@pytest.mark.usefixtures("accusations")
def test_the_discipline_officer_reads_unmasks_and_holds_and_each_look_is_logged(
    screens: Opener, town: RunningService
) -> None:
    page = screens(Role.DISCIPLINE).go("/confidential?state=waiting")
    page.wait_for_selector("a.row-link:text-is('JB-1')")
    assert "记入操作日志" in page.inner_text("main .note")
    assert "收受" not in page.inner_text("main")
    check_accessible(page)
    page.click("a.row-link:text-is('JB-1')")
    page.wait_for_selector("[aria-label=原文] >> text=收受施工单位贿赂")
    page.wait_for_selector("[aria-label=被反映单位] >> text=住建局")
    assert "已经记入操作日志" in page.inner_text("main .note")
    assert "13800001234" not in page.inner_text("main")
    check_accessible(page)

    page.click("text=查看全部信息")
    page.fill(".el-message-box textarea", "当面核实")
    page.click(".el-message-box button:has-text('查看')")
    page.wait_for_selector("text=13800001234")

    page.click("main button:has-text('认定属检举控告')")
    page.fill("#reason", "反映具体，移送核查")
    check_accessible(page)
    page.click(".el-dialog button:has(span:text-is('认定'))")
    page.wait_for_selector(".timeline >> text=反映具体，移送核查")
    page.wait_for_selector("[aria-label=原文] .tag:text-is('已认定')")
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)
    kinds = kinds_of(town, "JB-1")
    assert kinds[:3] == ["accusation.held", "submitter.seen", "accusation.seen"]


@pytest.mark.usefixtures("accusations")
def test_an_urgent_one_stands_out_and_first_among_those_that_wait(
    screens: Opener, town: RunningService
) -> None:
    with town.client("submit") as client:
        for number, more in (("JB-7", "有人正拿刀在我家楼下扬言要杀我，救命。"), ("JB-8", "")):
            body = make_body(id=number, title="举报干部收受红包", content=f"{WORDS}{more}{number}")
            assert client.post("/v1/submissions", json=body).json()["destination"] == "discipline"
    page = screens(Role.DISCIPLINE).go("/confidential?state=waiting")
    rows = page.locator("main tbody tr").all_inner_texts()
    assert "JB-7" in rows[0]
    assert page.locator("tr:has-text('JB-7') .tag:text-matches('^(特急|紧急)$')").count() == 1
    assert page.locator("tr:has-text('JB-8') .tag:text-matches('^(较急|一般)$')").count() == 1
    assert "收受" not in page.inner_text("main")
    check_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    check_fits(page)


@pytest.mark.usefixtures("accusations")
def test_which_emergency_line_was_told_of_it_stands_beside_an_urgent_one(
    screens: Opener, town: RunningService
) -> None:
    words = f"{WORDS}有人正拿刀在我家楼下扬言要杀我，救命。"
    with town.client("submit") as client:
        body = make_body(id="JB-9", title="举报干部收受红包", content=words)
        assert client.post("/v1/submissions", json=body).json()["destination"] == "discipline"
    page = screens(Role.DISCIPLINE).go("/confidential/JB-9")
    page.click("[aria-label=记下转往哪条热线] button:has-text('110')")
    page.fill(".el-message-box textarea", "已报地点")
    page.click(".el-message-box button:has-text('记下')")
    page.wait_for_selector(".timeline >> text=已转110（公安）：已报地点")
    check_accessible(page)
    assert kinds_of(town, "JB-9")[0] == "accusation.alarm"
    page = screens(Role.DISCIPLINE).go("/confidential/JB-1")
    page.wait_for_selector("[aria-label=原文]")
    assert page.locator("[aria-label=记下转往哪条热线]").count() == 0


@pytest.mark.usefixtures("accusations")
def test_what_is_no_accusation_is_released_with_a_reason_into_the_review_queue(
    screens: Opener, town: RunningService
) -> None:
    page = screens(Role.DISCIPLINE).go("/confidential/JB-2")
    page.click("main button:has-text('放行')")
    page.click(".el-message-box button:has-text('放行')")
    page.wait_for_selector("text=请填写理由")
    page.fill(".el-message-box textarea", "说的是物业公司，不涉公职人员")
    page.click(".el-message-box button:has-text('放行')")
    page.wait_for_selector("h1:text-is('保密件')")
    page.wait_for_selector("tr:has-text('JB-2') >> text=已放行")
    assert kinds_of(town, "JB-2")[0] == "accusation.released"
    with town.client() as clerk:
        sign_in(clerk, Role.CLERK)
        assert clerk.get("/v1/submissions/JB-2").json()["submission"]["content"].startswith("举报")


@pytest.mark.usefixtures("accusations")
@pytest.mark.parametrize("role", [Role.CLERK, Role.OFFICER, Role.SUPERVISOR, Role.ADMIN])
def test_nobody_else_gets_at_accusations(screens: Opener, town: RunningService, role: Role) -> None:
    page = screens(role).go("/confidential/JB-1")
    page.wait_for_selector(".state >> text=您没有这一页的权限")
    assert page.locator(".side >> text=保密件").count() == 0
    with town.client() as client:
        sign_in(client, role)
        assert client.get("/v1/accusations").status_code == 403
        assert client.get("/v1/accusations/JB-1").status_code == 403
