"""What the console brings of other people: pinned, whole, licensed, and all of it used."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.console import STATIC

MANIFESTS = (STATIC / "vendor" / "manifest.json", Path(__file__).parent / "axe" / "manifest.json")
FREE = {"MIT", "Apache-2.0"}


def packages(manifest: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(manifest.read_text("utf-8"))
    return told


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_every_vendored_file_is_the_one_that_was_published(manifest: Path) -> None:
    told = {}
    for package in packages(manifest):
        folder = manifest.parent / f"{package['name']}-{package['version']}"
        assert sorted(package["files"].values()) == sorted(package["sha256"])
        told |= {folder / name: digest for name, digest in package["sha256"].items()}
    here = {path for path in manifest.parent.rglob("*") if path.is_file()}
    assert here - {manifest, manifest.parent / "README.md"} == set(told)
    for path, digest in told.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, path


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_every_vendored_package_brings_its_licence(manifest: Path) -> None:
    for package in packages(manifest):
        assert "LICENSE" in package["files"].values()
        assert package["licence"] in FREE or "tests" in manifest.parts


def test_the_page_names_the_pinned_versions_and_no_other() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    named = set(re.findall(r"/static/(vendor/[^\"/]+/[^\"]+)", page))
    assert all((STATIC / name).is_file() for name in named)
    modules = {
        f"vendor/{package['name']}-{package['version']}/{name}"
        for package in packages(MANIFESTS[0])
        for name in package["sha256"]
        if name.endswith((".js", ".css"))
    }
    assert named == modules


def test_nothing_of_the_console_compiles_text_or_writes_markup() -> None:
    for path in (STATIC / "console").rglob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML|document\.write|v-html", text
        )


def find_needed(*names: str) -> set[str]:
    """These modules of the console and all that they import, and what of others' these do."""
    needed = set(names)
    waiting = list(names)
    while waiting:
        module = STATIC / "console" / waiting.pop()
        for name in re.findall(r'^import .* from "([^"]+)";$', module.read_text("utf-8"), re.M):
            path = (module.parent / name).resolve()
            own = name.startswith(".")
            found = str(path.relative_to(STATIC / "console")) if own else name
            if found not in needed:
                needed.add(found)
                waiting += [found] * own
    return needed


def test_what_is_seen_first_is_fetched_at_once_and_needs_no_component_library() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    early = set(re.findall(r'<link rel="modulepreload" href="/static/console/([^"]+)">', page))
    table = (STATIC / "console" / "pages.js").read_text("utf-8")
    light = re.findall(r'file: "([^"]+)".*light: true', table)
    needed = find_needed("main.js", *(f"pages/{name}.js" for name in light))
    assert needed - {"main.js"} == early | {"vue", "htm"}
