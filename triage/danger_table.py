"""The table of danger words (`data/danger.toml`), read and checked.

A town adds the words of its own dialect, a kind of danger of its own, or lowers a strength, without
touching code; what is wrong in the file is said in Chinese with the entry named.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from triage.errors import InvalidData

CONTEXT_NAMES = (
    "figurative",
    "negated",
    "hypothetical",
    "hypothetical_after",
    "feared",
    "question",
    "quoted",
)
TENSE_NAMES = ("now", "soon", "lasting", "past")
WHO_NAMES = ("self", "other", "public", "child", "elder")

# Parts of a pattern in danger.toml: a gap within a clause, and one within a sentence.
_GAPS = {"~": "[^，,。：]{0,8}?", "…": ".{0,24}?"}
_LIST = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class DangerRule:
    """One [[danger]] entry: what to find and what it means; `where` names it in the file.

    `acute` evidence is level 1 only where it is told as happening now or soon, else level 2.
    """

    where: str

    kind: str
    level: int
    strength: float
    acute: bool
    risk: str
    who: str | None
    sources: tuple[str, ...]

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """The sources compiled, which takes milliseconds, so not before a message needs them."""
        return tuple(_compile(source, where=self.where) for source in self.sources)


@dataclass(frozen=True, slots=True)
class DangerTable:
    """What a danger.toml says, compiled.

    `triggers` gives for each word the numbers of the rules to try in its sentence. `tenses` are the
    patterns of time words and the tense (of `TENSE_NAMES`) that each tells; the group names of
    `who` are those of `WHO_NAMES`. `misheard` gives for words as voice recognition and hasty
    fingers write them (煤汽, 跳搂) what is meant, of the same length.
    """

    rules: tuple[DangerRule, ...]
    triggers: dict[str, frozenset[int]]
    context: dict[str, re.Pattern[str]]
    tenses: tuple[re.Pattern[str], ...]
    tense_names: tuple[str, ...]
    who: re.Pattern[str]
    cues: dict[str, re.Pattern[str]]
    misheard: dict[str, str]


def scan(
    patterns: Sequence[re.Pattern[str]], text: str, start: int, end: int
) -> Iterator[tuple[int, re.Match[str]]]:
    """(number of the pattern, match) in `text[start:end]`, as of one alternation of all `patterns`.

    Apart they are several times as fast: of an alternation of alternations the regular expression
    engine no longer sees which characters can begin a match, and tries each of them everywhere.
    """
    ahead = [pattern.search(text, start, end) for pattern in patterns]
    while left := [(match.start(), n, match) for n, match in enumerate(ahead) if match]:
        start, number, match = min(left)
        yield number, match
        start = max(match.end(), start + 1)
        for passed, number, _ in left:
            if passed < start:
                ahead[number] = patterns[number].search(text, start, end) if start < end else None


def read_danger_table(data: bytes, *, proven: bool = False) -> DangerTable:
    """The table from the bytes of a danger.toml (see docs/danger.md for its keys).

    `proven`: one that is known to be right, whose patterns are compiled when they are needed.
    Raises InvalidData, naming the entry, where a table or key is missing or unknown, a level is not
    1 or 2, a strength not above 0 and at most 1, a list is unknown or empty, a trigger word shorter
    than two characters, a pattern does not compile, or a misheard word is of another length than
    what is meant by it.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidData(f"险情词表不是有效的 TOML 文件（{error}），请改正后重试") from error
    for name in ("words", "context", "tense", "who", "cues", "danger"):
        if not table.get(name):
            raise InvalidData(f"险情词表缺少 [{name}] 一节，请按说明补上")
    for name in ("words", "context", "tense", "who", "cues"):
        for entry_name, entries in table[name].items():
            _check_texts(entries, where=f" {name}.{entry_name} ")
    words: dict[str, list[str]] = table["words"]
    rules: list[DangerRule] = []
    triggers: dict[str, set[int]] = {}
    for number, entry in enumerate(table["danger"]):
        rules.append(_read_rule(entry, number=number + 1, words=words, proven=proven))
        for word in words[entry["on"]]:
            if len(word) < 2:
                raise InvalidData(
                    f"险情词表中词组 {entry['on']} 的“{word}”只有一个字，请写两个字以上"
                )
            triggers.setdefault(word, set()).add(number)
    times = _named_patterns(table["tense"], TENSE_NAMES)
    return DangerTable(
        rules=tuple(rules),
        triggers={word: frozenset(numbers) for word, numbers in triggers.items()},
        context={
            name: _compile("|".join(_parts(table["context"], name)), where=f"context.{name}")
            for name in CONTEXT_NAMES
        },
        tenses=tuple(_compile(pattern, where="tense") for _, pattern in times),
        tense_names=tuple(name for name, _ in times),
        who=_compile(_named_groups(table["who"], WHO_NAMES), where="who"),
        cues={
            name: _compile("|".join(_parts(table["cues"], name)), where=f"cues.{name}")
            for name in table["cues"]
        },
        misheard=_read_misheard(table.get("misheard", {})),
    )


