"""How often the words of each cue stand in titles and contents, a batch of messages at a time.

Most cues are plain words one beside the other (高考|中考|考研). These are found in one pass over
the pairs of characters of the batch; one with anything else in it is searched as it is written.
"""

import re
from collections.abc import Iterable, Sequence
from math import log1p

from triage.numbering import find_pairs, mark_pairs

_MOST_TEXT = 4000  # characters of a content in which cues are counted
_WORDS = re.compile(r"[\w ]{2,}(?:\|[\w ]{2,})*")


class Cues:
    """Patterns, ready to be counted in messages."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        self._words_at: dict[str, list[tuple[int, str]]] = {}  # by the pair they begin with
        self._size = 0
        for pattern in patterns:
            if _WORDS.fullmatch(pattern.pattern):
                for word in pattern.pattern.split("|"):
                    self._words_at.setdefault(word[:2], []).append((self._size, word))
            else:
                self._patterns.append((self._size, pattern))
            self._size += 2
        self._may_begin = mark_pairs(self._words_at)

    def count(self, messages: Sequence[tuple[str, str]]) -> list[list[float]]:
        """For each (title, content) two numbers a cue: 1 where it stands in the title, else 0, and
        the logarithm of 1 + how often it stands in the content."""
        texts = [f"{title}\n{content}" for title, content in messages]
        return [
            self._count(title, content, text, places)
            for (title, content), text, places in zip(
                messages, texts, find_pairs(texts, self._may_begin), strict=True
            )
        ]

    def _count(self, title: str, content: str, text: str, places: Sequence[int]) -> list[float]:
        counts = [0.0] * self._size
        body = len(title) + 1
        end = body + _MOST_TEXT
        free = [0] * self._size  # where each may stand next: none overlaps itself
        for place in places:
            for cue, word in self._words_at.get(text[place : place + 2], ()):
                if place < free[cue] or not text.startswith(word, place, end):
                    continue
                free[cue] = place + len(word)
                if place < body:
                    counts[cue] = 1.0
                else:
                    counts[cue + 1] += 1
        for cue, pattern in self._patterns:
            counts[cue] = float(pattern.search(title) is not None)
            counts[cue + 1] = len(pattern.findall(content, 0, _MOST_TEXT))
        counts[1::2] = map(log1p, counts[1::2])
        return counts
