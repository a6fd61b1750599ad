"""Which words of a submission spoke for its domain.

The score of a domain is a sum over terms, so each occurrence of a term has its share of it. The
shares are laid over the characters they came from; runs of characters that stand out become spans.
Removing a span from the text lowers the score by what its terms gave: a property that is tested.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from triage.features import Array, Occurrences, Reading, Terms
from triage.scores import LinearScores
from triage.suggestions import Evidence

MOST_SPANS = 6
_LEAST_SHARE = 0.02  # of the score: a span below that explains nothing
_STANDS_OUT = 0.35  # of the strongest character: what belongs to a span
_EDGES = " ，。！？；：、（）“”‘’,.!?;:()"


def find_evidence(
    readings: Sequence[Reading],
    terms: Terms,
    *,
    fields: Sequence[str],
    scores: LinearScores,
    directions: Array,
) -> list[tuple[Evidence, ...]]:
    """The spans of each reading that spoke for its `directions` row, strongest first.

    `terms` are those of the readings, `fields` those that the parts of `terms.found` lie in;
    `directions` (documents, outputs) says which outputs' scores to explain.
    """
    rows = terms.rows
    document_of = np.repeat(np.arange(len(readings)), np.diff(rows.indptr))
    share = scores.weigh_terms(rows, (directions @ scores.directions.T).astype(np.float32))
    total = np.bincount(document_of, weights=np.maximum(share, 0), minlength=len(readings))
    share = share / np.maximum(total, 1e-9)[document_of]
    # What one occurrence of a term is worth: its share over how often it stands in the text.
    worth = (share / np.bincount(terms.place, minlength=len(share)))[terms.place]
    weights = {
        field: _lay_out([getattr(reading, field) for reading in readings])
        for field in ("title", "body")
    }
    parts = np.split(worth, np.cumsum([len(part.column) for part in terms.found])[:-1])
    for field, found, each in zip(fields, terms.found, parts, strict=True):
        weights[field].spread(found, each)
    spans: list[list[Evidence]] = [[] for _ in readings]
    for field, name in (("title", "title"), ("body", "content")):
        for number, start, end, weight in weights[field].find_spans():
            quoted = getattr(readings[number], name)[start:end]
            start += len(quoted) - len(quoted.lstrip(_EDGES))
            quoted = quoted.strip(_EDGES)
            if quoted:
                end = start + len(quoted)
                spans[number].append(Evidence(name, start, end, quoted, round(weight, 4)))
    return [tuple(sorted(each, key=lambda span: -span.weight)[:MOST_SPANS]) for each in spans]


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
