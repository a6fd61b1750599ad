"""Scanned letters read as text: where the extra is installed, and where it is not."""

import base64
import builtins
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_factories import run_service

from api.errors import PartNotInstalled
from api.files import scans
from api.files.scans import read_scan
from triage.errors import InvalidFile, InvalidInput

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
)
LINES = ("尊敬的领导：幸福里小区三号楼电梯停运四天，", "老人下不了楼，请尽快派人维修。")


@pytest.fixture(scope="module")
def letter() -> Any:
    """A page of print, drawn with a Chinese font of this machine."""
    pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")
    pytest.importorskip("onnxruntime", reason="the extra `ocr` is not installed")
    from PIL import Image, ImageDraw, ImageFont

    font = next((path for path in FONTS if Path(path).is_file()), None)
    if font is None:
        pytest.skip("no Chinese font is installed")
    image = Image.new("RGB", (800, 200), "white")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(LINES):
        pen.text((40, 40 + 70 * number), line, font=ImageFont.truetype(font, 32), fill="black")
    return image


def spell(image: Any, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind)
    return file.getvalue()


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[httpx.Client]:
    with run_service(tmp_path) as running, running.client("submit") as client:
        yield client


def send(client: httpx.Client, content: bytes, **changes: Any) -> httpx.Response:
    body = {"content": base64.b64encode(content).decode()} | changes
    return client.post("/v1/ocr", json=body, timeout=120)


@pytest.mark.slow
def test_print_is_read_line_by_line_with_its_place_and_surety(
    clerk: httpx.Client, letter: Any
) -> None:
    answer = send(clerk, spell(letter, "PNG"))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["text"] == "\n".join(LINES)
    assert (told["width"], told["height"], told["pages"]) == (*letter.size, 1)
    for line, text in zip(told["lines"], LINES, strict=True):
        assert "".join(letter["text"] for letter in line["characters"]) == text
        assert all(0.5 < letter["confidence"] <= 1 for letter in line["characters"])
        assert len(line["box"]) == 4
    assert told["lines"][0]["box"][0][1] < told["lines"][1]["box"][0][1]
    assert told["picture"] is None


@pytest.mark.slow
def test_a_page_of_a_pdf_is_read_and_shown(letter: Any) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `ocr` is not installed")
    scan = read_scan(spell(letter, "PDF"))
    assert "".join(LINES)[:9] in scan.text
    assert scan.picture is not None
    assert scan.picture.startswith(b"\x89PNG")
    with pytest.raises(InvalidInput):
        read_scan(spell(letter, "PDF"), page=2)


@pytest.mark.slow
def test_a_blank_page_has_no_lines_and_what_is_no_picture_is_refused(letter: Any) -> None:
    blank = letter.copy()
    blank.paste("white", (0, 0, *blank.size))
    assert read_scan(spell(blank, "PNG")).lines == ()
    for wrong in (b"no picture", b"%PDF-1.4 broken", b"x" * (scans.MAX_BYTES + 1)):
        with pytest.raises(InvalidFile):
            read_scan(wrong)


def test_a_picture_that_would_fill_the_memory_is_refused(
    letter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "MOST_PIXELS", 1000)
    pages = io.BytesIO()
    letter.resize((20, 20)).save(pages, format="TIFF", save_all=True, append_images=[letter])
    for content, page in ((spell(letter, "PNG"), 1), (pages.getvalue(), 2)):
        with pytest.raises(InvalidFile, match="太大"):
            read_scan(content, page=page)


def test_without_the_extra_a_clerk_is_told_what_to_do(
    clerk: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "rapidocr":
            raise ImportError(name)
        return found(name, *rest, **more)

    scans._load_reader.cache_clear()
    monkeypatch.setattr(builtins, "__import__", missing)
    answer = send(clerk, b"x")
    assert (answer.status_code, answer.json()["error"]) == (501, "part_not_installed")
    assert "minsheng-triage[ocr]" in answer.json()["detail"]
    with pytest.raises(PartNotInstalled):
        read_scan(b"x")


def test_what_is_too_long_or_empty_is_refused_before_it_is_read(clerk: httpx.Client) -> None:
    assert send(clerk, b"").status_code == 422
    assert send(clerk, b"x", page=0).status_code == 422
    assert send(clerk, b"x" * 21_000_000).status_code == 413
