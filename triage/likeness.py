"""Which of some texts are most like another: by the words they share, rare ones counting more."""

import math
from collections import Counter
from collections.abc import Sequence

from triage.text import clean_text
from triage.words import cut_words

_MOST_READ = 4_000  # characters of a text: what a matter is about stands at its beginning


def measure_alike(text: str, others: Sequence[str]) -> list[float]:
    """How alike each of `others` is to `text`, 0 to 1: the share of the weight of all words of the
    two that they have in common. A word weighs by how few of `others` have it."""
    own = _list_words(text)
    stock = [_list_words(other) for other in others]
    spread = Counter(word for words in stock for word in words)
    weights = {word: math.log1p(len(stock) / count) for word, count in spread.items()}
    unknown = math.log1p(len(stock)) if stock else 0.0

    def weigh(words: set[str]) -> float:
        return sum(weights.get(word, unknown) for word in words)

    return [
        round(weigh(own & words) / weight, 4) if (weight := weigh(own | words)) else 0.0
        for words in stock
    ]


def _list_words(text: str) -> set[str]:
    """Words of two characters and more; single ones hold sentences together and say little."""
    return {word for word in cut_words(clean_text(text[:_MOST_READ])) if len(word) > 1}
