"""How words of danger are meant, judged by what stands around them.

Negated, a manner of speaking, a what-if, a question; now, past or about to happen; who is in
danger.
The words that tell it live in the same table as the words of danger (`triage.danger_table`).
"""

import re
from functools import lru_cache

from triage.danger_table import TENSE_NAMES, DangerTable, scan
from triage.transcripts import Asked, list_asked

STANCES = ("stated", "hypothetical", "question", "negated", "figurative")
TENSES = (*TENSE_NAMES, "conditional", "unstated")

_STANCE_WEIGHTS = dict(zip(STANCES, (1.0, 0.4, 0.3, 0.1, 0.05), strict=True))
_FEARED = 0.8  # a hazard that may strike, against one that has

# Right behind the words: asked; once, and no more; come to a good end, with nobody left in it.
_ASKED = re.compile(r"[了过的]?(?:[吗么](?!的)|没有?[？?]|[？?])")
_ONCE = re.compile(
    r"[了困伤死]?过(?:一?[次回])?(?![来去后于程分道往年多度几数好很无两二三四五六七八九十])"
)
_OVER = re.compile(
    r"(?:虚惊一场|找到|找回|放出来|救出|救上来|扑灭|脱险|脱困|没事)(?:来|了)*(?=[，。！]|$)"
)
_BY_NOW = re.compile(r"(?:已|后来|总算|终于|现在|都|(?<![派让叫请])人)[^，。没未不]{0,5}$")
_NOT_ALL = re.compile(r"还有|还在|还没|仍|尚未|又")
_LEAST_MARKS = 2  # of speakers in a transcript; a letter greets with one
_NEAR = 60  # characters on either side in which a time word may stand
_AFTER = 24  # characters behind the words that tell how it ended


class Surroundings:
    """The words around those of danger. A span and its sentence are offsets in the text."""

    def __init__(self, table: DangerTable) -> None:
        self._table = table

    def find_stance(
        self, text: str, span: tuple[int, int], sentence: tuple[int, int]
    ) -> tuple[str, float]:
        """How the words are meant, and the weight that leaves them."""
        context = self._table.context
        for match in context["figurative"].finditer(
            text, max(sentence[0], span[0] - 10), min(sentence[1], span[1] + 10)
        ):
            if match.start() < span[1] and span[0] < match.end():
                return "figurative", _STANCE_WEIGHTS["figurative"]
        before = text[max(sentence[0], span[0] - 40) : span[0]]
        after = text[span[1] : min(sentence[1], span[1] + 20)]
        asked = _find_asked(text, span[0])
        if asked and asked.answer is not None and span[0] >= asked.last:
            # What the operator says is the caller's to confirm: “您是说闻到煤气味？” “对”.
            stance = "stated" if asked.answer else "negated"
            return stance, _STANCE_WEIGHTS[stance]
        for stance in ("question", "negated", "hypothetical"):
            if context[stance].search(before):
                return stance, _STANCE_WEIGHTS[stance]
        if _ASKED.match(after) or asked:
            return "question", _STANCE_WEIGHTS["question"]
        if context["hypothetical_after"].search(after) or context["quoted"].search(before):
            return "hypothetical", _STANCE_WEIGHTS["hypothetical"]
        if context["feared"].search(before):
            return "hypothetical", _FEARED
        return "stated", _STANCE_WEIGHTS["stated"]

    def find_tense(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str:
        """The tense of the nearest time word of the sentence; words before count as nearer."""
        nearest, tense = 200, "unstated"
        near = max(sentence[0], span[0] - _NEAR), min(sentence[1], span[1] + _NEAR)
        for number, match in scan(self._table.tenses, text, *near):
            if match.end() <= span[0]:
                distance = span[0] - match.end()
            elif match.start() < span[1]:
                distance = 0
            else:
                distance = match.start() - span[1] + 8
            # Within the words what is told last is how it stands: 去年一指宽，今天塞得进拳头.
            if distance < nearest or distance == nearest == 0:
                nearest, tense = distance, self._table.tense_names[number]
        if tense != "past":
            ending = min(sentence[1], span[1] + _AFTER)
            over = _OVER.search(text, span[1], ending)
            if (
                over
                and (over[0].startswith("虚惊") or _BY_NOW.search(text, span[1], over.start()))
                and not _NOT_ALL.search(text, over.end(), sentence[1])
            ):
                return "past"
            if tense in ("unstated", "lasting") and _ONCE.match(text, span[1], ending):
                return "past"
        return tense

    def find_who(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str | None:
        """The person named last before the end of the words, else just after them."""
        found = None
        for match in self._table.who.finditer(
            text, max(sentence[0], span[0] - 20), min(sentence[1], span[1] + 8)
        ):
            if found is None or match.start() < span[1]:
                found = match.lastgroup
        return found


def _find_asked(text: str, place: int) -> Asked | None:
    """The turn of a transcript's operator in which `place` is; None where somebody else speaks."""
    return next((turn for turn in _list_asked(text) if turn.start <= place < turn.end), None)


@lru_cache(maxsize=4)
def _list_asked(text: str) -> list[Asked]:
    marks = text.count("：") + text.count(":") + text.count("】")
    return list_asked(text) if marks >= _LEAST_MARKS else []
