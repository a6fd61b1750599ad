"""The review queue by keyboard alone, the way a clerk works through it all day."""

from typing import Any

import httpx
import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    screens,
    town,
)
from people_factories import add_person, sign_in
from service_factories import RunningService, make_body

from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.fixture
def clerk(town: RunningService) -> Any:
    with town.client() as client:
        sign_in(client, Role.CLERK)
        yield client


def open_queue(screens: Opener, path: str = "/review", *, expected: str = "") -> Any:
    screen = screens(Role.CLERK)
    if expected:
        screen.expected.add(expected)
    page = screen.go(path)
    page.wait_for_selector(".call")
    return page


def shown(page: Any) -> str:
    """The number of the submission at hand."""
    return str(page.inner_text("#review-sheet .facts-line a"))


def next_one(page: Any, key: str) -> None:
    before = shown(page)
    page.keyboard.press(key)
    page.wait_for_function(
        "before => document.querySelector('#review-sheet .facts-line a')?.innerText !== before",
        arg=before,
    )


def wait_until_home(page: Any) -> None:
    """Until single letters are keys again."""
    page.wait_for_function("() => document.activeElement.id === 'review-sheet'")


def type_into(page: Any, key: str, typed: str) -> None:
    """Into the field behind this key, the first of what is offered."""
    page.keyboard.press(key)
    page.keyboard.type(typed)
    page.wait_for_selector(".el-select-dropdown__item.is-hovering:visible")
    page.keyboard.press("Enter")
    wait_until_home(page)


def wait_until_sent(page: Any) -> None:
    page.wait_for_function("() => !document.querySelector('.day')?.innerText.includes('正在送出')")


def decisions(client: httpx.Client, name: str) -> Any:
    return client.get(f"/v1/submissions/{name}").json()["decisions"]


def test_a_clerk_confirms_and_corrects_by_keys_alone_and_goes_back_to_one(
    screens: Opener, clerk: httpx.Client
) -> None:
    lines = clerk.get("/v1/reviews", params={"limit": 4}).json()["lines"]
    page = open_queue(screens)
    check_accessible(page)
    first, second, third, _ = (line["line"]["submission_id"] for line in lines)
    assert shown(page) == first
    said = lines[1]["line"]["suggestion"]["domain"]["alternatives"][1]
    next_one(page, "Enter")

    assert shown(page) == second
    page.keyboard.press("3")
    page.keyboard.press("r")
    type_into(page, "z", "sfj")
    page.keyboard.press("y")
    page.keyboard.type("是法律服务")
    next_one(page, "Control+Enter")

    leaf = find_leaf(clerk, "建筑市场")
    type_into(page, "l", leaf["initials"])
    told = lines[2]["line"]["suggestion"]["nature"]["name"]
    nature, initials = ("咨询", "zx") if told == "投诉" else ("投诉", "ts")
    type_into(page, "s", initials)
    page.wait_for_selector(f".hint:has-text({leaf['path']!r})")
    next_one(page, "Enter")
    wait_until_sent(page)

    (one,) = decisions(clerk, first)
    assert one["kind"] == "confirmed"
    (one,) = decisions(clerk, second)
    assert (one["after"]["domain_code"], one["after"]["urgency"]) == (said["code"], 4)
    assert (one["after"]["lead_department"], one["reason"]) == ("justice", "是法律服务")
    (one,) = decisions(clerk, third)
    assert (one["after"]["domain_code"], one["after"]["nature"]) == (leaf["code"], nature)
    body = {name: lines[2]["line"][name] for name in ("title", "place")}
    asked = body | {
        "content": lines[2]["content"],
        "domain": leaf["code"],
        "nature": nature,
        "flags": lines[2]["line"]["suggestion"]["flags"],
    }
    follows = clerk.post("/v1/dispatch", json=asked).json()
    assert one["after"]["assisting"] == follows["assisting"]

    next_one(page, "ArrowLeft")
    assert shown(page) == third
    assert "已认定" in page.inner_text(".call")
    called = one["after"]["urgency"]
    key, other = ("e", 3) if called == 2 else ("w", 2)
    page.keyboard.press(key)
    next_one(page, "Enter")
    wait_until_sent(page)
    assert [one["after"]["urgency"] for one in decisions(clerk, third)] == [called, other]
    page.wait_for_selector(".day:has-text('今天系统对了'):has-text('本人今天 4 件')")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    check_fits(page)
    check_accessible(page)


