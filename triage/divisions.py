"""How administrative divisions (行政区划) are named in a text.

A name that several divisions of the table (`triage.gazetteer`) bear is never guessed: all are
given.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from triage.gazetteer import (
    Division,
    Gazetteer,
    Row,
    get_level,
    get_prefix,
    list_below,
    list_holding,
    load_gazetteer,
)

_LAST = re.compile("[省市县区旗盟州镇乡道木]")
_WORDS = frozenset(
    ("市场", "区域", "区间", "区别", "区块", "区分", "镇压", "镇定", "乡下", "乡亲", "道路", "木材")
)
_VILLAGERS = frozenset("民委级里支干")  # 某某乡村民 names the township, 美丽乡村 does not
_LONGEST_PLAIN = 8  # only autonomous counties and prefectures have longer names
_GENERIC = frozenset(
    ("市区", "城区", "郊区", "矿区", "东区", "西区", "南区", "北区", "新区", "新城区", "老城区")
)
_JOINTS = frozenset(("", " ", "的", ","))
# A short name begins after one of these; any other character may be the first part of its name.
_LEADS = frozenset(
    "在是到于住来去从往为向由对请把被给和与及跟同至经过离的了称叫居我你他们属问因到求让反映投诉"
)


@dataclass(slots=True)
class _Mention:
    start: int
    end: int
    rows: list[Row]
    chained: bool = False


class Divisions:
    """The divisions of a gazetteer, found by their names in a text."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._bearers, self._shortened = gazetteer.bearers, gazetteer.shortened
        self._endings = {name[-2:] for name in self._bearers}
        self._longest = max(map(len, self._bearers), default=0)
        heads = {
            short[0]
            for short, rows in self._shortened.items()
            if any(row.code.endswith("00") for row in rows)
        }
        self._heads = re.compile(f"[{''.join(sorted(heads))}]" if heads else "(?!)")

    def find(
        self,
        text: str,
        *,
        context: str = "",
        on: date | None = None,
        home: str | None = None,
    ) -> tuple[Division, ...]:
        """All divisions that fit the most specific names in a clean `text`, by code.

        Names that stand together (江苏省南京市鼓楼区, 南京鼓楼区) narrow each other, and so does a
        higher division named elsewhere. A name without its suffix counts only beside another
        name. `context` is text around it: its names narrow those of `text`, and stand in where it
        has none. With `on` (a date) only what held on that day fits, else what holds now;
        where nothing does, the abolished bearers of the name are given. `home`, the leading digits
        of the town's own code, is preferred where several fit. () where nothing is named.
        """
        around = self._read(context)
        mentions = self._read(text) or self._find_short_pairs(text) or around
        return self._narrow(mentions, around, on, home)

    def find_around(
        self, text: str, start: int, end: int, *, on: date | None = None, home: str | None = None
    ) -> tuple[tuple[Division, ...], int, int]:
        """`find` for the phrase `text[start:end]` in its context, and the borders of the phrase.

        Where the phrase cuts a name or a chain of names, or follows one (重庆市江北区 before
        观音桥步行街), the whole chain counts and the borders are widened to hold it.
        """
        around = self._read(text)
        touching = [m for m in around if m.start < end and m.end >= start]
        beside = [m for m in around if m.end <= start and text[m.end : start] in _JOINTS]
        if touching:
            start, end = min(start, touching[0].start), max(end, touching[-1].end)
        # Read by itself, for what follows may hide its end: 洪塘街道 before 路灯.
        phrase = text[start:end]
        mentions = self._read(phrase) or self._find_short_pairs(phrase) or beside or around
        return self._narrow(mentions, around, on, home), start, end

    def _read(self, text: str) -> list[_Mention]:
        return self._chain(text, self._find_mentions(text))

    def _narrow(
        self,
        mentions: list[_Mention],
        around: list[_Mention],
        on: date | None,
        home: str | None,
    ) -> tuple[Division, ...]:
        """The deepest of the divisions that the mentions name, narrowed by all that is named."""
        if not mentions:
            return ()
        held = [row for mention in mentions for row in list_holding(mention.rows, on)]
        deepest = max(get_level(row.code) for row in held)
        rows = [row for row in held if get_level(row.code) == deepest]
        alone = len(rows) == 1 and len(held) == sum(len(mention.rows) for mention in mentions)
        if not alone and len(mentions) + len(around) > 1:
            # Each once: a name may stand in a text as often as the text is long.
            named = list(
                {tuple(r.code for r in m.rows): m.rows for m in (*mentions, *around)}.values()
            )
            rows = list({(row.code, row.name): row for row in rows}.values())
            # Where the division named above has only an abolished bearer, it is meant.
            borne = {(row.code, row.name): row for m in mentions for row in m.rows}
            deep = [row for row in borne.values() if get_level(row.code) == deepest]
            rows = _find_supported(rows, named) or _find_supported(deep, named) or rows
        if home is not None and len(rows) > 1:
            rows = [row for row in rows if row.code.startswith(home)] or rows
        unique = {(row.code, row.name): row for row in rows}
        return tuple(self.gazetteer.describe(unique[key]) for key in sorted(unique))

    def _find_mentions(self, text: str) -> list[_Mention]:
        mentions: list[_Mention] = []
        for match in _LAST.finditer(text):
            end = match.end()
            if text[end - 2 : end] not in self._endings or _is_word(text, end):
                continue
            longest = self._longest if text[end - 3 : end - 1] == "自治" else _LONGEST_PLAIN
            for length in range(min(longest, end), 1, -1):
                rows = self._bearers.get(text[end - length : end])
                if rows is None:
                    continue
                mention = _Mention(end - length, end, rows)
                if mentions and mentions[-1].end > mention.start:
                    if mention.start > mentions[-1].start:
                        break  # 长沙市区 is 长沙市, not 沙市区
                    mentions.pop()
                mentions.append(mention)
                break
        return mentions

    def _chain(self, text: str, mentions: list[_Mention]) -> list[_Mention]:
        """The last link of each chain of mentions, its rows narrowed by the links before it."""
        links: list[_Mention] = []
        for mention in mentions:
            before = links[-1] if links else None
            if before and text[before.end : mention.start] in _JOINTS:
                below = list_below(before.rows, mention.rows)
                if below:
                    links[-1] = _Mention(before.start, mention.end, below, chained=True)
                    continue
            self._look_left(text, mention)
            links.append(mention)
        links = [link for link in links if link.chained or _stands_alone(text, link)]
        for link in links:
            self._look_right(text, link)
        return links

    def _look_left(self, text: str, mention: _Mention) -> None:
        """Narrow by suffixless names right before the mention: 南京鼓楼区, 江苏南京鼓楼区."""
        for length in (4, 3, 2) * 2:
            start = mention.start - length
            above = self._shortened.get(text[start : mention.start]) if start >= 0 else None
            below = list_below(above, mention.rows) if above else []
            if below:
                mention.rows, mention.start, mention.chained = below, start, True

    def _look_right(self, text: str, mention: _Mention) -> bool:
        """Narrow by a suffixless name right after the mention that ends there: 江苏省南京."""
        for length in (4, 3, 2):
            end = mention.end + length
            below = self._shortened.get(text[mention.end : end])
            found = list_below(mention.rows, below) if below and _ends_at(text, end) else []
            if found:
                highest = min(
                    get_level(row.code) for row in found
                )  # 长沙 is the city, not the county
                mention.rows = [row for row in found if get_level(row.code) == highest]
                mention.end = end
                return True
        return False

    def _find_short_pairs(self, text: str) -> list[_Mention]:
        """Two suffixless names side by side, the second inside the first: 北京朝阳."""
        pairs: list[_Mention] = []
        for match in self._heads.finditer(text):
            for length in (3, 2):
                end = match.start() + length
                above = self._shortened.get(text[match.start() : end])
                if above:
                    mention = _Mention(match.start(), end, above)
                    if self._look_right(text, mention):
                        pairs.append(mention)
                    break
        return pairs


