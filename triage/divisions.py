"""Administrative divisions (行政区划) and how they are named in a text.

The table (`data/divisions.csv.gz`, source and licence in `data/divisions.NOTICE.txt`) holds the
provinces, cities, counties and streets or townships of China with the dates between which a code
and a name belonged together. A name that several divisions bear is never guessed: all are given.
"""

import csv
import gzip
import io
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import pairwise

from triage.errors import InvalidData

COLUMNS = ("code", "name", "valid_from", "valid_to")

_LAST = re.compile("[省市县区旗盟州镇乡道木]")
_WORDS = frozenset(
    ("市场", "区域", "区间", "区别", "区块", "区分", "镇压", "镇定", "乡下", "乡亲", "道路", "木材")
)
_VILLAGERS = frozenset("民委级里支干")  # 某某乡村民 names the township, 美丽乡村 does not
_LONGEST_PLAIN = 8  # only autonomous counties and prefectures have longer names
_GENERIC = frozenset(
    ("市区", "城区", "郊区", "矿区", "东区", "西区", "南区", "北区", "新区", "新城区", "老城区")
)
_LINGERS = 10  # years that the name of an abolished division lives on
_JOINTS = frozenset(("", " ", "的", ","))
# A short name begins after one of these; any other character may be the first part of its name.
_LEADS = frozenset(
    "在是到于住来去从往为向由对请把被给和与及跟同至经过离的了称叫居我你他们属问因到求让反映投诉"
)
_PEOPLES = (
    "壮族|回族|维吾尔|苗族|彝族|土家族|藏族|蒙古|侗族|布依族|瑶族|白族|哈尼族|朝鲜族|黎族|哈萨克|傣族"
    "|畲族|傈僳族|东乡族|仡佬族|拉祜族|佤族|水族|纳西族|羌族|土族|仫佬族|锡伯|柯尔克孜|景颇族|达斡尔"
    "|撒拉族|布朗族|毛南族|塔吉克|普米族|怒族|独龙族|裕固族|保安族|鄂温克族|鄂伦春|满族|各族"
)
_SHORTENED = re.compile(
    rf"(?:(?<=..)(?:{_PEOPLES}).*)?(?:特别行政区|自治[区州县旗]|地区|[省市区县旗盟])$"
)


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division under one code and name.

    `code` has 6 digits down to the county (GB/T 2260), 9 for a street or township; `full_name`
    begins with the province. `valid_from` and `valid_to` are None where the name is as old as the
    table (2000) or still in use.
    """

    code: str
    name: str
    full_name: str
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def level(self) -> str:
        """ "province", "city", "county" or "street"."""
        return ("", "province", "city", "county", "street")[_level(self.code)]


@dataclass(slots=True)
class _Row:
    code: str
    name: str
    valid_from: str
    valid_to: str
    lingers: bool = False  # abolished lately, and its name is now only borne in another province

    def holds(self, on: date) -> bool:
        return (not self.valid_from or _day(self.valid_from, last=False) <= on) and (
            self.lingers or not self.valid_to or on <= _day(self.valid_to, last=True)
        )


@dataclass(slots=True)
class _Mention:
    start: int
    end: int
    rows: list[_Row]
    chained: bool = False


class Divisions:
    """The divisions of the country, found by their names in a text."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        self._named: dict[str, list[_Row]] = {}
        self._short: dict[str, list[_Row]] = {}
        self._names: dict[str, str] = {}
        for values in rows:
            row = _Row(*values)
            self._named.setdefault(row.name, []).append(row)
            if len(row.code) > 6:
                continue
            if not row.valid_to:
                self._names[row.code] = row.name
            self._names.setdefault(row.code, row.name)
            short = _SHORTENED.sub("", row.name)
            if len(short) > 1 and short != row.name:
                self._short.setdefault(short, []).append(row)
                if row.name.endswith(("自治县", "自治旗")):
                    self._named.setdefault(short + row.name[-1], []).append(row)
        _mark_lingering(self._named.values())
        self._endings = {name[-2:] for name in self._named}
        self._longest = max(map(len, self._named), default=0)
        heads = {
            short[0]
            for short, rows_ in self._short.items()
            if any(r.code.endswith("00") for r in rows_)
        }
        self._heads = re.compile(f"[{''.join(sorted(heads))}]" if heads else "(?!)")

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._named.values())

    def present(self) -> dict[str, str]:
        """The name of every division of today, by code, down to streets and townships."""
        rows = (row for rows in self._named.values() for row in rows)
        return {row.code: row.name for row in rows if not row.valid_to}

    def names(self) -> list[str]:
        """The names of all present divisions down to the county, sorted."""
        return sorted({n for n, rows in self._named.items() if any(len(r.code) == 6 for r in rows)})

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
        held = [row for mention in mentions for row in _holding(mention.rows, on)]
        deepest = max(_level(row.code) for row in held)
        rows = [row for row in held if _level(row.code) == deepest]
        alone = len(rows) == 1 and len(held) == sum(len(mention.rows) for mention in mentions)
        if not alone and len(mentions) + len(around) > 1:
            # Each once: a name may stand in a text as often as the text is long.
            named = list(
                {tuple(r.code for r in m.rows): m.rows for m in (*mentions, *around)}.values()
            )
            rows = list({(row.code, row.name): row for row in rows}.values())
            # Where the division named above has only an abolished bearer, it is meant.
            borne = {(row.code, row.name): row for m in mentions for row in m.rows}
            deep = [row for row in borne.values() if _level(row.code) == deepest]
            rows = _find_supported(rows, named) or _find_supported(deep, named) or rows
        if home is not None and len(rows) > 1:
            rows = [row for row in rows if row.code.startswith(home)] or rows
        unique = {(row.code, row.name): row for row in rows}
        return tuple(self._division(unique[key]) for key in sorted(unique))

    def _find_mentions(self, text: str) -> list[_Mention]:
        mentions: list[_Mention] = []
        for match in _LAST.finditer(text):
            end = match.end()
            if text[end - 2 : end] not in self._endings or _is_word(text, end):
                continue
            longest = self._longest if text[end - 3 : end - 1] == "自治" else _LONGEST_PLAIN
            for length in range(min(longest, end), 1, -1):
                rows = self._named.get(text[end - length : end])
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
                below = _descend(before.rows, mention.rows)
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
            above = self._short.get(text[start : mention.start]) if start >= 0 else None
            below = _descend(above, mention.rows) if above else []
            if below:
                mention.rows, mention.start, mention.chained = below, start, True

    def _look_right(self, text: str, mention: _Mention) -> bool:
        """Narrow by a suffixless name right after the mention that ends there: 江苏省南京."""
        for length in (4, 3, 2):
            end = mention.end + length
            below = self._short.get(text[mention.end : end])
            found = _descend(mention.rows, below) if below and _ends_at(text, end) else []
            if found:
                highest = min(_level(row.code) for row in found)  # 长沙 is the city, not the county
                mention.rows = [row for row in found if _level(row.code) == highest]
                mention.end = end
                return True
        return False

    def _find_short_pairs(self, text: str) -> list[_Mention]:
        """Two suffixless names side by side, the second inside the first: 北京朝阳."""
        pairs: list[_Mention] = []
        for match in self._heads.finditer(text):
            for length in (3, 2):
                end = match.start() + length
                above = self._short.get(text[match.start() : end])
                if above:
                    mention = _Mention(match.start(), end, above)
                    if self._look_right(text, mention):
                        pairs.append(mention)
                    break
        return pairs

    def _division(self, row: _Row) -> Division:
        code = row.code
        above = (f"{code[:2]}0000", f"{code[:4]}00", code[:6])[: _level(code) - 1]
        names = [self._names[c] for c in dict.fromkeys(above) if c in self._names]
        return Division(
            code,
            row.name,
            "".join((*names, row.name)),
            _day(row.valid_from, last=False) if row.valid_from else None,
            _day(row.valid_to, last=True) if row.valid_to else None,
        )


