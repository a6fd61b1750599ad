"""The corpus: every example to learn from, masked, grouped and weighed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rensa import RMinHash

from training.config import Config, CorpusFile
from training.readers import Example, read_examples
from triage.features import Array
from triage.privacy import mask
from triage.text import clean_text

_SHINGLE = 5  # characters
_MOST_SHINGLED = 2000
_HASHES = 96
_BANDS = 24


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples without personal data; `groups` numbers near-identical texts alike.

    `roles` names the split of each; `weights` (n,) says how much it counts; `digest` is the SHA-256
    of all that went in.
    """

    examples: list[Example]
    roles: list[str]
    groups: Array
    weights: Array
    digest: str


def load_corpus(config: Config) -> Corpus:
    """The corpus that the configuration names. Raises InvalidFile where a file cannot be read."""
    examples: list[Example] = []
    roles: list[str] = []
    weights: list[float] = []
    seen: set[str] = set()
    for file in config.corpus.files:
        for number, example in enumerate(
            read_examples(file.path, file.columns or None, texts=file.texts)
        ):
            key = f"{example.id}:{example.title}"
            if number % file.every or key in seen:
                continue
            seen.add(key)
            examples.append(_mask(example))
            role, weight = _role(file, example)
            roles.append(role)
            weights.append(weight)
    digest = hashlib.sha256()
    for example, weight in zip(examples, weights, strict=True):
        digest.update(json.dumps([asdict(example), weight], ensure_ascii=False).encode())
    return Corpus(
        examples,
        roles,
        find_groups(
            [example.content or example.title for example in examples],
            similarity=config.corpus.similarity,
            seed=config.seed,
        ),
        np.array(weights, np.float32),
        digest.hexdigest(),
    )


def _role(file: CorpusFile, example: Example) -> tuple[str, float]:
    if example.part in file.parts:
        return example.part, file.parts[example.part]
    return file.role, file.weight


def _mask(example: Example) -> Example:
    """Names, numbers and addresses are gone before anything is counted."""
    return replace(
        example,
        title=mask(clean_text(example.title)),
        content=mask(clean_text(example.content)),
        source=Path(example.source).name,
    )


def find_groups(texts: Sequence[str], *, similarity: float, seed: int) -> Array:
    """(n,) numbers, alike for texts that share at least `similarity` of their 5-character runs.

    MinHash bands propose pairs, the sets themselves decide; groups join through common members.
    """
    parent = list(range(len(texts)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    shingles: list[set[str]] = []
    buckets: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    rows = _HASHES // _BANDS
    for number, text in enumerate(texts):
        solid = "".join(filter(str.isalnum, text))[:_MOST_SHINGLED] or text
        runs = {solid[i : i + _SHINGLE] for i in range(max(1, len(solid) - _SHINGLE + 1))}
        shingles.append(runs)
        sketch = RMinHash(num_perm=_HASHES, seed=seed)
        sketch.update(sorted(runs))
        digest = sketch.digest()
        for band in range(_BANDS):
            buckets[band, tuple(digest[band * rows : (band + 1) * rows])].append(number)
    for first, *others in buckets.values():
        for other in others:
            if root(first) != root(other):
                one, two = shingles[first], shingles[other]
                if len(one & two) >= similarity * len(one | two):
                    parent[root(other)] = root(first)
    return np.array([root(number) for number in range(len(texts))])
