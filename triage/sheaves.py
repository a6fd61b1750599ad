"""Traces side by side in arrays: the form in which a million of them are held and compared.

A run and all that is counted of it take eight bytes, for a message leaves some three hundred.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from triage.rarity import STEPS

Array = NDArray[Any]
_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

RARITY, TITLE, HEAD, BODY, PLACE = range(5)  # the rows of the counts that a sheaf is made of
TITLE_COUNTS = 3  # times the content, for people put the matter into the title
MOST_DIVISIONS = 4
MOST_KEYS = 32
NO_KEY = -1
# Where a mark holds each count, and the highest that it can hold.
_SHIFT = {BODY: 0, TITLE: 8, PLACE: 13, HEAD: 17, RARITY: 24}
_MOST = {BODY: 255, TITLE: 31, PLACE: 15, HEAD: 127, RARITY: 255}
_LOGS = np.concatenate([[0.0], 1 + np.log(np.arange(1, 256 + 32 * TITLE_COUNTS))])
_LOGS = _LOGS.astype(np.float32)
_EACH = np.arange(1 << 13)
_TABLES = {  # what the low bits of a mark, shifted so far, weigh
    "title": (8, _LOGS[:32]),
    "head": (17, _LOGS[:128]),
    "body": (0, _LOGS[:256]),
    "text": (0, _LOGS[TITLE_COUNTS * (_EACH >> 8) + (_EACH & 255)]),
    "place": (13, _LOGS[:16]),
    "title_place": (8, _LOGS[(_EACH[:512] & 31) + (_EACH[:512] >> 5)]),
}
FIELDS = (*_TABLES, "elsewhere")
TITLE_MASS, PLACE_MASS = len(FIELDS), len(FIELDS) + 1  # columns of the sizes behind the fields
SIZES = len(FIELDS) + 2
_FORMS: dict[str, tuple[Any, ...]] = {  # type and further axes of each array
    "ends": (np.int64,),
    "runs": (np.int32,),
    "marks": (np.uint32,),
    "keys": (np.int32, MOST_KEYS),
    "domains": (np.int64,),
    "divisions": (np.int64, MOST_DIVISIONS),
    "days": (np.float64,),
    "lengths": (np.float32, 2),
    "sizes": (np.float32, SIZES),
}
_AT_ONCE = 256  # traces that are measured together


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """Traces side by side: entries `ends[i]` to `ends[i + 1]` are the runs of trace i.

    `runs` (int32) rise within a trace, `marks` (uint32) pack what is counted of each. `keys` (n,
    `MOST_KEYS`; int32) are `NO_KEY` where there are fewer, `domains` (n,) -1 where unknown,
    `divisions` (n, `MOST_DIVISIONS`) 0, `days` (n,) NaN; `lengths` (n, 2) of title and content.
    `sizes` (n, 9) are the lengths of the vectors of `FIELDS` and the masses of title and place.
    """

    ends: Array
    runs: Array
    marks: Array
    keys: Array
    domains: Array
    divisions: Array
    days: Array
    lengths: Array
    sizes: Array

    def __len__(self) -> int:
        return len(self.days)


def make_sheaf(*, ends: Array, counts: Array, **rest: Array) -> Sheaf:
    """A sheaf out of counts (5, entries; uint8): the rarity in steps and how often a run stands in
    the title, at the beginning, in the content and in the place; `rest` as in `Sheaf`."""
    marks = np.zeros(counts.shape[1], np.uint32)
    for field, shift in _SHIFT.items():
        marks |= np.minimum(counts[field], _MOST[field]).astype(np.uint32) << np.uint32(shift)
    sizes = np.zeros((len(ends) - 1, SIZES), np.float32)
    for start in range(0, len(sizes), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(sizes))
        part = marks[ends[start] : ends[stop]].astype(np.int64)
        rarity = get_rarities(part)
        squares = [(rarity * weigh_field(field, part)) ** 2 for field in FIELDS]
        squares += [rarity * is_in(part, field) for field in (TITLE, PLACE)]
        owners = np.repeat(np.arange(stop - start), np.diff(ends[start : stop + 1]))
        for number, square in enumerate(squares):
            sizes[start:stop, number] = np.bincount(owners, square, stop - start)
    sizes[:, : len(FIELDS)] = np.sqrt(sizes[:, : len(FIELDS)])
    return Sheaf(ends=ends, marks=marks, sizes=np.maximum(sizes, 1e-6), **rest)


def join_sheaves(pieces: Iterable[Sheaf]) -> Sheaf:
    """All pieces as one sheaf; each may be let go of before the next is made."""
    held = {name: bytearray() for name in _FORMS}
    for piece in pieces:
        held["ends"] += np.diff(piece.ends).tobytes()
        for name in held.keys() - {"ends"}:
            held[name] += getattr(piece, name).tobytes()
    arrays = {
        name: np.frombuffer(held.pop(name), dtype).reshape(-1, *shape)
        for name, (dtype, *shape) in _FORMS.items()
    }
    arrays["ends"] = np.concatenate([[0], np.cumsum(arrays["ends"])])
    return Sheaf(**arrays)


def weigh_field(field: str, marks: Array) -> Array:
    """What each of `marks` (int64) weighs in one of `FIELDS` (float32), its rarity apart."""
    if field == "elsewhere":
        return np.where(is_in(marks, PLACE), np.float32(0), weigh_field("text", marks))
    shift, table = _TABLES[field]
    weights: Array = table.take(marks >> shift & (len(table) - 1))
    return weights


def get_rarities(marks: Array) -> Array:
    """How rare the runs of `marks` (int64) are (float32)."""
    return (marks >> _SHIFT[RARITY]).astype(np.float32) * np.float32(1 / STEPS)


def is_in(marks: Array, *counted: int) -> Array:
    """Whether the runs of `marks` stand in any of TITLE, HEAD, BODY, PLACE (bool)."""
    bits = sum(_MOST[field] << _SHIFT[field] for field in counted)
    found: Array = (marks & bits) != 0
    return found


def do_all(
    call: Callable[[_Part], _Done], parts: Iterable[_Part], *, workers: int
) -> Iterator[_Done]:
    """What `call` makes of each part, in order, in so many threads: for work on large arrays, which
    numpy and scipy do side by side. What comes out hangs on the parts alone."""
    if workers == 1:
        yield from map(call, parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(call, parts)
