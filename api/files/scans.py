"""A scanned or photographed letter read as text (文字识别); needs the extra `ocr`.

The parts are loaded with the first picture, and one picture is read at a time: reading takes all
cores there are.
"""

import io
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from api.errors import PartNotInstalled
from triage.errors import InvalidFile, InvalidInput

MAX_BYTES = 20_000_000
MOST_PIXELS = 60_000_000  # as the file declares them: a small file can hold a huge picture
MOST_SIDE = 3_000  # a picture is made smaller than this; print of that size is read as well
_PDF = b"%PDF-"
_POINTS_AN_INCH = 72
_DOTS_AN_INCH = 200
_HINT = "没有安装文字识别，请管理员执行 pip install 'minsheng-triage[ocr]' 后重启，或照原件录入"
_reading = Lock()


@dataclass(frozen=True, slots=True)
class ReadCharacter:
    """One character and how sure it is, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of print: its words, how sure they are, its four corners from the upper left one
    clockwise (x, y in pixels), its characters where these were told apart."""

    text: str
    confidence: float
    box: tuple[tuple[float, float], ...]
    characters: tuple[ReadCharacter, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """One page as it was read, from top to bottom; `picture` is the page as PNG where the file is
    a PDF, of which a browser shows no single page."""

    page: int
    pages: int
    width: int
    height: int
    lines: tuple[ReadLine, ...]
    picture: bytes | None

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)


def read_scan(content: bytes, *, page: int = 1) -> Scan:
    """What is printed in a picture (PNG, JPEG, TIFF, BMP, WebP) or on a page of a PDF.

    Raises PartNotInstalled without the extra, InvalidFile where it is none or too large,
    InvalidInput for a page that is not there.
    """
    if len(content) > MAX_BYTES:
        raise InvalidFile(f"文件超过 {MAX_BYTES // 1_000_000} MB，请压缩或降低分辨率后再试")
    read = _load_reader()
    is_pdf = content.startswith(_PDF)
    image, pages = _open_pdf(content, page) if is_pdf else _open_picture(content, page)
    with _reading:
        lines = read(image)
    picture = None
    if is_pdf:
        file = io.BytesIO()
        image.save(file, format="PNG")
        picture = file.getvalue()
    width, height = image.size
    return Scan(page, pages, width, height, lines, picture)


def _open_picture(content: bytes, page: int) -> tuple[Any, int]:
    from PIL import Image, ImageOps

    try:
        image = Image.open(io.BytesIO(content))
        pages = getattr(image, "n_frames", 1)
        if not 1 <= page <= pages:
            raise InvalidInput(f"文件只有 {pages} 页，请改正", field="page")
        image.seek(page - 1)
        if image.width * image.height > MOST_PIXELS:  # of this page: each has a size of its own
            raise InvalidFile("图片太大，请降低分辨率后再试")
        image = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidFile("不是能读的图片，请用 PNG、JPG、TIFF 图片或 PDF 文件") from error
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    return image, pages


def _open_pdf(content: bytes, page: int) -> tuple[Any, int]:
    try:
        import pypdfium2
    except ImportError:
        raise PartNotInstalled(_HINT) from None
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise InvalidFile("PDF 文件已损坏或设有密码，请另存后再试") from error
    with document:
        pages = len(document)
        if not 1 <= page <= pages:
            raise InvalidInput(f"文件只有 {pages} 页，请改正", field="page")
        sheet = document[page - 1]
        side = max(sheet.get_size()) or 1
        scale = min(_DOTS_AN_INCH / _POINTS_AN_INCH, MOST_SIDE / side)
        return sheet.render(scale=scale).to_pil().convert("RGB"), pages


@cache
def _load_reader() -> Any:
    """What reads a picture. Raises PartNotInstalled."""
    try:
        import numpy
        from rapidocr import RapidOCR
    except ImportError:
        raise PartNotInstalled(_HINT) from None
    engine = RapidOCR(params={"Global.log_level": "error"})

    def read(image: Any) -> tuple[ReadLine, ...]:
        found = engine(
            numpy.asarray(image)[:, :, ::-1], return_word_box=True, return_single_char_box=True
        )
        if not found.txts:
            return ()
        words = found.word_results or [()] * len(found.txts)
        return tuple(
            ReadLine(
                text,
                round(float(sure), 4),
                tuple((round(float(x), 1), round(float(y), 1)) for x, y in box),
                tuple(ReadCharacter(word[0], round(float(word[1]), 4)) for word in letters),
            )
            for text, sure, box, letters in zip(
                found.txts, found.scores, found.boxes, words, strict=True
            )
        )

    return read
