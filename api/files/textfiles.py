"""Text files of rows: JSON lines and CSV, in UTF-8, UTF-16 or GB18030."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import IO

from api.files.rows import (
    HEADER_ROWS,
    Row,
    Sheet,
    find_header,
    make_whole,
    place_columns,
)
from triage.columns import SUBMISSION_FIELDS, find_columns
from triage.errors import InvalidFile

MAX_LINE = 8 << 20  # bytes; some twenty times the longest content that can be taken
LINES_SUFFIXES = (".jsonl", ".ndjson", ".json")
_SAMPLE = 1 << 20  # bytes
_DELIMITERS = (",", "\t", ";", "，", "；")
_CUT_SHORT = ("unexpected end of data", "incomplete multibyte sequence")
_BROKEN = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of bytes that are no text
_LONE_RETURN = re.compile(rb"\r(?!\n|$)")  # ends a line in files of old Macs, and some of theirs
_BEHIND_RETURN = re.compile(r"(?<=\r)(?!\n)")
_WEB_PAGE = re.compile(r"<(?:html|!doctype|\?xml|!--|head|meta|style|body|div|table)\b|<!--", re.I)
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")
_RAW = "原文"  # of a row that has no cells: the line itself
_MOST_KEYS = 1000  # of JSON lines that are remembered
_MOST_RAW = 2000  # characters of it
_BROKEN_ID = "编号含有残缺的字符，请改正编号"  # two of them would be one
_BROKEN_BYTES = "本行含有无法识别的字节（编码错误），请用 UTF-8 重新导出"


def open_text(
    file: IO[bytes],
    *,
    name: str,
    suffix: str = "",
    columns: Mapping[str, str] | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
) -> Sheet:
    """The rows of a seekable file of JSON lines or CSV, whichever its first characters say.

    Raises InvalidFile where it is neither.
    """
    head = file.read(_SAMPLE)
    file.seek(0)
    encoding = find_encoding(head)
    if encoding is None:
        raise InvalidFile(
            f"{name} 不是文本，也不是 Excel 工作簿；请另存为 .xlsx，或 UTF-8/GBK 编码的 .csv"
        )
    top = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    start = top.lstrip("\ufeff \t\r\n")
    if not start:
        raise InvalidFile(f"{name} 没有内容，请检查是否选错了文件")
    if start.startswith("["):
        raise InvalidFile(f"{name} 是一个 JSON 数组，请改为每行一个 JSON 对象（.jsonl）")
    if _WEB_PAGE.match(start):
        raise InvalidFile(f"{name} 是网页格式的表格，请用 Excel 打开后另存为 .xlsx 再试")
    if encoding == "utf-16" or _LONE_RETURN.search(head):
        broken = "replace" if encoding == "utf-16" else "surrogateescape"
        text = file.read().decode(encoding, errors=broken).replace("\r\n", "\n")
        file = io.BytesIO(text.replace("\r", "\n").encode(errors=broken))
        encoding = "utf-8"
    lines = _decode_lines(file, encoding)
    if start.startswith("{") or suffix in LINES_SUFFIXES:
        sheet = Sheet(rows=iter(()))
        sheet.rows = _read_lines(lines, columns, fields, sheet.keys)
        if suffix and suffix not in LINES_SUFFIXES:
            sheet.notes.append(f"{name} 实际是 JSON 行文件，已按 JSON 行读取")
        return sheet
    return _open_csv(lines, top, name=name, columns=columns, fields=fields)


def find_encoding(sample: bytes) -> str | None:
    """The encoding that most lines of `sample` agree with, None where it is no text.

    By lines, because one damaged byte must not make a UTF-8 file look like GB18030.
    """
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if sample.count(0) > len(sample) // 100:
        return None
    lines = [line for line in sample.split(b"\n") if not line.isascii()][:2000]
    if not lines or sample.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    utf8 = sum(_decodes(line, "utf-8") for line in lines)
    if 2 * utf8 >= len(lines):
        return "utf-8"
    return "gb18030" if any(_decodes(line, "gb18030") for line in lines) else None


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        return error.reason in _CUT_SHORT and error.start >= len(line) - 4
    return True


def _decode_lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The lines with their ends; bytes that are no text become surrogates, which spoil their own
    row and no other. What is beyond `MAX_LINE` comes as a line of its own. A return alone ends a
    line as well."""
    first = True
    while line := file.readline(MAX_LINE):
        text = line.decode(encoding, errors="surrogateescape")
        if first:
            text = text.removeprefix("\ufeff")
            first = False
        yield from filter(None, _BEHIND_RETURN.split(text))


def _read_lines(
    lines: Iterator[str],
    columns: Mapping[str, str] | None,
    fields: Sequence[str],
    keys: dict[str, str],
) -> Iterator[Row]:
    """`keys` takes up every key that comes along, with the field it stands for."""
    known: dict[tuple[str, ...], dict[str, int]] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(line, number, columns, fields, known, keys)


