"""A town's own records (CSV, Excel, JSON lines) as labelled examples to learn from."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from triage.columns import LABEL_FIELDS, SUBMISSION_FIELDS, find_columns
from triage.errors import InvalidFile
from triage.suggestions import FLAGS, NATURES, URGENCY_NAMES
from triage.text import decode_bytes

_FIELDS = (*SUBMISSION_FIELDS, *LABEL_FIELDS)
_URGENCY = {name: level for level, name in URGENCY_NAMES.items()}
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_EXCEL_SUFFIXES = (".xlsx", ".xls")
_SHOWN = 5
_TITLE_ROWS = 20  # at most so many rows stand above the header


@dataclass(frozen=True, slots=True)
class Example:
    """One message with what a person said about it; a label that nobody gave is None.

    `domain` is a flat label where the records have no tree; `flags` None means not judged, ()
    means judged and none; `source` is the file's stem, `part` a subset named in the file.
    """

    id: str
    title: str
    content: str
    level1: str | None = None
    level2: str | None = None
    level3: str | None = None
    urgency: int | None = None
    nature: str | None = None
    flags: tuple[str, ...] | None = None
    place: str | None = None
    channel: str | None = None
    time: str | None = None
    domain: str | None = None
    part: str | None = None
    source: str = ""
    weight: float = 1.0


def read_examples(
    path: Path | str,
    columns: Mapping[str, str] | None = None,
    *,
    texts: Sequence[Path] = (),
) -> list[Example]:
    """Every record of a .jsonl, .csv, .xlsx or .xls file, in file order.

    `columns` maps a field of `Example` (as named in triage.columns; the level fields may also be
    called l1, l2, l3 in the file) to the header it has in this file. A file that holds labels
    alone finds title and content of each record, by its id, in the files `texts`. Rows that are
    wholly empty are passed over. Raises InvalidFile naming the rows whose text or labels cannot be
    used.
    """
    path = Path(path)
    told = {
        example.id: {"title": example.title, "content": example.content}
        for file in texts
        for example in read_examples(file)
    }
    examples: list[Example] = []
    broken: list[str] = []
    for number, row in _read_rows(path, columns):
        row |= told.get(str(row.get("id")), {})
        try:
            examples.append(_make_example(row, number=number, source=path.stem))
        except ValueError as error:
            broken.append(f"第 {number} 行{error}")
    if broken:
        more = f"，等共 {len(broken)} 行" if len(broken) > _SHOWN else ""
        raise InvalidFile(f"{path.name}：{'；'.join(broken[:_SHOWN])}{more}。请改正或删去后再训练")
    if not examples:
        raise InvalidFile(f"{path.name} 中没有记录，请检查文件内容")
    return examples


def _read_rows(
    path: Path, columns: Mapping[str, str] | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number as a person counts it, field → value) of each row that is not empty."""
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _read_lines(path, columns)
        return
    rows = read_table(path)
    if not rows:
        return
    try:
        header, found = _find_header(rows, columns)
    except InvalidFile as error:
        raise InvalidFile(f"{path.name}：{error.message}") from error
    if "title" not in found and "content" not in found:
        raise InvalidFile(f"{path.name} 中找不到标题列或内容列，请用 columns 指明列名")
    for number, values in rows[header + 1 :]:
        if any(values):
            yield (
                number,
                {
                    field: values[position] if position < len(values) else ""
                    for field, position in found.items()
                },
            )


def _find_header(
    rows: Sequence[tuple[int, list[str]]], columns: Mapping[str, str] | None
) -> tuple[int, dict[str, int]]:
    """Which of the first rows names the columns, and what it names: titles may stand above it.

    Raises InvalidFile where none has the columns that are asked for.
    """
    refused: InvalidFile | None = None
    fullest = 0
    for place, (_, cells) in enumerate(rows[:_TITLE_ROWS]):
        try:
            found = find_columns(cells, fields=_FIELDS, columns=columns)
        except InvalidFile as error:
            # The row with most cells is the likeliest header: its names help most.
            if (filled := sum(map(bool, cells))) > fullest:
                refused, fullest = error, filled
            continue
        if "title" in found or "content" in found:
            return place, found
    if refused is not None:
        raise refused
    return 0, {}


