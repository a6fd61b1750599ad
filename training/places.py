"""Fits the weights of `triage.places` on records whose place is labelled.

    python -m training.places fit OUT.npz RECORDS.jsonl [RECORDS.jsonl ...]
    python -m training.places evaluate RECORDS.jsonl [--weights OUT.npz]

Records are JSON lines with `title`, `content` and `place` (copied from the text, "" for none).
The model is a log-linear distribution over all spans and "no place", maximised with AdaGrad.
A part of the anonymised codes (A市, A3区) is read once as real names too, so that the model does
not lean on them. Characters of fewer than `RARE` records have no weight of their own, pairs are
hashed: no name can be read back from the file.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.gazetteer import Gazetteer, load_gazetteer
from triage.places import (
    BUCKETS,
    CAPITAL,
    COMMA,
    DIGIT,
    FIRST_CHAR,
    HEAD,
    LEARNED,
    LONGEST,
    PAD,
    SMALL,
    STOP,
    Borders,
    PlaceWeights,
    count_inside,
    find_spans,
    load_weights,
    read_borders,
    score_borders,
    score_inside,
)
from triage.privacy import mask
from triage.text import clean_text

RARE = 15
EPOCHS = 4
BATCH = 16
RATE = 0.15
SHRINK = 5e-5
RENAMED = 0.5  # share of the anonymised examples that are also read with real division names
SEED = 20240601
_CODE = re.compile(r"[A-Z]\d{0,2}[市县区]|西地省")

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled record; `place` is "" where there is none."""

    title: str
    content: str
    place: str


@dataclass(slots=True)
class Gradient:
    """Indices into the flat weights and what to add there, collected over a batch."""

    indices: dict[str, list[Array]] = field(default_factory=dict)
    values: dict[str, list[Array]] = field(default_factory=dict)

    def add(self, name: str, indices: Array, values: Array) -> None:
        self.indices.setdefault(name, []).append(indices)
        self.values.setdefault(name, []).append(values)


def read_examples(paths: Iterable[Path]) -> list[Example]:
    """The records of JSON-lines files as clean text, persons masked (but not doors: places)."""
    examples = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            texts = [clean_text(record.get(name) or "") for name in ("title", "content")]
            place = clean_text(record.get("place") or "")
            masked = [mask(text, keep=("door",)) for text in texts]
            for text, hidden in zip(texts, masked, strict=True):
                if place and (at := text.find(place)) >= 0:
                    place = hidden[at : at + len(place)]
                    break
            examples.append(Example(masked[0], masked[1], place))
    return examples


def rename(example: Example, names: dict[str, list[str]], rng: random.Random) -> Example:
    """The example with each anonymised code replaced by one real division name of its kind."""
    chosen: dict[str, str] = {}

    def real(match: re.Match[str]) -> str:
        code = match[0]
        return chosen.setdefault(code, rng.choice(names[code[-1]]))

    return Example(*(_CODE.sub(real, t) for t in (example.title, example.content, example.place)))


def fit(examples: Sequence[Example], *, seed: int = SEED, epochs: int = EPOCHS) -> PlaceWeights:
    """Weights fitted on the examples; the same examples and seed give the same weights."""
    rng = random.Random(seed)  # noqa: S311  shuffles examples, guards nothing
    kinds = division_names(load_gazetteer())
    examples = [*examples] + [
        rename(e, kinds, rng) for e in examples if _CODE.search(e.place) and rng.random() < RENAMED
    ]
    weights = empty_weights(examples)
    squares = {name: np.full(getattr(weights, name).size, 1e-3, np.float32) for name in LEARNED}
    offset = len(weights.chars) // 2
    prepared = [
        (borders, spans)
        for example in examples
        for borders in [read_borders([(example.title, example.content)], weights.char_ids, offset)]
        if (spans := find_place_in(borders.texts[0], example.place)) or not example.place
    ]
    for epoch in range(epochs):
        rng.shuffle(prepared)
        rate = RATE * (1 - 0.7 * epoch / max(epochs - 1, 1))
        for first in range(0, len(prepared), BATCH):
            gradient = Gradient()
            for borders, spans in prepared[first : first + BATCH]:
                add_gradient(gradient, borders, spans, weights)
            apply(gradient, weights, squares, rate)
    return weights


def division_names(gazetteer: Gazetteer) -> dict[str, list[str]]:
    """Real names by their last character: the codes 省, 市, 县 and 区 stand for one each."""
    names = gazetteer.names()
    return {k: [n for n in names if n[-1] == k and len(n) < 6] for k in "省市县区"}


