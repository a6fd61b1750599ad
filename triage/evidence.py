"""Which words of a submission spoke for its domain.

The score of a domain is a sum over terms, so each occurrence of a term has its share of it. The
shares are laid over the characters they came from; runs of characters that stand out become spans.
Removing a span from the text lowers the score by what its terms gave: a property that is tested.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter

import numpy as np

from triage.features import Array, Reading, Terms
from triage.scores import LinearScores
from triage.suggestions import Evidence
from triage.text import quote_clause
from triage.vocabulary import Laid, Occurrences

MOST_SPANS = 6
_LEAST_SHARE = 0.02  # of the score: a span below that explains nothing
_STANDS_OUT = 0.35  # of the strongest character: what belongs to a span
_EDGES = " ，。！？；：、（）“”‘’,.!?;:()"


def find_evidence(
    readings: Sequence[Reading], terms: Terms, *, scores: LinearScores, aims: Array
) -> list[tuple[Evidence, ...]]:
    """The spans of each reading that spoke for what is to be explained, strongest first.

    `terms` are those of the readings; `aims` (documents, width) are the directions of the waist of
    `scores` to explain.
    """
    shares = scores.weigh_terms(terms.rows, aims)
    total = np.bincount(terms.document, weights=np.maximum(shares, 0), minlength=len(readings))
    shares = shares / np.maximum(total, 1e-9).take(terms.document)
    # What one occurrence of a term is worth: its share over how often it stands in the text.
    worth = (shares / terms.counts).take(terms.place)
    spans: list[list[Evidence]] = [[] for _ in readings]
    for text, start, end, weight in _find_spans(terms.laid, terms.found, worth):
        number = text % len(readings)
        name = "title" if text == number else "content"
        marked = getattr(readings[number], name)[start:end]
        quoted = marked.strip(_EDGES)
        if quoted:
            start += marked.find(quoted)
            spans[number].append(Evidence(name, start, start + len(quoted), quoted, weight))
    for each in spans:
        each.sort(key=attrgetter("weight"), reverse=True)
    return [tuple(each[:MOST_SPANS]) for each in spans]


def list_clauses(evidence: Sequence[Evidence], reading: Reading, *, most: int) -> list[str]:
    """The clauses of the reading in which its spans of evidence stand, strongest first, each once
    and at most `most`: what a person can read, where a span may be two characters."""
    clauses: dict[str, None] = {}
    for span in evidence:
        text = getattr(reading, span.field)
        clauses[quote_clause(text, (span.start, span.end), within=(0, len(text)))] = None
        if len(clauses) == most:
            break
    return list(clauses)


def _find_spans(
    laid: Laid, found: Occurrences, worth: Array
) -> Iterator[tuple[int, int, int, float]]:
    """(text, start, end, sum) of each run of characters that stands out in its text.

    The worth of an occurrence lies evenly over its characters; those of a line break have none, so
    a span that ends with its text ends before the next.
    """
    each = worth / found.length
    size = len(laid.text)
    slope = np.bincount(found.start, weights=each, minlength=size)
    slope -= np.bincount(found.start + found.length, weights=each, minlength=size)
    numbers = slope.cumsum()
    ends = laid.sizes.cumsum()
    starts = ends - laid.sizes
    line = np.maximum(np.maximum.reduceat(numbers, starts) * _STANDS_OUT, 1e-9)
    strong = numbers > np.repeat(line, laid.sizes)
    strong[ends - 1] = False
    edges = (strong[1:] != strong[:-1]).nonzero()[0] + 1
    if strong[0]:
        edges = np.concatenate(([0], edges))
    if not len(edges):
        return
    sums = np.add.reduceat(numbers, edges)[::2]
    told = (sums >= _LEAST_SHARE).nonzero()[0]
    begin, end = edges[::2].take(told), edges[1::2].take(told)
    text = starts.searchsorted(begin, side="right") - 1
    first = starts.take(text)
    yield from zip(
        text.tolist(),
        (begin - first).tolist(),
        (end - first).tolist(),
        sums.take(told).round(4).tolist(),
        strict=True,
    )
