"""Text as people send it, made comparable without moving a single character.

`clean_text` is one character in, one character out, so an offset found in clean text (a place, a
danger, a span of evidence) is the same offset in what was sent.
"""

import unicodedata
from functools import cache

from opencc import OpenCC

from triage.errors import InvalidInput

# NFKC would turn Chinese punctuation into ASCII; the writers' own form is what the models know.
_KEPT = frozenset("，。！？；：（）“”‘’、…—《》【】「」￥")
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


class _CleanTable(dict[int, str]):
    """`str.translate` table that works out a character once, when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            clean = " "
        elif char in _KEPT or char.isascii():
            clean = char
        else:
            clean = unicodedata.normalize("NFKC", char)
            clean = _simplifier().convert(clean) if len(clean) == 1 else char
            clean = clean if len(clean) == 1 else char
        self[code] = clean
        return clean


_TABLE = _CleanTable()


def clean_text(raw: str) -> str:
    """`raw` with half-width forms, simplified characters and plain spaces; the same length.

    Characters whose normal form is longer than one character (㎡, emoji sequences) stay as they
    are; control characters and broken surrogates become spaces.
    """
    return raw.translate(_TABLE)


def decode_bytes(data: bytes) -> str:
    """The text of a file or body: by its byte-order mark, else UTF-8, else GB18030.

    Raises InvalidInput where none of them fits.
    """
    marked = [name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(
        "文件不是 UTF-8 或 GBK/GB18030 编码的文本，请用 Excel 或记事本另存为 UTF-8 后再试"
    )
