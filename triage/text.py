"""Text as people send it, made comparable without moving a single character.

`clean_text` is one character in, one character out, so an offset found in clean text (a place, a
danger, a span of evidence) is the same offset in what was sent.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

from triage.errors import InvalidInput

# NFKC would turn Chinese punctuation into ASCII; the writers' own form is what the models know.
_KEPT = "，。！？；：（）“”‘’、…—《》【】「」￥"
_NOT_TEXT = frozenset(
    ("Cc", "Cf", "Cs", "Co", "Cn")
)  # controls, format marks, surrogates, unassigned
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_CLAUSE_STOP = re.compile(r"[，,。！？!?；;：]")
_QUOTE = 30  # characters of a message that are quoted


def clean_text(raw: str) -> str:
    """`raw` with half-width forms, simplified characters and plain spaces; the same length.

    Characters whose normal form is longer than one character (㎡, ½) stay as they are; line
    breaks, control characters, invisible marks and broken surrogates become spaces.
    """
    return _unclean().sub(_clean_match, raw)


@cache
def _unclean() -> re.Pattern[str]:
    """A character that may need cleaning: any but ASCII, kept punctuation and simplified hanzi.

    Nearly all characters of nearly all texts need none, and a compiled class passes them over ten
    times faster than a look-up for each. Built at the first call (0.1 s).
    """
    hanzi = [chr(code) for code in range(0x4E00, 0x9FA6)]
    simplified = _simplifier().convert("\n".join(hanzi)).split("\n")
    plain = "".join(char for char, simple in zip(hanzi, simplified, strict=True) if char == simple)
    return re.compile(f"[^ -~{_KEPT}{plain}]")


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def _clean_match(match: re.Match[str]) -> str:
    return _clean_character(match[0])


@cache
def _clean_character(char: str) -> str:
    if char.isspace() or unicodedata.category(char) in _NOT_TEXT:
        return " "
    clean = unicodedata.normalize("NFKC", char)
    clean = _simplifier().convert(clean) if len(clean) == 1 else char
    return clean if len(clean) == 1 else char


def decode_bytes(data: bytes) -> str:
    """The text of a file or body: by its byte-order mark, else UTF-8, else GB18030.

    Raises InvalidInput where none of them fits, and where a few broken bytes stand in what is
    otherwise UTF-8: nearly any bytes pass for GB18030, and would come out as other characters.
    """
    marked = [name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8" and _is_mostly_utf8(data):
                raise InvalidInput(
                    f"文件是 UTF-8 编码，但第 {error.start + 1} 个字节处已损坏，请重新导出后再试"
                ) from None
    raise InvalidInput(
        "文件不是 UTF-8 或 GBK/GB18030 编码的文本，请用 Excel 或记事本另存为 UTF-8 后再试"
    )


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return broken * 4 < sum(not char.isascii() for char in text)


def quote_clause(text: str, span: tuple[int, int], *, within: tuple[int, int]) -> str:
    """The clause around the words `text[span]`, some 30 characters at most, the words always in it.

    It begins at a stop of a clause, or with the words where none is near: never within a word. All
    are offsets; nothing outside `within` is quoted.
    """
    start, end = span
    room = max(0, _QUOTE - (end - start))
    left = max(within[0], start - room)
    begin = left if left == within[0] else start
    for stop in _CLAUSE_STOP.finditer(text, left, start):
        begin = stop.end()
    right = min(within[1], end + max(room - (start - begin), 0))
    stop_after = _CLAUSE_STOP.search(text, end, right)
    return text[begin : stop_after.start() if stop_after else right].strip()
