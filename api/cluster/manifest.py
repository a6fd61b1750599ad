"""What a folder of results says about itself: made how, and which parts are done.

The manifest is `_manifest.jsonl`: a line about the run, then one for each part, added when its
result stands in its place. A result is there only whole (it is renamed last), and only what the
manifest names is held for done: whoever dies between the two leaves a part that is done again,
over the same file. So nothing is lost and nothing stands twice.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from api.cluster.parts import Part, is_hidden
from api.faults import name_fault
from triage.errors import InvalidFile, InvalidInput

NAME = "_manifest.jsonl"
_PENDING = "_part-"  # before the name of a file that is being written
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DonePart:
    """A part whose result stands: what it was made from, and what came of it.

    `rows` counts all, `bad` those with an error, `review` those a clerk should look at; `bytes` is
    the size of the result; `notes` are remarks for the person (Chinese).
    """

    name: str
    size: int
    changed_ns: int
    rows: int
    bad: int
    review: int
    bytes: int
    seconds: float
    notes: tuple[str, ...] = ()


class Manifest(AbstractContextManager["Manifest"]):
    """The manifest of a folder of results, held by one run at a time."""

    def __init__(self, folder: Path, *, about: Mapping[str, Any]) -> None:
        """Open or begin it; `about` is what all results of a folder must have in common.

        Raises InvalidInput where the folder was made by another run (`about` differs) or another
        one is at work in it now, InvalidFile where it cannot be written.
        """
        self.folder = folder
        self.done: dict[str, DonePart] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / NAME).open("a+b")
        except OSError as error:
            raise InvalidFile(
                f"写不了 {folder}（{name_fault(error)}），请给出一个可写的文件夹"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise InvalidInput(f"另一次运行正在写 {folder}，请等它完成") from error
        try:
            self._read(about)
        except BaseException:
            self._file.close()
            raise

    def is_done(self, part: Part) -> bool:
        """Whether the result of `part` stands, made from the source as it is now."""
        done = self.done.get(part.name)
        if done is None or (done.size, done.changed_ns) != (part.size, part.changed_ns):
            return False
        result = self.folder / part.output
        return result.is_file() and result.stat().st_size == done.bytes

    def record(self, done: DonePart) -> None:
        """Note, on the disk to stay, that a part is done."""
        self._append(asdict(done))
        self.done[done.name] = done

    def tidy(self, parts: Iterable[Part]) -> None:
        """Sweep, and make the folders for what is to come.

        Raises InvalidInput where results stand there that belong to none of `parts`: whoever reads
        the folder would count their rows too.
        """
        self.sweep()
        expected = {self.folder / part.output for part in parts}
        strange = [
            path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path not in expected and not is_hidden(path, self.folder)
        ]
        if strange:
            named = "、".join(str(path.relative_to(self.folder)) for path in strange[:_SHOWN])
            raise InvalidInput(
                f"{self.folder} 中有 {len(strange)} 个文件不属于这批来件（{named}），"
                "请移走它们，或换一个空文件夹"
            )
        for path in expected:
            path.parent.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what those who died were writing."""
        for path in self.folder.rglob(f"{_PENDING}*"):
            path.unlink(missing_ok=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _read(self, about: Mapping[str, Any]) -> None:
        self._file.seek(0)
        lines = self._file.read().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        # a power cut leaves the last line half written, and the part it names is done again
        self._file.truncate(sum(map(len, whole)))
        if not whole:
            self._append(about)
            return
        try:
            first, *entries = map(json.loads, whole)
            self.done = {entry["name"]: _read_entry(entry) for entry in entries}
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidFile(f"{self.folder / NAME} 已损坏，请换一个空文件夹重做") from error
        if first != json.loads(json.dumps(about)):
            changed = _name_changes(first, about)
            raise InvalidInput(
                f"{self.folder} 中的结果是另一次做的（{changed}不同），请换一个空文件夹"
            )

    def _append(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _read_entry(entry: Mapping[str, Any]) -> DonePart:
    return DonePart(**{**entry, "notes": tuple(entry["notes"])})


def pending_path(result: Path) -> Path:
    """A name beside `result` to write under; no two writers get the same."""
    return result.with_name(f"{_PENDING}{uuid4().hex}")


_WORDS = {"kind": "种类", "desk": "模型或派单目录", "columns": "--column", "sheet": "--sheet"}


def _name_changes(one: Any, other: Mapping[str, Any]) -> str:
    before: Mapping[str, Any] = one if isinstance(one, dict) else {}
    names: Sequence[str] = sorted({*before, *other})
    differ = [_WORDS.get(name, name) for name in names if before.get(name) != other.get(name)]
    return "、".join(differ)
