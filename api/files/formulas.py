"""Formulas whose result was never saved: to every reader but Excel their cells are empty.

Programs that write workbooks without calculating leave them so, and whole rows of them would be
taken for blank ones. The parser does not tell; so the cells are looked for where they are spelt.
"""

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

_PIECE = 1 << 20  # bytes
_MOST = 8 << 20  # bytes that a row may take
_ROW_END = b"</row>"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# Not `t="str"`: there the result was saved, and is an empty text.
_UNSAVED = re.compile(
    rb'<c (?![^<>]*\bt="str")[^<>]*?\br="([A-Z]{1,3})[0-9]+"[^<>]*>\s*'
    rb"<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)


def count_unsaved(book: IO[bytes], sheet: str) -> dict[int, int]:
    """Column (from 0) → cells of the .xlsx worksheet with a formula and no result."""
    counts: Counter[bytes] = Counter()
    with zipfile.ZipFile(book) as archive:
        path = _find_part(archive, sheet)
        if path is not None:
            with archive.open(path) as part:
                for rows in _read_rows(part):
                    counts.update(_UNSAVED.findall(rows))
    return {_read_column(letters): count for letters, count in counts.items()}


def _find_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Where in the archive the worksheet of this name lies."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - see sheetreader
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ElementTree.ParseError):
        return None
    wanted = {one.get(_RELATION) for one in book.iter(f"{_MAIN}sheet") if one.get("name") == sheet}
    for link in links:
        if link.get("Id") in wanted:
            path = posixpath.normpath(posixpath.join("/xl", link.get("Target", ""))).lstrip("/")
            return path if path in archive.namelist() else None
    return None


def _read_rows(part: IO[bytes]) -> Iterator[bytes]:
    """The part in pieces that end with a row."""
    held = b""
    while piece := part.read(_PIECE):
        rows, end, held = (held + piece).rpartition(_ROW_END)
        yield rows + end
        if len(held) > _MOST:
            return


def _read_column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = 26 * column + letter - ord("A") + 1
    return column - 1