def test_a_field_is_left_as_well_where_what_stands_already_is_chosen(
    screens: Opener, clerk: httpx.Client
) -> None:
    page = open_queue(screens)
    lines = clerk.get("/v1/reviews", params={"limit": 1}).json()["lines"]
    said = lines[0]["line"]["suggestion"]
    type_into(page, "s", said["nature"]["name"])
    type_into(page, "z", said["department"]["lead"])
    page.wait_for_selector(".hint:has-text('没有改动')")
    page.keyboard.press("s")
    page.wait_for_selector(".el-select-dropdown__item:visible")
    page.keyboard.press("Escape")
    wait_until_home(page)
    page.keyboard.press("s")
    page.wait_for_selector(".el-select-dropdown__item:visible")
    page.keyboard.press("Tab")
    page.wait_for_selector(".el-select-dropdown__item", state="hidden")
    assert page.evaluate("document.activeElement.id") == "review-division"


def find_leaf(client: httpx.Client, above: str) -> dict[str, Any]:
    """A leaf of the taxonomy that its initials alone name, away from `above`."""
    leaves = [
        leaf | {"path": f"{one['name']} › {two['name']} › {leaf['name']}"}
        for one in client.get("/v1/taxonomy").json()["levels"]
        for two in one["children"]
        for leaf in two["children"]
        if two["name"] != above
    ]
    names = [leaf["initials"] for leaf in leaves]
    return next(one for one in leaves if names.count(one["initials"]) == 1)


def test_an_emergency_is_forwarded_by_one_press_and_the_rest_put_right_afterwards(
    screens: Opener, clerk: httpx.Client
) -> None:
    lines = clerk.get("/v1/reviews", params={"limit": 10}).json()["lines"]
    calm = next(one["line"] for one in lines if one["line"]["suggestion"]["department"]["lead"])
    page = open_queue(screens, f"/review?id={calm['submission_id']}")
    assert shown(page) == calm["submission_id"]
    page.keyboard.press("r")
    assert page.locator("#review-alarm").count() == 0
    page.keyboard.press("q")
    page.wait_for_selector("#review-alarm")
    check_accessible(page)
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    next_one(page, "Enter")
    page.wait_for_selector("text=已记为转 119 消防，并已交办")

    file = clerk.get(f"/v1/submissions/{calm['submission_id']}").json()
    (entry,) = file["entries"]
    assert (entry["urgency"], entry["forwarded_to"], entry["state"]) == (1, "119", "assigned")
    next_one(page, "ArrowLeft")
    assert shown(page) == calm["submission_id"]
    page.keyboard.press("w")
    next_one(page, "Enter")
    wait_until_sent(page)
    assert [one["after"]["urgency"] for one in decisions(clerk, calm["submission_id"])] == [1, 2]


def test_an_emergency_that_is_an_accusation_goes_under_the_seal_with_who_was_called(
    screens: Opener, clerk: httpx.Client
) -> None:
    lines = clerk.get("/v1/reviews", params={"limit": 10}).json()["lines"]
    one = lines[-1]["line"]["submission_id"]
    page = open_queue(screens, f"/review?id={one}")
    page.keyboard.press("q")
    type_into(page, "s", "jjkg")
    page.wait_for_selector("[aria-label=转紧急热线]:has-text('立即转纪检')")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.click(".el-message-box button:has-text('转纪检')")
    page.wait_for_selector("text=已记为转 110 公安，并已转纪检")
    assert clerk.get(f"/v1/submissions/{one}").status_code == 404


def test_the_suggestion_stands_first_and_no_alternative_is_likelier(
    screens: Opener, clerk: httpx.Client
) -> None:
    page = open_queue(screens)
    lines = clerk.get("/v1/reviews", params={"limit": 50}).json()["lines"]
    domains = {one["line"]["submission_id"]: one["line"]["suggestion"]["domain"] for one in lines}
    domain = domains[shown(page)]
    first = page.inner_text(".options button >> nth=0")
    assert domain["level3"] in first
    assert "系统建议" in first
    assert page.locator(".options >> text=系统建议").count() == 1
    chances = [domain["confidence"], *(call["confidence"] for call in domain["alternatives"])]
    assert chances == sorted(chances, reverse=True)


def test_what_somebody_else_decided_first_does_not_hold_up_the_queue(
    screens: Opener, town: RunningService, clerk: httpx.Client
) -> None:
    add_person(town.service.store, "colleague", Role.CLERK)
    page = open_queue(screens, expected="status of 409")
    name = shown(page)
    with town.client() as colleague:
        sign_in(colleague, "colleague")
        assert colleague.post(f"/v1/submissions/{name}/decisions", json={"version": 0}).is_success
    page.fill("#review-reason", "问过物业，电梯已停")
    next_one(page, "Control+Enter")
    page.wait_for_selector(".note.bad >> text=别人先认定了")
    assert "您写的原因：“问过物业，电梯已停”" in page.inner_text(".note.bad >> nth=0")
    assert len(decisions(clerk, name)) == 1
    check_accessible(page)


