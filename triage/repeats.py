"""Repeats: whether two submissions are probably the same matter told again, and how they differ.

Near copies find each other by keys that they share (`list_fingerprint`), which the ledger keeps as
rows; what the keys propose is compared exactly (`judge_repeat`). Two letters from one template
about two places are two matters, however alike their words.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cached_property

from triage.copies import (
    Runs,
    cut_runs,
    cut_said,
    list_keys_of_each,
    list_said,
    measure_share,
)
from triage.places import find_place
from triage.problems import JOINS
from triage.text import clean_text
from triage.traces import Told, measure_match, read_traces
from triage.words import cut_words

KEPT = 16  # submissions that one key remembers: of a mass letter the first ones will do
COMPARED = 8  # of those that share keys with a new submission, the ones that share most

# Pairs of characters: a tenth of the characters changed leaves two thirds of them, while two
# messages about different things share 1 in 100. Longer runs tell the latter apart no better and
# lose half of the former. 24 bands of 4: such an edited text is met with a chance of 0.996.
_WIDTH, _BANDS, _ROWS = 2, 24, 4
_ALIKE = 0.45  # share of pairs from which two texts count as copies of each other
_ALIKE_BY_ONE = 0.3  # … where one person wrote both
_HELD = 0.85  # … or so much of the shorter one stands in the longer one
_HELD_LEAST = 30  # pairs that the shorter one must have for that
_CONTENT = 20  # characters from which a content stands for itself, without the title
_VAGUE = 12  # characters below which words alone say too little: 路灯不亮, 请尽快处理


class RepeatKind(StrEnum):
    """How a submission repeats an earlier one (重复来件)."""

    SAME_PERSON = "same_person"
    SAME_TEXT = "same_text"
    SAME_MATTER = "same_matter"


REPEAT_NAMES = {
    RepeatKind.SAME_PERSON: "重复信访",
    RepeatKind.SAME_TEXT: "联名或群发",
    RepeatKind.SAME_MATTER: "同一事项的另一说法",
}


@dataclass(frozen=True, repr=False)
class Wording:
    """What is compared of a submission: its clean words, and the pairs of characters in them."""

    title: str
    content: str
    place: str | None
    said: str
    runs: Runs

    @cached_property
    def names(self) -> "_Names | None":
        """The names in the place it is about; looked for when first asked."""
        phrase = find_place(self.title, self.content, given=self.place)
        return None if phrase is None else _read_names(phrase.text)


def read_wording(title: str, content: str, place: str | None = None) -> Wording:
    """The wording of a submission as it was told; `place` is what the sender says of it."""
    title, content = clean_text(title), clean_text(content)
    told = list_said(content)
    said = list_said(title) + told
    runs = cut_said(said if len(told) < _CONTENT else told, _WIDTH)  # 如题
    return Wording(title, content, clean_text(place) if place else None, said, runs)


def list_fingerprint(wording: Wording) -> tuple[int, ...]:
    """The keys (signed 64-bit) by which the ledger finds near copies; none where nothing is said.

    They are kept, so that another way to make them needs all of them made anew.
    """
    return list_fingerprints([wording])[0]


def list_fingerprints(wordings: Sequence[Wording]) -> list[tuple[int, ...]]:
    """`list_fingerprint` for many, at a third of the time for each."""
    runs = [wording.runs for wording in wordings]
    return list_keys_of_each(runs, bands=_BANDS, rows=_ROWS)


def judge_repeat(
    one: Wording, other: Wording, *, same_person: bool
) -> tuple[RepeatKind, float] | None:
    """What kind of repeat two submissions are, with the share of their words that agree (0 to 1);
    None where they are none.

    `same_person` is whether one person is known to have sent both: the same person with the same
    matter is 重复信访, whatever the words have become; another, or nobody known, with the same
    words 联名或群发. Words too few to say anything count where the person or the place is the same.
    """
    share = measure_share(one.runs, other.runs)
    if share < (_ALIKE_BY_ONE if same_person else _ALIKE) and not _is_held(one.runs, other.runs):
        return None
    vague = min(len(one.said), len(other.said)) < _VAGUE
    if vague and not same_person and (not one.place or one.place != other.place):
        return None
    if is_elsewhere(one, other):
        return None
    kind = RepeatKind.SAME_PERSON if same_person else RepeatKind.SAME_TEXT
    return kind, round(share, 3)


def is_told_again(one: Wording, other: Wording) -> tuple[RepeatKind, float] | None:
    """As `judge_repeat`, of two submissions that the same person sent in quite different words: a
    repeat where both leave the trace of one matter."""
    here, there = read_traces(
        [Told("", told.title, told.content, told.place) for told in (one, other)]
    )
    if measure_match(here, there) < JOINS or is_elsewhere(one, other):
        return None
    return RepeatKind.SAME_PERSON, round(measure_share(one.runs, other.runs), 3)


def is_elsewhere(one: Wording, other: Wording) -> bool:
    """Whether each of the two names a place that the other does not: another road, estate, village
    or county.

    Near copies have the same places, unless somebody put others in. The finest names decide. One
    that stands anywhere in the other text, or shares half of its characters with the one there
    (misread, misspelt), is no different place; nor is another house of the same estate.
    """
    if one.said == other.said and one.place == other.place:
        return False
    here = one.names
    if here is None or _are_told(here, other):  # most often, which saves looking for the other's
        return False
    there = other.names
    if there is None:
        return False
    if _is_shared(here.finest, there, other) or _is_shared(there.finest, here, one):
        # 县电视台, 火车站: every county has one, so the county decides.
        return not (here.is_fine and there.is_fine) and _is_other_region(here, there, one, other)
    return True


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words in a row: `where` is "both", "one" or "other", whose text holds them."""

    where: str
    text: str


