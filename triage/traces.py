"""What grouping reads of a submission: which concrete matter it leaves a trace of.

A trace holds hashed runs of characters with their weights; no word can be read back from it. Two
traces match where they share what few others have: the name of an estate, a road, a school, a
company, and the same trouble in whatever words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.rarity import cut_runs, get_rarity
from triage.text import clean_text

Array = NDArray[Any]

MOST_READ = 400  # characters of the content: the matter stands at the beginning
MOST_KEYS = 32
_CHUNK = 256  # texts looked at together
_TITLE_COUNTS = 3  # times the content, for people put the matter into the title
# Codes in the place of names (A市, A3区) are on every other message; they say the division only.
_CODE = re.compile(r"[A-Z]\d{0,2}[市县区]|西地省")
_DISTRICT = re.compile(r"[A-Z]\d{1,2}[市县区]")


@dataclass(frozen=True, slots=True)
class Told:
    """What grouping is told of a submission: its words as sent and what the desk made of them.

    `place` is the place phrase (None or "" for none), `division` the code of its division where known,
    `domain_code` the six figures of its domain.
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

    `keys` are at most `MOST_KEYS` signed 64-bit hashes of its rarest things, by which the others of
    the same matter are found. `runs` (sorted uint32) and `weights` (float32, of length 1) are what
    is compared.
    """

    id: str
    keys: tuple[int, ...]
    runs: Array
    weights: Array
    divisions: frozenset[str]
    domain_code: str
    received_at: datetime | None


def read_trace(told: Told) -> Trace:
    """The trace of one submission."""
    return read_traces([told])[0]


def read_traces(tolds: Sequence[Told]) -> list[Trace]:
    """The traces of many submissions, in order, at a fraction of the time for each."""
    traces: list[Trace] = []
    for start in range(0, len(tolds), _CHUNK):
        traces += _read_chunk(tolds[start : start + _CHUNK])
    return traces


def measure_match(one: Trace, other: Trace) -> float:
    """How likely both are of the same concrete matter, 0 to 1."""
    _, here, there = np.intersect1d(one.runs, other.runs, assume_unique=True, return_indices=True)
    return float(one.weights[here] @ other.weights[there])


def _read_chunk(tolds: Sequence[Told]) -> list[Trace]:
    titles = [clean_text(told.title) for told in tolds]
    bodies = [clean_text(told.content[:MOST_READ]) for told in tolds]
    texts = [
        _CODE.sub(" ", f"{title}\n" * _TITLE_COUNTS + body)
        for title, body in zip(titles, bodies, strict=True)
    ]
    found, owners, _ = cut_runs(texts)
    pairs, counts = np.unique(owners.astype(np.uint64) << np.uint64(32) | found, return_counts=True)
    runs = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    rare = get_rarity().weigh(runs)
    weights = (rare * (1 + np.log(counts))).astype(np.float32)
    ends = np.searchsorted(pairs >> np.uint64(32), np.arange(len(tolds) + 1))
    traces = []
    for number, told in enumerate(tolds):
        part = slice(ends[number], ends[number + 1])
        own = weights[part] / max(float(np.sqrt(weights[part] @ weights[part])), 1e-9)
        best = np.argsort(-own, kind="stable")[:MOST_KEYS]
        named = {told.division} if told.division else set()
        named.update(_DISTRICT.findall(f"{titles[number]} {bodies[number][:200]}"))
        traces.append(
            Trace(
                id=told.id,
                keys=tuple(runs[part][best].tolist()),
                runs=runs[part],
                weights=own,
                divisions=frozenset(named),
                domain_code=told.domain_code,
                received_at=told.received_at,
            )
        )
    return traces