def test_an_own_decision_whose_answer_got_lost_is_told_as_the_own(
    screens: Opener, clerk: httpx.Client
) -> None:
    screen = screens(Role.CLERK)
    screen.expected |= {"status of 409", "ERR_FAILED"}
    page = screen.go("/review")
    page.wait_for_selector(".call")
    page.route("**/decisions", lambda route: (route.fetch(), route.abort()))
    name = shown(page)
    next_one(page, "Enter")
    wait_until_sent(page)
    page.unroute("**/decisions")
    next_one(page, "ArrowRight")
    assert shown(page) == name
    next_one(page, "Enter")
    page.wait_for_selector(".note.bad >> text=您先前已经认定，以那一次为准")
    assert len(decisions(clerk, name)) == 1


def test_a_double_click_and_a_key_held_down_decide_one_sheet_and_not_the_next(
    screens: Opener, clerk: httpx.Client
) -> None:
    page = open_queue(screens)
    for press in (
        lambda: (
            page.keyboard.down("Enter"),
            page.keyboard.down("Enter"),
            page.keyboard.up("Enter"),
        ),
        lambda: page.dblclick(".call .buttons button >> nth=0"),
    ):
        before = clerk.get("/v1/reviews/today").json()["everyone"]["decided"]
        page.locator("#review-sheet").focus()
        press()
        wait_until_sent(page)
        page.wait_for_function("() => document.querySelector('.call')")
        assert clerk.get("/v1/reviews/today").json()["everyone"]["decided"] == before + 1


def test_a_call_that_was_not_sent_is_not_left_unasked(screens: Opener) -> None:
    page = open_queue(screens)
    page.fill("#review-reason", "问过物业，电梯已停")
    page.click(".side >> text=台账")
    page.click(".el-message-box button:has-text('取消')")
    assert page.input_value("#review-reason") == "问过物业，电梯已停"
    page.fill("#review-reason", "")
    page.click(".side >> text=台账")
    page.wait_for_selector("h1 >> text=台账")


def test_what_could_not_be_sent_comes_back_as_the_next_with_all_that_was_said(
    screens: Opener, clerk: httpx.Client
) -> None:
    page = open_queue(screens, expected="ERR_FAILED")
    name = shown(page)
    page.route("**/decisions", lambda route: route.abort())
    page.keyboard.press("e")
    next_one(page, "Enter")
    wait_until_sent(page)
    page.unroute("**/decisions")
    next_one(page, "ArrowRight")
    assert shown(page) == name
    page.wait_for_selector(".call .note.bad >> text=连不上服务")
    next_one(page, "Enter")
    wait_until_sent(page)
    assert [one["after"]["urgency"] for one in decisions(clerk, name)] == [3]


def test_the_one_that_the_address_names_comes_first_and_its_repeat_is_told_apart(
    screens: Opener, town: RunningService, clerk: httpx.Client
) -> None:
    text = "我们柳荫巷十二户的水压一到晚上就上不来，做饭洗澡都难，已经两个月，请帮我们看看。"
    with town.client("submit") as sender:
        for name, told in (("D-1", text), ("D-2", text.replace("两个月", "三个多月"))):
            sent = make_body(id=name, title="", content=told, place=None)
            assert sender.post("/v1/submissions", json=sent).json()["destination"] == "review"
    page = open_queue(screens, "/review?id=D-2")
    assert shown(page) == "D-2"
    page.keyboard.press("c")
    page.click("summary >> text=逐字对照")
    assert "三" in "".join(page.locator("ins").all_inner_texts())
    check_accessible(page)
    page.click("text=不是重复")
    page.click(".el-message-box button:has-text('不是重复')")
    page.wait_for_selector("text=已记下")
    assert clerk.get("/v1/submissions/D-2/repeats").json()["lines"] == []


def test_a_supervisor_reads_the_queue_and_decides_nothing(screens: Opener) -> None:
    page = screens(Role.SUPERVISOR).go("/review")
    page.wait_for_selector("#review-sheet")
    assert page.locator(".call").count() == 0
    next_one(page, "ArrowRight")
    name = shown(page)
    page.keyboard.press("Enter")
    assert shown(page) == name
