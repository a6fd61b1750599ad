"""The side file of rows without a result: none is dropped, each can be mended and sent again."""

import csv
import json
from pathlib import Path
from typing import IO

from api.files.exports import escape_cell
from api.files.reading import RowError

_HEADER = ("行号", "编号", "字段", "原因", "原始内容")


class ErrorFile:
    """A CSV for Excel, begun with the first row that fails; `path` None keeps none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def write(self, error: RowError) -> None:
        if self.path is None:
            return
        if self._file is None:
            # what is no text in a row must not keep the others from being told
            self._file = self.path.open("w", encoding="utf-8-sig", errors="replace", newline="")
            csv.writer(self._file).writerow(_HEADER)
        values = json.dumps(error.values, ensure_ascii=False, default=str)
        cells = (error.number, error.id, error.field, error.message, values)
        csv.writer(self._file).writerow(
            [escape_cell("" if cell is None else str(cell)) for cell in cells]
        )

    def remove(self) -> None:
        """Take away what an earlier run has left: it would mislead."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
