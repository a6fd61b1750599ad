"""A letter or a call registered in the console: what is said of it meanwhile, and the receipt."""

import builtins
import io
from pathlib import Path
from typing import Any

import httpx
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
from people_factories import PASSWORD, sign_in
from service_factories import RunningService, make_body

from api.demo import load_samples
from api.files import scans
from triage.roles import Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
TEXT = (
    "我家住幸福里小区3栋，楼道里燃气味很浓，有老人头晕呕吐，请马上派人。"
    "联系人李建国，电话13800001234。"
)
FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
)


@pytest.fixture
def clerk(town: RunningService) -> Any:
    with town.client() as client:
        sign_in(client, Role.CLERK)
        yield client


def test_a_call_is_labelled_as_it_is_typed_and_saved_once_with_a_receipt(
    screens: Opener, clerk: httpx.Client
) -> None:
    page = screens(Role.CLERK).go("/register")
    choose(page, "渠道", "来电")
    page.fill("#content", TEXT)
    page.wait_for_selector(".suggestion .tag.urgent, .suggestion .tag.danger")
    page.wait_for_selector(".marked[aria-busy=false]")
    assert "燃气味" in "".join(page.locator(".marked mark.danger").all_inner_texts())
    assert page.locator(".marked mark:not(.danger)").count() > 0
    page.click("text=遮盖后")
    assert "13800001234" not in page.inner_text(".marked-text")
    assert "电话 1" in page.inner_text(".marked")
    page.click("text=填入反映人")
    assert page.input_value("#phone") == "13800001234"
    assert page.input_value("#name") == "李建国"
    check_accessible(page)
    check_fits(page)

    before = clerk.get("/v1/reviews/today").json()["waiting"]
    page.click("button:has-text('保存')", click_count=2, delay=5)
    page.wait_for_selector(".receipt")
    told = page.inner_text(".receipt")
    check_accessible(page)
    name = page.inner_text(".receipt dd >> nth=0")
    file = clerk.get(f"/v1/submissions/{name}").json()
    assert (file["submission"]["channel"], file["submission"]["content"]) == ("来电", TEXT)
    assert file["submitter"]["phone"].endswith("34")
    assert clerk.get("/v1/reviews/today").json()["waiting"] - before == (not file["entries"])
    code = page.inner_text(".receipt .code")
    found = clerk.post("/v1/tracking", json={"code": code, "tail": "1234"})
    assert found.status_code == 200
    assert "/citizen" in told
    page.emulate_media(media="print")
    assert not page.is_visible("text=登记下一件")
    assert not page.is_visible(".side")
    assert page.is_visible(".receipt .code")
    page.emulate_media(media="screen")
    page.click("text=登记下一件")
    assert page.input_value("#content") == ""
    assert page.evaluate("sessionStorage.getItem('register-draft')") is None

    page.reload()  # what was pressed too soon does not cost the code, which is told once
    page.click("text=再看回执")
    assert page.inner_text(".receipt .code") == code
    assert page.inner_text(".receipt dd >> nth=0") == name


def test_when_the_session_ends_while_one_types_nothing_is_said_of_keys_and_reading_goes_on(
    screens: Opener,
) -> None:
    screen = screens(Role.CLERK)
    screen.expected.add("status of 401")
    page = screen.go("/register")
    page.context.clear_cookies()
    page.fill("#content", TEXT)
    page.fill(".el-dialog input", PASSWORD)
    assert "Authorization" not in page.inner_text("body")
    page.press(".el-dialog input", "Enter")
    page.wait_for_selector(".suggestion .tag.urgent, .suggestion .tag.danger")
    assert page.input_value("#content") == TEXT


def test_of_an_accusation_the_tab_keeps_the_code_and_not_a_word(screens: Opener) -> None:
    sample = next(one for one in load_samples() if "质监所窗口" in one["title"])
    page = screens(Role.CLERK).go("/register")
    page.fill("#title", sample["title"])
    page.fill("#content", sample["content"])
    page.fill("#name", "甄仿写")
    page.click("button:has-text('保存')")
    page.wait_for_selector(".note.good >> text=已转纪检")
    kept = page.evaluate("JSON.stringify({ ...sessionStorage })")
    assert page.inner_text(".receipt .code") in kept
    assert sample["title"] not in kept
    assert "甄仿写" not in kept


