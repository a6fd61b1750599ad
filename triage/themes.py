"""Themes (主题): the same kind of trouble in many places, which is what "common" means to a
supervisor: 噪音 in fourteen estates of three districts.

A theme is found by terms that a town can edit (`data/themes.toml`), and where none of them fits by
the path of the domain. It hangs on the words of one problem alone, so that a problem has its theme
the moment it exists and keeps it whatever else comes in.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from triage.departments import read_entries
from triage.errors import InvalidData
from triage.text import clean_text
from triage.traces import Told

_TITLE, _BODY = 3, 1  # what a term counts for where it stands
_LEAST = 1.5  # points that a theme must have on average of the members
_HEAD = 200  # characters of the content: farther on people tell of other things too
_READ = 50  # members that are read; the theme of more is the theme of these


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme (主题): `key` stays, `name` is for people. By domain, the key is "domain:" and its
    code."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """One row of themes.toml: a theme and the words by which it is known.

    Any of `terms` must stand in the text and, where there are any, one of `beside` too.
    """

    theme: Theme
    terms: frozenset[str]
    beside: frozenset[str] = frozenset()

    def count(self, title: Set[str], body: Set[str]) -> int:
        """How strongly the words of a title and of the beginning of its content speak of this."""
        if self.beside and title.isdisjoint(self.beside) and body.isdisjoint(self.beside):
            return 0
        return _TITLE * (not title.isdisjoint(self.terms)) + _BODY * (
            not body.isdisjoint(self.terms)
        )


class Troubles:
    """All rows of a themes.toml, in order; `find_words` tells which of their words a text holds,
    `order` where a theme stands among the themes."""

    def __init__(self, rows: tuple[Trouble, ...]) -> None:
        self.rows = rows
        self.order = {theme: at for at, theme in enumerate(dict.fromkeys(r.theme for r in rows))}
        self._by_start: dict[str, list[str]] = {}
        for word in sorted({word for row in rows for word in (*row.terms, *row.beside)}):
            self._by_start.setdefault(word[0], []).append(word)
        self._rows_of: dict[str, list[Trouble]] = {}
        for row in rows:
            for term in row.terms:
                self._rows_of.setdefault(term, []).append(row)
        self._starts = re.compile(f"[{re.escape(''.join(self._by_start))}]")

    def find_words(self, text: str) -> set[str]:
        """The terms and words beside them that stand in a clean text."""
        return {
            word
            for start in set(self._starts.findall(text))
            for word in self._by_start[start]
            if word in text
        }

    def list_rows(self, words: Set[str]) -> Iterator[Trouble]:
        """The rows that have one of these words among their terms; some more than once."""
        for word in words:
            yield from self._rows_of.get(word, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Themed:
    """What is counted of a problem under a theme. `divisions` counts its members by division."""

    problem_id: str
    theme: Theme
    size: int
    reporters: int
    heat: float
    divisions: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeCount:
    """A theme with all that stands under it: `problems` hottest first, `divisions` with the number
    of problems seen in each, most first; `size` counts submissions."""

    theme: Theme
    problems: tuple[str, ...]
    size: int
    reporters: int
    divisions: Mapping[str, int]


def name_theme(
    tolds: Sequence[Told],
    *,
    domain_code: str,
    domain_path: tuple[str, str, str],
    troubles: Troubles | None = None,
) -> Theme:
    """The theme of a problem with these members: by its words, else by its domain.

    `domain_path` holds the names at the three levels. `troubles` are the town's own, or those that
    come with the product; of two that fit alike the first wins.
    """
    found = find_theme(tolds, troubles=troubles)
    return found or name_by_domain(domain_code=domain_code, domain_path=domain_path)


def name_by_domain(*, domain_code: str, domain_path: tuple[str, str, str]) -> Theme:
    """The theme of a problem whose words speak of none: its domain."""
    _, level2, level3 = domain_path
    return Theme(f"domain:{domain_code}", level2 if level3 == level2 else f"{level2}·{level3}")


def find_theme(tolds: Sequence[Told], *, troubles: Troubles | None = None) -> Theme | None:
    """The theme that these members' words speak of, if any does."""
    known = load_troubles() if troubles is None else troubles
    points: Counter[Theme] = Counter()
    read = tolds[:_READ]
    for told in read:
        title = known.find_words(clean_text(told.title))
        body = known.find_words(clean_text(told.content[:_HEAD]))
        said: dict[Theme, int] = {}
        for trouble in known.list_rows(title | body):
            if found := trouble.count(title, body):
                said[trouble.theme] = max(found, said.get(trouble.theme, 0))
        points.update(said)
    best = min(points, key=lambda theme: (-points[theme], known.order[theme]), default=None)
    return best if best and points[best] >= max(_LEAST * len(read), 1) else None


def list_terms(theme: Theme, *, troubles: Troubles | None = None) -> tuple[str, ...]:
    """The words by which a theme is known; none for one that is a domain."""
    known = load_troubles() if troubles is None else troubles
    return tuple(sorted(term for row in known.rows if row.theme == theme for term in row.terms))


def count_themes(problems: Iterable[Themed]) -> list[ThemeCount]:
    """All themes of these problems: those in most divisions first, then those with most problems
    and submissions."""
    by_theme: dict[Theme, list[Themed]] = {}
    for problem in problems:
        by_theme.setdefault(problem.theme, []).append(problem)
    counted = []
    for theme, own in by_theme.items():
        own.sort(key=lambda one: (-one.heat, one.problem_id))
        places = Counter(division for one in own for division in one.divisions)
        counted.append(
            ThemeCount(
                theme=theme,
                problems=tuple(one.problem_id for one in own),
                size=sum(one.size for one in own),
                reporters=sum(one.reporters for one in own),
                divisions=dict(sorted(places.items(), key=lambda item: (-item[1], item[0]))),
            )
        )
    return sorted(
        counted,
        key=lambda one: (-len(one.divisions), -len(one.problems), -one.size, one.theme.key),
    )


@cache
def load_troubles() -> Troubles:
    """The troubles that come with the product."""
    return read_troubles((files("triage") / "data" / "themes.toml").read_bytes())


def read_troubles(data: bytes) -> Troubles:
    """The troubles in the bytes of a themes.toml.

    Raises InvalidData with the number of the row that is malformed or gives a key another name.
    """
    troubles: list[Trouble] = []
    names: dict[str, str] = {}
    for number, entry in enumerate(read_entries(data, key="themes", what="主题表"), start=1):
        where = f"主题表第 {number} 条"
        if unknown := sorted(set(entry) - {"key", "name", "terms", "beside"}):
            raise InvalidData(f"{where}有不认识的字段：{'、'.join(unknown)}，请删去或改正拼写")
        key, name = (_read_text(entry.get(field), field, where) for field in ("key", "name"))
        if key.startswith("domain:") or names.setdefault(key, name) != name:
            raise InvalidData(f"{where}的 key“{key}”已有别的名称或以 domain: 开头，请改正")
        terms, beside = (_read_words(entry.get(field, []), where) for field in ("terms", "beside"))
        if not terms:
            raise InvalidData(f"{where}缺少 terms，请至少写一个词")
        troubles.append(Trouble(Theme(key, name), frozenset(terms), frozenset(beside)))
    return Troubles(tuple(troubles))


def _read_text(value: Any, field: str, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 100:
        raise InvalidData(f"{where}的 {field} 应为 1 到 100 字的文字，请补填")
    return value.strip()


def _read_words(values: Any, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(word, str) and word for word in values):
        raise InvalidData(f"{where}的 terms 和 beside 应为词语列表，不能有空的，请改正")
    return tuple(values)