def empty_weights(examples: Sequence[Example]) -> PlaceWeights:
    """Zero weights with an id for each character of at least `RARE` examples."""
    counts: Counter[str] = Counter()
    for example in examples:
        counts.update(set(example.title + example.content[:HEAD]))
    char_ids = np.zeros(65536, np.intp)
    frequent = sorted(c for c, n in counts.items() if n >= RARE and ord(c) < 65536)
    char_ids[[ord(c) for c in frequent]] = np.arange(FIRST_CHAR, FIRST_CHAR + len(frequent))
    for id_, chars in (
        (STOP, "。！？；;!?\n"),
        (COMMA, "，,、()（） "),
        (CAPITAL, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (DIGIT, "0123456789+"),
        (SMALL, "abcdefghijklmnopqrstuvwxyz"),
    ):
        char_ids[[ord(c) for c in chars]] = id_
    ids = 2 * (FIRST_CHAR + len(frequent))
    shapes = {
        "chars": (ids, 8),
        "pairs": (BUCKETS, 8),
        "triples": (2, BUCKETS),
        "positions": (32,),
        "lengths": (2, LONGEST + 1),
        "inner": (8,),
        "empty": (1,),
    }
    return PlaceWeights(char_ids, **{n: np.zeros(s, np.float32) for n, s in shapes.items()})


def find_place_in(text: str, place: str) -> list[tuple[int, int]]:
    """Every occurrence of the place in the text that the model could name."""
    if not 2 <= len(place) <= LONGEST:
        return []
    return [(m.start(), m.start() + len(place)) for m in re.finditer(re.escape(place), text)]


def add_gradient(
    gradient: Gradient, borders: Borders, spans: list[tuple[int, int]], weights: PlaceWeights
) -> None:
    """Add what raises the probability of the right spans ([]: of no place) over all others."""
    size = len(borders.positions)
    start = np.repeat(np.arange(size), LONGEST - 1)
    end = start + np.tile(np.arange(2, LONGEST + 1), size)
    allowed = end < size
    start, end = start[allowed], end[allowed]
    stops, commas, capitals = count_inside(borders.marks[end] - borders.marks[start])
    allowed = stops == 0
    start, end, commas, capitals = start[allowed], end[allowed], commas[allowed], capitals[allowed]
    start_scores, end_scores = score_borders(borders, weights)
    scores = start_scores[start] + end_scores[end] + score_inside(borders, weights, start, end)
    scores = np.append(scores, weights.empty)
    odds = np.exp(scores - scores.max())
    right = np.zeros(len(scores), bool)
    for span in spans:
        right[:-1] |= (start == span[0]) & (end == span[1])
    right[-1] = not spans
    if not right.any():
        return
    change = np.where(right, odds, 0) / odds[right].sum() - odds / odds.sum()
    gradient.add("empty", np.zeros(1, np.intp), change[-1:])
    change = change[:-1]
    by_start = np.bincount(start, change, size)
    by_end = np.bincount(end, change, size)
    border = np.arange(size)
    for column in range(4):
        char = borders.ids[border + 1 + column]
        gradient.add("chars", 8 * char + column, by_start)
        gradient.add("chars", 8 * char + 4 + column, by_end)
        gradient.add("pairs", 8 * borders.pairs[border + column] + 4 + column, by_end)
        gradient.add("pairs", 8 * borders.pairs[border + 1 + column] + column, by_start)
    gradient.add("triples", borders.triples[border], by_end)
    gradient.add("triples", BUCKETS + borders.triples[border + PAD], by_end)
    gradient.add("positions", borders.positions, by_start)
    opens = (borders.marks[start + 1] - borders.marks[start]) >> 20
    gradient.add("lengths", opens * (LONGEST + 1) + end - start, change)
    gradient.add("inner", commas, change)
    gradient.add("inner", 4 + capitals, change)


def apply(
    gradient: Gradient, weights: PlaceWeights, squares: dict[str, Array], rate: float
) -> None:
    """One AdaGrad step with shrinkage on the weights that the batch touched."""
    for name in gradient.indices:
        flat = getattr(weights, name).reshape(-1)
        sums = np.bincount(
            np.concatenate(gradient.indices[name]), np.concatenate(gradient.values[name]), len(flat)
        )
        touched = np.nonzero(np.abs(sums) > 1e-4)[0]
        step = sums[touched] - SHRINK * BATCH * flat[touched]
        squares[name][touched] += step * step
        flat[touched] += rate * step / np.sqrt(squares[name][touched])


def save(weights: PlaceWeights, path: Path) -> None:
    """Write the weights as 8-bit numbers with one scale for each array."""
    arrays: dict[str, Any] = {"char_ids": weights.char_ids.astype(np.uint16)}
    for name in LEARNED:
        values = getattr(weights, name)
        scale = np.float32(max(float(np.abs(values).max()), 1e-6) / 127)
        arrays[name] = np.round(values / scale).astype(np.int8)
        arrays[f"{name}_scale"] = scale
    np.savez_compressed(path, allow_pickle=False, **arrays)


def evaluate(examples: Sequence[Example], weights: PlaceWeights) -> dict[str, float]:
    """Exact matches, character overlap (F1) and containment either way, as shares."""
    offset = len(weights.chars) // 2
    exact = overlap = contained = 0.0
    for example in examples:
        borders = read_borders([(example.title, example.content)], weights.char_ids, offset)
        span = find_spans(borders, weights)[0]
        found = borders.texts[0][slice(*span)] if span else ""
        exact += found == example.place
        overlap += overlap_f1(found, example.place)
        contained += (found == example.place == "") or bool(
            found and example.place and (found in example.place or example.place in found)
        )
    n = len(examples)
    return {
        "n": n,
        "exact": round(exact / n, 4),
        "overlap_f1": round(overlap / n, 4),
        "containment": round(contained / n, 4),
    }


def overlap_f1(found: str, place: str) -> float:
    """F1 of the characters that two phrases share; 1 where both are empty."""
    if not found or not place:
        return float(found == place)
    return 2 * sum((Counter(found) & Counter(place)).values()) / (len(found) + len(place))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    fit_ = commands.add_parser("fit")
    fit_.add_argument("out", type=Path)
    fit_.add_argument("records", type=Path, nargs="+")
    evaluate_ = commands.add_parser("evaluate")
    evaluate_.add_argument("records", type=Path, nargs="+")
    evaluate_.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    examples = read_examples(arguments.records)
    if arguments.command == "fit":
        save(fit(examples), arguments.out)
    else:
        print(json.dumps(evaluate(examples, load_weights(arguments.weights))))


if __name__ == "__main__":
    main()