def _read_line(
    line: str,
    number: int,
    columns: Mapping[str, str] | None,
    fields: Sequence[str],
    known: dict[tuple[str, ...], dict[str, int]],
    seen: dict[str, str],
) -> Row:
    """`known` remembers which key is which field for each set of keys seen."""
    if _BROKEN.search(line):
        return Row(number, _keep_raw(line), _BROKEN_BYTES)
    try:
        told = record = json.loads(line, strict=False)
        if _HALVES.search(line):
            record = json.loads(make_whole(json.dumps(record, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return Row(number, _keep_raw(line), "本行不是有效的 JSON，请检查引号和逗号")
    if not isinstance(record, dict):
        trouble = '本行不是 JSON 对象，应形如 {"id": …, "title": …, "content": …}'
        return Row(number, _keep_raw(line), trouble)
    keys = tuple(record)
    if keys not in known:
        if len(known) > 1000:
            known.clear()
        # a line may lack a key that others have, so only a key that is there is looked for
        named = {f: key for f, key in (columns or {}).items() if not key or key in record}
        known[keys] = find_columns(keys, fields=fields, columns=named)
        if len(seen) < _MOST_KEYS:
            seen |= dict.fromkeys(keys, "") | seen
            seen |= {keys[at]: field for field, at in known[keys].items()}
    values = {field: record[keys[at]] for field, at in known[keys].items()}
    at = known[keys].get("id")
    halved = at is not None and told is not record and told.get(keys[at]) != record[keys[at]]
    return Row(number, values, _BROKEN_ID if halved else None)


def _keep_raw(line: str) -> dict[str, str]:
    return {_RAW: _BROKEN.sub("\ufffd", line.strip())[:_MOST_RAW]}


def _open_csv(
    source: Iterator[str],
    top: str,
    *,
    name: str,
    columns: Mapping[str, str] | None,
    fields: Sequence[str],
) -> Sheet:
    csv.field_size_limit(MAX_LINE)
    delimiter, above = _find_delimiter(top, columns, fields)
    rows = _csv_rows(source, delimiter)
    _, header, _ = next(islice(rows, above, None))
    sheet = Sheet(rows=iter(()))
    places = place_columns(sheet, header=header, name=name, columns=columns, fields=fields)
    sheet.rows = _name_cells(rows, places, len(header))
    return sheet


def _find_delimiter(
    top: str, columns: Mapping[str, str] | None, fields: Sequence[str]
) -> tuple[str, int]:
    """The delimiter under which the header is best known, and the rows above the header."""
    best, answer = 0, (",", 0)
    # not `splitlines`: it sees ends of lines where the file has none
    lines = list(islice(io.StringIO(top, newline=""), 4 * HEADER_ROWS))
    for delimiter in _DELIMITERS:
        try:
            rows = list(islice(csv.reader(lines, delimiter=delimiter), HEADER_ROWS))
        except csv.Error:
            continue
        above, known = find_header(rows, columns=columns, fields=fields)
        if known > best:
            best, answer = known, (delimiter, above)
    return answer


def _csv_rows(source: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """(record number from 1, cells, what is wrong) of each record of the file."""
    pending: list[str] = []

    def lines() -> Iterator[str]:
        for line in source:
            pending.append(line)
            yield line.replace("\x00", "")

    reader = csv.reader(lines(), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        pending.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, [], "本行有一格过长，可能缺少一个引号，请检查"
            continue
        if len(pending) > 1 and _is_unclosed(pending, delimiter):
            yield number, cells, f"引号没有成对，其后 {len(pending) - 1} 行都并入了本行，请检查"
        elif any(map(_BROKEN.search, cells)):
            yield number, [_BROKEN.sub("\ufffd", cell) for cell in cells], _BROKEN_BYTES
        else:
            yield number, cells, None


def _is_unclosed(lines: list[str], delimiter: str) -> bool:
    """Whether a quote opened here is not closed at the end of a cell: lines that follow have been
    swallowed, to the end of the file or to the next quote."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _name_cells(
    rows: Iterator[tuple[int, list[str], str | None]], places: Mapping[str, int], width: int
) -> Iterator[Row]:
    for number, cells, broken in rows:
        values = {field: cells[at] if at < len(cells) else "" for field, at in places.items()}
        if not broken and any(cell.strip() for cell in cells[width:]):
            broken = f"本行有 {len(cells)} 格，表头只有 {width} 列：内容中的分隔符应放在引号内"
        if broken and len(cells) != width:
            values[_RAW] = _BROKEN.sub("\ufffd", ",".join(cells))[:_MOST_RAW]
        if broken or any(value.strip() for value in values.values()):
            yield Row(number, values, broken)
