"""Every page of the console, opened by one who may: it reads, it fits, nobody is shut out of it."""

import re
from pathlib import Path

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

from api.console import STATIC
from triage.roles import ROLE_ACTIONS, Role

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser
FOLDER = STATIC / "console"
_PAGE = re.compile(r'\{ path: "(?P<path>[^"]+)", name: "(?P<name>[^"]+)", file: "(?P<file>[^"]+)"')
_NEEDS = re.compile(r"needs: \[([^\]]*)\]")
DOCS = Path(__file__).parent.parent / "docs"


def list_pages() -> list[tuple[str, str, str, Role | None]]:
    """(path, name, file, who may open it), None where nobody need sign in."""
    pages = []
    for line in (FOLDER / "pages.js").read_text("utf-8").splitlines():
        if found := _PAGE.search(line):
            needs = _NEEDS.search(line)
            wanted = set(re.findall(r'"(\w+)"', needs[1])) if needs else set()
            role = next(one for one in Role if not wanted or wanted & ROLE_ACTIONS[one])
            pages.append((*found.groups(), None if "open: true" in line else role))
    return pages


PAGES = list_pages()
WHOLE = [page for page in PAGES if ":" not in page[0]]


@pytest.mark.parametrize(("path", "name", "file", "role"), WHOLE, ids=[page[0] for page in WHOLE])
def test_a_page_reads_in_light_and_dark_and_on_a_phone(
    screens: Opener, path: str, name: str, file: str, role: Role | None
) -> None:
    assert (FOLDER / "pages" / f"{file}.js").is_file()
    screen = screens(role)
    page = screen.go(path)
    page.wait_for_load_state("networkidle")
    assert name in page.title()
    assert page.locator("main .state >> text=没有读").count() == 0
    check_fits(page)
    check_accessible(page)
    assert not re.search(r"\b(?:undefined|null|NaN|Invalid)\b", page.inner_text("main"))
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.click("[aria-label=改用深色]")
    check_fits(page)
    check_accessible(page)


def test_every_page_stands_in_the_guide_for_developers() -> None:
    guide = (DOCS / "console.md").read_text("utf-8")
    for path, _, file, _ in PAGES:
        assert f"`{path}" in guide
        assert f"pages/{file}.js" in guide


def test_every_part_stands_in_the_guide_for_developers() -> None:
    guide = (DOCS / "console.md").read_text("utf-8")
    for part in (FOLDER / "parts").glob("*.js"):
        assert f"parts/{part.name}" in guide


def test_no_module_of_the_console_is_long() -> None:
    for module in FOLDER.rglob("*.js"):
        assert len(module.read_text("utf-8").splitlines()) <= 400, module