def _read_lines(
    path: Path, columns: Mapping[str, str] | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(decode_bytes(_read_bytes(path)).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise InvalidFile(f"{path.name} 第 {number} 行不是 JSON 对象，请检查文件格式")
        keys = list(record)
        present = {field: name for field, name in (columns or {}).items() if name in record}
        found = find_columns(keys, fields=_FIELDS, columns=present)
        yield number, {field: record[keys[position]] for field, position in found.items()}


def read_table(path: Path) -> list[tuple[int, list[str]]]:
    """(number as a person counts it, cells) of the rows of a CSV or of the first sheet of a
    workbook, all as text, "" where empty."""
    data = _read_bytes(path)
    try:
        if path.suffix.lower() in _EXCEL_SUFFIXES or data.startswith(_EXCEL):
            frame = pd.read_excel(io.BytesIO(data), dtype=str, header=None, engine="calamine")
            rows = frame.fillna("").to_numpy().tolist()
            return [(number, [*map(str, row)]) for number, row in enumerate(rows, start=1)]
        text = decode_bytes(data).removeprefix("\ufeff")
        head = "".join(text.splitlines(keepends=True)[:_TITLE_ROWS])
        mark = max(",\t;", key=head.count)  # the comma where none stands oftener
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        return [(reader.line_num, row) for row in reader]
    except InvalidFile:
        raise
    except Exception as error:  # the parsers raise a dozen kinds; to the user all mean one thing
        raise InvalidFile(
            f"读不出 {path.name}：文件是空的、已损坏或加了密码。请另存为 .xlsx 或 UTF-8 的 .csv"
        ) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidFile(
            f"打不开 {path}，请核对配置里的路径和权限（{{data}} 是 --data 给的目录）"
        ) from error


def _make_example(row: Mapping[str, Any], *, number: int, source: str) -> Example:
    """Raises ValueError with the rest of a sentence that begins 第 n 行."""
    title, content = _text(row, "title"), _text(row, "content")
    if not title and not content:
        raise ValueError("的标题和内容都为空")
    return Example(
        id=_text(row, "id") or f"{source}-{number}",
        title=title or "",
        content=content or "",
        level1=_text(row, "level1"),
        level2=_text(row, "level2"),
        level3=_text(row, "level3"),
        urgency=_urgency(row),
        nature=_nature(row),
        flags=_flags(row),
        place=_text(row, "place"),
        channel=_text(row, "channel"),
        time=_text(row, "received_at"),
        domain=_text(row, "domain"),
        part=_text(row, "part"),
        source=source,
    )


def _text(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    return None if value is None else str(value).strip() or None


def _nature(row: Mapping[str, Any]) -> str | None:
    value = _text(row, "nature")
    if value is not None and value not in NATURES:
        raise ValueError(f"的诉求性质“{value}”不在 {'、'.join(NATURES)} 之中")
    return value


def _urgency(row: Mapping[str, Any]) -> int | None:
    value = _text(row, "urgency")
    if value is None:
        return None
    level = _URGENCY.get(value) or (int(value) if value.isdecimal() else 0)
    if level not in URGENCY_NAMES:
        raise ValueError(f"的紧急程度“{value}”应为 1 至 4 或特急、紧急、较急、一般")
    return level


def _flags(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    """A list, or one cell with the flags apart by 、 , ; | or spaces; no column: not judged."""
    value = row.get("flags")
    if value is None:
        return None
    if isinstance(value, str):
        for mark in "，,;；|/":
            value = value.replace(mark, "、")
        value = [part for piece in value.split("、") for part in piece.split()]
    if not isinstance(value, list):
        raise ValueError("的风险标签应为一列标签，或一格里用顿号隔开")
    unknown = [flag for flag in value if flag not in FLAGS]
    if unknown:
        raise ValueError(f"的风险标签“{unknown[0]}”不在 {'、'.join(FLAGS)} 之中")
    return tuple(value)