@pytest.mark.parametrize("danger", ["他正带人持刀打我，救命！", ""])
def test_of_whatever_was_sealed_at_once_the_clerk_records_who_was_called(
    screens: Opener, town: RunningService, danger: str
) -> None:
    screen = screens(Role.CLERK)
    page = screen.go("/register")
    page.fill("#title", "举报所长秦守财")
    page.fill("#content", f"实名举报派出所所长秦守财收受贿赂红包三万元，请纪委查处。{danger}")
    page.click("button:has-text('保存')")
    page.wait_for_selector(".note.good >> text=已转纪检")
    asked = page.locator("[aria-label=转紧急热线]")
    assert "如有现时危险，请先拨打电话，再在此记一笔" in asked.inner_text()
    told = page.inner_text("main")
    assert [word for word in ("秦守财", "贿赂", "特急", "紧急程度") if word in told] == []
    check_accessible(page)

    screen.expected.add("ERR_FAILED")
    page.route("**/alarm", lambda route: route.abort())
    asked.locator("button:has-text('119')").click()
    page.wait_for_selector(".el-message--error >> text=连不上服务")
    assert "已记录" not in asked.inner_text()
    page.unroute("**/alarm")
    sent: list[str] = []
    page.on("request", lambda request: request.url.endswith("/alarm") and sent.append(request.url))
    asked.locator("button:has-text('119')").dblclick()
    page.wait_for_selector("[role=status]:text-is('已记录：119')")
    assert len(sent) == 1
    asked.locator("button:has-text('120')").click()
    page.wait_for_selector("[role=status]:text-is('已记录：119、120')")
    check_accessible(page)
    name = page.inner_text(".receipt dd >> nth=0")
    with town.client() as officer:
        sign_in(officer, Role.DISCIPLINE)
        notes = officer.get(f"/v1/accusations/{name}").json()["notes"]
    assert [one["reason"] for one in notes] == ["已转119（消防）", "已转120（急救）"]
    page.emulate_media(media="print")
    assert not asked.is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    check_fits(page)


def test_on_the_receipt_of_what_was_not_sealed_no_emergency_line_is_asked_for(
    screens: Opener,
) -> None:
    page = screens(Role.CLERK).go("/register")
    page.fill("#content", "请问办理老年证需要带哪些材料，工作日几点开门？")
    page.click("button:has-text('保存')")
    page.wait_for_selector(".receipt")
    assert page.locator("[aria-label=转紧急热线]").count() == 0


