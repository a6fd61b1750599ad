"""Whether what somebody wrote speaks of one letter, and not merely of what others told as well.

Asked of the words around a letter that turns out to be an accusation (Art. 30). Like all that is
asked for its sake, it would rather find too much: three characters in a row are enough, for so long
is a name, where no two of them stand in any of the other letters. What names it by its number gives
up the whole sentence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

CUT = "【此处文字已撤下】"  # says nothing of why, and ends a sentence
CUES = ("条目", "编号", "台账", "来件", "来信", "件号")  # beside them a bare number is one of ours
_RUN = 3  # characters
_LONG = 5  # digits; fewer may count anything
# A telephone, an identity card, a bank card, however it is parted; no day like 2025-03-01.
_PERSONAL = re.compile(
    r"(?<!\w)(?:\d{7,}|\d{3,4}(?:[ -]\d{3,4}){2,}|\d{3,4}-\d{7,8})(?!\d)", re.ASCII
)
_SENTENCE = re.compile(r"[^。！？；】!?;\n]+[。！？；】!?;\n]?")


@dataclass(frozen=True)
class Numbers:
    """How a submission is named from elsewhere: by its own number, or by those of its entries."""

    submission: str
    entries: tuple[int, ...] = ()

    @property
    def speaks_alone(self) -> bool:
        """Whether its own number can be nothing else, so that it needs no cue beside it."""
        return not self.submission.isdecimal() or len(self.submission) >= _LONG

    @property
    def cued(self) -> tuple[str, ...]:
        """The numbers that are ours only where one of `CUES` stands beside them."""
        alone = () if self.speaks_alone else (self.submission,)
        return (*alone, *map(str, self.entries))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        cues, forms = "|".join(CUES), []
        if self.speaks_alone:
            forms.append(rf"(?<![\w-]){re.escape(self.submission)}(?![\w-])")
        if self.cued:
            number = rf"(?<!\d)(?:{'|'.join(map(re.escape, self.cued))})(?!\d)"
            forms.append(rf"(?:{cues})\s*(?:号|为|是)?\s*[:：#第“(（]?\s*{number}")
            forms.append(rf"{number}\s*号?\s*(?:的\s*)?(?:{cues})")
        # Chinese stands right beside a number, so that only ASCII goes on with it.
        return re.compile("|".join(forms), re.ASCII)

    def stand_in(self, text: str) -> bool:
        """Whether the text names it."""
        return self._pattern.search(text) is not None

    def cut(self, told: Any, *, personal: bool = True) -> Any:
        """The same with `CUT` in the place of each sentence that names it; `told` is a text, or
        lists and dicts of such. Where any of it names it, the sentences with somebody's number go
        too (`personal`): whose that is has just been said."""
        if not any(map(self.stand_in, walk_texts(told))):
            return told

        def tells(words: str) -> bool:
            whose = personal and _PERSONAL.search(words) is not None
            return whose or self.stand_in(words)

        def cut(told: Any) -> Any:
            if isinstance(told, str):
                left = _SENTENCE.sub(lambda one: CUT if tells(one[0]) else one[0], told)
                return CUT if self.stand_in(left) else left
            if isinstance(told, Mapping):
                return {name: cut(value) for name, value in told.items()}
            if isinstance(told, Sequence) and not isinstance(told, bytes):
                return [cut(value) for value in told]
            return told

        return cut(told)


def walk_texts(told: Any) -> Iterator[str]:
    """All texts in lists and dicts of such."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        for value in told.values():
            yield from walk_texts(value)
    elif isinstance(told, Sequence) and not isinstance(told, bytes):
        for value in told:
            yield from walk_texts(value)


def speaks_of(text: str, letter: str, *, others: Iterable[str]) -> bool:
    """Whether the text has a run of characters of the letter that is strange to all the others."""
    runs = {run for run in _runs(text) if run in letter}
    for other in others:
        if not runs:
            return False
        runs = {run for run in runs if run[:-1] not in other and run[1:] not in other}
    return bool(runs)


def _runs(text: str) -> Iterator[str]:
    for start in range(len(text) - _RUN + 1):
        run = text[start : start + _RUN]
        if run.isalnum():
            yield run
