"""The place (地点) a submission is about: the most specific phrase of the text, copied from it.

A span of the title or of the beginning of the content is scored by the characters at its two
borders (a linear model with hashed character pairs, learned from labelled records) and by its
length; the best span wins unless "no place" scores higher. Where a place stands, people say it
early: 99 in 100 labelled places are found within `HEAD` characters of the content.

Place names are anonymised in some towns' records (A市, A3区, K8县, 西地省); such a code is read
like any other name, and marked.
"""

import re
from collections.abc import Sequence
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
_STARTS, _BEST = 8, 16  # how many of the best borders that begin and end a place are paired
_CHUNK = 128  # texts looked at together: their numbers stay in the processor's cache

LEARNED = ("chars", "pairs", "triples", "positions", "lengths", "inner", "empty")

# One number counts stops (units), commas (2 ** 10) and capitals (2 ** 20) at once.
_MARKS = np.zeros(FIRST_CHAR + 1, np.int64)
_MARKS[[STOP, COMMA, CAPITAL]] = 1, 1 << 10, 1 << 20
_TITLE_POSITIONS = np.minimum(np.arange(128), 7)
_CONTENT_POSITIONS = np.minimum(8 + np.arange(HEAD + 2 + 2 * PAD) // 8, 31)
_EDGES = " ,，、。:：的"
# Begun with one set of characters, so that the search hops from one of them to the next.
_CODE = re.compile(r"[A-Z西](?:(?<=[A-Z])(?:\d{0,2}[市县]|\d{1,2}区)|(?<=西)地省)")
# The city or county that stands right before a place, at the beginning of a phrase: the model is
# learned from records whose cities are codes and now and then begins behind a real name.
_CITY_BEFORE = re.compile(
    r"(?:[^\u4e00-\u9fff]|[在于是到住为])([^\W\dA-Za-z_在于是到住为的我]{2,3}[市县州盟旗])$"
)
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
    hashed pairs around a start (0-3) and an end (4-7). `triples` is (2, BUCKETS): the
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
    """The features of texts laid end to end; a border stands before each character and at the end.

    Border i of text t is number `first[t] + i` in all arrays; `marks` counts the characters before
    it that are not part of a plain name (see `count_inside`). `ids`, `pairs` and `triples` reach
    PAD characters to either side of it. Between the last border of a text and the first of the next
    lie numbers that mean nothing.
    """

    texts: list[str]
    title_ends: list[int]
    first: list[int]
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
    return find_places([(title, content, given)])[0]


def find_places(
    submissions: Sequence[tuple[str, str, str | None]],
) -> list[PlacePhrase | None]:
    """`find_place` for many (title, content, given), at a third of the time for each."""
    weights = _shipped_weights()
    places = [
        _phrase("place", 0, given) if given and given.strip() else None
        for _, _, given in submissions
    ]
    unknown = [number for number, place in enumerate(places) if place is None]
    for chunk in (unknown[i : i + _CHUNK] for i in range(0, len(unknown), _CHUNK)):
        texts = [submissions[number][:2] for number in chunk]
        borders = read_borders(texts, weights.char_ids, len(weights.chars) // 2)
        spans = find_spans(borders, weights)
        for number, text, title_end, span in zip(
            chunk, borders.texts, borders.title_ends, spans, strict=True
        ):
            if span:
                places[number] = _phrase_in(text, title_end, span)
    return places


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


def read_borders(
    submissions: Sequence[tuple[str, str]], char_ids: Array, content_offset: int
) -> Borders:
    """The features of titles and the heads of their contents."""
    texts = [f"\n{title}\n{content[:HEAD]}\n" for title, content in submissions]
    title_ends = [len(title) + 1 for title, _ in submissions]
    padded = "".join([f"\n\n\n{text}\n\n\n" for text in texts])
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.int32)
    ids = char_ids.take(codes, mode="clip")
    count = len(ids) - 2 * PAD + 1
    marks = _MARKS.take(ids[: len(ids) - PAD], mode="clip").cumsum()[PAD - 1 :]
    first: list[int] = []
    positions: list[Array] = []
    size = 0
    for text, title_end in zip(texts, title_ends, strict=True):
        first.append(size)
        length = len(text) + 2 * PAD
        ids[size + PAD + title_end : size + length] += content_offset
        size += length
        positions += _positions(title_end, length)
    pairs = (ids[:-1] * 7919 + ids[1:] * 104729) & (BUCKETS - 1)
    triples = (pairs[:-1] * 31 + ids[2:] * 12997) & (BUCKETS - 1)
    where = np.concatenate(positions)[:count]
    return Borders(texts, title_ends, first, ids, pairs, triples, where, marks)


def count_inside(marks: Array) -> tuple[Array, Array, Array]:
    """(stops, commas, capitals) of spans, from the differences of `Borders.marks`."""
    return marks & 1023, np.minimum((marks >> 10) & 1023, 3), np.minimum(marks >> 20, 3)


def score_borders(borders: Borders, weights: PlaceWeights) -> Array:
    """(2, borders) float32: how well each border begins a place, and how well it ends one."""
    size = len(borders.positions)
    chars = weights.chars.take(borders.ids, axis=0)
    pairs = weights.pairs.take(borders.pairs, axis=0)
    scores: Array = np.empty((2, size), np.float32)
    starts, ends = scores
    weights.positions.take(borders.positions, out=starts, mode="clip")
    weights.triples[0].take(borders.triples[:size], out=ends, mode="clip")
    ends += weights.triples[1].take(borders.triples[PAD : PAD + size])
    starts += _diagonal_sum(chars, 0, 4, 1, size)
    ends += _diagonal_sum(chars, 4, 4, 1, size)
    starts += _diagonal_sum(pairs, 0, 4, 1, size)
    ends += _diagonal_sum(pairs, 4, 4, 0, size)
    return scores


def find_spans(borders: Borders, weights: PlaceWeights) -> list[tuple[int, int] | None]:
    """The best (start, end) of a place in each of `borders.texts`, or None."""
    first = np.array(borders.first)[:, None]
    lengths = [len(text) for text in borders.texts]
    places = np.arange(max(*lengths, _BEST) + 1)
    table = score_borders(borders, weights).take(first + places, axis=1, mode="clip")
    np.copyto(table, -np.inf, where=places > np.array(lengths)[:, None])
    # (2, texts, _BEST): the best borders to begin with and to end with, the best first.
    rows = np.arange(0, table.size, len(places)).reshape(2, -1, 1)
    best = table.argpartition(-_BEST, axis=2)[:, :, -_BEST:]
    order = table.take(best + rows).argsort(axis=2)[:, :, ::-1]
    order += np.arange(0, best.size, _BEST).reshape(2, -1, 1)
    best = best.take(order)
    best_scores = table.take(best + rows).astype(float)
    starts, ends = best[0, :, :_STARTS, None], best[1, :, None]
    scores = best_scores[0, :, :_STARTS, None] + best_scores[1, :, None]
    scores += score_inside(borders, weights, first[:, :, None] + starts, first[:, :, None] + ends)
    flat = scores.reshape(len(first), -1)
    least = float(weights.empty[0])
    spans: list[tuple[int, int] | None] = []
    for number, place in enumerate(flat.argmax(axis=1).tolist()):
        start, end = divmod(place, ends.shape[2])
        better = flat[number, place] > least
        spans.append((int(best[0, number, start]), int(best[1, number, end])) if better else None)
    return spans


def score_inside(borders: Borders, weights: PlaceWeights, start: Array, end: Array) -> Array:
    """What the length and the inside of spans (numbers of borders) add to the scores of their
    borders, in float64; minus infinity where a span cannot be a place.
    """
    marks = borders.marks
    before = marks.take(start, mode="clip")
    stops, commas, capitals = count_inside(marks.take(end, mode="clip") - before)
    opens = (marks.take(start + 1, mode="clip") - before) >> 20
    length = end - start
    inner = weights.inner.astype(float)
    inside: Array = inner.take(commas, mode="clip") + inner.take(4 + capitals, mode="clip")
    inside += weights.lengths.take(opens * (LONGEST + 1) + length, mode="clip")
    # As unsigned numbers, those below nothing are the greatest.
    inside[((length - 2).view(np.uint64) > LONGEST - 2) | (stops != 0)] = -np.inf
    return inside


@cache
def _shipped_weights() -> PlaceWeights:
    return load_weights()


def _positions(title_end: int, length: int) -> tuple[Array, Array]:
    """Where each border stands: 0-7 in the title, 8-31 in the content."""
    head = _TITLE_POSITIONS[: title_end + 1]
    if len(head) <= title_end:
        head = np.minimum(np.arange(title_end + 1), 7)
    return head, _CONTENT_POSITIONS[: length - title_end - 1]


def _diagonal_sum(matrix: Array, column: int, columns: int, first: int, size: int) -> Array:
    """Sums of `matrix[first + i + j, column + j]` over j below `columns`, for each i."""
    view: Array = np.ndarray(
        (columns, size), np.float32, matrix, 4 * (8 * first + column), (4 * 9, 4 * 8)
    )
    sums: Array = np.add.reduce(view, axis=0)
    return sums


def _phrase_in(text: str, title_end: int, span: tuple[int, int]) -> PlacePhrase | None:
    """The phrase at a span of title and content, or None where only its edges are left."""
    found = text[slice(*span)].strip(_EDGES)
    if len(found) < 2:
        return None
    start = text.index(found, span[0])
    city = _CITY_BEFORE.search(text, max(0, start - 5), start)
    if city and len(city[1] + found) <= LONGEST:
        found, start = city[1] + found, start - len(city[1])
    if start < title_end:
        return _phrase("title", start - 1, found)
    return _phrase("content", start - title_end - 1, found)


def _phrase(field: str, start: int, text: str) -> PlacePhrase:
    level = next((name for name, pattern in _LEVELS if pattern.search(text)), None)
    return PlacePhrase(field, start, start + len(text), text, is_anonymised(text), level)
