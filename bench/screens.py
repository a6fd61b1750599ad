"""`python -m bench.screens [名称…]`: pictures of every page of the console, of the demonstration.

Writes docs/screens/*.png (1280×720, light) and docs/screens.md, which shows them with a sentence
each. Needs what the browser tests need: playwright and a chromium.
"""

import io
import shutil
import sys
import tempfile
import time
import tomllib
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from api.app import create_app, listen
from api.demo.build import Built, build
from api.demo.matters import load_samples
from api.demo.run import HOST, Caller, serving
from api.demo.town import move_desk
from api.service import read_clock
from api.settings import Settings
from triage.desk import load_desk

DOCS = Path(__file__).parent.parent / "docs"
SIZE = {"width": 1280, "height": 720}
MOST_BYTES = 150_000
_FLAGS = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"]
_QUIET_MS = 400  # after the last request; charts have drawn themselves by then
_TITLE = "云锦花园3栋电梯又困人，物业不修"
_LETTER = (
    "我叫苗秀英，住云锦花园3栋14楼。小区电梯昨天又把人关了半个小时，物业说维修基金还没有批下来。"
    "我母亲八十一岁，每周三次透析都要人背下楼，请住建局督促物业尽快修好电梯。"
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which page, as whom (login; None: nobody), with what done before (`act`).

    Where a list is asked `first`, its first line's `key` (a.b) goes into the path.
    """

    name: str
    title: str
    path: str
    says: str
    login: str | None = None
    first: str = ""
    key: str = ""
    act: str = ""


def _write_letter(page: Page, _built: Built) -> None:
    page.get_by_label("标题", exact=True).fill(_TITLE)
    page.fill("textarea", _LETTER)
    page.wait_for_timeout(2_500)


def _look_up(page: Page, built: Built) -> None:
    code, tail = built.tracking
    page.fill("#code", code)
    page.fill("#tail", tail)
    page.click("button[type=submit]")


_ACTS = {"write_letter": _write_letter, "look_up": _look_up}


def load_shots() -> list[Shot]:
    """All pictures, in the order of the page that shows them."""
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return [Shot(**shot) for shot in told["shots"]]


def main() -> None:
    shots, wanted = load_shots(), set(sys.argv[1:])
    if unknown := wanted - {shot.name for shot in shots}:
        sys.exit(f"没有 {'、'.join(sorted(unknown))}")
    chosen = [shot for shot in shots if not wanted or shot.name in wanted]
    with tempfile.TemporaryDirectory(prefix="triage-screens-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'demo.db'}", log_level="warning"
        )
        app = create_app(settings, desk=move_desk(load_desk(settings.model_dir)))

        def tell(what: str, share: float) -> None:
            print(f"\r{share:4.0%} {what}   ", end="", file=sys.stderr, flush=True)

        built = build(app.state.service, now=read_clock(), tell=tell)
        print(file=sys.stderr)
        with closing(listen(HOST, 0)) as listener, serving(app, listener) as key:
            address = f"{HOST}:{listener.getsockname()[1]}"
            with closing(HTTPConnection(address)) as connection:
                caller = Caller(connection, key)
                for sample in load_samples():
                    caller.post("/v1/submissions", sample)
            take(f"http://{address}", built, chosen)
    write_page()


def take(url: str, built: Built, shots: list[Shot]) -> None:
    """Take these pictures of the service at this address."""
    folder = DOCS / "screens"
    folder.mkdir(exist_ok=True)
    passwords = {one.person.login: one.password for one in built.sign_ins}
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        contexts: dict[str | None, BrowserContext] = {}
        for shot in shots:
            if shot.login not in contexts:
                contexts[shot.login] = browser.new_context(
                    viewport=SIZE,
                    locale="zh-CN",
                    timezone_id="Asia/Shanghai",
                    color_scheme="light",
                    reduced_motion="reduce",
                )
                if shot.login is not None:
                    _sign_in(contexts[shot.login], url, shot.login, passwords[shot.login])
            _take_one(contexts[shot.login], url, built, shot, folder / f"{shot.name}.png")
        browser.close()


def _sign_in(context: BrowserContext, url: str, login: str, password: str) -> None:
    said = context.request.post(f"{url}/v1/session", data={"login": login, "password": password})
    if not said.ok:
        sys.exit(f"{login} 登录未成功：{said.text()}")
    context.add_init_script("localStorage.setItem('signed-in', '1')")


def _take_one(context: BrowserContext, url: str, built: Built, shot: Shot, target: Path) -> None:
    began = time.perf_counter()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning") and print(f"  {shot.name}: {message.text}")
        ),
    )
    page.on("pageerror", lambda error: print(f"  {shot.name}: {error}"))
    try:
        page.goto(f"{url}/#{_find_path(context, url, shot)}")
        page.wait_for_selector("main h1, main .state .title, .citizen h1, form")
        page.wait_for_load_state("networkidle")
        if shot.act:
            _ACTS[shot.act](page, built)
            page.wait_for_load_state("networkidle")
        page.wait_for_timeout(_QUIET_MS)
        size = _save_small(page.screenshot(), target)
        print(f"{shot.name}: {size // 1024} KB, {time.perf_counter() - began:.1f} s")
    except Exception as error:
        print(f"{shot.name}: 未拍成，{error}")
    finally:
        page.close()


def _find_path(context: BrowserContext, url: str, shot: Shot) -> str:
    if not shot.first:
        return shot.path
    found = context.request.get(f"{url}{shot.first}").json()["lines"][0]
    for key in shot.key.split("."):
        found = found[key]
    return shot.path.format(found)


def _save_small(picture: bytes, target: Path) -> int:
    """As a PNG of few colours, fewer still where it is too large; its size in bytes."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64, 32):
        kept = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_BYTES:
            break
    target.write_bytes(kept.getvalue())
    return kept.tell()


def write_page() -> None:
    """The page of documentation that shows the pictures there are."""
    lines = [
        "# 各页的样子",
        "",
        "用 `make demo` 的虚构数据拍的，1280×720。",
        "重拍：`.venv/bin/python -m bench.screens`，后面可写名称，只拍几页。",
    ]
    for shot in load_shots():
        if (DOCS / "screens" / f"{shot.name}.png").is_file():
            lines += [
                "",
                f"## {shot.title}",
                "",
                shot.says,
                "",
                f"![{shot.title}](screens/{shot.name}.png)",
            ]
    (DOCS / "screens.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
