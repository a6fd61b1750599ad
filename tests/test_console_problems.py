"""Common problems in the console: found by heat, put right by persons, made a task of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_factories import (
    PHONE,
    Opener,
    browser,
    check_accessible,
    check_fits,
    choose,
    screens,
    town,
)
from people_factories import sign_in
from service_factories import RunningService

from api.background.placing import place_all
from api.service import read_clock
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
LETTERS = {
    "lift": (
        ("桂香苑3栋电梯停运四天", "桂香苑3栋电梯从周三停到现在，老人下不了楼，物业不管。"),
        ("桂香苑电梯老是坏", "桂香苑的电梯三天两头停运，物业说没有维修基金，请督促维修。"),
        ("请修好桂香苑的电梯", "我住桂香苑3栋，电梯停运，老人孩子上下楼很困难，物业推脱。"),
        ("桂香苑电梯停运无人修", "桂香苑电梯停运一周，维修基金批不下来，物业没人维修。"),
    ),
    "noise": (
        ("滨河夜市噪音扰民", "滨河夜市每天唱歌到凌晨两点，噪音太大，附近住户睡不着觉。"),
        ("滨河夜市音响太吵", "滨河夜市摊主用音响招揽生意，噪音扰民，凌晨还在唱歌。"),
        ("请管管滨河夜市的噪音", "滨河夜市深夜唱歌、音响噪音很大，孩子没法睡觉，请城管管理。"),
        ("滨河夜市深夜唱歌扰民", "滨河夜市一到晚上就摆音响唱歌，噪音到凌晨两点，住户受不了。"),
    ),
    "lamps": (
        ("枫林路路灯不亮", "枫林路整条路的路灯坏了半个月，晚上漆黑一片，骑车摔过人。"),
        ("枫林路路灯坏了没人修", "枫林路的路灯一直不亮，夜里看不见路，请尽快修好路灯。"),
        ("请修枫林路的路灯", "枫林路路灯全坏，上晚班回家害怕，打过电话没有人来修路灯。"),
        ("枫林路晚上没有路灯", "枫林路路灯不亮已经很久，路口差点出车祸，请维修路灯。"),
    ),
    "waste": (
        ("锦绣苑垃圾堆放一周没人清运", "锦绣苑门口的垃圾堆放一周没有人清运，臭味很大，蚊蝇很多。"),
        ("锦绣苑垃圾桶满了没人管", "锦绣苑的垃圾桶满了没人清运，垃圾堆到路上，臭味飘进家里。"),
        ("请清运锦绣苑的垃圾", "我住锦绣苑，门口垃圾多日没有清运，天热臭味很大，请环卫清运。"),
        ("锦绣苑垃圾多日没有清运", "锦绣苑垃圾堆放多日，环卫车不来清运，居民出门都要绕路。"),
    ),
    "lunch": (
        ("望江小学午餐又贵又冷", "望江小学的配餐午餐送到已经凉了，涨价以后菜更少，家长有意见。"),
        ("望江小学配餐质量差", "望江小学午餐配餐质量差，孩子吃不饱，价格还涨，请查配餐公司。"),
        ("望江小学午餐问题", "望江小学学生午餐送来就凉，配餐公司换了以后味道差，家长不满。"),
        ("请查望江小学的配餐", "望江小学配餐午餐菜凉量少，强制订餐，请教育局查配餐公司。"),
    ),
}


def file_letters(town: RunningService, matter: str) -> int:
    """The number of the problem that the letters on this matter make."""
    with town.client("submit", "review") as clerk:
        for number, (title, content) in enumerate(LETTERS[matter]):
            told = {"id": f"{matter}-{number}", "title": title, "content": content}
            taken = clerk.post("/v1/submissions", json=told | {"channel": "来信"})
            assert taken.status_code == 201, taken.text
            version = 0 if taken.json()["entry"] is None else 1
            called = {"lead": "住建局", "urgency": 3, "nature": "投诉", "version": version}
            decided = clerk.post(f"/v1/submissions/{matter}-{number}/decisions", json=called)
            assert decided.status_code == 200, decided.text
        entry = decided.json()["entry"]["id"]
        assert place_all(town.service.store, now=read_clock(), patience_s=60)
        return int(clerk.get(f"/v1/entries/{entry}").json()["problem"]["id"])


def read_problem(town: RunningService, problem_id: int) -> Any:
    with town.client("read") as client:
        return client.get(f"/v1/problems/{problem_id}").json()


def test_a_problem_becomes_a_task(screens: Opener, town: RunningService) -> None:
    problem_id = file_letters(town, "lift")
    page = screens(Role.SUPERVISOR).go("/problems?q=桂香苑")
    page.wait_for_selector(".spark")
    check_accessible(page)
    page.click("a.row-link")
    page.wait_for_selector(".heat-parts >> text=反映人数")
    page.wait_for_selector(".chart canvas")
    assert page.locator(".members li").count() == 4
    check_accessible(page)
    page.click("main button:has-text('建议任务')")
    page.wait_for_selector("h2:text-is('草稿的依据')")
    assert page.input_value("#title")
    page.fill("#person", "李明")
    page.fill("#measures", "逐台检测电梯\n动用维修资金更换")
    page.click("main button[type=submit]")
    page.wait_for_selector("h2:text-is('措施')")
    (task,) = read_problem(town, problem_id)["tasks"]
    assert page.url.endswith(f"/tasks/{task['id']}")
    with town.client("read") as client:
        listed = client.get("/v1/lists/tasks").json()["lines"]
    assert task["id"] in [line["task"]["id"] for line in listed]
    page.click(f"a[href='#/problems/{problem_id}']")
    page.wait_for_selector(f"a.what[href='#/tasks/{task['id']}']")


def test_a_problem_is_renamed_split_merged_and_dismissed_by_a_person(
    screens: Opener, town: RunningService
) -> None:
    problem_id = file_letters(town, "noise")
    page = screens(Role.CLERK).go(f"/problems/{problem_id}")
    page.click("main button:has-text('改名')")
    page.fill("#name", "滨河夜市长期噪音")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("h1:text-is('滨河夜市长期噪音')")

    for number in (0, 1):
        page.locator(".members .el-checkbox").nth(number).click()
    page.click(".bulk button:has-text('拆成新问题')")
    page.fill("#name", "滨河夜市另外两家音响")
    check_accessible(page)
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("h1:text-is('滨河夜市另外两家音响')")
    new_id = int(page.url.split("/")[-1])
    assert new_id != problem_id
    assert [read_problem(town, one)["problem"]["size"] for one in (problem_id, new_id)] == [2, 2]

    page.click("main button:has-text('合并别的问题')")
    choose(page, "另一个共性问题", "滨河夜市长期噪音", typed="长期噪音")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector(".timeline >> text=合并 2 件")
    assert read_problem(town, new_id)["problem"]["size"] == 4
    page.goto(page.url.replace(f"/{new_id}", f"/{problem_id}"))
    page.wait_for_selector(".note >> text=已并入")
    page.click(".note a")
    page.wait_for_selector("h1:text-is('滨河夜市另外两家音响')")

    page.locator(".members .el-checkbox").nth(0).click()
    page.click(".bulk button:has-text('移出')")
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("text=已经移出")
    page.click("main button:has-text('不是共性问题')")
    page.fill(".el-message-box textarea", "各栋各有原因")
    page.click(".el-message-box button:has-text('标为不是共性问题')")
    page.wait_for_selector("main button:has-text('恢复')")
    assert read_problem(town, new_id)["problem"]["state"] == "dismissed"


def test_who_was_overtaken_is_told_and_reads_again(screens: Opener, town: RunningService) -> None:
    problem_id = file_letters(town, "lamps")
    screen = screens(Role.SUPERVISOR)
    screen.expected.add("status of 409")
    page = screen.go(f"/problems/{problem_id}")
    page.wait_for_selector(".members")
    with town.client() as other:
        sign_in(other, Role.CLERK)
        version = read_problem(town, problem_id)["problem"]["version"]
        said = {"version": version, "kind": "rename", "name": "别人改的名"}
        assert other.post(f"/v1/problems/{problem_id}/corrections", json=said).is_success
    page.click("main button:has-text('改名')")
    page.fill("#name", "我改的名")
    page.click(".el-dialog button[type=submit]")
    page.click(".el-message-box button:has-text('重新读取')")
    page.wait_for_selector("h1:text-is('别人改的名')")
    assert page.input_value("#name") == "我改的名"
    page.click(".el-dialog button[type=submit]")
    page.wait_for_selector("h1:text-is('我改的名')")


def test_an_officer_reads_the_problems_of_the_own_department_and_corrects_none(
    screens: Opener, town: RunningService
) -> None:
    problem_id = file_letters(town, "lunch")
    page = screens(Role.OFFICER, size=PHONE).go(f"/problems/{problem_id}")
    page.wait_for_selector(".members li")
    assert page.locator("main button:has-text('改名')").count() == 0
    assert page.locator(".members .el-checkbox").count() == 0
    check_fits(page)


@pytest.fixture
def shapes(town: RunningService, tmp_path: Path) -> Iterator[None]:
    """The town's own map, of one division."""
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    known = {"code": "430102", "name": "芙蓉区"}
    feature = {"type": "Feature", "properties": known, "geometry": square}
    told = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "map.geojson").write_text(json.dumps(told), encoding="utf-8")
    before = town.service.settings.data_dir
    town.service.settings.data_dir = tmp_path
    yield
    town.service.settings.data_dir = before


@pytest.mark.usefixtures("shapes")
def test_themes_what_is_new_and_the_map_are_looked_at(
    screens: Opener, town: RunningService
) -> None:
    file_letters(town, "waste")
    page = screens(Role.SUPERVISOR).go("/problems?tab=themes")
    page.wait_for_selector(".grid-map tbody tr")
    check_accessible(page)
    page.click(".tabs >> text=新发与年历")
    page.wait_for_selector("h2:has-text('年历')")
    check_accessible(page)
    page.click(".tabs >> text=地图")
    page.wait_for_selector(".tile")
    check_accessible(page)
    check_fits(page)
    page.click(".tile .name a >> nth=0")
    page.wait_for_selector(".map-path a")
    page.go_back()
    page.click("button:has-text('看本地地图')")
    page.wait_for_selector(".chart canvas")
    with page.expect_download() as saved:
        page.click("text=存为图片")
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