def load_divisions() -> Divisions:
    """The table of divisions that comes with the product."""
    source = files("triage") / "data" / "divisions.csv.gz"
    return read_divisions(gzip.decompress(source.read_bytes()).decode("utf-8"))


def read_divisions(text: str) -> Divisions:
    """Divisions from a CSV text with the columns of `COLUMNS`.

    Dates are a year, a month or a day (2011, 2011-08, 2011-08-22); a year counts whole, so in the
    year of a change both the old and the new division fit. Raises InvalidData, naming the row.
    """
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, ())) != COLUMNS:
        raise InvalidData(f"行政区划表的表头应为：{','.join(COLUMNS)}，请按模板修改")
    rows: list[tuple[str, str, str, str]] = []
    for number, values in enumerate(reader, start=2):
        if len(values) != 4 or not values[1] or len(values[0]) not in (6, 9):
            raise InvalidData(f"行政区划表第 {number} 行应有 6 或 9 位代码、名称和起止日期，请补齐")
        code, name, valid_from, valid_to = values
        if valid_from or valid_to:
            try:
                span = [
                    _day(d, last=last) for d, last in ((valid_from, False), (valid_to, True)) if d
                ]
            except ValueError:
                raise InvalidData(
                    f"行政区划表第 {number} 行的日期应写作 2011、2011-08 或 2011-08-22，请修改"
                ) from None
            if any(later < earlier for earlier, later in pairwise(span)):
                raise InvalidData(f"行政区划表第 {number} 行的止日早于起日，请核对")
        rows.append((code, name, valid_from, valid_to))
    return Divisions(rows)


