"""The place (地点) a submission is about: the most specific phrase of the text, copied from it.

A span of the title or of the beginning of the content is scored by the characters at its two
borders (a linear model with hashed character pairs, learned from labelled records) and by its
length; the best span wins unless "no place" scores higher. Where a place stands, people say it
early: 99 in 100 labelled places are found within `HEAD` characters of the content.

Place names are anonymised in some towns' records (A市, A3区, K8县, 西地省); such a code is read
like any other name, and marked.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HEAD = 240  # characters of the content that are read
LONGEST = 36  # characters of a place
BUCKETS = 1 << 15  # of character pairs and triples, a power of two
PAD = 3  # padding characters at each end, so that borders have neighbours
STOP, COMMA, CAPITAL, DIGIT, SMALL, FIRST_CHAR = 1, 2, 3, 4, 5, 6  # ids; 0: a rare character
_STARTS, _ENDS = 8, 16  # how many of the best borders are paired

LEARNED = ("chars", "pairs", "triples", "positions", "lengths", "inner", "empty")

# One number counts stops (units), commas (2 ** 10) and capitals (2 ** 20) at once.
_MARKS = np.zeros(FIRST_CHAR + 1, np.int64)
_MARKS[[STOP, COMMA, CAPITAL]] = 1, 1 << 10, 1 << 20
_TITLE_POSITIONS = np.minimum(np.arange(128), 7)
_CONTENT_POSITIONS = np.minimum(8 + np.arange(HEAD + 2) // 8, 31)
_EDGES = " ,，、。:：的"
_CODE = re.compile(r"[A-Z]\d{0,2}[市县]|[A-Z]\d{1,2}区|西地省")
_LEVELS = (
    ("village", re.compile(r"[村屯寨](?!小区|宾馆|酒店)|\d组|[一二三四五六七八九十]组")),
    ("township", re.compile(r"[乡镇]")),
    (
        "urban",
        re.compile(r"街道|社区|小区|[路街巷弄]|大道|花园|公寓|广场|大厦|家园|\d[栋幢座]|[苑府]$"),
    ),
    ("city", re.compile(r"[省市州盟县区旗]$")),
)


@dataclass(frozen=True, slots=True)
class PlacePhrase:
    """A place as the text names it.

    `field` is "title", "content" or "place" (the input field of that name); `start` and `end` are
    offsets into it. `level` is "village", "township", "urban" or "city" where the phrase shows it:
    who is responsible often hangs on that. `anonymised` marks names such as A市A3区.
    """

    field: str
    start: int
    end: int
    text: str
    anonymised: bool = False
    level: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceWeights:
    """What the span model has learned; float32 arrays but `char_ids`, the id of each code point.

    `chars` is (ids, 8): characters around a start (columns 0-3) and an end (4-7); a character has
    one id in the title and another, half the ids higher, in the content. `pairs` is (BUCKETS, 8):
    hashed pairs around a start (0-2) and an end (3-6; 7 is unused). `triples` is (2, BUCKETS): the
    three characters before and after an end. `positions` (32): where the start stands. `lengths` is
    (2, LONGEST + 1): of phrases that begin with a capital (1) or not (0). `inner` (8): by the
    number of commas (0-3) and of capitals (4-7) inside. `empty` (1): the score of no place.
    """

    char_ids: Array
    chars: Array
    pairs: Array
    triples: Array
    positions: Array
    lengths: Array
    inner: Array
    empty: Array


@dataclass(frozen=True, slots=True)
class Borders:
    """The features of one text; border i stands before character i of `text`.

    `ids`, `pairs` and `triples` are padded by PAD at each end. `positions` and `marks` have one
    value for each border; `marks` counts the characters before it that are not part of a plain
    name (see `count_inside`).
    """

    text: str
    title_end: int
    ids: Array
    pairs: Array
    triples: Array
    positions: Array
    marks: Array


def find_place(title: str, content: str, *, given: str | None = None) -> PlacePhrase | None:
    """The most specific place a submission is about, or None.

    `title` and `content` are clean text (`triage.text.clean_text`). `given` is the place the
    submission came with; where there is one, it is the place.
    """
    if given and given.strip():
        return _phrase("place", 0, given)
    weights = _shipped_weights()
    borders = read_borders(title, content, weights.char_ids, len(weights.chars) // 2)
    span = find_span(borders, weights)
    if span is None:
        return None
    text = borders.text[slice(*span)].strip(_EDGES)
    if len(text) < 2:
        return None
    start = borders.text.index(text, span[0])
    if start < borders.title_end:
        return _phrase("title", start - 1, text)
    return _phrase("content", start - borders.title_end - 1, text)


def is_anonymised(text: str) -> bool:
    """Whether place names in the text are replaced by codes such as A市 or K8县."""
    return _CODE.search(text) is not None


def load_weights(path: Path | None = None) -> PlaceWeights:
    """The weights in a file, or those that come with the product."""
    source = path or files("triage") / "data" / "places.npz"
    with source.open("rb") as file, np.load(file) as stored:
        return PlaceWeights(
            char_ids=stored["char_ids"].astype(np.intp),
            **{name: stored[name].astype(np.float32) * stored[f"{name}_scale"] for name in LEARNED},
        )


def read_borders(title: str, content: str, char_ids: Array, content_offset: int) -> Borders:
    """The features of a title and the head of a content."""
    text = f"\n{title}\n{content[:HEAD]}\n"
    title_end = len(title) + 1
    padded = f"\n\n\n{text}\n\n\n"
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.int32)
    ids = char_ids.take(codes, mode="clip")
    marks = np.zeros(len(text) + 1, np.int64)
    _MARKS.take(ids[PAD:-PAD], mode="clip").cumsum(out=marks[1:])
    ids[PAD + title_end :] += content_offset
    pairs = (ids[:-1] * 7919 + ids[1:] * 104729) & (BUCKETS - 1)
    triples = (pairs[:-1] * 31 + ids[2:] * 12997) & (BUCKETS - 1)
    return Borders(text, title_end, ids, pairs, triples, _positions(title_end, len(text)), marks)


def count_inside(marks: Array) -> tuple[Array, Array, Array]:
    """(stops, commas, capitals) of spans, from the differences of `Borders.marks`."""
    return marks & 1023, np.minimum((marks >> 10) & 1023, 3), np.minimum(marks >> 20, 3)


def score_borders(borders: Borders, weights: PlaceWeights) -> tuple[Array, Array]:
    """How well each border begins a place, and how well it ends one (float32)."""
    size = len(borders.text) + 1
    chars = weights.chars.take(borders.ids, axis=0)
    pairs = weights.pairs.take(borders.pairs, axis=0)
    starts = weights.positions.take(borders.positions)
    starts += _diagonal_sum(chars, 0, 4, 1, size)
    starts += _diagonal_sum(pairs, 0, 3, 1, size)
    ends = weights.triples[0].take(borders.triples[:size])
    ends += weights.triples[1].take(borders.triples[PAD : PAD + size])
    ends += _diagonal_sum(chars, 4, 4, 1, size)
    ends += _diagonal_sum(pairs, 3, 4, 0, size)
    return starts, ends


def find_span(borders: Borders, weights: PlaceWeights) -> tuple[int, int] | None:
    """The best (start, end) borders of a place in `borders.text`, or None."""
    start_scores, end_scores = score_borders(borders, weights)
    marks = borders.marks
    lengths, inner = weights.lengths.tolist(), weights.inner.tolist()
    bound = max(map(max, lengths)) + 2 * max(inner)  # the most that the inside of a span can add
    ends = [(end, end_scores.item(end), marks.item(end)) for end in _best(end_scores, _ENDS)]
    best, span = weights.empty.item(0), None
    for start in _best(start_scores, _STARTS):
        start_score, mark = start_scores.item(start), marks.item(start)
        if start_score + ends[0][1] + bound <= best:
            break
        by_length = lengths[(marks.item(min(start + 1, len(marks) - 1)) - mark) >> 20]
        for end, end_score, end_mark in ends:
            if start_score + end_score + bound <= best:
                break
            inside = end_mark - mark
            if 2 <= end - start <= LONGEST and not inside & 1023:
                score = start_score + end_score + by_length[end - start]
                score += inner[min((inside >> 10) & 1023, 3)] + inner[4 + min(inside >> 20, 3)]
                if score > best:
                    best, span = score, (start, end)
    return span


def score_inside(borders: Borders, weights: PlaceWeights, start: Array, end: Array) -> Array:
    """What the length and the inside of the spans add to the scores of their borders."""
    before = borders.marks[start]
    _, commas, capitals = count_inside(borders.marks[end] - before)
    opens = (borders.marks[start + 1] - before) >> 20
    inner: Array = weights.inner[commas] + weights.inner[4 + capitals]
    inner += weights.lengths[opens, end - start]
    return inner


@cache
def _shipped_weights() -> PlaceWeights:
    return load_weights()


def _positions(title_end: int, size: int) -> Array:
    """Where each border stands: 0-7 in the title, 8-31 in the content."""
    head = _TITLE_POSITIONS[: title_end + 1]
    if len(head) <= title_end:
        head = np.minimum(np.arange(title_end + 1), 7)
    return np.concatenate((head, _CONTENT_POSITIONS[: size - title_end]))


def _diagonal_sum(matrix: Array, column: int, columns: int, first: int, size: int) -> Array:
    """Sums of `matrix[first + i + j, column + j]` over j below `columns`, for each i."""
    view: Array = np.ndarray(
        (columns, size), np.float32, matrix, 4 * (8 * first + column), (4 * 9, 4 * 8)
    )
    sums: Array = np.add.reduce(view, axis=0)
    return sums


def _best(scores: Array, count: int) -> list[int]:
    """The indices of the highest scores, best first."""
    count = min(count, len(scores))
    indices = scores.argpartition(-count)[-count:]
    best: list[int] = indices[scores[indices].argsort()[::-1]].tolist()
    return best


def _phrase(field: str, start: int, text: str) -> PlacePhrase:
    level = next((name for name, pattern in _LEVELS if pattern.search(text)), None)
    return PlacePhrase(field, start, start + len(text), text, is_anonymised(text), level)
