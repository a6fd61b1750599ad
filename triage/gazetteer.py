"""The table of administrative divisions (行政区划): codes, names and the dates they hold.

The table (`data/divisions.csv.gz`, source and licence in `data/divisions.NOTICE.txt`) holds the
provinces, cities, counties and streets or townships of China with the dates between which a code
and a name belonged together. How they are named in a text is read by `triage.divisions`.
"""

import csv
import gzip
import io
import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import pairwise

from triage.errors import InvalidData

COLUMNS = ("code", "name", "valid_from", "valid_to")

_LINGERS = 10  # years that the name of an abolished division lives on
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
        return ("", "province", "city", "county", "street")[get_level(self.code)]


@dataclass(slots=True)
class Row:
    """One row of the table, its dates as they stand there ("" where open)."""

    code: str
    name: str
    valid_from: str
    valid_to: str
    lingers: bool = False  # abolished lately, and its name is now only borne in another province

    def holds(self, on: date) -> bool:
        """Whether it held on that day."""
        return (not self.valid_from or _day(self.valid_from, last=False) <= on) and (
            self.lingers or not self.valid_to or on <= _day(self.valid_to, last=True)
        )


class Gazetteer:
    """The rows of the table, by the names that they bear.

    `bearers` by full name, autonomous counties also without their people; `shortened` those down to
    the county by the name without its suffix (南京, 鼓楼).
    """

    def __init__(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        self.bearers: dict[str, list[Row]] = {}
        self.shortened: dict[str, list[Row]] = {}
        self._names: dict[str, str] = {}
        for values in rows:
            row = Row(*values)
            self.bearers.setdefault(row.name, []).append(row)
            if len(row.code) > 6:
                continue
            if not row.valid_to:
                self._names[row.code] = row.name
            self._names.setdefault(row.code, row.name)
            short = _SHORTENED.sub("", row.name)
            if len(short) > 1 and short != row.name:
                self.shortened.setdefault(short, []).append(row)
                if row.name.endswith(("自治县", "自治旗")):
                    self.bearers.setdefault(short + row.name[-1], []).append(row)
        _mark_lingering(self.bearers.values())

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.bearers.values())

    def present(self) -> dict[str, str]:
        """The name of every division of today, by code, down to streets and townships."""
        rows = (row for rows in self.bearers.values() for row in rows)
        return {row.code: row.name for row in rows if not row.valid_to}

    def names(self) -> list[str]:
        """The names of all present divisions down to the county, sorted."""
        return sorted(
            {n for n, rows in self.bearers.items() if any(len(r.code) == 6 for r in rows)}
        )

    def describe(self, row: Row) -> Division:
        """The division of a row, with the names above it."""
        code = row.code
        above = (f"{code[:2]}0000", f"{code[:4]}00", code[:6])[: get_level(code) - 1]
        names = [self._names[c] for c in dict.fromkeys(above) if c in self._names]
        return Division(
            code,
            row.name,
            "".join((*names, row.name)),
            _day(row.valid_from, last=False) if row.valid_from else None,
            _day(row.valid_to, last=True) if row.valid_to else None,
        )


def load_gazetteer() -> Gazetteer:
    """The table of divisions that comes with the product."""
    source = files("triage") / "data" / "divisions.csv.gz"
    return read_gazetteer(gzip.decompress(source.read_bytes()).decode("utf-8"))


def read_gazetteer(text: str) -> Gazetteer:
    """The table of a CSV text with the columns of `COLUMNS`.

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
    return Gazetteer(rows)


def _mark_lingering(named: Iterable[list[Row]]) -> None:
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


def get_level(code: str) -> int:
    """1 province, 2 city, 3 county, 4 street."""
    if len(code) > 6:
        return 4
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def get_prefix(code: str) -> str:
    """The leading digits that all divisions below this one share."""
    if len(code) > 6:
        return code
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def list_holding(rows: list[Row], on: date | None) -> list[Row]:
    """The rows that hold on the day, or now; all of them where none does."""
    if on:
        return [row for row in rows if row.holds(on)] or rows
    return [row for row in rows if not row.valid_to or row.lingers] or rows


def list_below(above: list[Row], below: list[Row]) -> list[Row]:
    prefixes = {get_prefix(row.code) for row in above}
    return [
        row
        for row in below
        if (code := row.code)
        and any(code.startswith(p) and get_prefix(code) != p for p in prefixes)
    ]


def _day(value: str, *, last: bool) -> date:
    """The first or last day of a year, a month or a day written as ISO 8601."""
    parts = [int(part) for part in value.split("-")]
    year, month, day = (*parts, *([0] * (3 - len(parts))))
    month = month or (12 if last else 1)
    return date(year, month, day or (monthrange(year, month)[1] if last else 1))
