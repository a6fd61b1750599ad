"""The messages that the benchmarks read: as many, as long and as grave as a hotline gets.

The texts of the corpus are written short (116 characters on average); real messages are not. A
thousand characters are no rarity among them, so a sample of short texts would flatter every figure.
And a quarter of the corpus is urgent, on purpose; of real messages one in twelve is.
"""

import json
import random
from itertools import cycle
from pathlib import Path
from typing import Any

from triage.submissions import MAX_CONTENT, MAX_TITLE, Submission

CORPUS = Path(__file__).parent.parent / "training" / "corpus" / "seed.jsonl"
_SEED = 20240601
# Lengths of the contents of 4,585 web messages to one city, in characters: median 189, mean 322,
# a tenth over 700; the logarithms are near enough to a bell curve.
_MIDDLE, _SPREAD = 5.35, 0.9
_SHORTEST, _LONGEST = 20, 3000
_URGENT = 0.086  # share of urgency 1 and 2 in the same messages


def read_records(path: Path = CORPUS) -> list[dict[str, Any]]:
    """The records of a JSON-lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_labelled() -> tuple[list[str], list[str]]:
    """(texts, level-1 labels) of the seed corpus, for the peers to learn from."""
    records = read_records()
    return [f"{r['title']} {r['content']}" for r in records], [r["l1"] for r in records]


def make_sample(count: int, *, data: Path | None = None) -> list[Submission]:
    """`count` submissions: those of `data` as they are, else of the corpus at real lengths.

    Where a file holds fewer they come round again. The same arguments give the same sample.
    """
    if data is not None:
        texts = [
            (str(r.get("title") or "")[:MAX_TITLE], str(r.get("content") or "")[:MAX_CONTENT])
            for r in read_records(data)
        ]
    else:
        rng = random.Random(_SEED)  # noqa: S311  draws lengths, guards nothing
        records = read_records()
        rng.shuffle(records)
        urgent, calm, more = (
            cycle([record for record in records if (int(record["urgency"]) <= 2) is grave])
            for grave in (True, False, False)
        )
        texts = []
        for _ in range(count):
            record = next(urgent if rng.random() < _URGENT else calm)
            length = int(rng.lognormvariate(_MIDDLE, _SPREAD))
            content = record["content"]
            while len(content) < length:
                content += next(more)["content"]
            texts.append((record["title"], content[: min(max(length, _SHORTEST), _LONGEST)]))
    return [
        Submission(id=str(number), title=title, content=content)
        for number, (title, content) in zip(range(count), cycle(texts), strict=False)
    ]


def make_long(length: int, count: int, *, data: Path | None = None) -> list[Submission]:
    """`count` submissions whose contents have exactly `length` characters."""
    sample = make_sample(max(count, 64), data=data)
    contents = cycle([submission.content for submission in sample if submission.content])
    made = []
    for number, submission in zip(range(count), sample, strict=False):
        content = ""
        while len(content) < length:
            content += next(contents)
        made.append(Submission(str(number), submission.title, content[:length]))
    return made


def mean_length(sample: list[Submission]) -> float:
    """Characters of title and content, on average."""
    return sum(len(s.title) + len(s.content) for s in sample) / len(sample)
