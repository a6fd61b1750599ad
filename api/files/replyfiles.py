"""Replies read from a file beside their submissions, assessed, and written out row by row.

No row is dropped: each becomes a result or says what is wrong with it, in file order.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.files.exports import LinesWriter, OutputFile, check_targets
from api.files.reading import RowError, cell_text, open_sheet, open_stdin, read_time
from api.files.rows import Row, Sheet, no_rows
from triage.errors import InvalidFile, InvalidSubmission
from triage.replies import ASPECTS, Assessment, ReplyModel
from triage.replyreading import Reply

FIELDS = ("id", "title", "content", "reply", "received_at", "replied_at")
ASPECT_NAMES = dict(zip(ASPECTS, ("针对性", "完整性", "依据", "措施"), strict=True))
_ERROR = "错误"
HEADER = ("编号", *ASPECT_NAMES.values(), "总分", "疑似敷衍", "办理天数", "理由", _ERROR)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a file: how many were assessed, seem perfunctory, could not be read."""

    done: int
    perfunctory: int
    bad: tuple[RowError, ...]
    notes: tuple[str, ...]


def assess_file(
    source: Path | None,
    output: Path | None,
    *,
    model: ReplyModel,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
) -> Tally:
    """Assess every reply of a .jsonl, .csv, .xlsx or .xls file (None: standard input).

    Results go to `output` (.jsonl, .csv, .xlsx) or as JSON lines to standard output. Each reply is
    compared with the others of the file too. Raises InvalidFile for what cannot be read or written,
    InvalidInput where `output` is the source itself.
    """
    check_targets(source, output)
    rows, notes = _read_rows(source, columns, worksheet)
    if not rows:
        raise no_rows("回告", notes)
    assessed = iter(model.assess_all([row for row in rows if isinstance(row, Reply)]))
    results = [row if isinstance(row, RowError) else next(assessed) for row in rows]
    if output is None:
        with closing(LinesWriter(sys.stdout)) as lines:
            for result in results:
                lines.write(_record(result))
    else:
        with OutputFile(output, header=HEADER) as file:
            for result in results:
                file.write(_cells(result) if file.is_table else _record(result))
    return Tally(
        done=len(results),
        perfunctory=sum(isinstance(r, Assessment) and r.perfunctory for r in results),
        bad=tuple(result for result in results if isinstance(result, RowError)),
        notes=tuple(notes),
    )


def _read_rows(
    source: Path | None, columns: Mapping[str, str] | None, worksheet: str | None
) -> tuple[list[Reply | RowError], list[str]]:
    if source is None:
        sheet = open_stdin(columns=columns, fields=FIELDS)
        return _read_sheet(sheet), sheet.notes
    with open_sheet(source, columns=columns, worksheet=worksheet, fields=FIELDS) as sheet:
        return _read_sheet(sheet), sheet.notes


def _read_sheet(sheet: Sheet) -> list[Reply | RowError]:
    if sheet.columns and "reply" not in sheet.columns:
        raise InvalidFile(
            "文件中没有回告内容一列，请用 --column reply=列名 指明是哪一列", field="reply"
        )
    return [_read_row(row) for row in sheet.rows]


def _read_row(row: Row) -> Reply | RowError:
    if row.broken:
        return RowError(row.number, None, row.broken, row.values)
    values = row.values
    wrong = [name for name in FIELDS if isinstance(values.get(name), list | dict | bool)]
    if wrong:
        message = f"字段 {wrong[0]} 应是文字，不能是列表、对象或真假值"
        return RowError(row.number, wrong[0], message, values)
    title, content, answer = (cell_text(values.get(name)) for name in ("title", "content", "reply"))
    if not title and not content:
        return RowError(row.number, "content", "标题和内容都为空，请至少填写一项", values)
    times = []
    for name in ("received_at", "replied_at"):
        try:
            times.append(read_time(values.get(name)))
        except InvalidSubmission as error:
            return RowError(row.number, name, error.message, values)
    return Reply(cell_text(values.get("id")) or str(row.number), title, content, answer, *times)


def _record(result: Assessment | RowError) -> dict[str, Any]:
    return result.as_record() if isinstance(result, RowError) else result.as_dict()


def _cells(result: Assessment | RowError) -> dict[str, Any]:
    if isinstance(result, RowError):
        return {"编号": result.id, _ERROR: result.message}
    reasons: Sequence[str] = [
        f"{reason.says}：{'／'.join(reason.sentences)}" if reason.sentences else reason.says
        for reason in result.reasons
    ]
    return {
        "编号": result.id,
        **{ASPECT_NAMES[name]: getattr(result, name) for name in ASPECTS},
        "总分": result.score,
        "疑似敷衍": "是" if result.perfunctory else "",
        "办理天数": result.days,
        "理由": "\n".join(reasons),
    }
