"""What grouping reads of a submission: which concrete matter it leaves a trace of.

A trace holds hashed runs of characters with their weights; no word can be read back from it. Two
traces match where they share what few others have: the name of an estate, a road, a school, a
company, and the same trouble in whatever words.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from triage.matching import Matcher, get_matcher
from triage.places import find_places
from triage.rarity import cut_runs, get_rarity
from triage.sheaves import (
    BODY,
    HEAD,
    MOST_DIVISIONS,
    MOST_KEYS,
    NO_KEY,
    PLACE,
    RARITY,
    SIZES,
    TITLE,
    TITLE_COUNTS,
    Sheaf,
    join_sheaves,
    make_sheaf,
)
from triage.text import clean_text

Array = NDArray[Any]

MOST_READ = 500  # characters of the content: the matter stands at the beginning
_BEGINNING = 100
_DIVISIONS_READ = 200
_MOST_COUNTED = 255
_PLACE_COUNTS = 6  # times the content, where the runs are chosen that others are found by
_LONG_RUN = 0.6  # of a run of three characters there: writers vary a name by a character
_CHUNK = 256  # texts looked at together
_RUN_BITS, _FIELD_BITS = 31, 3  # of the number that says whose run stands in which field
_DAY = 86_400.0
# Codes in the place of names (A市, A3区) are on every other message; they say the division only.
_CODE = re.compile(r"[A-Z]\d{0,2}[市县区]|西地省")
# Behind a place that is one of its own: which shop it is says what the matter is, not where.
_BESIDE = re.compile(r"(?<=..)(?:楼[下上]|旁|对面|附近|门[口前外]|[前后]面|背后|隔壁).*", re.DOTALL)
_DISTRICT = re.compile(r"[A-Z]\d{1,2}[市县区]")


@dataclass(frozen=True, slots=True)
class Told:
    """What grouping is told of a submission: its words as sent and what the desk made of them.

    `place` is what the sender or the desk calls the place; where it is None or "" the text is
    searched for one. `division` is its code where known, `domain_code` the six figures of the
    domain.
    """

    id: str
    title: str
    content: str
    place: str | None = None
    division: str | None = None
    domain_code: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What grouping makes of a submission (痕迹).

    `keys` are at most `MOST_KEYS` of its own `runs`, the rarest, by which the others of the same
    matter are found. The rest is its part of a `Sheaf`: `divisions` and `keys` but for what fills
    their rows, `sizes` its row (9,).
    """

    id: str
    keys: tuple[int, ...]
    runs: Array
    marks: Array
    sizes: Array
    divisions: tuple[int, ...]
    domain: int
    day: float
    lengths: tuple[int, int]


def read_trace(told: Told) -> Trace:
    """The trace of one submission."""
    return read_traces([told])[0]


def read_traces(tolds: Sequence[Told]) -> list[Trace]:
    """The traces of many submissions, in order, at a fraction of the time for each."""
    traces: list[Trace] = []
    for start in range(0, len(tolds), _CHUNK):
        traces += _cut_chunk(tolds[start : start + _CHUNK])
    return traces


def read_sheaf(tolds: Iterable[Told]) -> Sheaf:
    """The traces of so many submissions that only arrays can hold them: about 3 KB for each."""
    return join_sheaves(_read_chunk(chunk) for chunk in _in_chunks(tolds))


def measure_match(one: Trace, other: Trace) -> float:
    """How likely both are of the same concrete matter, 0 to 1."""
    return float(measure_matches(one, [other])[0])


def measure_matches(
    one: Trace, others: Sequence[Trace], *, matcher: Matcher | None = None
) -> Array:
    """`measure_match` of one with each of the others (float32)."""
    pairs = [(0, number) for number in range(1, len(others) + 1)]
    return measure_pairs([one, *others], pairs, matcher=matcher)


def measure_pairs(
    traces: Sequence[Trace], pairs: Sequence[tuple[int, int]], *, matcher: Matcher | None = None
) -> Array:
    """`measure_match` of each of the pairs (positions; float32), at a fraction of the time."""
    one, other = np.array(pairs, np.int64).reshape(-1, 2).T
    return (matcher or get_matcher()).match(bind_traces(traces), one, other)


def bind_traces(traces: Sequence[Trace]) -> Sheaf:
    """The traces side by side, in order."""
    keys = np.full((len(traces), MOST_KEYS), NO_KEY, np.int32)
    divisions = np.zeros((len(traces), MOST_DIVISIONS), np.int64)
    for number, trace in enumerate(traces):
        keys[number, : len(trace.keys)] = trace.keys
        divisions[number, : len(trace.divisions)] = trace.divisions
    return Sheaf(
        ends=np.cumsum([0, *(len(trace.runs) for trace in traces)]),
        runs=np.concatenate([np.zeros(0, np.int32), *(trace.runs for trace in traces)]),
        marks=np.concatenate([np.zeros(0, np.uint32), *(trace.marks for trace in traces)]),
        sizes=np.array([trace.sizes for trace in traces], np.float32).reshape(-1, SIZES),
        keys=keys,
        domains=np.array([trace.domain for trace in traces], np.int64),
        divisions=divisions,
        days=np.array([trace.day for trace in traces], np.float64),
        lengths=np.array([trace.lengths for trace in traces], np.float32).reshape(-1, 2),
    )