_MARKED = 10_000  # characters of a text whose differences are marked
_BY_WORDS = 3_000  # beyond that whole sentences are compared, which is fast enough to wait for
_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]?")


def mark_differences(one: str, other: str) -> tuple[Piece, ...]:
    """The two texts word by word as one: what both have, what only one, what only the other has.

    The pieces of "both" and "one" joined are `one`, but for what goes beyond 10,000 characters.
    """
    one, other = one[:_MARKED], other[:_MARKED]
    whole = max(len(one), len(other)) > _BY_WORDS
    mine, theirs = (list(_cut(text, whole=whole)) for text in (one, other))
    pieces = []
    for step, start, end, start_there, end_there in SequenceMatcher(
        None, mine, theirs
    ).get_opcodes():
        here, there = "".join(mine[start:end]), "".join(theirs[start_there:end_there])
        if step == "equal":
            pieces.append(Piece("both", here))
            continue
        pieces += [Piece(where, text) for where, text in (("one", here), ("other", there)) if text]
    return tuple(pieces)


def _is_held(one: Runs, other: Runs) -> bool:
    """Whether nearly all of the shorter text stands in the longer one, as with a greeting added."""
    shorter = min(len(one), len(other))
    return shorter >= _HELD_LEAST and len(one & other) >= _HELD * shorter


# What names of places end in, from the finest kind to the widest; from the fifth on, regions.
_KINDS = (
    "小区|花园|家园|公寓|广场|大厦|学校|小学|中学|大学|学院|幼儿园|医院|公司|工厂|市场|项目|工地"
    "|苑|府|城|园|厂|场|庄",
    "大道|路|街|巷|高速",
    "社区|村",
    "街道|镇|乡",
    "县|区|旗",
    "市|州|盟",
    "省",
)
_REGION = 4
_KIND_OF = {end: kind for kind, ends in enumerate(_KINDS) for end in ends.split("|")}
_ENDS = "|".join(sorted(_KIND_OF, key=len, reverse=True))
# In 公园里小区 the name does not end with 园.
_NAMED = re.compile(
    rf"([^\W_]{{1,12}}?)({_ENDS})(?!{_ENDS})"
    r"(?!(?<=[苑府城园厂场庄])[^\W_]{1,3}(?:小区|小学|中学|医院|公司))"
)
_NO_NAMES = frozenset(("我们", "你们", "本地", "当地", "附近", "旁边", "对面"))
_HOUSE = re.compile(r"[\d一二三四五六七八九十]+(?:号|栋|幢|座|楼|组|期|单元|室|层)*")
_CODE = re.compile(r"[A-Z]\d*")  # names that were taken out of a record: A市A3区


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in a phrase by kind: 安平县柳河镇前营村 has the village 前营, the town 柳河 and the
    county 安平; `rest` is what ends in none of the words for places."""

    kinds: dict[int, list[str]]
    rest: list[str]

    @property
    def finest(self) -> list[str]:
        """What tells the place from others; names of regions only where there is nothing else."""
        kind = min(self.kinds, default=_REGION)
        return self.rest if kind >= _REGION and self.rest else self.kinds[kind]

    @property
    def is_fine(self) -> bool:
        return min(self.kinds, default=_REGION) < _REGION


def _read_names(phrase: str) -> _Names:
    kinds: defaultdict[int, list[str]] = defaultdict(list)
    rest, start = [], 0
    for match in _NAMED.finditer(phrase):
        rest.append(phrase[start : match.start()])
        start = match.end()
        name, end = match.groups()
        kind = _KIND_OF[end]
        if kind >= _REGION or (len(name) > 1 and name not in _NO_NAMES):
            kinds[kind].append(name)
    rest.append(phrase[start:])
    left = [part for text in rest if len(part := list_said(_HOUSE.sub("", text))) > 1]
    return _Names(dict(kinds), left if left or kinds else [phrase])


def _are_told(here: _Names, told: Wording) -> bool:
    """Whether the finest names and those of each kind of region stand in the text there."""
    regions = [names for kind, names in here.kinds.items() if kind >= _REGION]
    return all(any(_stands_in(name, told) for name in names) for names in (here.finest, *regions))


def _is_shared(names: list[str], there: _Names, told: Wording) -> bool:
    """Whether one of these names is one of those there, or stands in the text there."""
    known = [*there.rest, *(name for kind in there.kinds.values() for name in kind)]
    return any(
        _stands_in(name, told) or any(_is_alike(name, other) for other in known) for name in names
    )


def _is_other_region(here: _Names, there: _Names, one: Wording, other: Wording) -> bool:
    return any(
        not _is_shared(here.kinds[kind], there, other)
        and not _is_shared(there.kinds[kind], here, one)
        for kind in here.kinds.keys() & there.kinds.keys()
        if kind >= _REGION
    )


def _is_alike(name: str, other: str) -> bool:
    if _CODE.fullmatch(name) or _CODE.fullmatch(other):
        return name == other
    few, many = sorted((set(name), set(other)), key=len)
    return 2 * len(few & many) >= len(few)


def _stands_in(name: str, told: Wording) -> bool:
    if _CODE.fullmatch(name):
        return re.search(rf"{name}(?!\d)", told.said) is not None
    pairs = cut_runs(name, _WIDTH)
    return bool(pairs) and 2 * sum(pair in told.said for pair in pairs) >= len(pairs)


def _cut(text: str, *, whole: bool) -> Iterator[str]:
    """The text in words, or in whole sentences; joined they are the text again."""
    if whole:
        yield from filter(None, _SENTENCE.findall(text))
        return
    start = 0
    for word in cut_words(clean_text(text)):
        yield text[start : start + len(word)]
        start += len(word)
