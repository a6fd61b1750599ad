"""The parts that an archive comes in: what they are called, and how one is read.

A part is a file of a folder, or some row groups of a large Parquet file. Its name is all that ties
a result to its source, so it is the same on every run as long as the folder is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from api.files.parquet import count_group_rows, open_parquet
from api.files.reading import IntakeFile, open_submissions
from triage.errors import InvalidFile

PART_ROWS = 50_000  # rows of a part cut from a Parquet file: half an hour's work lost at the worst
_SUFFIXES = (".parquet", ".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".xlsx", ".xls")
_PARQUET = ".parquet"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an archive: `name` within it, where it lies, and what tells it has changed.

    `groups` are the row groups (first, one past the last) where it is a piece of a Parquet file.
    """

    name: str
    path: Path
    size: int
    changed_ns: int
    groups: tuple[int, int] | None = None

    @property
    def output(self) -> str:
        """The name of its result within the folder of results."""
        return f"{self.name}{_PARQUET}"


def find_parts(source: Path) -> list[Part]:
    """The parts of a folder (with those below it) or of one file, in the order of their names.

    Hidden files and those that begin with "_" are no parts. Raises InvalidFile where there is
    nothing to read, or a file that nobody here can read: passing over it would lose what it holds.
    """
    if not source.exists():
        raise InvalidFile(f"找不到 {source}，请核对路径")
    if source.is_file():
        return _cut(source, source.name)
    files = sorted(
        path for path in source.rglob("*") if path.is_file() and not is_hidden(path, source)
    )
    if strange := [path for path in files if path.suffix.lower() not in _SUFFIXES]:
        named = "、".join(str(path.relative_to(source)) for path in strange[:_SHOWN])
        raise InvalidFile(
            f"{source} 中有 {len(strange)} 个不能读的文件（{named}），请转成"
            " .parquet、.csv 或 .jsonl，或移到别处，以免漏掉来件"
        )
    if not files:
        raise InvalidFile(f"{source} 中没有来件文件（.parquet、.csv、.jsonl……），请核对路径")
    return [part for path in files for part in _cut(path, path.relative_to(source).as_posix())]


@contextmanager
def open_part(
    part: Part,
    *,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    worksheet: str | None = None,
) -> Iterator[IntakeFile]:
    """The submissions of a part, as `open_submissions` gives those of a file.

    Where the part has no column of ids, a row's id is the name of the file and its number there:
    a number alone would stand in every part.
    """
    prefix = f"{part.name.partition('#')[0]}#"
    if part.groups is None:
        with open_submissions(
            part.path, now=now, columns=columns, worksheet=worksheet, prefix=prefix
        ) as intake:
            yield intake
        return
    with open_parquet(part.path, columns=columns, groups=range(*part.groups)) as sheet:
        yield IntakeFile(sheet, now, prefix)


def is_hidden(path: Path, source: Path) -> bool:
    """Whether a file below `source` is none of its data, by the custom of Parquet's readers."""
    return any(name.startswith((".", "_")) for name in path.relative_to(source).parts)


def _cut(path: Path, name: str) -> list[Part]:
    """The file as one part, or as several where it is Parquet with more rows than one should have.

    Row groups are joined up to `PART_ROWS`, never cut: reading half of one costs as much as all.
    """
    about = path.stat()
    if path.suffix.lower() != _PARQUET:
        return [Part(name, path, about.st_size, about.st_mtime_ns)]
    cuts, held = [0], 0
    rows = count_group_rows(path)
    for group, count in enumerate(rows):
        if held and held + count > PART_ROWS:
            cuts.append(group)
            held = 0
        held += count
    if len(cuts) == 1:
        return [Part(name, path, about.st_size, about.st_mtime_ns)]
    return [
        Part(f"{name}#{start}-{end}", path, about.st_size, about.st_mtime_ns, (start, end))
        for start, end in pairwise([*cuts, len(rows)])
    ]
