"""One run over a file: rows in, results out, progress and remarks on standard error."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from api.files.errorfile import ErrorFile
from api.files.exports import LinesWriter, OutputFile, check_targets, name_errors
from api.files.reading import CHINA_TIME, IntakeFile, RowError, open_submissions
from api.files.rows import Row, no_rows
from triage.submissions import Submission

_SHOWN = 5
_ERROR_COLUMN = "错误"


class Job:
    """Where the results of one file go; counts what was done as it is written.

    Results go to `output`, or to standard output as JSON lines; rows that fail also to a side
    file (`errors`, or OUT.errors.csv, or for standard output IN.errors.csv in the working folder).
    """

    def __init__(
        self,
        source: Path | None,
        *,
        output: Path | None,
        header: Sequence[str],
        errors: Path | None = None,
    ) -> None:
        if errors is None:
            errors = _side_file(source, output)
        check_targets(source, output, errors)
        self._source = source
        self._output = output
        self._header = (*header, _ERROR_COLUMN)
        self._errors = ErrorFile(errors)
        self._first_bad: list[RowError] = []
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._writer: OutputFile | LinesWriter | None = None
        self._intake: IntakeFile | None = None
        self.is_table = output is not None and output.suffix.lower() in (".csv", ".xlsx")
        self.done = 0
        self.bad = 0
        self.review = 0

    @contextmanager
    def reading(
        self, *, columns: Mapping[str, str] | None = None, worksheet: str | None = None
    ) -> Iterator[Iterator[Submission | RowError]]:
        """The rows to work on, while the output is open; then the summary.

        Raises InvalidFile for what cannot be read or written, before anything is written. An
        interrupt leaves what is done so far in the part file and says where.
        """
        started = time.monotonic()
        now = datetime.now(CHINA_TIME)
        with (
            open_submissions(self._source, now=now, columns=columns, worksheet=worksheet) as intake,
            closing(self._errors),
        ):
            self._intake = intake
            rows = self._counted(intake)
            first = next(rows, None)
            if first is None:
                raise no_rows("来件", intake.notes)
            if self._output is None:
                self._writer = LinesWriter(sys.stdout)
                yield chain([first], rows)
                self._writer.close()
            else:
                with self._whole(self._output) as self._writer:
                    yield chain([first], rows)
        self._summarise(intake.notes, seconds=time.monotonic() - started)

    def at(self) -> Row:
        """The row of the file that came last from `reading`."""
        assert self._intake is not None  # noqa: S101 - only within reading()
        return self._intake.at

    def write(self, record: Mapping[str, Any], *, review: bool = False) -> None:
        """The result of the next row, in order."""
        assert self._writer is not None  # noqa: S101 - only within reading()
        self._writer.write(record)
        self.done += 1
        self.review += review

    def write_error(self, error: RowError) -> None:
        """In place of the next row's result: why there is none."""
        if self.is_table:
            self.write({"编号": error.id, _ERROR_COLUMN: error.message})
        else:
            self.write(error.as_record())
        self.bad += 1
        self._keep(error)

    @contextmanager
    def _whole(self, path: Path) -> Iterator[OutputFile]:
        output = OutputFile(path, header=self._header)
        try:
            with output:
                yield output
        except KeyboardInterrupt:
            self._say(f"已中断：已完成的 {self.done} 件保存在 {output.part}")
            raise

    def _counted(self, intake: IntakeFile) -> Iterator[Submission | RowError]:
        """The rows, moving a progress bar where a person is watching."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        sheet = intake.sheet
        with bar:
            task = bar.add_task("正在处理", total=sheet.total)
            for number, row in enumerate(intake, start=1):
                yield row
                if number % 64 == 0:
                    bar.update(task, completed=sheet.done(), description=f"已完成 {self.done} 件")

    def _keep(self, error: RowError) -> None:
        if len(self._first_bad) < _SHOWN:
            self._first_bad.append(error)
        self._errors.write(error)

    def _summarise(self, notes: Sequence[str], *, seconds: float) -> None:
        if not self.bad:
            self._errors.remove()
        for note in notes:
            self._say(f"提示：{note}")
        parts = [f"完成 {self.done} 件，用时 {seconds:.1f} 秒"]
        if self.review:
            parts.append(f"{self.review} 件需人工复核")
        if self.bad:
            parts.append(f"{self.bad} 行有误")
        if self._output is not None:
            parts.append(f"结果在 {self._output}")
        self._say("；".join(parts))
        for error in self._first_bad:
            place = f"第 {error.number} 行" if error.number else f"编号 {error.id}"
            self._say(f"  {place}：{error.message}")
        if self.bad > _SHOWN:
            self._say(f"  ……其余 {self.bad - _SHOWN} 行从略")
        if self.bad and self._errors.path is not None:
            self._say(f"  有误的行另存于 {self._errors.path}，改正后可单独再处理")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)


def _side_file(source: Path | None, output: Path | None) -> Path | None:
    if output is not None:
        return name_errors(output)
    return Path(f"{source.name}.errors.csv") if source is not None else None
