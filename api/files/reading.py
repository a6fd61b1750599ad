"""Submissions read from files: what each cell means, and what is wrong with the rows that fail.

No row is dropped: each becomes a Submission or a RowError, in file order.
"""

import io
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from api.faults import name_fault
from api.files.parquet import MAGIC, open_parquet
from api.files.rows import Row, Sheet, make_whole
from api.files.textfiles import open_text
from api.files.workbooks import OLE, ZIP, open_workbook
from triage.columns import SUBMISSION_FIELDS
from triage.errors import InvalidFile, InvalidSubmission
from triage.submissions import MAX_LIKES, Channel, Submission, check_submission

CHINA_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991
_WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".et")
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=CHINA_TIME)
_EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119: a bare number in between is a day
_NOWHERE = Row(0, {})
_DIGITS = 12  # of a number that is worth reading
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:：时点](\d{1,2})?分?(?:[:：]?(\d{1,2})(?:\.\d+)?秒?)?)?\s*(?:星期.|周.)?"
)
_CHANNEL_WORDS = {
    Channel.LETTER: ("来信", "letter", "信件", "写信", "信访信", "信函"),
    Channel.VISIT: ("来访", "visit", "上访", "接访", "现场接待", "窗口"),
    Channel.CALL: ("来电", "call", "电话", "热线", "12345", "话务"),
    Channel.WECHAT: ("微信", "wechat", "公众号", "小程序"),
    Channel.FIELD: ("走访", "field", "入户", "下访", "网格"),
    Channel.WEB: (
        "网络",
        "web",
        "网站",
        "网上",
        "互联网",
        "留言板",
        "信箱",
        "邮箱",
        "邮件",
        "app",
        "客户端",
        "平台",
    ),
}


@dataclass(frozen=True, slots=True)
class RowError:
    """A row without a result: where it stands (None: its id tells), which field, and why."""

    number: int | None
    field: str | None
    message: str
    values: Mapping[str, Any]

    @property
    def id(self) -> str | None:
        """The row's own id where it has a usable one."""
        value = self.values.get("id")
        return cell_text(value) or None if isinstance(value, str | int | float) else None

    def as_record(self) -> dict[str, Any]:
        """What stands in the JSON line of this row."""
        return {"id": self.id, "error": self.message, "field": self.field, "row": self.number}


@dataclass(slots=True)
class IntakeFile:
    """An opened file of submissions; iterate it once.

    Its `notes` are remarks for the person (Chinese), some of them known only at the end. Where the
    file has no ids, a row's is its number behind `prefix`. `at` is the row that came last.
    """

    sheet: Sheet
    now: datetime
    prefix: str = ""
    at: Row = _NOWHERE

    @property
    def notes(self) -> list[str]:
        return self.sheet.notes

    def __iter__(self) -> Iterator[Submission | RowError]:
        seen: set[str] = set()
        repeated = 0
        numbered: bool | None = None if not self.sheet.columns else "id" not in self.sheet.columns
        for row in self.sheet.rows:
            if numbered is None and not row.broken:
                numbered = "id" not in row.values
            if numbered and not row.broken and "id" not in row.values:
                row = Row(row.number, {"id": f"{self.prefix}{row.number}", **row.values})
            self.at = row
            made = make_submission(row, now=self.now)
            if isinstance(made, Submission):
                repeated += made.id in seen
                seen.add(made.id)
            yield made
        if numbered:
            self.notes.append("文件没有编号列，已用行号作为编号")
        if repeated:
            self.notes.append(f"有 {repeated} 行的编号与前面重复，仍按各自一件处理，请核对")


@contextmanager
def open_submissions(
    path: Path | None,
    *,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
    prefix: str = "",
) -> Iterator[IntakeFile]:
    """The submissions of a .jsonl, .csv, .xlsx, .xls or .parquet file; None is standard input.

    The first bytes decide what the file is, not its name. `now` (aware) is what dates in the
    future are measured by; `columns` maps fields to the headers of this file, "" leaves a field
    out; `prefix` goes before the row's number in a file without ids. Raises InvalidFile where no
    row can be read at all.
    """
    if path is None:
        yield IntakeFile(open_stdin(columns=columns), now, prefix)
        return
    with open_sheet(path, columns=columns, worksheet=worksheet) as sheet:
        yield IntakeFile(sheet, now, prefix)


def open_stdin(
    *, columns: Mapping[str, str] | None = None, fields: Sequence[str] = SUBMISSION_FIELDS
) -> Sheet:
    """The rows of JSON lines or CSV on standard input. Raises InvalidFile for anything else."""
    data = sys.stdin.buffer.read()
    if data.startswith((ZIP, OLE, MAGIC)):
        raise InvalidFile("标准输入只读文本（.csv、.jsonl）；Excel 工作簿请存成文件，再写文件名")
    return open_text(io.BytesIO(data), name="标准输入", columns=columns, fields=fields)