def _mark_lingering(named: Iterable[list[_Row]]) -> None:
    """Mark the abolished bearers that people still mean, so that their name is not guessed."""
    mixed = [rows for rows in named if len(rows) > 1 and any(row.valid_to for row in rows)]
    newest = max((int(r.valid_to[:4]) for rows in mixed for r in rows if r.valid_to), default=0)
    for rows in mixed:
        provinces = {row.code[:2] for row in rows if not row.valid_to}
        for row in rows:
            row.lingers = bool(
                row.valid_to
                and provinces
                and row.code[:2] not in provinces
                and int(row.valid_to[:4]) > newest - _LINGERS
            )


def _find_supported(rows: list[_Row], named: Iterable[list[_Row]]) -> list[_Row]:
    """The rows under a division named, and those that a narrower mention tells from their likes."""
    above = {_prefix(bearer.code) for bearers in named for bearer in bearers}
    found = {
        row.code
        for row in rows
        if any(row.code[:n] in above for n in (2, 4, 6) if n < len(_prefix(row.code)))
    }
    likes = Counter(row.name for row in rows)
    if len(likes) < len(rows):
        own = {_prefix(row.code): row for row in rows}
        for bearers in named:
            code = bearers[0].code
            told = own.get(code) or own.get(code[:6]) if len(bearers) == 1 else None
            if told and likes[told.name] > 1:
                found.add(told.code)
    return [row for row in rows if row.code in found]


def _level(code: str) -> int:
    """1 province, 2 city, 3 county, 4 street."""
    if len(code) > 6:
        return 4
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def _prefix(code: str) -> str:
    """The leading digits that all divisions below this one share."""
    if len(code) > 6:
        return code
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def _holding(rows: list[_Row], on: date | None) -> list[_Row]:
    """The rows that hold on the day, or now; all of them where none does."""
    if on:
        return [row for row in rows if row.holds(on)] or rows
    return [row for row in rows if not row.valid_to or row.lingers] or rows


def _descend(above: list[_Row], below: list[_Row]) -> list[_Row]:
    prefixes = {_prefix(row.code) for row in above}
    return [
        row
        for row in below
        if (code := row.code) and any(code.startswith(p) and _prefix(code) != p for p in prefixes)
    ]


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


def _day(value: str, *, last: bool) -> date:
    """The first or last day of a year, a month or a day written as ISO 8601."""
    parts = [int(part) for part in value.split("-")]
    year, month, day = (*parts, *([0] * (3 - len(parts))))
    month = month or (12 if last else 1)
    return date(year, month, day or (monthrange(year, month)[1] if last else 1))