def test_who_types_of_a_danger_is_told_to_call_first(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/register")
    sample = next(one for one in load_samples() if "煤气罐" in one["title"])
    page.fill("#title", sample["title"])
    page.fill("#content", sample["content"])
    page.wait_for_selector("[aria-label=系统建议] .note.bad >> text=请先拨 110（公安）")
    check_accessible(page)
    page.fill("#title", "")
    page.fill("#content", "请问办理老年证需要带哪些材料，工作日几点开门？")
    page.wait_for_selector("text=请先拨 110（公安）", state="detached")


def test_what_an_earlier_one_said_is_shown_as_a_repeat_while_it_is_typed(
    screens: Opener, town: RunningService
) -> None:
    text = "杏花巷口的窨井盖又被压碎了一半，晚上看不见，昨天有位老人摔了一跤，请尽快换一个。"
    with town.client("submit") as sender:
        sender.post("/v1/submissions", json=make_body(id="R-1", title="井盖碎了", content=text))
    page = screens(Role.CLERK, size=PHONE, dark=True).go("/register")
    page.fill("#content", text.replace("昨天", "前天"))
    page.wait_for_selector("[aria-label=可能重复] >> text=井盖碎了")
    page.click("summary >> text=逐字对照")
    assert page.inner_text("ins") == "前天"
    assert page.inner_text("del") == "昨天"
    check_fits(page)
    check_accessible(page)


def test_a_letter_is_photographed_on_a_phone_and_dropped_at_a_desk(screens: Opener) -> None:
    page = screens(Role.CLERK, size=PHONE).go("/register")
    page.wait_for_selector(".drop.camera:visible >> text=拍照")
    lens = page.locator("input[aria-label=拍照]")
    assert lens.get_attribute("accept") == "image/*"
    assert lens.get_attribute("capture") == "environment"
    with page.expect_file_chooser():
        page.click(".drop.camera")
    check_fits(page)
    check_accessible(page)
    page = screens(Role.CLERK).go("/register")
    page.wait_for_selector(".drop:visible >> text=拖到这里")
    assert not page.is_visible(".drop.camera")


def test_a_draft_outlives_a_reload_and_goes_when_one_signs_out(screens: Opener) -> None:
    page = screens(Role.CLERK).go("/register")
    page.fill("#title", "路灯不亮")
    page.fill("#phone", "13900005678")
    page.reload()
    page.wait_for_selector("text=这是您上次没有保存的草稿")
    assert page.input_value("#title") == "路灯不亮"
    assert page.input_value("#phone") == "13900005678"
    page.click(".navigation >> text=工作台")
    page.wait_for_selector("h1 >> text=工作台")
    page.click(".side >> text=来件登记")
    page.wait_for_selector("#title")
    assert page.input_value("#title") == "路灯不亮"
    page.click(".who")
    page.click("text=退出登录")
    page.wait_for_selector("#login")
    assert "13900005678" not in page.evaluate(
        "JSON.stringify({ ...sessionStorage, ...localStorage })"
    )


def test_what_the_server_does_not_take_is_told_and_stays(screens: Opener) -> None:
    screen = screens(Role.CLERK)
    screen.expected |= {"status of 422", "ERR_FAILED"}
    page = screen.go("/register")
    page.click("button:has-text('保存')")
    page.wait_for_selector(".el-message--error >> text=标题和内容都为空")
    page.fill("#title", "路灯不亮")
    page.route("**/v1/submissions", lambda route: route.abort())
    page.click("button:has-text('保存')")
    page.wait_for_selector(".el-message--error >> text=连不上服务")
    assert page.input_value("#title") == "路灯不亮"
    page.unroute("**/v1/submissions")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".receipt")


def draw_letter(path: Path, *lines: str, blur: float) -> Path:
    """A picture of print, as bad as a photo by a shaking hand."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    font = next((one for one in FONTS if Path(one).is_file()), None)
    if font is None:
        pytest.skip("no Chinese font is installed")
    image = Image.new("RGB", (820, 90 * len(lines) + 40), "white")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((40, 40 + 90 * number), line, font=ImageFont.truetype(font, 30), fill="#555")
    file = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(blur)).save(file, format="PNG")
    path.write_bytes(file.getvalue())
    return path


@pytest.mark.slow
def test_a_photographed_letter_is_read_beside_its_picture_and_doubts_are_marked(
    screens: Opener, tmp_path: Path
) -> None:
    pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")
    lines = ("尊敬的领导：幸福里小区三号楼电梯停运四天，", "龘龘巷老人下不了楼，请尽快派人维修。")
    letter = draw_letter(tmp_path / "来信.png", *lines, blur=2.5)
    page = screens(Role.CLERK).go("/register")
    page.set_input_files("[aria-label=选择扫描件或照片]", letter)
    page.wait_for_selector(".scan-lines", timeout=120_000)
    assert "电梯" in page.input_value("#content")
    assert page.locator("mark.doubt").count() > 0
    page.click(".scan-lines button >> nth=0")
    assert page.locator("polygon.at").count() == 1
    assert page.evaluate("document.querySelector('.scan-sheet img').naturalWidth") == 820
    check_accessible(page)
    check_fits(page)
    page.wait_for_selector(".suggestion")
    page.click("text=收起图片")
    assert "电梯" in page.input_value("#content")


def test_without_the_extra_the_picture_stands_beside_the_field_and_it_is_said_why(
    screens: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL", reason="pillow is not installed")
    found = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "rapidocr":
            raise ImportError(name)
        return found(name, *rest, **more)

    scans._load_reader.cache_clear()
    monkeypatch.setattr(builtins, "__import__", missing)
    screen = screens(Role.CLERK)
    screen.expected.add("status of 501")
    page = screen.go("/register")
    letter = draw_letter(tmp_path / "来信.png", "请修路灯", blur=0)
    page.set_input_files("[aria-label=选择扫描件或照片]", letter)
    page.wait_for_selector(".scan-panel .note >> text=没有安装文字识别")
    assert page.is_visible(".scan-sheet img")
    page.fill("#content", "请修路灯，照原件录入")
    check_accessible(page)