@contextmanager
def open_sheet(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
) -> Iterator[Sheet]:
    """The rows of a file as they stand, each of `fields` where the header has it.

    Raises InvalidFile as `open_submissions` does.
    """
    with _open_bytes(path) as file:
        magic = file.read(len(OLE))
        file.seek(0)
        named_workbook = path.suffix.lower() in _WORKBOOK_SUFFIXES
        if not magic:
            raise InvalidFile(f"{path.name} 是空文件，请检查是否选错了文件")
        if magic.startswith((ZIP, OLE)):
            with open_workbook(path, columns=columns, worksheet=worksheet, fields=fields) as sheet:
                if not named_workbook:
                    sheet.notes.insert(0, f"{path.name} 实际是 Excel 工作簿，已按工作簿读取")
                yield sheet
            return
        if magic.startswith(MAGIC):
            with open_parquet(path, columns=columns, fields=fields) as sheet:
                yield sheet
            return
        suffix = path.suffix.lower()
        sheet = open_text(file, name=path.name, suffix=suffix, columns=columns, fields=fields)
        sheet.total, sheet.done = path.stat().st_size, file.tell
        if named_workbook:
            sheet.notes.insert(0, f"{path.name} 实际是文本，不是 Excel 工作簿，已按文本读取")
        yield sheet


def _open_bytes(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise InvalidFile(f"找不到文件 {path}，请核对路径") from None
    except IsADirectoryError:
        raise InvalidFile(f"{path} 是文件夹，请指定一个文件") from None
    except OSError as error:
        raise InvalidFile(
            f"打不开 {path}（{name_fault(error)}），请检查权限或是否被占用"
        ) from error


def make_submission(row: Row, *, now: datetime) -> Submission | RowError:
    """The submission that a row stands for, or what is wrong with it."""
    if row.broken:
        return RowError(row.number, None, row.broken, row.values)
    try:
        for name, value in row.values.items():
            if isinstance(value, bool) or not isinstance(value, str | int | float | date | None):
                raise InvalidSubmission(
                    f"字段 {name} 应是文字，不能是列表、对象或真假值", field=name
                )
        submission = Submission(
            id=cell_text(row.values.get("id")),
            title=cell_text(row.values.get("title")),
            content=cell_text(row.values.get("content")),
            channel=read_channel(row.values.get("channel")),
            received_at=read_time(row.values.get("received_at")),
            place=cell_text(row.values.get("place")) or None,
            likes=_read_count(row.values.get("likes")),
        )
        return check_submission(submission, now=now)
    except InvalidSubmission as error:
        return RowError(row.number, error.field, error.message, row.values)


def _read_count(value: object) -> int | None:
    """The number in a cell, "1,024" too; None where it holds none, for which no row is refused."""
    told = cell_text(value).strip().replace(",", "")
    count = int(told) if told.isascii() and told.isdecimal() and len(told) <= _DIGITS else None
    return count if count is None or count <= MAX_LIKES else None


def cell_text(value: object) -> str:
    """What a cell shows: whole numbers without ".0", no half characters, "" for an empty one."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return make_whole(text)


def read_channel(value: object) -> Channel | None:
    """The channel that a file's own word for it means; None for an empty cell.

    Raises InvalidSubmission where no channel fits.
    """
    text = cell_text(value).casefold()
    channel = _find_channel(text)
    if text and channel is None:
        known = "、".join(Channel)
        raise InvalidSubmission(
            f"渠道“{text[:20]}”不认识，请改为 {known} 之一，或不读取渠道这一列",
            field="channel",
        )
    return channel


@lru_cache(maxsize=256)
def _find_channel(text: str) -> Channel | None:
    for channel, words in _CHANNEL_WORDS.items():
        if any(word in text for word in words):
            return channel
    return None


def read_time(value: object) -> datetime | None:
    """The time a cell holds, in China time unless it says its own zone; None for an empty cell.

    Takes Excel dates and day numbers, ISO 8601, 2024/1/2 3:04, 2024年1月2日 3时4分, 20240102.
    Raises InvalidSubmission where it is none of these.
    """
    try:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=CHINA_TIME)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=CHINA_TIME)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        text = cell_text(value)
        return _parse_time(text) if text else None
    except (ValueError, OverflowError):
        raise InvalidSubmission(
            f"时间“{cell_text(value)[:30]}”不认识，请写成 2024-01-02 或 2024-01-02 15:04",
            field="received_at",
        ) from None


def _parse_time(text: str) -> datetime:
    if match := _TIME.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=CHINA_TIME)
    if not re.fullmatch(r"\d{8}|\d{14}", text):
        try:
            days = float(text)
        except ValueError:
            days = 0.0
        if _EXCEL_DAYS[0] < days < _EXCEL_DAYS[1]:
            return _EXCEL_EPOCH + timedelta(seconds=round(days * 86_400))
    elif len(text) == 14:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA_TIME)
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=CHINA_TIME)