def load_divisions() -> Divisions:
    """Those of the table that comes with the product."""
    return Divisions(load_gazetteer())


def _find_supported(rows: list[Row], named: Iterable[list[Row]]) -> list[Row]:
    """The rows under a division named, and those that a narrower mention tells from their likes."""
    above = {get_prefix(bearer.code) for bearers in named for bearer in bearers}
    found = {
        row.code
        for row in rows
        if any(row.code[:n] in above for n in (2, 4, 6) if n < len(get_prefix(row.code)))
    }
    likes = Counter(row.name for row in rows)
    if len(likes) < len(rows):
        own = {get_prefix(row.code): row for row in rows}
        for bearers in named:
            code = bearers[0].code
            told = own.get(code) or own.get(code[:6]) if len(bearers) == 1 else None
            if told and likes[told.name] > 1:
                found.add(told.code)
    return [row for row in rows if row.code in found]


def _is_word(text: str, end: int) -> bool:
    """Whether the suffix that ends at `end` begins another word: 市场, 乡村."""
    pair = text[end - 1 : end + 1]
    return pair in _WORDS or (pair == "乡村" and text[end + 1 : end + 2] not in _VILLAGERS)


def _stands_alone(text: str, mention: _Mention) -> bool:
    """Whether a name that no other name supports may be read as one."""
    name = text[mention.start : mention.end]
    if name in _GENERIC:
        return False
    if len(name) > 3 or (len(name) == 3 and len(mention.rows[0].code) == 6):
        return True
    before = text[mention.start - 1 : mention.start]
    return not "\u4e00" <= before <= "\u9fff" or before in _LEADS


def _ends_at(text: str, end: int) -> bool:
    after = text[end : end + 1]
    return not "\u4e00" <= after <= "\u9fff" or after in _LEADS
