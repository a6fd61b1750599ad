"""Parquet files: rows read a few at a time, results written in row groups.

pyarrow comes with the extra `cluster`, and nothing asks for it before such a file is opened.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.faults import name_fault
from api.files.rows import Row, Sheet, place_columns
from triage.columns import SUBMISSION_FIELDS
from triage.errors import InvalidFile, TriageError

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
_READ = 1_024  # rows decoded at a time
_GROUP = 10_000  # rows of a row group that is written: some 5 MB of suggestions
_BROKEN_BYTES = "本行含有无法识别的字节（编码错误），请用 UTF-8 重新导出"


@contextmanager
def open_parquet(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    fields: Sequence[str] = SUBMISSION_FIELDS,
    groups: Sequence[int] | None = None,
) -> Iterator[Sheet]:
    """The rows of a Parquet file, or of those row groups of it, numbered as in the whole file.

    Raises InvalidFile where it is damaged or has neither a title nor a content.
    """
    with _opening(path) as file:
        sheet = Sheet(rows=iter(()))
        header = file.schema_arrow.names
        places = place_columns(sheet, header=header, name=path.name, columns=columns, fields=fields)
        chosen = range(file.num_row_groups) if groups is None else groups
        count = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        sheet.total = sum(count[group] for group in chosen)
        done = [0]
        sheet.done = lambda: done[0]
        named = {field: header[at] for field, at in places.items()}
        sheet.rows = _read_rows(file, named, chosen, count, done, name=path.name)
        yield sheet


def count_group_rows(path: Path) -> list[int]:
    """How many rows each row group of a Parquet file has. Raises InvalidFile."""
    with _opening(path) as file:
        groups = range(file.num_row_groups)
        return [file.metadata.row_group(group).num_rows for group in groups]


class ParquetWriter:
    """A Parquet file of `schema` that takes its name `path` only when it is whole.

    Until then it is called `part`, beside the target. A record's keys are the schema's names; one
    that is missing is null.
    """

    def __init__(self, path: Path, schema: "pa.Schema", *, part: Path) -> None:
        pq = _import_parquet()
        self.path = path
        self._part = part
        self._schema = schema
        self._pending: list[Mapping[str, Any]] = []
        try:
            self._writer = pq.ParquetWriter(part, schema, compression="zstd")
        except OSError as error:
            raise InvalidFile(
                f"写不了 {path}（{name_fault(error)}），请检查权限和磁盘空间"
            ) from error

    def write(self, record: Mapping[str, Any]) -> None:
        self._pending.append(record)
        if len(self._pending) >= _GROUP:
            self._flush()

    def write_table(self, table: "pa.Table") -> None:
        """All rows of a table of the same schema, in row groups that a reader can pass over."""
        self._writer.write_table(table, row_group_size=_GROUP)

    def close(self) -> int:
        """Put the file in its place, on the disk to stay, and return its size in bytes."""
        if self._pending:
            self._flush()
        self._writer.close()
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        self._part.replace(self.path)
        return self.path.stat().st_size

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._writer.close()
        self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist(self._pending, schema=self._schema))
        self._pending.clear()


def _import_parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise TriageError(
            "读写 Parquet 文件要先安装部件：pip install 'minsheng-triage[cluster]'"
        ) from error
    return parquet


@contextmanager
def _opening(path: Path) -> Iterator[Any]:
    pq = _import_parquet()
    import pyarrow as pa

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except pa.ArrowException as error:
        raise _damaged(path.name) from error
    except FileNotFoundError:
        raise InvalidFile(f"找不到文件 {path}，请核对路径") from None


def _damaged(name: str) -> InvalidFile:
    return InvalidFile(f"{name} 已损坏或不是完整的 Parquet 文件，请重新导出")


def _read_rows(
    file: Any,
    named: Mapping[str, str],
    chosen: Sequence[int],
    count: Sequence[int],
    done: list[int],
    *,
    name: str,
) -> Iterator[Row]:
    try:
        for group in chosen:
            number = sum(count[:group])
            wanted = sorted(set(named.values()))
            for batch in file.iter_batches(_READ, row_groups=[group], columns=wanted):
                values = {key: _read_column(batch.column(key)) for key in batch.schema.names}
                for at in range(batch.num_rows):
                    number += 1
                    done[0] += 1
                    cells = {field: values[key][at] for field, key in named.items()}
                    broken = any(cell is _UNREADABLE for cell in cells.values())
                    if broken:
                        yield Row(number, {}, _BROKEN_BYTES)
                    else:
                        yield Row(number, cells)
    except OSError as error:  # of a page whose checksum or compression does not hold
        raise _damaged(name) from error


_UNREADABLE = object()


def _read_column(column: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # a clerk's minute has no nanoseconds, and Python's datetime neither
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Any:
    """A cell as the other kinds of files have it: text, number, date or None."""
    if isinstance(value, float) and value != value:
        return None  # what pandas writes for an empty cell
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return _UNREADABLE
    return value
