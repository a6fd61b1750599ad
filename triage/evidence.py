"""Which words of a submission spoke for its domain.

The score of a domain is a sum over terms, so each occurrence of a term has its share of it. The
shares are laid over the characters they came from; runs of characters that stand out become spans.
Removing a span from the text lowers the score by what its terms gave: a property that is tested.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from triage.features import Array, Matrix, Occurrences, Reading, TextFeatures
from triage.scores import LinearScores
from triage.suggestions import Evidence

MOST_SPANS = 6
_LEAST_SHARE = 0.02  # of the score: a span below that explains nothing
_STANDS_OUT = 0.35  # of the strongest character: what belongs to a span
_EDGES = " ，。！？；：、（）“”‘’,.!?;:()"


def find_evidence(
    readings: Sequence[Reading],
    *,
    features: TextFeatures,
    scores: LinearScores,
    found: Sequence[Occurrences],
    rows: Matrix,
    directions: Array,
) -> list[tuple[Evidence, ...]]:
    """The spans of each reading that spoke for its `directions` row, strongest first.

    `found` and `rows` are what `features` made of the readings; `directions` (documents, outputs)
    says which outputs' scores to explain.
    """
    document_of = np.repeat(np.arange(len(readings)), np.diff(rows.indptr))
    aims = (directions @ scores.directions.T).astype(np.float32)
    share = scores.weigh_terms(rows, aims)
    positive = np.maximum(share, 0)
    total = np.bincount(document_of, weights=positive, minlength=len(readings))
    at = _Shares(rows, share / np.maximum(total, 1e-9)[document_of])
    weights = {
        field: _lay_out([getattr(reading, field) for reading in readings])
        for field in ("title", "body")
    }
    first = 0
    for block, occurrences in zip(features.blocks_, found, strict=True):
        each = at.per_occurrence(occurrences, first)
        weights[block.field].spread(occurrences, each)
        first += len(block.terms)
    spans: list[list[Evidence]] = [[] for _ in readings]
    for field, name in (("title", "title"), ("body", "content")):
        for number, start, end, weight in weights[field].find_spans():
            quoted = getattr(readings[number], name)[start:end]
            start += len(quoted) - len(quoted.lstrip(_EDGES))
            quoted = quoted.strip(_EDGES)
            if quoted:
                end = start + len(quoted)
                spans[number].append(Evidence(name, start, end, quoted, round(weight, 4)))
    return [tuple(sorted(found, key=lambda span: -span.weight)[:MOST_SPANS]) for found in spans]


class _Shares:
    """What one occurrence of a term is worth: its share over how often it stands in the text."""

    def __init__(self, rows: Matrix, share: Array) -> None:
        self._width = rows.shape[1]
        document = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        keys = document.astype(np.int64) * self._width + rows.indices
        order = np.argsort(keys, kind="stable")  # in order already, as a rule, and then no work
        self._keys, self._share = keys[order], share[order]

    def per_occurrence(self, found: Occurrences, first: int) -> Array:
        """The worth of each occurrence of one block, whose columns begin at `first`."""
        keys = found.document.astype(np.int64) * self._width + found.column + first
        place = np.searchsorted(self._keys, keys)
        counts = np.bincount(place, minlength=len(self._share))
        worth: Array = self._share[place] / counts[place]
        return worth


class _Layer:
    """One number for each character of many texts laid end to end."""

    def __init__(self, starts: Array, sizes: Array) -> None:
        self.starts = starts
        self.sizes = sizes
        self._slope = np.zeros(int(sizes.sum()) + 1)

    def spread(self, found: Occurrences, worth: Array) -> None:
        """Lay the worth of each occurrence evenly over its characters."""
        begin = self.starts[found.document] + found.start
        each = worth / found.length
        size = len(self._slope)
        self._slope += np.bincount(begin, weights=each, minlength=size)
        self._slope -= np.bincount(begin + found.length, weights=each, minlength=size)

    def find_spans(self) -> Iterator[tuple[int, int, int, float]]:
        """(text, start, end, sum) of each run of numbers that stands out in its text."""
        numbers = np.cumsum(self._slope[:-1])
        line = np.maximum(np.maximum.reduceat(numbers, self.starts) * _STANDS_OUT, 1e-9)
        strong = numbers > np.repeat(line, self.sizes)
        strong[self.starts + self.sizes - 1] = False  # the air
        edges = np.flatnonzero(np.diff(np.concatenate([[False], strong])))
        sums = np.add.reduceat(numbers, edges)[::2] if len(edges) else np.zeros(0)
        begin, end = edges[::2], edges[1::2]
        text = np.searchsorted(self.starts, begin, side="right") - 1
        told = sums >= _LEAST_SHARE
        yield from zip(
            text[told].tolist(),
            (begin - self.starts[text])[told].tolist(),
            (end - self.starts[text])[told].tolist(),
            sums[told].tolist(),
            strict=True,
        )


def _lay_out(texts: Sequence[str]) -> _Layer:
    # One cell of air after each text: a span that ends with its text ends before the next.
    sizes = np.array([len(text) + 1 for text in texts])
    return _Layer(np.cumsum(sizes) - sizes, sizes)