def find_districts(told: Told) -> tuple[str, ...]:
    """The codes that stand for the names of districts and counties at the beginning: A3区."""
    text = clean_text(f"{told.title} {told.content[:_DIVISIONS_READ]}")
    return tuple(dict.fromkeys(_DISTRICT.findall(text)))


def hide_codes(text: str) -> str:
    """The text without the codes that stand for the names of divisions."""
    return _CODE.sub(" ", text)


def _in_chunks(tolds: Iterable[Told]) -> Iterator[list[Told]]:
    tolds = iter(tolds)
    while chunk := list(islice(tolds, _CHUNK)):
        yield chunk


def _cut_chunk(tolds: Sequence[Told]) -> Iterator[Trace]:
    sheaf = _read_chunk(tolds)
    ends = sheaf.ends.tolist()
    keys, divisions = sheaf.keys.tolist(), sheaf.divisions.tolist()
    for number, told in enumerate(tolds):
        part = slice(ends[number], ends[number + 1])
        title, content = sheaf.lengths[number].tolist()
        yield Trace(
            id=told.id,
            keys=tuple(key for key in keys[number] if key != NO_KEY),
            runs=sheaf.runs[part].copy(),
            marks=sheaf.marks[part].copy(),
            sizes=sheaf.sizes[number].copy(),
            divisions=tuple(division for division in divisions[number] if division),
            domain=int(sheaf.domains[number]),
            day=float(sheaf.days[number]),
            lengths=(int(title), int(content)),
        )


def _read_chunk(tolds: Sequence[Told]) -> Sheaf:
    """The traces of some submissions."""
    titles = [clean_text(told.title) for told in tolds]
    bodies = [clean_text(told.content[:MOST_READ]) for told in tolds]
    places = find_places(
        [
            (title, body, clean_text(told.place or ""))
            for title, body, told in zip(titles, bodies, tolds, strict=True)
        ]
    )
    fields = {
        TITLE: titles,
        HEAD: [body[:_BEGINNING] for body in bodies],
        BODY: bodies,
        PLACE: [_BESIDE.sub("", place.text) if place else "" for place in places],
    }
    found = []
    for field, texts in fields.items():
        cut, owners = cut_runs([hide_codes(text) for text in texts])
        found.append((owners << _RUN_BITS | cut) << _FIELD_BITS | field)
    every = np.concatenate(found)
    every.sort()
    first = np.flatnonzero(np.diff(every, prepend=-1))
    many, field_of = np.diff(first, append=len(every)), every[first] & ((1 << _FIELD_BITS) - 1)
    entries = every[first] >> _FIELD_BITS
    new = np.diff(entries, prepend=-1) != 0
    counts = np.zeros((5, int(new.sum())), np.uint8)
    counts[field_of, np.cumsum(new) - 1] = np.minimum(many, _MOST_COUNTED)
    entries = entries[new]
    runs = (entries & ((1 << _RUN_BITS) - 1)).astype(np.int32)
    counts[RARITY] = get_rarity().weigh(runs)
    salience = _weigh_keys(runs, counts)
    ends = np.searchsorted(entries >> _RUN_BITS, np.arange(len(tolds) + 1))
    keys = np.full((len(tolds), MOST_KEYS), NO_KEY, np.int32)
    divisions = np.zeros((len(tolds), MOST_DIVISIONS), np.int64)
    for number, told in enumerate(tolds):
        part = slice(ends[number], ends[number + 1])
        best = np.argsort(-salience[part], kind="stable")[:MOST_KEYS]
        keys[number, : len(best)] = runs[part][best]
        named = _find_divisions(told)
        divisions[number, : len(named)] = named
    return make_sheaf(
        ends=ends,
        runs=runs,
        counts=counts,
        keys=keys,
        domains=np.array(
            [int(told.domain_code) if told.domain_code.isdecimal() else -1 for told in tolds],
            np.int64,
        ),
        divisions=divisions,
        days=np.array(
            [told.received_at.timestamp() / _DAY if told.received_at else np.nan for told in tolds]
        ),
        lengths=np.array(
            [(len(title), len(body)) for title, body in zip(titles, bodies, strict=True)],
            np.float32,
        ),
    )


def _weigh_keys(runs: Array, counts: Array) -> Array:
    """How well each run would serve to find others of the same matter."""
    told = counts[[TITLE, BODY, PLACE]].astype(np.float32)
    told *= np.array([[TITLE_COUNTS], [1], [_PLACE_COUNTS]], np.float32)
    weights: Array = counts[RARITY] * (1 + np.log(np.maximum(told.sum(axis=0), 1)))
    weights[(runs & 1).astype(bool)] *= _LONG_RUN
    return weights


def _find_divisions(told: Told) -> tuple[int, ...]:
    """Numbers of the counties and districts that are named; a city or province tells nothing."""
    numbers = [crc32(name.encode()) + 1 for name in find_districts(told)]
    if told.division and not told.division[:6].endswith("00"):
        numbers.insert(0, crc32(told.division[:6].encode()) + 1)
    return tuple(numbers[:MOST_DIVISIONS])