def _read_misheard(table: Any) -> dict[str, str]:
    """The table [misheard], which may be left out."""
    if not isinstance(table, dict):
        raise InvalidData("险情词表的 misheard 应为一节“误写 = 本字”，请改正")
    for wrong, right in table.items():
        if not isinstance(right, str) or not 2 <= len(wrong) == len(right) or wrong == right:
            raise InvalidData(
                f"险情词表 misheard 中“{wrong}”应对应另一个字数相同、两个字以上的词，请改正"
            )
    return dict(table)


def _read_rule(
    entry: dict[str, Any], *, number: int, words: dict[str, list[str]], proven: bool
) -> DangerRule:
    where = f"第 {number} 条险情“{entry.get('kind', '')}”"
    needed = {"kind", "level", "strength", "on", "risk", "patterns"}
    if missing := needed - entry.keys():
        raise InvalidData(f"险情词表{where}缺少 {'、'.join(sorted(missing))}，请补上")
    if unknown := entry.keys() - needed - {"who", "acute"}:
        raise InvalidData(f"险情词表{where}有不认识的 {'、'.join(sorted(unknown))}，请删去或改正")
    for name in ("kind", "on", "risk"):
        _check_texts([entry[name]], where=f"{where}的 {name} ")
    _check_texts(entry["patterns"], where=f"{where}的 patterns ")
    if entry["level"] not in (1, 2):
        raise InvalidData(f"险情词表{where}的 level 应为 1 或 2")
    if not isinstance(entry["strength"], float | int) or not 0 < entry["strength"] <= 1:
        raise InvalidData(f"险情词表{where}的 strength 应为大于 0、不超过 1 的数")
    if entry.get("who") not in (None, *WHO_NAMES):
        raise InvalidData(f"险情词表{where}的 who 应为 {'、'.join(WHO_NAMES)} 之一")

    def expand(match: re.Match[str]) -> str:
        return f"(?:{_alternation(words[match.group(1)])})"

    def write_out(pattern: str) -> str:
        for mark, gap in _GAPS.items():
            pattern = pattern.replace(mark, gap)
        return _LIST.sub(expand, pattern)

    used = {name for pattern in entry["patterns"] for name in _LIST.findall(pattern)}
    if unknown_lists := {entry["on"], *used} - words.keys():
        raise InvalidData(
            f"险情词表{where}用到未定义的词组 {'、'.join(sorted(unknown_lists))}，请先定义"
        )
    rule = DangerRule(
        where=where,
        kind=entry["kind"],
        level=entry["level"],
        strength=float(entry["strength"]),
        acute=bool(entry.get("acute", False)),
        risk=entry["risk"],
        who=entry.get("who"),
        sources=tuple(write_out(pattern) for pattern in entry["patterns"]),
    )
    if not proven:
        for source in rule.sources:
            _compile(source, where=where)
    return rule


def _check_texts(entries: Any, *, where: str) -> None:
    if not isinstance(entries, list) or not entries:
        raise InvalidData(f"险情词表{where}应为方括号中的一组文字，请补上")
    if not all(isinstance(entry, str) and entry for entry in entries):
        raise InvalidData(f"险情词表{where}含有空白或不是文字的内容，请改正")


def _parts(table: dict[str, list[str]], name: str) -> list[str]:
    if not table.get(name):
        raise InvalidData(f"险情词表缺少 {name} 一项，请按说明补上")
    return table[name]


def _named_patterns(table: dict[str, list[str]], names: Iterable[str]) -> list[tuple[str, str]]:
    """Each pattern with the name of its entry, in the order of `names`."""
    if unknown := table.keys() - set(names):
        raise InvalidData(f"险情词表有不认识的 {'、'.join(sorted(unknown))}，请删去或改正")
    return [(name, pattern) for name in names for pattern in table.get(name, ())]


def _named_groups(table: dict[str, list[str]], names: Iterable[str]) -> str:
    """One alternation whose group names tell which entry of `table` was met."""
    groups: dict[str, list[str]] = {}
    for name, pattern in _named_patterns(table, names):
        groups.setdefault(name, []).append(pattern)
    return "|".join(f"(?P<{name}>{'|'.join(patterns)})" for name, patterns in groups.items())


def _compile(source: str, *, where: str) -> re.Pattern[str]:
    try:
        return re.compile(source)
    except re.error as error:
        raise InvalidData(f"险情词表{where}的写法有误（{error}），请改正") from error


def _alternation(words: Iterable[str]) -> str:
    """A regular expression for the longest of `words` at a place, sharing common beginnings."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    parts = [re.escape(char) + _branches(rest) for char, rest in sorted(tree.items()) if char]
    if not parts:
        return ""
    single = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{single})?" if "" in tree else single
